"""File formats of label files, and reading a file of any of them."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from labeling.errors import DataError, LabelingError
from labeling.label_files.cells import cell_text, unescaped
from labeling.label_files.columns import Columns
from labeling.label_files.csv_jsonl import (
    csv_text,
    read_csv,
    read_jsonl,
    write_csv,
    write_jsonl,
)
from labeling.label_files.sheets import Contents, Row, Sheet, Source, Table
from labeling.label_files.xlsx import read_xlsx, write_xlsx
from labeling.records import clean_text, unsafe_characters
from labeling.records.size_limits import FROM_PEOPLE

WRITERS: dict[str, Callable[[Sheet], bytes]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "jsonl": write_jsonl,
}
READERS: dict[str, Callable[[Path], list[Table]]] = {
    ".csv": read_csv,
    ".xlsx": read_xlsx,
    ".jsonl": read_jsonl,
}
NOT_READ = (
    ".ods",
    ".xls",
    ".xlsm",
    ".xlsb",
    ".tsv",
    ".numbers",
)  # other formats that spreadsheet programs save


def _csv_cell(value: object, exact: bool) -> str:
    return unescaped(csv_text(value, exact=exact))


def _xlsx_cell(value: object, exact: bool) -> str:
    return unescaped(cell_text(value))


def _jsonl_cell(value: object, exact: bool) -> str:
    return cell_text(value)


def typed_text(value: object) -> str:
    """Return what a person wrote as text; lists and objects of JSON lines files as JSON.

    >>> typed_text(["joy"]), typed_text([]), typed_text(None), typed_text(1.0)
    ('["joy"]', '[]', '', '1')
    """
    is_structured = isinstance(value, (list, dict))
    return json.dumps(value, ensure_ascii=False) if is_structured else cell_text(value)


CELL_READERS = {".csv": _csv_cell, ".xlsx": _xlsx_cell, ".jsonl": _jsonl_cell}


def label_files_in(folder: Path) -> Iterator[Path]:
    """Yield the files that people may have labeled in, by name; without hidden and lock files."""
    if not folder.is_dir():
        return
    for name in sorted(os.listdir(folder)):
        path = folder / name
        is_table = path.suffix.lower() in (*READERS, *NOT_READ)
        if is_table and not name.startswith((".", "~")) and path.is_file():
            yield path


def read_file(path: Path, columns: Columns) -> Contents:
    """Return the rows of a file, and what is wrong with it."""
    suffix = path.suffix.lower()
    try:
        when = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
        source = Source(path.name, when)
        if unsafe_characters(path.name):
            what = "The name of a file must be of whole characters and is not; rename the file."
            return Contents(faults=((source, 0, what),), unread=(clean_text(path.name),))
        if suffix in NOT_READ:
            formats = ", ".join(READERS)
            what = f"Files must be of the kinds {formats}. Got {suffix}; save it as one of those."
            return Contents(faults=((source, 0, what),))
        if path.stat().st_size > FROM_PEOPLE.unpacked:
            raise DataError(
                f"It must have at most {FROM_PEOPLE.unpacked:,} bytes. It has"
                f" {path.stat().st_size:,}."
            )
        tables = READERS[suffix](path)
    except DataError as error:  # larger than what people can have labeled
        source = Source(path.name, datetime.datetime.now(datetime.UTC))
        return Contents(
            faults=((source, 0, f"The file is not read. {error}"),), unread=(path.name,)
        )
    except LabelingError:
        raise
    except Exception as error:  # noqa: BLE001 - a broken file breaks its reader in many ways
        source = Source(path.name, datetime.datetime.now(datetime.UTC))
        why = str(error) or type(error).__name__
        what = f"The file cannot be read: {why}. Is it still open, or not copied to its end?"
        return Contents(faults=((source, 0, what),), unread=(path.name,))
    return Contents.joined(
        [
            _contents(table, Source(path.name, when, table.sheet, table.unit), columns, suffix)
            for table in tables
        ]
    )


def _contents(table: Table, source: Source, columns: Columns, suffix: str) -> Contents:
    text_of = CELL_READERS[suffix]
    headers = [text_of(name, False) for name in table.header]
    faults = [(source, number, what) for number, what in table.faults]
    unread = () if table.complete else (source.file,)
    header_fault = columns.fault(headers)
    if header_fault is not None:
        return Contents((), (*faults, (source, 0, header_fault)), unread)
    names = [columns.find(header) for header in headers]
    positions = [(name, index) for index, name in enumerate(names) if name is not None]
    exact = {name: columns.is_exact(name) for name, _ in positions}
    typed = {name: columns.is_typed(name) for name, _ in positions}
    rows = []
    for number, values in table.records:
        cells = {
            name: typed_text(values[index]) if typed[name] else text_of(values[index], exact[name])
            for name, index in positions
            if index < len(values)
        }
        if any(cells.values()):
            rows.append(Row(source, number, cells))
    return Contents(tuple(rows), tuple(faults), unread)
