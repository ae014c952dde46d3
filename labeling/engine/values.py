"""The values of a frame's columns: as plain Python, and as Arrow arrays of exactly these values."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from labeling.errors import DataError
from labeling.records import IMMUTABLE


def with_plain_objects(samples: pd.DataFrame) -> pd.DataFrame:
    """Return samples whose object columns hold plain Python values; the frame is not changed.

    Which value means "missing" in such a column depends on the whole column, so it is converted
    before the samples are cut into batches.

    Raises:
        DataError: a column holds values that can be read only once.
    """
    converted = samples.copy(deep=False)
    for name, column in samples.items():
        if is_object(column.dtype):
            values = python_values(column)
            _refuse_iterators(name, values)
            # As a Series of objects: pandas would infer another type.
            converted[name] = pd.Series(values, index=samples.index, dtype=object)
    return converted


def _refuse_iterators(name: Hashable, values: list[Any]) -> None:
    for kind in set(map(type, values)) - IMMUTABLE:
        if issubclass(kind, Iterator):
            raise DataError(
                f"Column {name!r} must hold values that can be read more than once. Got a"
                f" {kind.__name__}; make it a list."
            )


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
        return pa.array(column).to_numpy(zero_copy_only=False).tolist()  # type: ignore[no-any-return]
    if pd.api.types.is_float_dtype(kind):
        return column.to_numpy(dtype=float, na_value=np.nan).tolist()
    if is_object(kind):
        return _plain(column.tolist())
    return _with_gaps(column)


def _with_gaps(column: pd.Series) -> list[Any]:
    """Return the plain values of a column of times, of pandas' own ints and bools, and the like."""
    kind: Any = column.dtype
    values: list[Any]
    missing = column.isna().to_numpy()
    if isinstance(kind, _WITH_GAPS):
        values = column.to_numpy(dtype=kind.numpy_dtype, na_value=0).tolist()
    elif isinstance(kind, np.dtype) and kind.kind == "M":
        values = column.tolist()
    else:
        values = _plain(column.tolist())
    if not missing.any():
        return values
    return [None if gap else value for gap, value in zip(missing, values, strict=True)]


def arrow_values(column: pd.Series) -> pa.Array | None:
    """Return the values of `python_values` as an Arrow array: null is `None`, NaN is NaN.

    Floats of any width are doubles, as Python's are; integers keep their width.

    Args:
        column: a column of `with_plain_objects`.

    Returns:
        `None` where Arrow has no array of exactly these values, such as for dates, nested values
        and columns of several types.

    >>> arrow_values(pd.Series([1, None], dtype="Int64")).to_pylist()
    [1, None]
    >>> arrow_values(pd.Series(["a", 1], dtype=object)) is None
    True
    """
    kind = column.dtype
    if isinstance(kind, pd.SparseDtype):
        return None
    if isinstance(kind, np.dtype) and kind.kind in "biu":
        return pa.array(column.to_numpy())
    if pd.api.types.is_float_dtype(kind):
        return _of_floats(column)
    if isinstance(kind, pd.CategoricalDtype):
        return _of_categories(column, kind)
    if is_object(kind):
        return _of_objects(column.tolist())
    is_masked_number = isinstance(kind, pd.BooleanDtype) or (
        pd.api.types.is_integer_dtype(kind) and not isinstance(kind, pd.ArrowDtype)
    )
    if is_masked_number or (isinstance(kind, pd.StringDtype) and kind.storage == "pyarrow"):
        return _combined(pa.array(column))
    if isinstance(kind, pd.StringDtype):
        return _of_objects(python_values(column))
    return None


def _of_floats(column: pd.Series) -> pa.Array | None:
    if isinstance(column.dtype, np.dtype) and column.dtype.itemsize > 8:
        return None  # a double could not hold it
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return pa.array(values, pa.float64(), from_pandas=False)


def _of_categories(column: pd.Series, kind: pd.CategoricalDtype) -> pa.Array | None:
    categories = _of_objects(python_values(pd.Series(kind.categories)))
    if categories is None:
        return None
    codes = column.cat.codes.to_numpy()
    return categories.take(pa.array(codes, mask=codes < 0))


_ARROW_TYPES = {
    frozenset({str}): pa.string(),
    frozenset({int}): pa.int64(),
    frozenset({bool}): pa.bool_(),
    frozenset({float}): pa.float64(),
    frozenset(): pa.null(),
}


def _of_objects(values: list[Any]) -> pa.Array | None:
    arrow_type = _ARROW_TYPES.get(frozenset(map(type, values)) - {type(None)})
    if arrow_type is None:
        return None
    try:
        return _combined(pa.array(values, arrow_type, from_pandas=False))
    except (OverflowError, UnicodeEncodeError, pa.ArrowException):
        return None  # an integer beyond 64 bits, or half a character


def _combined(array: Any) -> pa.Array:
    if isinstance(array, pa.ChunkedArray):
        return array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    return array


def series_of(array: pa.Array) -> pd.Series:
    """Return a column of which `python_values` are the values of an array of `arrow_values`.

    >>> python_values(series_of(pa.array([1, None])))
    [1, None]
    """
    kind, has_gaps = array.type, array.null_count > 0
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        texts: Any = pd.StringDtype("pyarrow")
        return pd.Series(texts.__from_arrow__(array))
    if pa.types.is_null(kind) or (has_gaps and pa.types.is_floating(kind)):
        return pd.Series(array.to_pylist(), dtype=object)
    if not has_gaps:
        return pd.Series(array.to_numpy(zero_copy_only=False))
    nullable: Any = pd.BooleanDtype() if pa.types.is_boolean(kind) else _INTEGERS[str(kind)]
    return pd.Series(nullable.__from_arrow__(array))


_INTEGERS = {
    "int8": pd.Int8Dtype(),
    "int16": pd.Int16Dtype(),
    "int32": pd.Int32Dtype(),
    "int64": pd.Int64Dtype(),
    "uint8": pd.UInt8Dtype(),
    "uint16": pd.UInt16Dtype(),
    "uint32": pd.UInt32Dtype(),
    "uint64": pd.UInt64Dtype(),
}
_WITH_GAPS: tuple[Any, ...] = (pd.BooleanDtype, *map(type, _INTEGERS.values()))


def may_change(column: pd.Series) -> bool:
    """Whether a labeling function could change a value of a column in place."""
    kind = column.dtype
    if isinstance(kind, (pd.StringDtype, pd.DatetimeTZDtype, *_WITH_GAPS)):
        return False
    if isinstance(kind, np.dtype) and not is_object(kind):
        return False
    if isinstance(kind, pd.CategoricalDtype):
        column = pd.Series(kind.categories)
    values = column.tolist() if is_object(kind) else python_values(column)
    return not IMMUTABLE.issuperset(map(type, values))


def is_object(kind: object) -> bool:
    """Whether a dtype is that of Python objects."""
    return isinstance(kind, np.dtype) and kind.kind == "O"


_PLAIN = IMMUTABLE - {float, type(pd.NA), type(pd.NaT)} | {list, dict, tuple}
"""Types of values that are plain already, and never mean that a value is missing."""


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
