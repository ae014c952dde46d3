"""Training sets for scikit-learn: features, labels and sample weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from labeling.datasets.formats.learning_rows import (
    check_labels,
    feature_columns,
    learning_rows,
    rows_at,
)

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

Arrays = tuple[Any, npt.NDArray[np.object_], npt.NDArray[np.float64]]


def sklearn_arrays(
    train: TrainingSet,
    columns: str | list[str] | None,
    labels: str,
    split: str | None,
) -> Arrays:
    """Return `X, y, sample_weight`; see `TrainingSet.to_sklearn`."""
    check_labels(labels)
    rows = learning_rows(train, split)
    names = feature_columns(train, columns)
    features: Any = train.samples[columns if isinstance(columns, str) else names]
    weight = train.added_column("weight").to_numpy(dtype=np.float64)
    label_names = np.array(train.schema.labels, dtype=object)
    if labels == "hard":
        return rows_at(features, rows), label_names[train.codes[rows]], weight[rows]
    probabilities = train.probabilities[rows]
    of_row, code = np.nonzero(probabilities > 0)
    repeated = rows[of_row]
    weights = probabilities[of_row, code] * weight[repeated]
    return features.iloc[repeated], label_names[code], weights
