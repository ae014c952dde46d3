"""What dependencies between voters are read from: who votes together with whom, how often, and alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.analysis.pairwise import together
from labeling.records import ABSTAIN, Votes, shares_by_id

LEAST_OVERLAP = 10  # samples on which both vote; of fewer nothing can be said
NEAR = 0.8  # votes that agree, of the samples on which either votes
ONE_LABEL = 0.9  # agreement where both vote, for voters who use one label each
ALL_LABELS = 0.95  # and for others, who have more to differ about
CELLS = 1 << 24  # counted at once; so few rows sum exactly as float32

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Votes in an order of their own, and their counts over samples.

    Attributes:
        codes: shape (n_samples, n_voters), -1 = abstained; the codes follow the labels' names.
        voters: those with `LEAST_OVERLAP` votes or more, sorted.
        n_labels: of the schema.
        owner: which voter each used value belongs to; abstaining is a value: shape (n_values,).
        value: the values' codes.
        counts: on how many samples two values stand: shape (n_values, n_values).
    """

    codes: npt.NDArray[Any]
    voters: tuple[str, ...]
    n_labels: int
    owner: npt.NDArray[np.intp]
    value: npt.NDArray[np.intp]
    counts: Floats

    @classmethod
    def of(cls, votes: Votes) -> Counted:
        """Return the counts of votes; neither rows nor columns nor labels need have an order."""
        codes = votes.to_array()
        cast = (codes != ABSTAIN).sum(axis=0)
        order = sorted(range(len(votes.voters)), key=lambda voter: votes.voters[voter])
        kept = [voter for voter in order if cast[voter] >= LEAST_OVERLAP]
        labels = sorted(votes.schema)
        place = np.array([*(labels.index(name) for name in votes.schema), ABSTAIN])
        ranked = place[codes[:, kept]]
        values = range(ABSTAIN, len(labels))
        used = np.array([(ranked == value).any(axis=0) for value in values]).T
        owner, value = np.nonzero(used)
        value -= 1  # the first is the abstention
        counts = _counts(ranked, owner, value)
        names = tuple(votes.voters[voter] for voter in kept)
        return cls(ranked, names, len(labels), owner, value, counts)

    @property
    def n(self) -> int:
        """How many samples there are."""
        return len(self.codes)

    @property
    def kinds(self) -> npt.NDArray[np.intp]:
        """How many values each voter uses besides one, and 1 at least: shape (n_voters,)."""
        return np.maximum(np.bincount(self.owner, minlength=len(self.voters)) - 1, 1)

    @property
    def noise(self) -> float:
        """The standard error of a correlation of independent values."""
        return float(1 / np.sqrt(self.n))

    def drawn(self, votes: Votes, most: int) -> npt.NDArray[Any]:
        """Return the codes of at most so many samples, which are drawn by their ids."""
        order = np.argsort(shares_by_id(votes.sample_ids, 0), kind="stable")
        return self.codes[order[:most]]

    def per_pair(self, values: Floats) -> Floats:
        """Return sums over the values of each two voters: shape (n_voters, n_voters)."""
        starts = np.searchsorted(self.owner, np.arange(len(self.voters)))
        found: Floats = np.add.reduceat(np.add.reduceat(values, starts, axis=0), starts, axis=1)
        return found

    def both(self, counts: Floats) -> Floats:
        """Return on how many samples both voters vote, by such counts of values."""
        cast = self.value != ABSTAIN
        return self.per_pair(counts * (cast[:, None] & cast[None, :]))

    def same(self, counts: Floats) -> Floats:
        """Return on how many samples both voters vote for one label, by such counts of values."""
        alike = (self.value[:, None] == self.value[None, :]) & (self.value != ABSTAIN)
        return self.per_pair(counts * alike)

    def near(self) -> Bools:
        """Return which voters say nearly always the same: shape (n_voters, n_voters)."""
        both, same = self.both(self.counts), self.same(self.counts)
        votes = np.diag(both)
        used = np.zeros((len(self.voters), self.n_labels), dtype=bool)
        cast = self.value != ABSTAIN
        used[self.owner[cast], self.value[cast]] = True
        single = used.sum(axis=1) == 1
        least = np.where(single[:, None] & single[None, :], ONE_LABEL, ALL_LABELS)
        found = same >= NEAR * (votes[:, None] + votes[None, :] - both)
        found &= (same >= least * both) & (both >= LEAST_OVERLAP)
        np.fill_diagonal(found, False)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """What a common true label explains of any two voters, and what is left.

    Attributes:
        strength: of the dependence; 0 = none: shape (n_voters, n_voters).
        both: on how many samples both would vote without it.
        same: on how many they would vote alike.
        steps: of the computation.
        converged: whether it came to rest.
    """

    strength: Floats
    both: Floats
    same: Floats
    steps: int
    converged: bool


def _counts(
    codes: npt.NDArray[Any], owner: npt.NDArray[np.intp], value: npt.NDArray[np.intp]
) -> Floats:
    counts = np.zeros((len(owner), len(owner)), np.int64)
    size = max(CELLS // max(len(owner), 1), 1)
    for start in range(0, len(codes), size):
        counts += together(codes[start : start + size, owner] == value)
    return counts.astype(np.float64)
