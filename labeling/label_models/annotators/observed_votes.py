"""The cast votes, each with what is known of its sample's label without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from labeling.label_models.annotators.reference import Signals
from labeling.label_models.patterns import Floats, Patterns

Indices = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

NUMBERS_AT_A_TIME = 1 << 18  # that are computed for each vote and label


class ObservedVotes(NamedTuple):
    """Cast votes, each with the label of its sample according to the others, and a reference.

    Attributes:
        voter: index into the sorted names: shape (n_observed,).
        vote: the label, index into the sorted names: shape (n_observed,).
        weight: the number of samples it represents: shape (n_observed,).
        truth: the probability of each label without this vote: shape (n_observed, n_labels).
        is_gold: whether the truth is a gold label: shape (n_observed,).
    """

    voter: Indices
    vote: Indices
    weight: Floats
    truth: Floats
    is_gold: Bools

    def expectation(self, tables: Floats) -> Floats:
        """Return sum_y truth[y] * table of the voter[y, vote] of each vote: shape (n_observed,).

        Args:
            tables: shape (n_voters, n_labels true, n_labels voted).
        """
        by_vote = np.ascontiguousarray(tables.transpose(0, 2, 1))
        sums = np.empty(len(self.vote))
        for some in self._parts():
            rows = by_vote[self.voter[some], self.vote[some]]
            np.einsum("iy,iy->i", self.truth[some], rows, out=sums[some])
        return sums

    def truth_by_voter(self, tables: Floats) -> Floats:
        """Return the expected samples of each true label of each voter: shape (n_voters, n_labels).

        Args:
            tables: P(vote | label), shape (n_voters, n_labels true, n_labels voted).
        """
        by_vote = np.ascontiguousarray(tables.transpose(0, 2, 1))
        totals: Floats = np.zeros(tables.shape[:2])
        for some in self._parts():
            joint = self.truth[some] * by_vote[self.voter[some], self.vote[some]]
            joint /= np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
            place = (self.voter[some], np.arange(len(joint)))
            weights = sparse.csr_matrix((self.weight[some], place), shape=(len(totals), len(joint)))
            totals += weights @ joint
        return totals

    def _parts(self) -> Iterator[slice]:
        """Return parts of the votes whose rows of labels fit the processor's cache."""
        step = max(1, NUMBERS_AT_A_TIME // max(self.truth.shape[1], 1))
        return (slice(start, start + step) for start in range(0, len(self.vote), step))

    def sum_by_voter(self, values: Floats, n_voters: int) -> Floats:
        """Return the sum of values over the votes of each voter: shape (n_voters,)."""
        totals: Floats = np.bincount(self.voter, values, n_voters).astype(np.float64)
        return totals


def observe(patterns: Patterns, by_others: Floats, signals: Signals) -> ObservedVotes:
    """Return the cast votes; on samples with a gold label the truth is the gold label.

    Args:
        patterns: the votes.
        by_others: of each cast vote the probabilities by all other votes: (n_cast, n_labels).
        signals: what the reference says of the samples without a gold label.
    """
    free = signals.counts[patterns.row].tocoo()
    truth = by_others[free.row]
    if signals.has_any:
        truth = truth * signals.likelihood.T[free.col]
        truth /= np.maximum(truth.sum(axis=1, keepdims=True), 1e-300)
    number, label = np.nonzero(patterns.gold[patterns.row])
    return ObservedVotes(
        voter=np.concatenate([patterns.voter[free.row], patterns.voter[number]]),
        vote=np.concatenate([patterns.vote[free.row], patterns.vote[number]]),
        weight=np.concatenate([free.data, patterns.gold[patterns.row[number], label]]),
        truth=np.concatenate([truth, np.eye(patterns.n_labels)[label]]),
        is_gold=np.repeat([False, True], [len(free.row), len(number)]),
    )
