"""`LongTable`: any number of votes for each sample and labeling function, as rows of numbers."""

from __future__ import annotations

import bisect
from abc import abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.engine.forms.base import Values, VoteForm, Where

INT = np.dtype(np.int32)


class _Part(NamedTuple):
    """Votes of a function on rows that were worked on together; column 0 is the sample's row."""

    first: int
    values: Values


def _first(part: _Part) -> int:
    return part.first


class LongTable:
    """Votes of labeling functions on samples; those of each function in parts, sorted by row.

    Args:
        n_samples: the number of rows.
        n_lfs: the number of functions.
    """

    def __init__(self, n_samples: int, n_lfs: int) -> None:
        self._n_samples = n_samples
        self.parts: list[list[_Part]] = [[] for _ in range(n_lfs)]

    def __len__(self) -> int:
        return self._n_samples

    def add(self, column: int, first: int, values: Values) -> None:
        """Add votes of a function; `first` is a row at or before theirs, after those before."""
        if len(values):
            bisect.insort(self.parts[column], _Part(first, values), key=_first)

    def between(self, column: int, start: int, end: int) -> list[Values]:
        """Return the votes of a function that were added for rows from one to another."""
        parts = self.parts[column]
        low = bisect.bisect_left(parts, start, key=_first)
        high = bisect.bisect_left(parts, end, key=_first)
        return [part.values for part in parts[low:high]]


class LongForm(VoteForm):
    """Votes of which a sample may have any number from a function.

    Attributes:
        width: how many numbers a vote is: the row of its sample, and what is said of it.
    """

    width: int
    value_type = INT

    def table(self, n_samples: int, n_lfs: int, *, empty: bool = False) -> LongTable:
        """Return a table without votes; see `VoteForm.table`."""
        return LongTable(n_samples, n_lfs)

    def put(self, table: LongTable, column: int, where: Where, values: Values) -> None:
        """Add the votes of a function; their first column counts the rows of `where`."""
        votes = values.reshape(-1, self.width)
        if not len(votes):
            return
        if isinstance(where, slice):
            first = where.start or 0
            rows = votes[:, 0] + first
        else:
            first, rows = int(where[0]), where[votes[:, 0]]
        table.add(column, first, self._moved(votes, rows))

    def put_rows(
        self, table: LongTable, start: int, part: LongTable, columns: Sequence[int]
    ) -> None:
        """Add the votes on some rows."""
        for parts, column in zip(part.parts, columns, strict=True):
            for first, values in parts:
                table.add(column, start + first, self._moved(values, values[:, 0] + start))

    def values(self, table: LongTable, column: int, start: int, end: int) -> Values:
        """Return the votes of a function on some rows, which are counted from the first one."""
        votes = self._together(table.between(column, start, end))
        return self._moved(votes, votes[:, 0] - start).reshape(-1)

    def _moved(self, values: Values, rows: npt.NDArray[np.integer]) -> Values:
        """Return votes with other rows."""
        moved = values.astype(INT)
        moved[:, 0] = rows
        return moved

    def _together(self, parts: Sequence[Values]) -> Values:
        empty = np.zeros((0, self.width), dtype=INT)
        return np.concatenate([empty, *parts])

    def all_votes(self, table: LongTable) -> tuple[Values, npt.NDArray[np.int64]]:
        """Return the votes of all functions, and for each the number of its function."""
        by_column = [self._together([part.values for part in parts]) for parts in table.parts]
        voters = np.repeat(np.arange(len(by_column)), list(map(len, by_column)))
        return self._together(by_column), voters

    @abstractmethod
    def what(self) -> str:
        """Return what a vote holds, for the keys of the cache."""

    @property
    def key(self) -> str:
        """All that decides what values mean, as text."""
        return f"{self.what()} {super().key}"
