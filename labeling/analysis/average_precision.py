"""Average precision of one label, with an interval by Bayesian bootstrap."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labeling.records.estimates import (
    LEAST_RESAMPLED,
    LEVEL,
    RESAMPLES,
    Estimate,
    undefined,
)

Floats = npt.NDArray[np.float64]
AT_ONCE = 2_000_000
"""Weights that are held at once."""
TIE = 1e-9  # probabilities closer than this are equal


def average_precision(probability: Floats, is_label: npt.NDArray[np.bool_]) -> Estimate:
    """Return the average precision of one label, with its 95 % interval.

    The interval is that of a Bayesian bootstrap (Rubin 1981): each sample gets a weight drawn from
    an exponential distribution, so that no resample is without the label. There is none of fewer
    than 8 samples with, or without, the label.

    Args:
        probability: of the label: shape (n,). Samples of equal probability are taken together.
        is_label: whether the sample has it: shape (n,).

    Returns:
        The estimate; `n` = samples with the label.

    >>> p, is_spam = np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, False, True, False])
    >>> print(average_precision(p, is_spam))
    0.833 (no interval: fewer than 8 samples with or without the label), n = 2
    """
    n = int(is_label.sum())
    if not n:
        return undefined(0, "no gold label")
    rounded = np.round(probability / TIE)
    # Ties are in an order of their own, by the label, so that weights do not depend on the rows'.
    order = np.lexsort((is_label, -rounded))
    ranked, positive = rounded[order], is_label[order].astype(np.float64)
    ends = np.flatnonzero(np.append(np.diff(ranked) != 0, True))
    value = float(_areas(np.ones((1, len(order))), positive, ends)[0])
    if min(n, len(is_label) - n) < LEAST_RESAMPLED:
        note = f"no interval: fewer than {LEAST_RESAMPLED} samples with or without the label"
        return Estimate(value, np.nan, np.nan, n, note)
    rng = np.random.default_rng(0)
    left, areas = RESAMPLES, []
    while left:
        count = min(left, max(AT_ONCE // len(order), 1))
        areas.append(_areas(rng.standard_exponential((count, len(order))), positive, ends))
        left -= count
    low, high = np.quantile(np.concatenate(areas), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, min(float(low), value), max(float(high), value), n)


def _areas(weights: Floats, positive: Floats, ends: npt.NDArray[np.intp]) -> Floats:
    """Return the area under each curve of precision over recall: a step at each distinct score."""
    right = np.cumsum(weights * positive, axis=1)[:, ends]
    all_taken = np.cumsum(weights, axis=1)[:, ends]
    steps = np.diff(right, axis=1, prepend=0.0) / right[:, -1:]
    area: Floats = (steps * right / all_taken).sum(axis=1)
    return area
