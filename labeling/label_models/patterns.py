"""Vote patterns: the distinct rows of votes with their counts, in an order that names alone decide.

Voters and labels are sorted by name, equal rows are counted once, and the distinct rows are sorted.
A model fitted on this gives bit-identical results for tables in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from labeling.errors import VotesError, listed, near
from labeling.label_models.distinct_rows import distinct_rows, voter_factors
from labeling.label_models.packed_votes import PackedVotes
from labeling.records import ABSTAIN, CastVotes, LabelSchema, Votes, label_ranks

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

LONG_ROW = 16  # numbers, more than which are reduced row by row
END = b"\xff" * 8  # ends the votes of a row; like an abstention, it sorts after any vote


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """The distinct rows of votes, and the list of the votes cast in them.

    Attributes:
        counts: the number of samples with each pattern: shape (n_patterns,).
        pattern_of_row: the pattern of each sample: shape (n_samples,).
        gold: the number of gold labels by pattern and label: shape (n_patterns, n_labels).
        n_voters: the number of voters.
        n_votes: the number of votes cast in each pattern: shape (n_patterns,).
        row: the pattern of each cast vote: shape (n_cast,), ascending.
        voter: its voter, an index into the sorted names: shape (n_cast,).
        vote: its label, an index into the sorted names: shape (n_cast,).
        one_hot: one row a pattern, one column for each voter and label, 1 where it was voted for.
        by_vote: the same, transposed.
    """

    counts: Floats
    pattern_of_row: Codes
    gold: Floats
    n_voters: int
    n_votes: Codes
    row: Codes
    voter: Codes
    vote: Codes
    one_hot: Any
    by_vote: Any

    @classmethod
    def from_codes(
        cls,
        codes: npt.NDArray[Any],
        counts: Floats | None,
        gold: Floats,
        *,
        keep_order: bool = False,
    ) -> Patterns:
        """Return the patterns of rows.

        Args:
            codes: ranks of the labels by name, -1 = abstained: shape (n_rows, n_voters).
            counts: the number of samples each row stands for, shape (n_rows,); `None` = one each.
            gold: the number of gold labels of each: shape (n_rows, n_labels).
            keep_order: keep patterns in the order of their first rows instead of sorting them; for
                rows whose order depends on their votes alone.
        """
        distinct, pattern_of_row = distinct_rows(codes, keep_order)
        n_voters = distinct.shape[1]
        cast = np.flatnonzero(distinct.ravel() != ABSTAIN)  # much faster than by row and column
        row = cast // max(n_voters, 1)
        voter = row * -n_voters
        voter += cast
        vote = distinct.ravel()[cast].astype(np.intp)
        votes = CastVotes(row, voter, vote, (len(distinct), n_voters))
        return cls.from_cast_votes(votes, pattern_of_row, counts, gold)

    @classmethod
    def from_cast_votes(
        cls, votes: CastVotes, pattern_of_row: Codes, counts: Floats | None, gold: Floats
    ) -> Patterns:
        """Return the patterns of distinct rows.

        Args:
            votes: the votes of the distinct rows; codes are ranks of the labels by name.
            pattern_of_row: the pattern of each row: shape (n_rows,).
            counts: the number of samples each row stands for, shape (n_rows,); `None` = one each.
            gold: the number of gold labels of each: shape (n_rows, n_labels).
        """
        (size, n_voters), n_labels = votes.shape, gold.shape[1]
        row, voter, vote = votes.row, votes.column, votes.code
        total = np.bincount(pattern_of_row, weights=counts, minlength=size).astype(np.float64)
        tally = np.zeros((size, n_labels))
        with_gold, label = np.nonzero(gold)
        np.add.at(tally, (pattern_of_row[with_gold], label), gold[with_gold, label])
        n_votes = np.bincount(row, minlength=size)
        starts = np.concatenate([[0], np.cumsum(n_votes)])
        shape = (size, n_voters * n_labels)
        column = voter * n_labels
        column += vote
        one_hot = sparse.csr_matrix((np.ones(len(row)), column, starts), shape=shape)
        return cls(
            counts=total,
            pattern_of_row=pattern_of_row,
            gold=tally,
            n_voters=n_voters,
            n_votes=n_votes,
            row=row,
            voter=voter,
            vote=vote,
            one_hot=one_hot,
            by_vote=one_hot.T,
        )

    def of_patterns(self, chosen: npt.NDArray[np.bool_], counts: Floats) -> Patterns:
        """Return some of the patterns, in the same order, with new numbers of samples.

        Args:
            chosen: which ones: shape (n_patterns,).
            counts: the number of samples of each one chosen: shape (n_chosen,).
        """
        number, size = np.cumsum(chosen) - 1, int(chosen.sum())
        votes = CastVotes(self.row, self.voter, self.vote, (size, self.n_voters))
        if not (chosen[:size].all() and (self.row[-1:] < size).all()):
            cast = np.flatnonzero(chosen[self.row])
            votes = CastVotes(
                number[self.row[cast]], self.voter[cast], self.vote[cast], votes.shape
            )
        return Patterns.from_cast_votes(votes, np.arange(size), counts, self.gold[chosen])

    def of_voters(self, voters: Codes) -> Patterns:
        """Return the same patterns with the votes of these voters only; some may become equal.

        Args:
            voters: indices, ascending.
        """
        if len(voters) == self.n_voters:
            return self
        number = np.full(self.n_voters, -1, dtype=np.intp)
        number[voters] = np.arange(len(voters))
        size = len(self.counts)
        cast = np.flatnonzero(number[self.voter] >= 0)
        votes = CastVotes(
            self.row[cast], number[self.voter[cast]], self.vote[cast], (size, len(voters))
        )
        return Patterns.from_cast_votes(votes, np.arange(size), self.counts, self.gold)

    def by_plurality(self) -> Patterns:
        """Return the same patterns in the order of the label that most of their votes name.

        Successive patterns then read and write the same rows of tables of votes and labels, which
        halves the time of an EM step where these tables are larger than the processor's cache.
        `pattern_of_row` of the result is the place of each of these patterns.
        """
        order = np.argsort(vote_shares(self).argmax(axis=1), kind="stable")
        size = len(order)
        place = np.empty(size, dtype=np.intp)
        place[order] = np.arange(size)
        cast = np.argsort(place[self.row], kind="stable")
        votes = CastVotes(
            place[self.row[cast]], self.voter[cast], self.vote[cast], (size, self.n_voters)
        )
        return Patterns.from_cast_votes(votes, place, self.counts, self.gold)

    def with_silent_pattern(self, count: float) -> Patterns:
        """Return the patterns, which all have votes, and one more without any, the last."""
        size = len(self.counts) + 1
        votes = CastVotes(self.row, self.voter, self.vote, (size, self.n_voters))
        gold = np.concatenate([self.gold, np.zeros((1, self.n_labels))])
        counts = np.append(self.counts, count)
        return Patterns.from_cast_votes(votes, np.arange(size), counts, gold)

    @property
    def n_labels(self) -> int:
        """The number of labels."""
        return int(self.gold.shape[1])

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Which patterns have a vote: shape (n_patterns,)."""
        covered: npt.NDArray[np.bool_] = self.n_votes > 0
        return covered

    @property
    def active(self) -> Codes:
        """The voters who ever vote, ascending."""
        return np.flatnonzero(np.bincount(self.voter, minlength=self.n_voters))

    @property
    def votes_for(self) -> Floats:
        """How often each voter votes for each label: shape (n_voters, n_labels)."""
        votes: Floats = (self.by_vote @ self.counts).reshape(self.n_voters, self.n_labels)
        return votes

    @property
    def uses(self) -> npt.NDArray[np.bool_]:
        """Whether each voter ever votes for each label: shape (n_voters, n_labels)."""
        size = self.n_voters * self.n_labels
        uses: npt.NDArray[np.bool_] = np.bincount(self.one_hot.indices, minlength=size) > 0
        return uses.reshape(self.n_voters, self.n_labels)

    def keys(self) -> npt.NDArray[np.uint64]:
        """Return a hash of each pattern, the one that `row_keys` has for its row of codes."""
        factors = voter_factors(self.n_voters)
        ends = np.cumsum(self.n_votes)
        terms = np.cumsum((self.vote + 1).astype(np.uint64) * factors[self.voter])
        totals = np.append(np.uint64(0), terms)  # whatever overflows cancels out
        keys: npt.NDArray[np.uint64] = totals[ends] - totals[ends - self.n_votes]
        keys -= factors.sum()  # an abstention is -1
        return keys

    def codes(self) -> npt.NDArray[Any]:
        """Return the distinct rows: ranks of the labels by name, -1 = abstained."""
        dtype = np.min_scalar_type(-max(self.n_labels, 1))
        codes = np.full((len(self.counts), self.n_voters), ABSTAIN, dtype=dtype)
        codes[self.row, self.voter] = self.vote
        return codes

    def sums(self, evidence: Floats) -> Floats:
        """Return the sum over cast votes of evidence[voter, vote]: shape (n_patterns, any)."""
        flat = evidence.reshape(-1, evidence.shape[2])
        if flat.shape[1] == 1:
            return np.asarray(self.one_hot @ flat[:, 0])[:, None]
        sums: Floats = self.one_hot @ flat
        return sums


def voter_columns(votes: Votes, voters: Sequence[str]) -> list[npt.NDArray[Any] | None]:
    """Return the column of votes of each voter in a list, in codes of the schema; `None` = absent.

    Raises:
        VotesError: the votes have a voter who is not in the list.
    """
    array = votes.array
    columns: list[npt.NDArray[Any] | None] = [None] * len(voters)
    for column, position in zip(array.T, voter_positions(votes, voters), strict=True):
        columns[position] = column
    return columns


def voter_positions(votes: Votes, voters: Sequence[str]) -> Codes:
    """Return the position of each voter of the votes in a list of names: shape (n_voters,).

    Raises:
        VotesError: the votes have a voter who is not in the list.
    """
    positions = {name: number for number, name in enumerate(voters)}
    unknown = [name for name in votes.voters if name not in positions]
    if unknown:
        raise VotesError(
            f"Voters must be among those that the model was fitted on. It does not know"
            f" {listed(unknown)}.{near(unknown[0], voters)} Fit it again with them."
        )
    return np.array([positions[name] for name in votes.voters], dtype=np.intp)


def patterns_of(votes: Votes, voters: Sequence[str], gold: Codes | None = None) -> Patterns:
    """Return the patterns of votes with the columns of `voters`, a sorted list of names.

    Args:
        votes: the votes; a voter of the list who is not among them abstains throughout.
        voters: the names of the voters the model was fitted on.
        gold: the gold code of each sample in schema order, -1 = none.

    Raises:
        VotesError: the votes have a voter the model was not fitted on.
    """
    if votes.long is not None:
        cast, positions = votes.long, voter_positions(votes, voters)
        shape = (cast.shape[0], len(voters))
        ranks = label_ranks(votes.schema)[cast.code]
        by_name = CastVotes.of(cast.row, positions[cast.column], ranks, shape)
        return _patterns_of_long(by_name, votes.schema, gold)
    return patterns_of_columns(
        voter_columns(votes, voters), len(votes.sample_ids), votes.schema, gold
    )


def _patterns_of_long(by_name: CastVotes, schema: LabelSchema, gold: Codes | None) -> Patterns:
    """Return the same patterns as the wide table of these votes, without making the table.

    Args:
        by_name: the votes in long form, with the voters of the model as columns, and with labels by
            their rank in the order of names.
        schema: the labels.
        gold: the gold code of each sample in schema order, -1 = none.
    """
    n = by_name.shape[0]
    # A row as bytes that sort as the row of the wide table: votes sort before abstentions, which
    # all columns left out hold, and codes of two bytes are compared low byte first.
    code = by_name.code.astype(f"<i{schema.code_type.itemsize}").view(
        f">u{schema.code_type.itemsize}"
    )
    cells = (by_name.column * 2**16 + code).astype(">u8")
    ends = 8 * np.cumsum(np.bincount(by_name.row, minlength=n))
    text = cells.tobytes()
    starts = [0, *ends.tolist()][:n]
    keys = [text[start:end] + END for start, end in zip(starts, ends.tolist(), strict=True)]
    distinct = {key: number for number, key in enumerate(sorted(set(keys)))}
    pattern_of_row = np.array([distinct[key] for key in keys], dtype=np.intp)
    first = np.empty(len(distinct), dtype=np.intp)
    first[pattern_of_row[::-1]] = np.arange(n)[::-1]
    return Patterns.from_cast_votes(
        by_name.of_rows(first), pattern_of_row, None, gold_tally(gold, n, schema)
    )


def patterns_of_columns(
    columns: Sequence[npt.NDArray[Any] | None],
    n: int,
    schema: LabelSchema,
    gold: Codes | None = None,
) -> Patterns:
    """Return the patterns of n rows from the votes of each voter, in codes of the schema."""
    rank = np.append(label_ranks(schema), ABSTAIN)
    codes = np.full((n, len(columns)), ABSTAIN, dtype=schema.code_type)
    for voter, column in enumerate(columns):
        if column is not None:
            codes[:, voter] = rank[column]
    return Patterns.from_codes(codes, None, gold_tally(gold, n, schema))


def gold_tally(gold: Codes | None, n: int, schema: LabelSchema) -> Floats:
    """Return one-hot gold labels, columns sorted by label name: shape (n, n_labels)."""
    tally = np.zeros((n, len(schema)))
    if gold is not None:
        gold_rows = np.flatnonzero(gold != ABSTAIN)
        tally[gold_rows, label_ranks(schema)[gold[gold_rows]]] = 1.0
    return tally


def vote_shares(table: Patterns | PackedVotes) -> Floats:
    """Return the share of each label among the votes of a row; uniform where there are none."""
    k = table.n_labels
    votes = table.sums(np.tile(np.eye(k), (table.n_voters, 1, 1)))
    total = votes.sum(axis=1, keepdims=True)
    shares: Floats = np.where(total > 0, votes / np.maximum(total, 1), 1 / k)
    return shares


def balance_or_uniform(patterns: Patterns, class_balance: Floats | None) -> Floats:
    """Return the class balance that was given, or a uniform one: shape (n_labels,)."""
    if class_balance is not None:
        return class_balance
    return np.full(patterns.n_labels, 1 / patterns.n_labels)


def n_votes_by_voter(patterns: Patterns) -> Floats:
    """Return the number of votes of each voter over all samples: shape (n_voters,)."""
    weights = patterns.counts[patterns.row]
    n_votes = np.bincount(patterns.voter, weights=weights, minlength=patterns.n_voters)
    return n_votes.astype(np.float64)


def softmax_rows(scores: Floats) -> Floats:
    """Return the softmax of each row, computed in place."""
    if scores.shape[1] > LONG_ROW:
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores
    # Column by column: reducing many short rows takes most of a step's time.
    scores -= reduce(np.maximum, scores.T)[:, None]
    np.exp(scores, out=scores)
    scores /= reduce(np.add, scores.T)[:, None]
    return scores


def sum_of_evidence(patterns: Patterns, log_evidence: Floats, log_prior: Floats) -> Floats:
    """Return the log prior plus the evidence of each cast vote: shape (n_patterns, n_labels).

    Args:
        patterns: the votes; abstentions carry no evidence.
        log_evidence: shape (n_voters, n_labels voted, n_labels true), nats.
        log_prior: shape (n_labels,), nats.
    """
    scores: Floats = patterns.sums(log_evidence)
    scores += log_prior
    return scores


def expected_votes(patterns: Patterns, mass: Floats) -> Floats:
    """Return the expected number of votes v of each voter on label y: (n_voters, n_labels y, v).

    Args:
        patterns: the votes.
        mass: expected samples of each pattern and label: shape (n_patterns, n_labels).
    """
    n_labels = patterns.n_labels
    votes: Floats = (patterns.by_vote @ mass).reshape(patterns.n_voters, n_labels, mass.shape[1])
    return votes.transpose(0, 2, 1)
