"""The change in F1 between two answers."""

import numpy as np
import pytest

import labeling as lb
from labeling.analysis import f1_change
from labeling.errors import DataError

SCHEMA = lb.LabelSchema(["A", "B"], kind="spans")


def answers(n, right, seed):
    """Return gold spans of n samples, and an answer with a share of them."""
    rng = np.random.default_rng(seed)
    gold = {f"s{number}": ((0, 3, "A"), (5, 9, "B")) for number in range(n)}
    answer = {
        sample: tuple(span for span in spans if rng.random() < right)
        for sample, spans in gold.items()
    }
    return gold, answer


def test_it_is_the_difference_of_the_scores():
    gold, before = answers(60, 0.5, seed=0)
    _, after = answers(60, 0.9, seed=1)
    scores = [lb.span_scores(answer, gold, SCHEMA).f1.value for answer in (before, after)]

    change = f1_change(before, after, gold)

    assert change.value == pytest.approx(scores[1] - scores[0])
    assert change.low < change.value < change.high
    assert change.n == 60


def test_pairs_make_it_more_certain_than_two_intervals_do():
    """Two answers that differ in one sample differ by little, whatever the level is worth."""
    gold, before = answers(60, 0.5, seed=0)
    after = before | {"s0": gold["s0"]}
    of_one = lb.span_scores(before, gold, SCHEMA).f1

    change = f1_change(before, after, gold)

    assert change.high - change.low < (of_one.high - of_one.low) / 3


def test_the_order_of_samples_does_not_matter():
    gold, before = answers(40, 0.5, seed=0)
    _, after = answers(40, 0.8, seed=1)
    backwards = dict(reversed(gold.items()))

    assert f1_change(before, after, gold) == f1_change(before, after, backwards)


def test_samples_without_an_answer_have_none():
    gold, before = answers(10, 1.0, seed=0)

    assert f1_change(before, {}, gold).value == -1
    assert f1_change({}, dict.fromkeys(gold), gold).value == 0


def test_few_samples_get_no_interval_and_none_an_error():
    gold, before = answers(3, 0.5, seed=0)

    assert np.isnan(f1_change(before, gold, gold).low)
    with pytest.raises(DataError, match="gold of at least one sample"):
        f1_change(before, before, {})
