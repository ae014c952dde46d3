"""Writes votes and soft labels as Parquet files, and reads them back without loss."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from labeling.errors import StoreError
from labeling.records import LabelSchema, SoftLabels, Votes

SAMPLE = "sample"


def write_votes(votes: Votes, path: Path) -> None:
    """Write votes: a column of ids, then one of codes for each voter, numbered in order."""
    metadata = {"voters": list(votes.voters), **_about_labels(votes.schema)}
    _write(votes.sample_ids, [*votes.to_array().T], metadata, path)


def read_votes(path: Path, schema: LabelSchema) -> Votes:
    """Return the votes of a file of `write_votes`."""
    ids, columns, metadata = _read(path, schema)
    array = np.empty((len(ids), len(columns)), dtype=schema.code_type, order="F")
    for index, column in enumerate(columns):
        array[:, index] = column
    return Votes(array, ids, tuple(metadata["voters"]), schema)


def write_soft(soft: SoftLabels, path: Path) -> None:
    """Write soft labels: a column of ids, one for each label, and whether a row is covered."""
    metadata = _about_labels(soft.schema)
    _write(soft.sample_ids, [*soft.to_array().T, soft.covered], metadata, path)


def read_soft(path: Path, schema: LabelSchema) -> SoftLabels:
    """Return the soft labels of a file of `write_soft`."""
    ids, columns, _ = _read(path, schema)
    return SoftLabels(np.column_stack(columns[:-1]), ids, schema, columns[-1])


def _about_labels(schema: LabelSchema) -> dict[str, Any]:
    return {"labels": list(schema.labels), "ordered": schema.ordered}


def _write(
    ids: pd.Index, columns: list[npt.NDArray[Any]], metadata: dict[str, Any], path: Path
) -> None:
    arrays = [pa.Array.from_pandas(pd.Series(ids)), *map(pa.array, columns)]
    names = [SAMPLE, *(f"column_{index}" for index in range(len(columns)))]
    text = json.dumps({**metadata, "id": ids.name})
    table = pa.table(arrays, names).replace_schema_metadata({"labeling": text})
    pq.write_table(table, path, compression="zstd")


def _read(
    path: Path, schema: LabelSchema
) -> tuple[pd.Index, list[npt.NDArray[Any]], dict[str, Any]]:
    table = pq.read_table(path)
    metadata = json.loads(table.schema.metadata[b"labeling"])
    if metadata["labels"] != list(schema.labels):
        raise StoreError(
            f"{path.name!r} must be about the labels {schema.labels}. Got {metadata['labels']}."
        )
    ids = pd.Index(table[SAMPLE].to_pandas(), name=metadata["id"])
    return ids, [column.to_numpy() for column in table.columns[1:]], metadata
