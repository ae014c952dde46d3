"""Deep copies of mutable values, so that labeling functions cannot change each other's inputs."""

from __future__ import annotations

import collections
import copy
import datetime
import decimal
import enum
import functools
import logging
import re
import types
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

logger = logging.getLogger(__name__)

IMMUTABLE = frozenset(
    {
        type(None),
        bool,
        int,
        float,
        complex,
        str,
        bytes,
        frozenset,
        range,
        type(...),
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        datetime.timezone,
        decimal.Decimal,
        uuid.UUID,
        re.Pattern,
        pd.Timestamp,
        pd.Timedelta,
        type(pd.NaT),
        type(pd.NA),
    }
)
"""Types of immutable values, which are shared instead of copied."""

_SHARED = (
    type,
    np.generic,
    enum.Enum,
    types.ModuleType,
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    Iterator,
)
_MISSING = object()

Memo = dict[int, Any]


def isolated(value: Any) -> Any:
    """Return a deep copy of a value, so that changes in place do not affect the original.

    Copied, at any depth, are Python's containers and their subclasses, NumPy arrays, pandas
    objects, objects with `__deepcopy__`, and instances of classes written in Python. Keys of dicts
    and members of sets are hashable and therefore taken as immutable. Other objects, such as a
    lock, an open connection or a spaCy `Doc`, are shared; so are objects that cannot be copied,
    with a warning.

    >>> given = {"tags": ["a"], "n": 1}
    >>> copied = isolated(given)
    >>> copied["tags"].append("b")
    >>> given
    {'tags': ['a'], 'n': 1}
    """
    return value if type(value) in IMMUTABLE else _copied(value, {})


def _copied(value: Any, memo: Memo) -> Any:
    kind = type(value)
    if kind in IMMUTABLE:
        return value
    copied = memo.get(id(value), _MISSING)
    if copied is _MISSING:
        try:
            copied = _copier(kind)(value, memo)  # type: ignore[arg-type]  # classes are hashable
        except Exception as error:  # noqa: BLE001  # a class may raise anything when it is copied
            _warn(f"{kind.__module__}.{kind.__qualname__}", repr(error))
            copied = value
        memo[id(value)] = copied
    return copied


@functools.cache
def _warn(kind: str, cause: str) -> None:
    logger.warning(
        "a %s cannot be copied (%s): labeling functions share it and must not change it",
        kind,
        cause,
    )


@functools.lru_cache(maxsize=1_024)
def _copier(kind: type) -> Callable[[Any, Memo], Any]:
    """Return the function that copies values of a type."""
    copiers: dict[type, Callable[[Any, Memo], Any]] = {
        list: _list,
        dict: _dict,
        tuple: _tuple,
        pd.Series: _series,
        pd.DataFrame: _frame,
        memoryview: _memoryview,
        set: lambda value, _: value.copy(),
        bytearray: lambda value, _: value.copy(),
    }
    if kind in copiers:
        return copiers[kind]
    if issubclass(kind, _SHARED):
        return _same
    if hasattr(kind, "__deepcopy__"):
        return lambda value, _: copy.deepcopy(value)
    if issubclass(kind, tuple):
        return _named_tuple
    is_python_class = hasattr(kind, "__dictoffset__") and kind.__dictoffset__ != 0
    has_slots = any("__slots__" in vars(base) for base in kind.__mro__)
    if issubclass(kind, (list, dict, set, collections.deque)) or is_python_class or has_slots:
        return _instance
    return _same


def _same(value: Any, _: Memo) -> Any:
    return value


def _list(value: list[Any], memo: Memo) -> list[Any]:
    if IMMUTABLE.issuperset(map(type, value)):
        return value.copy()
    copied: list[Any] = []
    memo[id(value)] = copied
    copied.extend(_copied(inner, memo) for inner in value)
    return copied


def _dict(value: dict[Any, Any], memo: Memo) -> dict[Any, Any]:
    copied = value.copy()
    if not IMMUTABLE.issuperset(map(type, value.values())):
        memo[id(value)] = copied
        for key, inner in value.items():
            copied[key] = _copied(inner, memo)
    return copied


def _tuple(value: tuple[Any, ...], memo: Memo) -> tuple[Any, ...]:
    copied = tuple([_copied(inner, memo) for inner in value])
    is_unchanged = all(new is old for new, old in zip(copied, value, strict=True))
    return value if is_unchanged else copied


def _named_tuple(value: tuple[Any, ...], memo: Memo) -> tuple[Any, ...]:
    copied = tuple.__new__(type(value), [_copied(inner, memo) for inner in tuple.__iter__(value)])
    if hasattr(value, "__dict__"):
        vars(copied).update(vars(value))
    return copied


def _series(value: pd.Series, memo: Memo) -> pd.Series:
    """Return a deep copy of a row of a frame; pandas' copies share the objects inside."""
    copied = value.copy()
    if value.dtype == object:
        for index, inner in enumerate(value.array):
            if type(inner) not in IMMUTABLE:
                copied.iat[index] = _copied(inner, memo)
    return copied


def _frame(value: pd.DataFrame, memo: Memo) -> pd.DataFrame:
    """Return a deep copy of a frame; pandas' copies share the objects inside."""
    copied = value.copy()
    for index, kind in enumerate(value.dtypes):
        if pd.api.types.is_object_dtype(kind):
            column: Any = _series(value.iloc[:, index], memo)
            copied.isetitem(index, column)
    return copied


def _memoryview(value: memoryview, _: Memo) -> memoryview:
    if value.readonly:
        return value
    copied: Any = memoryview(bytearray(value))
    return copied.cast(value.format, value.shape)  # type: ignore[no-any-return]


def _instance(value: Any, memo: Memo) -> Any:
    copied = copy.copy(value)
    if copied is value:
        return value
    memo[id(value)] = copied
    _copy_contents(value, copied, memo)
    attributes: dict[Any, Any] = getattr(copied, "__dict__", {})
    for name, inner in attributes.items():
        attributes[name] = _copied(inner, memo)
    for slot in _slots(type(copied)):  # type: ignore[arg-type]  # classes are hashable
        inner = getattr(copied, slot, None)
        if type(inner) not in IMMUTABLE:
            object.__setattr__(copied, slot, _copied(inner, memo))
    return copied


def _copy_contents(value: Any, copied: Any, memo: Memo) -> None:
    if isinstance(value, dict):
        for key, inner in dict.items(value):
            dict.__setitem__(copied, key, _copied(inner, memo))
    elif isinstance(value, (list, collections.deque)):
        set_item = list.__setitem__ if isinstance(value, list) else collections.deque.__setitem__
        for index, inner in enumerate(value):
            set_item(copied, index, _copied(inner, memo))


@functools.lru_cache(maxsize=1_024)
def _slots(kind: type) -> tuple[str, ...]:
    """Return the names of a class's slots, with private ones mangled."""
    names = []
    for base in kind.__mro__:
        slots = vars(base).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            private = slot.startswith("__") and not slot.endswith("__")
            names.append(f"_{base.__name__.lstrip('_')}{slot}" if private else slot)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))
