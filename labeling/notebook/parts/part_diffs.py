"""`PartDiff`: which spans, or labels of samples, functions gain, lose or give another label."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted, near
from labeling.notebook.diffs import CHANGES, Change, FunctionChange
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.notebook.moment import Codes, majority_codes
from labeling.notebook.parts.joined_votes import part_votes
from labeling.notebook.parts.part_measures import Precision, scores_of
from labeling.notebook.parts.part_model_changes import PartModelChange, parts_of_change
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_rows import (
    PartRows,
    columns_of,
    in_order,
    n_parts,
    tables_of_parts,
)
from labeling.notebook.parts.part_table import PartTable
from labeling.notebook.rows import VoteColumn
from labeling.records import ABSTAIN
from labeling.rendering import Cell, DisplayedAlike, Table, View, as_interval

SHOWN = 5  # rows of each change

_MEANING = {
    "gained": "Gained: said only after",
    "lost": "Lost: said only before",
    "flipped": "Flipped: said otherwise",
}


@dataclass(frozen=True, eq=False, repr=False)
class PartDiff(DisplayedAlike):
    """Spans, or labels of samples, of which functions say something else than before.

    Of sets of functions, a part is said where any function gives it a label; of several labels it
    is the one of most functions, "tie" where there are two.

    Attributes:
        title: what is compared.
        moment: what the workbench held.
        table: the parts.
        before: what is said of them before: shape (n_parts,), -1 = nothing, -2 = labels tie.
        after: the same after.
        functions: of sets: each function that differs.
        others: what functions say that are not compared.
        model: what changes in the label model's answers, computed on first use.
    """

    title: str
    moment: PartMoment
    table: PartTable
    before: Codes
    after: Codes
    functions: tuple[FunctionChange, ...] | None
    others: tuple[VoteColumn, ...]
    model: PartModelChange

    @property
    def gained(self) -> int:
        """The number of parts of which something is said only after."""
        return int(self._changed("gained").sum())

    @property
    def lost(self) -> int:
        """The number of parts of which something was said only before."""
        return int(self._changed("lost").sum())

    @property
    def flipped(self) -> int:
        """The number of parts of which something else is said than before."""
        return int(self._changed("flipped").sum())

    @property
    def scores_before(self) -> Precision:
        """Precision and recall on the dev set before, recall of the gold parts of all labels."""
        return scores_of(self.table, self.before)

    @property
    def scores_after(self) -> Precision:
        """The same after."""
        return scores_of(self.table, self.after)

    def rows(self, change: Change) -> PartRows:
        """Return the parts of one kind of change.

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
        at = in_order(self.moment, self.table, np.flatnonzero(self._changed(change)))
        columns = tuple(
            VoteColumn(name, name, codes)
            for name, codes in (("before", self.before), ("after", self.after))
        )
        title = f"{_MEANING[change]} ({n_parts(self.table, len(at))})"
        return PartRows(
            title,
            (),
            self.moment,
            self.table,
            at,
            columns,
            self.others,
            decided=self.after,
            with_model=False,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return all parts of which something else is said, the samples' ids as index.

        Returns:
            A frame with the columns `change` ("gained", "lost" or "flipped"); what the part is:
            `start`, `end` and `span`, or `label`; `before`, `after` (`None` = nothing), `gold`,
            `others` (who else says what) and `text`.
        """
        parts = [self.rows(change) for change in CHANGES]
        every = dataclasses.replace(parts[0], at=np.concatenate([rows.at for rows in parts]))
        names = [change for change, rows in zip(CHANGES, parts, strict=True) for _ in rows.at]
        frame = every.to_frame()
        frame.insert(0, "change", pd.Series(names, frame.index, dtype=object))
        return frame

    def _changed(self, change: Change) -> npt.NDArray[np.bool_]:
        return _changes(self.table, self.before, self.after)[change]

    def _view(self) -> View:
        counts = (
            f"{n_parts(self.table, self.gained)} gained, {self.lost:,} lost,"
            f" {self.flipped:,} flipped."
        )
        tables = [
            table
            for change in CHANGES
            for rows in [self.rows(change)]
            for table in tables_of_parts(rows, SHOWN, rows.title)
        ]
        model = parts_of_change(self.model)
        return View(self.title, (counts, *self._scores(), *self._functions(), *model, *tables))

    def _scores(self) -> tuple[Table | str, ...]:
        if not self.moment.n_gold:
            return ("There is no dev set: Workbench(..., gold=...) measures precision.",)
        what = "functions" if self.functions is None else "what any function says"
        rows: tuple[tuple[Cell, ...], ...] = (
            ("before", *(as_interval(score) for score in self.scores_before)),
            ("after", *(as_interval(score) for score in self.scores_after)),
        )
        caption = f"On {counted(self.moment.n_gold, 'sample')} of the dev set"
        return (Table((what, "precision", "recall"), rows, caption),)

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


def part_diff_of_functions(
    moment: PartMoment, before: VotedLF | None, after: VotedLF, base: FunctionSet, title: str
) -> PartDiff:
    """Return how two functions, or two versions of one, differ.

    Args:
        moment: what the workbench holds.
        before: the function before; `None` where there was none.
        after: the function after.
        base: the set that they belong to: each takes its place there for the label model.
        title: of the diff.
    """
    names = {after.name} if before is None else {before.name, after.name}
    others = base.without(*names)
    compared = (before, after, *others)
    table = moment.table(*compared)
    columns = columns_of(compared, table)
    if before is None:
        sets = (base.without(after.name), base.with_function(after))
    elif before.name == after.name:
        sets = (base.with_function(before), base.with_function(after))
    else:
        sets = (others.with_function(before), others.with_function(after))
    return PartDiff(
        title,
        moment,
        table,
        table.codes[:, 0],
        table.codes[:, 1],
        None,
        tuple(column for column in columns if column.name not in names),
        PartModelChange(moment, table, *sets),
    )


def part_diff_of_sets(
    moment: PartMoment, before: FunctionSet, after: FunctionSet, title: str
) -> PartDiff:
    """Return how what any function of two sets says differs.

    Args:
        moment: what the workbench holds.
        before: the set before.
        after: the set after.
        title: of the diff.
    """
    # A version that is in both sets has one column.
    versions = {id(part_votes(voted)): voted for voted in (*before, *after)}
    table = moment.table(*versions.values())
    codes_of = dict(zip(versions, table.codes.T, strict=True))
    first, second = (
        {voted.name: codes_of[id(part_votes(voted))] for voted in functions}
        for functions in (before, after)
    )
    return PartDiff(
        title,
        moment,
        table,
        _any_says(table, first),
        _any_says(table, second),
        _function_changes(table, first, second),
        (),
        PartModelChange(moment, table, before, after),
    )


def _any_says(table: PartTable, codes: dict[str, Codes]) -> Codes:
    """Return the label that most functions give each part, -1 where none does, -2 where two tie."""
    if not codes:
        return np.full(len(table), ABSTAIN, dtype=np.intp)
    return majority_codes(np.stack(list(codes.values()), axis=1), table.none)


def _function_changes(
    table: PartTable, before: dict[str, Codes], after: dict[str, Codes]
) -> tuple[FunctionChange, ...]:
    nothing = np.full(len(table), ABSTAIN, dtype=np.intp)
    changes = []
    for name in dict.fromkeys([*before, *after]):
        first, second = before.get(name, nothing), after.get(name, nothing)
        is_in_both = name in before and name in after
        if is_in_both and np.array_equal(first, second):
            continue
        change = "changed" if is_in_both else "added" if name in after else "dropped"
        counts = {kind: int(rows.sum()) for kind, rows in _changes(table, first, second).items()}
        changes.append(
            FunctionChange(
                name,
                change,
                **counts,
                precision_before=scores_of(table, first).precision,
                precision_after=scores_of(table, second).precision,
            )
        )
    return tuple(changes)


def _changes(table: PartTable, before: Codes, after: Codes) -> dict[Change, npt.NDArray[np.bool_]]:
    """Return which parts are gained, lost and flipped, each of shape (n_parts,)."""
    was, is_there = table.has_answer(before), table.has_answer(after)
    return {
        "gained": ~was & is_there,
        "lost": was & ~is_there,
        "flipped": was & is_there & (before != after),
    }
