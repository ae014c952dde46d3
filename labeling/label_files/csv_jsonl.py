"""CSV and JSON lines files, also as spreadsheet programs leave them behind."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labeling.label_files.cells import cell_text, escaped, guarded, unguarded
from labeling.label_files.columns import ASK, LABEL, is_header_of
from labeling.label_files.sheets import Sheet, Table
from labeling.records.size_limits import (
    FROM_PEOPLE,
    any_length,
    check_depth,
    check_objects,
    check_rows,
    check_size,
)

DELIMITERS = (",", ";", "\t", "|")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def write_csv(sheet: Sheet) -> bytes:
    """Return a CSV file as spreadsheets read it: UTF-8 with a mark, and no cell is a formula."""
    raw = io.StringIO(newline="")
    rows = csv.writer(raw, lineterminator="\r\n")
    rows.writerow([guarded(escaped(name), exact=False) for name in sheet.headers])
    exact = [name in sheet.exact for name in sheet.columns]
    for row in sheet.rows:
        rows.writerow(
            [
                guarded(escaped(value), exact=one) if isinstance(value, str) else value
                for value, one in zip(row, exact, strict=True)
            ]
        )
    return raw.getvalue().encode("utf-8-sig")


def read_csv(path: Path) -> list[Table]:
    """Return the table of a CSV file, whatever its delimiter and encoding.

    Raises:
        ValueError: it is no text.
    """
    raw = path.read_bytes()
    text, fault = _decoded(raw)
    faults = [(0, fault)] if fault else []
    records: list[tuple[int, Sequence[object]]] = []
    number = cells = 0
    with any_length():
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        try:
            for number, row in enumerate(rows, 1):
                if any(cell.strip() for cell in row):
                    cells += len(row)
                    check_size(len(row), cells, FROM_PEOPLE)
                    check_rows(len(records) + 1)
                    records.append((number, row))
        except csv.Error as error:
            what = f"From here on the file cannot be read: {error}. Is a quotation mark not closed?"
            return [_csv_table(records, [*faults, (number + 1, what)], complete=False)]
    return [_csv_table(records, faults, complete=True)]


def _csv_table(
    records: list[tuple[int, Sequence[object]]], faults: list[tuple[int, str]], *, complete: bool
) -> Table:
    header = records[0][1] if records else ()
    what = "There are cells beyond the last column that has a name; they were not read."
    beyond = [(number, what) for number, row in records[1:] if any(row[len(header) :])]
    return Table(header, records[1:], faults=[*faults, *beyond], complete=complete)


def _decoded(raw: bytes) -> tuple[str, str]:
    """Return a file's text, and what is to be said of its encoding."""
    if raw.startswith(UTF_16):
        return raw.decode("utf-16"), ""
    try:
        return raw.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        what = (
            "The file must be UTF-8 and is not; it was read as Windows-1252. Rows whose text came"
            " through are counted. Save it as 'CSV UTF-8', and check names and comments."
        )
        return raw.decode("cp1252"), what


def _delimiter(text: str) -> str:
    """Return the delimiter with which the first line names the columns that every file has."""
    first = text.lstrip("\r\n").splitlines()[:1]

    def found(delimiter: str) -> int:
        names = next(csv.reader(first, delimiter=delimiter), [])
        return sum(any(is_header_of(name, own) for name in names) for own in (ASK, LABEL))

    return max(DELIMITERS, key=found)  # the first of the best


def write_jsonl(sheet: Sheet) -> bytes:
    """Return a JSON object a line, with `""` for what people fill in."""
    raw = io.BytesIO()
    for row in sheet.rows:
        values = {
            name: "" if value is None else value
            for name, value in zip(sheet.headers, row, strict=True)
        }
        raw.write(_line(values))
    return raw.getvalue()


def _line(values: dict[str, Any]) -> bytes:
    try:
        return (json.dumps(values, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # half a character, which UTF-8 does not have
        return (json.dumps(values) + "\n").encode()


def read_jsonl(path: Path) -> list[Table]:
    """Return the table of a JSON lines file; its columns are all keys there are.

    Raises:
        ValueError: it is no text.
    """
    text, fault = _decoded(path.read_bytes())
    faults = [(0, fault)] if fault else []
    objects: list[tuple[int, dict[str, object]]] = []
    bad: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            check_rows(len(objects) + len(bad) + 1)
            try:
                objects.append((number, _object(line)))
            except (ValueError, RecursionError) as error:
                bad.append((number, f"Each line must be a JSON object. {error}"))
    header = list(dict.fromkeys(key for _, value in objects for key in value))
    check_objects(len(objects), len(header), sum(len(value) for _, value in objects), FROM_PEOPLE)
    records = [(number, [value.get(key) for key in header]) for number, value in objects]
    return [Table(header, records, unit="line", faults=[*faults, *bad], complete=not bad)]


def _object(line: str) -> dict[str, object]:
    check_depth(line)
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError(f"Got a {type(value).__name__}.")
    return value


def csv_text(value: object, *, exact: bool) -> str:
    """Return a cell's text without the guard against formulas."""
    return unguarded(cell_text(value), exact=exact)
