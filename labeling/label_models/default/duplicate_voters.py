"""Voters who copy each i: found by how much more often they agree than they should.

A voter written twice counts twice, and to a model that looks for agreement a copy looks like the best
voter of all. Two voters are copies if they say the same nearly always, and far more often than two
voters of their quality would by being right: what that is, all the others tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import connected_components

from labeling.label_models.patterns import Floats, Patterns
from labeling.records import ABSTAIN

LEAST_OVERLAP = 10  # samples on which both vote
NEAR = 0.8  # votes that agree, of the samples on which either votes
ONE_LABEL = 0.9  # agreement where both vote, for voters who use one label each
ALL_LABELS = 0.95  # and for others, who have more to differ about
SURE = 4.0  # standard errors
SMALL_TABLE = 1 << 22  # numbers: up to this all pairs of votes are counted at once


def copy_groups(patterns: Patterns) -> npt.NDArray[np.intp]:
    """Return a group number for each voter; copies have the same, from 0 in the voters' order."""
    tables = _Agreement(patterns)
    links = np.zeros((patterns.n_voters, patterns.n_voters), dtype=bool)
    for j, i in tables.candidates():
        links[j, i] = (
            tables.one_label_copies(j, i) if tables.one_label(j, i) else tables.copies(j, i)
        )
    _, group = connected_components(links, directed=False)
    _, first, named = np.unique(group, return_index=True, return_inverse=True)
    found: npt.NDArray[np.intp] = np.argsort(np.argsort(first))[named]
    return found


class _Agreement:
    """How often any two voters overlap and agree, counted in samples."""

    def __init__(self, patterns: Patterns) -> None:
        n_voters, self.k = patterns.n_voters, patterns.n_labels
        self.patterns = patterns
        self.codes = patterns.codes()
        self.same, self.overlap = _counted(patterns)
        votes = np.diag(self.overlap)
        self.either = votes[:, None] + votes[None, :] - self.overlap
        self.near = self.same / np.maximum(self.either, 1e-12)
        self.agree = self.same / np.maximum(self.overlap, 1e-12)
        self.used = (patterns.hot.T @ patterns.counts).reshape(n_voters, self.k) > 0

    def one_label(self, j: int, i: int) -> bool:
        """Return whether both voters only ever vote for one and the same label."""
        return bool(self.used[j].sum() == 1 and (self.used[j] == self.used[i]).all())

    def candidates(self) -> list[tuple[int, int]]:
        """Return the pairs of voters who say nearly always the same."""
        single = self.used.sum(axis=1) == 1
        least = np.where(single[:, None] & single[None, :], ONE_LABEL, ALL_LABELS)
        likely = (self.overlap >= LEAST_OVERLAP) & (self.near >= NEAR) & (self.agree >= least)
        return [(j, i) for j, i in np.argwhere(np.triu(likely, 1)).tolist()]

    def one_label_copies(self, j: int, i: int) -> bool:
        """Return whether two voters for one label fire together more often than by chance.

        Chance: each fires at its own rate among the samples on which any i voter says the same.
        """
        label = int(np.flatnonzero(self.used[j])[0])
        fires = self.codes == label
        others = fires.sum(axis=1) - fires[:, j] - fires[:, i] > 0
        counts = self.patterns.counts
        n = counts[others].sum()
        expected = 0.0
        if n:
            a, b = (counts[others & fires[:, voter]].sum() / n for voter in (j, i))
            expected = a * b / (a + b - a * b) if a + b else 0.0
        return _far_above(self.near[j, i], expected, self.either[j, i])

    def copies(self, j: int, i: int) -> bool:
        """Return whether two voters agree more often than their accuracies allow.

        Chance-corrected agreement c of independent voters is a product of both accuracies, so that
        c(j, i) = c(j, g) c(i, h) / c(g, h) for any others g and h; the median of these is expected.
        """
        chance = (self.k * self.agree - 1) / (self.k - 1)
        apart = (self.near[j] < NEAR) & (self.near[i] < NEAR)
        apart &= (self.overlap[j] >= LEAST_OVERLAP) & (self.overlap[i] >= LEAST_OVERLAP)
        apart[[j, i]] = False
        others = np.flatnonzero(apart)
        between = chance[np.ix_(others, others)]
        usable = (self.overlap[np.ix_(others, others)] >= LEAST_OVERLAP) & (between >= 0.1)
        np.fill_diagonal(usable, False)
        if not usable.any():
            return False
        product = chance[j, others][:, None] * chance[i, others][None, :]
        median = float(np.median(np.clip(product[usable] / between[usable], 0, 1)))
        expected = ((self.k - 1) * median + 1) / self.k
        return _far_above(self.agree[j, i], expected, self.overlap[j, i])


def _counted(patterns: Patterns) -> tuple[Floats, Floats]:
    """Return on how many samples any two voters agree, and on how many both vote: (m, m) each."""
    m, k, counts = patterns.n_voters, patterns.n_labels, patterns.counts
    if (m * k) ** 2 <= SMALL_TABLE:
        pairs = _together(patterns.hot, counts).reshape(m, k, m, k)
        return np.einsum("jvlv->jl", pairs), pairs.sum(axis=(1, 3))
    # With many labels a table of all pairs of votes does not fit in memory: label by label.
    hot = patterns.hot.tocsc()
    said = [hot[:, label::k] for label in range(k)]
    same = np.zeros((m, m))
    for one in said:
        same += _together(one, counts)
    return same, _together(sum(said[1:], said[0]), counts)


def _together(said: Any, counts: Floats) -> Floats:
    """Return on how many samples any two columns stand together: shape (n_columns, n_columns)."""
    found: Floats = (said.T @ said.multiply(counts[:, None]).tocsr()).toarray()
    return found


def _far_above(found: float, expected: float, n: float) -> bool:
    error = np.sqrt(max(expected * (1 - expected), 1e-4) / n)
    return bool(found - expected > 0.5 * (1 - expected) and found > expected + SURE * error)


def merged(columns: npt.NDArray[Any], n_labels: int) -> npt.NDArray[Any]:
    """Return what copies say together: the plurality of those who vote; a tie is an abstention.

    Args:
        columns: codes of copies, -1 = abstained: shape (n_rows, n_copies).
        n_labels: how many labels there are.
    """
    votes = np.stack([(columns == label).sum(axis=1) for label in range(n_labels)], axis=1)
    tied = (votes == votes.max(axis=1, keepdims=True)).sum(axis=1) > 1
    return np.where(~tied, votes.argmax(axis=1), ABSTAIN).astype(columns.dtype)


def merged_columns(
    columns: Sequence[npt.NDArray[Any] | None], group: npt.NDArray[np.intp], n_labels: int
) -> list[npt.NDArray[Any] | None]:
    """Return a column for each group of copies; `None` = nobody of it speaks.

    Args:
        columns: the codes of each voter; `None` = abstained throughout.
        group: the group of each voter.
        n_labels: how many labels there are.
    """
    found: list[npt.NDArray[Any] | None] = []
    for number in range(int(group.max(initial=-1)) + 1):
        members = [columns[voter] for voter in np.flatnonzero(group == number)]
        spoken = [column for column in members if column is not None]
        if len(members) == 1 or not spoken:
            found.append(members[0])
            continue
        silent = np.full_like(spoken[0], ABSTAIN)
        every = [silent if column is None else column for column in members]
        found.append(merged(np.stack(every, axis=1), n_labels))
    return found


def without_copies(patterns: Patterns, group: npt.NDArray[np.intp]) -> Patterns:
    """Return the patterns in which each group of copies is one voter."""
    if int(group.max(initial=-1)) + 1 == len(group):
        return patterns
    columns: list[npt.NDArray[Any] | None] = list(patterns.codes().T)
    joined = merged_columns(columns, group, patterns.n_labels)
    codes = np.stack([column for column in joined if column is not None], axis=1)
    return Patterns.of_codes(codes, patterns.counts, patterns.gold)
