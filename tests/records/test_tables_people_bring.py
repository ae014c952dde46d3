"""Tables as people have them: lists in cells, ids that are tuples, offsets beyond all texts."""

import datetime

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingFunctionError, VotesError
from labeling.functions import document_majority, keywords, regex, span_keywords, span_regex
from labeling.records import Annotation, Span

ONE = lb.LabelSchema(["PER", "ORG"])
SEVERAL = lb.LabelSchema(["PER", "ORG"], kind="several")
SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
ROW = {"sample": "a", "voter": "v", "start": 0, "end": 3, "label": "PER", "says": True}
READERS = {
    "one": (lb.Votes.from_triples, ONE),
    "several": (lb.SetVotes.from_frame, SEVERAL),
    "spans": (lb.SpanVotes.from_frame, SPANS),
}
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def read(kind, **columns):
    reader, schema = READERS[kind]
    return reader(pd.DataFrame([ROW, {**ROW, "sample": "b", **columns}]), schema=schema)


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("column", ["sample", "voter", "label"])
@pytest.mark.parametrize("value", [["PER"], {"PER"}, {"PER": 1}, ("PER", ["x"])])
def test_a_cell_that_holds_a_list_is_named(kind, column, value):
    with pytest.raises(VotesError, match=rf"{column!r} must hold single values.*in row 1"):
        read(kind, **{column: value})


def test_lists_among_other_columns_and_tables_are_named():
    with pytest.raises(VotesError, match="'says' must hold single values"):
        read("several", says=[True])
    asked = pd.DataFrame({"sample": ["a"], "voter": [["v"]]})
    with pytest.raises(VotesError, match="'voter' must hold single values"):
        lb.SpanVotes.from_frame(pd.DataFrame([ROW]), schema=SPANS, asked=asked)


@pytest.mark.parametrize("ids", [[["a"], ["b"]], ["a", ["b"]], [{}, {}]])
def test_ids_that_are_lists_are_refused(ids):
    with pytest.raises(DataError, match="single values"):
        lb.Votes.from_array([[0], [1]], schema=ONE, sample_ids=ids)


@pytest.mark.parametrize("dtype", ["uint64", "UInt64"])
def test_an_offset_beyond_all_texts_is_shown_as_it_is(dtype):
    ends = pd.array([2**63 + 5], dtype=dtype)
    frame = pd.DataFrame([ROW]).assign(end=ends)
    with pytest.raises(VotesError, match=f"'end'.* Got {2**63 + 5}"):
        lb.SpanVotes.from_frame(frame, schema=SPANS)
    votes = lb.SpanVotes.from_frame(frame.assign(end=pd.array([3], dtype=dtype)), schema=SPANS)
    assert [3] == votes.marks.end.tolist()


def test_a_text_without_marks_is_a_sample():
    frame = pd.DataFrame([ROW])
    votes = lb.SpanVotes.from_frame(frame, schema=SPANS, texts={"b": "none", "a": "Ann left"})
    assert ["b", "a"] == votes.sample_ids.tolist()
    asked = pd.DataFrame({"sample": ["c", "a"], "voter": ["v", "v"]})
    texts = pd.Series({"b": "none", "a": "Ann left"})
    votes = lb.SpanVotes.from_frame(frame, schema=SPANS, texts=texts, asked=asked, speaks=True)
    assert ["b", "a", "c"] == votes.sample_ids.tolist()
    assert [False, True, True] == votes.covered.tolist()
    given = lb.SpanVotes.from_frame(frame, schema=SPANS, texts=texts, sample_ids=["a"])
    assert ["a"] == given.sample_ids.tolist()
    with pytest.raises(DataError, match=r"ids of `texts` must be unique.*'a'"):
        lb.SpanVotes.from_frame(frame, schema=SPANS, texts=pd.Series(["x", "y"], index=["a", "a"]))


IDS = [("a", 1), ("b", 2)]
GOLD = {"one": "PER", "several": {"PER"}, "spans": [(0, 3, "PER")]}
MODELS = {"one": lb.LabelModel, "several": lb.SetModel, "spans": lb.SpanModel}


@pytest.mark.parametrize("kind", READERS)
def test_ids_that_are_tuples_work_wherever_ids_are_given(kind):
    reader, schema = READERS[kind]
    frame = pd.DataFrame([{**ROW, "sample": key} for key in IDS])
    more = {} if kind == "one" else {"sample_ids": [*IDS, ("c", 3)]}
    votes = reader(frame, schema=schema, **more)
    assert [*IDS, ("c", 3)][: len(votes)] == votes.sample_ids.tolist()
    assert [IDS[1]] == votes.of_samples([IDS[1]]).sample_ids.tolist()
    label = {"several": frozenset, "spans": lambda spans: tuple(map(Span._make, spans))}
    stored = label.get(kind, str)(GOLD[kind])
    for gold in ({IDS[0]: GOLD[kind]}, [lb.GoldLabel(IDS[0], stored)]):
        model = MODELS[kind]().fit(votes, gold=gold)
        soft = (model.predict_proba if kind == "one" else model.predict)(votes)
        assert votes.sample_ids.equals(soft.sample_ids)
        assert IDS == soft.of_samples(IDS).sample_ids.tolist()
        samples = pd.DataFrame({"text": "Ann left"}, index=votes.sample_ids)
        train = lb.build_training_set(samples, soft, gold=gold)
        assert "votes" != train.added_column("source").tolist()[0]


def test_ids_of_several_levels_are_still_refused():
    levels = pd.MultiIndex.from_tuples(IDS)
    with pytest.raises(DataError, match="to_flat_index"):
        lb.Votes.from_array([[0], [1]], schema=ONE, sample_ids=levels)
    votes = lb.Votes.from_array([[0], [1]], schema=ONE, sample_ids=levels.to_flat_index())
    assert IDS == votes.sample_ids.tolist()


@pytest.mark.parametrize(
    ("label", "schema", "kind"),
    [
        ((Span(0, 3, "PER"),), ONE, "spans"),
        ((), SEVERAL, "spans"),
        (frozenset(), ONE, "several"),
        (frozenset({"PER"}), SPANS, "several"),
        ("PER", SPANS, "one"),
        ("PER", SEVERAL, "one"),
    ],
)
def test_annotations_of_another_kind_name_the_kind_they_need(label, schema, kind):
    with pytest.raises(DataError, match=f"sample 'a' by 'ann'.*give a schema with kind='{kind}'"):
        lb.annotation_votes([Annotation("a", "ann", label, NOW, NOW)], schema)


@pytest.mark.parametrize(
    ("lf", "schema"),
    [
        (keywords("k", ["x"], label="PER"), ONE),
        (keywords("k", ["x", "y"], label="PER", at_least=2), SEVERAL),
        (regex("k", "x", label="PER"), ONE),
        (span_keywords("PER", ["x"]), SPANS),
        (span_regex("PER", "x"), SPANS),
        (lb.functions.span_lookup("PER", ["x"]), SPANS),
        (document_majority(span_keywords("PER", ["x"])), SPANS),
    ],
)
@pytest.mark.parametrize("values", [[1, 2], ["x", 2.5], np.array([1.5, np.nan])])
def test_functions_for_texts_say_that_a_column_holds_numbers(lf, schema, values):
    with pytest.raises(LabelingFunctionError, match=r"Column 'text' must hold text. Got "):
        lb.apply([lf], pd.DataFrame({"text": values}), schema)
