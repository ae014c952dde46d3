"""Marked spans as votes, and the candidate spans that they make."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb

SCHEMA = lb.LabelSchema(["PER", "ORG"], kind="spans")
COLUMNS = ["sample", "voter", "start", "end", "label"]


def votes_of(rows, **options):
    return lb.SpanVotes.from_frame(pd.DataFrame(rows, columns=COLUMNS), schema=SCHEMA, **options)


def said(votes):
    """Return what each voter says of each candidate."""
    table = votes.units().to_frame()
    return {
        (unit, voter): table.at[unit, voter] if table.at[unit, voter] is not None else None
        for unit, voter in itertools.product(table.index, table.columns)
    }


def plainly(rows, speaks=(), asked=None):
    """Return the same by a plain loop over candidates, voters and their spans."""
    voters = list(dict.fromkeys(row[1] for row in rows))
    units = sorted({(row[0], row[2], row[3]) for row in rows if row[4] is not None})
    result = {}
    for (sample, start, end), voter in itertools.product(units, voters):
        mine = [row for row in rows if row[0] == sample and row[1] == voter]
        exact = [row[4] for row in mine if (row[2], row[3]) == (start, end)]
        against = [
            row
            for row in mine
            if row[2] < end and row[3] > start and (row[2] < start or row[3] > end)
        ]
        vote = None
        if exact:
            vote = exact[0] if exact[0] is not None else "(none)"
        elif voter in speaks:
            vote = "(none)" if asked is None or (sample, voter) in asked else None
        elif against:
            vote = "(none)"
        result[(sample, start, end), voter] = vote
    return result


PLACES = st.tuples(st.integers(0, 9), st.integers(1, 5)).map(lambda at: (at[0], at[0] + at[1]))
ROWS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["x", "y", "z"]),
        PLACES,
        st.sampled_from(["PER", "ORG", None]),
    ),
    min_size=1,
    max_size=25,
    unique_by=lambda row: row[:3],
).map(lambda rows: [(sample, voter, *place, label) for sample, voter, place, label in rows])


@given(ROWS, st.sets(st.sampled_from("xyz")))
def test_what_voters_say_of_candidates_is_what_a_plain_loop_finds(rows, speaking):
    voters = {row[1] for row in rows}
    votes = votes_of(rows, speaks=dict.fromkeys(speaking & voters, True))
    assert plainly(rows, speaking) == said(votes)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing_about_a_candidate(rows, random):
    mixed = random.sample(rows, len(rows))
    assert said(votes_of(rows)) == said(votes_of(mixed))


def test_silence_speaks_only_where_a_person_was_asked():
    rows = [("a", "ann", 0, 3, "PER"), ("b", "bob", 0, 3, "PER")]
    asked = pd.DataFrame({"sample": ["a", "b", "b"], "voter": ["ann", "ann", "bob"]})
    votes = votes_of(rows, asked=asked, speaks=True)
    assert plainly(rows, {"ann", "bob"}, {("a", "ann"), ("b", "ann"), ("b", "bob")}) == said(votes)
    assert [True, True] == votes.covered.tolist()
    assert [True, False] == votes.of_voters(["bob"]).of_samples(["b", "a"]).covered.tolist()


def test_samples_and_voters_are_taken_by_name():
    rows = [("a", "x", 0, 3, "PER"), ("b", "y", 1, 3, "ORG"), ("b", "x", 1, 2, "PER")]
    votes = votes_of(rows, sample_ids=["c", "b", "a"])
    assert ["c", "b", "a"] == votes.sample_ids.tolist()
    part = votes.of_samples(["a", "c"])
    assert [("a", "x", 0, 3, "PER")] == list(part.to_frame().itertuples(index=False, name=None))
    assert [False, True] == part.of_samples(["c", "a"]).covered.tolist()
    assert ("y",) == votes.of_voters(["y"]).voters
    assert 1 == votes.of_voters(["y"]).n_spans


def test_words_are_counted_in_the_texts_where_they_are_given():
    votes = votes_of([("a", "x", 0, 13, "ORG")], texts={"a": "Bank of India."})
    assert [3] == votes.marks.words.tolist()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("a", "x", 3, 3, "PER")], "3 to 3 by 'x'"),
        ([("a", "x", -1, 3, "PER")], "-1 to 3 by 'x'"),
        ([("a", "x", 0, 1.5, "PER")], "must hold whole numbers. Got 1.5"),
        ([("a", "x", 0, "one", "PER")], "must hold whole numbers"),
        ([("a", "x", 0, 3, "PERS")], "Did you mean 'PER'?"),
        ([("a", "x", 0, 3, "PER"), ("a", "x", 0, 3, "ORG")], "one label. Got two by 'x'"),
        ([(None, "x", 0, 3, "PER")], "'sample' must not be missing in rows 0"),
    ],
)
def test_wrong_tables_are_named(rows, words):
    with pytest.raises(lb.LabelingError) as error:
        votes_of(rows)
    assert words in str(error.value)


def test_spans_outside_of_their_text_are_named():
    with pytest.raises(
        lb.LabelingError, match=r"In sample 'a': A span must begin at 0 .* Got 2 to 9"
    ):
        votes_of([("a", "x", 2, 9, "PER")], texts={"a": "short"})


def test_a_schema_of_another_kind_is_refused():
    frame = pd.DataFrame([("a", "x", 0, 1, "spam")], columns=COLUMNS)
    with pytest.raises(lb.LabelingError, match="kind='spans'"):
        lb.SpanVotes.from_frame(frame, schema=lb.LabelSchema(["ham", "spam"]))


def test_soft_spans_show_what_was_chosen():
    soft = lb.SoftSpans(
        np.array([[0.7, 0.1, 0.2], [0.1, 0.6, 0.3], [0.2, 0.3, 0.5]]),
        [0, 0, 1],
        [0, 4, 1],
        [3, 9, 2],
        [True, True, False],
        pd.Index(["a", "b", "c"]),
        SCHEMA,
        [True, True, False],
    )
    assert [("a", 0, 3, "PER", 0.7), ("a", 4, 9, "ORG", 0.6)] == list(
        soft.to_spans().itertuples(index=False, name=None)
    )
    assert 1 == len(soft.to_spans(min_p=0.65))
    assert [(lb.Span(0, 3, "PER"), lb.Span(4, 9, "ORG")), (), None] == soft.to_labels().tolist()
    back = soft.of_samples(["b", "a"])
    assert soft.to_labels()["a"] == back.to_labels()["a"]
    assert ["b", "a", "a"] == back.to_frame()["sample"].tolist()


def marked(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["sample", "voter", "start", "end", "label"])


PER = lb.LabelSchema(["PER", "ORG"], kind="spans")


@pytest.mark.parametrize("end", [float("inf"), 1e300, 2**70, float("nan"), 2.5])
def test_offsets_that_are_no_whole_numbers_are_named(end):
    with pytest.raises(lb.LabelingError, match=r"Column 'end' must hold whole numbers\. Got"):
        lb.SpanVotes.from_frame(marked(("a", "v", 0, end, "PER")), schema=PER)


def test_texts_without_ids_are_refused():
    with pytest.raises(lb.LabelingError, match="`texts` must be a pandas Series or a dict"):
        lb.SpanVotes.from_frame(marked(("a", "v", 0, 3, "PER")), schema=PER, texts=["Ann"])


def test_a_voter_who_speaks_and_is_unknown_is_an_error():
    table = marked(("a", "ann", 0, 3, "PER"))
    assert lb.SpanVotes.from_frame(table, schema=PER, speaks={"ann": True}).speaks == (True,)
    with pytest.raises(lb.LabelingError, match=r"`speaks` must name voters\. Got 'anne'"):
        lb.SpanVotes.from_frame(table, schema=PER, speaks={"anne": True})


@pytest.mark.parametrize("min_p", [-0.1, 1.5, float("nan"), None, "0.5", True])
def test_a_least_probability_is_from_0_to_1(min_p):
    votes = lb.SpanVotes.from_frame(marked(("a", "v", 0, 3, "PER")), schema=PER)
    soft = lb.SpanModel().fit(votes).predict(votes)
    for method in (soft.to_spans, soft.to_labels):
        with pytest.raises(lb.LabelingError, match="`min_p` must be between 0 and 1"):
            method(min_p)


def test_a_model_for_other_labels_names_the_right_one():
    votes = lb.SpanVotes.from_frame(marked(("a", "v", 0, 3, "PER")), schema=PER)
    with pytest.raises(lb.LabelingError, match="go to SpanModel or AnnotatorModel"):
        lb.LabelModel().fit(votes)
    soft = lb.SpanModel().fit(votes).predict(votes)
    with pytest.raises(lb.LabelingError, match="spans go to SpanTagger"):
        lb.EndModel(text="text").fit(pd.DataFrame({"text": ["Ann"]}, index=["a"]), soft)


@pytest.mark.parametrize("text", [None, float("nan"), 3])
def test_a_text_that_is_missing_is_named(text):
    with pytest.raises(lb.LabelingError, match="must hold a text for sample 'a'"):
        lb.SpanVotes.from_frame(marked(("a", "v", 0, 3, "PER")), schema=PER, texts={"a": text})


def test_voters_given_twice_and_missing_values_are_refused():
    table = marked(("a", "v", 0, 3, "PER"))
    with pytest.raises(lb.LabelingError, match="'v'"):
        lb.SpanVotes.from_frame(table, schema=PER, voters=["v", "v"])
    table["start"] = pd.array([None], dtype="Int64")
    with pytest.raises(lb.LabelingError, match="'start' must hold whole numbers"):
        lb.SpanVotes.from_frame(table, schema=PER)
    says = pd.DataFrame({"sample": ["a"], "voter": ["v"], "label": ["x"]})
    says["says"] = pd.array([None], dtype="boolean")
    with pytest.raises(lb.LabelingError, match="must be True or False"):
        lb.SetVotes.from_frame(says, schema=lb.LabelSchema(["x"], kind="several"))
