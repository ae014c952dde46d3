"""Scores of spans: strict and relaxed, against counting by hand, with intervals that hold."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import DataError, GoldError, UnknownLabelError

SCHEMA = lb.LabelSchema(["PER", "ORG"], kind="spans")


def spans():
    one = st.tuples(st.integers(0, 8), st.integers(1, 3), st.sampled_from(SCHEMA.labels))
    return st.lists(one, max_size=4, unique_by=lambda span: span[:2]).map(
        lambda parts: [(start, start + size, label) for start, size, label in parts]
    )


def test_a_span_is_right_only_with_both_ends_and_the_label():
    gold = {"s": [(0, 5, "PER")]}
    for predicted, strict, relaxed in (
        ([(0, 5, "PER")], 1.0, 1.0),
        ([(0, 5, "ORG")], 0.0, 0.0),
        ([(0, 6, "PER")], 0.0, 1.0),
        ([(5, 6, "PER")], 0.0, 0.0),
        ([], 0.0, 0.0),
        (None, 0.0, 0.0),
    ):
        scores = lb.span_scores({"s": predicted}, gold, SCHEMA)
        assert (scores.f1.value, scores.relaxed_f1.value) == (strict, relaxed)


@given(st.lists(st.tuples(spans(), spans()), min_size=1, max_size=10), st.randoms())
def test_counts_are_those_by_hand_and_order_changes_nothing(pairs, random):
    predicted = {f"s{i}": one for i, (one, _) in enumerate(pairs)}
    gold = {f"s{i}": one for i, (_, one) in enumerate(pairs)}
    scores = lb.span_scores(predicted, gold, SCHEMA)
    ids = list(gold)
    random.shuffle(ids)
    again = lb.span_scores(pd.Series(predicted), {key: gold[key] for key in ids}, SCHEMA)
    assert repr(scores) == repr(again)
    n_predicted, n_gold = (sum(map(len, side.values())) for side in (predicted, gold))
    right = sum(len(set(predicted[key]) & set(gold[key])) for key in gold)
    assert scores.by_label[["predicted", "gold", "right"]].sum().tolist() == [
        n_predicted,
        n_gold,
        right,
    ]
    if n_predicted + n_gold:
        assert scores.f1.value == pytest.approx(2 * right / (n_predicted + n_gold))
        assert scores.f1.value <= scores.relaxed_f1.value + 1e-12
    for score in (scores.precision, scores.recall, scores.f1):
        assert math.isnan(score.low) or score.low - 1e-9 <= score.value <= score.high + 1e-9


def test_uncovered_samples_count_as_without_spans_and_are_shown():
    gold = {"a": [(0, 5, "PER")], "b": [(0, 5, "PER")]}
    scores = lb.span_scores({"a": [(0, 5, "PER")]}, gold, SCHEMA)
    assert (scores.recall.value, scores.precision.value, scores.n_uncovered) == (0.5, 1.0, 1)
    assert "nothing was predicted of 1" in scores._repr_html_()


def test_the_interval_is_over_samples_and_not_over_spans():
    """Samples that are wholly right or wholly wrong: twenty of them, whatever their spans."""
    places = [(start, start + 2, "PER") for start in range(0, 90, 3)]
    gold = {f"s{i}": places for i in range(20)}
    predicted = {f"s{i}": places if i % 2 else [] for i in range(20)}
    recall = lb.span_scores(predicted, gold, SCHEMA).recall
    assert recall.value == 0.5
    assert 0.35 < recall.high - recall.low < 0.5


def test_few_samples_have_no_interval():
    scores = lb.span_scores({"a": []}, {"a": [(0, 5, "PER")]}, SCHEMA)
    assert math.isnan(scores.f1.low)
    assert "fewer than 8 samples" in str(scores.f1)
    assert "no spans" in str(lb.span_scores({"a": []}, {"a": []}, SCHEMA).f1)


def test_a_models_answer_is_scored_as_it_is():
    frame = pd.DataFrame(
        {"sample": ["a", "b"], "voter": "x", "start": 0, "end": [5, 6], "label": ["PER", "ORG"]}
    )
    votes = lb.SpanVotes.from_frame(frame, schema=SCHEMA, sample_ids=["a", "b", "c"])
    soft = lb.SpanModel().fit(votes).predict(votes)
    gold = pd.Series({"a": [(0, 5, "PER")], "b": [(0, 5, "ORG")], "c": []})
    scores = lb.span_scores(soft, gold, SCHEMA)
    assert (scores.f1.value, scores.relaxed_f1.value, scores.n_uncovered) == (0.5, 1.0, 1)
    assert np.isclose(scores.by_label.loc["PER", "f1"], 1.0)


def test_what_cannot_be_scored_is_refused():
    with pytest.raises(DataError, match="gold of at least one sample"):
        lb.span_scores({}, {}, SCHEMA)
    with pytest.raises(DataError, match="Predicted spans must be"):
        lb.span_scores([], {"a": []}, SCHEMA)
    with pytest.raises(GoldError, match="must be a list of spans"):
        lb.span_scores({}, {"a": 3}, SCHEMA)
    with pytest.raises(UnknownLabelError):
        lb.span_scores({"a": [(0, 1, "LOC")]}, {"a": []}, SCHEMA)
