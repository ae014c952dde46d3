"""Tables and rows of label files, common to CSV, XLSX and JSON lines."""

from __future__ import annotations

import collections
import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from labeling.errors import listed
from labeling.records import Problem

MOST_PROBLEMS = 100  # of one file


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to write: texts and numbers, one row a question.

    Attributes:
        columns: their internal names.
        headers: their names in the file.
        rows: the cells, in the order of the columns; `None` is empty.
        text: the column that is labeled.
        exact: the columns whose texts must be read back unchanged.
        choices: the labels that people may choose.
        marks: the columns in which people mark labels.
        lists: the columns that hold a list in JSON lines, and null before people fill them in.
    """

    columns: tuple[str, ...]
    headers: tuple[str, ...]
    rows: Sequence[Sequence[object]] = field(repr=False)
    text: str
    exact: frozenset[str]
    choices: tuple[str, ...]
    marks: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was read, before its columns are identified.

    Attributes:
        header: the columns' names.
        records: row numbers as people see them, and the cells.
        sheet: which sheet of the file it is, unless it is the first.
        unit: what its rows are called.
        faults: row numbers (0: all) and what is wrong there.
        complete: whether all its rows could be read.
    """

    header: Sequence[object]
    records: Sequence[tuple[int, Sequence[object]]] = field(repr=False)
    sheet: str = ""
    unit: str = "row"
    faults: Sequence[tuple[int, str]] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """Where rows are from: a file, perhaps a sheet in it, and when it was last saved (UTC)."""

    file: str
    when: datetime.datetime
    sheet: str = ""
    unit: str = "row"

    def describe(self, numbers: Sequence[int]) -> str:
        """Return file, sheet and row numbers in words.

        >>> now = datetime.datetime.now(datetime.UTC)
        >>> (
        ...     Source("batch-001.csv", now).describe([7]),
        ...     Source("a.xlsx", now, "sheet 'b'").describe([7, 8]),
        ... )
        ('batch-001.csv, row 7', "a.xlsx, sheet 'b', rows 7, 8")
        """
        file = ", ".join(filter(None, (self.file, self.sheet)))
        if not numbers:
            return file
        return f"{file}, {self.unit}{'s' if len(numbers) > 1 else ''} {listed(numbers)}"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file: texts by column; a missing column is empty."""

    source: Source
    number: int
    cells: Mapping[str, str]

    @property
    def location(self) -> str:
        """File, sheet and row number in words."""
        return self.source.describe([self.number])

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a file, or of all files of a folder.

    Attributes:
        rows: the rows that are not empty.
        faults: what is wrong with a file or its rows: the source, the row number (0: all), and
            what.
        unread: files that could not be read to their end: rows that are missing may be in them.
    """

    rows: tuple[Row, ...] = ()
    faults: tuple[tuple[Source, int, str], ...] = ()
    unread: tuple[str, ...] = ()

    @classmethod
    def joined(cls, parts: Collection[Contents]) -> Contents:
        """Return the contents of several files or sheets together."""
        return cls(
            tuple(row for part in parts for row in part.rows),
            tuple(fault for part in parts for fault in part.faults),
            tuple(name for part in parts for name in part.unread),
        )


def problems_of(faults: Iterable[tuple[Source, int, str]]) -> tuple[Problem, ...]:
    """Return faults as problems, in order; rows of a file with the same fault become one.

    Of a file with very many different faults only the first are listed, and the others counted.
    """
    numbers: dict[tuple[Source, str], list[int]] = {}
    for source, number, what in faults:
        numbers.setdefault((source, what), []).extend([number] if number else [])
    counts = collections.Counter[Source]()
    problems = []
    for (source, what), rows in numbers.items():
        counts[source] += 1
        if counts[source] <= MOST_PROBLEMS:
            problems.append(Problem(source.describe(rows), what))
    for source, count in counts.items():
        if count > MOST_PROBLEMS:
            more = f"There are {count - MOST_PROBLEMS:,} more problems in this file."
            problems.append(Problem(source.describe([]), more))
    return tuple(problems)
