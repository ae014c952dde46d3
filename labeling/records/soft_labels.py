"""`SoftLabels`: a probability for every label of every sample."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, listed, near, noun
from labeling.records.decisions import (
    Costs,
    best_codes,
    cost_codes,
    f1_codes,
    median_codes,
    winners,
)
from labeling.records.samples import checked_ids, id_index, positions
from labeling.records.schema import ABSTAIN, LabelSchema
from labeling.rendering import Displayed, View


@dataclass(frozen=True, slots=True, eq=False)
class SoftLabels(Displayed):
    """Probabilities of shape (n_samples, n_labels); each row sums to 1.

    Attributes:
        array: float64, read-only. An uncovered row holds equal probabilities.
        sample_ids: unique ids in the order of the rows.
        schema: the labels, in the order of the columns.
        covered: bool array of shape (n_samples,): whether a row is based on any evidence.

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
        sums = array @ np.ones(array.shape[1])  # faster than `sum` over few columns
        if not (np.abs(sums - 1).max(initial=0.0) < 1e-6 and array.min(initial=0.0) >= 0):
            raise _not_probabilities(array, ids)
        array.flags.writeable = covered.flags.writeable = False
        for name, value in (("array", array), ("sample_ids", ids), ("covered", covered)):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return (
            f"SoftLabels({len(self.sample_ids)} {noun(len(self.sample_ids), 'sample')},"
            f" {int(self.covered.sum())} covered,"
            f" labels {listed(self.schema.labels)})"
        )

    def _view(self) -> View:
        from labeling.records.vote_views import soft_labels_view

        return soft_labels_view(self)

    def __len__(self) -> int:
        return len(self.sample_ids)

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.array(self.array, dtype=dtype, copy=copy)

    def to_array(self) -> npt.NDArray[np.float64]:
        """Return the probabilities as a read-only array of shape (n_samples, n_labels)."""
        return self.array

    def to_frame(self) -> pd.DataFrame:
        """Return the probabilities, one column per label, with the sample ids as index."""
        return pd.DataFrame(self.array, index=self.sample_ids, columns=list(self.schema))

    def winners(self) -> npt.NDArray[np.bool_]:
        """Return which labels have the highest probability of a row; several when tied."""
        return winners(self.array)

    def codes(
        self, optimize: str | Costs = "accuracy", *, positive: str | int | None = None
    ) -> npt.NDArray[np.intp]:
        """Return the code of the decided label; -1 for uncovered and for tied rows.

        The arguments are those of `to_labels`.
        """
        codes = np.full(len(self.sample_ids), ABSTAIN, dtype=np.intp)
        rows = self.array[self.covered]
        if not isinstance(optimize, str):
            codes[self.covered] = cost_codes(rows, optimize, self.schema)
        elif optimize == "f1":
            codes[self.covered] = f1_codes(rows, positive, self.schema)
        elif optimize == "accuracy":
            codes[self.covered] = best_codes(rows)
        elif optimize == "median":
            codes[self.covered] = median_codes(rows, self.schema)
        else:
            raise LabelingError(
                "`optimize` must be 'accuracy', 'f1', 'median', or a table of costs. Got"
                f" {optimize!r}.{near(optimize, ['accuracy', 'f1', 'median'])}"
            )
        return codes

    def to_labels(
        self, optimize: str | Costs = "accuracy", *, positive: str | int | None = None
    ) -> pd.Series:
        """Return the decided label of each sample; `None` for uncovered and for tied rows.

        The most probable label minimizes the error rate. It is not optimal for F1, where a rare
        label may be predicted below probability 0.5, nor where errors have different costs.

        Args:
            optimize: "accuracy": the most probable label. "f1": maximize expected F1, for two
                labels, over all covered samples together. "median": of ordered labels the one in
                the middle of the probabilities, which minimizes the expected number of steps from
                the true label. Or costs[true][decided] as a mapping by label or a table in schema
                order: minimize expected cost.
            positive: the positive class of F1, by name or code; `None` = the last of the schema.

        Raises:
            LabelingError: another text, "f1" with more than two labels, "median" of labels that are
                not ordered, or an invalid cost table.

        >>> soft = SoftLabels(
        ...     [[0.6, 0.4], [0.95, 0.05]],
        ...     pd.Index([7, 8]),
        ...     LabelSchema(["ham", "spam"]),
        ...     [True, True],
        ... )
        >>> soft.to_labels().tolist(), soft.to_labels("f1").tolist()
        (['ham', 'ham'], ['spam', 'ham'])
        >>> soft.to_labels({"spam": {"ham": 30}, "ham": {"spam": 1}}).tolist()  # spam[decided ham]
        ['spam', 'spam']
        >>> stars = LabelSchema(["1", "2", "3"], ordered=True)
        >>> soft = SoftLabels([[0.4, 0.25, 0.35]], pd.Index([7]), stars, [True])
        >>> soft.to_labels().tolist(), soft.to_labels("median").tolist()
        (['1'], ['2'])
        """
        names = np.array([*self.schema.labels, None], dtype=object)
        codes = self.codes(optimize, positive=positive)
        return pd.Series(names[codes], index=self.sample_ids, dtype=object, name="label")

    def confidence(self) -> npt.NDArray[np.float64]:
        """Return the highest probability of each row: shape (n_samples,), 1/n_labels to 1."""
        top: npt.NDArray[np.float64] = self.array.max(axis=1)
        return top

    def of_samples(self, ids: Sequence[Hashable] | pd.Index) -> SoftLabels:
        """Return the rows of these samples, in this order; an unknown id is a DataError."""
        rows = positions(self.sample_ids, id_index(ids), "the samples asked for", "the soft labels")
        return SoftLabels(self.array[rows], self.sample_ids[rows], self.schema, self.covered[rows])


def _not_probabilities(array: npt.NDArray[np.float64], ids: pd.Index) -> LabelingError:
    is_valid = np.isfinite(array).all(axis=1) & (array >= 0).all(axis=1)
    wrong = np.flatnonzero(~(is_valid & (np.abs(array.sum(axis=1) - 1) < 1e-6)))
    return LabelingError(
        f"Each row of soft labels must be probabilities that sum to 1. {len(wrong)} rows are not;"
        f" the first is sample {ids.tolist()[wrong[0]]!r}: {array[wrong[0]].tolist()}."
    )
