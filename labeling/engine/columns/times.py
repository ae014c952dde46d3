"""Times and their differences, against each other and against constants, exact to the nanosecond.

A constant is turned into nanoseconds as an int of Python, which cannot overflow, and then into the
unit of the column.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labeling.engine.columns.texts import COMPARISONS, Mask
from labeling.engine.columns.values import (
    LARGEST_EXACT,
    Bools,
    Constant,
    Dates,
    Floats,
    Integers,
    Piece,
    Results,
    Spans,
    Times,
)

Ticks = npt.NDArray[np.int64]

MOST_NANOSECONDS = 2**62
"""Times farther from 1970 are left to Python, as pandas may refuse to subtract them."""

_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_UNITS = {count: unit for unit, count in _NANOSECONDS.items()}
_SECOND, _DAY = 10**9, 86_400 * 10**9
_NONE: Results = ()


def constructed(maker: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
    """Return the time or span that a call with constants makes; `None` if it is not the same ever.

    A text such as "now" is not: it must be a date.
    """
    texts = [each for each in (*arguments, *named.values()) if isinstance(each, str)]
    if maker is pd.Timestamp and not all(map(_DATE.match, texts)):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            value = maker(*arguments, **named)
    except Exception:  # noqa: BLE001  # Python says it, on each row
        return None
    is_known = type(value) is date or _nanoseconds(value) is not None
    return value if is_known else None


_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")

MAKERS = (date, datetime, timedelta, pd.Timestamp, pd.Timedelta)
"""What makes a time or a span of constants."""


def _nanoseconds(value: Any) -> int | None:
    """Return a time since 1970 or a span in nanoseconds; `None` if it is neither or has a zone."""
    if type(value) in (datetime, pd.Timestamp):
        if value.tzinfo is not None:
            return None
        value = value - datetime(1970, 1, 1) if type(value) is datetime else value.to_datetime64()
    elif type(value) is pd.Timedelta:
        value = value.to_timedelta64()
    if type(value) is timedelta:
        microseconds = (value.days * 86_400 + value.seconds) * 10**6 + value.microseconds
        return 1_000 * microseconds
    if not isinstance(value, (np.datetime64, np.timedelta64)):
        return None
    return int(value.view(np.int64)) * _NANOSECONDS[np.datetime_data(value.dtype)[0]]


def ticks(times: Times) -> tuple[Ticks, int]:
    """Return times as ints since 1970, and how many nanoseconds one is; nulls mean nothing."""
    values = times.array.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return values, _NANOSECONDS[times.array.type.unit]


def _is_time(value: Any) -> bool:
    return type(value) in (datetime, pd.Timestamp)


def _is_span(value: Any) -> bool:
    return type(value) in (timedelta, pd.Timedelta)


def compared(kind: str, left: Piece, right: Piece) -> Results | None:
    """Return a comparison of times or of spans; `None` if neither side is a column of these."""
    if isinstance(left, Dates) or isinstance(right, Dates):
        return _dates_compared(kind, left, right)
    if isinstance(left, Constant):
        if not isinstance(right, (Times, Spans)):
            return None
        kind, left, right = _TURNED.get(kind, kind), right, left
    if isinstance(left, Times) and isinstance(right, Times):
        (first, unit), (second, other) = ticks(left), ticks(right)
        return ((None, Bools(COMPARISONS[kind](first, second))),) if unit == other else _NONE
    if isinstance(left, Spans) and isinstance(right, Spans):
        is_same = left.unit == right.unit
        return ((None, Bools(COMPARISONS[kind](left.values, right.values))),) if is_same else _NONE
    if not isinstance(left, (Times, Spans)):
        return None
    return _with_constant(kind, left, right.value) if isinstance(right, Constant) else _NONE


def _dates_compared(kind: str, left: Piece, right: Piece) -> Results:
    first, second = _days(left), _days(right)
    if first is None or second is None:
        return _NONE
    return ((None, Bools(COMPARISONS[kind](first, second))),)


def _days(piece: Piece) -> Any:
    """Return dates, or a constant one, as days since 1970; `None` for others."""
    if isinstance(piece, Dates):
        return piece.days
    is_date = isinstance(piece, Constant) and type(piece.value) is date
    return (piece.value - date(1970, 1, 1)).days if is_date else None  # type: ignore[union-attr]


_TURNED = {"Lt": "Gt", "Gt": "Lt", "LtE": "GtE", "GtE": "LtE"}


def _with_constant(kind: str, left: Times | Spans, value: Any) -> Results:
    is_kind = _is_time if isinstance(left, Times) else _is_span
    limit = _nanoseconds(value) if is_kind(value) else None
    if limit is None:
        return _NONE
    values, unit = (left.values, left.unit) if isinstance(left, Spans) else ticks(left)
    whole, rest = divmod(limit, unit)
    if rest and kind in ("Eq", "NotEq"):
        return ((None, Constant(kind == "NotEq")),)
    if rest and kind in ("Lt", "GtE"):  # before a limit between two ticks: up to the first of them
        kind = {"Lt": "LtE", "GtE": "Gt"}[kind]
    return ((None, Bools(COMPARISONS[kind](values, whole))),)


def arithmetic(kind: str, left: Piece, right: Piece) -> Results | None:
    """Return `left + right` or `left - right` of times and spans; `None` if there is none."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        return _of_constants(kind, left.value, right.value)
    if kind == "Div" and isinstance(left, Spans):
        return _ratio(left, right)
    if isinstance(left, Dates) or isinstance(right, Dates):
        return _between_dates(kind, left, right)
    if not isinstance(left, Times) and not isinstance(right, Times):
        return None
    first, second = _in_ticks(left), _in_ticks(right)
    if kind not in ("Add", "Sub") or first is None or second is None:
        return _NONE
    unit = next(unit for _, unit in (first, second) if unit)
    if {first[1], second[1]} - {unit, None}:
        return _NONE  # two columns of different units
    amounts = [
        amount if own is not None else _divided(amount, unit) for amount, own in (first, second)
    ]
    if any(amount is None for amount in amounts):
        return _NONE
    return _combined(kind, left, right, amounts, unit)


def _ratio(left: Spans, right: Piece) -> Results:
    """Return how often a constant span fits into others, in the finer one of their units."""
    value: Any = right.value if isinstance(right, Constant) else None
    if not _is_span(value):
        return _NONE
    amount: Any = _nanoseconds(value)
    own = 1_000 if type(value) is timedelta else _NANOSECONDS[value.unit]
    unit = min(left.unit, own)
    most, divisor = LARGEST_EXACT // (left.unit // unit), amount // unit
    if not 0 < abs(divisor) <= LARGEST_EXACT:
        return _NONE
    valid = (left.values <= most) & (left.values >= -most)
    scaled = np.where(valid, left.values, 0) * (left.unit // unit)
    return ((valid, Floats(scaled / float(divisor))),)


def _between_dates(kind: str, left: Piece, right: Piece) -> Results:
    first, second = _days(left), _days(right)
    if kind != "Sub" or first is None or second is None:
        return _NONE
    return ((None, Spans((first - second) * 86_400, _SECOND)),)


def _combined(kind: str, left: Piece, right: Piece, amounts: list[Any], unit: int) -> Results:
    valid: Mask | None = None
    for amount in amounts:
        is_near = (amount < MOST_NANOSECONDS // unit) & (amount > -MOST_NANOSECONDS // unit)
        valid = is_near if valid is None else valid & is_near
    with np.errstate(all="ignore"):
        result = amounts[0] + amounts[1] if kind == "Add" else amounts[0] - amounts[1]
    is_time = [isinstance(each, Times) or _is_time(each.value) for each in (left, right)]  # type: ignore[union-attr]  # a constant
    if kind == "Sub" and all(is_time):
        return ((valid, Spans(result, unit)),)
    if (kind == "Add" and is_time == [False, True]) or is_time == [True, False]:
        return ((valid, Times(pa.array(result, pa.timestamp(_UNITS[unit])))),)
    return _NONE


def _in_ticks(piece: Piece) -> tuple[Any, int | None] | None:
    """Return times in their unit, or a constant in nanoseconds, of no unit."""
    if isinstance(piece, Times):
        return ticks(piece)
    amount = _nanoseconds(piece.value) if isinstance(piece, Constant) else None
    return None if amount is None else (amount, None)


def _divided(amount: int, unit: int) -> np.int64 | None:
    """Return nanoseconds in a unit; `None` if they are no whole number of it, or far too many."""
    whole, rest = divmod(amount, unit)
    return None if rest or abs(amount) >= MOST_NANOSECONDS else np.int64(whole)


def _of_constants(kind: str, left: Any, right: Any) -> Results | None:
    if _nanoseconds(left) is None or _nanoseconds(right) is None or kind not in ("Add", "Sub"):
        return None
    try:
        return ((None, Constant(left + right if kind == "Add" else left - right)),)
    except Exception:  # noqa: BLE001  # Python says it, on each row
        return _NONE


TIME_FIELDS: dict[str, Callable[[Any], Any]] = {
    "year": pc.year,
    "month": pc.month,
    "day": pc.day,
    "hour": pc.hour,
    "minute": pc.minute,
    "second": pc.second,
    "day_of_week": pc.day_of_week,
    "quarter": pc.quarter,
}
"""Attributes of times that are ints; pandas warns of others."""


FIELDS = frozenset({*TIME_FIELDS, "days", "seconds"})
"""Attributes of times and spans that are known."""


def field(name: str, piece: Piece) -> Results:
    """Return an attribute of times or spans."""
    if isinstance(piece, Times) and name in TIME_FIELDS:
        return _of_times(TIME_FIELDS[name], piece)
    if isinstance(piece, Spans) and name == "days":
        return ((None, Integers(piece.values // (_DAY // piece.unit))),)
    if isinstance(piece, Spans) and name == "seconds":
        seconds = piece.values // (_SECOND // piece.unit)
        return ((None, Integers(seconds % 86_400)),)
    return _NONE


def called(name: str, piece: Times | Spans) -> Results:
    """Return what a method without arguments returns."""
    if isinstance(piece, Times) and name == "date":
        values, unit = ticks(piece)
        return ((None, Dates(values // (_DAY // unit))),)
    if isinstance(piece, Times) and name in ("weekday", "isoweekday"):
        return _of_times(_isoweekday if name == "isoweekday" else pc.day_of_week, piece)
    if isinstance(piece, Spans) and name == "total_seconds":
        second = _SECOND // piece.unit
        # Of parts of a second, versions of pandas differ in the last digit.
        return ((piece.values % second == 0, Floats((piece.values // second).astype(float))),)
    return _NONE


def _isoweekday(array: Any) -> Any:
    return pc.day_of_week(array, count_from_zero=False)


def _of_times(part: Callable[[Any], Any], times: Times) -> Results:
    values = part(times.array).fill_null(0).to_numpy(zero_copy_only=False)
    return ((None, Integers(values.astype(np.int64))),)
