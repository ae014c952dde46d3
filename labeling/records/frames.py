"""Lossless conversion of tables of any kind to pandas DataFrames."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from labeling.errors import DataError, listed
from labeling.records.size_limits import SAMPLES, check_objects

TEXT = "text"  # the column of a list of texts


def frame_of(data: Any) -> pd.DataFrame:
    """Return a table as a DataFrame; a DataFrame as it is.

    Args:
        data: a DataFrame; an object that supports Arrow's PyCapsule protocol (`polars`, `pyarrow`,
            `duckdb`, ...) or the DataFrame interchange protocol; a mapping from column to values; a
            list of mappings from column to value, also one with `column_names` whose slices are
            such mappings (`datasets`); a Series, whose index stays; or a list of texts. The column
            of texts without a name is `text`.

    Raises:
        DataError: another type.

    >>> frame_of([{"text": "a", "n": 1}, {"text": "b"}])["n"].tolist()
    [1, <NA>]
    >>> frame_of(["a", "b"])["text"].tolist()
    ['a', 'b']
    """
    if isinstance(data, pd.DataFrame):
        return data
    if isinstance(data, pd.Series) and not _holds_rows(data):
        return data.to_frame(TEXT if data.name is None else data.name)
    if hasattr(data, "__arrow_c_stream__") and not isinstance(data, pd.Series):
        return _of_capsule(data)
    if hasattr(data, "__dataframe__"):
        return _of_interchange(data)
    if isinstance(data, Mapping):
        return _of_columns(data)
    if hasattr(data, "column_names") and hasattr(data, "__getitem__"):
        return _of_columns({name: data[name] for name in data.column_names})
    if isinstance(data, Iterable) and not isinstance(data, (str, bytes)):
        return _of_rows(list(data))
    raise DataError(
        "Samples must be a table: a DataFrame, an Arrow or polars table, a dict of lists, a list of"
        f" dicts, or a list of texts. Got a {type(data).__name__}."
    )


def _holds_rows(column: pd.Series) -> bool:
    """Return whether each value is a row of its own, by the name of its columns."""
    return bool(len(column)) and isinstance(column.iloc[0], Mapping)


def frame_of_arrow(table: Any) -> pd.DataFrame:
    """Return a `pyarrow.Table` as a frame; integers are nullable, nested values plain Python."""
    import pyarrow as pa

    frame: pd.DataFrame = table.to_pandas(integer_object_nulls=True)
    for field in table.schema:
        column = frame.get(field.name)
        if column is not None and pa.types.is_nested(field.type):
            values = table[field.name].to_pylist()  # pandas would make arrays of inner lists
            frame[field.name] = pd.Series(values, index=frame.index, dtype=object)
        if column is not None and column.dtype == object and pa.types.is_integer(field.type):
            frame[field.name] = column.astype("UInt64" if "uint" in str(field.type) else "Int64")
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    return frame.reset_index(named) if named else frame


def frame_of_objects(objects: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return objects as a frame with a column for each key.

    Raises:
        DataError: so many different keys that nearly all cells would be empty.
    """
    names = dict.fromkeys(name for row in objects for name in row)
    check_objects(len(objects), len(names), sum(map(len, objects)), SAMPLES)
    return pd.DataFrame({name: typed_column([row.get(name) for row in objects]) for name in names})


def text_column(values: Sequence[object], index: pd.Index | None = None) -> pd.Series:
    """Return texts (`None` = missing) as a column of pandas' default type for texts.

    That is `str` from pandas 3 on, and `object` before, where `str` would turn `None` into "None".
    """
    has_text_type = int(pd.__version__.partition(".")[0]) >= 3
    column: pd.Series = pd.Series(values, index=index, dtype="str" if has_text_type else object)
    return column


def is_text(column: pd.Series) -> bool:
    """Return whether a column holds texts, apart from missing values; False for an empty column.

    >>> is_text(pd.Series(["a", None])), is_text(pd.Series([None])), is_text(pd.Series(["a", 1]))
    (True, False, False)
    """
    kind = pd.api.types.infer_dtype(column, skipna=True)
    return kind == "string" and bool(column.notna().any())


def typed_column(values: list[Any]) -> pd.Series:
    """Return plain values as a column of a type that holds each of them without loss."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        fits = all(value is None or -(2**63) <= value < 2**63 for value in values)
        kind = "Int64" if None in values else "int64"
        return pd.Series(values, dtype=kind if fits else object)
    if kinds == {float, int}:
        exact = all(value is None or abs(value) <= 2**53 for value in values)
        return pd.Series(values, dtype=np.float64 if exact else object)
    if kinds == {str}:
        try:
            return text_column(values)
        except UnicodeEncodeError:  # half a character, as cut-off files have it
            return pd.Series(values, dtype=object)
    return pd.Series(values) if kinds in ({bool}, {float}) else pd.Series(values, dtype=object)


def _of_capsule(data: Any) -> pd.DataFrame:
    import pyarrow as pa

    return frame_of_arrow(pa.table(data))


def _of_interchange(data: Any) -> pd.DataFrame:
    from pyarrow.interchange import from_dataframe

    return frame_of_arrow(from_dataframe(data))


def _of_columns(data: Mapping[Any, Any]) -> pd.DataFrame:
    columns = {str(name): _values(values) for name, values in data.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(
            "The columns of a table must have equally many values. They have"
            f" {', '.join(f'{name!r}: {count}' for name, count in [*lengths.items()][:20])}."
        )
    return pd.DataFrame(
        {
            name: values if isinstance(values, pd.Series) else typed_column(values)
            for name, values in columns.items()
        }
    )


def _values(values: Any) -> Any:
    if isinstance(values, (pd.Series, np.ndarray, pd.Index)):
        return pd.Series(values).reset_index(drop=True)
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise DataError(f"A column must be a list of values. Got {json.dumps(str(values)[:80])}.")
    return list(values)


def _of_rows(rows: list[Any]) -> pd.DataFrame:
    if all(isinstance(row, str) for row in rows):
        return pd.DataFrame({TEXT: typed_column(rows)})
    wrong = [row for row in rows if not isinstance(row, Mapping)]
    if wrong:
        raise DataError(
            "A list of samples must hold texts, or dicts from column to value. Got"
            f" {listed([type(row).__name__ for row in wrong])}."
        )
    return frame_of_objects(rows)
