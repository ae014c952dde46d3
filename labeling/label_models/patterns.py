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
    """The distinct rows of votes.

    Attributes:
        codes: int array of shape (n_patterns, n_voters), -1 = abstained; codes and columns follow
            the sorted names of labels and voters.
        counts: how many samples show each pattern: shape (n_patterns,).
        of_row: which pattern each sample shows: shape (n_samples,).
        gold: how many samples of each pattern have each gold label: shape (n_patterns, n_labels).
    """

    codes: npt.NDArray[Any]
    counts: Floats
    of_row: npt.NDArray[np.intp]
    gold: Floats

    @property
    def n_labels(self) -> int:
        """How many labels there are."""
        return int(self.gold.shape[1])

    @property
    def cast(self) -> npt.NDArray[np.bool_]:
        """Which votes were cast: shape (n_patterns, n_voters)."""
        there: npt.NDArray[np.bool_] = self.codes != ABSTAIN
        return there


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
    return Patterns(distinct, counts, of_row, tally)


def _distinct_rows(codes: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    if not codes.size:
        return codes[:1], np.zeros(len(codes), dtype=np.intp)
    rows = np.ascontiguousarray(codes).view(np.dtype((np.void, codes.strides[0]))).ravel()
    _, first, of_row = np.unique(rows, return_index=True, return_inverse=True)
    return codes[first], of_row.astype(np.intp)


def softmax(scores: Floats) -> Floats:
    """Return probabilities that are proportional to exp(scores), row by row."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def vote_counts(patterns: Patterns) -> Floats:
    """Return how many votes each label has in each pattern: shape (n_patterns, n_labels)."""
    return np.stack(
        [(patterns.codes == code).sum(axis=1) for code in range(patterns.n_labels)], axis=1
    ).astype(np.float64)


def vote_shares(patterns: Patterns) -> Floats:
    """Return each label's share of the votes of a pattern; equal shares where there are none."""
    votes = vote_counts(patterns)
    total = votes.sum(axis=1, keepdims=True)
    shares: Floats = np.where(total > 0, votes / np.maximum(total, 1), 1 / patterns.n_labels)
    return shares
