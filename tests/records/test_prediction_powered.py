"""Prediction-powered intervals: they hold, also where errors are rare."""

import numpy as np
import pytest

import labeling as lb
from labeling.records.estimates import proportion
from labeling.records.prediction_powered import prediction_powered_share


def population(accuracy, sharpness, rng, n=4000):
    """Return calibrated confidences and whether each label is correct."""
    confidence = rng.beta(accuracy * sharpness, (1 - accuracy) * sharpness, n)
    return confidence, (rng.random(n) < confidence).astype(float)


@pytest.mark.parametrize("accuracy", [0.8, 0.95, 0.98])
@pytest.mark.parametrize("n", [50, 200])
def test_intervals_hold_the_true_share(accuracy, n):
    """Of 300 draws at least 91 % (the plain Wilson interval: as many, for rare errors)."""
    rng = np.random.default_rng(0)
    confidence, right = population(accuracy, 1.0, rng)
    held = 0
    for _ in range(300):
        rows = rng.choice(len(right), n, replace=False)
        found = prediction_powered_share(right[rows], confidence[rows], confidence)
        held += found.low <= right.mean() <= found.high

    assert held >= 0.91 * 300


def test_good_predictions_narrow_the_interval():
    rng = np.random.default_rng(0)
    confidence, right = population(0.8, 0.5, rng)
    rows = rng.choice(len(right), 300, replace=False)
    found = prediction_powered_share(right[rows], confidence[rows], confidence)
    alone = proportion(int(right[rows].sum()), 300)

    assert found.high - found.low < 0.7 * (alone.high - alone.low)
    assert int(found.note.split()[1].replace(",", "")) > 500


def test_predictions_that_tell_nothing_do_no_harm():
    rng = np.random.default_rng(0)
    right = (rng.random(4000) < 0.8).astype(float)
    noise = rng.random(4000)
    found = prediction_powered_share(right[:300], noise[:300], noise)
    alone = proportion(int(right[:300].sum()), 300)

    assert found.high - found.low < 1.03 * (alone.high - alone.low)


def test_predictions_that_are_the_wrong_way_round_are_not_used():
    rng = np.random.default_rng(0)
    confidence, right = population(0.8, 1.0, rng)
    found = prediction_powered_share(right[:200], 1 - confidence[:200], 1 - confidence)

    assert found.note == "predictions not used"
    assert found.value == pytest.approx(right[:200].mean())


def test_few_errors_leave_the_plain_interval():
    right = np.array([1.0] * 49 + [0.0])
    confidence = np.linspace(1, 0.5, 50)
    found = prediction_powered_share(right, confidence, np.linspace(1, 0.5, 10**6))
    alone = proportion(49, 50)

    assert found.note == "predictions not used"
    assert found.value == pytest.approx(0.98)
    assert found.low == pytest.approx(alone.low, abs=1e-3)


def test_unequal_propensities_are_weighed_out():
    """Doubtful samples are asked about four times as often; the estimate is not biased by it."""
    rng = np.random.default_rng(0)
    confidence, right = population(0.8, 1.0, rng)
    propensity = np.where(confidence < 0.7, 0.2, 0.05)
    errors, held, plain = [], 0, []
    for _ in range(200):
        rows = np.flatnonzero(rng.random(len(right)) < propensity)
        found = prediction_powered_share(
            right[rows], confidence[rows], confidence, propensity=propensity[rows]
        )
        errors.append(found.value - right.mean())
        plain.append(right[rows].mean() - right.mean())
        held += found.low <= right.mean() <= found.high

    assert abs(np.mean(errors)) < 0.005 < 0.1 < abs(np.mean(plain))
    assert held >= 0.93 * 200


def test_the_order_of_the_draw_changes_nothing():
    rng = np.random.default_rng(0)
    confidence, right = population(0.9, 1.0, rng, 500)
    rows = np.arange(100)
    other = rng.permutation(rows)
    found = prediction_powered_share(right[rows], confidence[rows], confidence)

    assert found == prediction_powered_share(right[other], confidence[other], confidence[::-1])


def test_a_sample_of_all_has_no_error():
    right = np.array([1.0, 0.0, 1.0, 1.0])
    found = prediction_powered_share(right, right, right)

    assert (found.low, found.value, found.high) == (0.75, 0.75, 0.75)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0], [0.5, 0.5], [0.5] * 3), "same length"),
        (([1.0, 0.0], [0.5, 0.5], [0.5]), "those of the draw included"),
        (([2.0], [0.5], [0.5]), "from 0 to 1"),
        (([np.nan], [0.5], [0.5]), "from 0 to 1"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message):
    with pytest.raises(lb.LabelingError, match=message):
        prediction_powered_share(*map(np.array, arguments))
    half = np.array([0.5])
    with pytest.raises(lb.LabelingError, match="above 0"):
        prediction_powered_share(half, half, half, propensity=np.array([0.0]))
