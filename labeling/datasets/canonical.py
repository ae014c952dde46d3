"""The canonical form of a training set: Parquet files and a manifest, always the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from labeling.datasets.values import single_line
from labeling.errors import DataError, LabelingError, listed, repeated
from labeling.records import (
    LabelKind,
    LabelSchema,
    atomic_write,
    free_name,
    free_names,
    text_column,
)

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

ROWS, LEFT_OUT, MANIFEST = "training_set.parquet", "left_out.parquet", "manifest.json"
METADATA = b"labeling"
"""Key of the metadata of a Parquet file that says which columns are ours."""
REASON = "reason"
LAST_IN_PARQUET = frozenset({"lf_votes", "annotators", "reviewer"})
"""Columns that are behind the others in Parquet, as in the files of all versions."""
PANDAS_TYPES = {"votes_for": "Int64", "votes_cast": "Int64"}
"""Types of pandas that its own metadata must name, since Arrow's do not imply them."""


def id_column(train: TrainingSet) -> str:
    """Return the name of the column of ids in files.

    If the samples have another column of the ids' name, that of the ids gets a prefix.
    """
    names = [str(name) for name in train.samples.columns]
    name = "sample_id" if train.sample_ids.name is None else str(train.sample_ids.name)
    if name in names:
        same = _is_equal(train.samples.iloc[:, names.index(name)], train.sample_ids)
        return name if same else free_name(name, [*names, *train.own_columns.values()])
    return name


def _is_equal(column: pd.Series, ids: pd.Index) -> bool:
    """Return whether a column holds the ids, of their type: 1 is not 1.0, nor True."""
    values, wanted = column.tolist(), ids.tolist()
    are_typed = column.dtype == ids.dtype and ids.dtype != object
    return (are_typed or list(map(type, values)) == list(map(type, wanted))) and values == wanted


def with_ids(frame: pd.DataFrame, train: TrainingSet) -> pd.DataFrame:
    """Return a frame of the training set's rows with texts as column names, and ids as a column.

    Raises:
        DataError: two columns have the same name as text.
    """
    ready: pd.DataFrame = frame.reset_index(drop=True)
    ready.columns = pd.Index([str(name) for name in ready.columns], dtype=object)
    doubled = repeated(ready.columns)
    if doubled:
        raise DataError(
            f"Columns must have different names as texts. Given twice: {listed(doubled)};"
            " rename one."
        )
    name = id_column(train)
    if name not in ready.columns:
        ready.insert(0, name, _checked(train.sample_ids))
    return ready


def _checked(ids: pd.Index) -> pd.Index:
    """Return ids after checking that they are single values, which a file can tell apart."""
    if ids.dtype == object:
        for sample_id in ids:
            if isinstance(sample_id, (tuple, frozenset)):
                raise DataError(
                    "Ids must be single values, such as texts, numbers or times, to be written."
                    f" Got {sample_id!r}: join its parts to a text."
                )
    return ids


def rows_table(train: TrainingSet) -> pa.Table:
    """Return the rows as an Arrow table: ids, the samples' columns, and ours.

    Raises:
        DataError: a value cannot be written, or the ids are of several types.
    """
    from labeling.datasets.arrow import columns_in_json, table_of

    if "table" in train._computed:
        computed: pa.Table = train._computed["table"]
        return computed
    samples = with_ids(train.samples, train)
    table = table_of(samples, train.sample_ids)
    for name in sorted(train.columns, key=LAST_IN_PARQUET.__contains__):
        table = table.append_column(train.own_columns[name], train.columns[name])
    about = {
        "id": id_column(train),
        "id_name": None if train.sample_ids.name is None else str(train.sample_ids.name),
        "id_is_column": len(samples.columns) == len(train.samples.columns),
        "labels": list(train.schema.labels),
        "ordered": train.schema.ordered,
        "voters": list(train.voters),
        "own_columns": {name: train.own_columns[name] for name in train.columns},
        "json": list(columns_in_json(train.samples, train.sample_ids)),
        **kind_entry(train.schema),
    }
    table = table.replace_schema_metadata(_metadata(table.schema, train, about))
    train._computed["table"] = table
    return table


def kind_entry(schema: LabelSchema) -> dict[str, str]:
    """Return the entry of metadata that says what a label is; none for one label per sample."""
    return {} if schema.kind == LabelKind.ONE else {"kind": schema.kind.value}


def _metadata(
    schema: pa.Schema, train: TrainingSet, about: Mapping[str, Any]
) -> dict[bytes, bytes]:
    of_pandas = json.loads((schema.metadata or {}).get(b"pandas", b'{"columns": []}'))
    for name, kind in PANDAS_TYPES.items():
        column = train.own_columns[name]
        of_pandas["columns"].append(
            {
                "name": column,
                "field_name": column,
                "pandas_type": kind.lower(),
                "numpy_type": kind,
                "metadata": None,
            }
        )
    return {b"pandas": json.dumps(of_pandas).encode(), METADATA: json.dumps(about).encode()}


def left_out_table(train: TrainingSet) -> pa.Table:
    """Return what was left out as an Arrow table: ids, reasons, and what is known of the rows.

    pandas reads the ids as its index.

    Raises:
        DataError: the ids are of several types.
    """
    from labeling.datasets.arrow import table_of

    name = id_column(train)
    ours = free_names([REASON, *train.dropped_columns], [name])
    ids = _checked(train.dropped.index)
    table_of(pd.DataFrame({name: ids}), ids)  # an index that cannot be written names no sample
    if isinstance(ids, pd.RangeIndex):  # Arrow would only note its bounds, and no column of ids
        ids = pd.Index(ids.to_numpy())
    reasons = {ours[REASON]: text_column(train.dropped[REASON].tolist(), ids)}
    frame = pd.DataFrame(reasons, ids).rename_axis(index=name)
    table = table_of(frame, ids, with_index=True)
    table = table.select([name, ours[REASON]])
    for column_name, column in train.dropped_columns.items():
        table = table.append_column(ours[column_name], column)
    return table


def write_folder(train: TrainingSet, folder: Path) -> dict[str, Any]:
    """Write the canonical form into a folder, and return its manifest."""
    files = {
        ROWS: write_table(rows_table(train), folder / ROWS),
        LEFT_OUT: write_table(left_out_table(train), folder / LEFT_OUT),
    }
    return write_manifest(train, folder, files)


def write_manifest(train: TrainingSet, folder: Path, files: Mapping[str, str]) -> dict[str, Any]:
    """Write `manifest.json`, which names the digests of the files, and return it."""
    manifest = {**train.manifest(), "files": dict(files)}
    with atomic_write(folder / MANIFEST) as unfinished:
        unfinished.write_text(manifest_text(manifest), "utf-8")
    return manifest


def write_parquet(train: TrainingSet, path: Path) -> None:
    """Write the rows as Parquet, and beside the file its manifest and what was left out."""
    beside = path.with_name(f"{path.name}.left_out")
    table, left_out = rows_table(train), left_out_table(train)
    manifest = train.manifest()
    sha256 = write_table(table, path)
    files = {path.name: sha256}
    if len(train.dropped):
        files[beside.name] = write_table(left_out, beside)
    else:
        beside.unlink(missing_ok=True)
    text = manifest_text({**manifest, "file": path.name, "sha256": sha256, "files": files})
    with atomic_write(f"{path}.manifest.json") as unfinished:
        unfinished.write_text(text, "utf-8")


def write_table(table: pa.Table, path: Path) -> str:
    """Write a table as Parquet, whole or not at all, and return the SHA-256 of the file."""
    import pyarrow.parquet as pq

    def write(file: Path) -> None:
        pq.write_table(table, file, compression="zstd")

    return written(path, write)


def written(path: Path, write: Callable[[Path], object]) -> str:
    """Write a file, whole or not at all, and return its SHA-256.

    Raises:
        DataError: it cannot be written.
    """
    with atomic_write(path) as file:
        try:
            write(file)
        except LabelingError:
            raise
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise DataError(
                f"The training set cannot be written as {path.name!r}: {single_line(error)}."
                " Columns must hold values of one type, and texts whole Unicode characters."
            ) from error
        return sha256_of(file)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """Return the text of a manifest file."""
    return json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
