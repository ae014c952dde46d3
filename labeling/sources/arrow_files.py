"""Reads Parquet and Feather files."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd

from labeling.records.frames import frame_of_arrow


def read_parquet(file: Path, id: str | None) -> pd.DataFrame:
    """Return the rows of a Parquet file."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as opened:
        return frame_of_arrow(opened.read())


def read_feather(file: Path, id: str | None) -> pd.DataFrame:
    """Return the rows of a Feather or Arrow file, or of an Arrow stream."""
    import pyarrow as pa

    with pa.OSFile(str(file)) as opened:
        try:
            table = pa.ipc.open_file(opened).read_all()
        except pa.ArrowInvalid:
            opened.seek(0)
            table = pa.ipc.open_stream(opened).read_all()
    return frame_of_arrow(table)


def read_parquet_files(folder: Path, files: list[Path]) -> pd.DataFrame:
    """Return the rows of several Parquet files, in the order of their paths.

    A column that a file lacks is missing in its rows; folders named `key=value` become columns.

    Raises:
        pyarrow.ArrowException: a column has incompatible types in two files.
    """
    import pyarrow as pa

    tables = [_of_folder(file, folder) for file in files]
    return frame_of_arrow(pa.concat_tables(tables, promote_options="permissive"))


def _of_folder(file: Path, folder: Path) -> Any:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as opened:
        return with_partitions(opened.read(), file, folder)


def with_partitions(table: Any, file: Path, folder: Path) -> Any:
    """Return rows of a file with a column for each folder `key=value` that contains it."""
    import pyarrow as pa

    table = table.replace_schema_metadata(None)
    table = table.drop_columns(
        [name for name in table.schema.names if name.startswith("__index_level_")]
    )
    for part in file.relative_to(folder).parent.parts if file.is_relative_to(folder) else ():
        key, is_partition, value = part.partition("=")
        if is_partition and key not in table.schema.names:
            table = table.append_column(key, pa.array([unquote(value)] * len(table), pa.string()))
    return table
