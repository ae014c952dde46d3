"""Subsampling: fit on all samples, or on a random subset that is as informative.

A million samples add hardly anything about a hundred voters to twenty thousand. Where many samples
have equal votes, the patterns are counted and all samples are used; where hardly two are equal,
samples are drawn by a hash of their votes, so that the draw does not depend on their order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labeling.label_models.packed_votes import LARGEST_BASE, PackedVotes, hash_limit
from labeling.label_models.patterns import (
    Patterns,
    gold_tally,
    patterns_of,
    voter_columns,
)
from labeling.records import ABSTAIN, Votes, label_ranks

LARGE = 50_000  # samples up to which all are used
DRAWN = 1 << 14  # samples to draw, or as many more
MOST_DRAWN = 1 << 17  # up to this,
VOTES_EACH = 3000  # as give each voter this number of votes on average


def is_large(votes: Votes) -> bool:
    """Return whether votes are so many that they are packed."""
    return len(votes.sample_ids) > LARGE and len(votes.schema) < LARGEST_BASE


def training_patterns(
    votes: Votes, voters: tuple[str, ...], gold: npt.NDArray[np.intp]
) -> Patterns:
    """Return the patterns of all samples, or of a draw that includes all with gold labels.

    The counts add up to the number of samples used.
    """
    if not is_large(votes):
        return patterns_of(votes, voters, gold)
    columns = voter_columns(votes, voters)
    # Voters who never vote must not change the draw.
    active = [
        voter
        for voter, column in enumerate(columns)
        if column is not None and (column != ABSTAIN).any()
    ]
    packed = PackedVotes.of(
        [columns[voter] for voter in active], len(votes.sample_ids), label_ranks(votes.schema)
    )
    covered = packed.covered
    drawn, share = _draw(packed, covered, len(active))
    if drawn is None:
        return _all_patterns(packed, active, votes, voters, gold)
    chosen = np.flatnonzero(drawn | (covered & (gold != ABSTAIN)))
    n_uncovered = len(covered) - int(covered.sum())
    n_silent_rows = min(n_uncovered, 1)  # one row, the last, represents all of them
    voted = packed.codes(chosen)
    codes = np.full((len(chosen) + n_silent_rows, len(voters)), ABSTAIN, dtype=voted.dtype)
    columns_of_active = slice(None) if len(active) == len(voters) else active  # much faster
    codes[: len(chosen), columns_of_active] = voted
    counts = np.append(drawn[chosen].astype(np.float64), [n_uncovered * share] * n_silent_rows)
    tally = gold_tally(gold[chosen], len(chosen), votes.schema)
    uncovered = gold_tally(gold[~covered], n_uncovered, votes.schema).sum(axis=0, keepdims=True)
    return Patterns.from_codes(codes, counts, np.concatenate([tally, uncovered[:n_silent_rows]]))


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


def _draw(
    packed: PackedVotes, covered: npt.NDArray[np.bool_], n_active: int
) -> tuple[npt.NDArray[np.bool_] | None, float]:
    """Return which covered samples are drawn, and their share; None where many have equal votes."""
    hashes = packed.hashes()
    share = min(DRAWN / max(int(covered.sum()), 1), 1.0)
    drawn = covered & (hashes <= hash_limit(share))
    if len(np.unique(hashes[drawn])) < drawn.sum() / 2:
        return None, share
    factor = VOTES_EACH * n_active / max(packed.n_cast(np.flatnonzero(drawn)), 1)
    share = min(share * np.clip(factor, 1.0, MOST_DRAWN / DRAWN), 1.0)
    return covered & (hashes <= hash_limit(share)), share
