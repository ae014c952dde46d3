"""Tables in, samples with unique ids out; nothing lost on the way."""

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
    identified,
    missing_texts_sentence,
    refuse_unsafe,
    replaced_sentence,
    with_clean_texts,
    with_texts,
)
from labeling.records.frames import frame_of
from labeling.sources.arrow_files import read_feather, read_parquet, read_parquet_files
from labeling.sources.csv_files import read_csv, read_tsv
from labeling.sources.generated_ids import Id, made_from, with_made_ids
from labeling.sources.json_files import read_json, read_json_lines
from labeling.sources.locations import is_address, local_files, shown_address, unpacked
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
FAULTS = (
    *(ValueError, TypeError, KeyError, OSError, ImportError),  # Arrow's are of these, too
    *(csv.Error, zipfile.BadZipFile),
)
PACKED = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")  # what may be followed by `.gz`


def kind_of(path: str | os.PathLike[str]) -> str | None:
    """Return the ending by which a file is read, or `None` where it cannot be.

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

    Whole numbers stay whole even where some are missing, and in CSV only an empty cell is missing:
    texts such as "NA" or "null" are texts.

    Halves of characters (as in a file that was cut in the middle of an emoji) and control characters
    other than white space become U+FFFD, since databases and most kinds of files do not take them.
    A warning names the samples and columns.

    Args:
        path: a `.parquet`, `.csv`, `.tsv`, `.jsonl`, `.ndjson`, `.json` (an array of objects),
            `.xlsx`, `.feather` or `.arrow` file, the kinds of texts also with `.gz`; a folder or
            pattern (`*`) of Parquet files; an address that fsspec opens, such as
            `s3://bucket/a.parquet` (extra `remote`); or a table: a DataFrame, a polars, Arrow or
            Hugging Face table, a dict of lists, a list of dicts, or a list of texts.
        id: the column that holds the ids: unique, none missing. Where there is none, `{"from":
            "row"}` numbers the rows, and `{"from": "content"}` takes a hash of the text, or of all
            columns where `text` is not given; rows of the same content are one sample then.
        text: the column that holds the texts, where they are to be checked.
        missing_text: what becomes of samples whose text there is missing (null): `"drop"` leaves
            them out with a warning that names them, `"empty"` takes "" for it, `"error"` refuses
            them. A text that is empty or white space is a text.

    Raises:
        DataError: no such file or column, another kind of file, one that cannot be read, no rows,
            ids that are missing or not unique, ids or names of columns with characters that cannot
            be stored, or values of column `text` that are none.

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
    how = checked_missing_text(missing_text)
    is_path = isinstance(path, (str, os.PathLike))
    where = f"{Path(shown_address(path)).name}: " if is_path else ""
    samples, replaced, notices = read_clean_samples(path, id, text)
    used, there = with_texts(samples, text, how)
    missing = missing_texts_sentence(samples.index[~there], len(samples), str(text), "drop")
    for found in (replaced_sentence(replaced), *notices, missing):
        if found:
            logger.warning("%s%s", where, found)
    return used


def read_clean_samples(
    path: Any, id: Id, text: str | None = None, files: list[Path] | None = None
) -> tuple[pd.DataFrame, tuple[ReplacedText, ...], tuple[str, ...]]:
    """Return samples, which texts had characters replaced, and what else is to be said of them.

    Args and errors are those of `read_samples`; `files` are those of the path, if they are known.
    """
    made = made_from(id)
    column = id if isinstance(id, str) else None
    if not isinstance(path, (str, os.PathLike)):
        table = frame_of(path)
    else:
        table = read_table(path, column) if files is None else read_files(path, files, column)
    notices: tuple[str, ...] = ()
    if isinstance(id, str):
        if id in table:
            refuse_unsafe(table[id], "The sample ids")
        samples = identified(table, id).drop(columns=id).rename_axis(id)
    else:
        samples, notices = with_made_ids(identified(table.reset_index(drop=True)), str(made), text)
    return (*with_clean_texts(samples), notices)


def read_table(path: str | os.PathLike[str], id: str | None = None) -> pd.DataFrame:
    """Return the rows of files with every column; see `read_samples`."""
    with local_files(path) as files:
        return read_files(path, files, id)


def read_files(
    path: str | os.PathLike[str], files: list[Path], id: str | None = None
) -> pd.DataFrame:
    """Return the rows of the files that are at a path, with every column.

    Raises:
        DataError: they are of no kind that can be read, or cannot be read as such.
    """
    kinds = {kind_of(file) for file in files}
    if len(files) > 1 and kinds != {".parquet"}:
        raise DataError(
            f"Several files must all be Parquet files to be one table. {shown_address(path)!r} has"
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
        with unpacked(files[0]) as file:
            return READERS[kind](file, id)
    except DataError:
        raise
    except UnicodeDecodeError as error:
        raise DataError(
            f"{shown_address(path)!r} cannot be read as {kind}: {error}. It must be a text in UTF-8:"
            " save it again as such (in a spreadsheet: 'CSV UTF-8')."
        ) from error
    except FAULTS as error:
        raise DataError(f"{shown_address(path)!r} cannot be read as {kind}: {error}") from error
