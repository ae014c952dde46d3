"""`SampleBatch`: the samples that are worked on at a time, as Arrow columns and as Python rows."""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from labeling.engine.rows import NOT_READ, rows_of_columns
from labeling.engine.values import arrow_values, is_object, may_change, python_values


class SampleBatch:
    """Some samples: their columns as Arrow arrays, and their rows as labeling functions get them.

    Both hold the same values. Nothing is converted before it is asked for, and nothing twice.

    Args:
        samples: the result of `with_plain_objects`, or some of its rows.
        reads: the columns that are read of rows, if that is known; others are not in the rows, and
            fail if they are read all the same.

    >>> batch = SampleBatch(pd.DataFrame({"text": ["hi", None]}, index=["a", "b"]))
    >>> batch.column("text").to_pylist(), [row.text for row in batch.rows()]
    (['hi', None], ['hi', None])
    """

    def __init__(self, samples: pd.DataFrame, reads: frozenset[Hashable] | None = None) -> None:
        self.ids: pd.Index = samples.index
        self._columns: dict[Hashable, pd.Series] = dict(samples.items())
        name = samples.index.name
        if isinstance(name, str) and name not in self._columns:
            ids = pd.Series(samples.index)
            if is_object(ids.dtype):
                ids = pd.Series(python_values(ids), dtype=object)
            self._columns[name] = ids
        self._reads = reads
        self._arrays: dict[Hashable, pa.Array | None] = {}
        self._rows: dict[frozenset[Hashable], _Made] = {}
        self._converted: dict[Hashable, _Made] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The names of the columns, that of the index included."""
        return tuple(self._columns)

    def column(self, name: Hashable) -> pa.Array | None:
        """Return the values that functions get of a column as an Arrow array: null is `None`.

        NaN is NaN, and floats are doubles. `None` where Arrow has no array of exactly these values
        (dates, nested values, several types), and where there is no such column.
        """
        if name not in self._arrays:
            column = self._columns.get(name)
            self._arrays[name] = None if column is None else arrow_values(column)
        return self._arrays[name]

    def times(self, name: Hashable) -> pa.Array | None:
        """Return a column of times without a zone as an Arrow array; null is `None`.

        Rows hold them as pandas' `Timestamp`s. `None` where the column has other values.
        """
        column = self._columns.get(name)
        if column is None or not isinstance(column.dtype, np.dtype) or column.dtype.kind != "M":
            return None
        return pa.array(column.to_numpy())

    def rows(
        self,
        positions: npt.NDArray[np.intp] | None = None,
        reads: frozenset[Hashable] | None = None,
    ) -> list[Any]:
        """Return the rows at positions, or all; only these are converted to Python.

        Args:
            positions: the numbers of the rows; `None` means all.
            reads: the columns that are read of these rows, if fewer than those of the batch.
        """
        read = frozenset(name for name in self._columns if self._is_read(name, reads))
        if read not in self._rows:
            self._rows[read] = _Made(len(self))
        made = self._rows[read]
        if positions is None and not made.any:
            rows = self._made(None, read)
            made.keep(slice(None), rows)
            return rows
        wanted = np.arange(len(self)) if positions is None else positions
        missing = made.missing(wanted)
        if len(missing):
            made.keep(missing, self._made(missing, read))
        return made.objects[wanted].tolist()  # type: ignore[no-any-return]  # of objects

    def _made(self, positions: npt.NDArray[np.intp] | None, read: frozenset[Hashable]) -> list[Any]:
        """Return new rows; the values are gathered before they are converted."""
        count = len(self) if positions is None else len(positions)
        columns: dict[Hashable, Any] = {
            name: self._values(name, positions)
            if name in read
            else itertools.repeat(NOT_READ, count)
            for name in self._columns
        }
        return rows_of_columns(columns, count, mutable=bool(self._mutable & read))

    def _values(self, name: Hashable, positions: npt.NDArray[np.intp] | None) -> list[Any]:
        """Return the plain values of a column at positions, or all."""
        column = self._columns[name]
        kind = column.dtype
        if isinstance(kind, np.dtype) and kind.kind in "biufO":  # quick to convert
            if positions is not None:  # in a tenth of the time of pandas' selection
                return column.to_numpy()[positions].tolist()  # type: ignore[no-any-return]
            return column.tolist() if is_object(kind) else python_values(column)
        if name not in self._converted:
            self._converted[name] = _Made(len(self))
        made = self._converted[name]
        if positions is None and not made.any:
            values = python_values(column)
            made.keep(slice(None), values)
            return values
        wanted = np.arange(len(self)) if positions is None else positions
        missing = made.missing(wanted)
        if len(missing):
            made.keep(missing, python_values(column.iloc[missing]))
        return made.objects[wanted].tolist()  # type: ignore[no-any-return]  # of objects

    def values(self, name: Hashable) -> list[Any]:
        """Return the values of a column as functions get them, those of all rows."""
        return self._values(name, None)

    def may_change(self, reads: frozenset[Hashable] | None) -> bool:
        """Whether any of some columns (`None`: all) has values that could be changed in place."""
        return any(self._is_read(name, reads) for name in self._mutable)

    @cached_property
    def _mutable(self) -> frozenset[Hashable]:
        names = (name for name in self._columns if self._is_read(name, None))
        return frozenset(name for name in names if may_change(self._columns[name]))

    def _is_read(self, name: Hashable, reads: frozenset[Hashable] | None) -> bool:
        return all(
            read is None or name in read or str(name) in read for read in (self._reads, reads)
        )


class _Made:
    """Objects that are made of the rows of a batch, as far as they were asked for."""

    def __init__(self, count: int) -> None:
        self.objects: npt.NDArray[Any] = np.empty(count, dtype=object)
        self._is_made = np.zeros(count, dtype=bool)
        self.any = False

    def missing(self, positions: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Return the positions of which nothing is made yet."""
        missing: npt.NDArray[np.intp] = positions[~self._is_made[positions]]
        return missing

    def keep(self, positions: slice | npt.NDArray[np.intp], objects: list[Any]) -> None:
        """Keep what is made of the rows at positions."""
        # `np.array` would take rows for sequences.
        self.objects[positions] = np.fromiter(objects, dtype=object, count=len(objects))
        self._is_made[positions] = True
        self.any = True


def rows_of(samples: pd.DataFrame) -> list[Any]:
    """Return a row for each sample: `x.column` and `x["column"]`, the name of the index included.

    Args:
        samples: the result of `with_plain_objects`, or some of its rows.

    >>> row = rows_of(pd.DataFrame({"text": ["hi"], "my number": [3]}))[0]
    >>> row.text, row["my number"]
    ('hi', 3)
    """
    return SampleBatch(samples).rows()
