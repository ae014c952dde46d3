"""Spreading a batch over clusters of texts or over vote patterns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.query.clusters import nearest_to_centres
from labeling.query.pool import Pool
from labeling.records import text_points

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

CANDIDATES = 5  # the 5n most uncertain samples are candidates for n


def best_first(score: Floats) -> Ints:
    """Return the order of descending scores; those that differ only by rounding are equal."""
    return np.argsort(-score.round(9), kind="stable")


def over_texts(pool: Pool, candidates: Ints, n: int, rng: np.random.Generator) -> Ints:
    """Return the n candidates closest to the centres of n clusters of their texts."""
    documents = pool.expect_texts("mixture")
    seed = int(rng.integers(2**31))
    points = text_points([documents[row] for row in candidates], seed)
    return candidates[nearest_to_centres(points, n, seed)]


def over_patterns(pool: Pool, candidates: Ints, n: int) -> Ints:
    """Return the best candidate of each vote pattern, then the second best of each, and so on."""
    votes = pool.expect_votes("vote_pattern")[candidates]
    pattern = np.unique(votes, axis=0, return_inverse=True)[1].ravel()
    return in_turn(pattern, candidates, n)


def in_turn(pattern: Ints, candidates: Ints, n: int) -> Ints:
    """Return the best candidate of each pattern, then the second best of each, and so on.

    Args:
        pattern: of each candidate.
        candidates: rows, the best first.
        n: the number of rows.
    """
    rank = pd.Series(pattern).groupby(pattern).cumcount().to_numpy()
    return candidates[np.argsort(rank, kind="stable")[:n]]


def diversified(pool: Pool, ranked: Ints, n: int, rng: np.random.Generator) -> Ints:
    """Return n of the best 5n rows, from as many clusters of texts or vote patterns as possible.

    Args:
        pool: with texts if they are used; else vote patterns are.
        ranked: rows, the best first.
        n: the number of rows.
        rng: for the clusters.
    """
    candidates = ranked[: CANDIDATES * n]
    if n == 0 or len(candidates) <= n:
        return candidates[:n]
    if pool.spreads_texts:
        return over_texts(pool, candidates, n, rng)
    return candidates[:n] if pool.votes is None else over_patterns(pool, candidates, n)
