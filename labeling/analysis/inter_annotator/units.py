"""Distinct vote counts of samples, and bootstrap intervals of statistics of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labeling.records import Votes
from labeling.records.estimates import LEVEL, RESAMPLES, Estimate, undefined

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NUMBERS_AT_A_TIME = 1 << 22  # weights of resamples in memory at once


@dataclass(frozen=True, slots=True)
class Units:
    """Samples with equal vote counts are one row, so that resampling costs little.

    Attributes:
        counts: votes for each label: shape (n_rows, n_labels), distinct rows in ascending order, so
            that nothing depends on the order of the samples.
        samples: how many samples a row stands for: shape (n_rows,).
    """

    counts: Ints
    samples: Ints

    @property
    def sizes(self) -> Ints:
        """The number of votes on each sample of a row: shape (n_rows,)."""
        sizes: Ints = self.counts.sum(axis=1)
        return sizes

    @property
    def n_samples(self) -> int:
        """The number of samples."""
        return int(self.samples.sum())

    @property
    def votes_by_label(self) -> Ints:
        """The number of votes for each label: shape (n_labels,)."""
        votes: Ints = self.samples @ self.counts
        return votes

    def with_votes(self, least: int) -> Units:
        """Return the samples with at least so many votes."""
        enough = self.sizes >= least
        return Units(self.counts[enough], self.samples[enough])


def units_of_counts(counts: Ints) -> Units:
    """Return the distinct rows of vote counts of shape (n_samples, n_labels)."""
    distinct, samples = np.unique(counts, axis=0, return_counts=True)
    return Units(distinct.astype(np.int64), samples.astype(np.int64))


def units_of(votes: Votes) -> Units:
    """Return the units of votes, ordered labels in their order and others by name."""
    schema = votes.schema
    names = schema.labels if schema.ordered else sorted(schema.labels)
    columns = [schema.index(name) for name in names]
    return units_of_counts(votes.label_counts()[:, columns])


Statistic = Callable[[Units, Floats], Floats]
"""From units and weights of their rows, shape (n_resamples, n_rows), to (n_resamples,) values."""


def bootstrapped(units: Units, statistic: Statistic, seed: int, n: int | None = None) -> Estimate:
    """Return a statistic with its percentile bootstrap interval over samples.

    Args:
        units: the samples.
        statistic: NaN for resamples for which it is undefined; they are counted in the note.
        seed: of the bootstrap.
        n: the sample size to report; `None` is the number of samples.
    """
    n = units.n_samples if n is None else n
    value = float(statistic(units, units.samples[None, :].astype(np.float64))[0])
    if np.isnan(value):
        return undefined(n, "it is 0 / 0 for these votes")
    if units.n_samples < 2:
        return Estimate(value, np.nan, np.nan, n, "an interval needs more than one sample")
    drawn = _resampled(units, statistic, np.random.default_rng(seed))
    usable = drawn[~np.isnan(drawn)]
    if not len(usable):
        return Estimate(value, np.nan, np.nan, n, "undefined for all resamples")
    if usable.min() == usable.max():
        return Estimate(value, np.nan, np.nan, n, "all resamples are equal: no interval")
    low, high = np.quantile(usable, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    left_out = len(drawn) - len(usable)
    note = f"{left_out} of {len(drawn)} resamples had equal votes only" if left_out else ""
    return Estimate(value, float(low), float(high), n, note)


def _resampled(units: Units, statistic: Statistic, rng: np.random.Generator) -> Floats:
    """Return the statistic of each resample: shape (RESAMPLES,)."""
    shares = units.samples / units.n_samples
    at_once = max(1, NUMBERS_AT_A_TIME // len(shares))
    parts = []
    for start in range(0, RESAMPLES, at_once):
        size = min(at_once, RESAMPLES - start)
        weights = rng.multinomial(units.n_samples, shares, size=size).astype(np.float64)
        parts.append(statistic(units, weights))
    return np.concatenate(parts)
