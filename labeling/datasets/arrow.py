"""Conversion of frames to Arrow tables for Parquet, with portable types and deterministic bytes."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from labeling.datasets.values import (
    json_scalar,
    no_form,
    plain,
    plain_column,
    short,
    single_line,
    strict_json,
)
from labeling.errors import DataError

ARROW_SCALARS = (datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, bytes)
FAULTS = (pa.ArrowException, ValueError, TypeError, OverflowError, RecursionError)


def table_of(frame: pd.DataFrame, ids: pd.Index, *, with_index: bool = False) -> pa.Table:
    """Return a frame as an Arrow table.

    Types that Arrow does not have become text (periods, intervals, UUIDs, complex numbers), a
    sorted list (sets) or null (dicts without keys). Values of a column without a common type get
    the plain forms of `labeling.datasets.values`, and if these have none either, become JSON texts,
    which `json.loads` decodes.

    Args:
        frame: columns whose names are different as texts.
        ids: the sample ids, for error messages.
        with_index: whether to write the frame's index, as pandas reads it.

    Raises:
        DataError: a value cannot be written, a text has a lone surrogate, or ids are of several
            types.

    >>> table = table_of(
    ...     pd.DataFrame({"tags": [{"b", "a"}, set()], "more": [["a", {"n": 1}], 2]}),
    ...     pd.Index(["x", "y"]),
    ... )
    >>> table["tags"].to_pylist(), table["more"].to_pylist()
    ([['a', 'b'], []], ['["a", {"n": 1}]', '2'])
    """
    ready = {str(name): _ready(column, ids) for name, column in frame.items()}
    simple = pd.DataFrame(ready, index=frame.index, columns=list(ready))
    try:
        return pa.Table.from_pandas(simple, preserve_index=None if with_index else False)
    except FAULTS:
        in_json = columns_in_json(frame, ids)
        for name, column in frame.items():
            if str(name) in in_json:
                simple[str(name)] = _in_json(column, ids)
            elif _lacks_common_type(column, ids):
                simple[str(name)] = _plain_form(column, ids)
    try:
        return pa.Table.from_pandas(simple, preserve_index=None if with_index else False)
    except FAULTS:
        for name, column in simple.items():
            _check_column(str(name), column, ids)
        raise


def columns_in_json(frame: pd.DataFrame, ids: pd.Index) -> dict[str, str]:
    """Return the columns whose values have no common type, each with an example.

    Columns of ids are not among them, since ids must keep their type.
    """
    return {
        str(name): _example(_ready(column, ids), ids)
        for name, column in frame.items()
        if _lacks_common_type(column, ids) and not _is_accepted(_plain_form(column, ids))
    }


def _lacks_common_type(column: pd.Series, ids: pd.Index) -> bool:
    """Return whether values can be written, but not as they are; ids have to be."""
    kind = column.dtype
    if not (kind.kind == "O" or isinstance(kind, pd.ArrowDtype)):
        return False
    if pd.api.types.infer_dtype(column, skipna=True) == "string":
        return False  # lone surrogates cannot be written as JSON either
    try:
        ready = _ready(column, ids)
        if _is_accepted(ready) or ready.tolist() == ids.tolist():
            return False
        plain_column(column, ids)
    except DataError:
        return False  # a value cannot be written in any form
    return True


def _is_accepted(column: pd.Series) -> bool:
    try:
        pa.Array.from_pandas(column)
    except FAULTS:
        return False
    return True


def _plain_form(column: pd.Series, ids: pd.Index) -> pd.Series:
    values = [_without_empty(value) for value in plain_column(column, ids)]
    return pd.Series(values, index=column.index, dtype=object)


def _in_json(column: pd.Series, ids: pd.Index) -> pd.Series:
    values = plain_column(column, ids)
    texts = [None if value is None else strict_json(value) for value in values]
    return pd.Series(texts, index=column.index, dtype=object)


def column_problem(column: pd.Series, ids: pd.Index) -> str:
    """Return why a column cannot be written as Parquet, or an empty text."""
    try:
        table_of(column.to_frame(), ids)
    except DataError as error:
        return str(error)
    return ""


def _ready(column: pd.Series, ids: pd.Index) -> pd.Series:
    """Return a column with values that Arrow accepts."""
    kind = column.dtype
    if isinstance(kind, pd.SparseDtype):
        column = pd.Series(column.to_numpy(), index=column.index, name=column.name)
        kind = column.dtype
    if isinstance(kind, (pd.PeriodDtype, pd.IntervalDtype)) or kind.kind == "c":
        return column.astype(object).map(str, na_action="ignore")
    if isinstance(kind, pd.ArrowDtype) and pa.types.is_dictionary(kind.pyarrow_dtype):
        return column.astype(pd.ArrowDtype(kind.pyarrow_dtype.value_type))  # pandas cannot read it
    nested = isinstance(kind, pd.ArrowDtype) and pa.types.is_nested(kind.pyarrow_dtype)
    if not pd.api.types.is_object_dtype(kind) and not nested:
        return column
    values = [
        _arrow_cell(value, column.name, sample_id)
        for value, sample_id in zip(column, ids, strict=True)
    ]
    return pd.Series(values, index=column.index, name=column.name, dtype=object)


def _arrow_cell(value: Any, column: object, sample: object) -> Any:
    try:
        plain_value = plain(value, _arrow_scalar)
    except FAULTS as error:
        raise no_form(value, column, sample, error) from error
    return _without_empty(plain_value) if isinstance(plain_value, (dict, list)) else plain_value


def _arrow_scalar(value: Any) -> Any:
    """Return a value of an Arrow type unchanged, and the text of any other."""
    return value if isinstance(value, ARROW_SCALARS) else json_scalar(value)


def _without_empty(value: Any) -> Any:
    """Return a value with null in place of empty dicts, for which Parquet has no type."""
    if isinstance(value, dict):
        return {key: _without_empty(part) for key, part in value.items()} or None
    return [_without_empty(part) for part in value] if isinstance(value, list) else value


def _check_column(name: str, column: pd.Series, ids: pd.Index) -> None:
    """Raise a DataError with an example if a column cannot be written."""
    try:
        pa.Array.from_pandas(column)
    except FAULTS as error:
        raise DataError(
            f"Column {name!r} must hold values of one type, and whole characters, to be written as"
            f" Parquet: {_example(column, ids)} ({single_line(error)})."
        ) from error


def _example(column: pd.Series, ids: pd.Index) -> str:
    """Return which value of a column Arrow does not accept, or not together with the first."""
    values, sample_ids = column.tolist(), ids.tolist()
    first = int(column.notna().to_numpy().argmax())
    for position in range(first, len(values)):
        try:
            pa.array([values[first], values[position]], from_pandas=True)
        except FAULTS:
            description = f"sample {sample_ids[position]!r} holds {_named(values[position])}"
            if position == first:
                return description
            return f"sample {sample_ids[first]!r} holds {_named(values[first])}, and {description}"
    return (
        f"sample {sample_ids[first]!r} holds {_named(values[first])}, and others hold other types"
    )


def _named(value: object) -> str:
    return f"{short(value)} ({type(value).__name__})"
