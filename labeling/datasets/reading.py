"""Reading of training sets that were written as Parquet, with their digests checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from labeling.datasets.canonical import LEFT_OUT, MANIFEST, METADATA, REASON, ROWS, sha256_of
from labeling.datasets.columns import CONTENT, OPTIONAL_COLUMNS, OWN_TYPES, as_own_column
from labeling.datasets.manifest import FORMATS
from labeling.datasets.values import single_line
from labeling.errors import DataError
from labeling.records import LabelKind, LabelSchema, checked_ids, free_names

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

FAULTS = (pa.ArrowException, KeyError, TypeError, ValueError, OSError, RecursionError)


def read_training_set(path: Path, kind: type[TrainingSet]) -> TrainingSet:
    """Read a training set of a class; see `TrainingSet.read`."""
    if path.is_dir():
        files, manifest_path = {ROWS: path / ROWS, LEFT_OUT: path / LEFT_OUT}, path / MANIFEST
    else:
        beside = path.with_name(f"{path.name}.left_out")
        files = {path.name: path, beside.name: beside}
        manifest_path = path.with_name(f"{path.name}.manifest.json")
    rows, left_out = files.values()
    if not rows.is_file():
        raise DataError(
            f"There is no training set at {str(path)!r}: {rows.name!r} is not there. Name a folder"
            " that `write`, `to_folder` or `labeling export` wrote, or a file of `to_parquet`."
        )
    manifest = _manifest_at(manifest_path)
    _check_format(manifest, manifest_path)
    digests = manifest.get("files")
    digests = digests if isinstance(digests, dict) else {}
    _check_digests(files, digests, manifest_path)
    left_out_file = left_out if left_out.name in digests else None
    return _restored(rows, left_out_file, manifest, kind)


def read_checked_folder(
    folder: Path, manifest: Mapping[str, Any], kind: type[TrainingSet]
) -> TrainingSet:
    """Read a folder of the canonical form whose files were checked against its manifest."""
    _check_format(manifest, folder / MANIFEST)
    left_out = folder / LEFT_OUT if LEFT_OUT in manifest["files"] else None
    return _restored(folder / ROWS, left_out, manifest, kind)


def id_values(rows: Path) -> pd.Index:
    """Return the ids of the samples of a Parquet file that was written here.

    Raises:
        DataError: it is no training set.
    """
    import pyarrow.parquet as pq

    try:
        metadata = _metadata_of(pq.read_schema(rows))
        ids = pq.read_table(rows, columns=[metadata["id"]])[metadata["id"]]
        index: pd.Index = pd.Index(ids.to_pandas(), name=metadata["id_name"])
    except FAULTS as error:
        raise DataError(
            f"{str(rows)!r} must be a training set of this package: {single_line(error)}."
        ) from error
    return index


def _manifest_at(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"The manifest {str(path)!r} of the training set must be beside it, and is not there:"
            " copy it as well."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"The manifest {str(path)!r} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
        raise DataError(f"{str(path)!r} must be the manifest of a training set, and is not one.")
    return manifest


def _check_format(manifest: Mapping[str, Any], path: Path) -> None:
    if manifest.get("format") not in FORMATS:
        raise DataError(
            f"The manifest {str(path)!r} must be of format {' or '.join(map(str, FORMATS))} for a"
            f" training set that can be read back. Got format {manifest.get('format')}, which"
            " another version of this package wrote: export the training set again."
        )


def _check_digests(
    files: Mapping[str, Path], digests: Mapping[str, Any], manifest_path: Path
) -> None:
    for name, path in files.items():
        expected = digests.get(name)
        if expected is None and not path.exists():
            continue
        if not path.is_file() or sha256_of(path) != expected:
            raise DataError(
                f"The file {str(path)!r} must have the digest that {manifest_path.name!r} states,"
                " and was changed, or its export was interrupted. Export the training set again, or"
                " copy all of its files."
            )


def _restored(
    rows: Path, left_out: Path | None, manifest: Mapping[str, Any], kind: type[TrainingSet]
) -> TrainingSet:
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(rows)
        metadata = _metadata_of(table.schema)
        label_kind = LabelKind(metadata.get("kind", LabelKind.ONE))
        kind = kind.of_kind(label_kind)
        types = kind.form.types
        added = {
            name: metadata["own_columns"][name]
            for name in OWN_TYPES
            if name in metadata["own_columns"] or name not in OPTIONAL_COLUMNS
        }
        samples = _samples(table.drop_columns(list(added.values())), metadata)
        checked_ids(samples.index)
        taken = [*samples.columns, metadata["id"], metadata["id_name"]]
        dropped, dropped_columns = _left_out(left_out, metadata, added, types)
        return kind(
            samples=samples,
            columns={
                name: as_own_column(name, table[new], len(table), types)
                for name, new in added.items()
            },
            dropped=dropped,
            dropped_columns=dropped_columns,
            schema=LabelSchema(metadata["labels"], ordered=metadata["ordered"], kind=label_kind),
            voters=tuple(metadata["voters"]),
            own_columns=MappingProxyType({**free_names(OWN_TYPES, taken), **added}),
            origin=dict(manifest.get("origin", {})),
        )
    except FAULTS as error:
        raise DataError(
            f"{str(rows)!r} must be a training set of this package: {single_line(error)}."
        ) from error


def _metadata_of(schema: pa.Schema) -> dict[str, Any]:
    """Return what the metadata of a file say of its columns."""
    text = (schema.metadata or {}).get(METADATA)
    if text is None:
        raise ValueError("its metadata do not say which columns are the labels")
    metadata: dict[str, Any] = json.loads(text)
    return metadata


def _samples(table: pa.Table, metadata: Mapping[str, Any]) -> pd.DataFrame:
    """Return the samples' columns with their ids as index."""
    frame = table.to_pandas()
    for name in table.column_names:
        if not _is_exact(table[name]):
            frame[name] = pd.Series(table[name].to_pylist(), index=frame.index, dtype=object)
    for name in metadata["json"]:
        texts = [None if pd.isna(text) else json.loads(text) for text in frame[name]]
        frame[name] = pd.Series(texts, index=frame.index, dtype=object)
    return _indexed(frame, metadata, keep=metadata["id_is_column"])


def _is_exact(column: pa.ChunkedArray) -> bool:
    """Return whether pandas holds the values of a column as they are.

    Inside of lists and objects it makes a missing number NaN, and whole numbers beside it floats.
    """
    kind = column.type
    while pa.types.is_list(kind) or pa.types.is_large_list(kind):
        column = pa.chunked_array([chunk.flatten() for chunk in column.chunks], kind.value_type)
        kind = column.type
        if column.null_count:
            return False
    return not pa.types.is_nested(kind)


def _indexed(frame: pd.DataFrame, metadata: Mapping[str, Any], *, keep: bool) -> pd.DataFrame:
    frame = frame.set_index(metadata["id"], drop=not keep)
    return frame.rename_axis(index=metadata["id_name"])


def _left_out(
    path: Path | None,
    metadata: Mapping[str, Any],
    added: Iterable[str],
    types: Mapping[str, pa.DataType],
) -> tuple[pd.DataFrame, dict[str, pa.Array]]:
    import pyarrow.parquet as pq

    if path is None:
        index = pd.Index([], name=metadata["id_name"])
        empty = pd.DataFrame({REASON: pd.Series([], dtype="str")}, index=index)
        return empty, {name: pa.array([], types[name]) for name in added}
    table = pq.read_table(path)
    ours = free_names([REASON, *OWN_TYPES, CONTENT], [metadata["id"]])
    frame = table.select([metadata["id"], ours[REASON]]).to_pandas()
    if metadata["id"] in frame.columns:
        frame = frame.set_index(metadata["id"])
    frame = frame.rename_axis(index=metadata["id_name"])
    dropped = frame.rename(columns={ours[REASON]: REASON})
    columns = {
        name: as_own_column(name, table[ours[name]], len(table), types)
        for name in OWN_TYPES
        if ours[name] in table.column_names
    }
    if ours[CONTENT] in table.column_names:
        columns[CONTENT] = table[ours[CONTENT]].cast(pa.uint64()).combine_chunks()
    return dropped, columns
