"""`Diff`: which samples gain, lose or change a vote between two functions, or two sets."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted, near
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.notebook.model_changes import ModelChange, parts_of
from labeling.notebook.moment import Codes, Moment, accuracy, majority_codes
from labeling.notebook.rows import SampleRows, VoteColumn, tables_of
from labeling.records import ABSTAIN
from labeling.records.estimates import Estimate
from labeling.rendering import DisplayedAlike, Table, View, as_interval

Change = Literal["gained", "lost", "flipped"]
CHANGES: tuple[Change, ...] = ("gained", "lost", "flipped")
SHOWN = 5  # rows of each change

_MEANING = {
    "gained": "Gained: a vote only after",
    "lost": "Lost: a vote only before",
    "flipped": "Flipped: another vote",
}


@dataclass(frozen=True, slots=True, eq=False)
class FunctionChange:
    """What changed of one function between two sets.

    Attributes:
        name: of the function.
        change: "added", "dropped" or "changed".
        gained: samples, or parts of them, on which it votes only after.
        lost: those on which it votes only before.
        flipped: those on which it votes for another label.
        precision_before: on the dev set.
        precision_after: on the dev set.
    """

    name: str
    change: str
    gained: int
    lost: int
    flipped: int
    precision_before: Estimate
    precision_after: Estimate


@dataclass(frozen=True, eq=False, repr=False)
class Diff(DisplayedAlike):
    """Samples that gain, lose or change a vote; of sets, their majority vote.

    Attributes:
        title: what is compared.
        moment: what the workbench held.
        before: label codes before, shape (n_samples,), -1 = no vote, -2 = labels tie.
        after: the same after.
        functions: of sets: each function that differs.
        marked: functions, the parts of texts that made them vote are marked.
        model: what changes in the label model's labels, computed on first use.
        others_but: the names of functions that are compared.
    """

    title: str
    moment: Moment
    before: Codes
    after: Codes
    functions: tuple[FunctionChange, ...] | None
    marked: tuple[VotedLF, ...]
    model: ModelChange
    others_but: tuple[str, ...] = ()

    @property
    def gained(self) -> int:
        """The number of samples that have a vote only after."""
        return int(self._changed("gained").sum())

    @property
    def lost(self) -> int:
        """The number of samples that had a vote only before."""
        return int(self._changed("lost").sum())

    @property
    def flipped(self) -> int:
        """The number of samples that have another vote than before."""
        return int(self._changed("flipped").sum())

    @property
    def precision_before(self) -> Estimate:
        """The share of right votes on the dev set before; ties are no votes."""
        return accuracy(self.before, self.moment.gold)

    @property
    def precision_after(self) -> Estimate:
        """The same after."""
        return accuracy(self.after, self.moment.gold)

    def rows(self, change: Change) -> SampleRows:
        """Return the samples of one kind of change.

        Args:
            change: "gained", "lost" or "flipped".

        Raises:
            LabelingError: another text.
        """
        if change not in CHANGES:
            raise LabelingError(
                f"A change must be 'gained', 'lost' or 'flipped'. Got {change!r}."
                f"{near(change, CHANGES)}"
            )
        at = self.moment.ordered(np.flatnonzero(self._changed(change)))
        title = f"{_MEANING[change]} ({counted(len(at), 'sample')})"
        columns = tuple(
            VoteColumn(name, name, codes)
            for name, codes in (("before", self.before), ("after", self.after))
        )
        return SampleRows(
            title,
            (),
            self.moment,
            at,
            columns,
            self.marked,
            self.others_but,
            with_model=False,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return all samples whose vote differs, the samples' ids as index.

        Returns:
            A frame with the columns `change` ("gained", "lost" or "flipped"), `before`, `after`
            (labels, `None` = no vote), `gold`, `others` (who else voted what) and `text`.
        """
        parts = [self.rows(change) for change in CHANGES]
        every = dataclasses.replace(parts[0], at=np.concatenate([rows.at for rows in parts]))
        names = [change for change, rows in zip(CHANGES, parts, strict=True) for _ in rows.at]
        frame = every.to_frame()
        frame.insert(0, "change", pd.Series(names, frame.index, dtype=object))
        return frame

    def _changed(self, change: Change) -> npt.NDArray[np.bool_]:
        was, is_there = self.before != ABSTAIN, self.after != ABSTAIN
        changed: npt.NDArray[np.bool_] = {
            "gained": ~was & is_there,
            "lost": was & ~is_there,
            "flipped": was & is_there & (self.before != self.after),
        }[change]
        return changed

    def _view(self) -> View:
        counts = (
            f"{counted(self.gained, 'sample')} gained a vote, {self.lost:,} lost it,"
            f" {self.flipped:,} changed it."
        )
        tables = [
            table
            for change in CHANGES
            for rows in [self.rows(change)]
            for table in tables_of(rows, SHOWN, rows.title)
        ]
        parts = (counts, *self._precision(), *self._functions(), *parts_of(self.model), *tables)
        return View(self.title, parts)

    def _precision(self) -> tuple[Table | str, ...]:
        if not self.moment.n_gold:
            return ("There is no dev set: Workbench(..., gold=...) measures precision.",)
        what = "precision" if self.functions is None else "majority vote"
        rows = (
            ("before", as_interval(self.precision_before)),
            ("after", as_interval(self.precision_after)),
        )
        return (Table((what, "right on the dev set"), rows),)

    def _functions(self) -> tuple[Table, ...]:
        if not self.functions:
            return ()
        headings = ("function", "change", "gained", "lost", "flipped", "before", "after")
        rows = tuple(
            (
                change.name,
                change.change,
                change.gained,
                change.lost,
                change.flipped,
                as_interval(change.precision_before),
                as_interval(change.precision_after),
            )
            for change in self.functions
        )
        return (Table(headings, rows, "Functions that differ, with their precision"),)


def diff_of_functions(
    moment: Moment, before: VotedLF | None, after: VotedLF, base: FunctionSet, title: str
) -> Diff:
    """Return how the votes of two functions, or of two versions of one, differ.

    Args:
        moment: what the workbench holds.
        before: the function before; `None` where there was none.
        after: the function after.
        base: the set that they belong to: each takes its place there for the label model.
        title: of the diff.
    """
    names = (after.name,) if before is None else (before.name, after.name)
    if before is None:
        model = ModelChange(moment, base.without(after.name), base.with_function(after))
    elif before.name == after.name:
        model = ModelChange(moment, base.with_function(before), base.with_function(after))
    else:
        others = base.without(*names)
        model = ModelChange(moment, others.with_function(before), others.with_function(after))
    nothing = np.full(len(moment), ABSTAIN, dtype=after.codes.dtype)
    return Diff(
        title,
        moment,
        nothing if before is None else before.codes,
        after.codes,
        None,
        (after,) if before is None else (before, after),
        model,
        names,
    )


def diff_of_sets(moment: Moment, before: FunctionSet, after: FunctionSet, title: str) -> Diff:
    """Return how the majority votes of two sets of functions differ.

    Args:
        moment: what the workbench holds.
        before: the set before.
        after: the set after.
        title: of the diff.
    """
    n_labels, n = len(moment.schema), len(moment)
    changes = _function_changes(moment, before, after)
    changed = {change.name for change in changes}
    return Diff(
        title,
        moment,
        majority_codes(before.array(n), n_labels),
        majority_codes(after.array(n), n_labels),
        changes,
        tuple(voted for voted in after if voted.name in changed),
        ModelChange(moment, before, after),
    )


def _function_changes(
    moment: Moment, before: FunctionSet, after: FunctionSet
) -> tuple[FunctionChange, ...]:
    found = []
    nothing = np.full(len(moment), ABSTAIN, dtype=np.int8)
    for name in dict.fromkeys([*before.names, *after.names]):
        old, new = before.get(name), after.get(name)
        first, second = (nothing if voted is None else voted.codes for voted in (old, new))
        was, is_there = first != ABSTAIN, second != ABSTAIN
        if old is not None and new is not None and np.array_equal(first, second):
            continue
        found.append(
            FunctionChange(
                name,
                "added" if old is None else "dropped" if new is None else "changed",
                int((~was & is_there).sum()),
                int((was & ~is_there).sum()),
                int((was & is_there & (first != second)).sum()),
                accuracy(first, moment.gold),
                accuracy(second, moment.gold),
            )
        )
    return tuple(found)
