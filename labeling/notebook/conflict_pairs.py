"""`ConflictPairs`: which labeling functions conflict with which, and who is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.notebook.function_set import VotedLF
from labeling.notebook.moment import Moment, accuracy, share_of
from labeling.records import ABSTAIN, co_occurrence
from labeling.records.estimates import Estimate
from labeling.rendering import DisplayedAlike, Share, Table, View, as_interval

SHOWN = 20


@dataclass(frozen=True, slots=True, eq=False)
class ConflictPair:
    """Two functions that conflict.

    Attributes:
        first: the name of the one that comes first in the set.
        second: the name of the other.
        both: samples on which both vote.
        conflicts: samples on which they vote for different labels.
        first_right: how often the first is right in conflicts, on the dev set.
        second_right: the same for the second; neither may be right.
    """

    first: str
    second: str
    both: int
    conflicts: int
    first_right: Estimate
    second_right: Estimate


@dataclass(frozen=True, eq=False, repr=False)
class ConflictPairs(DisplayedAlike):
    """All pairs of functions that conflict, those with most conflicts first.

    Attributes:
        pairs: the pairs.
        n_samples: of how many samples.
        n_functions: of how many functions.
        has_gold: whether there is a dev set.
    """

    pairs: tuple[ConflictPair, ...]
    n_samples: int
    n_functions: int
    has_gold: bool

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each pair.

        Returns:
            A frame with the columns `first`, `second`, `both`, `conflicts`, `n` (conflicts on the
            dev set), `first_right`, `first_right_low`, `first_right_high`, `second_right`,
            `second_right_low` and `second_right_high` (shares of these n).
        """
        rows = [
            (
                pair.first,
                pair.second,
                pair.both,
                pair.conflicts,
                pair.first_right.n,
                *(
                    end
                    for estimate in (pair.first_right, pair.second_right)
                    for end in (estimate.value, estimate.low, estimate.high)
                ),
            )
            for pair in self.pairs
        ]
        names = ["first", "second", "both", "conflicts", "n"]
        names += [
            f"{one}_right{end}" for one in ("first", "second") for end in ("", "_low", "_high")
        ]
        return pd.DataFrame(rows, columns=names)

    def _view(self) -> View:
        n_pairs = self.n_functions * (self.n_functions - 1) // 2
        title = f"{len(self.pairs):,} of {n_pairs:,} pairs of labeling functions conflict"
        if not self.pairs:
            return View(title)
        headings: tuple[str, ...] = ("first", "second", "both vote", "in conflict")
        if self.has_gold:
            headings += ("first right on the dev set", "second right")
        rows = tuple(
            (
                pair.first,
                pair.second,
                pair.both,
                Share(pair.conflicts / pair.both, pair.both),
                *(
                    (as_interval(pair.first_right), as_interval(pair.second_right))
                    if self.has_gold
                    else ()
                ),
            )
            for pair in self.pairs[:SHOWN]
        )
        table = Table(headings, rows, left_out=len(self.pairs) - len(rows))
        hint = "There is no dev set: Workbench(..., gold=...) tells who is right."
        return View(title, (table,) if self.has_gold else (hint, table))


def conflict_pairs(moment: Moment) -> ConflictPairs:
    """Return all pairs of functions that conflict, with who is right on the dev set."""
    functions, array = moment.functions.functions, moment.array
    both = co_occurrence(array != ABSTAIN)
    same = np.zeros_like(both)
    for code in range(len(moment.schema)):
        same = same + co_occurrence(array == code)
    firsts, seconds = np.nonzero(np.triu(both - same, 1))
    pairs = [
        _pair(moment, functions[first], functions[second], int(both[first, second]))
        for first, second in zip(firsts.tolist(), seconds.tolist(), strict=True)
    ]
    pairs.sort(key=lambda pair: (-pair.conflicts, pair.first, pair.second))
    return ConflictPairs(tuple(pairs), len(moment), len(functions), bool(moment.n_gold))


def _pair(moment: Moment, first: VotedLF, second: VotedLF, both: int) -> ConflictPair:
    differ = (first.codes != ABSTAIN) & (second.codes != ABSTAIN) & (first.codes != second.codes)
    rights = (
        accuracy(voted.codes[differ], moment.gold[differ]) if moment.n_gold else share_of(0, 0)
        for voted in (first, second)
    )
    return ConflictPair(first.name, second.name, both, int(differ.sum()), *rights)
