"""Scores of probabilities against gold labels, without luck: ties are split, never broken.

Where several labels share the highest probability (a row without votes: all of them) each is the
answer with the same chance, and a score is its expectation over these chances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

TIE = 1e-9
BINS = 15
RESAMPLES = 2_000
Z = 1.959963984540054  # of the 95 % interval


@dataclass(frozen=True, slots=True)
class Score:
    """A score of 0 to 1 with its 95 % interval over n rows.

    >>> print(Score(0.75, 0.7, 0.8, 100))
    75.0 (70.0 to 80.0)
    """

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{100 * self.value:.1f} ({100 * self.low:.1f} to {100 * self.high:.1f})"


def shares_of(probabilities: Floats) -> Floats:
    """Return the chance of each label to be the answer: shape (n, k), rows sum to 1.

    >>> shares_of(np.array([[0.2, 0.8], [0.5, 0.5]])).tolist()
    [[0.0, 1.0], [0.5, 0.5]]
    """
    best = probabilities >= probabilities.max(axis=1, keepdims=True) - TIE
    shares: Floats = best / best.sum(axis=1, keepdims=True)
    return shares


def shares_of_codes(codes: npt.NDArray[Any], n_labels: int) -> Floats:
    """Return the chance of each label to be the answer, where -1 is an even guess."""
    shares: Floats = np.vstack([np.eye(n_labels), np.full(n_labels, 1 / n_labels)])[codes]
    return shares


def accuracy(shares: Floats, gold: Codes) -> Score:
    """Return the expected share of right answers, with Wilson's interval."""
    right = float(shares[np.arange(len(gold)), gold].mean())
    return Score(right, *wilson(right, len(gold)), len(gold))


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share, which may count half answers.

    >>> [round(end, 3) for end in wilson(1.0, 3)]
    [0.439, 1.0]
    """
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def f1(shares: Floats, gold: Codes, positive: int, *, seed: int = 0) -> Score:
    """Return the expected F1 of one label, with a bootstrap interval over rows.

    The expectation is exact: true and false positives among tied rows are sums of independent
    chances. The bootstrap draws how many rows of each kind there are, with ties at their mean.
    """
    true = gold == positive
    chance = shares[:, positive]
    n_true = int(true.sum())
    value = _expected_f1(chance[true], chance[~true], n_true)
    kinds, counts = np.unique(np.column_stack([true, chance]), axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(gold), counts / len(gold), RESAMPLES)
    found, said = drawn @ (kinds[:, 0] * kinds[:, 1]), drawn @ kinds[:, 1]
    resampled = 2 * found / np.maximum(said + drawn @ kinds[:, 0], 1e-12)
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Score(value, float(low), float(high), len(gold))


def _expected_f1(of_true: Floats, of_false: Floats, n_true: int) -> float:
    if n_true == 0 and not of_false.any():
        return 0.0
    first, p_found = _counts(of_true)
    start, p_wrong = _counts(of_false)
    found = first + np.arange(len(p_found))[:, None]
    wrong = start + np.arange(len(p_wrong))[None, :]
    ratio = 2 * found / np.maximum(found + wrong + n_true, 1)
    return float(p_found @ ratio @ p_wrong)


def _counts(chances: Floats) -> tuple[int, Floats]:
    """Return the distribution of how many come true: the lowest count, and its and later chances.

    Counts more than eight standard deviations from the mean are left out.
    """
    lowest, total = 0, np.ones(1)
    for chance, n in zip(*np.unique(chances, return_counts=True), strict=True):
        spread = 8 * math.sqrt(n * chance * (1 - chance))
        low = max(0, math.floor(n * chance - spread))
        high = min(int(n), math.ceil(n * chance + spread))
        part = binom.pmf(np.arange(low, high + 1), n, chance)
        lowest, total = lowest + low, np.convolve(total, part / part.sum())
    return lowest, total


def calibration_error(probabilities: Floats, gold: Codes) -> float:
    """Return the expected calibration error of the top label: 15 bins of equal width, 0 to 1.

    >>> calibration_error(np.array([[0.1, 0.9], [0.1, 0.9]]), np.array([1, 0]))
    0.4
    """
    top = probabilities.max(axis=1)
    right = shares_of(probabilities)[np.arange(len(gold)), gold]
    place = np.clip(np.ceil(top * BINS).astype(int) - 1, 0, BINS - 1)
    off = np.bincount(place, weights=right - top, minlength=BINS)
    return float(np.abs(off).sum() / len(gold))
