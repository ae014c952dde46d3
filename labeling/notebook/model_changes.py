"""`ModelChange`: what another set of labeling functions changes in the label model's labels."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.errors import counted
from labeling.notebook.function_set import FunctionSet
from labeling.notebook.moment import Codes, Moment
from labeling.notebook.rows import SHOWN, SampleRows, VoteColumn, tables_of
from labeling.records.estimates import Estimate
from labeling.rendering import DisplayedAlike, Table, View, as_interval
from labeling.rendering.formatting import whole


@dataclass(frozen=True, eq=False, repr=False)
class ModelChange(DisplayedAlike):
    """The label model fitted to the votes of two sets, without the dev set; on first use.

    Attributes:
        moment: what the workbench held.
        before: the functions before.
        after: the functions after.

    A sample that is tied, or has no vote, has no label.
    """

    moment: Moment
    before: FunctionSet
    after: FunctionSet

    @functools.cached_property
    def codes_before(self) -> Codes:
        """The label model's label codes before, -1 = no label: shape (n_samples,)."""
        return self.moment.model_codes(self.before)

    @functools.cached_property
    def codes_after(self) -> Codes:
        """The same after."""
        return self.moment.model_codes(self.after)

    @property
    def gained(self) -> int:
        """The number of samples that have a label only after."""
        return int(((self.codes_before < 0) & (self.codes_after >= 0)).sum())

    @property
    def lost(self) -> int:
        """The number of samples that had a label only before."""
        return int(((self.codes_before >= 0) & (self.codes_after < 0)).sum())

    @property
    def flips(self) -> int:
        """The number of samples that have another label than before."""
        return int(self._is_flipped.sum())

    @property
    def _is_flipped(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        before, after = self.codes_before, self.codes_after
        flipped: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = (
            (before >= 0) & (after >= 0) & (before != after)
        )
        return flipped

    @property
    def accuracy_before(self) -> Estimate:
        """The accuracy before, on samples of the dev set that have a label."""
        return self.moment.accuracy(self.codes_before)

    @property
    def accuracy_after(self) -> Estimate:
        """The same after."""
        return self.moment.accuracy(self.codes_after)

    def rows(self) -> SampleRows:
        """Return the samples whose label changes, gained and lost ones included."""
        at = self.moment.ordered(np.flatnonzero(self.codes_before != self.codes_after))
        columns = (
            VoteColumn("before", "before", self.codes_before),
            VoteColumn("after", "after", self.codes_after),
        )
        title = f"The label model's label changes on {counted(len(at), 'sample')}"
        return SampleRows(title, (), self.moment, at, columns, with_model=False)

    def to_frame(self) -> pd.DataFrame:
        """Return the samples of `rows`, the ids as index: before, after, gold, others, text."""
        return self.rows().to_frame()

    def to_row(self) -> dict[str, object]:
        """Return the counts and accuracies by the names that columns of tables have."""
        before, after = self.accuracy_before, self.accuracy_after
        return {
            "model_gained": self.gained,
            "model_lost": self.lost,
            "model_flipped": self.flips,
            "model_accuracy_before": before.value,
            "model_n_before": before.n,
            "model_accuracy": after.value,
            "model_accuracy_low": after.low,
            "model_accuracy_high": after.high,
            "model_n": after.n,
        }

    def _view(self) -> View:
        rows = self.rows()
        return View(rows.title, (*parts_of(self), *tables_of(rows, SHOWN)))


def parts_of(change: ModelChange) -> tuple[str | Table, ...]:
    """Return what is shown of a change: counts, new warnings of the model, accuracies."""
    sentence = (
        f"Label model: {counted(change.flips, 'sample')} with another label than before,"
        f" {whole(change.gained)} with a label only now, {whole(change.lost)} without one only now."
    )
    known = change.moment.model_warnings(change.before)
    new = [one for one in change.moment.model_warnings(change.after) if one not in known]
    if not change.moment.n_gold:
        return (sentence, *new)
    rows = (
        ("before", as_interval(change.accuracy_before)),
        ("after", as_interval(change.accuracy_after)),
    )
    return sentence, *new, Table(("label model", "accuracy on the dev set"), rows)
