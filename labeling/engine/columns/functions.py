"""Python's built-in functions, and searches for patterns, on pieces of values."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from labeling.engine.columns.operators import NONE, as_integers, folded
from labeling.engine.columns.regex_syntax import Method, rust_pattern
from labeling.engine.columns.texts import Text
from labeling.engine.columns.values import (
    Bools,
    Constant,
    Floats,
    Integers,
    Items,
    Matches,
    Parts,
    Piece,
    Results,
    Times,
    Words,
    is_plain,
    truth,
)


def length(piece: Piece) -> Results:
    """Return `len(piece)`."""
    if isinstance(piece, Text):
        return ((None, Integers(piece.length)),)
    if isinstance(piece, Words):
        return ((piece.text.is_ascii, Integers(piece.text.bytes.words)),)
    if isinstance(piece, Parts):
        return ((None, Integers(piece.text.count(piece.separator) + 1)),)
    if isinstance(piece, Items):
        return ((None, Integers(piece.counts)),)
    return folded(len, piece.value) if isinstance(piece, Constant) else NONE


def as_bool(piece: Piece) -> Results:
    """Return `bool(piece)`."""
    valid, is_true = truth(piece)
    if is_true is None:
        return NONE
    return ((valid, Constant(is_true) if isinstance(is_true, bool) else Bools(is_true)),)


def is_instance(piece: Piece, classes: Piece) -> Results:
    """Return `isinstance(piece, classes)` for Python's own classes."""
    wanted = classes.value if isinstance(classes, Constant) else None
    listed = wanted if type(wanted) is tuple else (wanted,)
    kind = _class_of(piece)
    if kind is None or not all(each in _CLASSES for each in listed):
        return NONE
    return ((None, Constant(issubclass(kind, tuple(listed)))),)


_CLASSES = (str, int, float, bool, bytes, list, tuple, dict, set, frozenset, type(None))


def _class_of(piece: Piece) -> type | None:
    if isinstance(piece, Constant):
        return type(piece.value) if is_plain(piece.value) else None
    return {Text: str, Integers: int, Floats: float, Bools: bool, Words: list}.get(type(piece))


def as_text(piece: Piece) -> Results:
    """Return `str(piece)`."""
    if isinstance(piece, Text):
        return ((None, piece),)
    is_short = isinstance(piece, Constant) and type(piece.value) in (str, int, bool, type(None))
    return folded(str, piece.value) if is_short else NONE  # type: ignore[union-attr]  # checked


def as_int(piece: Piece) -> Results:
    """Return `int(piece)` of an int or a bool."""
    integers = as_integers(piece)
    if integers is None:
        return NONE
    return ((None, Constant(integers) if isinstance(integers, int) else Integers(integers)),)


def as_float(piece: Piece) -> Results:
    """Return `float(piece)` of a number."""
    if isinstance(piece, Floats):
        return ((None, piece),)
    if isinstance(piece, (Integers, Bools)):
        return ((None, Floats(as_integers(piece).astype(np.float64))),)
    is_number = isinstance(piece, Constant) and type(piece.value) in (int, float, bool)
    return folded(float, piece.value) if is_number else NONE  # type: ignore[union-attr]


def absolute(piece: Piece) -> Results:
    """Return `abs(piece)`."""
    if isinstance(piece, Floats):
        return ((None, Floats(np.abs(piece.values))),)
    if isinstance(piece, Integers):
        valid = piece.values > -(2**63)
        return ((None if valid.all() else valid, Integers(np.abs(piece.values))),)
    return folded(abs, piece.value) if isinstance(piece, Constant) else NONE


def is_nan(piece: Piece) -> Results:
    """Return `math.isnan(piece)`."""
    if isinstance(piece, Floats):
        return ((None, Bools(np.isnan(piece.values))),)
    if isinstance(piece, Integers):  # Python makes a double of it, which never fails in 64 bits
        return ((None, Constant(False)),)
    return folded(math.isnan, piece.value) if isinstance(piece, Constant) else NONE


def is_missing(piece: Piece) -> Results:
    """Return `pandas.isna(piece)` of a plain value."""
    if isinstance(piece, Floats):
        return ((None, Bools(np.isnan(piece.values))),)
    if isinstance(piece, (Text, Integers, Bools, Times)):
        return ((None, Constant(False)),)
    is_none = isinstance(piece, Constant) and piece.value is None
    return ((None, Constant(True)),) if is_none else NONE


def is_present(piece: Piece) -> Results:
    """Return `pandas.notna(piece)` of a plain value."""
    return tuple(
        (valid, Bools(~result.values) if isinstance(result, Bools) else Constant(not result.value))  # type: ignore[union-attr]
        for valid, result in is_missing(piece)
    )


FUNCTIONS: dict[int, tuple[Callable[..., Results], int]] = {
    id(function): (rule, arguments)
    for function, rule, arguments in (
        (len, length, 1),
        (bool, as_bool, 1),
        (isinstance, is_instance, 2),
        (str, as_text, 1),
        (int, as_int, 1),
        (float, as_float, 1),
        (abs, absolute, 1),
        (math.isnan, is_nan, 1),
        (pd.isna, is_missing, 1),
        (pd.isnull, is_missing, 1),
        (pd.notna, is_present, 1),
        (pd.notnull, is_present, 1),
    )
}
"""By the identity of the function: its rule, and how many arguments it takes."""

PATTERN_FUNCTIONS: dict[int, Method] = {
    id(re.search): "search",
    id(re.match): "match",
    id(re.fullmatch): "fullmatch",
}


def pattern_of(pattern: Any, flags: Any) -> re.Pattern[str] | None:
    """Return the compiled pattern of a call such as `re.search(pattern, ..., flags)`."""
    if isinstance(pattern, re.Pattern):
        return pattern if type(pattern.pattern) is str and flags == 0 else None
    if type(pattern) is not str or not isinstance(flags, int):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return re.compile(pattern, flags)
    except Exception:  # noqa: BLE001  # Python says it, on each row
        return None


def searched(pattern: re.Pattern[str], method: Method, piece: Piece) -> Results:
    """Return what a method of a pattern returns for texts of ASCII characters."""
    if not isinstance(piece, Text):
        return NONE
    written = rust_pattern(pattern, method)
    if written is None:
        return NONE
    return ((piece.is_ascii, Matches(piece.found(written))),)
