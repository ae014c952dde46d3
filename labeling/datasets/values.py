"""Conversion of sample values to portable ones: each type has one form, or is an error.

| value | in JSON, and in a cell of CSV |
|---|---|
| missing (`None`, NaN in a column, `pd.NA`, `pd.NaT`) | null, an empty cell |
| infinite numbers, NaN inside of lists and objects | null, and counted: JSON has no such numbers |
| dates, times | text in ISO 8601 |
| durations, `Decimal`, UUIDs, paths, periods, intervals, complex numbers | their text |
| bytes | text in base64 |
| sets | a list, sorted |
| lists, tuples, arrays | a list |
| dicts | an object; keys become texts |
| enum members | their value |
"""

from __future__ import annotations

import base64
import datetime
import decimal
import enum
import fractions
import ipaddress
import json
import math
import pathlib
import reprlib
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from labeling.errors import DataError, listed, repeated

AS_TEXT = (
    fractions.Fraction,
    complex,
    uuid.UUID,
    pathlib.PurePath,
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    pd.Period,
    pd.Interval,
)
SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = 60


def short(value: object) -> str:
    """Return the `repr` of a value for an error message, truncated to a single line."""
    return " ".join(SHORT.repr(value).split())


def single_line(error: object, limit: int = 200) -> str:
    """Return the message of another package's error, truncated to a single line.

    >>> single_line(ValueError("no such\\n  type"))
    'no such type'
    """
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else f"{text[:limit]} ..."


def json_scalar(value: Any) -> str:
    """Return the text for a single value in JSON and CSV.

    >>> json_scalar(datetime.date(2026, 1, 2)), json_scalar(b"hi"), json_scalar(1 + 2j)
    ('2026-01-02', 'aGk=', '(1+2j)')

    Raises:
        TypeError: its type is not supported.
    """
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(pd.Timedelta(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (decimal.Decimal, *AS_TEXT)):
        return str(value)
    raise TypeError(f"a {type(value).__name__} has no form in a file")


def plain(value: Any, scalar: Callable[[Any], Any] = json_scalar) -> Any:
    """Return a value as `None`, bools, ints, floats, texts, lists and dicts with texts as keys.

    Args:
        value: a value of a sample.
        scalar: converts any other single value.

    Raises:
        TypeError: its type is not supported.
        ValueError: two keys of a dict have the same text.
        RecursionError: it is nested too deeply, or contains itself.

    >>> plain({"tags": {"b", "a"}, 1: np.array([1.5])})
    {'tags': ['a', 'b'], '1': [1.5]}
    """
    kind = type(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if kind in (str, int, float, bool):
        return value
    if isinstance(value, enum.Enum):
        return plain(value.value, scalar)
    if isinstance(value, Mapping):
        return _plain_mapping(value, scalar)
    if isinstance(value, (list, tuple)):
        return [plain(part, scalar) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(part, scalar) for part in value), key=_order)
    return _plain_single(value, scalar)


def _plain_single(value: Any, scalar: Callable[[Any], Any]) -> Any:
    if isinstance(value, (np.ndarray, pd.Series, pd.Index)):
        parts = value.tolist()
        if not isinstance(parts, list):  # of an array without dimensions
            return plain(parts, scalar)
        return [plain(part, scalar) for part in parts]
    if isinstance(value, np.datetime64):
        return plain(pd.Timestamp(value), scalar)
    if isinstance(value, np.timedelta64):
        return plain(pd.Timedelta(value), scalar)
    if isinstance(value, np.generic):
        plain_value = value.item()
        return scalar(value) if isinstance(plain_value, np.generic) else plain(plain_value, scalar)
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    return scalar(value)


def _plain_mapping(value: Mapping[Any, Any], scalar: Callable[[Any], Any]) -> dict[str, Any]:
    keys = [_key(key) for key in value]
    if len(set(keys)) < len(keys):
        raise ValueError(f"two of its keys have the text {listed(repeated(keys))}")
    parts = (plain(part, scalar) for part in value.values())
    return dict(zip(keys, parts, strict=True))


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str(key)
    plain_value = plain(key)
    return plain_value if isinstance(plain_value, str) else json.dumps(plain_value)


def _order(value: Any) -> str:
    return json.dumps(value, default=str)


def without_non_finite(value: Any) -> tuple[Any, int]:
    """Return a plain value with null for numbers that JSON does not have, and their count.

    >>> without_non_finite({"a": [math.inf, 1.0]})
    ({'a': [None, 1.0]}, 1)
    """
    if isinstance(value, float):
        return (value, 0) if math.isfinite(value) else (None, 1)
    if isinstance(value, list):
        parts = [without_non_finite(part) for part in value]
        return [part for part, _ in parts], sum(count for _, count in parts)
    if isinstance(value, dict):
        result = {key: without_non_finite(part) for key, part in value.items()}
        return {key: part for key, (part, _) in result.items()}, sum(n for _, n in result.values())
    return value, 0


def strict_json(value: Any, *, ascii_only: bool = False) -> str:
    """Return any value as strictly valid JSON: null for NaN, and `str` for unsupported types.

    >>> strict_json({"accuracy": math.nan, "at": pathlib.PurePosixPath("a/b")})
    '{"accuracy": null, "at": "a/b"}'
    """
    result = without_non_finite(plain(value, str))[0]
    return json.dumps(result, ensure_ascii=ascii_only, allow_nan=False)


def plain_column(column: pd.Series, ids: Iterable[Any]) -> list[Any]:
    """Return a column's values as plain ones: missing as `None`, infinite numbers unchanged.

    Raises:
        DataError: a value has no plain form; it names the column, the sample and the value.
    """
    kind = column.dtype
    if isinstance(kind, np.dtype) and kind.kind in "biuf":
        values = column.tolist()
        return (
            [None if value != value else value for value in values] if kind.kind == "f" else values
        )
    return [
        _plain_cell(value, column.name, sample_id)
        for value, sample_id in zip(column, ids, strict=True)
    ]


def _plain_cell(value: Any, column: object, sample: object) -> Any:
    try:
        plain_value = plain(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise no_form(value, column, sample, error) from error
    return None if isinstance(plain_value, float) and math.isnan(plain_value) else plain_value


def no_form(value: object, column: object, sample: object, error: Exception) -> DataError:
    """Return the error for a value that cannot be written to a file."""
    why = "it is nested too deeply" if isinstance(error, RecursionError) else single_line(error)
    return DataError(
        f"Column {str(column)!r} of sample {sample!r} holds {short(value)}, which cannot be"
        f" written: {why}. Convert it to text, numbers, or lists and dicts of these, or leave the"
        " column out."
    )
