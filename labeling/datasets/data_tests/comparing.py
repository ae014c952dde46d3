"""Comparisons of two sets of samples: tests, effect sizes, and the correction for many of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SMALLEST_EXPECTED = 5
"""Samples that chi-square expects at least in a cell (Cochran 1954); rarer values are pooled."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One quantity of two sets.

    Attributes:
        what: the column, voter or label.
        rows: which rows were compared with the base: `new` or `all`.
        test: the test, and what its effect size is.
        n: samples.
        n_base: samples of the base.
        effect: the effect size.
        p: the p-value before the correction.
        change: the change in words.
    """

    what: str
    rows: str
    test: str
    n: int
    n_base: int
    effect: float
    p: float
    change: str = ""


def holm(p: Sequence[float]) -> list[float]:
    """Return p-values corrected by the method of Holm (1979), which bounds the family-wise error.

    >>> [round(value, 3) for value in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * np.arange(len(values), 0, -1)
    result = np.empty_like(values)
    result[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(value) for value in result]


def cramers_v(first: Floats, second: Floats) -> float:
    """Return Cramer's V of two distributions, with equal weights of both.

    It is 0 for equal shares and 1 where no value occurs in both, whatever the sizes of the sets.

    Args:
        first: counts, or shares, of each value: shape (n_values,).
        second: the same of the other set.

    >>> round(cramers_v(np.array([45.0, 55]), np.array([55.0, 45])), 2)
    0.1
    """
    if not first.sum() or not second.sum():
        return 0.0
    p, q = first / first.sum(), second / second.sum()
    both = p + q
    parts = np.divide((p - q) ** 2, 2 * both, out=np.zeros_like(both), where=both > 0)
    return float(np.sqrt(parts.sum()))


def chi_square(first: Floats, second: Floats) -> float:
    """Return the p-value of equal distributions; values that are too rare are pooled.

    Tables of 2 x 2 with few samples are tested exactly (Fisher).

    >>> chi_square(np.array([50.0, 50]), np.array([50.0, 50]))
    1.0
    """
    from scipy.stats import chi2_contingency, fisher_exact

    table = _pooled(np.stack([first, second]).astype(np.float64))
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return 1.0
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    if table.shape[1] == 2 and expected.min() < SMALLEST_EXPECTED:
        return float(fisher_exact(table.astype(np.int64)).pvalue)
    return float(chi2_contingency(table, correction=False).pvalue)


def _pooled(table: Floats) -> Floats:
    """Return the table with the rarest values pooled until all expect enough samples."""
    table = table[:, table.sum(axis=0) > 0]
    table = table[:, np.argsort(-table.sum(axis=0), kind="stable")]
    smallest_share = table.sum(axis=1).min() / max(table.sum(), 1)
    is_rare = table.sum(axis=0) * smallest_share < SMALLEST_EXPECTED
    if is_rare.sum() > 1:
        table = np.column_stack([table[:, ~is_rare], table[:, is_rare].sum(axis=1)])
    return table


def fisher(
    first: tuple[int, int],
    second: tuple[int, int],
    alternative: Literal["two-sided", "greater"] = "two-sided",
) -> float:
    """Return the exact p-value of two shares, given as (how many, of how many).

    Args:
        first: of one set.
        second: of the other.
        alternative: whether the shares may differ, or the first may only be greater.

    >>> fisher((0, 10), (0, 10))
    1.0
    """
    from scipy.stats import fisher_exact

    table = [[hits, n - hits] for hits, n in (first, second)]
    return float(fisher_exact(table, alternative).pvalue)


def combined(first: float, second: float) -> float:
    """Return the p-value of two independent tests together (Fisher 1932).

    >>> round(combined(0.01, 0.02), 5)
    0.0019
    """
    product = first * second
    return product * (1 - math.log(product)) if product else 0.0


def details(results: Sequence[Compared], corrected: Sequence[float]) -> tuple[dict[str, Any], ...]:
    """Return the rows of a finding's table, the strongest effects first."""
    ranked = sorted(
        zip(results, corrected, strict=True), key=lambda pair: (pair[1], -pair[0].effect)
    )
    return tuple(
        {
            "what": result.what,
            "rows": result.rows,
            "test": result.test,
            "n": result.n,
            "n_base": result.n_base,
            "effect": round(result.effect, 6),
            "p": result.p,
            "p_holm": p_holm,
            "change": result.change,
        }
        for result, p_holm in ranked
    )


def strongest(
    results: Sequence[Compared], corrected: Sequence[float], alpha: float, limit: float
) -> tuple[list[int], int]:
    """Return which results exceed both limits, the strongest first, and the strongest of all."""
    order = sorted(range(len(results)), key=lambda at: (-results[at].effect, results[at].what))
    exceeding = [at for at in order if corrected[at] < alpha and results[at].effect > limit]
    return exceeding, exceeding[0] if exceeding else order[0]
