"""Parquet files cut into parts of bounded size, which are read one at a time, anywhere."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd

from labeling.errors import DataError, listed
from labeling.records.frames import frame_of_arrow
from labeling.sources.locations import PATTERN, files_at, is_address

ROWS_OF_PART = 250_000
"""About how many rows a part has, where row groups allow: seconds of work, and bounded memory."""

INDEX_LEVEL = "__index_level_"  # how pandas names the columns of an index without a name


@dataclass(frozen=True, slots=True)
class ParquetPart:
    """A Parquet file, or some of its row groups.

    Attributes:
        index: the number of the part, from 0.
        path: the absolute path of the file.
        name: the path below the folder that all parts lie in.
        row_groups: the numbers of its row groups.
        rows: the number of rows.
        stamp: a digest of the file's footer, which describes each of its columns.
        changed: when the file was last written, ns.
        keys: the columns that folders named `key=value` stand for.
    """

    index: int
    path: str
    name: str
    row_groups: tuple[int, ...]
    rows: int
    stamp: str
    changed: int
    keys: tuple[tuple[str, str], ...] = ()


def parquet_parts(
    data: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], rows: int = ROWS_OF_PART
) -> tuple[list[ParquetPart], Any]:
    """Return the parts of Parquet files, in the order of their paths, and their common schema.

    Args:
        data: a file, a folder, a pattern (`*`), or a list of files.
        rows: a file of more rows is cut between row groups into parts of about this many.

    Returns:
        The parts, of which none is empty, and a `pyarrow.Schema` with the columns of all files.

    Raises:
        DataError: there is no such file, one is no Parquet file, none has a row, or a column has
            incompatible types in two files.
    """
    import pyarrow as pa

    folder, files = _files(data)
    root = folder or Path(os.path.commonpath([file.parent for file in files]))
    parts: list[ParquetPart] = []
    schemas = []
    for file in files:
        found, schema = _parts_of_file(file, root, rows, len(parts), has_keys=folder is not None)
        parts += found
        schemas.append(schema)
    if not parts:
        raise DataError(f"There must be at least one sample. The files of {str(data)!r} hold none.")
    try:
        return parts, pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as error:
        raise DataError(
            f"The Parquet files of {str(data)!r} must have columns of compatible types: {error}"
        ) from error


def read_parquet_part(part: ParquetPart, schema: Any, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Return the rows of a part with the columns of the common schema.

    A column that the file lacks is missing in its rows.

    Args:
        part: the part.
        schema: the common schema of all parts.
        columns: the columns to read; none means all.

    Raises:
        DataError: the file is not there, or is another than when the parts were listed.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = Path(part.path)
    if not file.is_file():
        raise DataError(
            f"The file {part.path!r} must be readable on every worker, at the same path. It is not"
            " there: use a file system that all machines share."
        )
    if _footer_digest(file) != part.stamp:
        raise DataError(
            f"The file {part.path!r} must not change while it is read. It is another than when the"
            " run began; start the run again."
        )
    wanted = pa.schema([schema.field(name) for name in columns]) if columns else schema
    try:
        with pq.ParquetFile(file) as opened:
            names = [name for name in wanted.names if name in opened.schema_arrow.names]
            table = opened.read_row_groups(list(part.row_groups), columns=names)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{part.path!r} cannot be read as Parquet: {error}") from error
    table = table.replace_schema_metadata(None)
    for key, value in part.keys:
        if key in wanted.names:
            table = table.append_column(key, pa.array([value] * len(table), pa.string()))
    # What types become where files differ is decided as for one table of all of them.
    table = pa.concat_tables([wanted.empty_table(), table], promote_options="permissive")
    return frame_of_arrow(table.select(wanted.names))


def _files(data: Any) -> tuple[Path | None, list[Path]]:
    """Return the folder that all files lie in, if one was given, and the files."""
    if not isinstance(data, (str, os.PathLike, list, tuple, set)):
        raise DataError(f"Partitioned data must be a path or a list of paths. Got {data!r}.")
    paths = [data] if isinstance(data, (str, os.PathLike)) else list(data)
    addresses = [str(path) for path in paths if is_address(path)]
    if addresses:
        raise DataError(
            "Partitioned data must be on a file system that all workers share, such as NFS, or one"
            f" that is mounted. Got {listed(addresses)}."
        )
    if not paths:
        raise DataError("There must be at least one Parquet file. Got none.")
    files = [Path(os.path.abspath(file)) for path in paths for file in files_at(path)]
    others = [file.name for file in files if file.suffix.lower() != ".parquet"]
    if others:
        raise DataError(f"Partitioned data must be Parquet files (.parquet). Got {listed(others)}.")
    if len(set(files)) < len(files):
        raise DataError("Each Parquet file must be given once. Some are given twice.")
    is_folder = len(paths) == 1 and not PATTERN.search(str(paths[0])) and Path(paths[0]).is_dir()
    return (Path(os.path.abspath(paths[0])) if is_folder else None), files


def _parts_of_file(
    file: Path, folder: Path, rows: int, first: int, has_keys: bool
) -> tuple[list[ParquetPart], Any]:
    """Return the parts of a file, numbered from `first`, and its schema."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as opened:
            metadata, schema = opened.metadata, opened.schema_arrow.remove_metadata()
        sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        stamp, changed = _footer_digest(file), file.stat().st_mtime_ns
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{str(file)!r} cannot be read as Parquet: {error}") from error
    fields = [field for field in schema if not field.name.startswith(INDEX_LEVEL)]
    keys = tuple(_keys(file, folder, schema.names)) if has_keys else ()
    fields += [pa.field(key, pa.string()) for key, _ in keys]
    name = file.relative_to(folder).as_posix()
    parts = [
        ParquetPart(first + number, str(file), name, groups, count, stamp, changed, keys)
        for number, (groups, count) in enumerate(_bundles(sizes, rows))
    ]
    return parts, pa.schema(fields)


def _bundles(sizes: Sequence[int], rows: int) -> Iterator[tuple[tuple[int, ...], int]]:
    """Yield successive row groups of at most this many rows, or a single larger one.

    >>> list(_bundles([3, 3, 9, 0, 1], 6))
    [((0, 1), 6), ((2,), 9), ((3, 4), 1)]
    """
    groups: list[int] = []
    count = 0
    for number, size in enumerate(sizes):
        if groups and count + size > rows:
            yield tuple(groups), count
            groups, count = [], 0
        groups.append(number)
        count += size
    if count:
        yield tuple(groups), count


def _keys(file: Path, folder: Path, columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the key and value of each folder `key=value` that contains the file."""
    for part in file.relative_to(folder).parent.parts:
        key, is_partition, value = part.partition("=")
        if is_partition and key not in columns:
            yield key, unquote(value)


def _footer_digest(file: Path) -> str:
    """Return a digest of the size and the footer of a Parquet file."""
    with file.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - 8))
        length = int.from_bytes(stream.read(4), "little")
        stream.seek(max(0, size - 8 - length))
        digest = hashlib.blake2b(stream.read(length), digest_size=16)
    digest.update(str(size).encode())
    return digest.hexdigest()
