"""Looks the values of a column up in tables: each distinct value once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from labeling.engine.columns.text_search import Batch, Memo, column_of, is_text_type
from labeling.records import KnownKeys, ValueTable

FEW = 256
"""Up to so many distinct values are looked up without a look at the keys."""

UNDECIDED = object()
"""The meaning of a value for which the table raises an error, or may."""


class DistinctValues:
    """The distinct values of a column in a batch; the last one is missing.

    Args:
        array: an Arrow array of texts, numbers or bools.
    """

    def __init__(self, array: Any) -> None:
        encoded = pc.dictionary_encode(array)
        self._values = encoded.dictionary
        numbers = encoded.indices.fill_null(len(self._values))
        self.numbers: npt.NDArray[Any] = numbers.to_numpy(zero_copy_only=False)
        self.has_missing = bool(encoded.indices.null_count)

    @classmethod
    def of(cls, batch: Batch, memo: Memo, name: str) -> DistinctValues | None:
        """Return those of a column, the same for all who share the memo.

        `None` if the column has other values than texts, numbers or bools.
        """
        key = ("value_search.column", name)
        if key not in memo:
            array = column_of(batch, name)
            memo[key] = cls(array) if array is not None and _is_plain(array.type) else None
        return memo[key]  # type: ignore[no-any-return]

    @cached_property
    def values(self) -> list[Any]:
        """The values as labeling functions get them, without the missing one."""
        values: list[Any] = self._values.to_pylist()
        return values

    def meanings(self, table: ValueTable, keys: Callable[[], KnownKeys]) -> list[Any]:
        """Return the meaning of each value, the missing one last; `UNDECIDED` for an error."""
        possible: Iterable[int] = range(len(self.values))
        if len(self.values) > FEW:
            possible = self._possible(keys())
        meanings: list[Any] = [None] * (len(self.values) + 1)
        for number in possible:
            meanings[number] = _meaning(table, self.values[number])
        if self.has_missing:
            meanings[-1] = _meaning(table, None)
        return meanings

    def _possible(self, keys: KnownKeys) -> Any:
        """Return the numbers of the values that the keys do not rule out."""
        kind = self._values.type
        if is_text_type(kind) and len(keys.texts) <= len(self._values):
            return np.flatnonzero(self._may_be_known_text(keys))
        if pa.types.is_integer(kind) and keys.numbers:
            whole = (key for key in keys.numbers if isinstance(key, int) or key.is_integer())
            known = set(map(int, whole))
            limits = np.iinfo(kind.to_pandas_dtype())
            inside = [key for key in known if limits.min <= key <= limits.max]
            values = self._values.to_numpy(zero_copy_only=False)
            return np.flatnonzero(np.isin(values, np.array(inside, dtype=values.dtype)))
        return range(len(self._values))

    def _may_be_known_text(self, keys: KnownKeys) -> Any:
        import polars as pl

        series: Any = pl.from_arrow(self._values)
        is_lowered = keys.normalize("A") == "a"
        normalized = series.str.to_lowercase() if is_lowered else series
        mask = series.str.len_bytes() != series.str.len_chars()
        mask |= normalized.is_in(pl.Series(list(keys.texts), dtype=pl.String).implode())
        if keys.first_characters:
            first = pl.Series(sorted(keys.first_characters), dtype=pl.String)
            mask |= series.str.head(1).is_in(first.implode())
        return mask.to_numpy()


def _is_plain(kind: Any) -> bool:
    return bool(
        is_text_type(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
    )


def _meaning(table: ValueTable, value: Any) -> Any:
    try:
        return table.find(value)
    except Exception:  # noqa: BLE001  # the function raises it again, for the row
        return UNDECIDED
