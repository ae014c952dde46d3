"""The crossover of a learning curve is where it was planted, and its interval says how sure."""

import math

import numpy as np
import pytest

from labeling.analysis.crossover import (
    ACCURACY,
    MACRO_F1,
    Crossover,
    HeldOut,
    ascending,
    compare,
    crossing,
)

SIZES = np.array([10, 20, 40, 80, 160])


def planted(accuracy_of_rules, n=300, seed=0, accuracies=(0.5, 0.6, 0.7, 0.8, 0.9)):
    """Return predictions right with these probabilities: of the curve at each size, of rules."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2, n)

    def shares(accuracy, *shape):
        right = rng.random(shape) < accuracy
        return np.eye(2)[np.where(right, codes, 1 - codes)]

    learned = np.stack([shares(accuracy, 4, n) for accuracy in accuracies]).astype(np.float32)
    return HeldOut(SIZES, learned, shares(accuracy_of_rules, n), codes)


def test_the_interval_has_the_planted_number_in_19_of_20_draws():
    hits = [compare(planted(0.75, seed=seed), ACCURACY).crossover for seed in range(40)]
    true = 40 * 2**0.5  # half way from 0.7 at 40 labels to 0.8 at 80, on a logarithmic scale
    assert sum(one.low <= true <= one.high for one in hits) >= 36
    values = sorted(one.value for one in hits)
    assert 50 < values[20] < 63
    widths = [math.log2(one.high / one.low) for one in hits if math.isfinite(one.high)]
    assert max(widths) < 2.5


def test_a_model_above_the_curve_is_worth_more_than_was_tried():
    found = compare(planted(0.99), ACCURACY).crossover
    assert (found.value, found.high) == (math.inf, math.inf)
    assert "more than 160 labels" in str(found)


def test_a_model_below_the_curve_is_worth_fewer_than_was_tried():
    found = compare(planted(0.3), ACCURACY).crossover
    assert (found.value, found.low) == (-math.inf, -math.inf)
    assert str(found).startswith("fewer than 10 labels")


def test_three_of_three_right_is_no_certainty():
    every_one = planted(1.0, n=20, accuracies=(0.0, 0.0, 1.0, 1.0, 1.0))
    found = compare(every_one, ACCURACY)
    assert found.crossover.low < found.crossover.value == 40
    assert found.crossover.high > 40
    assert found.rules.low < 0.9 < found.rules.high == 1.0


def test_macro_f1_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    held_out = planted(0.8, n=60)
    found = compare(held_out, MACRO_F1)
    expected = metrics.f1_score(held_out.codes, held_out.rules.argmax(axis=1), average="macro")
    assert found.rules.value == pytest.approx(expected)
    pooled = held_out.learned[3].argmax(axis=2).ravel()
    expected = metrics.f1_score(np.tile(held_out.codes, 4), pooled, average="macro")
    assert found.curve[3].quality.value == pytest.approx(expected)


def test_accuracy_of_ties_is_divided():
    held_out = planted(0.8, n=60)
    tied = held_out._replace(rules=np.full((60, 2), 0.5))
    assert compare(tied, ACCURACY).rules.value == 0.5


def test_curves_are_made_to_ascend_as_isotonic_regression_does():
    isotonic = pytest.importorskip("sklearn.isotonic")
    curves = np.random.default_rng(0).random((50, 7))
    expected = [isotonic.isotonic_regression(curve) for curve in curves]
    np.testing.assert_allclose(ascending(curves), expected, atol=1e-12)


def test_between_two_numbers_it_is_interpolated_on_a_logarithmic_scale():
    found = crossing(np.array([10, 1000]), np.array([[0.4, 0.6]]), np.array([0.5]))
    assert found.tolist() == pytest.approx([100])


def test_an_unknown_crossover_says_so():
    unknown = Crossover(math.nan, math.nan, math.nan, 10, 80, 0)
    assert unknown.words(unknown.value) == "an unknown number of"
