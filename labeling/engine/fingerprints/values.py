"""Hashes of values by content: Python's containers, arrays, frames and patterns."""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import enum
import fractions
import operator
import pathlib
import re
import types
import uuid
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from labeling.engine.fingerprints.walk import Handler, Walk

SCALARS = frozenset({type(None), bool, int, float, complex, str, bytes, type(...)})
"""Types whose values `repr` tells apart, together with the name of the type."""

_BY_TEXT = (
    datetime.date,
    datetime.datetime,
    datetime.time,
    datetime.timedelta,
    datetime.timezone,
    decimal.Decimal,
    fractions.Fraction,
    range,
    uuid.UUID,
    pd.Timestamp,
    pd.Timedelta,
    type(pd.NaT),
    type(pd.NA),
    pathlib.PurePosixPath,
    pathlib.PureWindowsPath,
    pathlib.PosixPath,
    type(NotImplemented),
)


def _scalar(walk: Walk, value: Any, _: str) -> None:
    walk.put(type(value).__name__, _text(value))


def _text(value: Any) -> str:
    try:
        return repr(value)
    except ValueError:  # an int of thousands of digits
        return hex(value)


def _by_text(walk: Walk, value: Any, _: str) -> None:
    walk.put(type(value).__qualname__, repr(value))


def _tuple(walk: Walk, value: Any, name: str) -> None:
    # Whether equal constants are one object differs between processes.
    if _are_scalars(value) or not walk.is_known(value):
        _items(walk, value, name)


def _sequence(walk: Walk, value: Any, name: str) -> None:
    walk.has_state = True
    if not walk.is_known(value):
        _items(walk, value, name)


def _items(walk: Walk, value: Any, name: str) -> None:
    walk.put(type(value).__name__, str(len(value)))
    if _are_scalars(value):
        try:
            walk.put(repr(list(value)))
        except ValueError:
            walk.put(*map(_text, value))
        return
    for item in value:
        walk.add(item, name)


def _are_scalars(values: Iterable[Any]) -> bool:
    return SCALARS.issuperset(map(type, values))


def _set(walk: Walk, value: Any, name: str) -> None:
    walk.has_state |= type(value) is set
    walk.put(type(value).__name__, str(len(value)))
    # The order of a set differs between processes.
    if _are_scalars(value):
        if set(map(type, value)) <= {str}:
            walk.put(repr(sorted(value)))
        else:
            walk.put(*sorted(f"{type(item).__name__} {_text(item)}" for item in value))
        return
    walk.put(*sorted(walk.digest_of(item, name) for item in value))


def _dict(walk: Walk, value: Any, name: str) -> None:
    walk.has_state = True
    if walk.is_known(value):
        return
    walk.put(type(value).__name__, str(len(value)))
    if isinstance(value, collections.defaultdict):
        walk.add(value.default_factory, f"{name}.default_factory")
    keys, values = list(value), list(value.values())
    walk.add(keys, name)
    if _are_scalars(values):
        walk.put("plain")
        walk.add(values, name)
        return
    for key, item in zip(keys, values, strict=True):
        walk.add(item, f"{name}[{key!r:.40}]")


def items_view(walk: Walk, value: Any, name: str) -> None:
    """Hash the items of a dict without their order: it is only looked up."""
    walk.has_state = True
    pairs = list(value)
    walk.put("items", str(len(pairs)))
    if all(map(_are_scalars, pairs)):
        texts = (f"{type(a).__name__} {_text(a)} {type(b).__name__} {_text(b)}" for a, b in pairs)
        walk.put(*sorted(texts))
    else:
        walk.put(*sorted(walk.digest_of(pair, name) for pair in pairs))


def _mapping_view(walk: Walk, value: Any, name: str) -> None:
    walk.add(dict(value), name)


def _bytearray(walk: Walk, value: Any, _: str) -> None:
    walk.has_state = True
    walk.put(type(value).__name__)
    walk.put_bytes(bytes(value))


def _python_array(walk: Walk, value: Any, _: str) -> None:
    walk.has_state = True
    walk.put("array", value.typecode)
    walk.put_bytes(value.tobytes())


def _slice(walk: Walk, value: Any, name: str) -> None:
    walk.put("slice")
    walk.add((value.start, value.stop, value.step), name)


def _pattern(walk: Walk, value: Any, name: str) -> None:
    walk.put("pattern", str(value.flags))
    walk.add(value.pattern, name)


def _getter(walk: Walk, value: Any, name: str) -> None:
    walk.put(type(value).__name__)
    walk.add(value.__reduce__()[1:], name)


def _ndarray(walk: Walk, value: Any, name: str) -> None:
    walk.has_state = True
    if walk.is_known(value):
        return
    walk.put("ndarray", repr(value.dtype), repr(value.shape))
    if value.dtype.hasobject:
        walk.add(value.tolist(), name)
    else:
        walk.put_bytes(np.ascontiguousarray(value).tobytes())


def _index(walk: Walk, value: pd.Index, name: str) -> None:
    walk.put("Index", repr(value.dtype))
    walk.add(list(value.names), name)
    walk.add(value.tolist(), name)


def _series(walk: Walk, value: pd.Series, name: str) -> None:
    walk.has_state = True
    if walk.is_known(value):
        return
    walk.put("Series", repr(value.dtype))
    walk.add(value.name, name)
    walk.add(value.index, name)
    if isinstance(value.dtype, np.dtype):
        walk.add(value.to_numpy(), name)
    else:
        walk.add(value.tolist(), name)


def _frame(walk: Walk, value: pd.DataFrame, name: str) -> None:
    walk.has_state = True
    if walk.is_known(value):
        return
    walk.put("DataFrame")
    walk.add(value.columns, name)
    for number in range(value.shape[1]):
        walk.add(value.iloc[:, number], f"{name} column {number}")


def numpy_scalar(walk: Walk, value: Any, name: str) -> bool:
    """Hash a number or text of NumPy."""
    if not isinstance(value, np.generic) or value.dtype.hasobject:
        return False
    walk.put("np.generic", repr(value.dtype))
    walk.put_bytes(value.tobytes())
    return True


def enum_member(walk: Walk, value: Any, name: str) -> bool:
    """Hash a member of an enum: its class, its name and its value."""
    if not isinstance(value, enum.Enum):
        return False
    if not walk.is_known(value):
        walk.put("member", str(value.name))
        walk.add(type(value), type(value).__qualname__)
        walk.add(value.value, name)
    return True


def index(walk: Walk, value: Any, name: str) -> bool:
    """Hash an index of pandas, of any kind."""
    if not isinstance(value, pd.Index) or not type(value).__module__.startswith("pandas"):
        return False
    _index(walk, value, name)
    return True


HANDLERS: dict[type, Handler] = {
    **dict.fromkeys(SCALARS, _scalar),
    **dict.fromkeys(_BY_TEXT, _by_text),
    **dict.fromkeys((list, collections.deque), _sequence),
    tuple: _tuple,
    **dict.fromkeys((set, frozenset), _set),
    **dict.fromkeys(
        (dict, collections.OrderedDict, collections.defaultdict, collections.Counter), _dict
    ),
    **dict.fromkeys((operator.attrgetter, operator.itemgetter, operator.methodcaller), _getter),
    types.MappingProxyType: _mapping_view,
    type({}.items()): items_view,
    bytearray: _bytearray,
    array.array: _python_array,
    slice: _slice,
    re.Pattern: _pattern,
    np.ndarray: _ndarray,
    pd.Series: _series,
    pd.DataFrame: _frame,
}
