"""Copies of mutable values, so that what one function changes in place no other one sees."""

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
        *(type(None), bool, int, float, complex, str, bytes, frozenset, range, type(...)),
        *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone),
        *(decimal.Decimal, uuid.UUID, re.Pattern, pd.Timestamp, pd.Timedelta),
        *(type(pd.NaT), type(pd.NA)),
    }
)
"""Types whose values are shared as they are: nothing can be changed in them."""

_SHARED = (
    *(type, np.generic, enum.Enum, types.ModuleType, types.FunctionType, types.MethodType),
    *(types.BuiltinFunctionType, Iterator),
)
_MISSING = object()

Memo = dict[int, Any]


def isolated(value: Any) -> Any:
    """Return a value that can be changed in place without changing the original.

    Copied, at any depth, are Python's containers and their subclasses, NumPy arrays, pandas objects,
    whatever has `__deepcopy__`, and instances of classes written in Python. Keys of dicts and
    members of sets are hashable, and therefore taken as immutable. Other objects, such as a lock,
    an open connection or a `Doc` of spaCy, are shared; so is what refuses to be copied, with a
    warning.

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
    made = memo.get(id(value), _MISSING)
    if made is _MISSING:
        try:
            made = _copier(kind)(value, memo)  # type: ignore[arg-type]  # classes are hashable
        except Exception as error:  # noqa: BLE001  # whatever the class does when it is copied
            _warn(f"{kind.__module__}.{kind.__qualname__}", repr(error))
            made = value
        memo[id(value)] = made
    return made


@functools.cache
def _warn(kind: str, why: str) -> None:
    logger.warning(
        "a %s cannot be copied (%s): labeling functions share it, so none of them may change it",
        *(kind, why),
    )


@functools.lru_cache(maxsize=1_024)
def _copier(kind: type) -> Callable[[Any, Memo], Any]:
    """Return what copies the values of a type."""
    plain: dict[type, Callable[[Any, Memo], Any]] = {
        **{list: _list, dict: _dict, tuple: _tuple, pd.Series: _series, pd.DataFrame: _frame},
        memoryview: _view,
        **{set: lambda value, _: value.copy(), bytearray: lambda value, _: value.copy()},
    }
    if kind in plain:
        return plain[kind]
    if issubclass(kind, _SHARED):
        return _same
    if hasattr(kind, "__deepcopy__"):
        return lambda value, _: copy.deepcopy(value)
    if issubclass(kind, tuple):
        return _named_tuple
    written_in_python = hasattr(kind, "__dictoffset__") and kind.__dictoffset__ != 0
    has_slots = any("__slots__" in vars(base) for base in kind.__mro__)
    if issubclass(kind, (list, dict, set, collections.deque)) or written_in_python or has_slots:
        return _instance
    return _same


def _same(value: Any, _: Memo) -> Any:
    return value


def _list(value: list[Any], memo: Memo) -> list[Any]:
    if IMMUTABLE.issuperset(map(type, value)):
        return value.copy()
    made: list[Any] = []
    memo[id(value)] = made
    made.extend(_copied(inner, memo) for inner in value)
    return made


def _dict(value: dict[Any, Any], memo: Memo) -> dict[Any, Any]:
    made = value.copy()
    if not IMMUTABLE.issuperset(map(type, value.values())):
        memo[id(value)] = made
        for key, inner in value.items():
            made[key] = _copied(inner, memo)
    return made


def _tuple(value: tuple[Any, ...], memo: Memo) -> tuple[Any, ...]:
    made = tuple([_copied(inner, memo) for inner in value])
    same = all(new is old for new, old in zip(made, value, strict=True))
    return value if same else made


def _named_tuple(value: tuple[Any, ...], memo: Memo) -> tuple[Any, ...]:
    made = tuple.__new__(type(value), [_copied(inner, memo) for inner in tuple.__iter__(value)])
    if hasattr(value, "__dict__"):
        vars(made).update(vars(value))
    return made


def _series(value: pd.Series, memo: Memo) -> pd.Series:
    """Return a copy of a row of a frame; pandas' own copies leave objects inside shared."""
    made = value.copy()
    if value.dtype == object:
        for place, inner in enumerate(value.array):
            if type(inner) not in IMMUTABLE:
                made.iat[place] = _copied(inner, memo)
    return made


def _frame(value: pd.DataFrame, memo: Memo) -> pd.DataFrame:
    """Return a copy of a frame; pandas' own copies leave objects inside shared."""
    made = value.copy()
    for place, kind in enumerate(value.dtypes):
        if pd.api.types.is_object_dtype(kind):
            column: Any = _series(value.iloc[:, place], memo)
            made.isetitem(place, column)
    return made


def _view(value: memoryview, _: Memo) -> memoryview:
    if value.readonly:
        return value
    made: Any = memoryview(bytearray(value))
    return made.cast(value.format, value.shape)  # type: ignore[no-any-return]


def _instance(value: Any, memo: Memo) -> Any:
    made = copy.copy(value)
    if made is value:
        return value
    memo[id(value)] = made
    _copy_contents(value, made, memo)
    own: dict[Any, Any] = getattr(made, "__dict__", {})
    for name, inner in own.items():
        own[name] = _copied(inner, memo)
    for slot in _slots(type(made)):  # type: ignore[arg-type]  # classes are hashable
        inner = getattr(made, slot, None)
        if type(inner) not in IMMUTABLE:
            object.__setattr__(made, slot, _copied(inner, memo))
    return made


def _copy_contents(value: Any, made: Any, memo: Memo) -> None:
    if isinstance(value, dict):
        for key, inner in dict.items(value):
            dict.__setitem__(made, key, _copied(inner, memo))
    elif isinstance(value, (list, collections.deque)):
        put = list.__setitem__ if isinstance(value, list) else collections.deque.__setitem__
        for place, inner in enumerate(value):
            put(made, place, _copied(inner, memo))


@functools.lru_cache(maxsize=1_024)
def _slots(kind: type) -> tuple[str, ...]:
    """Return the names of a class's slots, as they are called from outside."""
    names = []
    for base in kind.__mro__:
        slots = vars(base).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            private = slot.startswith("__") and not slot.endswith("__")
            names.append(f"_{base.__name__.lstrip('_')}{slot}" if private else slot)
    return tuple(name for name in names if name not in ("__dict__", "__weakref__"))
