"""Near-duplicate voters: pairs that agree more often than their accuracies explain.

A voter written twice counts twice, and a duplicate looks like the most accurate voter to a model
that measures agreement. Two voters are duplicates if they are near-copies (`records.near_copies`),
and agree far more often than independent voters of their accuracies, which are estimated from all
other voters.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import connected_components

from labeling.label_models.patterns import Floats, Patterns
from labeling.records import (
    ABSTAIN,
    LEAST_JACCARD,
    LEAST_OVERLAP,
    near_copies,
    weighted_co_occurrence,
)

Z_SCORE = 4.0  # standard errors
SMALL_TABLE = 1 << 22  # numbers: up to this all pairs of votes are counted at once


def duplicate_groups(patterns: Patterns) -> npt.NDArray[np.intp]:
    """Return the group of each voter, numbered in the order of voters; duplicates share it."""
    agreement = _Agreement(patterns)
    links = np.zeros((patterns.n_voters, patterns.n_voters), dtype=bool)
    for j, i in agreement.near_copies():
        links[j, i] = agreement.are_duplicates(j, i)
    _, group = connected_components(links, directed=False)
    _, first, number = np.unique(group, return_index=True, return_inverse=True)
    groups: npt.NDArray[np.intp] = np.argsort(np.argsort(first))[number]
    return groups


class _Agreement:
    """Overlap and agreement of each two voters, counted in samples."""

    def __init__(self, patterns: Patterns) -> None:
        self.n_labels = patterns.n_labels
        self.patterns = patterns
        self.same, self.overlap = _pairwise_counts(patterns)
        votes = np.diag(self.overlap)
        self.either = votes[:, None] + votes[None, :] - self.overlap
        self.jaccard = self.same / np.maximum(self.either, 1e-12)
        self.agreement = self.same / np.maximum(self.overlap, 1e-12)
        self.uses = patterns.votes_for > 0

    @cached_property
    def codes(self) -> npt.NDArray[Any]:
        """The distinct rows, which only near-copies need."""
        return self.patterns.codes()

    def near_copies(self) -> list[tuple[int, int]]:
        """Return the pairs of voters who vote nearly always alike."""
        near = near_copies(self.overlap, self.same, self.uses)
        return [(j, i) for j, i in np.argwhere(np.triu(near, 1)).tolist()]

    def are_duplicates(self, j: int, i: int) -> bool:
        """Return whether two voters agree more often than independent voters would."""
        if self.uses[j].sum() == 1 and (self.uses[j] == self.uses[i]).all():
            return self._one_label_duplicates(j, i)
        return self._duplicates(j, i)

    def _one_label_duplicates(self, j: int, i: int) -> bool:
        """Return whether two voters for one label fire together more often than by chance.

        Chance: each fires at its own rate among the samples on which any other voter votes for the
        same label.
        """
        label = int(np.flatnonzero(self.uses[j])[0])
        fires = self.codes == label
        others = fires.sum(axis=1) - fires[:, j] - fires[:, i] > 0
        counts = self.patterns.counts
        n = counts[others].sum()
        expected = 0.0
        if n:
            a, b = (counts[others & fires[:, voter]].sum() / n for voter in (j, i))
            expected = a * b / (a + b - a * b) if a + b else 0.0
        return _is_far_above(self.jaccard[j, i], expected, self.either[j, i])

    def _duplicates(self, j: int, i: int) -> bool:
        """Return whether two voters agree more often than their accuracies explain.

        The chance-corrected agreement c of independent voters is a product of both accuracies, so
        that c(j, i) = c(j, g) c(i, h) / c(g, h) for any others g and h; the median of these is
        expected.
        """
        k = self.n_labels
        corrected = (k * self.agreement - 1) / (k - 1)
        distinct = (self.jaccard[j] < LEAST_JACCARD) & (self.jaccard[i] < LEAST_JACCARD)
        distinct &= (self.overlap[j] >= LEAST_OVERLAP) & (self.overlap[i] >= LEAST_OVERLAP)
        distinct[[j, i]] = False
        others = np.flatnonzero(distinct)
        between = corrected[np.ix_(others, others)]
        usable = (self.overlap[np.ix_(others, others)] >= LEAST_OVERLAP) & (between >= 0.1)
        np.fill_diagonal(usable, False)
        if not usable.any():
            return False
        product = corrected[j, others][:, None] * corrected[i, others][None, :]
        median = float(np.median(np.clip(product[usable] / between[usable], 0, 1)))
        expected = ((k - 1) * median + 1) / k
        return _is_far_above(self.agreement[j, i], expected, self.overlap[j, i])


def _pairwise_counts(patterns: Patterns) -> tuple[Floats, Floats]:
    """Return the samples on which two voters agree, and on which both vote: (m, m) each."""
    m, k, counts = patterns.n_voters, patterns.n_labels, patterns.counts
    if (m * k) ** 2 <= SMALL_TABLE:
        pairs = weighted_co_occurrence(patterns.one_hot, counts).reshape(m, k, m, k)
        return np.einsum("jvlv->jl", pairs), pairs.sum(axis=(1, 3))
    # With many labels a table of all pairs of votes does not fit in memory: label by label.
    one_hot = patterns.one_hot.tocsc()
    marks = [one_hot[:, label::k] for label in range(k)]
    same = np.zeros((m, m))
    for of_label in marks:
        same += weighted_co_occurrence(of_label, counts)
    return same, weighted_co_occurrence(sum(marks[1:], marks[0]), counts)


def _is_far_above(observed: float, expected: float, n: float) -> bool:
    """Return whether a rate is above the expected one, both in effect size and significance."""
    error = np.sqrt(max(expected * (1 - expected), 1e-4) / n)
    is_large = observed - expected > 0.5 * (1 - expected)
    return bool(is_large and observed > expected + Z_SCORE * error)


def plurality_vote(columns: npt.NDArray[Any], n_labels: int) -> npt.NDArray[Any]:
    """Return the plurality vote of duplicates; a tie is an abstention.

    Args:
        columns: codes of duplicates, -1 = abstained: shape (n_rows, n_duplicates).
        n_labels: the number of labels.
    """
    votes = np.stack([(columns == label).sum(axis=1) for label in range(n_labels)], axis=1)
    is_tied = (votes == votes.max(axis=1, keepdims=True)).sum(axis=1) > 1
    return np.where(~is_tied, votes.argmax(axis=1), ABSTAIN).astype(columns.dtype)


def merge_columns(
    columns: Sequence[npt.NDArray[Any] | None], group: npt.NDArray[np.intp], n_labels: int
) -> list[npt.NDArray[Any] | None]:
    """Return a column for each group of duplicates; `None` = all of its voters are absent.

    Args:
        columns: the codes of each voter; `None` = abstained throughout.
        group: the group of each voter.
        n_labels: the number of labels.
    """
    merged: list[npt.NDArray[Any] | None] = []
    for number in range(int(group.max(initial=-1)) + 1):
        members = [columns[voter] for voter in np.flatnonzero(group == number)]
        present = [column for column in members if column is not None]
        if len(members) == 1 or not present:
            merged.append(members[0])
            continue
        silent = np.full_like(present[0], ABSTAIN)
        filled = [silent if column is None else column for column in members]
        merged.append(plurality_vote(np.stack(filled, axis=1), n_labels))
    return merged


def merge_duplicates(patterns: Patterns, group: npt.NDArray[np.intp]) -> Patterns:
    """Return the patterns in which each group of duplicates is one voter."""
    if int(group.max(initial=-1)) + 1 == len(group):
        return patterns
    columns: list[npt.NDArray[Any] | None] = list(patterns.codes().T)
    merged = merge_columns(columns, group, patterns.n_labels)
    codes = np.stack([column for column in merged if column is not None], axis=1)
    return Patterns.from_codes(codes, patterns.counts, patterns.gold)
