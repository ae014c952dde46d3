"""`ConflictPairs`: which labeling functions conflict with which, and who is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.notebook.moment import Codes, Moment, accuracy, share_of
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
    _both: ClassVar[str] = "both vote"

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
        headings: tuple[str, ...] = ("first", "second", self._both, "in conflict")
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
    names, array = moment.functions.names, moment.array
    both = co_occurrence(array != ABSTAIN)
    pairs = pairs_in_conflict(names, array, both, moment.gold, len(moment.schema))
    return ConflictPairs(pairs, len(moment), len(names), bool(moment.n_gold))


def pairs_in_conflict(
    names: Sequence[str], array: Codes, both: npt.NDArray[np.int64], gold: Codes, n_codes: int
) -> tuple[ConflictPair, ...]:
    """Return pairs of functions that conflict, those with most conflicts first.

    Args:
        names: of the functions.
        array: what they say in each row: shape (n_rows, n_functions), -1 = nothing.
        both: in how many rows each two of them count as both saying something.
        gold: what is true: shape (n_rows,), -1 = not known.
        n_codes: codes are below it.
    """
    differ = co_occurrence(array != ABSTAIN)
    for code in range(n_codes):
        differ = differ - co_occurrence(array == code)
    firsts, seconds = np.nonzero(np.triu(differ, 1))
    pairs = []
    for first, second in zip(firsts.tolist(), seconds.tolist(), strict=True):
        rights = _rights(array[:, first], array[:, second], gold)
        n_both, n_differ = int(both[first, second]), int(differ[first, second])
        pairs.append(ConflictPair(names[first], names[second], n_both, n_differ, *rights))
    pairs.sort(key=lambda pair: (-pair.conflicts, pair.first, pair.second))
    return tuple(pairs)


def _rights(first: Codes, second: Codes, gold: Codes) -> tuple[Estimate, Estimate]:
    """Return how often each of two functions is right where they differ."""
    if not (gold != ABSTAIN).any():
        return share_of(0, 0), share_of(0, 0)
    differ = (first != ABSTAIN) & (second != ABSTAIN) & (first != second)
    return accuracy(first[differ], gold[differ]), accuracy(second[differ], gold[differ])
