"""Distinct vote counts of samples, and bootstrap intervals of statistics of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labeling.records import LabelSchema, Votes
from labeling.records.estimates import (
    LEAST_RESAMPLED,
    LEVEL,
    RESAMPLES,
    Estimate,
    proportion,
    undefined,
)

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NUMBERS_AT_A_TIME = 1 << 22  # weights of resamples in memory at once
SAME = 1e-12  # resamples closer than this are equal, whatever the order of summation
TOO_FEW = f"no interval: fewer than {LEAST_RESAMPLED} samples"
EQUAL_RESAMPLES = "no interval: all resamples are equal, as too few samples have votes that differ"


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
    return units_of_counts(votes.label_counts()[:, label_columns(votes.schema)])


def label_columns(schema: LabelSchema) -> list[int]:
    """Return the codes of ordered labels in their order, and those of others by name.

    What is drawn at random depends on this order, so that it must not depend on the schema's.
    """
    names = schema.labels if schema.ordered else sorted(schema.labels)
    return [schema.index(name) for name in names]


Statistic = Callable[[Units, Floats], Floats]
"""From units and weights of their rows, shape (n_resamples, n_rows), to (n_resamples,) values."""


def bootstrapped(
    units: Units,
    statistic: Statistic,
    seed: int,
    n: int | None = None,
    undefined_where: str = "had equal votes only",
) -> Estimate:
    """Return a statistic with its percentile bootstrap interval over samples.

    Args:
        units: the samples.
        statistic: NaN for resamples for which it is undefined; they are counted in the note.
        seed: of the bootstrap.
        n: the sample size to report; `None` is the number of samples.
        undefined_where: what the resamples are like for which it is undefined.
    """
    n = units.n_samples if n is None else n
    value = float(statistic(units, units.samples[None, :].astype(np.float64))[0])
    if np.isnan(value):
        return undefined(n, "it is 0 / 0 for these votes")
    if n < LEAST_RESAMPLED:
        return Estimate(value, np.nan, np.nan, n, TOO_FEW)
    parts = [statistic(units, weights) for weights in resamples(units.samples, seed)]
    return percentile_interval(value, np.concatenate(parts), n, undefined_where)


def percentile_interval(value: float, drawn: Floats, n: int, undefined_where: str) -> Estimate:
    """Return an estimate with the percentile interval of its resamples.

    Of fewer than 8 samples, and where all resamples are equal, there is no interval: one of no or
    little width would claim a certainty that few samples, or such without a difference, cannot
    give.

    Args:
        value: the estimate.
        drawn: its value for each resample, NaN where it is undefined: shape (n_resamples,).
        n: the sample size.
        undefined_where: what the resamples are like for which it is undefined.
    """
    if n < LEAST_RESAMPLED:
        return Estimate(value, np.nan, np.nan, n, TOO_FEW)
    usable = drawn[~np.isnan(drawn)]
    if not len(usable):
        return Estimate(value, np.nan, np.nan, n, "undefined for all resamples")
    if np.ptp(usable) <= SAME:
        return Estimate(value, np.nan, np.nan, n, EQUAL_RESAMPLES)
    low, high = np.quantile(usable, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    left_out = len(drawn) - len(usable)
    note = f"{left_out} of {len(drawn)} resamples {undefined_where}" if left_out else ""
    return Estimate(value, float(low), float(high), n, note)


def share_interval(share: Estimate) -> Estimate:
    """Return a share of 0 or 1 with Wilson's interval where resamples give none.

    All samples of such a share agree, so that each counts as one success, or as none.
    """
    if share.n and np.isnan(share.low) and share.value in (0.0, 1.0):
        return proportion(round(share.value) * share.n, share.n)
    return share


def resamples(samples: Ints, seed: int) -> Iterator[Floats]:
    """Yield how often each row is drawn in bootstrap resamples, (n_at_once, n_rows) at a time.

    Args:
        samples: how many samples each row stands for: shape (n_rows,).
        seed: of the random draws.
    """
    rng = np.random.default_rng(seed)
    n, shares = int(samples.sum()), samples / samples.sum()
    at_once = max(1, NUMBERS_AT_A_TIME // len(shares))
    for start in range(0, RESAMPLES, at_once):
        size = min(at_once, RESAMPLES - start)
        yield rng.multinomial(n, shares, size=size).astype(np.float64)
