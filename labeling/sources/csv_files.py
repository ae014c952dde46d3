"""Reads CSV and TSV files: integers stay integers, and only an empty cell is missing."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from labeling.errors import DataError, listed, repeated
from labeling.records.frames import text_column, typed_column
from labeling.records.size_limits import SAMPLES, any_length, check_size

# Not `007`, `+1` or `-0`, which could not be written back from a number.
WHOLE_NUMBER = r"0|-?[1-9][0-9]{0,99}"
NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
LONG_NUMBER = r"-?[0-9]{16,}"  # a float would round it
SEPARATORS = (",", ";", "\t", "|")
BLOCK = 1 << 20
LARGEST_BLOCK = 2**31 - 1
"""Bytes of a block at most, in Arrow."""


def read_csv(file: Path, id: str | None) -> pd.DataFrame:
    """Return the rows of a file separated by commas, or as its header is separated."""
    return _read(file, id, SEPARATORS)


def read_tsv(file: Path, id: str | None) -> pd.DataFrame:
    """Return the rows of a file separated by tabs."""
    return _read(file, id, ("\t",))


def _read(file: Path, id: str | None, separators: tuple[str, ...]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.csv as pc

    n_empty_rows, header = _header(file)
    separator = _separator(header, id, separators)
    names = next(csv.reader([header], delimiter=separator), [])
    if "" in names or not names:
        problem = f"Column {names.index('') + 1} has none" if names else "It is empty"
        raise DataError(f"{file.name!r} must have a name for each column. {problem}.")
    check_size(len(names), len(names), SAMPLES)
    duplicates = repeated(names)
    if duplicates:
        raise DataError(f"Columns must have different names. Given twice: {listed(duplicates)}.")
    _check_quotes(file, separator)
    # As text: type inference would turn `007` into 7. In one thread: errors then name the row.
    table = pc.read_csv(
        file,
        read_options=pc.ReadOptions(
            column_names=names, skip_rows=n_empty_rows, skip_rows_after_names=1, use_threads=False,
            block_size=min(max(1 << 20, file.stat().st_size), LARGEST_BLOCK),
        ),
        parse_options=pc.ParseOptions(delimiter=separator, newlines_in_values=True),
        convert_options=pc.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False,
        ),
    )  # fmt: skip
    texts = {name: text_column(table[name].to_pylist()) for name in names}
    frame = pd.DataFrame({name: _typed(column) for name, column in texts.items()})
    if id is not None and id in texts and frame[id].dtype != np.int64:
        frame[id] = texts[id]  # an id is a text or an integer
    return frame


def _header(file: Path) -> tuple[int, str]:
    """Return the number of leading empty lines, and the header's text, which may span lines."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines)
        n_empty_rows = 0
        for row in reader:
            if row:
                break
            n_empty_rows += 1
        else:
            return 0, ""
        n_lines = reader.line_num
    with file.open(encoding="utf-8-sig", newline="") as lines:
        first = [line for _, line in zip(range(n_lines), lines, strict=False)]
    return n_empty_rows, "".join(first[n_empty_rows:])


def _separator(header: str, id: str | None, separators: tuple[str, ...]) -> str:
    """Return the first separator that yields the id column; without ids, several columns."""

    def fits(separator: str) -> bool:
        try:
            names = next(csv.reader([header], delimiter=separator), [])
        except csv.Error:  # with this separator a name would be very long
            return False
        return len(names) > 1 and (id is None or id in names)

    return next(filter(fits, separators), separators[0])


def _check_quotes(file: Path, separator: str) -> None:
    """Raise a DataError if a quote is not closed: the rest of the file would be one cell."""
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
            if "unexpected end" in str(error):  # Arrow may accept what the others are about
                raise DataError(
                    f"{file.name!r} has a quotation mark that is not closed, in the row that begins"
                    f" in line {end + 1}."
                ) from error


def _typed(column: pd.Series) -> pd.Series:
    """Return a column of texts as numbers or bools if every text is written as one."""
    present = column.dropna()
    if not len(present):
        return column
    if present.str.fullmatch(WHOLE_NUMBER).all():
        texts = column.tolist()
        return typed_column([int(text) if isinstance(text, str) else None for text in texts])
    if present.str.fullmatch(NUMBER).all() and not present.str.fullmatch(LONG_NUMBER).any():
        return pd.to_numeric(column).astype(np.float64)
    if present.isin(["True", "False"]).all():
        bools = column.map({"True": True, "False": False})
        return bools.astype("bool" if len(present) == len(column) else "boolean")
    return column
