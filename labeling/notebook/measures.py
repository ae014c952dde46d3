"""How one labeling function stands among others: coverage, overlaps, conflicts, precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.notebook.function_set import VotedLF
from labeling.notebook.moment import Codes, accuracy, polarity
from labeling.records import ABSTAIN, LabelSchema
from labeling.records.estimates import Estimate

Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.signedinteger[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Counts of one labeling function, and its precision on the dev set.

    Attributes:
        label: the labels it votes for.
        n_samples: of how many samples.
        votes: on how many it votes.
        new: on how many of these no other function votes.
        overlaps: on how many of these another function votes, too.
        conflicts: on how many of these another function votes for another label.
        precision: the share of right votes on the dev set.
        by_label: the same for each label it votes for, where there are several.
    """

    label: str
    n_samples: int
    votes: int
    new: int
    overlaps: int
    conflicts: int
    precision: Estimate
    by_label: Mapping[str, Estimate]

    @property
    def coverage(self) -> float:
        """The share of samples on which it votes."""
        return self.votes / self.n_samples

    @property
    def new_coverage(self) -> float:
        """The share of samples on which it votes and no other function does."""
        return self.new / self.n_samples

    def to_row(self) -> dict[str, object]:
        """Return the measures by the names that columns of tables have."""
        return {
            "label": self.label,
            "votes": self.votes,
            "coverage": self.coverage,
            "new_coverage": self.new_coverage,
            "overlaps": self.overlaps / self.n_samples,
            "conflicts": self.conflicts / self.n_samples,
            "n": self.precision.n,
            "precision": self.precision.value,
            "precision_low": self.precision.low,
            "precision_high": self.precision.high,
        }


def measures_of(voted: VotedLF, others: Codes, gold: Codes, schema: LabelSchema) -> Measures:
    """Return the measures of a function among others.

    Args:
        voted: the function with its votes.
        others: the votes of the others: shape (n_samples, n_others).
        gold: the dev set's label codes, shape (n_samples,), -1 = not in the dev set.
        schema: the labels.
    """
    total, same = _counts_for(voted.codes, label_counts(others, len(schema)))
    return _measures(voted, total, same, gold, schema)


def measures_of_all(
    functions: tuple[VotedLF, ...], array: Codes, gold: Codes, schema: LabelSchema
) -> list[Measures]:
    """Return the measures of each function among the others, whose votes are columns."""
    counts, found = label_counts(array, len(schema)), []
    for voted in functions:
        is_vote = voted.codes != ABSTAIN
        total, same = _counts_for(voted.codes, counts)
        found.append(_measures(voted, total - is_vote, same - is_vote, gold, schema))
    return found


def label_counts(array: Codes, n_labels: int) -> Counts:
    """Return how many functions vote for each label on each sample: (n_samples, n_labels)."""
    counts = [(array == code).sum(axis=1, dtype=np.int32) for code in range(n_labels)]
    return np.stack(counts, axis=1)


def conflicting(codes: Codes, others: Codes, n_labels: int) -> Bools:
    """Return on which samples a function's votes differ from another's: shape (n_samples,)."""
    total, same = _counts_for(codes, label_counts(others, n_labels))
    differs: Bools = (codes != ABSTAIN) & (total > same)
    return differs


def _counts_for(codes: Codes, counts: Counts) -> tuple[Counts, Counts]:
    """Return how many functions vote on each sample, and how many like `codes`, 0 where none."""
    same = counts[np.arange(len(codes)), codes]
    return counts.sum(axis=1), np.where(codes == ABSTAIN, 0, same)


def _measures(
    voted: VotedLF, total: Counts, same: Counts, gold: Codes, schema: LabelSchema
) -> Measures:
    """Return the measures; `total` others vote on each sample, `same` of them alike."""
    codes = voted.codes
    is_vote = codes != ABSTAIN
    used = np.unique(codes[is_vote]).tolist()
    by_label = {
        schema.labels[code]: accuracy(np.where(codes == code, code, ABSTAIN), gold) for code in used
    }
    votes, overlaps = int(is_vote.sum()), int((is_vote & (total > 0)).sum())
    return Measures(
        label=polarity(voted, schema),
        n_samples=len(codes),
        votes=votes,
        new=votes - overlaps,
        overlaps=overlaps,
        conflicts=int((is_vote & (total > same)).sum()),
        precision=accuracy(codes, gold),
        by_label=by_label if len(by_label) > 1 else {},
    )
