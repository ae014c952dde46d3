"""Streams samples from Parquet files: the same values as reading them whole, in little memory."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.errors import DataError
from labeling.records import (
    ReplacedText,
    refuse_unsafe,
    replaced_sentence,
    with_clean_texts,
    with_id_index,
)
from labeling.records.frames import frame_of_arrow
from labeling.sources.arrow_files import with_partitions
from labeling.sources.locations import is_address, local_files, masked_address
from labeling.sources.reading import READ_ERRORS, kind_of

logger = logging.getLogger("labeling.sources.reading")  # its warnings are those of `read_samples`

PART_ROWS = 32_768
"""Rows of a part at most."""
PART_BYTES = 32 * 2**20
"""About how many bytes a part has, however few rows that is."""
PROMOTE = "permissive"
"""How columns of several files become one, as `read_parquet_files` has it."""
BUFFER = 1 << 20
"""Bytes of a column that are read from the file at a time."""


class SampleStream:
    """The samples of Parquet files, a part at a time; only their ids are held.

    Iterating yields frames, index = ids, which together are what `read_samples` returns as far as
    the values go that labeling functions get. It can be repeated.

    Attributes:
        ids: the ids of all samples, checked.
        example: the columns, without rows.
    """

    def __init__(self, path: str | os.PathLike[str], files: list[Path], id: str) -> None:
        self._path, self._files, self._id = path, files, id
        # The files of a folder are one table, as `read_parquet_files` has it.
        self._folder = Path(path) if len(files) > 1 or Path(path).is_dir() else None
        empty = [self._with_folder(file, _schema_of(file).empty_table()) for file in files]
        self._none = self._one_table(empty)
        _require_equal_types(self._none.schema, [table.schema for table in empty])
        ids = frame_of_arrow(self._one_table([self._id_column(file) for file in files]))
        refuse_unsafe(ids[id], "The sample ids")
        self.ids: pd.Index = with_id_index(ids, id).index.rename(id)
        self.example = frame_of_arrow(self._none).drop(columns=id)
        refuse_unsafe(self.example.columns, "The names of columns")

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        replaced: list[ReplacedText] = []
        start = 0
        for table in self._tables():
            frame = frame_of_arrow(table).drop(columns=self._id)
            if start + len(frame) > len(self.ids):
                raise self._changed()
            frame = frame.set_axis(self.ids[start : start + len(frame)], axis=0)
            start += len(frame)
            frame, in_frame = with_clean_texts(frame)
            # What a warning tells of texts is kept, the texts are not.
            replaced += [ReplacedText(*_told(text), raw=None) for text in in_frame]
            yield frame
        if start < len(self.ids):
            raise self._changed()
        # Column by column, as they are found in the whole.
        order = {str(name): number for number, name in enumerate(self.example.columns)}
        warning = replaced_sentence(sorted(replaced, key=lambda text: order[text.column]))
        if warning:
            logger.warning("%s: %s", Path(masked_address(self._path)).name, warning)

    def _changed(self) -> DataError:
        return DataError(
            f"{masked_address(self._path)!r} must not change while it is read. It no longer has the"
            f" {len(self.ids):,} samples that it had; start again."
        )

    def _tables(self) -> Iterator[Any]:
        import pyarrow as pa

        for file in self._files:
            with _errors_explained(self._path), _opened(file) as parquet:
                schema = parquet.schema_arrow
                for batch in parquet.iter_batches(_part_rows(parquet), use_threads=False):
                    table = self._with_folder(file, pa.Table.from_batches([batch], schema))
                    if self._folder is not None:  # a column has one type in all files
                        table = pa.concat_tables([self._none, table], promote_options=PROMOTE)
                    if len(table):
                        yield table

    def _with_folder(self, file: Path, table: Any) -> Any:
        return table if self._folder is None else with_partitions(table, file, self._folder)

    def _id_column(self, file: Path) -> Any:
        with _opened(file) as parquet:
            ids = self._with_folder(file, parquet.read(columns=[self._id]))
        if self._id not in ids.schema.names:  # its rows would not count; they have no id
            raise DataError(f"The file {file.name!r} must have the column {self._id!r}.")
        return ids

    def _one_table(self, tables: Sequence[Any]) -> Any:
        """Return the tables of all files as one."""
        import pyarrow as pa

        return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options=PROMOTE)


@contextlib.contextmanager
def sample_stream(path: Any, id: str) -> Iterator[SampleStream | None]:
    """Yield a stream of the samples of Parquet files.

    It is `None` where a part alone could give other values than the whole, where the format is
    another one or the files are at an address, and where the samples cannot be read at all:
    `read_samples` then reads them, or raises the error.

    Args:
        path: as in `read_samples`.
        id: the column of the ids.
    """
    with contextlib.ExitStack() as stack:
        stream = None
        is_local = isinstance(path, (str, os.PathLike)) and not is_address(path)
        if is_local and kind_of(path) in (".parquet", None):
            with contextlib.suppress(DataError, *READ_ERRORS):
                files = stack.enter_context(local_files(path))
                if {kind_of(file) for file in files} == {".parquet"} and _can_stream(files):
                    stream = SampleStream(path, files, id)
        yield stream


def _require_equal_types(schema: Any, of_files: Sequence[Any]) -> None:
    """Raise a DataError where values must be converted for a column to have one type.

    A value at the end could refuse it, which must be known before labeling functions run.
    """
    import pyarrow as pa

    for of_file in of_files:
        for field in of_file:
            kind = schema.field(field.name).type
            if field.type != kind and not pa.types.is_null(field.type):
                raise DataError(f"Column {field.name!r} has the types {field.type} and {kind}.")


def _can_stream(files: list[Path]) -> bool:
    """Whether the values of a row depend on this row alone, and are not nothing."""
    schemas = [_schema_of(file) for file in files]
    return all(map(_is_streamed, schemas))


def _is_streamed(schema: Any) -> bool:
    about = schema.pandas_metadata or {}
    # A range that was the index of a frame is not stored by row.
    has_range = any(
        isinstance(index, dict) and index.get("name") is not None
        for index in about.get("index_columns", ())
    )
    has_levels = len(about.get("column_indexes", ())) > 1
    is_plain = not has_range and not has_levels and len(set(schema.names)) == len(schema.names)
    return is_plain and all(_is_known(field.type) for field in schema)


def _is_known(kind: Any) -> bool:
    """Whether values of an Arrow type become the same Python values in any part of a column."""
    import pyarrow as pa

    types = pa.types
    if types.is_dictionary(kind):
        values = kind.value_type
        return bool(types.is_string(values) or types.is_large_string(values))
    if types.is_nested(kind):
        return all(_is_known(kind.field(number).type) for number in range(kind.num_fields))
    is_text = types.is_string(kind) or types.is_large_string(kind)
    is_bytes = types.is_binary(kind) or types.is_large_binary(kind)
    is_number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    is_other = types.is_boolean(kind) or types.is_temporal(kind) or types.is_null(kind)
    return bool(is_text or is_bytes or is_number or is_other)


def _schema_of(file: Path) -> Any:
    with _opened(file) as parquet:
        return parquet.schema_arrow


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[Any]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file, buffer_size=BUFFER, pre_buffer=False) as parquet:
        yield parquet


def _part_rows(parquet: Any) -> int:
    groups = [parquet.metadata.row_group(number) for number in range(parquet.num_row_groups)]
    most = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1)
    return max(1, min(PART_ROWS, int(PART_BYTES / max(most, 1))))


def _told(text: ReplacedText) -> tuple[Any, str, tuple[str, ...]]:
    return text.sample_id, text.column, text.characters


@contextlib.contextmanager
def _errors_explained(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except READ_ERRORS as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{masked_address(path)!r} cannot be read as .parquet: {error}") from error
