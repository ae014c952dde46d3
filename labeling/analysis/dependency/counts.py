"""Pairwise counts of votes and abstentions: the input of both dependency methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.records import (
    ABSTAIN,
    LEAST_OVERLAP,
    Votes,
    co_occurrence,
    label_ranks,
    near_copies,
    uniform_by_id,
)

CELLS = 1 << 24  # counted at once; chunks of that size sum exactly as float32

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class VoteCounts:
    """Votes in canonical order, and the co-occurrence counts of their values.

    Attributes:
        codes: shape (n_samples, n_voters), -1 = abstained; ranks of the labels by name.
        voters: those with `LEAST_OVERLAP` votes or more, sorted.
        n_labels: the number of labels of the schema.
        owner: the voter of each used value; abstaining is a value: shape (n_values,).
        value: the code of each value.
        counts: the number of samples with each two values: shape (n_values, n_values).
    """

    codes: npt.NDArray[Any]
    voters: tuple[str, ...]
    n_labels: int
    owner: npt.NDArray[np.intp]
    value: npt.NDArray[np.intp]
    counts: Floats

    @classmethod
    def of(cls, votes: Votes) -> VoteCounts:
        """Return the counts of votes, whatever the order of rows, columns and labels."""
        codes = votes.to_array()
        n_votes = (codes != ABSTAIN).sum(axis=0)
        order = sorted(range(len(votes.voters)), key=lambda voter: votes.voters[voter])
        columns = [voter for voter in order if n_votes[voter] >= LEAST_OVERLAP]
        ranks = np.append(label_ranks(votes.schema), ABSTAIN)
        ranked = ranks[codes[:, columns]]
        values = range(ABSTAIN, len(votes.schema))
        is_used = np.array([(ranked == value).any(axis=0) for value in values]).T
        owner, value = np.nonzero(is_used)
        value -= 1  # the first is the abstention
        return cls(
            codes=ranked,
            voters=tuple(votes.voters[voter] for voter in columns),
            n_labels=len(votes.schema),
            owner=owner,
            value=value,
            counts=_co_occurrence_of_values(ranked, owner, value),
        )

    @property
    def n(self) -> int:
        """The number of samples."""
        return len(self.codes)

    @property
    def degrees_of_freedom(self) -> npt.NDArray[np.intp]:
        """The number of values of each voter less one, at least 1: shape (n_voters,)."""
        return np.maximum(np.bincount(self.owner, minlength=len(self.voters)) - 1, 1)

    @property
    def standard_error(self) -> float:
        """The standard error of a correlation of independent values."""
        return float(1 / np.sqrt(self.n))

    def subsample(self, votes: Votes, most: int) -> npt.NDArray[Any]:
        """Return the codes of at most this number of samples, drawn by their ids."""
        order = np.argsort(uniform_by_id(votes.sample_ids, 0), kind="stable")
        return self.codes[order[:most]]

    def sum_by_pair(self, values: Floats) -> Floats:
        """Return sums over the values of each two voters: shape (n_voters, n_voters)."""
        starts = np.searchsorted(self.owner, np.arange(len(self.voters)))
        sums: Floats = np.add.reduceat(np.add.reduceat(values, starts, axis=0), starts, axis=1)
        return sums

    def both(self, counts: Floats) -> Floats:
        """Return on how many samples both voters vote, by these counts of values."""
        is_vote = self.value != ABSTAIN
        return self.sum_by_pair(counts * (is_vote[:, None] & is_vote[None, :]))

    def same(self, counts: Floats) -> Floats:
        """Return on how many samples both voters vote for one label, by these counts of values."""
        is_same = (self.value[:, None] == self.value[None, :]) & (self.value != ABSTAIN)
        return self.sum_by_pair(counts * is_same)

    def near_copies(self) -> Bools:
        """Return which voters vote nearly always alike: shape (n_voters, n_voters)."""
        uses = np.zeros((len(self.voters), self.n_labels), dtype=bool)
        is_vote = self.value != ABSTAIN
        uses[self.owner[is_vote], self.value[is_vote]] = True
        return near_copies(self.both(self.counts), self.same(self.counts), uses)


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """What a common true label explains of each two voters, and the rest.

    Attributes:
        strength: of the dependence; 0 = none: shape (n_voters, n_voters).
        both: on how many samples both would vote without it.
        same: on how many they would vote alike.
        steps: the number of steps of the computation.
        converged: whether it converged.
    """

    strength: Floats
    both: Floats
    same: Floats
    steps: int
    converged: bool


def _co_occurrence_of_values(
    codes: npt.NDArray[Any], owner: npt.NDArray[np.intp], value: npt.NDArray[np.intp]
) -> Floats:
    counts = np.zeros((len(owner), len(owner)), np.int64)
    size = max(CELLS // max(len(owner), 1), 1)
    for start in range(0, len(codes), size):
        counts += co_occurrence(codes[start : start + size, owner] == value)
    return counts.astype(np.float64)
