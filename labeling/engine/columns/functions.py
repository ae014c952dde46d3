"""Python's built-in functions, and searches for patterns, on pieces of values."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from labeling.engine.columns.operators import NONE, as_integers, compare, folded, is_unicode
from labeling.engine.columns.regex_syntax import Method, characters_of_words, rust_pattern
from labeling.engine.columns.texts import Text
from labeling.engine.columns.values import (
    LARGEST_EXACT,
    Bools,
    Characters,
    Constant,
    Floats,
    Integers,
    Items,
    Matches,
    Parts,
    Piece,
    Results,
    SharedWords,
    Spans,
    Times,
    Words,
    is_plain,
    truth,
)
from labeling.engine.columns.word_search import n_shared, n_words
from labeling.engine.columns.word_sets import as_set


def length(piece: Piece) -> Results:
    """Return `len(piece)`."""
    if isinstance(piece, Text):
        return ((None, Integers(piece.length)),)
    if isinstance(piece, Constant):
        return folded(len, piece.value)
    return _length_of_list(piece)


def _length_of_list(piece: Piece) -> Results:
    if isinstance(piece, Words) and not piece.distinct:
        return ((piece.text.is_ascii, Integers(n_words(piece.text, piece.characters))),)
    if isinstance(piece, SharedWords):
        words = piece.words
        counts = n_shared(words.text, words.characters, piece.wanted)
        return ((words.text.is_ascii, Integers(counts)),)
    if isinstance(piece, Characters):
        return ((piece.text.is_ascii, Integers(piece.text.count_class(piece.table))),)
    if isinstance(piece, Items):
        return ((None, Integers(piece.counts)),)
    return _length_of_parts(piece) if isinstance(piece, Parts) else NONE


def _length_of_parts(parts: Parts) -> Results:
    if parts.method in ("partition", "rpartition"):
        return ((None, Constant(3)),)
    if parts.method == "split":
        return ((None, Integers(parts.text.count(parts.separator) + 1)),)
    is_cut = parts.text.contains(parts.separator)
    return ((None, Integers(is_cut.astype(np.int64) + 1)),)


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
    if isinstance(piece, Words):
        return None if piece.distinct else list  # a set or a frozenset
    return {Text: str, Integers: int, Floats: float, Bools: bool}.get(type(piece))


def as_text(piece: Piece) -> Results:
    """Return `str(piece)`."""
    if isinstance(piece, Text):
        return ((None, piece),)
    is_short = isinstance(piece, Constant) and type(piece.value) in (str, int, bool, type(None))
    return folded(str, piece.value) if is_short else NONE  # type: ignore[union-attr]  # checked


def as_int(piece: Piece) -> Results:
    """Return `int(piece)` of an int, a bool, or a text of digits."""
    if isinstance(piece, Text):
        values = piece.numbers(np.int64)
        return ((piece.found(_DIGITS), Integers(values)),)
    integers = as_integers(piece)
    if integers is None:
        is_text = isinstance(piece, Constant) and type(piece.value) is str
        return folded(int, piece.value) if is_text else NONE  # type: ignore[union-attr]
    return ((None, Constant(integers) if isinstance(integers, int) else Integers(integers)),)


_DIGITS = r"\A[0-9]{1,18}\z"
_DECIMAL = r"\A[0-9]{1,15}(?:\.[0-9]{1,15})?\z"


def as_float(piece: Piece) -> Results:
    """Return `float(piece)` of a number, or of a text such as "3.5"."""
    if isinstance(piece, Text):
        return ((piece.found(_DECIMAL), Floats(piece.numbers(np.float64))),)
    if isinstance(piece, Floats):
        return ((None, piece),)
    if isinstance(piece, (Integers, Bools)):
        return ((None, Floats(as_integers(piece).astype(np.float64))),)
    is_number = isinstance(piece, Constant) and type(piece.value) in (int, float, bool, str)
    return folded(float, piece.value) if is_number else NONE  # type: ignore[union-attr]


def escaped(piece: Piece) -> Results:
    """Return `re.escape(piece)` of a constant."""
    is_text = isinstance(piece, Constant) and type(piece.value) is str
    return folded(re.escape, piece.value) if is_text else NONE  # type: ignore[union-attr]


def rounded(piece: Piece) -> Results:
    """Return `round(piece)`; halves are rounded to the even number."""
    if isinstance(piece, Floats):
        valid = np.abs(piece.values) <= LARGEST_EXACT  # of NaN that is false
        whole = np.rint(np.where(valid, piece.values, 0.0))
        return ((valid, Integers(whole.astype(np.int64))),)
    is_number = isinstance(piece, Constant) and type(piece.value) in (int, float, bool)
    return folded(round, piece.value) if is_number else as_int_of_integers(piece)  # type: ignore[union-attr]


def as_int_of_integers(piece: Piece) -> Results:
    """Return `int(piece)` of ints and bools."""
    return ((None, Integers(as_integers(piece))),) if isinstance(piece, (Integers, Bools)) else NONE


def largest(first: Piece, second: Piece) -> Results:
    """Return `max(first, second)`: the second one only if it is greater."""
    return _chosen(compare("Gt", second, first), first, second)


def smallest(first: Piece, second: Piece) -> Results:
    """Return `min(first, second)`: the second one only if it is less."""
    return _chosen(compare("Lt", second, first), first, second)


def _chosen(is_second: Results, first: Piece, second: Piece) -> Results:
    results: list[tuple[Any, Piece]] = []
    for valid, answer in is_second:
        if isinstance(answer, Constant):
            results.append((valid, second if answer.value else first))
        elif isinstance(answer, Bools):
            for rows, chosen in ((answer.values, second), (~answer.values, first)):
                results.append((rows if valid is None else rows & valid, chosen))
    return tuple(results)


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
    if isinstance(piece, (Text, Integers, Bools, Times, Spans)):
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
        (round, rounded, 1),
        (max, largest, 2),
        (min, smallest, 2),
        (re.escape, escaped, 1),
        (set, as_set, 1),
        (frozenset, as_set, 1),
        (math.isnan, is_nan, 1),
        (pd.isna, is_missing, 1),
        (pd.isnull, is_missing, 1),
        (pd.notna, is_present, 1),
        (pd.notnull, is_present, 1),
    )
}
"""By the identity of the function: its rule, and how many arguments it takes."""

PATTERN_FUNCTIONS: dict[Callable[..., Any], Method] = {
    re.search: "search",
    re.match: "match",
    re.fullmatch: "fullmatch",
    re.findall: "findall",
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


def is_searched(pattern: re.Pattern[str], method: Method) -> bool:
    """Whether columns are searched with a pattern."""
    is_words = method == "findall" and characters_of_words(pattern) is not None
    return is_words or rust_pattern(pattern, method) is not None


def kind_of_found(pattern: re.Pattern[str]) -> str:
    """Return which list `findall` returns; see `context.LISTS`."""
    return "items" if characters_of_words(pattern) is None else "words"


def searched(pattern: re.Pattern[str], method: Method, piece: Piece) -> Results:
    """Return what a method of a pattern returns for texts of ASCII characters."""
    if not isinstance(piece, Text):
        return NONE
    if method == "findall":
        return _all_found(pattern, piece)
    written = rust_pattern(pattern, method)
    if written is None:
        return NONE
    return ((piece.is_ascii, Matches(piece.found(written), piece, (pattern, method))),)


def searched_for(method: Method, flags: int, pattern: Piece, text: Piece) -> Results:
    """Return what `re.search(pattern, text, flags)` returns for a constant pattern."""
    found = pattern_of(pattern.value, flags) if isinstance(pattern, Constant) else None
    return NONE if found is None else searched(found, method, text)


def substituted(pattern: re.Pattern[str], replacement: Piece, text: Piece) -> Results:
    """Return `pattern.sub(replacement, text)` for texts of ASCII characters."""
    new = replacement.value if isinstance(replacement, Constant) else None
    if type(new) is not str or "\\" in new or not is_unicode(new) or not isinstance(text, Text):
        return NONE
    written = rust_pattern(pattern, "sub")
    return NONE if written is None else ((text.is_ascii, text.substituted(written, new)),)


def _all_found(pattern: re.Pattern[str], text: Text) -> Results:
    characters = characters_of_words(pattern)
    if characters is not None:
        return ((text.is_ascii, Words(text, characters)),)
    written = rust_pattern(pattern, "findall")
    if written is None:
        return NONE
    return ((text.is_ascii, Items(text.count_pattern(written))),)


def group_of(matches: Matches, key: Any) -> Results:
    """Return a group of matches, by its number or name; `None` where it took no part."""
    pattern, method = matches.pattern
    number = pattern.groupindex.get(key) if type(key) is str else key
    if type(number) is not int or not 0 <= number <= pattern.groups:
        return NONE
    written = rust_pattern(pattern, method, groups=True)  # type: ignore[arg-type]  # one of three
    if written is None:
        return NONE
    took_part, group = matches.text.extracted(written, number)
    return ((matches.found & took_part, group), (matches.found & ~took_part, Constant(None)))
