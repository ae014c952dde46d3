"""Tables for Parquet: types that every reader of Parquet knows, the same bytes in every run."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from labeling.datasets.values import (
    json_scalar,
    no_form,
    one_line,
    plain,
    plain_column,
    short,
    strict_json,
)
from labeling.errors import DataError

OF_ARROW = (datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, bytes)
FAULTS = (pa.ArrowException, ValueError, TypeError, OverflowError, RecursionError)


def table_of(frame: pd.DataFrame, ids: pd.Index, *, with_index: bool = False) -> pa.Table:
    """Return a frame as an Arrow table.

    What Arrow has no type for becomes text (periods, intervals, UUIDs, complex numbers), a sorted
    list (sets) or null (dicts without keys). A column whose values have no common type becomes the
    JSON text of each, so that `json.loads` gives them back.

    Args:
        frame: columns with different texts as names.
        ids: the samples' ids, to name one that cannot be written.
        with_index: keeps the frame's index, as pandas reads it again.

    Raises:
        DataError: a value has no form, a text has half a character, or ids are of several types.

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
    try:
        return pa.Table.from_pandas(simple, preserve_index=None if with_index else False)
    except FAULTS:
        for name, column in simple.items():
            _check_column(str(name), column, ids)
        raise


def columns_in_json(frame: pd.DataFrame, ids: pd.Index) -> dict[str, str]:
    """Return the columns whose values have no common type, each with samples that show it.

    Ids are none of them: they must stay what they are.
    """
    found: dict[str, str] = {}
    for name, column in frame.items():
        kind = column.dtype
        if not (kind.kind == "O" or isinstance(kind, pd.ArrowDtype)):
            continue
        if pd.api.types.infer_dtype(column, skipna=True) == "string":
            continue  # halves of characters have no form in JSON either
        try:
            ready = _ready(column, ids)
            pa.Array.from_pandas(ready)
        except DataError:
            continue  # a value has no form at all
        except FAULTS:
            if ready.tolist() != ids.tolist():
                found[str(name)] = _example(ready, ids)
    return found


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
    """Raise a DataError that names samples where a column cannot be written."""
    try:
        pa.Array.from_pandas(column)
    except FAULTS as error:
        raise DataError(
            f"Column {name!r} must hold values of one type, and whole characters, to be written as"
            f" Parquet: {_example(column, ids)} ({one_line(error)})."
        ) from error


def _example(column: pd.Series, ids: pd.Index) -> str:
    """Return which value of a column Arrow does not take, or not beside the first."""
    values, own = column.tolist(), ids.tolist()
    first = int(column.notna().to_numpy().argmax())
    for place in range(first, len(values)):
        try:
            pa.array([values[first], values[place]], from_pandas=True)
        except FAULTS:
            here = f"sample {own[place]!r} holds {_named(values[place])}"
            if place == first:
                return here
            return f"sample {own[first]!r} holds {_named(values[first])}, and {here}"
    return f"sample {own[first]!r} holds {_named(values[first])}, and others hold other types"


def _named(value: object) -> str:
    return f"{short(value)} ({type(value).__name__})"
