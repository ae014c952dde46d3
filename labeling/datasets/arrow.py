"""Tables for Parquet: types that every reader of Parquet knows, the same bytes in every run."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from labeling.datasets.values import json_scalar, no_form, one_line, plain, short
from labeling.errors import DataError

OF_ARROW = (datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, bytes)
FAULTS = (pa.ArrowException, ValueError, TypeError, OverflowError, RecursionError)


def table_of(frame: pd.DataFrame, ids: pd.Index, *, with_index: bool = False) -> pa.Table:
    """Return a frame as an Arrow table.

    What Arrow has no common type for becomes text (periods, intervals, UUIDs, complex numbers), a
    sorted list (sets) or null (dicts without keys).

    Args:
        frame: columns with different texts as names.
        ids: the samples' ids, to name one that cannot be written.
        with_index: keeps the frame's index, as pandas reads it again.

    Raises:
        DataError: a column has values of several types, or one that Arrow has no type for.

    >>> table = table_of(
    ...     pd.DataFrame({"size": [1, 2], "tags": [{"b", "a"}, set()]}), pd.Index(["x", "y"])
    ... )
    >>> table["tags"].to_pylist()
    [['a', 'b'], []]
    """
    ready = {str(name): _ready(column, ids) for name, column in frame.items()}
    simple = pd.DataFrame(ready, index=frame.index, columns=list(ready))
    try:
        return pa.Table.from_pandas(simple, preserve_index=None if with_index else False)
    except FAULTS:
        for name, column in simple.items():
            _check_column(str(name), column, ids)
        raise


def column_problem(column: pd.Series, ids: pd.Index) -> str:
    """Return why a column cannot be written as Parquet, or an empty text."""
    try:
        _check_column(str(column.name), _ready(column, ids), ids)
    except DataError as error:
        return str(error)
    return ""


def _ready(column: pd.Series, ids: pd.Index) -> pd.Series:
    """Return a column whose values Arrow takes."""
    kind = column.dtype
    if isinstance(kind, pd.SparseDtype):
        column = pd.Series(column.to_numpy(), index=column.index, name=column.name)
        kind = column.dtype
    if isinstance(kind, (pd.PeriodDtype, pd.IntervalDtype)) or kind.kind == "c":
        return column.astype(object).map(str, na_action="ignore")
    nested = isinstance(kind, pd.ArrowDtype) and pa.types.is_nested(kind.pyarrow_dtype)
    if not pd.api.types.is_object_dtype(kind) and not nested:
        return column
    values = [_arrow_cell(value, column.name, own) for value, own in zip(column, ids, strict=True)]
    return pd.Series(values, index=column.index, name=column.name, dtype=object)


def _arrow_cell(value: Any, column: object, sample: object) -> Any:
    try:
        own = plain(value, _arrow_scalar)
    except FAULTS as error:
        raise no_form(value, column, sample, error) from error
    return _without_empty(own) if isinstance(own, (dict, list)) else own


def _arrow_scalar(value: Any) -> Any:
    """Return a value that Arrow has a type for as it is, and the text of any other."""
    return value if isinstance(value, OF_ARROW) else json_scalar(value)


def _without_empty(value: Any) -> Any:
    """Return a value with null for dicts without keys: Parquet has no type for them."""
    if isinstance(value, dict):
        return {key: _without_empty(part) for key, part in value.items()} or None
    return [_without_empty(part) for part in value] if isinstance(value, list) else value


def _check_column(name: str, column: pd.Series, ids: pd.Index) -> None:
    """Raise a DataError that names the first sample whose value does not fit to those before."""
    try:
        pa.Array.from_pandas(column)
        return
    except FAULTS as error:
        fault = error
    values, own = column.tolist(), ids.tolist()
    first = int(column.notna().to_numpy().argmax())
    for place in range(first, len(values)):
        try:
            pa.array([values[first], values[place]], from_pandas=True)
        except FAULTS as error:
            if place == first:
                raise no_form(values[place], name, own[place], error) from fault
            raise DataError(
                f"Column {name!r} must hold values of one type to be written as Parquet. Sample"
                f" {own[first]!r} holds {short(values[first])} ({type(values[first]).__name__}), and"
                f" sample {own[place]!r} holds {short(values[place])} ({type(values[place]).__name__})."
            ) from fault
    raise DataError(f"Column {name!r} cannot be written as Parquet: {one_line(fault)}") from fault
