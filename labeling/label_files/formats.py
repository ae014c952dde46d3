"""The kinds of files there are, and reading any of them row by row."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from labeling.errors import DataError, LabelingError
from labeling.label_files.cells import cell_text, unescaped
from labeling.label_files.columns import TYPED, Columns
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
NOT_READ = (".ods", ".xls", ".xlsm", ".xlsb", ".tsv", ".numbers")  # what people may save as


def _of_csv(value: object, exact: bool) -> str:
    return unescaped(csv_text(value, exact=exact))


def _of_xlsx(value: object, exact: bool) -> str:
    return unescaped(cell_text(value))


def _of_jsonl(value: object, exact: bool) -> str:
    return cell_text(value)


TEXT_OF = {".csv": _of_csv, ".xlsx": _of_xlsx, ".jsonl": _of_jsonl}


def label_files_in(folder: Path) -> Iterator[Path]:
    """Yield the files that people may have labeled in, by name; not what programs leave beside."""
    if not folder.is_dir():
        return
    for name in sorted(os.listdir(folder)):
        path = folder / name
        known = path.suffix.lower() in (*READERS, *NOT_READ)
        if known and not name.startswith((".", "~")) and path.is_file():
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
            kinds = ", ".join(READERS)
            what = f"Files must be of the kinds {kinds}. Got {suffix}; save it as one of those."
            return Contents(faults=((source, 0, what),))
        if path.stat().st_size > FROM_PEOPLE.unpacked:
            raise DataError(
                f"It must have at most {FROM_PEOPLE.unpacked:,} bytes. It has {path.stat().st_size:,}."
            )
        tables = READERS[suffix](path)
    except DataError as error:  # it is larger than what people can have labeled
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
    found = [
        _contents(one, Source(path.name, when, one.inside, one.unit), columns, suffix)
        for one in tables
    ]
    return Contents(
        tuple(row for one in found for row in one.rows),
        tuple(fault for one in found for fault in one.faults),
        tuple(name for one in found for name in one.unread),
    )


def _contents(table: Table, source: Source, columns: Columns, suffix: str) -> Contents:
    text_of = TEXT_OF[suffix]
    headers = [text_of(name, False) for name in table.header]
    faults = [(source, number, what) for number, what in table.faults]
    unread = () if table.complete else (source.file,)
    wrong = columns.fault(headers)
    if wrong is not None:
        return Contents((), (*faults, (source, 0, wrong)), unread)
    names = [columns.named(name) for name in headers]
    how = [(name, place) for place, name in enumerate(names) if name is not None]
    exact = {name: columns.is_exact(name) for name, _ in how}
    rows = []
    for number, values in table.records:
        cells = {
            name: cell_text(values[place]) if name in TYPED else text_of(values[place], exact[name])
            for name, place in how
            if place < len(values)
        }
        if any(cells.values()):
            rows.append(Row(source, number, cells))
    return Contents(tuple(rows), tuple(faults), unread)
