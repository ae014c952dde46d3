"""A share known from few human labels and many predictions: prediction-powered intervals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError
from labeling.records.estimates import Estimate, undefined, wilson_at

Floats = npt.NDArray[np.float64]

PSEUDO_CASES = 10
LEAST_CASES = 3
"""The predictions count for k / (k + 10) of what they seem to explain, and for nothing where k is
below 3: what few cases seem to show is partly chance. k is the number of human labels of the rarer
outcome, or of those that the predictions leave unexplained, if these are fewer. So the intervals
held the true share in 93 to 97 % of draws, also at shares of 0.98, where the normal approximation
holds it in 62 % (tests/benchmarks/intervals.py)."""


def prediction_powered_share(
    human: Floats,
    predicted: Floats,
    population: Floats,
    *,
    propensity: Floats | None = None,
) -> Estimate:
    """Return a population's share of an outcome, from few human labels and many predictions.

    The mean of the human labels is corrected by how far the predictions for these samples differ
    from those for all samples, times a factor: 0 where the predictions tell nothing, so that the
    estimate is never much worse than without them (PPI++: Angelopoulos, Duchi and Zrnic 2023; the
    regression estimator of survey sampling: Cochran 1977, chapter 7). The predictions need not be
    calibrated. The interval is Wilson's, of as many human labels as would tell as much alone: the
    normal approximation of the papers fails where an outcome is rare.

    Args:
        human: 1 or 0 (or a fraction, for a tie): whether the outcome is true of each sample that
            was drawn at random, by a human label: shape (n,). For the accuracy of labels, whether
            the label is correct; for the share of a label, whether it is the gold label.
        predicted: the predicted probability of the outcome for the same samples: shape (n,). The
            predictions must not have learned from these human labels.
        population: the predicted probability for all samples of the population, those of the draw
            included: shape (N,).
        propensity: the probability with which each sample was drawn, up to a factor: shape (n,).
            `None` where it is the same for all.

    Returns:
        The share with its 95 % interval; `n` = human labels. The note says for how many human
        labels alone it stands, or that the predictions were not used.

    Raises:
        LabelingError: arrays of different lengths, or values out of range.

    >>> rng = np.random.default_rng(0)
    >>> confidence = rng.beta(3, 1, 2000)
    >>> right = (rng.random(2000) < confidence).astype(float)
    >>> print(prediction_powered_share(right[:200], confidence[:200], confidence))
    0.749 [0.696, 0.795], n = 200
    """
    human, predicted, population = map(_checked, (human, predicted, population))
    weights = np.ones(len(human)) if propensity is None else _weights(propensity)
    if not len(human) == len(predicted) == len(weights):
        raise LabelingError(
            "`human`, `predicted` and `propensity` must have the same length, one value a sample of"
            f" the draw. Got {len(human)}, {len(predicted)} and {len(weights)}."
        )
    if len(population) < len(human):
        raise LabelingError(
            "`population` must have the predictions for all samples, those of the draw included."
            f" Got {len(population)} for a draw of {len(human)}."
        )
    if not len(human):
        return undefined(0, "no human labels")
    order = np.lexsort((weights, predicted, human))  # so that sums do not depend on the rows'
    return _estimate(human[order], predicted[order], np.sort(population), weights[order])


def _estimate(human: Floats, predicted: Floats, population: Floats, weights: Floats) -> Estimate:
    n = len(human)
    weights = weights / weights.sum()
    effective = float(1 / (weights**2).sum())  # Kish 1965
    unsampled = 1 - n / len(population)
    if unsampled <= 0:
        value = min(float((weights * human).sum()), 1.0)
        return Estimate(value, value, value, n, "every sample has a human label")
    share = min(float((weights * human).sum()), 1.0)
    slope = max(_slope(human, predicted, weights), 0.0)
    mean_predicted = float((weights * predicted).sum())
    unexplained = human - share - slope * (predicted - mean_predicted)
    cases = min(effective * min(share, 1 - share), _count((weights * unexplained) ** 2))
    trust = cases / (cases + PSEUDO_CASES) if cases >= LEAST_CASES - 1e-9 else 0.0
    factor = trust * slope
    value = min(max(share - factor * (mean_predicted - float(population.mean())), 0.0), 1.0)
    residuals = human - share - factor * (predicted - mean_predicted)
    alone = effective
    if trust:
        variance = share * (1 - share) / effective
        alone *= max(variance / _variance(residuals, weights, trust), 1.0)
    low, high = wilson_at(value, alone / unsampled)
    note = f"as {round(alone):,} human labels alone" if factor > 0 else "predictions not used"
    return Estimate(value, low, high, n, note)


def _variance(residuals: Floats, weights: Floats, trust: float) -> float:
    """Return the variance of the weighted mean of residuals; two numbers were estimated of them.

    With unequal propensities the weights of the residuals that are large matter; as these are few,
    they count as far as they are trusted.
    """
    n = len(residuals)
    of_design = float((weights**2 * residuals**2).sum())
    of_kish = float((weights**2).sum() * (weights * residuals**2).sum())
    mixed = trust * of_design + (1 - trust) * of_kish
    return max(mixed, of_design) * (n - 1) / (n - 2)


def _count(parts: Floats) -> float:
    """Return of how many equal parts a sum is worth.

    It is about the number of wrong labels where these alone are not explained. Where nearly all of
    the human labels are explained, as ties are, few cases are left to tell by how much.
    """
    largest = float(parts.max())
    if largest <= 0:
        return 0.0
    relative = parts / largest
    return float(relative.sum() ** 2 / (relative**2).sum())


def _slope(human: Floats, predicted: Floats, weights: Floats) -> float:
    """Return the slope of human labels over predictions; 0 where either does not vary."""
    from_mean = predicted - (weights * predicted).sum()
    spread = float((weights * from_mean**2).sum())
    return float((weights * human * from_mean).sum()) / spread if spread > 1e-12 else 0.0


def _checked(values: Floats) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or not ((array >= -1e-9) & (array <= 1 + 1e-9)).all():
        raise LabelingError(
            "Human labels and predictions must be arrays of one dimension with values from 0 to 1."
            f" Got shape {array.shape}, and"
            f" {int((~((array >= 0) & (array <= 1))).sum()):,} values that are not."
        )
    return array


def _weights(propensity: Floats) -> Floats:
    array = np.asarray(propensity, dtype=np.float64)
    if array.ndim != 1 or not ((array > 0) & np.isfinite(array)).all():
        raise LabelingError(
            "`propensity` must be an array of one dimension with finite values above 0. Got shape"
            f" {array.shape}: leave out samples that were not drawn at random."
        )
    weights: Floats = 1 / array
    return weights
