"""Random draws of a fixed size with exact propensities, near-duplicates counted as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

NEGLIGIBLE = 1e-9  # a smaller share of the largest weight counts as 0, against rounding


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Rows that were drawn at random.

    Attributes:
        rows: the rows, in the order in which they were drawn.
        propensity: the probability with which each of them was drawn, above 0 and up to 1.
    """

    rows: Ints
    propensity: Floats


def draw_rows(weights: Floats, groups: Ints, n: int, order: Ints, rng: np.random.Generator) -> Draw:
    """Draw up to n rows, at most one a group, with probabilities proportional to the weights.

    A row's propensity is c times its weight, where c makes the propensities sum to n; it is less
    where near-duplicates share a certainty. So with equal weights, samples with near-duplicates are
    as likely to be drawn as others, and the draw is self-weighting. Systematic sampling along a
    random order (Madow 1949) makes these propensities exact. Without groups and with equal weights
    the draw is a simple random sample.

    Args:
        weights: shape (n_rows,), 0 or above; rows of weight 0, or of less than a billionth of the
            largest weight, are not drawn.
        groups: the group of near-duplicates of each row, numbered from 0.
        n: the number of rows; fewer are drawn where fewer groups have a weight.
        order: the rows in a random order; rows of one stratum may follow each other, which then
            gets its share up to rounding.
        rng: for the start and for the choice within groups.
    """
    order = order[weights[order] > NEGLIGIBLE * weights.max(initial=0)]
    members = groups[order]
    _, first, codes = np.unique(members, return_index=True, return_inverse=True)
    n = min(n, len(first))
    if n == 0:
        return Draw(np.empty(0, np.intp), np.empty(0))
    if len(first) == len(order) and np.ptp(weights[order]) == 0:
        return Draw(order[:n], np.full(n, n / len(order)))
    total: Floats = np.bincount(codes, weights[order]).astype(np.float64)
    inclusion = _inclusion(total, n)
    sequence = np.argsort(first, kind="stable")  # the groups, in the order of their first row
    ends = np.cumsum(inclusion[sequence])
    ends *= n / ends[-1]
    chosen = sequence[np.searchsorted(ends[:-1], rng.random() + np.arange(n), side="right")]
    rows = _one_of_each(chosen, codes, weights[order], rng)
    share = weights[order][rows] / total[codes[rows]]
    return Draw(order[rows], inclusion[codes[rows]] * share)


def _inclusion(total: Floats, n: int) -> Floats:
    """Return probabilities proportional to the totals that sum to n and are at most 1."""
    is_certain = np.zeros(len(total), dtype=bool)
    while True:
        rest = n - int(is_certain.sum())
        scale = rest / max(float(np.sort(total[~is_certain]).sum()), np.finfo(float).tiny)
        inclusion: Floats = np.where(is_certain, 1.0, total * scale)
        above = (inclusion > 1) & ~is_certain
        if not above.any():
            return inclusion
        is_certain |= above


def _one_of_each(chosen: Ints, codes: Ints, weights: Floats, rng: np.random.Generator) -> Ints:
    """Return a row of each chosen group, drawn with probability proportional to its weight."""
    by_group = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))
    rows = np.empty(len(chosen), dtype=np.intp)
    for place, (group, uniform) in enumerate(zip(chosen, rng.random(len(chosen)), strict=True)):
        members = by_group[ends[group - 1] if group else 0 : ends[group]]
        cumulated = np.cumsum(weights[members])
        position = np.searchsorted(cumulated, uniform * cumulated[-1], side="right")
        rows[place] = members[min(int(position), len(members) - 1)]
    return rows
