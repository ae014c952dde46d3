"""CSV and TSV files: whole numbers stay whole, only an empty cell is missing."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from labeling.errors import DataError, repeated, shown
from labeling.records.frames import text_column, typed_column
from labeling.records.size_limits import SAMPLES, any_length, check_size

# Not `007`, `+1` or `-0`, which a number could not give back.
WHOLE_NUMBER = r"0|-?[1-9][0-9]{0,99}"
NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
LONG_NUMBER = r"-?[0-9]{16,}"  # a float would round it
SEPARATORS = (",", ";", "\t", "|")
BLOCK = 1 << 20
LARGEST_BLOCK = 2**31 - 1


def read_csv(file: Path, id: str | None) -> pd.DataFrame:
    """Return the rows of a file with commas, or with another separator if its header says so."""
    return _read(file, id, SEPARATORS)


def read_tsv(file: Path, id: str | None) -> pd.DataFrame:
    """Return the rows of a file with tabs."""
    return _read(file, id, ("\t",))


def _read(file: Path, id: str | None, separators: tuple[str, ...]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.csv as pc

    empty, header = _header(file)
    separator = _separator(header, id, separators)
    names = next(csv.reader([header], delimiter=separator), [])
    if "" in names or not names:
        what = f"Column {names.index('') + 1} has none" if names else "It is empty"
        raise DataError(f"{file.name!r} must have a name for each column. {what}.")
    check_size(len(names), len(names), SAMPLES)
    doubled = repeated(names)
    if doubled:
        raise DataError(f"Columns must have different names. Given twice: {shown(doubled)}.")
    _check_quotes(file, separator)
    # As text: a guess of types would turn `007` into 7. In one thread: errors then name the row.
    table = pc.read_csv(
        file,
        read_options=pc.ReadOptions(
            column_names=names, skip_rows=empty, skip_rows_after_names=1, use_threads=False,
            block_size=min(max(1 << 20, file.stat().st_size), LARGEST_BLOCK),
        ),
        parse_options=pc.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
        ),
    )  # fmt: skip
    rows = {name: text_column(table[name].to_pylist()) for name in names}
    frame = pd.DataFrame({name: _typed(column) for name, column in rows.items()})
    if id is not None and id in rows and frame[id].dtype != np.int64:
        frame[id] = rows[id]  # an id is a name or a plain number
    return frame


def _header(file: Path) -> tuple[int, str]:
    """Return how many empty lines come first, and the text of the header, which may have breaks."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        empty = 0
        for row in reader:
            if row:
                break
            empty += 1
        else:
            return 0, ""
        end = reader.line_num
    with file.open(encoding="utf-8-sig", newline="") as lines:
        first = [line for _, line in zip(range(end), lines, strict=False)]
    return empty, "".join(first[empty:])


def _separator(header: str, id: str | None, separators: tuple[str, ...]) -> str:
    """Return the first separator by which the header names the ids; without ids, several columns."""

    def fits(separator: str) -> bool:
        try:
            names = next(csv.reader([header], delimiter=separator), [])
        except csv.Error:  # by this separator a name would be very long
            return False
        return len(names) > 1 and (id is None or id in names)

    return next(filter(fits, separators), separators[0])


def _check_quotes(file: Path, separator: str) -> None:
    """Raise a DataError where a quotation mark is not closed: all that follows would be one cell."""
    with file.open("rb") as stream:
        count = sum(block.count(b'"') for block in iter(lambda: stream.read(BLOCK), b""))
    if count % 2 == 0:
        return
    with any_length(), file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, delimiter=separator, strict=True)
        end = 0
        try:
            for _ in reader:
                end = reader.line_num
        except csv.Error as error:
            if "unexpected end" in str(error):  # others may be what Arrow puts up with
                raise DataError(
                    f"{file.name!r} has a quotation mark that is not closed, in the row that begins in"
                    f" line {end + 1}."
                ) from error


def _typed(column: pd.Series) -> pd.Series:
    """Return a column of texts as numbers or bools where each text is just what that looks like."""
    there = column.dropna()
    if not len(there):
        return column
    if there.str.fullmatch(WHOLE_NUMBER).all():
        return typed_column([int(one) if isinstance(one, str) else None for one in column.tolist()])
    if there.str.fullmatch(NUMBER).all() and not there.str.fullmatch(LONG_NUMBER).any():
        return pd.to_numeric(column).astype(np.float64)
    if there.isin(["True", "False"]).all():
        truth = column.map({"True": True, "False": False})
        return truth.astype("bool" if len(there) == len(column) else "boolean")
    return column
