"""`SoftSets`: the probability of each label of each sample, where a sample may have several."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted, listed
from labeling.records.samples import checked_ids, positions
from labeling.records.schema import LabelSchema
from labeling.records.span_marks import Bools
from labeling.rendering import Displayed, View


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SoftSets(Displayed):
    """Marginal probabilities of shape (n_samples, n_labels); rows need not sum to 1.

    Attributes:
        array: float64 from 0 to 1, read-only.
        sample_ids: unique ids in the order of the rows.
        schema: the labels, in the order of the columns.
        covered: bool array of shape (n_samples, n_labels): whether anything was said of the label.
        chosen: bool array of shape (n_samples, n_labels): whether the sample has the label by the
            model's decision.
    """

    array: npt.NDArray[np.float64]
    sample_ids: pd.Index
    schema: LabelSchema
    covered: Bools
    chosen: Bools

    def __post_init__(self) -> None:
        ids = checked_ids(self.sample_ids)
        columns: dict[str, npt.NDArray[Any]] = {
            "array": np.array(self.array, dtype=np.float64),
            "covered": np.array(self.covered, dtype=bool),
            "chosen": np.array(self.chosen, dtype=bool),
        }
        shape = (len(ids), len(self.schema))
        shapes = [column.shape for column in columns.values()]
        if shapes != [shape] * 3:
            raise LabelingError(
                f"Soft sets must have arrays of shape {shape}. Got {listed(shapes)}."
            )
        p = columns["array"]
        if p.size and not (p.min() >= 0 and p.max() <= 1):
            raise LabelingError(
                f"Probabilities of labels must be from 0 to 1. Got {p.min()} to {p.max()}."
            )
        object.__setattr__(self, "sample_ids", ids)
        for name, column in columns.items():
            column.flags.writeable = False
            object.__setattr__(self, name, column)

    def __repr__(self) -> str:
        return (
            f"SoftSets({counted(len(self.sample_ids), 'sample')},"
            f" {int(self.covered.any(axis=1).sum())} covered, labels {listed(self.schema.labels)})"
        )

    def _view(self) -> View:
        from labeling.records.set_views import soft_sets_view

        return soft_sets_view(self)

    def __len__(self) -> int:
        return len(self.sample_ids)

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.array(self.array, dtype=dtype, copy=copy)

    def to_frame(self) -> pd.DataFrame:
        """Return the marginals, one column per label, with the sample ids as index."""
        return pd.DataFrame(self.array, index=self.sample_ids, columns=list(self.schema))

    def to_labels(self) -> pd.Series:
        """Return each sample's labels as a set; `None` where nothing was said of any label."""
        names = self.schema.labels
        is_covered = np.asarray(self.covered.any(axis=1))
        values = np.empty(len(self), dtype=object)
        values[:] = [
            frozenset(names[code] for code in np.flatnonzero(self.chosen[row]))
            if is_covered[row]
            else None
            for row in range(len(self))
        ]
        return pd.Series(values, index=self.sample_ids, dtype=object, name="label")

    def of_samples(self, ids: Sequence[Hashable] | pd.Index) -> SoftSets:
        """Return the rows of these samples, in this order; an unknown id is a DataError."""
        rows = positions(self.sample_ids, pd.Index(ids), "the samples asked for", "the soft sets")
        return SoftSets(
            self.array[rows],
            self.sample_ids[rows],
            self.schema,
            self.covered[rows],
            self.chosen[rows],
        )
