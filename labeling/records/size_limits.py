"""Bounds on what a small file can unfold to: rows, columns, cells, depth, bytes."""

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

SHEET_ROWS = 1_048_576  # of a spreadsheet, by its own rules
DEEPEST = 100  # lists and objects inside of each other
NO_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[^\[\]{}]', re.DOTALL)  # texts, and all else
SPARSE = 100  # cells a value, beyond which objects are no table
MANY_CELLS = 20_000_000
_ONE_AT_A_TIME = threading.Lock()  # the csv module's limit is that of the process


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that a file of a kind may hold.

    Attributes:
        columns: of a table.
        cells: of a table, empty ones included.
        unpacked: bytes of a file that was packed (XLSX, gz).
    """

    columns: int
    cells: int
    unpacked: int


SAMPLES = Bounds(columns=20_000, cells=2_000_000_000, unpacked=64 << 30)
"""For the files of samples: what would not fit into the memory of a large machine either."""

FROM_PEOPLE = Bounds(columns=1_000, cells=5_000_000, unpacked=256 << 20)
"""For the files that people send back: far more than anybody can label."""


def check_size(columns: int, cells: int, bounds: Bounds) -> None:
    """Raise a DataError where a table has more columns or cells than it may.

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
    """Raise a DataError where a file that people send back has more rows than a spreadsheet may.

    >>> check_rows(2_000_000)
    Traceback (most recent call last):
    ...
    labeling.errors.DataError: There must be at most 1,048,576 rows. There are 2,000,000 or more.
    """
    if rows > SHEET_ROWS:
        raise DataError(f"There must be at most {SHEET_ROWS:,} rows. There are {rows:,} or more.")


def check_objects(objects: int, keys: int, values: int, bounds: Bounds) -> None:
    """Raise a DataError where objects make a table of more cells than their values warrant.

    Args:
        objects: how many there are.
        keys: how many different keys they have.
        values: how many values they hold together.
        bounds: the most there may be.
    """
    cells = objects * keys
    check_size(keys, cells, bounds)
    if cells > MANY_CELLS and cells > SPARSE * values:
        raise DataError(
            f"Objects must have their keys in common. {objects:,} objects have {keys:,} different"
            f" keys and {values:,} values, so that nearly all cells of their table would be empty."
        )


def check_depth(text: str) -> None:
    """Raise a DataError where a JSON text has too many lists and objects inside of each other.

    >>> check_depth('{"tags": ["a", "[[["]}')
    """
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for bracket in NO_BRACKET.sub("", text):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            raise DataError(
                f"Lists and objects must be at most {DEEPEST} deep inside of each other."
            )


def check_workbook(path: Path, bounds: Bounds) -> None:
    """Raise a DataError where an XLSX file unpacks to more than it may.

    Raises:
        zipfile.BadZipFile: it is no such file.
    """
    with zipfile.ZipFile(path) as packed:
        size = sum(part.file_size for part in packed.infolist())
    if size > bounds.unpacked:
        raise DataError(
            f"A workbook must unpack to at most {bounds.unpacked:,} bytes. This one says {size:,}."
        )


def sheet_rows(sheet: Any, bounds: Bounds) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield the rows of an openpyxl sheet that are not empty, with their numbers.

    Args:
        sheet: opened to be read only; a row may say that it is number 999,999,999, or a cell that it
            is far to the right, and then all before it are made up.
        bounds: the most there may be.

    Raises:
        DataError: there are more rows, columns or cells than there may be.
    """
    sheet.reset_dimensions()  # some programs write wrong ones
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
    """Let the csv module read fields of any length: its limit is less than a long document."""
    with _ONE_AT_A_TIME:
        before = csv.field_size_limit(sys.maxsize)
        try:
            yield
        finally:
            csv.field_size_limit(before)
