"""Subsampling: fit on all samples, or on a random subset that is as informative.

A million samples add hardly anything about a hundred voters to twenty thousand. Where many samples
have equal votes, the patterns are counted and all samples are used; where hardly two are equal,
samples are drawn by a hash of their votes, so that the draw does not depend on their order.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.label_models.packed_votes import LARGEST_BASE, Hashes, PackedVotes, hash_limit
from labeling.label_models.patterns import (
    Patterns,
    gold_tally,
    patterns_of,
    voter_columns,
)
from labeling.label_models.patterns_of_parts import (
    CountedRows,
    check_found,
    gold_in,
    merged_rows,
    patterns_of_parts,
)
from labeling.records import ABSTAIN, LabelSchema, VoteParts, Votes, label_ranks

LARGE = 50_000  # samples up to which all are used
DRAWN = 1 << 14  # samples to draw, or as many more
MOST_DRAWN = 1 << 17  # up to this,
VOTES_EACH = 3000  # as give each voter this number of votes on average


class DrawnCounts(NamedTuple):
    """What a first draw of samples tells about the votes.

    Attributes:
        n_drawn: the number of samples drawn.
        n_cast: the number of votes on them.
        hashes: their distinct hashes, sorted.
    """

    n_drawn: int
    n_cast: int
    hashes: npt.NDArray[np.uint64]

    @classmethod
    def of(cls, packed: PackedVotes, hashes: Hashes, share: float) -> Self:
        """Return the counts of the covered samples that a share draws."""
        drawn = packed.covered & (hashes <= hash_limit(share))
        n_cast = packed.n_cast(np.flatnonzero(drawn))
        return cls(int(drawn.sum()), n_cast, np.unique(hashes[drawn]))

    @classmethod
    def merged(cls, parts: Iterable[DrawnCounts]) -> Self:
        """Return the counts of samples in several parts."""
        n_drawn, n_cast, hashes = zip(*parts, strict=True)
        return cls(sum(n_drawn), sum(n_cast), np.unique(np.concatenate(hashes)))

    @property
    def has_many_equal(self) -> bool:
        """Whether many samples have equal votes."""
        return len(self.hashes) < self.n_drawn / 2


def first_share(n_covered: int) -> float:
    """Return the share of covered samples to draw at first."""
    return min(DRAWN / max(n_covered, 1), 1.0)


def final_share(share: float, counts: DrawnCounts, n_active: int) -> float:
    """Return the share to draw, where a first share gave these counts for the active voters."""
    factor = VOTES_EACH * n_active / max(counts.n_cast, 1)
    return float(min(share * np.clip(factor, 1.0, MOST_DRAWN / DRAWN), 1.0))


def is_large(votes: Votes | VoteParts) -> bool:
    """Return whether votes are so many that they are packed."""
    return len(votes) > LARGE and len(votes.schema) < LARGEST_BASE


def training_patterns(
    votes: Votes, voters: tuple[str, ...], gold: npt.NDArray[np.intp]
) -> Patterns:
    """Return the patterns of all samples, or of a draw that includes all with gold labels.

    The counts add up to the number of samples used.
    """
    if not is_large(votes):
        return patterns_of(votes, voters, gold)
    # Voters who never vote must not change the draw.
    active = [
        voter
        for voter, column in enumerate(voter_columns(votes, voters))
        if column is not None and (column != ABSTAIN).any()
    ]
    packed = _packed(votes, voters, active)
    n_covered = int(packed.covered.sum())
    share = first_share(n_covered)
    hashes = packed.hashes()
    counts = DrawnCounts.of(packed, hashes, share)
    if counts.has_many_equal:
        return _all_patterns(packed, active, votes, voters, gold)
    share = final_share(share, counts, len(active))
    drawn = packed.covered & (hashes <= hash_limit(share))
    rows = _drawn_rows(packed, drawn, gold, votes.schema).of_voters(active, len(voters))
    return _with_silent_row(rows, len(votes) - n_covered, share).patterns()


def training_patterns_of_parts(
    votes: VoteParts, voters: tuple[str, ...], gold: pd.Series
) -> Patterns:
    """Return the same patterns for votes in parts, of which only drawn rows leave their place.

    Args:
        votes: the votes.
        voters: their names, sorted.
        gold: gold codes by sample id.
    """
    if not is_large(votes):
        return patterns_of_parts(votes, voters, gold)
    votes_of = dict(zip(votes.voters, votes.votes_for.sum(axis=1).tolist(), strict=True))
    active = [number for number, voter in enumerate(voters) if votes_of[voter]]
    share = first_share(votes.n_covered)
    count = functools.partial(_counts_of_part, voters, active, share)
    counts = DrawnCounts.merged(votes.map(count))
    if counts.has_many_equal:
        return patterns_of_parts(votes, voters, gold)
    share = final_share(share, counts, len(active))
    draw = functools.partial(_drawn_rows_of_part, voters, active, share, gold)
    rows = merged_rows(votes.map(draw), distinct=False)
    check_found(gold, rows.found)
    return _with_silent_row(rows, len(votes) - votes.n_covered, share).patterns()


def _packed(votes: Votes, voters: tuple[str, ...], active: list[int]) -> PackedVotes:
    columns = voter_columns(votes, voters)
    ranks = label_ranks(votes.schema)
    return PackedVotes.of([columns[voter] for voter in active], len(votes), ranks)


def _counts_of_part(
    voters: tuple[str, ...], active: list[int], share: float, votes: Votes
) -> DrawnCounts:
    packed = _packed(votes, voters, active)
    return DrawnCounts.of(packed, packed.hashes(), share)


def _drawn_rows_of_part(
    voters: tuple[str, ...], active: list[int], share: float, gold: pd.Series, votes: Votes
) -> CountedRows:
    codes, found = gold_in(votes, gold)
    packed = _packed(votes, voters, active)
    drawn = packed.covered & (packed.hashes() <= hash_limit(share))
    rows = _drawn_rows(packed, drawn, codes, votes.schema)._replace(found=found)
    return rows.of_voters(active, len(voters))


def _drawn_rows(
    packed: PackedVotes,
    drawn: npt.NDArray[np.bool_],
    gold: npt.NDArray[np.intp],
    schema: LabelSchema,
) -> CountedRows:
    """Return the samples that are drawn, those with gold labels, and a silent one, the last."""
    covered = packed.covered
    chosen = np.flatnonzero(drawn | (covered & (gold != ABSTAIN)))
    voted = packed.codes(chosen)
    silent = np.full((1, voted.shape[1]), ABSTAIN, dtype=voted.dtype)
    tally = gold_tally(gold[chosen], len(chosen), schema)
    uncovered = gold_tally(gold[~covered], int((~covered).sum()), schema)
    return CountedRows(
        np.concatenate([voted, silent]),
        np.append(drawn[chosen].astype(np.float64), 0.0),
        np.concatenate([tally, uncovered.sum(axis=0, keepdims=True)]),
        gold[:0] >= 0,
    )


def _with_silent_row(rows: CountedRows, n_uncovered: int, share: float) -> CountedRows:
    """Return drawn rows with a single silent row, if samples are uncovered, for all of them."""
    silent = (rows.codes == ABSTAIN).all(axis=1)
    n_silent_rows = min(n_uncovered, 1)
    tally = rows.gold[silent].sum(axis=0, keepdims=True)[:n_silent_rows]
    codes = rows.codes[silent][:n_silent_rows]
    return CountedRows(
        np.concatenate([rows.codes[~silent], codes]),
        np.append(rows.counts[~silent], [n_uncovered * share] * n_silent_rows),
        np.concatenate([rows.gold[~silent], tally]),
        rows.found,
    )


def _all_patterns(
    packed: PackedVotes,
    active: list[int],
    votes: Votes,
    voters: tuple[str, ...],
    gold: npt.NDArray[np.intp],
) -> Patterns:
    """Return the patterns of all samples, of which many have equal votes."""
    groups = packed.groups()
    if groups is None:
        return patterns_of(votes, voters, gold)
    first, group = groups
    voted = packed.codes(first)
    codes = np.full((len(first), len(voters)), ABSTAIN, dtype=voted.dtype)
    codes[:, active] = voted
    counts = np.bincount(group, minlength=len(first)).astype(np.float64)
    tally = np.zeros((len(first), len(votes.schema)))
    with_gold = np.flatnonzero(gold != ABSTAIN)
    np.add.at(tally, (group[with_gold], label_ranks(votes.schema)[gold[with_gold]]), 1.0)
    return Patterns.from_codes(codes, counts, tally)
