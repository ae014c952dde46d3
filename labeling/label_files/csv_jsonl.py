"""Writes CSV and JSON lines files, and reads them back as spreadsheet programs save them."""

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
    """Return a CSV file for spreadsheets: UTF-8 with a byte order mark, formulas guarded."""
    raw = io.StringIO(newline="")
    rows = csv.writer(raw, lineterminator="\r\n")
    rows.writerow([guarded(escaped(name), exact=False) for name in sheet.headers])
    exact = [name in sheet.exact for name in sheet.columns]
    for row in sheet.rows:
        rows.writerow(
            [
                guarded(escaped(value), exact=is_exact) if isinstance(value, str) else value
                for value, is_exact in zip(row, exact, strict=True)
            ]
        )
    return raw.getvalue().encode("utf-8-sig")


def read_csv(path: Path) -> list[Table]:
    """Return the table of a CSV file, whatever its delimiter and encoding.

    Raises:
        ValueError: it is not text.
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
    """Return a file's text, and a sentence on its encoding if it is not Unicode."""
    if raw.startswith(UTF_16):
        return raw.decode("utf-16"), ""
    try:
        return raw.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        what = (
            "The file must be UTF-8 and is not; it was read as Windows-1252. Rows whose text is"
            " unchanged are counted. Save it as 'CSV UTF-8', and check names and comments."
        )
        return raw.decode("cp1252"), what


def _delimiter(text: str) -> str:
    """Return the delimiter with which the header has the most fixed columns."""
    header = text.lstrip("\r\n").splitlines()[:1]

    def count(delimiter: str) -> int:
        names = next(csv.reader(header, delimiter=delimiter), [])
        return sum(any(is_header_of(name, column) for name in names) for column in (ASK, LABEL))

    return max(DELIMITERS, key=count)  # on ties the first


def write_jsonl(sheet: Sheet) -> bytes:
    """Return a JSON object per line, with `""` or null where people fill in."""
    raw = io.BytesIO()
    for row in sheet.rows:
        values = {
            header: "" if value is None and name not in sheet.lists else value
            for name, header, value in zip(sheet.columns, sheet.headers, row, strict=True)
        }
        raw.write(_json_line(values))
    return raw.getvalue()


def _json_line(values: dict[str, Any]) -> bytes:
    try:
        return (json.dumps(values, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # a lone surrogate, which UTF-8 does not have
        return (json.dumps(values) + "\n").encode()


def read_jsonl(path: Path) -> list[Table]:
    """Return the table of a JSON lines file; its columns are all keys of its objects.

    Raises:
        ValueError: it is not text.
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
