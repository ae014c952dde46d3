"""Decoding: the set of candidates that do not overlap and have the highest sum of gains.

It is weighted interval scheduling (Kleinberg and Tardos, Algorithm Design, 6.1), sample by sample,
in O(n log n). Gains are rounded to whole multiples of 1e-8, so that sums are exact and ties do not
depend on the order of additions. Of sets with equal sums, that whose first span starts earlier is
taken; of two that start together, that with the longer span; and so on with the next span.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.label_models.spans.candidates import Candidates
from labeling.records import SoftSpans

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BIAS = 1e-6  # of a candidate that is as likely a span as not
PER_WORD = 0.1  # longer wins unless it is outvoted: gain for each further word, in votes or nats
STEPS = 1e8  # of gains, to each unit


class Decoded(NamedTuple):
    """Which candidates are chosen, and how many decisions were ties.

    Attributes:
        chosen: shape (n_candidates,).
        n_tied: how many times two sets with equal sums were to be had.
    """

    chosen: Bools
    n_tied: int


def gains(scores: Floats, words: npt.NDArray[np.int64]) -> Floats:
    """Return what choosing each candidate gains: its best label against "no span".

    Args:
        scores: of each label and "no span", the last: shape (n, n_labels + 1).
        words: number of words of each candidate.
    """
    gain: Floats = scores[:, :-1].max(axis=1, initial=-np.inf) - scores[:, -1]
    gain += BIAS + PER_WORD * (words - 1)
    return gain


def decode(candidates: Candidates, gain: Floats) -> Decoded:
    """Return the candidates that do not overlap and have the highest sum of gains."""
    units = candidates.units
    whole = np.rint(np.clip(gain, -1e6, 1e6) * STEPS).astype(np.int64)
    chosen = whole > 0
    rows = np.flatnonzero(chosen)
    length = int(units.end.max(initial=0)) + 1
    start = units.sample[rows] * length + units.start[rows]
    end = units.sample[rows] * length + units.end[rows]
    reach = np.maximum.accumulate(end) if len(end) else end
    begins = np.ones(len(rows), dtype=bool)  # of a cluster of overlapping candidates
    begins[1:] = start[1:] >= reach[:-1]
    first = np.flatnonzero(begins)
    sizes = np.diff(np.append(first, len(rows)))
    n_tied = 0
    for begin, size in zip(first[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        cluster = slice(begin, begin + size)
        taken, tied = _best_set(
            start[cluster].tolist(), end[cluster].tolist(), whole[rows[cluster]].tolist()
        )
        chosen[rows[cluster]] = taken
        n_tied += tied
    return Decoded(chosen, n_tied)


def _best_set(starts: list[int], ends: list[int], weights: list[int]) -> tuple[list[bool], int]:
    """Return which of some intervals are in the best set, and the number of ties on its way.

    Args:
        starts: ascending; of equal ones the shorter interval comes first.
        ends: of each interval.
        weights: above 0.
    """
    n = len(starts)
    best = [0] * (n + 1)  # of the intervals from each on
    following = [0] * n
    for number in range(n - 1, -1, -1):
        following[number] = bisect_left(starts, ends[number])
        best[number] = max(best[number + 1], weights[number] + best[following[number]])
    taken, n_tied, number = [False] * n, 0, 0
    while number < n:
        same_start = bisect_left(starts, starts[number] + 1)
        optimal = [
            row
            for row in range(number, same_start)
            if weights[row] + best[following[row]] == best[number]
        ]
        n_tied += max(len(optimal) - 1, 0) + (len(optimal) > 0 and best[same_start] == best[number])
        if optimal:
            taken[optimal[-1]] = True
            number = following[optimal[-1]]
        else:
            number = same_start
    return taken, n_tied


def soft_spans(candidates: Candidates, probabilities: Floats, chosen: Bools) -> SoftSpans:
    """Return the candidates with their probabilities, columns of sorted labels first."""
    units = candidates.units
    return SoftSpans(
        candidates.in_schema_order(probabilities),
        units.sample,
        units.start,
        units.end,
        chosen,
        units.votes.sample_ids,
        units.votes.schema,
        units.votes.covered,
    )
