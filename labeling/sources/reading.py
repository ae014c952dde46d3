"""Reads samples with unique ids from files and tables, whatever their format."""

from __future__ import annotations

import csv
import logging
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from labeling.errors import DataError
from labeling.records import (
    MissingText,
    ReplacedText,
    checked_missing_text,
    missing_texts_sentence,
    refuse_unsafe,
    replaced_sentence,
    with_clean_texts,
    with_id_index,
    with_texts,
)
from labeling.records.frames import frame_of
from labeling.sources.arrow_files import read_feather, read_parquet, read_parquet_files
from labeling.sources.csv_files import read_csv, read_tsv
from labeling.sources.generated_ids import Id, made_from, with_generated_ids
from labeling.sources.json_files import read_json, read_json_lines
from labeling.sources.locations import decompressed, is_address, local_files, masked_address
from labeling.sources.xlsx import read_xlsx

logger = logging.getLogger(__name__)

READERS: dict[str, Callable[[Path, str | None], pd.DataFrame]] = {
    ".parquet": read_parquet,
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
    ".xlsx": read_xlsx,
    ".feather": read_feather,
    ".arrow": read_feather,
}
READ_ERRORS = (
    ValueError,  # these five include Arrow's errors
    TypeError,
    KeyError,
    OSError,
    ImportError,
    csv.Error,
    zipfile.BadZipFile,
)
PACKED = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")  # may be followed by `.gz`


def kind_of(path: str | os.PathLike[str]) -> str | None:
    """Return the file extension that decides how a file is read; `None` if it is not supported.

    >>> kind_of("a.CSV"), kind_of("a.jsonl.gz"), kind_of("https://x.org/a.tsv?sig=1"), kind_of("a")
    ('.csv', '.jsonl', '.tsv', None)
    """
    name = urlsplit(str(path)).path if is_address(path) else str(path)
    file = Path(name.lower())
    if file.suffix == ".gz":
        inner = Path(file.stem).suffix
        return inner if inner in PACKED else None
    return file.suffix if file.suffix in READERS else None


def read_samples(
    path: Any, id: Id, *, text: str | None = None, missing_text: MissingText = "drop"
) -> pd.DataFrame:
    """Return the samples of a file or table, with their ids as index.

    Integers stay integers even if some are missing, and in CSV only an empty cell is missing: texts
    such as "NA" or "null" are texts.

    Unpaired surrogates (as in a file that was cut in the middle of an emoji) and control characters
    other than white space become U+FFFD, since databases and most file formats reject them. A
    warning names the samples and columns.

    Args:
        path: a `.parquet`, `.csv`, `.tsv`, `.jsonl`, `.ndjson`, `.json` (an array of objects),
            `.xlsx`, `.feather` or `.arrow` file, text formats also with `.gz`; a folder or
            pattern (`*`) of Parquet files; an address that fsspec opens, such as
            `s3://bucket/a.parquet` (extra `remote`); or a table: a DataFrame, a polars, Arrow or
            Hugging Face table, a dict of lists, a list of dicts, or a list of texts.
        id: the column of the ids: unique, none missing. Without such a column, `{"from": "row"}`
            numbers the rows, and `{"from": "content"}` takes a hash of the text, or of all columns
            if `text` is not given; rows with the same content are then one sample.
        text: the column of the texts, to check them.
        missing_text: what to do with samples whose text is missing (null): `"drop"` leaves them out
            with a warning that names them, `"empty"` takes "" as text, `"error"` raises. A text
            that is empty or white space is a text.

    Raises:
        DataError: there is no such file or column, the file cannot be read or has another format or
            no rows, ids are missing or not unique, ids or names of columns have characters that
            cannot be stored, or values of column `text` are not texts.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "comments.csv")
    ...     _ = file.write_text("key,text\\nc1,NA\\nc2,hi\\n")
    ...     read_samples(file, id="key")
        text
    key
    c1    NA
    c2    hi
    """
    missing_text = checked_missing_text(missing_text)
    is_path = isinstance(path, (str, os.PathLike))
    prefix = f"{Path(masked_address(path)).name}: " if is_path else ""
    samples, replaced, notices = read_clean_samples(path, id, text)
    used, has_text = with_texts(samples, text, missing_text)
    dropped = missing_texts_sentence(samples.index[~has_text], len(samples), str(text), "drop")
    for warning in (replaced_sentence(replaced), *notices, dropped):
        if warning:
            logger.warning("%s%s", prefix, warning)
    return used


def read_clean_samples(
    path: Any, id: Id, text: str | None = None, files: list[Path] | None = None
) -> tuple[pd.DataFrame, tuple[ReplacedText, ...], tuple[str, ...]]:
    """Return samples, the texts in which characters were replaced, and notices for the user.

    Args and errors are those of `read_samples`; `files` are those of the path, if they are known.
    """
    id_source = made_from(id)
    column = id if isinstance(id, str) else None
    if not isinstance(path, (str, os.PathLike)):
        table = frame_of(path)
    else:
        table = read_table(path, column) if files is None else read_files(path, files, column)
    notices: tuple[str, ...] = ()
    if isinstance(id, str):
        if id in table:
            refuse_unsafe(table[id], "The sample ids")
        samples = with_id_index(table, id).drop(columns=id).rename_axis(id)
    else:
        table = with_id_index(table.reset_index(drop=True))
        samples, notices = with_generated_ids(table, str(id_source), text)
    return (*with_clean_texts(samples), notices)


def read_table(path: str | os.PathLike[str], id: str | None = None) -> pd.DataFrame:
    """Return the rows of files with all columns; see `read_samples`."""
    with local_files(path) as files:
        return read_files(path, files, id)


def read_files(
    path: str | os.PathLike[str], files: list[Path], id: str | None = None
) -> pd.DataFrame:
    """Return the rows of the files of a path, with all columns.

    Raises:
        DataError: their format is not supported, or they cannot be read.
    """
    kinds = {kind_of(file) for file in files}
    if len(files) > 1 and kinds != {".parquet"}:
        raise DataError(
            f"Several files must all be Parquet files to be one table. {masked_address(path)!r} has"
            f" {len(files)}, one of them {files[-1].name!r}."
        )
    kind = kinds.pop()
    if kind is None:
        raise DataError(
            f"Samples must be in a file of one of the kinds {', '.join(READERS)}. Got"
            f" {files[0].name!r}."
        )
    try:
        if len(files) > 1 or Path(path).is_dir():
            return read_parquet_files(Path(path), files)
        with decompressed(files[0]) as file:
            return READERS[kind](file, id)
    except DataError:
        raise
    except UnicodeDecodeError as error:
        raise DataError(
            f"{masked_address(path)!r} cannot be read as {kind}: {error}. It must be a text in"
            " UTF-8: save it again as such (in a spreadsheet: 'CSV UTF-8')."
        ) from error
    except READ_ERRORS as error:
        raise DataError(f"{masked_address(path)!r} cannot be read as {kind}: {error}") from error
