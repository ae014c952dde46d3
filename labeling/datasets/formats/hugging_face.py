"""Training sets for Hugging Face: a `datasets.Dataset`, on the columns of Arrow without a copy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from labeling.datasets.canonical import rows_table
from labeling.datasets.features import described
from labeling.datasets.formats.learning_rows import split_of_rows
from labeling.errors import naming_extra

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, Features

    from labeling.datasets.training_set import TrainingSet

SPLIT_NAMES = {"train": "train", "dev": "validation", "test": "test"}
"""The names of splits in that library, which its trainers and its hub look for."""

NO_SPLIT = "unassigned"


def hugging_face_dataset(train: TrainingSet) -> Dataset | DatasetDict:
    """Return a training set as a dataset, or one for each split; see `TrainingSet.to_hf`."""
    with naming_extra():
        import datasets  # noqa: F401 - that it is there
    typed = _with_typed_labels(train, rows_table(train))
    return dataset_of_splits(train, typed, lambda table: _features(train, table))


def described_dataset(
    train: TrainingSet, table: pa.Table, more: dict[str, Any] | None = None
) -> Dataset | DatasetDict:
    """Return a table of a training set's rows as a dataset, or one for each split.

    Args:
        train: the training set.
        table: its rows, with labels as `LabelForm.hub_labels` returns them.
        more: the features of further columns, by name.
    """
    with naming_extra():
        from datasets import Features

    def features(part: pa.Table) -> Features:
        return Features.from_arrow_schema(described(part, train, more).schema)

    return dataset_of_splits(train, table.replace_schema_metadata(None), features)


def dataset_of_splits(
    train: TrainingSet, typed: pa.Table, features_of: Callable[[pa.Table], Features]
) -> Dataset | DatasetDict:
    """Return a table as a dataset, or one for each split."""
    from datasets import DatasetDict

    splits = split_of_rows(train)
    if splits is None:
        return _dataset(typed, features_of(typed), train.fingerprint)
    name = train.own_columns["split"]
    typed = typed.drop_columns([name])
    features = features_of(typed)
    parts = {}
    for split, rows in _rows_by_split(splits).items():
        part = typed.take(pa.array(rows)) if len(rows) < len(typed) else typed
        parts[split] = _dataset(part, features, train.fingerprint, split)
    return DatasetDict(parts)


def with_hub_labels(train: TrainingSet) -> pa.Table:
    """Return the rows with labels as readers of the hub expect them."""
    table = rows_table(train)
    name = train.own_columns["label"]
    labels = train.form.hub_labels(train.columns["label"], train.schema)
    return table.set_column(table.column_names.index(name), name, labels)


def _dataset(table: pa.Table, features: Features, fingerprint: str, split: str = "") -> Dataset:
    """Return a dataset; what is computed from it is cached under the training set's fingerprint."""
    from datasets import Dataset, DatasetInfo, NamedSplit
    from datasets.table import InMemoryTable

    return Dataset(
        InMemoryTable(table),
        DatasetInfo(features=features),
        NamedSplit(split) if split else None,
        fingerprint=f"{fingerprint[:16]}{split}",
    )


def _with_typed_labels(train: TrainingSet, table: pa.Table) -> pa.Table:
    """Return the table with labels as codes, and probabilities as lists of one length."""
    codes = pa.array(train.codes, pa.int64(), mask=train.codes < 0)
    flat = pa.array(np.ascontiguousarray(train.probabilities).ravel())
    columns = {
        "label": codes,
        "probabilities": pa.FixedSizeListArray.from_arrays(flat, len(train.schema)),
    }
    for name, column in columns.items():
        own = train.own_columns[name]
        table = table.set_column(table.column_names.index(own), own, column)
    return table.replace_schema_metadata(None)


def _features(train: TrainingSet, table: pa.Table) -> Features:
    from datasets import ClassLabel, Features

    features = Features.from_arrow_schema(table.schema)
    features[train.own_columns["label"]] = ClassLabel(names=list(train.schema.labels))
    return features


def _rows_by_split(splits: pd.Series) -> dict[str, npt.NDArray[np.intp]]:
    """Return the rows of each split that has any, in the order train, validation, test."""
    parts = {new: splits == name for name, new in SPLIT_NAMES.items()}
    parts[NO_SPLIT] = splits.isna()
    rows = {name: np.flatnonzero(part.to_numpy(dtype=bool)) for name, part in parts.items()}
    return {name: positions for name, positions in rows.items() if len(positions)}
