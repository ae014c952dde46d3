"""Which split each row goes to: by a hash of its cluster, or by time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.splits.clusters import BoolArray, Clusters, cluster_draws
from labeling.datasets.splits.near_duplicates import Ints

LEFT_OUT, TRAIN, DEV, TEST = -1, 0, 1, 2
SPLITS = ("train", "dev", "test")
"""The names of splits; their positions are the codes."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SplitInput:
    """What the assignment depends on.

    Attributes:
        clusters: which rows must stay together.
        test: share of the eligible rows that go to test.
        dev: share of the eligible rows that go to dev.
        salt: of the hash.
        eligible: rows that may be in test and dev: shape (n,).
        used: rows that must not be in test: shape (n,).
        previous: code of the earlier split of each row, -1 = none: shape (n,).
        strata: code of each row's stratum; `None` does not stratify.
        times: of each row; `None` splits by hash.
    """

    clusters: Clusters
    test: float
    dev: float
    salt: int
    eligible: BoolArray
    used: BoolArray
    previous: Ints
    strata: Ints | None = None
    times: npt.NDArray[np.generic] | None = None

    @property
    def n_eligible(self) -> Ints:
        """How many eligible rows each cluster has."""
        return self.per_cluster(self.eligible)

    def per_cluster(self, rows: BoolArray) -> Ints:
        """Return how many of some rows each cluster has."""
        code, count = self.clusters.code, self.clusters.count
        return np.bincount(code[rows], minlength=count).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The split of each row.

    Attributes:
        codes: -1 = left out: shape (n,).
        reasons: why a row is left out; `None` for the others: shape (n,).
        kept_from_test: rows that were used, and would have been in test otherwise: shape (n,).
        too_large: clusters larger than the split that they were drawn for, and so in train.
        joined: clusters whose rows were in several splits earlier.
    """

    codes: Ints
    reasons: npt.NDArray[np.object_]
    kept_from_test: BoolArray
    too_large: BoolArray
    joined: BoolArray


def assign(given: SplitInput) -> Assignment:
    """Return the split of each row.

    A cluster goes to one split. Its rows that may not be in that split are in none.
    """
    earlier = _earlier_sides(given)
    n_earlier = earlier.sum(axis=1)
    is_fixed: BoolArray = n_earlier > 0
    period = None if given.times is None else _periods(given)
    sides, too_large = _drawn_sides(given, is_fixed, period)
    is_used = given.per_cluster(given.used) > 0
    moved = is_used & (sides == TEST) & ~is_fixed
    sides = np.where(moved, TRAIN, sides)
    sides = np.where(n_earlier == 1, earlier.argmax(axis=1), sides)
    joined = n_earlier > 1
    code = given.clusters.code
    codes, reasons = _row_splits(given, sides[code], period)
    is_new = given.previous < 0
    _leave_out(codes, reasons, is_new & joined[code], "links rows that were in several splits")
    codes = np.where(is_new, codes, given.previous)
    reasons[~is_new] = None
    kept_from_test = given.used & moved[code]
    return Assignment(codes, reasons, kept_from_test, too_large, joined)


def _earlier_sides(given: SplitInput) -> BoolArray:
    """Return in which splits the rows of each cluster were: shape (n_clusters, 3)."""
    rows = [given.per_cluster(given.previous == split) > 0 for split in range(len(SPLITS))]
    return np.column_stack(rows)


def _drawn_sides(
    given: SplitInput, is_fixed: BoolArray, period: Ints | None
) -> tuple[Ints, BoolArray]:
    """Return the split of each cluster, and which are in train since they are too large."""
    n_eligible = given.n_eligible
    nothing = np.zeros(given.clusters.count, dtype=bool)
    if period is not None:
        sides = np.full(given.clusters.count, TRAIN, dtype=np.int64)
        rows = given.eligible
        np.maximum.at(sides, given.clusters.code[rows], period[rows])
        return sides, nothing
    draws = cluster_draws(given.clusters, given.salt)
    if given.strata is None:
        is_dev = draws < given.test + given.dev
        drawn: Ints = np.where(draws < given.test, TEST, np.where(is_dev, DEV, TRAIN))
    else:
        drawn = _stratified_sides(given, draws, is_fixed)
    drawn = np.where(n_eligible == 0, TRAIN, drawn)
    wanted = np.array([1.0, given.dev, given.test]) * n_eligible.sum()
    too_large = (n_eligible > np.maximum(wanted, 1)[drawn]) & ~is_fixed
    return np.where(too_large, TRAIN, drawn), too_large


def _stratified_sides(given: SplitInput, draws: Floats, is_fixed: BoolArray) -> Ints:
    """Return the split of each cluster, so that each stratum is shared out as asked.

    A cluster belongs to the stratum of most of its eligible rows, of the first one of several. The
    clusters of a stratum are taken by their draws until a split is full; what was in a split
    earlier counts.
    """
    n_eligible = given.n_eligible
    stratum = _cluster_strata(given)
    fixed = {
        split: given.eligible & (given.previous == split) & is_fixed[given.clusters.code]
        for split in (TEST, DEV)
    }
    sides = np.full(len(draws), TRAIN, dtype=np.int64)
    for number in np.unique(stratum[stratum >= 0]).tolist():
        total = n_eligible[stratum == number].sum()
        members = np.flatnonzero((stratum == number) & ~is_fixed)
        members = members[np.argsort(draws[members], kind="stable")]
        for split, share in ((TEST, given.test), (DEV, given.dev)):
            taken = given.per_cluster(fixed[split])[stratum == number].sum()
            sizes = n_eligible[members]
            is_in = np.cumsum(sizes) - sizes / 2 < share * total - taken
            sides[members[is_in]] = split
            members = members[~is_in]
    return sides


def _cluster_strata(given: SplitInput) -> Ints:
    """Return the stratum of most eligible rows of each cluster, -1 without one."""
    assert given.strata is not None
    is_counted = given.eligible & (given.strata >= 0)
    table = pd.DataFrame(
        {"cluster": given.clusters.code[is_counted], "stratum": given.strata[is_counted]}
    )
    sizes = table.value_counts().reset_index()
    order = np.lexsort((sizes["stratum"], -sizes["count"], sizes["cluster"]))
    first = sizes.iloc[order].drop_duplicates("cluster")
    stratum = np.full(given.clusters.count, -1, dtype=np.int64)
    stratum[first["cluster"].to_numpy()] = first["stratum"].to_numpy()
    return stratum


def _periods(given: SplitInput) -> Ints:
    """Return the split of each row by its time alone: shape (n,).

    The cuts are between two times, where the shares of newer eligible rows are nearest to those
    asked for; rows of the same time are on one side.
    """
    assert given.times is not None
    if not given.eligible.any():
        return np.full(len(given.times), TRAIN, dtype=np.int64)
    values, counts = np.unique(given.times[given.eligible], return_counts=True)
    newer = 1 - np.cumsum(counts) / counts.sum()
    cuts = []
    for share in (given.test, given.test + given.dev):
        distance = np.round(np.abs(newer - share), 12)
        cuts.append(values[len(values) - 1 - int(np.argmin(distance[::-1]))])
    is_test, is_newer = given.times > cuts[0], given.times > cuts[1]
    return np.where(is_test, TEST, np.where(is_newer, DEV, TRAIN)).astype(np.int64)


def _row_splits(
    given: SplitInput, sides: Ints, period: Ints | None
) -> tuple[Ints, npt.NDArray[np.object_]]:
    """Return the split of each row in its cluster's split, and why rows are left out."""
    codes = sides.copy()
    reasons = np.full(len(codes), None, dtype=object)
    for split in (TEST, DEV):
        is_weak = (sides == split) & ~given.eligible
        name = SPLITS[split]
        _leave_out(codes, reasons, is_weak, f"in one cluster with {name} rows, without human label")
        if period is not None:
            is_older = (sides == split) & given.eligible & (period < split)
            _leave_out(codes, reasons, is_older, f"in one cluster with {name} rows, and older")
    if period is not None:
        is_newer = (sides == TRAIN) & (period > TRAIN)
        _leave_out(
            codes, reasons, is_newer & ~given.eligible, "as new as dev or test, without human label"
        )
        _leave_out(codes, reasons, is_newer & given.eligible, "as new as test, and used before")
    return codes, reasons


def _leave_out(codes: Ints, reasons: npt.NDArray[np.object_], rows: BoolArray, reason: str) -> None:
    codes[rows] = LEFT_OUT
    reasons[rows] = reason
