"""Converts a frame to the immutable rows of plain Python values that labeling functions get."""

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
from labeling.records import IMMUTABLE, FrozenRow, PreprocessedRow, missing_column


def with_plain_objects(samples: pd.DataFrame) -> pd.DataFrame:
    """Return samples whose object columns hold plain Python values; the frame is not changed.

    Which value means "missing" in such a column depends on the whole column, so it is converted
    before the samples are cut into chunks.
    """
    converted = samples.copy(deep=False)
    for name, column in samples.items():
        if _is_object(column.dtype):
            # As a Series of objects: pandas would infer another type.
            converted[name] = pd.Series(python_values(column), index=samples.index, dtype=object)
    return converted


def rows_of(samples: pd.DataFrame) -> list[Any]:
    """Return a row for each sample: `x.column` and `x["column"]`, the name of the index included.

    Args:
        samples: the result of `with_plain_objects`, or some of its rows.

    >>> row = rows_of(pd.DataFrame({"text": ["hi"], "my number": [3]}))[0]
    >>> row.text, row["my number"]
    ('hi', 3)
    """
    columns = {
        name: column.tolist() if _is_object(column.dtype) else python_values(column)
        for name, column in samples.items()
    }
    index_name = samples.index.name
    if isinstance(index_name, str) and index_name not in columns:
        columns[index_name] = python_values(pd.Series(samples.index))
    if not columns:
        return [_row_type(())()] * len(samples)
    values = zip(*columns.values(), strict=True)
    if any(_is_mutable(samples, name, column) for name, column in columns.items()):
        return [FrozenRow.of(dict(zip(columns, row, strict=True))) for row in values]
    return list(map(tuple.__new__, itertools.repeat(_row_type(tuple(columns))), values))


def _is_mutable(samples: pd.DataFrame, name: Hashable, values: list[Any]) -> bool:
    """Whether a labeling function could change a value of a column in place."""
    dtype = samples[name].dtype if name in samples.columns else object
    if isinstance(dtype, (np.dtype, pd.StringDtype)) and not _is_object(dtype):
        return False
    for kind in set(map(type, values)) - IMMUTABLE:
        if issubclass(kind, Iterator):
            raise DataError(
                f"Column {name!r} must hold values that can be read more than once. Got a"
                f" {kind.__name__}; make it a list."
            )
    return not IMMUTABLE.issuperset(map(type, values))


_SPECIAL_METHODS = frozenset({"__del__", "__getattr__"})
"""Special methods that a tuple does not have, and that Python would call on a row."""


@functools.lru_cache(maxsize=64)
def _row_type(names: tuple[Hashable, ...]) -> type:
    """Return a class of immutable rows whose attributes are as fast as those of a namedtuple."""
    field_names = [f"f{number}" for number in range(len(names))]
    base: type[Any] = namedtuple("base", field_names)  # type: ignore[misc]  # names are data
    columns = {
        str(name): base.__dict__[field]
        for name, field in zip(names, field_names, strict=True)
        if not _is_special(base, str(name))
    }
    # What tuples have under these names is not a column.
    hidden = {name: _hidden(name) for name in ("count", "index", *field_names)}
    methods = _row_methods(names)
    # A column may replace `get`, but no special method: x["__len__"] reads such a column.
    return type("Row", (base,), {**hidden, "get": methods.pop("get"), **columns, **methods})


def _is_special(base: type, name: str) -> bool:
    """Whether a name is that of a method which Python itself calls."""
    return name.startswith("__") and (hasattr(base, name) or name in _SPECIAL_METHODS)


def _row_methods(names: tuple[Hashable, ...]) -> dict[str, Any]:
    """Return the methods of rows with these columns."""
    positions = {name: position for position, name in enumerate(names)}

    def getitem(self: tuple[Any, ...], name: Any) -> Any:
        try:
            return tuple.__getitem__(self, positions[name])
        except KeyError:
            raise missing_column(names, name) from None

    def getattr_missing(_: tuple[Any, ...], name: str) -> NoReturn:
        raise missing_column(names, name)

    def get(self: tuple[Any, ...], name: Any, default: Any = None) -> Any:
        return tuple.__getitem__(self, positions[name]) if name in positions else default

    def contains(_: tuple[Any, ...], name: Any) -> bool:
        return name in positions

    def represent(self: tuple[Any, ...]) -> str:
        values = tuple.__iter__(self)
        fields = (f"{name}={value!r}" for name, value in zip(names, values, strict=True))
        return f"Row({', '.join(fields)})"

    def copy_for_preprocessor(self: tuple[Any, ...]) -> PreprocessedRow:
        row = PreprocessedRow()
        fields: Any = zip(names, tuple.__iter__(self), strict=True)  # names of any kind
        row.__dict__.update(fields)
        return row

    return {
        "get": get,
        "__slots__": (),
        "__getitem__": getitem,
        "__getattr__": getattr_missing,
        "__contains__": contains,
        "__repr__": represent,
        "__copy__": copy_for_preprocessor,
    }


def _hidden(name: str) -> property:
    def absent(_: object) -> NoReturn:
        raise AttributeError(name)  # Python then calls `__getattr__`

    return property(absent)


def python_values(column: pd.Series) -> list[Any]:
    """Return a column as plain Python: `str`, `int`, `bool`, `float`; missing is `None`.

    A missing number in a float column is NaN.

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
    if _is_object(kind):
        return _plain(column.tolist())
    missing = column.isna().to_numpy()
    values = _plain(column.tolist())
    return [None if gap else value for gap, value in zip(missing, values, strict=True)]


def _is_object(kind: object) -> bool:
    return isinstance(kind, np.dtype) and kind.kind == "O"


_PLAIN = frozenset({str, int, bool, bytes, type(None), list, dict, tuple})


def _plain(values: list[Any]) -> list[Any]:
    kinds = set(map(type, values))
    if kinds <= _PLAIN:
        return values
    plain = [None if _is_missing(value) else _python(value) for value in values]
    present_kinds = {type(value) for value in plain if value is not None}
    if float in present_kinds and present_kinds <= {float, int}:  # floats in an object column
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
