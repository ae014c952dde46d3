"""`PartModelChange`: what other labeling functions change in the label model's spans or sets."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import counted
from labeling.notebook.function_set import FunctionSet
from labeling.notebook.moment import Codes
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_rows import SHOWN, PartRows, in_order, n_parts, tables_of_parts
from labeling.notebook.parts.part_scores import Scores, model_scores
from labeling.notebook.parts.part_table import PartTable
from labeling.notebook.rows import VoteColumn
from labeling.rendering import Cell, DisplayedAlike, Table, View, as_interval
from labeling.rendering.formatting import whole

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, repr=False)
class PartModelChange(DisplayedAlike):
    """The label model fitted to the votes of two sets, without the dev set; on first use.

    Attributes:
        moment: what the workbench held.
        table: the parts that any function of the two sets speaks of.
        before: the functions before.
        after: the functions after.
    """

    moment: PartMoment
    table: PartTable
    before: FunctionSet
    after: FunctionSet

    @functools.cached_property
    def codes_before(self) -> Codes:
        """The label model's answers before, "(none)" where it chose nothing: shape (n_parts,)."""
        return self._codes(self.before)

    @functools.cached_property
    def codes_after(self) -> Codes:
        """The same after."""
        return self._codes(self.after)

    @property
    def gained(self) -> int:
        """The number of parts that the label model gives only after."""
        return int((~self._had & self._has).sum())

    @property
    def lost(self) -> int:
        """The number of parts that the label model gave only before."""
        return int((self._had & ~self._has).sum())

    @property
    def flips(self) -> int:
        """The number of parts that have another label than before."""
        differ = self.codes_before != self.codes_after
        return int((self._had & self._has & differ).sum())

    @property
    def _had(self) -> Bools:
        return self.table.has_label(self.codes_before)

    @property
    def _has(self) -> Bools:
        return self.table.has_label(self.codes_after)

    @functools.cached_property
    def scores_before(self) -> Scores:
        """Precision, recall and F1 before on the dev set, by name; empty without a dev set."""
        return self._scores(self.before)

    @functools.cached_property
    def scores_after(self) -> Scores:
        """The same after."""
        return self._scores(self.after)

    def rows(self) -> PartRows:
        """Return the parts that the label model gains or loses, or gives another label."""
        differ = np.flatnonzero(self.codes_before != self.codes_after)
        at = in_order(self.moment, self.table, differ)
        columns = (
            VoteColumn("before", "before", self.codes_before),
            VoteColumn("after", "after", self.codes_after),
        )
        title = f"The label model's answer changes for {n_parts(self.table, len(at))}"
        return PartRows(
            title,
            (),
            self.moment,
            self.table,
            at,
            columns,
            decided=self.codes_after,
            with_model=False,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the parts of `rows`, the samples' ids as index, with `before` and `after`."""
        return self.rows().to_frame()

    def to_row(self) -> dict[str, object]:
        """Return the counts and F1 by the names that columns of tables have."""
        row: dict[str, object] = {
            "model_gained": self.gained,
            "model_lost": self.lost,
            "model_flipped": self.flips,
        }
        if self.moment.n_gold:
            before, after = self.scores_before["F1"], self.scores_after["F1"]
            row |= {"model_f1_before": before.value, "model_n_before": before.n}
            row |= {"model_f1": after.value, "model_f1_low": after.low}
            row |= {"model_f1_high": after.high, "model_n": after.n}
        return row

    def _codes(self, functions: FunctionSet) -> Codes:
        soft = self.moment.soft(functions)
        if soft is None:
            return np.full(len(self.table), self.table.none, dtype=np.intp)
        return self.table.model(soft)[0]

    def _scores(self, functions: FunctionSet) -> Scores:
        return model_scores(self.moment, self.moment.soft(functions)) if self.moment.n_gold else {}

    def _view(self) -> View:
        rows = self.rows()
        return View(rows.title, (*parts_of_change(self), *tables_of_parts(rows, SHOWN)))


def parts_of_change(change: PartModelChange) -> tuple[str | Table, ...]:
    """Return what is shown of a change: counts, new warnings of the model, scores."""
    table = change.table
    sentence = (
        f"Label model: {n_parts(table, change.gained)} gained, {whole(change.lost)} lost,"
        f" {whole(change.flips)} with another label than before."
    )
    known = change.moment.model_warnings(change.before)
    new = [text for text in change.moment.model_warnings(change.after) if text not in known]
    if not change.moment.n_gold:
        return (sentence, *new)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (name, *(as_interval(score) for score in scores.values()))
        for name, scores in (("before", change.scores_before), ("after", change.scores_after))
    )
    n = counted(change.moment.n_gold, "sample")
    caption = f"On {n} of the dev set"
    return sentence, *new, Table(("label model", *change.scores_after), rows, caption)
