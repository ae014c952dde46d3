"""`SoftSets`: the probability of each label of each sample, where a sample may have several."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted, listed, near
from labeling.records.decisions import TIE, f1_decisions
from labeling.records.samples import checked_ids, id_index, positions
from labeling.records.schema import LabelSchema
from labeling.records.set_constraints import NO_CONSTRAINTS, SetConstraints
from labeling.records.span_marks import Bools
from labeling.records.validation import is_number
from labeling.rendering import Displayed, View

Thresholds = Mapping[str, float]
"""The probability of each label from which a sample has it."""


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
        constraints: the declared constraints, which decisions by other thresholds keep as well.

    >>> soft = SoftSets(
    ...     [[0.9, 0.4], [0.1, 0.05]],
    ...     pd.Index(["a", "b"]),
    ...     LabelSchema(["joy", "anger"], kind="several"),
    ...     covered=[[True, True], [True, True]],
    ...     chosen=[[True, False], [False, False]],
    ... )
    >>> [sorted(labels) for labels in soft.to_labels()]
    [['joy'], []]
    >>> [sorted(labels) for labels in soft.to_labels({"anger": 0.3})]
    [['anger', 'joy'], []]
    """

    array: npt.NDArray[np.float64]
    sample_ids: pd.Index
    schema: LabelSchema
    covered: Bools
    chosen: Bools
    constraints: SetConstraints = NO_CONSTRAINTS

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

    def decisions(self, optimize: str | Thresholds = "accuracy") -> Bools:
        """Return whether each sample has each label; the arguments are those of `to_labels`."""
        if isinstance(optimize, str) and optimize == "accuracy":
            return self.chosen
        if isinstance(optimize, Mapping):
            chosen = self._above(optimize)
        elif isinstance(optimize, str) and optimize == "f1":
            chosen = np.zeros(self.array.shape, dtype=bool)
            for column in range(len(self.schema)):
                rows = np.flatnonzero(self.covered[:, column])
                chosen[rows, column] = f1_decisions(self.array[rows, column])
        else:
            raise LabelingError(
                "`optimize` must be 'accuracy', 'f1', or thresholds by label. Got"
                f" {optimize!r}.{near(optimize, ['accuracy', 'f1'])}"
            )
        return self.constraints.repaired(chosen, self.array, self.schema)[0]

    def to_labels(self, optimize: str | Thresholds = "accuracy") -> pd.Series:
        """Return each sample's labels as a set; `None` where nothing was said of any label.

        Args:
            optimize: "accuracy": the decisions of the model, `chosen`. "f1": for each label the
                threshold with the highest expected F1 over the samples of which anything was said
                of it; for probabilities that are calibrated, as those of an end model. Or
                thresholds from 0 to 1 by label: a sample has the label where anything was said of
                it and its probability is as high or higher; labels without a threshold keep the
                decisions of the model. Declared constraints hold in any case.

        Raises:
            LabelingError: another text, or a threshold that is no number from 0 to 1.
            UnknownLabelError: a threshold of a label that is not in the schema.
        """
        chosen = self.decisions(optimize)
        names = self.schema.labels
        is_covered = np.asarray(self.covered.any(axis=1))
        values = np.empty(len(self), dtype=object)
        values[:] = [
            frozenset(names[code] for code in np.flatnonzero(chosen[row]))
            if is_covered[row]
            else None
            for row in range(len(self))
        ]
        return pd.Series(values, index=self.sample_ids, dtype=object, name="label")

    def _above(self, thresholds: Thresholds) -> Bools:
        chosen = self.chosen.copy()
        for label, threshold in thresholds.items():
            if not is_number(threshold) or not 0 <= threshold <= 1:
                raise LabelingError(
                    f"A threshold must be a number from 0 to 1. Got {threshold!r} for {label!r}."
                )
            column = self.schema.index(label)
            is_high = self.array[:, column] >= threshold - TIE
            chosen[:, column] = self.covered[:, column] & is_high
        return chosen

    def of_samples(self, ids: Sequence[Hashable] | pd.Index) -> SoftSets:
        """Return the rows of these samples, in this order; an unknown id is a DataError."""
        rows = positions(self.sample_ids, id_index(ids), "the samples asked for", "the soft sets")
        return SoftSets(
            self.array[rows],
            self.sample_ids[rows],
            self.schema,
            self.covered[rows],
            self.chosen[rows],
            self.constraints,
        )
