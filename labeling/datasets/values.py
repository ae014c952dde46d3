"""Values of samples as files can hold them: each type has one form, or is refused by name.

| value | in JSON, and in a cell of CSV |
|---|---|
| missing (`None`, NaN in a column, `pd.NA`, `pd.NaT`) | null, an empty cell |
| infinite numbers, NaN inside of lists and objects | null, and counted: JSON has no such numbers |
| dates, times | text as ISO 8601 has it |
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

from labeling.errors import DataError, repeated, shown

AS_TEXT = (
    *(fractions.Fraction, complex, uuid.UUID, pathlib.PurePath),
    *(ipaddress.IPv4Address, ipaddress.IPv6Address, pd.Period, pd.Interval),
)
SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = 60


def short(value: object) -> str:
    """Return a value for an error message: its representation, cut to a line."""
    return " ".join(SHORT.repr(value).split())


def one_line(error: object, limit: int = 200) -> str:
    """Return what another package says of a fault, cut to a line.

    >>> one_line(ValueError("no such\\n  type"))
    'no such type'
    """
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= limit else f"{text[:limit]} ..."


def json_scalar(value: Any) -> str:
    """Return the text that stands for a single value in JSON and CSV.

    >>> json_scalar(datetime.date(2026, 1, 2)), json_scalar(b"hi"), json_scalar(1 + 2j)
    ('2026-01-02', 'aGk=', '(1+2j)')

    Raises:
        TypeError: it has no form.
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
    """Return a value in `None`, bools, ints, floats, texts, lists and dicts with texts as keys.

    Args:
        value: of a sample.
        scalar: what becomes of any other single value.

    Raises:
        TypeError: it has no form.
        ValueError: two keys of a dict have the same text.
        RecursionError: it is nested too deeply, or holds itself.

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
        return [plain(part, scalar) for part in value.tolist()]
    if isinstance(value, np.datetime64):
        return plain(pd.Timestamp(value), scalar)
    if isinstance(value, np.timedelta64):
        return plain(pd.Timedelta(value), scalar)
    if isinstance(value, np.generic):
        own = value.item()
        return scalar(value) if isinstance(own, np.generic) else plain(own, scalar)
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    return scalar(value)


def _plain_mapping(value: Mapping[Any, Any], scalar: Callable[[Any], Any]) -> dict[str, Any]:
    keys = [_key(key) for key in value]
    if len(set(keys)) < len(keys):
        raise ValueError(f"two of its keys have the text {shown(repeated(keys))}")
    parts = (plain(part, scalar) for part in value.values())
    return dict(zip(keys, parts, strict=True))


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str(key)
    own = plain(key)
    return own if isinstance(own, str) else json.dumps(own)


def _order(value: Any) -> str:
    return json.dumps(value, default=str)


def without_non_finite(value: Any) -> tuple[Any, int]:
    """Return a plain value with null for numbers that JSON does not have, and how many there were.

    >>> without_non_finite({"a": [math.inf, 1.0]})
    ({'a': [None, 1.0]}, 1)
    """
    if isinstance(value, float):
        return (value, 0) if math.isfinite(value) else (None, 1)
    if isinstance(value, list):
        parts = [without_non_finite(part) for part in value]
        return [part for part, _ in parts], sum(count for _, count in parts)
    if isinstance(value, dict):
        found = {key: without_non_finite(part) for key, part in value.items()}
        return {key: part for key, (part, _) in found.items()}, sum(n for _, n in found.values())
    return value, 0


def strict_json(value: Any, *, ascii_only: bool = False) -> str:
    """Return any value as JSON that every reader takes: null for NaN, the text of what is no data.

    >>> strict_json({"accuracy": math.nan, "at": pathlib.PurePosixPath("a/b")})
    '{"accuracy": null, "at": "a/b"}'
    """
    found = without_non_finite(plain(value, str))[0]
    return json.dumps(found, ensure_ascii=ascii_only, allow_nan=False)


def plain_column(column: pd.Series, ids: Iterable[Any]) -> list[Any]:
    """Return a column's values as plain ones: missing ones as `None`, infinite numbers as they are.

    Raises:
        DataError: a value has no form; it names the column, the sample and the value.
    """
    kind = column.dtype
    if isinstance(kind, np.dtype) and kind.kind in "biuf":
        values = column.tolist()
        return (
            [None if value != value else value for value in values] if kind.kind == "f" else values
        )
    return [_plain_cell(value, column.name, own) for value, own in zip(column, ids, strict=True)]


def _plain_cell(value: Any, column: object, sample: object) -> Any:
    try:
        own = plain(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise no_form(value, column, sample, error) from error
    return None if isinstance(own, float) and math.isnan(own) else own


def no_form(value: object, column: object, sample: object, error: Exception) -> DataError:
    """Return the error for a value that a file cannot hold."""
    why = "it is nested too deeply" if isinstance(error, RecursionError) else one_line(error)
    return DataError(
        f"Column {str(column)!r} of sample {sample!r} holds {short(value)}, which cannot be written:"
        f" {why}. Make it text, numbers, or lists"
        " and dicts of them, or leave the column out."
    )
