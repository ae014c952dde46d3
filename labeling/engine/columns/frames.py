"""`Frame`: the columns of a batch as values, made once and shared by all labeling functions."""

from __future__ import annotations

from collections.abc import Hashable, MutableMapping
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labeling.engine.columns.texts import Text
from labeling.engine.columns.values import (
    UNDECIDED,
    Bools,
    Constant,
    Floats,
    Integers,
    Masks,
    Piece,
    Times,
    Value,
)

Memo = MutableMapping[Any, Any]


class Batch(Protocol):
    """What is read of a batch of samples; see `labeling.engine.batches.SampleBatch`."""

    @property
    def ids(self) -> Any:
        """The ids of the samples, a pandas index."""

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The names of the columns."""

    def column(self, name: Hashable) -> Any:
        """Return a column as an Arrow array, or `None` if it has no exact one."""

    def times(self, name: Hashable) -> Any:
        """Return a column of times without a zone as an Arrow array, or `None`."""

    def __len__(self) -> int: ...


class NoColumns:
    """A batch of some rows without columns, to evaluate what depends on other values alone."""

    names: tuple[Hashable, ...] = ()

    def __init__(self, count: int) -> None:
        self.ids: Any = range(count)

    def column(self, name: Hashable) -> Any:
        """Return `None`: there are no columns."""

    def times(self, name: Hashable) -> Any:
        """Return `None`: there are no columns."""

    def __len__(self) -> int:
        return len(self.ids)


class Frame(Masks):
    """A batch, and the values of its columns.

    Args:
        batch: the samples.
        memo: shared by all who work on the batch.
    """

    def __init__(self, batch: Batch, memo: Memo) -> None:
        super().__init__(len(batch))
        self.batch = batch
        self.names = frozenset(batch.names)
        self._memo = memo

    @classmethod
    def of(cls, batch: Batch, memo: Memo) -> Frame:
        """Return the frame of a batch, the same one for all who share the memo."""
        frame = memo.get("columns.frame")
        if frame is None:
            frame = memo["columns.frame"] = cls(batch, memo)
        return frame

    def column(self, name: Hashable) -> Value:
        """Return a column as a value; undecided where its values are of no known form."""
        key = ("columns.column", name)
        value = self._memo.get(key)
        if value is None:
            value = self._memo[key] = self._read(name)
        return value

    def _read(self, name: Hashable) -> Value:
        if self.batch.names.count(name) != 1:
            return UNDECIDED
        array = self.batch.column(name)
        array = self.batch.times(name) if array is None else array
        if array is None:
            return UNDECIDED
        if isinstance(array, pa.ChunkedArray):
            array = array.combine_chunks()
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        piece = _piece(array)
        if piece is None:
            return UNDECIDED
        if not array.null_count:
            return self.whole(piece)
        missing = pc.is_null(array).to_numpy(zero_copy_only=False)
        parts: list[tuple[Any, Piece]] = [(~missing, piece), (missing, Constant(None))]
        return tuple((mask, part) for mask, part in parts if mask.any())


def _piece(array: Any) -> Piece | None:
    """Return an Arrow array as a piece; what it holds for nulls is never read."""
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return _text(array)
    if pa.types.is_boolean(kind):
        return Bools(_filled(array, False))
    if pa.types.is_floating(kind):
        return Floats(_filled(array, 0.0).astype(np.float64, copy=False))
    if pa.types.is_integer(kind):
        values = _filled(array, 0)
        if kind == pa.uint64() and values.max(initial=0) >= 2**63:
            return None
        return Integers(values.astype(np.int64, copy=False))
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return Times(array)
    return Constant(None) if pa.types.is_null(kind) else None


def _filled(array: Any, gap: object) -> Any:
    full = array.fill_null(gap) if array.null_count else array
    return full.to_numpy(zero_copy_only=False)


def _text(array: Any) -> Text:
    import polars as pl

    series: Any = pl.from_arrow(array)
    return Text(series.fill_null("") if array.null_count else series)
