"""The manifest of a training set: counts, columns, fingerprint, and what it was made of."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from labeling.datasets.fingerprint import table_fingerprint
from labeling.datasets.values import plain, plain_column, short, single_line, without_non_finite
from labeling.errors import DataError, LabelingError, listed, near

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

FORMATS = (3, 4)
"""The numbers of the formats that can be read: of one label per sample, and of lists of labels."""

Manifest = dict[str, Any]


def manifest_of(train: TrainingSet) -> Manifest:
    """Return the manifest, without time and path, so that equal training sets have equal ones."""
    from labeling.datasets.arrow import columns_in_json
    from labeling.datasets.canonical import kind_entry

    own = {name: train.own_columns[name] for name in train.columns}
    reasons = Counter(train.dropped["reason"].tolist())
    labels = train.form.counts(train.columns["label"])
    return {
        "format": train.form.file_format,
        **kind_entry(train.schema),
        "fingerprint": _fingerprint(train),
        "samples": len(train),
        "labels": {label: labels.get(label, 0) for label in train.schema},
        **train.form.more_counts(train.columns["label"]),
        **({"ordered_labels": True} if train.schema.ordered else {}),
        "sources": _counts(train, "source"),
        **({"splits": _counts(train, "split")} if "split" in train.columns else {}),
        "undecided": dict(zip(("left_out", "kept"), train.n_undecided, strict=True)),
        "left_out": {str(reason): reasons[reason] for reason in sorted(reasons)},
        "null_in_json": nulls_in_json(train.samples),
        "voters": list(train.voters),
        "columns": [*map(str, train.samples.columns), *own.values()],
        "json_in_parquet": list(columns_in_json(train.samples, train.sample_ids)),
        "own_columns": {name: new for name, new in own.items() if name != new},
        "origin": dict(train.origin),
        "packages": {
            name: importlib.metadata.version(name)
            for name in ("labeling", "numpy", "pandas", "pyarrow", "scikit-learn")
        },
    }


def plain_origin(origin: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a training set was made of as plain JSON values, as its manifest holds it.

    Raises:
        DataError: a value has no form in JSON.

    >>> plain_origin({"share": np.float32(0.5), "columns": ("text",)})
    {'share': 0.5, 'columns': ['text']}
    """
    try:
        plain_values: dict[str, Any] = without_non_finite(plain(origin))[0]
    except (TypeError, ValueError, RecursionError) as error:
        raise DataError(
            "The origin of a training set must hold texts, numbers, and lists and dicts of these."
            f" Got {short(origin)}: {single_line(error)}."
        ) from error
    return plain_values


COUNTED = {"labels": "label", "sources": "source", "splits": "split"}
"""Counts of the manifest, and the columns that they count."""


def rows_behind(train: TrainingSet, count: str, name: str) -> pd.Index:
    """Return the ids of the samples behind a count; see `TrainingSet.rows_behind`."""
    if count == "left_out":
        values = train.dropped["reason"].astype(str)
        ids = train.dropped.index
    elif count == "labels" and name in train.schema.labels:
        return train.sample_ids[train.form.has_label(train.columns["label"], name)]
    elif COUNTED.get(count) in train.columns:
        values = train.added_column(COUNTED[count])
        ids = train.sample_ids
    else:
        known = [key for key, column in COUNTED.items() if column in train.columns]
        raise LabelingError(
            f"The count must be one of {listed([*known, 'left_out'])}. Got {count!r}."
            f"{near(count, [*COUNTED, 'left_out'])}"
        )
    found = (values == name).to_numpy(dtype=bool, na_value=False)
    if not found.any() and name not in train.schema.labels:
        known_names = sorted({str(value) for value in values.dropna()})
        raise LabelingError(
            f"Nothing of {count!r} is called {name!r}; there are"
            f" {listed(known_names, 20) or 'none'}.{near(name, known_names)}"
        )
    return ids[found]


def _counts(train: TrainingSet, name: str) -> dict[str, int]:
    counts = pc.value_counts(train.columns[name].drop_null()).to_pylist()
    return dict(sorted((str(count["values"]), int(count["counts"])) for count in counts))


def _fingerprint(train: TrainingSet) -> str:
    """Return the SHA-256 of the rows; of their JSON where Parquet has no form for them."""
    from labeling.datasets.canonical import rows_table
    from labeling.datasets.json_rows import json_rows

    try:
        return table_fingerprint(rows_table(train))
    except DataError:
        digest = hashlib.sha256()
        for row in json_rows(train):
            digest.update(json.dumps(row).encode("utf-8"))
        return digest.hexdigest()


def nulls_in_json(samples: pd.DataFrame) -> dict[str, int]:
    """Return how many numbers of each column JSON does not have; columns without are left out.

    Raises:
        DataError: a value has no form in any file.

    >>> nulls_in_json(pd.DataFrame({"size": [float("inf"), 1.0], "n": [1, 2]}))
    {'size': 1}
    """
    counts = {str(name): _count_nulls(column) for name, column in samples.items()}
    return {name: count for name, count in sorted(counts.items()) if count}


def _count_nulls(column: pd.Series) -> int:
    kind = column.dtype
    if isinstance(kind, pd.StringDtype) or kind.kind in "biuMm":
        return 0
    if isinstance(kind, np.dtype) and kind.kind == "f":
        return int(np.isinf(column.to_numpy()).sum())
    return sum(without_non_finite(value)[1] for value in plain_column(column, column.index))
