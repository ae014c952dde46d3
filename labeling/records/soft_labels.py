"""Soft labels: a probability for every label of every sample."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError
from labeling.records.samples import checked_ids, positions
from labeling.records.schema import ABSTAIN, LabelSchema

TIE = 1e-9  # two probabilities nearer than this are equal: no order of summing may decide


@dataclass(frozen=True, slots=True, eq=False)
class SoftLabels:
    """Probabilities of shape (n_samples, n_labels); each row sums to 1.

    Attributes:
        array: float64, read-only. A row that no voter covered holds equal probabilities.
        sample_ids: unique ids in the order of the rows.
        schema: the labels, in the order of the columns.
        covered: bool array of shape (n_samples,): whether anything but ignorance is behind a row.

    >>> soft = SoftLabels(
    ...     [[0.9, 0.1], [0.5, 0.5]],
    ...     pd.Index(["a", "b"]),
    ...     LabelSchema(["ham", "spam"]),
    ...     [True, False],
    ... )
    >>> soft.to_labels().tolist()
    ['ham', None]
    """

    array: npt.NDArray[np.float64]
    sample_ids: pd.Index
    schema: LabelSchema
    covered: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        array = np.array(self.array, dtype=np.float64)
        covered = np.array(self.covered, dtype=bool)
        ids = checked_ids(self.sample_ids)
        if array.shape != (len(ids), len(self.schema)) or covered.shape != (len(ids),):
            raise LabelingError(
                f"Soft labels must be of shape ({len(ids)}, {len(self.schema)}), with a `covered`"
                f" of {len(ids)}. Got {array.shape} and {covered.shape}."
            )
        off = ~(np.isfinite(array).all(axis=1) & (array >= 0).all(axis=1))
        off |= ~(np.abs(array.sum(axis=1) - 1) < 1e-6)
        if off.any():
            row = int(np.flatnonzero(off)[0])
            raise LabelingError(
                f"Each row of soft labels must be probabilities that sum to 1. {int(off.sum())} rows"
                f" are not; the first is sample {ids[row]!r}: {array[row].tolist()}."
            )
        array.flags.writeable = covered.flags.writeable = False
        for name, value in (("array", array), ("sample_ids", ids), ("covered", covered)):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return (
            f"SoftLabels({len(self.sample_ids)} samples, {int(self.covered.sum())} covered,"
            f" labels {', '.join(map(repr, self.schema))})"
        )

    def to_array(self) -> npt.NDArray[np.float64]:
        """Return the probabilities as a read-only array of shape (n_samples, n_labels)."""
        return self.array

    def to_frame(self) -> pd.DataFrame:
        """Return the probabilities, one column a label, with the samples' ids as index."""
        return pd.DataFrame(self.array, index=self.sample_ids, columns=list(self.schema))

    def winners(self) -> npt.NDArray[np.bool_]:
        """Return which labels have the highest probability of a row, one or several when tied."""
        best: npt.NDArray[np.bool_] = self.array >= self.array.max(axis=1, keepdims=True) - TIE
        return best

    def codes(self) -> npt.NDArray[np.intp]:
        """Return the code of the most probable label; -1 for uncovered and for tied rows."""
        best = self.winners()
        sure = self.covered & (best.sum(axis=1) == 1)
        return np.where(sure, best.argmax(axis=1), ABSTAIN)

    def to_labels(self) -> pd.Series:
        """Return the most probable label of each sample; `None` for uncovered and for tied rows."""
        names = np.array([*self.schema.labels, None], dtype=object)
        return pd.Series(names[self.codes()], index=self.sample_ids, dtype=object, name="label")

    def confidence(self) -> npt.NDArray[np.float64]:
        """Return the highest probability of each row: shape (n_samples,), 1/n_labels to 1."""
        top: npt.NDArray[np.float64] = self.array.max(axis=1)
        return top

    def of_samples(self, ids: Sequence[Hashable] | pd.Index) -> SoftLabels:
        """Return the rows of these samples, in this order; an unknown id is a DataError."""
        rows = positions(self.sample_ids, pd.Index(ids), "the samples asked for", "the soft labels")
        return SoftLabels(self.array[rows], self.sample_ids[rows], self.schema, self.covered[rows])
