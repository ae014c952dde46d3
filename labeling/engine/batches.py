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
        self._rows: npt.NDArray[Any] = np.empty(len(samples), dtype=object)
        self._is_made = np.zeros(len(samples), dtype=bool)

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

    def rows(self, positions: npt.NDArray[np.intp] | None = None) -> list[Any]:
        """Return the rows at positions, or all; only these are converted to Python."""
        if positions is None:
            return self._all_rows
        missing = positions[~self._is_made[positions]]
        if len(missing):
            self._rows[missing] = _as_objects(self._made(missing), len(missing))
            self._is_made[missing] = True
        return self._rows[positions].tolist()  # type: ignore[no-any-return]  # of objects

    @cached_property
    def _all_rows(self) -> list[Any]:
        if self._is_made.any():
            return self.rows(np.arange(len(self)))
        rows = self._made(None)
        self._rows = _as_objects(rows, len(self))
        self._is_made[:] = True
        return rows

    def _made(self, positions: npt.NDArray[np.intp] | None) -> list[Any]:
        """Return new rows; the values are gathered before they are converted."""
        count = len(self) if positions is None else len(positions)
        columns: dict[Hashable, Any] = {}
        for name, column in self._columns.items():
            if not self._is_read(name):
                columns[name] = itertools.repeat(NOT_READ, count)
                continue
            columns[name] = _values(column, positions)
        return rows_of_columns(columns, count, mutable=self._has_mutable)

    def _is_read(self, name: Hashable) -> bool:
        return self._reads is None or name in self._reads or str(name) in self._reads

    @cached_property
    def _has_mutable(self) -> bool:
        return any(may_change(self._columns[name]) for name in self._columns if self._is_read(name))


def rows_of(samples: pd.DataFrame) -> list[Any]:
    """Return a row for each sample: `x.column` and `x["column"]`, the name of the index included.

    Args:
        samples: the result of `with_plain_objects`, or some of its rows.

    >>> row = rows_of(pd.DataFrame({"text": ["hi"], "my number": [3]}))[0]
    >>> row.text, row["my number"]
    ('hi', 3)
    """
    return SampleBatch(samples).rows()


def _values(column: pd.Series, positions: npt.NDArray[np.intp] | None) -> list[Any]:
    """Return the plain values of a column at positions, or all."""
    kind = column.dtype
    if positions is not None and isinstance(kind, np.dtype) and kind.kind in "biufO":
        chosen: list[Any] = column.to_numpy()[positions].tolist()
        return chosen  # in a tenth of the time of pandas' selection
    wanted = column if positions is None else column.iloc[positions]
    return wanted.tolist() if is_object(kind) else python_values(wanted)


def _as_objects(rows: list[Any], count: int) -> npt.NDArray[Any]:
    """Return rows as an array of objects; `np.array` would take rows for sequences."""
    return np.fromiter(rows, dtype=object, count=count)
