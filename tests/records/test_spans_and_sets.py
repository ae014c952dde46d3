"""Labels of samples that have several, or spans: validation, texts, votes."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.records import LabelKind, checked_label, checked_spans, decode_label, encode_label

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger"], kind="several")
NAMES = st.text(min_size=1)
SPAN = st.builds(
    lambda start, length, label: lb.Span(start, start + length, label),
    st.integers(0, 10**9),
    st.integers(1, 100),
    NAMES,
)


@given(st.frozensets(NAMES))
def test_sets_come_back_from_their_text(labels):
    assert labels == decode_label(encode_label(labels), LabelKind.SEVERAL)


@given(st.lists(SPAN).map(lambda spans: tuple(sorted(set(spans)))))
def test_spans_come_back_from_their_text(spans):
    assert spans == decode_label(encode_label(spans), LabelKind.SPANS)


@given(NAMES)
def test_a_name_is_its_own_text(name):
    assert name == encode_label(name) == decode_label(name, LabelKind.ONE)


@pytest.mark.parametrize("text", ["PER", "[[0,1]]", '[[0.5,1,"PER"]]', "[1]", '[[true,1,"PER"]]'])
@pytest.mark.parametrize("kind", [LabelKind.SEVERAL, LabelKind.SPANS])
def test_other_texts_are_refused(text, kind):
    with pytest.raises(lb.LabelingError, match="must be JSON of a label of kind"):
        decode_label(text, kind)


def test_spans_are_sorted_and_each_given_once():
    given_spans = [(4, 7, 1), (0, 3, "PER"), (np.int64(0), 3, "PER")]
    assert ((0, 3, "PER"), (4, 7, "ORG")) == checked_spans(given_spans, SPANS)
    assert () == checked_label([], SPANS)
    assert frozenset({"joy"}) == checked_label(["joy", 0], SETS)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ([(0, 3)], "A span must be (start, end, label). Got (0, 3)"),
        ([(0, True, "PER")], "must be whole numbers"),
        ([(0, 2.0, "PER")], "must be whole numbers"),
        ([(2, 40, "PER")], "The text has 11 characters"),
        ([(0, 3, "PRE")], "In the span 0 to 3 ('', 'Ann', ' met Bob'"),
        ([(0, 3, "PER"), (0, 3, "ORG")], "must have one label. Got 'ORG' and 'PER' for 0 to 3"),
        ("PER", "must be a list of (start, end, label)"),
        (5, "must be a list of (start, end, label)"),
    ],
)
def test_wrong_spans_are_named_with_the_text_around(label, words):
    with pytest.raises(lb.LabelingError) as error:
        checked_label(label, SPANS, "Ann met Bob")
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "some"}, "must be 'one', 'several', 'spans'. Got 'some'"),
        ({"kind": "spans", "ordered": True}, "must have kind='one'"),
        ({}, "at least two labels"),
    ],
)
def test_schemas_of_no_kind_are_refused(options, words):
    with pytest.raises(lb.LabelingError) as error:
        lb.LabelSchema(["PER"], **options)
    assert words in str(error.value)


def test_a_label_of_spans_cannot_be_called_none():
    with pytest.raises(lb.LabelingError, match="means that there is no span"):
        lb.LabelSchema(["PER", "(none)"], kind="spans")


def test_a_sample_may_have_none_of_a_single_label():
    assert 1 == len(lb.LabelSchema(["PER"], kind="several"))
    assert lb.LabelSchema(["a", "b"]) != lb.LabelSchema(["a", "b"], kind="several")


def test_votes_on_sets_hold_what_was_said_and_nothing_else():
    frame = pd.DataFrame(
        [("a", "x", "joy", 1), ("a", "y", "joy", 0), ("b", "y", "anger", 1), ("b", "y", 1, 1)],
        columns=["sample", "voter", "label", "says"],
    )
    votes = lb.SetVotes.from_frame(frame, schema=SETS, sample_ids=["b", "c", "a"])
    assert [[-1, -1], [-1, -1], [1, 0]] == votes.of_label("joy").to_array().tolist()
    assert [[False, True], [False, False], [True, False]] == votes.covered.tolist()
    assert 3 == len(votes.to_frame())
    part = votes.of_samples(["a"]).of_voters(["y"])
    assert [("a", "y", "joy", False)] == list(part.to_frame().itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("a", "x", "joy", 1), ("a", "x", "joy", 0)], "'x' says both to 'joy' for sample 'a'"),
        ([("a", "x", "joy", 2)], "must be True or False. Got 2"),
        ([("a", "x", "jo", 1)], "Did you mean 'joy'?"),
    ],
)
def test_wrong_votes_on_sets_are_named(rows, words):
    frame = pd.DataFrame(rows, columns=["sample", "voter", "label", "says"])
    with pytest.raises(lb.LabelingError) as error:
        lb.SetVotes.from_frame(frame, schema=SETS)
    assert words in str(error.value)


def test_soft_sets_know_what_nothing_was_said_of():
    covered = [[True, False], [False, False], [True, True]]
    chosen = [[True, False], [False, False], [False, False]]
    soft = lb.SoftSets(
        [[0.9, 0.5], [0.5, 0.5], [0.1, 0.2]], pd.Index([1, 2, 3]), SETS, covered, chosen
    )
    assert [frozenset({"joy"}), None, frozenset()] == soft.to_labels().tolist()
    assert 0.9 == soft.to_frame().at[1, "joy"]
    assert [None] == soft.of_samples([2]).to_labels().tolist()
    with pytest.raises(lb.LabelingError, match="from 0 to 1"):
        lb.SoftSets([[1.5, 0.5]], pd.Index([1]), SETS, [[True, False]], [[True, False]])


@pytest.mark.parametrize("bits", [[1, 0, 1], (0, 0, 0), np.array([0, 1, 1])])
def test_a_row_of_zeros_and_ones_is_no_set_of_codes(bits):
    schema = lb.LabelSchema(["x", "y", "z"], kind="several")
    with pytest.raises(lb.LabelingError, match="Codes of labels must come once each"):
        checked_label(bits, schema)
    assert checked_label(["x", "x", 2], schema) == {"x", "z"}


@pytest.mark.parametrize("span", [{"start": 0, "end": 3, "label": "PER"}, "PER", 0])
def test_a_span_in_another_form_is_shown_as_it_is(span):
    schema = lb.LabelSchema(["PER"], kind="spans")
    with pytest.raises(lb.LabelingError, match=f"Got {re.escape(repr(span))}"):
        checked_spans([span], schema)
