"""The model of spans: which candidates it chooses, and that names alone decide."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import GoldError, LabelingError, ModelFileError, NotFittedError
from labeling.label_models.spans.candidates import Candidates
from labeling.label_models.spans.decoding import decode
from labeling.records import SpanVotes, gold_spans

SCHEMA = lb.LabelSchema(["PER", "ORG", "LOC"], kind="spans")
VOTERS = ["caps", "names", "titles", "words"]


def votes_of(rows, *, schema=SCHEMA, **how):
    frame = pd.DataFrame(rows, columns=["sample", "voter", "start", "end", "label"])
    return SpanVotes.from_frame(frame, schema=schema, **how)


def chosen(votes, gold=None):
    return lb.SpanModel().fit(votes, gold=gold).predict(votes).to_labels()


def marks(max_size=12):
    """Return random spans of four voters on three samples, one label per voter and place."""
    row = st.tuples(
        st.sampled_from(["s", "t", "u"]),
        st.sampled_from(VOTERS),
        st.integers(0, 20),
        st.integers(1, 12),
        st.sampled_from(["PER", "ORG", "LOC", None]),
    )
    return st.lists(row, min_size=1, max_size=max_size, unique_by=lambda r: r[:4]).map(
        lambda rows: [(s, v, a, a + n, label) for s, v, a, n, label in rows]
    )


def test_a_longer_span_wins_with_as_many_votes():
    votes = votes_of([("s", "caps", 0, 5, "PER"), ("s", "names", 0, 12, "PER")])
    assert chosen(votes)["s"] == (lb.Span(0, 12, "PER"),)


def test_two_short_spans_win_with_more_than_twice_the_votes_of_a_long_one():
    short = [("s", voter, a, b, "PER") for voter in VOTERS[:3] for a, b in [(0, 5), (6, 12)]]
    assert chosen(votes_of([*short, ("s", "words", 0, 12, "PER")]))["s"] == (
        lb.Span(0, 5, "PER"),
        lb.Span(6, 12, "PER"),
    )


def test_who_says_that_nothing_is_there_outvotes_one_who_marks_it():
    rows = [("s", "caps", 0, 5, "PER"), ("s", "names", 0, 5, None), ("s", "words", 0, 5, None)]
    assert chosen(votes_of(rows))["s"] == ()


def test_silence_of_a_person_is_a_vote_and_that_of_a_function_is_none():
    rows = [("s", "ann", 0, 5, "PER"), ("t", "bob", 0, 5, "PER"), ("t", "cem", 0, 5, "PER")]
    rows += [(f"more{i}", who, 0, 5, "PER") for i in range(9) for who in ("ann", "bob", "cem")]
    assert chosen(votes_of(rows))["s"] == (lb.Span(0, 5, "PER"),)
    assert chosen(votes_of(rows, speaks=True))["s"] == ()


def test_functions_add_to_what_people_say():
    """One of two people marked a span; a function decides."""
    people = [(f"more{i}", who, 0, 5, "PER") for i in range(20) for who in ("ann", "bob")]
    people += [("s", "ann", 0, 5, "PER"), *[("s", f"f{j}", 0, 5, "PER") for j in range(3)]]
    against = [("t", "ann", 0, 5, "PER"), *[("t", f"f{j}", 0, 5, None) for j in range(3)]]
    asked = pd.DataFrame(
        [(sample, who) for sample in {row[0] for row in people} | {"t"} for who in ("ann", "bob")]
        + [(sample, f"f{j}") for sample in ("s", "t") for j in range(3)],
        columns=["sample", "voter"],
    )
    votes = votes_of([*people, *against], asked=asked, speaks={"ann": True, "bob": True})
    found = chosen(votes)
    assert (found["s"], found["t"]) == ((lb.Span(0, 5, "PER"),), ())


def test_samples_without_a_vote_are_uncovered_and_not_empty():
    votes = votes_of([("s", "caps", 0, 5, "PER")], sample_ids=["s", "t"])
    assert chosen(votes).tolist() == [(lb.Span(0, 5, "PER"),), None]


def test_no_span_at_all_is_no_error():
    votes = votes_of([], sample_ids=["s"], voters=["caps"])
    model = lb.SpanModel().fit(votes)
    assert model.predict(votes).to_labels().tolist() == [None]


@given(marks(), st.randoms(use_true_random=False), st.sets(st.sampled_from(VOTERS)))
@settings(max_examples=60, deadline=None)
def test_order_of_samples_voters_and_labels_changes_nothing(rows, random, people):
    """To the byte, ties included."""
    orders = [["s", "t", "u"], list(VOTERS), list(SCHEMA.labels)]
    frames = []
    for _ in range(2):
        samples, voters, labels = orders
        schema = lb.LabelSchema(labels, kind="spans")
        speaks = {name: name in people for name in voters}
        votes = votes_of(rows, schema=schema, sample_ids=samples, voters=voters, speaks=speaks)
        soft = lb.SpanModel().fit(votes).predict(votes)
        frame = soft.to_frame().sort_values(["sample", "start", "end"], ignore_index=True)
        assert not overlapping(frame[frame.chosen])
        frames.append(frame)
        random.shuffle(rows)
        for order in orders:
            random.shuffle(order)
    pd.testing.assert_frame_equal(*frames, check_exact=True)


def overlapping(frame):
    frame = frame.sort_values(["sample", "start"])
    same = (frame["sample"].to_numpy()[1:] == frame["sample"].to_numpy()[:-1]).astype(bool)
    return bool((same & (frame.start.to_numpy()[1:] < frame.end.to_numpy()[:-1])).any())


@given(marks(10), st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_decoding_finds_the_best_set_and_breaks_ties_as_stated(rows, seed):
    """Against all subsets; gains are small whole numbers, so that ties abound."""
    votes = votes_of([row for row in rows if row[4]], voters=VOTERS, sample_ids=["s", "t", "u"])
    candidates = Candidates.of(votes, tuple(sorted(VOTERS)))
    units = candidates.units
    gain = np.random.default_rng(seed).integers(-1, 4, size=len(units.sample)).astype(float)
    decoded = decode(candidates, gain).chosen
    for sample in range(3):
        rows_of = [row for row in np.flatnonzero(units.sample == sample) if gain[row] > 0]
        places = [(int(units.start[row]), int(units.end[row]), gain[row]) for row in rows_of]
        best = best_by_trying(places)
        assert [
            place[:2] for place, row in zip(places, rows_of, strict=True) if decoded[row]
        ] == best


def best_by_trying(places):
    sets = [[]]
    for place in sorted(places):
        sets += [[*kept, place] for kept in sets if not kept or kept[-1][1] <= place[0]]
    # Of equal sums the one that starts first, then the one that is longer; more spans before none.
    key = [
        (-sum(p[2] for p in kept), [(p[0], -p[1]) for p in kept] + [(np.inf, 0)]) for kept in sets
    ]
    return [place[:2] for place in sets[min(range(len(sets)), key=key.__getitem__)]]


def made_votes(n=80, seed=0, speaks=False):
    """Return votes of three functions, of which one is nearly always wrong, and gold."""
    rng = np.random.default_rng(seed)
    rows, gold = [], {}
    for number in range(n):
        sample = f"s{number:03}"
        label = SCHEMA.labels[rng.integers(3)]
        gold[sample] = [(0, 5, label)]
        rows += [(sample, "good", 0, 5, label)] if rng.random() < 0.9 else []
        rows += [(sample, "fair", 0, 5, label if rng.random() < 0.7 else "PER")]
        rows += [(sample, "bad", 8, 20, "ORG")]
    ids = sorted(gold)
    return votes_of(rows, sample_ids=ids, speaks=speaks), gold


def test_gold_teaches_which_voters_are_wrong():
    votes, gold = made_votes()
    assert {span[0] for spans in chosen(votes) for span in spans} == {0, 8}
    model = lb.SpanModel().fit(votes, gold=gold)
    assert {span[0] for spans in model.predict(votes).to_labels() for span in spans} == {0}
    assert "teaches how much each vote counts" in " ".join(model.report_)
    assert "a vote against a span" in model._repr_html_()


@pytest.mark.parametrize("speaks", [False, True])
@pytest.mark.parametrize("n_gold", [1, 49])
def test_little_gold_changes_no_byte_and_the_report_says_so(n_gold, speaks):
    votes, gold = made_votes(speaks=speaks)
    few = dict(sorted(gold.items())[:n_gold])
    plain, with_few = lb.SpanModel().fit(votes), lb.SpanModel().fit(votes, gold=few)
    first, second = plain.predict(votes), with_few.predict(votes)
    assert first.array.tobytes() == second.array.tobytes()
    assert (first.chosen == second.chosen).all()
    assert any("is not used: it takes 50 samples" in line for line in with_few.report_)


@pytest.mark.parametrize("speaks", [False, True])
def test_order_changes_nothing_with_gold_either(speaks):
    votes, gold = made_votes(speaks=speaks)
    schema = lb.LabelSchema(SCHEMA.labels[::-1], kind="spans")
    other = SpanVotes.from_frame(
        votes.to_frame().iloc[::-1],
        schema=schema,
        sample_ids=votes.sample_ids[::-1],
        voters=votes.voters[::-1],
        speaks=speaks,
    )
    first = lb.SpanModel().fit(votes, gold=gold).predict(votes)
    second = lb.SpanModel().fit(other, gold=dict(reversed(gold.items()))).predict(other)
    second = second.of_samples(first.sample_ids)
    pd.testing.assert_frame_equal(first.to_frame(), second.to_frame(), check_exact=True)


def test_gold_of_many_samples_with_few_candidates_is_not_used():
    votes, _ = made_votes(n=10)
    more = votes_of(
        [
            tuple(row[1:])
            for row in votes.to_frame()[["sample", "voter", "start", "end", "label"]].itertuples()
        ],
        sample_ids=[*votes.sample_ids, *[f"empty{number}" for number in range(60)]],
    )
    gold = dict.fromkeys(more.sample_ids, ())
    model = lb.SpanModel().fit(more, gold=gold)
    assert not len(model.stack_votes_)
    assert any("with 40 candidates, fewer can mislead" in line for line in model.report_)


def test_the_report_says_what_voters_can_reach_at_most():
    votes, gold = made_votes()
    gold = {sample: [*spans, (30, 40, "PER")] for sample, spans in gold.items()}
    report = lb.SpanModel().fit(votes, gold=gold).report_
    assert any("80 of 160 gold spans (50%) are candidates" in line for line in report)


def test_ties_are_counted():
    rows = [("s", "caps", 0, 5, "PER"), ("s", "names", 3, 8, "PER"), ("t", "caps", 0, 5, "PER")]
    report = " ".join(lb.SpanModel().fit(votes_of(rows)).report_)
    assert "1 tie of overlapping candidates: the one that starts first" in report


@pytest.mark.parametrize("speaks", [False, True])
def test_a_saved_model_answers_the_same(speaks, tmp_path):
    votes, gold = made_votes(speaks=speaks)
    model = lb.SpanModel().fit(votes, gold=gold)
    model.save(tmp_path / "model")
    back = lb.SpanModel.load(tmp_path / "model")
    assert back.predict(votes).array.tobytes() == model.predict(votes).array.tobytes()
    assert (back.report_, back.voters_) == (model.report_, model.voters_)
    assert back._repr_html_() == model._repr_html_()
    with pytest.raises(ModelFileError, match="must hold a LabelModel"):
        lb.LabelModel.load(tmp_path / "model")


def test_new_samples_are_answered_by_the_same_model():
    votes, gold = made_votes()
    model = lb.SpanModel().fit(votes, gold=gold)
    some = votes.of_samples(votes.sample_ids[[3, 1]])
    assert model.predict(some).to_labels().tolist() == (
        model.predict(votes).to_labels()[["s003", "s001"]].tolist()
    )


@pytest.mark.parametrize("speaks", [False, True])
def test_what_cannot_be_used_is_refused(speaks):
    votes, _ = made_votes(speaks=speaks)
    model = lb.SpanModel()
    with pytest.raises(NotFittedError):
        model.predict(votes)
    model.fit(votes)
    with pytest.raises(LabelingError, match="does not know 'new'"):
        model.predict(votes_of([("s", "new", 0, 5, "PER")], speaks=speaks))
    with pytest.raises(LabelingError, match="must have the labels"):
        model.predict(votes_of([], schema=lb.LabelSchema(["X"], kind="spans"), sample_ids=["s"]))
    with pytest.raises(LabelingError, match="silence of a voter"):
        model.predict(votes_of([("s", "good", 0, 5, "PER")], speaks=not speaks))
    with pytest.raises(LabelingError, match="SpanVotes"):
        model.fit(votes.units())
    with pytest.raises(GoldError, match="must be a list of spans"):
        model.fit(votes, gold={"s000": "PER"})
    with pytest.raises(LabelingError, match="at least one voter"):
        model.fit(votes_of([], sample_ids=["s"]))


def test_gold_comes_in_any_form():
    ids = pd.Index(["a", "b"])
    spans = (lb.Span(0, 3, "PER"), lb.Span(4, 7, "ORG"))
    as_series = pd.Series([[(4, 7, "ORG"), (0, 3, 0)]], index=["a"])
    assert gold_spans(as_series, ids, SCHEMA) == {"a": spans}
    assert gold_spans({"b": []}, ids, SCHEMA) == {"b": ()}
    with pytest.raises(LabelingError, match="not among the samples"):
        gold_spans({"c": []}, ids, SCHEMA)
    with pytest.raises(LabelingError, match=r"In the gold of sample 'a'.*'PERS'"):
        gold_spans({"a": [(0, 3, "PERS")]}, ids, SCHEMA)


def test_annotators_are_weighed_by_what_they_find():
    """A person who marks at random loses against one who finds what others find."""
    rng = np.random.default_rng(1)
    rows = []
    for number in range(60):
        sample = f"s{number}"
        label = SCHEMA.labels[number % 3]
        rows += [(sample, who, 0, 5, label) for who in ("ann", "bob") if rng.random() < 0.9]
        start = int(rng.integers(6, 40))
        rows.append((sample, "noise", start, start + 3, SCHEMA.labels[rng.integers(3)]))
    votes = votes_of(rows, speaks=True)
    model = lb.AnnotatorModel().fit(votes)
    found = model.predict(votes).to_labels()
    assert {span[0] for spans in found for span in spans or ()} == {0}
    assert model.skills().loc["noise", "skill"] < model.skills()["skill"].drop("noise").min()
    assert [*lb.SpanModel().fit(votes).predict(votes).to_labels()] == [*found]
    with pytest.raises(LabelingError, match="must be SpanVotes"):
        model.predict(votes.units())


def test_the_report_counts_a_single_gold_span_in_the_singular():
    votes, _ = made_votes()
    sample = votes.sample_ids[0]
    report = " ".join(lb.SpanModel().fit(votes, gold={sample: [(30, 40, "PER")]}).report_)
    assert "0 of 1 gold span (0%) is a candidate: the recall" in report
