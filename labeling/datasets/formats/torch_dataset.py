"""Training sets for PyTorch: a map-style dataset that also works in spawned workers."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch.utils.data import Dataset

from labeling.datasets.formats.learning_rows import (
    check_labels,
    feature_columns,
    learning_rows,
    rows_at,
)
from labeling.datasets.values import plain_column
from labeling.records import free_name

if TYPE_CHECKING:
    from labeling.datasets.kinds import SetTrainingSet, SpanTrainingSet
    from labeling.datasets.training_set import TrainingSet


class TorchDataset(Dataset[dict[str, Any]]):
    """Samples with labels and weights, each a dict; see `TrainingSet.to_torch`.

    Attributes:
        names: the key of the id, of the label (or probabilities) and of the weight in each item;
            they are `id`, `label` (`probabilities`) and `weight` unless a column has that name.
        classes: the labels; a hard label is an index into them.
        ids: the ids: texts and whole numbers as they are, others as text.
        labels: int64 of shape (n,), or float32 of shape (n, number of labels): probabilities, or
            1 and 0 where a sample may have several; of spans a list of tensors.
        weights: float32, shape (n,).
    """

    def __init__(
        self,
        columns: dict[str, Sequence[Any]],
        ids: Sequence[str | int],
        labels: npt.NDArray[Any],
        weights: npt.NDArray[np.float64],
        names: dict[str, str],
        classes: tuple[str, ...],
    ) -> None:
        self.columns = columns
        self.ids = ids
        is_soft = labels.ndim == 2
        self.labels: Any = torch.from_numpy(labels.astype(np.float32 if is_soft else np.int64))
        self.weights = torch.from_numpy(weights.astype(np.float32))
        self.names = names
        self.classes = classes

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, position: int) -> dict[str, Any]:
        item = {name: values[position] for name, values in self.columns.items()}
        item[self.names["id"]] = self.ids[position]
        item[self.names["label"]] = self.labels[position]
        item[self.names["weight"]] = self.weights[position]
        return item

    def __repr__(self) -> str:
        return f"TorchDataset({len(self)} samples, columns {', '.join(self.columns) or 'none'})"


def torch_dataset(
    train: TrainingSet,
    columns: str | list[str] | None,
    labels: str,
    split: str | None,
) -> TorchDataset:
    """Return the dataset of a training set; see `TrainingSet.to_torch`."""
    check_labels(labels)
    rows = learning_rows(train, split)
    targets = train.codes[rows] if labels == "hard" else train.probabilities[rows]
    return _dataset(train, columns, rows, "label" if labels == "hard" else "probabilities", targets)


def torch_sets(
    train: SetTrainingSet, columns: str | list[str] | None, labels: str, split: str | None
) -> TorchDataset:
    """Return the dataset of samples with several labels; see `SetTrainingSet.to_torch`."""
    check_labels(labels)
    rows = learning_rows(train, split)
    targets = train.indicators[rows] if labels == "hard" else train.probabilities[rows]
    return _dataset(train, columns, rows, "label" if labels == "hard" else "probabilities", targets)


def torch_spans(
    train: SpanTrainingSet, columns: str | list[str] | None, labels: str, split: str | None
) -> TorchDataset:
    """Return the dataset of samples with spans; see `SpanTrainingSet.to_torch`."""
    check_labels(labels)
    rows = learning_rows(train, split)
    part = train.take(rows)
    code_of = {label: code for code, label in enumerate(train.schema)}
    spans = [
        torch.tensor([(start, end, code_of[name]) for start, end, name in label]).reshape(-1, 3)
        for label in part.added_column("label")
    ]
    no_codes = np.full(len(rows), -1)
    dataset = _dataset(train, columns, rows, "label", no_codes)
    dataset.labels = [each.to(torch.int64) for each in spans]
    if labels == "soft":
        p = [torch.from_numpy(row.astype(np.float32)) for row in part.added_column("probabilities")]
        dataset.columns[train.own_columns["probabilities"]] = p
    return dataset


def _dataset(
    train: TrainingSet,
    columns: str | list[str] | None,
    rows: npt.NDArray[np.intp],
    name: str,
    targets: npt.NDArray[Any],
) -> TorchDataset:
    """Return a dataset of some rows with labels, which have the name of an added column."""
    wanted = feature_columns(train, columns)
    samples = rows_at(train.samples[wanted], rows)
    own = train.own_columns
    keys = {
        "id": free_name("id", list(map(str, wanted))),
        "label": own[name],
        "weight": own["weight"],
    }
    return TorchDataset(
        {str(column): _values(samples[column], samples.index) for column in wanted},
        _plain_ids(samples.index),
        targets,
        train.added_column("weight").to_numpy(dtype=np.float64)[rows],
        keys,
        train.schema.labels,
    )


def _values(column: pd.Series, ids: pd.Index) -> list[Any]:
    """Return plain values of a column; missing numbers are NaN, so that batches can be made."""
    values = plain_column(column, ids)
    is_numeric = pd.api.types.is_numeric_dtype(column.dtype)
    if is_numeric and not pd.api.types.is_bool_dtype(column.dtype) and None in values:
        return [math.nan if value is None else float(value) for value in values]
    return values


def _plain_ids(ids: pd.Index) -> list[str | int]:
    """Return ids as texts and whole numbers, which PyTorch makes batches of."""
    values: list[Hashable] = ids.tolist()
    if all(type(value) in (str, int) for value in itertools.islice(values, len(values))):
        return values  # type: ignore[return-value]  # checked above
    column = plain_column(pd.Series(values, dtype=object, name="id"), ids)
    return [value if isinstance(value, (str, int)) else str(value) for value in column]
