"""`VoteStatistics`: whole numbers that describe votes, and add up over partitions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import reduce

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records import ABSTAIN, Votes
from labeling.rendering import Displayed

Ints = npt.NDArray[np.int64]

MOST_PAIRED = 256
"""Voters up to which pairs are counted: their number grows with the square of that of voters."""
SAMPLES_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class VoteStatistics(Displayed):
    """Counts of votes; the counts of two sets of samples add up, in any order, exactly.

    Attributes:
        samples: the number of samples: shape ().
        covered: the number of samples with a vote: shape ().
        votes_for: votes of each voter for each label: shape (n_voters, n_labels).
        overlaps: votes of each voter on samples where another voted, too: shape (n_voters,).
        conflicts: votes on samples where another voter voted for another label: (n_voters,).
        faults: on how many samples each voter failed, and abstained: shape (n_voters,).
        both: on how many samples each two voters vote: shape (n_voters, n_voters); no rows above
            256 voters.
        same: on how many of them they vote alike: the same shape.
    """

    samples: Ints
    covered: Ints
    votes_for: Ints
    overlaps: Ints
    conflicts: Ints
    faults: Ints
    both: Ints
    same: Ints

    @classmethod
    def of(cls, votes: Votes) -> VoteStatistics:
        """Return the statistics of votes.

        >>> from labeling.records import LabelSchema
        >>> votes = Votes.from_array([[0, 0], [1, 0], [1, -1]], schema=LabelSchema(["a", "b"]))
        >>> statistics = VoteStatistics.of(votes)
        >>> statistics.votes_for.tolist(), statistics.conflicts.tolist(), statistics.same.tolist()
        ([[1, 2], [2, 0]], [1, 1], [[3, 1], [1, 2]])
        """
        blocks = range(0, len(votes), SAMPLES_AT_ONCE)
        faults = pd.Series([fault.labeling_function for fault in votes.faults], dtype=object)
        counted = faults.value_counts()
        n_faults = np.array([counted.get(name, 0) for name in votes.voters], dtype=np.int64)
        k = len(votes.schema)
        counts = [_counts(votes.array[start : start + SAMPLES_AT_ONCE], k) for start in blocks]
        return total(
            [cls(**_counts(votes.array[:0], k), faults=n_faults)]
            + [cls(**block, faults=np.zeros_like(n_faults)) for block in counts]
        )

    def arrays(self) -> dict[str, Ints]:
        """Return the counts by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def summary(self, voters: Iterable[str], labels: Iterable[str]) -> pd.DataFrame:
        """Return the table of `lf_summary` without gold labels.

        Args:
            voters: the names of the voters.
            labels: the labels of the schema.
        """
        names, n = list(labels), max(int(self.samples), 1)
        used = self.votes_for > 0
        votes = self.votes_for.sum(axis=1)
        return pd.DataFrame(
            {
                "polarity": [
                    ", ".join(name for name, is_used in zip(names, row, strict=True) if is_used)
                    for row in used
                ],
                "votes": votes,
                "coverage": votes / n,
                "overlaps": self.overlaps / n,
                "conflicts": self.conflicts / n,
                "faults": self.faults,
            },
            index=pd.Index(list(voters), dtype=object),
        )


def total(statistics: Iterable[VoteStatistics]) -> VoteStatistics:
    """Return the sum of statistics of different samples."""
    return reduce(_added, statistics)


def _added(first: VoteStatistics, second: VoteStatistics) -> VoteStatistics:
    others = second.arrays()
    return VoteStatistics(**{name: value + others[name] for name, value in first.arrays().items()})


def _counts(codes: npt.NDArray[np.signedinteger], n_labels: int) -> dict[str, Ints]:
    """Return the counts of a block of codes, shape (n_samples, n_voters), by name."""
    n, m = codes.shape
    cast = codes != ABSTAIN
    by_label = [codes == code for code in range(n_labels)]
    n_votes = cast.sum(axis=1)
    several = n_votes >= 2
    lowest = np.where(cast, codes, np.iinfo(codes.dtype).max).min(axis=1, initial=n_labels)
    disputed = several & (codes.max(axis=1, initial=ABSTAIN) > lowest)
    pairs = m if m <= MOST_PAIRED else 0
    same: Ints = np.zeros((pairs, pairs), dtype=np.int64)
    both = _pairs(cast) if pairs else same.copy()
    if pairs:
        same += sum(_pairs(marks) for marks in by_label if marks.any())
    return {
        "samples": np.array(n, dtype=np.int64),
        "covered": np.array((n_votes > 0).sum(), dtype=np.int64),
        "votes_for": np.stack([marks.sum(axis=0) for marks in by_label], axis=1).astype(np.int64),
        "overlaps": several.astype(np.int64) @ cast,
        "conflicts": disputed.astype(np.int64) @ cast,
        "both": both,
        "same": same,
    }


def _pairs(marks: npt.NDArray[np.bool_]) -> Ints:
    """Return in how many rows each two columns are both marked: bits are counted, not numbers."""
    n, m = marks.shape
    bits = np.zeros((m, -(-n // 64) * 8), dtype=np.uint8)
    bits[:, : -(-n // 8)] = np.packbits(marks, axis=0).T
    words = bits.view(np.uint64)
    counts: Ints = np.zeros((m, m), dtype=np.int64)
    for voter in range(m):
        both = np.bitwise_count(words[voter] & words[voter:]).sum(axis=1, dtype=np.int64)
        counts[voter, voter:] = counts[voter:, voter] = both
    return counts
