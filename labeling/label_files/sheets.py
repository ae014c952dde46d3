"""Rows from files and files from rows: what CSV, XLSX and JSON lines have in common."""

from __future__ import annotations

import collections
import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from labeling.errors import shown
from labeling.records import Problem

MOST_PROBLEMS = 100  # of one file


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to write: texts and numbers, one row a question.

    Attributes:
        columns: their names inside.
        headers: what they are called in the file.
        rows: the cells, in the order of the columns; `None` is empty.
        text: the column that is labeled.
        exact: the columns whose texts must come back unchanged.
        choices: what may be written as a label.
    """

    columns: tuple[str, ...]
    headers: tuple[str, ...]
    rows: Sequence[Sequence[object]] = field(repr=False)
    text: str
    exact: frozenset[str]
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read, before its columns are known.

    Attributes:
        header: the columns' names.
        records: row numbers as people see them, and the cells.
        inside: which sheet of the file it is, where that is not clear.
        unit: what its rows are called.
        faults: row numbers (0: all) and what was wrong there.
        complete: whether all its rows could be read.
    """

    header: Sequence[object]
    records: Sequence[tuple[int, Sequence[object]]] = field(repr=False)
    inside: str = ""
    unit: str = "row"
    faults: Sequence[tuple[int, str]] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows are from: a file, perhaps a sheet in it, and when it was last saved (UTC)."""

    file: str
    when: datetime.datetime
    inside: str = ""
    unit: str = "row"

    def place(self, numbers: Sequence[int]) -> str:
        """Return the words for some of its rows.

        >>> now = datetime.datetime.now(datetime.UTC)
        >>> (
        ...     Source("batch-001.csv", now).place([7]),
        ...     Source("a.xlsx", now, "sheet 'b'").place([7, 8]),
        ... )
        ('batch-001.csv, row 7', "a.xlsx, sheet 'b', rows 7, 8")
        """
        file = ", ".join(filter(None, (self.file, self.inside)))
        if not numbers:
            return file
        return f"{file}, {self.unit}{'s' if len(numbers) > 1 else ''} {shown(numbers)}"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file: texts by column; a column that is not there is empty."""

    source: Source
    number: int
    cells: Mapping[str, str]

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return self.source.place([self.number])

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Contents:
    """What was found in a file.

    Attributes:
        rows: its rows that are not empty.
        faults: what is wrong with it or its rows: the place, its row number (0: all), and what.
        unread: files that could not be read to their end: what is not in `rows` may be in them.
    """

    rows: tuple[Row, ...] = ()
    faults: tuple[tuple[Source, int, str], ...] = ()
    unread: tuple[str, ...] = ()


def problems_of(faults: Iterable[tuple[Source, int, str]]) -> tuple[Problem, ...]:
    """Return faults as problems, in order; rows of a file with the same fault become one.

    Of a file with very many different faults the first are told, and how many more there are.
    """
    numbers: dict[tuple[Source, str], list[int]] = {}
    for source, number, what in faults:
        numbers.setdefault((source, what), []).extend([number] if number else [])
    told = collections.Counter[Source]()
    problems = []
    for (source, what), places in numbers.items():
        told[source] += 1
        if told[source] <= MOST_PROBLEMS:
            problems.append(Problem(source.place(places), what))
    for source, count in told.items():
        if count > MOST_PROBLEMS:
            more = f"There are {count - MOST_PROBLEMS:,} more problems in this file."
            problems.append(Problem(source.place([]), more))
    return tuple(problems)
