"""Reads XLSX files: the first sheet that is not empty."""

from __future__ import annotations

import datetime
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.errors import DataError, listed, missing_extra, repeated
from labeling.records.frames import typed_column
from labeling.records.size_limits import SAMPLES, check_workbook, sheet_rows


def read_xlsx(file: Path, id: str | None) -> pd.DataFrame:
    """Return the rows of the first sheet that is not empty; its first row names the columns."""
    try:
        import openpyxl
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    check_workbook(file, SAMPLES)
    with file.open("rb") as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions that are not read
        book = openpyxl.load_workbook(opened, read_only=True, data_only=True)
        try:
            sheets = (list(sheet_rows(sheet, SAMPLES)) for sheet in book.worksheets)
            rows = next(filter(None, sheets), [])
        finally:
            book.close()
    return _frame(file, [row for _, row in rows])


def _frame(file: Path, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    filled = (column for row in rows for column, cell in enumerate(row) if cell is not None)
    width = max(filled, default=-1) + 1
    header = rows[0][:width] if rows else ()
    names = ["" if name is None else str(name) for name in header]
    names += [""] * (width - len(names))
    if "" in names or not names:
        problem = f"Column {names.index('') + 1} has none" if names else "It is empty"
        raise DataError(f"{file.name!r} must have a name for each column. {problem}.")
    duplicates = repeated(names)
    if duplicates:
        raise DataError(f"Columns must have different names. Given twice: {listed(duplicates)}.")
    return pd.DataFrame(
        {
            name: typed_column(
                [_plain(row[column]) if column < len(row) else None for row in rows[1:]]
            )
            for column, name in enumerate(names)
        }
    )


def _plain(value: Any) -> Any:
    """Return the value of a cell; spreadsheets store integers as floats, and times as objects."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time, datetime.timedelta)):
        return str(value)
    return value
