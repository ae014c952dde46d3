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
import pandas as pd
from scipy import sparse

from labeling.errors import VotesError, near, shown
from labeling.label_models.packed_votes import PackedVotes
from labeling.records import ABSTAIN, CastVotes, LabelSchema, Votes

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

END = b"\xff" * 8  # ends the votes of a row: as an abstention, it comes after any vote


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
        hot: one row a pattern, one column for each voter and label, 1 where it was voted for.
    """

    counts: Floats
    of_row: Codes
    gold: Floats
    n_voters: int
    n_votes: Codes
    row: Codes
    voter: Codes
    vote: Codes
    hot: Any

    @classmethod
    def of_codes(
        cls,
        codes: npt.NDArray[Any],
        counts: Floats | None,
        gold: Floats,
        *,
        ordered: bool = False,
    ) -> Patterns:
        """Return the patterns of rows.

        Args:
            codes: labels' places by name, -1 = abstained: shape (n_rows, n_voters).
            counts: how many samples each row stands for, shape (n_rows,); `None` = one each.
            gold: how many of them have each gold label: shape (n_rows, n_labels).
            ordered: whether the order of the rows depends on what they say alone; they then stand
                in the order of their first, else they are sorted.
        """
        distinct, of_row = distinct_rows(codes, ordered)
        n_voters = distinct.shape[1]
        cast = np.flatnonzero(distinct.ravel() != ABSTAIN)  # much faster than by row and column
        row, voter = np.divmod(cast, max(n_voters, 1))
        vote = distinct.ravel()[cast].astype(np.intp)
        votes = CastVotes(row, voter, vote, (len(distinct), n_voters))
        return cls.of_cast(votes, of_row, counts, gold)

    @classmethod
    def of_cast(
        cls, votes: CastVotes, of_row: Codes, counts: Floats | None, gold: Floats
    ) -> Patterns:
        """Return the patterns of distinct rows.

        Args:
            votes: the votes of the distinct rows; codes are labels' places by name.
            of_row: which of them each row is: shape (n_rows,).
            counts: how many samples each row stands for, shape (n_rows,); `None` = one each.
            gold: how many of them have each gold label: shape (n_rows, n_labels).
        """
        (size, n_voters), n_labels = votes.shape, gold.shape[1]
        row, voter, vote = votes.row, votes.column, votes.code
        total = np.bincount(of_row, weights=counts, minlength=size).astype(np.float64)
        tally = [np.bincount(of_row, weights=column, minlength=size) for column in gold.T]
        n_votes = np.bincount(row, minlength=size)
        starts = np.concatenate([[0], np.cumsum(n_votes)])
        shape = (size, n_voters * n_labels)
        hot = sparse.csr_matrix((np.ones(len(row)), voter * n_labels + vote, starts), shape=shape)
        known: Floats = np.stack(tally, axis=1).astype(np.float64)
        return cls(total, of_row, known, n_voters, n_votes, row, voter, vote, hot)

    @property
    def n_labels(self) -> int:
        """How many labels there are."""
        return int(self.gold.shape[1])

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Which patterns have a vote: shape (n_patterns,)."""
        found: npt.NDArray[np.bool_] = self.n_votes > 0
        return found

    @property
    def votes_for(self) -> Floats:
        """How often each voter votes for each label: shape (n_voters, n_labels)."""
        found: Floats = (self.hot.T @ self.counts).reshape(self.n_voters, self.n_labels)
        return found

    @property
    def uses(self) -> npt.NDArray[np.bool_]:
        """Whether each voter ever votes for each label: shape (n_voters, n_labels)."""
        found: npt.NDArray[np.bool_] = (
            np.asarray(self.hot.sum(axis=0)).reshape(self.n_voters, self.n_labels) > 0
        )
        return found

    def codes(self) -> npt.NDArray[Any]:
        """Return the distinct rows: labels' places by name, -1 = abstained."""
        dtype = np.min_scalar_type(-max(self.n_labels, 1))
        found = np.full((len(self.counts), self.n_voters), ABSTAIN, dtype=dtype)
        found[self.row, self.voter] = self.vote
        return found

    def sums(self, evidence: Floats) -> Floats:
        """Return the sum over cast votes of evidence[voter, vote]: shape (n_patterns, any)."""
        found: Floats = self.hot @ evidence.reshape(-1, evidence.shape[2])
        return found


def label_order(schema: LabelSchema) -> Codes:
    """Return the codes of a schema's labels in the order of their names."""
    return np.array(sorted(range(len(schema)), key=lambda code: schema.labels[code]), dtype=np.intp)


def label_ranks(schema: LabelSchema) -> Codes:
    """Return the place of each code's label among the sorted names."""
    rank = np.empty(len(schema), dtype=np.intp)
    rank[label_order(schema)] = np.arange(len(schema))
    return rank


def columns_of(votes: Votes, voters: Sequence[str]) -> list[npt.NDArray[Any] | None]:
    """Return what each voter of a list said, in codes of the schema; `None` = nothing at all.

    Raises:
        VotesError: someone votes who is not in the list.
    """
    array = votes.array
    columns: list[npt.NDArray[Any] | None] = [None] * len(voters)
    for column, place in zip(array.T, places_of(votes, voters), strict=True):
        columns[place] = column
    return columns


def places_of(votes: Votes, voters: Sequence[str]) -> Codes:
    """Return the place of each voter of the votes in a list of names: shape (n_voters,).

    Raises:
        VotesError: someone votes who is not in the list.
    """
    place = {name: number for number, name in enumerate(voters)}
    unknown = [name for name in votes.voters if name not in place]
    if unknown:
        raise VotesError(
            f"Voters must be among those that the model was fitted on. It does not know"
            f" {shown(unknown)}.{near(unknown[0], voters)} Fit it again with them."
        )
    return np.array([place[name] for name in votes.voters], dtype=np.intp)


def patterns_of(votes: Votes, voters: Sequence[str], gold: Codes | None = None) -> Patterns:
    """Return the patterns of votes with the columns of `voters`, a sorted list of names.

    Args:
        votes: the votes; a voter of the list who is not among them abstained throughout.
        voters: the names that the model knows.
        gold: each sample's gold code in schema order, -1 = none.

    Raises:
        VotesError: someone votes whom the model does not know.
    """
    if votes.long is not None:
        return _patterns_of_long(votes.long, places_of(votes, voters), votes.schema, gold)
    return patterns_of_columns(columns_of(votes, voters), len(votes.sample_ids), votes.schema, gold)


def _patterns_of_long(
    votes: CastVotes, place: Codes, schema: LabelSchema, gold: Codes | None
) -> Patterns:
    """Return the very patterns that the table of these votes would have, without making it.

    Args:
        votes: the votes one by one.
        place: the place of each column among the voters of the model.
        schema: the labels.
        gold: each sample's gold code in schema order, -1 = none.
    """
    n, n_voters = votes.shape
    by_name = CastVotes.of(
        votes.row, place[votes.column], label_ranks(schema)[votes.code], (n, n_voters)
    )
    # A row as bytes that sort as its table row does: a vote is less than an abstention, which all
    # columns hold that are passed over, and codes of two bytes are compared low byte first.
    code = by_name.code.astype(f"<i{schema.code_type.itemsize}").view(
        f">u{schema.code_type.itemsize}"
    )
    cells = (by_name.column * 2**16 + code).astype(">u8")
    ends = 8 * np.cumsum(np.bincount(by_name.row, minlength=n))
    text = cells.tobytes()
    starts = [0, *ends[:-1].tolist()]
    keys = [text[start:end] + END for start, end in zip(starts, ends.tolist(), strict=True)]
    distinct = {key: number for number, key in enumerate(sorted(set(keys)))}
    of_row = np.array([distinct[key] for key in keys], dtype=np.intp)
    first = np.empty(len(distinct), dtype=np.intp)
    first[of_row[::-1]] = np.arange(n)[::-1]
    return Patterns.of_cast(by_name.of_rows(first), of_row, None, gold_tally(gold, n, schema))


def patterns_of_columns(
    columns: Sequence[npt.NDArray[Any] | None],
    n: int,
    schema: LabelSchema,
    gold: Codes | None = None,
) -> Patterns:
    """Return the patterns of n rows from what each voter said, in codes of the schema."""
    rank = np.append(label_ranks(schema), ABSTAIN)
    codes = np.full((n, len(columns)), ABSTAIN, dtype=schema.code_type)
    for place, column in enumerate(columns):
        if column is not None:
            codes[:, place] = rank[column]
    return Patterns.of_codes(codes, None, gold_tally(gold, n, schema))


def gold_tally(gold: Codes | None, n: int, schema: LabelSchema) -> Floats:
    """Return 1 where a row has a gold label, by its place among the sorted names: (n, n_labels)."""
    tally = np.zeros((n, len(schema)))
    if gold is not None:
        known = np.flatnonzero(gold != ABSTAIN)
        tally[known, label_ranks(schema)[gold[known]]] = 1.0
    return tally


def distinct_rows(codes: npt.NDArray[Any], ordered: bool) -> tuple[npt.NDArray[Any], Codes]:
    """Return the distinct rows, sorted or as they come, and which of them each row is."""
    if not codes.size:
        return codes[:1], np.zeros(len(codes), dtype=np.intp)
    rows = np.ascontiguousarray(codes)
    whole = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    # Hashing first: comparing whole rows is slow, and most rows are copies of others.
    of_key: Codes
    of_key, found = pd.factorize(row_keys(rows))
    first: Codes = np.empty(len(found), dtype=np.intp)
    first[of_key[::-1]] = np.arange(len(rows))[::-1]
    if (whole[first][of_key] != whole).any():  # two different rows have one key
        distinct, of_key = np.unique(whole, return_inverse=True)
        first = np.empty(len(distinct), dtype=np.intp)
        first[of_key[::-1]] = np.arange(len(rows))[::-1]
    order = np.argsort(first if ordered else whole[first])
    place: Codes = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    return codes[first[order]], place[of_key]


def row_keys(rows: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """Return a number for each row: a sum of random numbers for each thing in it."""
    random = np.random.default_rng(0)
    factors = random.integers(0, 2**64, size=rows.shape[1], dtype=np.uint64) | np.uint64(1)
    keys = np.zeros(len(rows), dtype=np.uint64)
    for column, factor in zip(rows.T, factors, strict=True):
        keys += column.astype(np.uint64) * factor
    return keys


def vote_shares(table: Patterns | PackedVotes) -> Floats:
    """Return each label's share of the votes of a row; equal shares where there are none."""
    k = table.n_labels
    votes = table.sums(np.tile(np.eye(k), (table.n_voters, 1, 1)))
    total = votes.sum(axis=1, keepdims=True)
    shares: Floats = np.where(total > 0, votes / np.maximum(total, 1), 1 / k)
    return shares


def sum_of_evidence(patterns: Patterns, log_evidence: Floats, log_prior: Floats) -> Floats:
    """Return the log prior plus the evidence of each cast vote: shape (n_patterns, n_labels).

    Args:
        patterns: the votes; an abstention is no evidence.
        log_evidence: shape (n_voters, n_labels voted, n_labels true), nats.
        log_prior: shape (n_labels,), nats.
    """
    scores: Floats = patterns.sums(log_evidence) + log_prior
    return scores


def expected_votes(patterns: Patterns, mass: Floats) -> Floats:
    """Return how often each voter is expected to have said v of y: (n_voters, n_labels y, v).

    Args:
        patterns: the votes.
        mass: expected samples of each pattern and label: shape (n_patterns, n_labels).
    """
    n_labels = patterns.n_labels
    found: Floats = (patterns.hot.T @ mass).reshape(patterns.n_voters, n_labels, mass.shape[1])
    return found.transpose(0, 2, 1)


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
