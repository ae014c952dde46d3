"""What is learned from: all samples, or so many of them as tell the same.

A million samples teach hardly more about a hundred voters than twenty thousand do. Where many samples
vote alike, each pattern is counted and all are learned from; where hardly two are alike, samples are
drawn by a hash of their votes, so that the draw does not depend on their order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labeling.label_models.packed_votes import LARGEST_BASE, PackedVotes, hash_limit
from labeling.label_models.patterns import (
    Patterns,
    columns_of,
    gold_tally,
    label_ranks,
    patterns_of,
)
from labeling.records import ABSTAIN, Votes

LARGE = 50_000  # samples up to which all are always learned from
DRAWN = 1 << 14  # samples that are drawn, or so many more
MOST_DRAWN = 1 << 17  # up to this,
VOTES_EACH = 3000  # as bring each voter that many votes on average


def is_large(votes: Votes) -> bool:
    """Return whether votes are so many that they are read packed."""
    return len(votes.sample_ids) > LARGE and len(votes.schema) < LARGEST_BASE


def patterns_to_learn_from(
    votes: Votes, voters: tuple[str, ...], gold: npt.NDArray[np.intp]
) -> Patterns:
    """Return the patterns of all samples, or of a draw of them with all that have gold labels.

    The counts add up to how many samples were learned from.
    """
    if not is_large(votes):
        return patterns_of(votes, voters, gold)
    columns = columns_of(votes, voters)
    # Who never votes must not change what is drawn.
    speaking = [
        place
        for place, column in enumerate(columns)
        if column is not None and (column != ABSTAIN).any()
    ]
    spoken = [columns[place] for place in speaking]
    packed = PackedVotes.of(spoken, len(votes.sample_ids), label_ranks(votes.schema))
    hashes, covered = packed.hashes(), packed.covered
    n_covered = int(covered.sum())
    n_uncovered = len(covered) - n_covered
    share = min(DRAWN / max(n_covered, 1), 1.0)
    drawn = covered & (hashes <= hash_limit(share))
    if len(np.unique(hashes[drawn])) < drawn.sum() / 2:
        return patterns_of(votes, voters, gold)
    cast = (packed.codes(np.flatnonzero(drawn)) >= 0).sum()
    more = VOTES_EACH * len(speaking) / max(cast, 1)
    share = min(share * np.clip(more, 1.0, MOST_DRAWN / DRAWN), 1.0)
    drawn = covered & (hashes <= hash_limit(share))
    chosen = np.flatnonzero(drawn | (covered & (gold != ABSTAIN)))
    n_silent = min(n_uncovered, 1)  # one row stands for all of them, the last
    codes = np.full((len(chosen) + n_silent, len(voters)), ABSTAIN, dtype=np.int16)
    codes[: len(chosen), speaking] = packed.codes(chosen)
    counts = np.append(drawn[chosen].astype(np.float64), [n_uncovered * share] * n_silent)
    tally = gold_tally(gold[chosen], len(chosen), votes.schema)
    uncovered = gold_tally(gold[~covered], n_uncovered, votes.schema).sum(axis=0, keepdims=True)
    return Patterns.of_codes(codes, counts, np.concatenate([tally, uncovered[:n_silent]]))
