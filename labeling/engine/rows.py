"""From a table's columns to the rows that labeling functions see: plain, immutable Python."""

from __future__ import annotations

import functools
import itertools
from collections import namedtuple
from collections.abc import Hashable, Iterator
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa

from labeling.errors import DataError
from labeling.records import IMMUTABLE, PreprocessedRow, SettledRow, missing_column


def settled(samples: pd.DataFrame) -> pd.DataFrame:
    """Return samples whose columns of objects hold plain Python; the frame itself is unchanged.

    What stands for a missing value there depends on the whole column, so it is settled before the
    samples are cut into chunks.
    """
    made = samples.copy(deep=False)
    for name, column in samples.items():
        if _holds_objects(column.dtype):
            # As a Series of objects pandas takes it as it is, and makes no text of what is none.
            made[name] = pd.Series(python_values(column), index=samples.index, dtype=object)
    return made


def rows_of(samples: pd.DataFrame) -> list[Any]:
    """Return one row a sample: `x.column` and `x["column"]`, the name of the index included.

    Args:
        samples: `settled` ones, or some of their rows.

    >>> row = rows_of(pd.DataFrame({"text": ["hi"], "my number": [3]}))[0]
    >>> row.text, row["my number"]
    ('hi', 3)
    """
    columns = {
        name: column.tolist() if _holds_objects(column.dtype) else python_values(column)
        for name, column in samples.items()
    }
    own = samples.index.name
    if isinstance(own, str) and own not in columns:
        columns[own] = python_values(pd.Series(samples.index))
    if not columns:
        return [_row_type(())()] * len(samples)
    values = zip(*columns.values(), strict=True)
    if any(_mutable(samples, name, column) for name, column in columns.items()):
        return [SettledRow.of(dict(zip(columns, row, strict=True))) for row in values]
    return list(map(tuple.__new__, itertools.repeat(_row_type(tuple(columns))), values))


def _mutable(samples: pd.DataFrame, name: Hashable, values: list[Any]) -> bool:
    """Whether a labeling function could change any value of a column in place."""
    dtype = samples[name].dtype if name in samples.columns else object
    if isinstance(dtype, (np.dtype, pd.StringDtype)) and not _holds_objects(dtype):
        return False
    for kind in set(map(type, values)) - IMMUTABLE:
        if issubclass(kind, Iterator):
            raise DataError(
                f"Column {name!r} must hold values that can be read more than once. Got a"
                f" {kind.__name__}; make it a list."
            )
    return not IMMUTABLE.issuperset(map(type, values))


_HOOKS = frozenset({"__del__", "__getattr__"})  # Python calls them where a class has them


@functools.lru_cache(maxsize=64)
def _row_type(names: tuple[Hashable, ...]) -> type:
    """Return a class of immutable rows whose attributes are read as fast as a namedtuple's."""
    fields_by_place = [f"f{place}" for place in range(len(names))]
    base: type[Any] = namedtuple("base", fields_by_place)  # type: ignore[misc]  # names are data
    place = {name: number for number, name in enumerate(names)}

    def item(self: tuple[Any, ...], name: Any) -> Any:
        try:
            return tuple.__getitem__(self, place[name])
        except KeyError:
            raise missing_column(names, name) from None

    def missing(_: tuple[Any, ...], name: str) -> NoReturn:
        raise missing_column(names, name)

    def get(self: tuple[Any, ...], name: Any, default: Any = None) -> Any:
        return tuple.__getitem__(self, place[name]) if name in place else default

    def has(_: tuple[Any, ...], name: Any) -> bool:
        return name in place

    def text(self: tuple[Any, ...]) -> str:
        values = tuple.__iter__(self)
        fields = (f"{name}={value!r}" for name, value in zip(names, values, strict=True))
        return f"Row({', '.join(fields)})"

    def changeable(self: tuple[Any, ...]) -> PreprocessedRow:
        row = PreprocessedRow()
        fields: Any = zip(names, tuple.__iter__(self), strict=True)  # names of any kind
        row.__dict__.update(fields)
        return row

    fields = {
        str(name): base.__dict__[f"f{number}"]
        for name, number in place.items()
        if not (str(name).startswith("__") and (hasattr(base, str(name)) or name in _HOOKS))
    }
    own = {
        **{"__slots__": (), "__getitem__": item, "__getattr__": missing, "__contains__": has},
        **{"__repr__": text, "__copy__": changeable},
    }
    # What tuples have under these names is no column.
    never = {name: _never(name) for name in ("count", "index", *fields_by_place)}
    # No column may take the place of a method that rows live by; x["__len__"] reads it.
    return type("Row", (base,), {**never, "get": get, **fields, **own})


def _never(name: str) -> property:
    def absent(_: object) -> NoReturn:
        raise AttributeError(name)  # then Python asks `__getattr__`

    return property(absent)


def python_values(column: pd.Series) -> list[Any]:
    """Return a column as plain Python: `str`, `int`, `bool`, `float`; missing is `None`.

    A missing number in a column of floats is NaN.

    >>> python_values(pd.Series([1, None], dtype="Int64")), python_values(pd.Series(["a", None]))
    ([1, None], ['a', None])
    """
    kind = column.dtype
    if isinstance(kind, np.dtype) and kind.kind in "biuf":
        return column.to_numpy().tolist()
    if isinstance(kind, pd.CategoricalDtype):
        values = [*python_values(pd.Series(kind.categories)), None]
        return [values[code] for code in column.cat.codes.tolist()]
    if isinstance(kind, pd.StringDtype) and kind.storage == "pyarrow":
        return pa.array(column).to_pylist()  # type: ignore[no-any-return]  # untyped
    if pd.api.types.is_float_dtype(kind):
        return column.to_numpy(dtype=float, na_value=np.nan).tolist()
    if _holds_objects(kind):
        return _plain(column.tolist())
    gaps = column.isna().to_numpy()
    values = _plain(column.tolist())
    return [None if gap else value for gap, value in zip(gaps, values, strict=True)]


def _holds_objects(kind: object) -> bool:
    return isinstance(kind, np.dtype) and kind.kind == "O"


_PLAIN = frozenset({str, int, bool, bytes, type(None), list, dict, tuple})


def _plain(values: list[Any]) -> list[Any]:
    kinds = set(map(type, values))
    if kinds <= _PLAIN:
        return values
    plain = [None if _is_missing(value) else _python(value) for value in values]
    there = {type(value) for value in plain if value is not None}
    if float in there and there <= {float, int}:  # a column of floats, in boxes
        return [np.nan if value is None else value for value in plain]
    return plain


def _is_missing(value: Any) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, (float, np.floating)) and value != value


def _python(value: Any) -> Any:
    if isinstance(value, (np.bool_, np.integer, np.floating, np.str_)):
        return value.item()
    return value.tolist() if isinstance(value, np.ndarray) else value
