"""Annotations as votes of the type that their labels have, and the parts of people's labels."""

from __future__ import annotations

import datetime
import itertools
import random
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import DataError, LabelingError, UnknownLabelError
from labeling.records import (
    Label,
    answer_parts,
    join_answers,
    single_label_votes,
    span_places,
    votes_for,
)

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger", "love"], kind="several")
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)

PLACES = st.tuples(st.integers(0, 8), st.integers(1, 4)).map(lambda at: (at[0], at[0] + at[1]))
ANSWERS = st.dictionaries(PLACES, st.sampled_from(["PER", "ORG"]), max_size=4).map(
    lambda by_place: tuple(sorted(lb.Span(*place, label) for place, label in by_place.items()))
)
LABEL_SETS = st.frozensets(st.sampled_from(SETS.labels))


def marked(sample: str, who: str, label: Any, **more: Any) -> lb.Annotation:
    return lb.Annotation(sample, who, label, NOW, NOW, **more)


LEDGER = [
    marked("a", "ann", [(0, 3, "PER")]),
    marked("a", "bob", ()),
    marked("a", "cam", None),
    marked("b", "cam", (lb.Span(4, 9, "ORG"), lb.Span(5, 7, "PER"))),
    marked("b", "rev", (lb.Span(4, 9, "PER"),), reviewer=True),
    marked("c", "bob", None),
]


def test_what_people_left_unmarked_speaks_unless_they_skipped():
    votes = lb.annotation_votes(LEDGER, SPANS)

    assert isinstance(votes, lb.SpanVotes)
    assert votes.voters == ("ann", "bob", "cam")
    assert list(votes.sample_ids) == ["a", "b", "c"]
    assert votes.asked is not None
    assert votes.asked.tolist() == [[True, True, False], [False, False, True], [False] * 3]
    assert votes.covered.tolist() == [True, True, False]
    assert votes.units().to_frame().map(lambda name: name or "").to_numpy().tolist() == [
        ["PER", "(none)", ""],
        ["", "", "ORG"],
        ["", "", "PER"],
    ]


def test_words_are_counted_by_the_texts_and_spans_checked_against_them():
    texts = pd.Series({"a": "Ann met Bob.", "b": "The Big Apple of old", "c": ""})
    assert lb.annotation_votes(LEDGER, SPANS, texts=texts).marks.words.tolist() == [1, 2, 1]
    with pytest.raises(DataError, match=r"sample 'b' by 'cam'.*must begin at 0.*4 to 9"):
        lb.annotation_votes(LEDGER, SPANS, texts={"a": "Ann met Bob.", "b": "short"})
    with pytest.raises(DataError, match="must hold a text for sample 'b'"):
        lb.annotation_votes(LEDGER, SPANS, texts={"a": "Ann met Bob."})


def test_labels_that_people_did_not_tick_are_no():
    ledger = [
        marked("a", "ann", {"joy"}),
        marked("a", "bob", frozenset()),
        marked("a", "cam", None),
        marked("b", "ann", ["love", "joy"]),
    ]
    votes = lb.annotation_votes(ledger, SETS)
    assert isinstance(votes, lb.SetVotes)
    assert votes.of_label("joy").to_array().tolist() == [[1, 0, -1], [1, -1, -1]]
    assert votes.of_label("love").to_array().tolist() == [[0, 0, -1], [1, -1, -1]]
    assert votes.covered.all()


def test_no_annotations_are_votes_of_nobody():
    for schema in (SPANS, SETS):
        votes = lb.annotation_votes([], schema)
        assert (len(votes), votes.voters) == (0, ())


@pytest.mark.parametrize(
    ("schema", "label", "error"),
    [
        (SPANS, "PER", DataError),
        (SPANS, ((0, 3, "LOC"),), UnknownLabelError),
        (SETS, "joy", DataError),
        (SETS, {"rage"}, UnknownLabelError),
    ],
)
def test_a_label_of_another_form_names_the_annotation(schema, label, error):
    with pytest.raises(error, match="annotation of sample 's' by 'ann'"):
        lb.annotation_votes([marked("s", "ann", label)], schema)
    with pytest.raises(error, match="annotation of sample 's' by 'ann'"):
        lb.review([marked("s", "ann", label)], schema)


def test_what_needs_one_label_says_so():
    with pytest.raises(LabelingError, match="where a sample has one label"):
        single_label_votes(LEDGER, SPANS)


@given(st.lists(ANSWERS, min_size=1, max_size=5), st.randoms())
def test_votes_on_spans_do_not_depend_on_the_order_of_annotations(answers, rng: random.Random):
    ledger = [marked("s", f"p{number}", answer) for number, answer in enumerate(answers)]
    shuffled = ledger.copy()
    rng.shuffle(shuffled)
    first, second = (lb.annotation_votes(rows, SPANS) for rows in (ledger, shuffled))
    frames = [votes.of_voters(first.voters).units().to_frame() for votes in (first, second)]
    pd.testing.assert_frame_equal(*frames)


@given(st.lists(ANSWERS, min_size=1, max_size=5))
def test_parts_of_spans_hold_each_span_once_and_do_not_overlap(answers):
    parts = answer_parts(answers)
    for row, answer in enumerate(answers):
        assert join_answers([(), *(part.answers[row] for part in parts)]) == answer
    places = [part.where for part in parts]
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(places))
    overlapping = [  # by definition: no place can be cut where no span goes over the cut
        cut
        for start, end in places
        for cut in range(start + 1, end)
        if not any(span.start < cut < span.end for answer in answers for span in answer)
    ]
    assert not overlapping


@given(st.lists(LABEL_SETS, min_size=1, max_size=5))
def test_parts_of_sets_are_their_labels(answers):
    parts = answer_parts(answers)
    assert [part.where for part in parts] == sorted(frozenset[str]().union(*answers))
    for row, answer in enumerate(answers):
        assert join_answers([frozenset(), *(part.answers[row] for part in parts)]) == answer


@given(LABEL_SETS, st.lists(LABEL_SETS, max_size=5))
def test_votes_for_a_set_are_those_of_its_least_certain_label(label, answers):
    by_label = [
        sum((name in label) == (name in answer) for answer in answers) for name in SETS.labels
    ]
    assert votes_for(label, answers) == min(by_label)


def test_votes_for_a_name_are_those_that_equal_it():
    answers: list[Label] = ["a", "b", "a"]
    assert (votes_for("a", answers), votes_for("c", answers), votes_for("a", [])) == (2, 0, 0)


def test_spans_that_touch_have_places_of_their_own():
    spans = [lb.Span(0, 3, "PER"), lb.Span(3, 5, "PER"), lb.Span(4, 9, "ORG")]
    assert span_places(spans) == ((0, 3), (3, 9))
