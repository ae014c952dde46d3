"""Size limits for untrusted files: rows, columns, cells, nesting depth, unpacked bytes."""

from __future__ import annotations

import csv
import re
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labeling.errors import DataError

SHEET_ROWS = 1_048_576  # the limit of spreadsheet programs
MAX_DEPTH = 100  # of nested lists and objects
NO_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[^\[\]{}]', re.DOTALL)  # texts, and other characters
SPARSE = 100  # cells per value beyond which objects are not accepted as a table
MANY_CELLS = 20_000_000
_FIELD_LIMIT_LOCK = threading.Lock()  # the csv module's field size limit is global


@dataclass(frozen=True, slots=True)
class Bounds:
    """Size limits for one kind of file.

    Attributes:
        columns: maximum number of columns of a table.
        cells: maximum number of cells of a table, empty ones included.
        unpacked: maximum number of bytes of a decompressed file (XLSX, gz).
    """

    columns: int
    cells: int
    unpacked: int


SAMPLES = Bounds(columns=20_000, cells=2_000_000_000, unpacked=64 << 30)
"""For files of samples: more would not fit into the memory of a large machine."""

FROM_PEOPLE = Bounds(columns=1_000, cells=5_000_000, unpacked=256 << 20)
"""For files that annotators return: far more than anyone can label."""


def check_size(columns: int, cells: int, bounds: Bounds) -> None:
    """Raise a DataError if a table has more columns or cells than its bounds allow.

    >>> check_size(2_000, 2_000, FROM_PEOPLE)
    Traceback (most recent call last):
    ...
    labeling.errors.DataError: There must be at most 1,000 columns. There are 2,000.
    """
    if columns > bounds.columns:
        raise DataError(f"There must be at most {bounds.columns:,} columns. There are {columns:,}.")
    if cells > bounds.cells:
        raise DataError(
            f"There must be at most {bounds.cells:,} cells. There are {cells:,} or more."
        )


def check_rows(rows: int) -> None:
    """Raise a DataError if a returned file has more rows than a spreadsheet can hold.

    >>> check_rows(2_000_000)
    Traceback (most recent call last):
    ...
    labeling.errors.DataError: There must be at most 1,048,576 rows. There are 2,000,000 or more.
    """
    if rows > SHEET_ROWS:
        raise DataError(f"There must be at most {SHEET_ROWS:,} rows. There are {rows:,} or more.")


def check_objects(objects: int, keys: int, values: int, bounds: Bounds) -> None:
    """Raise a DataError if the table of a list of objects would be too large and nearly empty.

    Args:
        objects: the number of objects.
        keys: the number of different keys.
        values: the number of values of all objects.
        bounds: the limits.
    """
    cells = objects * keys
    check_size(keys, cells, bounds)
    if cells > MANY_CELLS and cells > SPARSE * values:
        raise DataError(
            f"Objects must have their keys in common. {objects:,} objects have {keys:,} different"
            f" keys and {values:,} values, so that nearly all cells of their table would be empty."
        )


def check_depth(text: str) -> None:
    """Raise a DataError if a JSON text has lists and objects nested too deeply.

    >>> check_depth('{"tags": ["a", "[[["]}')
    """
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in NO_BRACKET.sub("", text):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise DataError(f"Lists and objects must be nested at most {MAX_DEPTH} deep.")


def check_workbook(path: Path, bounds: Bounds) -> None:
    """Raise a DataError if an XLSX file is larger than its bounds when unpacked.

    Raises:
        zipfile.BadZipFile: it is not a zip file.
    """
    with zipfile.ZipFile(path) as packed:
        size = sum(part.file_size for part in packed.infolist())
    if size > bounds.unpacked:
        raise DataError(
            f"A workbook must unpack to at most {bounds.unpacked:,} bytes. This one has {size:,}."
        )


def sheet_rows(sheet: Any, bounds: Bounds) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield the rows of an openpyxl sheet that are not empty, with their numbers.

    Args:
        sheet: opened read-only; openpyxl fills the gap before a row or cell whose stated number is
            far beyond the others, such as row 999,999,999.
        bounds: the limits.

    Raises:
        DataError: there are more rows, columns or cells than allowed.
    """
    sheet.reset_dimensions()  # some programs write wrong dimensions
    cells = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if number > SHEET_ROWS:
            raise DataError(f"A sheet must have at most {SHEET_ROWS:,} rows. It has more.")
        check_size(len(row), cells, bounds)
        if any(cell is not None for cell in row):
            cells += len(row)
            yield number, row


@contextmanager
def any_length() -> Iterator[None]:
    """Let the csv module read fields of any length; its default limit is too low for documents."""
    with _FIELD_LIMIT_LOCK:
        before = csv.field_size_limit(sys.maxsize)
        try:
            yield
        finally:
            csv.field_size_limit(before)
