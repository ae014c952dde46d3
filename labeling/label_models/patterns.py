"""Votes in a form that does not depend on the order of rows, voters or labels.

Voters and labels are put in the order of their names, equal rows are counted once, and the distinct
rows are sorted. A model that works on this gives bit-identical results for tables in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.errors import VotesError, near, shown
from labeling.records import ABSTAIN, LabelSchema, Votes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """The distinct rows of votes, and the votes cast in them one by one.

    Attributes:
        counts: how many samples show each pattern: shape (n_patterns,).
        of_row: which pattern each sample shows: shape (n_samples,).
        gold: how many samples of each pattern have each gold label: shape (n_patterns, n_labels).
        n_voters: how many voters there are.
        n_votes: how many votes were cast in each pattern: shape (n_patterns,).
        row: the pattern of each cast vote: shape (n_cast,), ascending.
        voter: its voter, by place in the sorted names: shape (n_cast,).
        vote: its label, by place in the sorted names: shape (n_cast,).
    """

    counts: Floats
    of_row: npt.NDArray[np.intp]
    gold: Floats
    n_voters: int
    n_votes: npt.NDArray[np.intp]
    row: npt.NDArray[np.intp]
    voter: npt.NDArray[np.intp]
    vote: npt.NDArray[np.intp]

    @property
    def n_labels(self) -> int:
        """How many labels there are."""
        return int(self.gold.shape[1])

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Which patterns have a vote: shape (n_patterns,)."""
        found: npt.NDArray[np.bool_] = self.n_votes > 0
        return found


def label_order(schema: LabelSchema) -> npt.NDArray[np.intp]:
    """Return the codes of a schema's labels in the order of their names."""
    return np.array(sorted(range(len(schema)), key=lambda code: schema.labels[code]), dtype=np.intp)


def patterns_of(
    votes: Votes, voters: Sequence[str], gold: npt.NDArray[np.intp] | None = None
) -> Patterns:
    """Return the patterns of votes with the columns of `voters`, a sorted list of names.

    Args:
        votes: the votes; a voter of the list who is not among them abstained throughout.
        voters: the names that the model knows.
        gold: each sample's gold code in schema order, -1 = none.

    Raises:
        VotesError: someone votes whom the model does not know.
    """
    unknown = [name for name in votes.voters if name not in set(voters)]
    if unknown:
        raise VotesError(
            f"Voters must be among those that the model was fitted on. It does not know"
            f" {shown(unknown)}.{near(unknown[0], voters)} Fit it again with them."
        )
    order = label_order(votes.schema)
    rank = np.empty(len(order) + 1, dtype=votes.schema.code_type)
    rank[order] = np.arange(len(order))
    rank[ABSTAIN] = ABSTAIN
    column = {name: place for place, name in enumerate(votes.voters)}
    codes = np.full((len(votes.sample_ids), len(voters)), ABSTAIN, dtype=rank.dtype)
    for place, name in enumerate(voters):
        if name in column:
            codes[:, place] = rank[votes.array[:, column[name]]]
    distinct, of_row = _distinct_rows(codes)
    counts = np.bincount(of_row, minlength=len(distinct)).astype(np.float64)
    tally = np.zeros((len(distinct), len(order)))
    if gold is not None:
        known = np.flatnonzero(gold != ABSTAIN)
        np.add.at(tally, (of_row[known], rank[gold[known]]), 1.0)
    row, voter = np.nonzero(distinct != ABSTAIN)
    vote = distinct[row, voter].astype(np.intp)
    n_votes = np.bincount(row, minlength=len(distinct))
    return Patterns(counts, of_row, tally, len(voters), n_votes, row, voter, vote)


def _distinct_rows(codes: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    if not codes.size:
        return codes[:1], np.zeros(len(codes), dtype=np.intp)
    rows = np.ascontiguousarray(codes).view(np.dtype((np.void, codes.strides[0]))).ravel()
    _, first, of_row = np.unique(rows, return_index=True, return_inverse=True)
    return codes[first], of_row.astype(np.intp)


def vote_shares(patterns: Patterns) -> Floats:
    """Return each label's share of the votes of a pattern; equal shares where there are none."""
    n, n_labels = len(patterns.counts), patterns.n_labels
    cell = patterns.row * n_labels + patterns.vote
    votes = np.bincount(cell, minlength=n * n_labels).reshape(n, n_labels)
    total = votes.sum(axis=1, keepdims=True)
    shares: Floats = np.where(total > 0, votes / np.maximum(total, 1), 1 / n_labels)
    return shares


def sum_of_evidence(patterns: Patterns, log_evidence: Floats, log_prior: Floats) -> Floats:
    """Return the log prior plus the evidence of each cast vote: shape (n_patterns, n_labels).

    Args:
        patterns: the votes; an abstention is no evidence.
        log_evidence: shape (n_voters, n_labels voted, n_labels true), nats.
        log_prior: shape (n_labels,), nats.
    """
    found = log_evidence[patterns.voter, patterns.vote]
    columns = [
        np.bincount(patterns.row, weights=column, minlength=len(patterns.counts))
        for column in found.T
    ]
    scores: Floats = np.stack(columns, axis=1) + log_prior
    return scores


def expected_votes(patterns: Patterns, mass: Floats) -> Floats:
    """Return how often each voter is expected to have said v of y: (n_voters, n_labels y, v).

    Args:
        patterns: the votes.
        mass: expected samples of each pattern and label: shape (n_patterns, n_labels).
    """
    return votes_by_truth(patterns, mass[patterns.row])


def votes_by_truth(patterns: Patterns, shares: Floats) -> Floats:
    """Return the sum of shares over cast votes: shape (n_voters, n_labels true, n_labels voted).

    Args:
        patterns: the votes.
        shares: for each cast vote how much each label is true: shape (n_cast, n_labels).
    """
    n_labels = patterns.n_labels
    cell = patterns.voter * n_labels + patterns.vote
    size = patterns.n_voters * n_labels
    columns = [np.bincount(cell, weights=column, minlength=size) for column in shares.T]
    found = np.stack(columns).astype(np.float64)
    return found.reshape(n_labels, patterns.n_voters, n_labels).transpose(1, 0, 2)
