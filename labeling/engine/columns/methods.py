"""Methods and items of what an expression is worth: texts, patterns, dicts and times."""

from __future__ import annotations

import enum
import re
from typing import Any

import numpy as np

from labeling.engine.columns import times, word_sets
from labeling.engine.columns.functions import group_of, pattern_of, searched, substituted
from labeling.engine.columns.operators import NONE, compare, folded, is_unicode
from labeling.engine.columns.text_methods import PURE_TEXT_METHODS, TEXT_METHODS
from labeling.engine.columns.texts import Mask, Text
from labeling.engine.columns.values import (
    Bools,
    Constant,
    Floats,
    Integers,
    Matches,
    Piece,
    Results,
    Spans,
    Times,
    is_plain,
)

OF_PATTERNS = ("search", "match", "fullmatch", "findall", "sub")
"""Methods of patterns that are known."""
_OF_TIMES = ("date", "weekday", "isoweekday", "total_seconds")

METHODS = frozenset({*TEXT_METHODS, *word_sets.METHODS, *OF_PATTERNS, *_OF_TIMES, "get", "group"})
"""Methods that are known of some value."""


def called(name: str, receiver: Piece, arguments: list[Piece]) -> Results:
    """Return what a method returns, or nothing where that is not known of a column."""
    if name in word_sets.METHODS:
        return word_sets.METHODS[name](receiver, *arguments) if len(arguments) == 1 else NONE
    if isinstance(receiver, Constant):
        return _called_on_constant(name, receiver.value, arguments)
    if isinstance(receiver, (Times, Spans)):
        return NONE if arguments else times.called(name, receiver)
    if isinstance(receiver, Matches):
        return _group(receiver, arguments) if name == "group" else NONE
    if not isinstance(receiver, Text) or name not in TEXT_METHODS:
        return NONE
    rule, fewest, most = TEXT_METHODS[name]
    return rule(receiver, *arguments) if fewest <= len(arguments) <= most else NONE


def _called_on_constant(name: str, value: Any, arguments: list[Piece]) -> Results:
    if type(value) is re.Pattern and name in OF_PATTERNS:
        pattern = pattern_of(value, 0)
        if pattern is not None and name == "sub" and len(arguments) == 2:
            return substituted(pattern, *arguments)
        if pattern is None or name == "sub" or len(arguments) != 1:
            return NONE
        return searched(pattern, name, arguments[0])  # type: ignore[arg-type]  # one of these
    if type(value) is dict and name == "get":
        return _got(value, arguments)
    if type(value) is not str or name not in PURE_TEXT_METHODS:
        return NONE
    if not all(isinstance(each, Constant) for each in arguments):
        return NONE
    return folded(getattr(str, name), value, *(each.value for each in arguments))  # type: ignore[union-attr]


def _group(matches: Matches, arguments: list[Piece]) -> Results:
    if len(arguments) > 1 or not all(isinstance(each, Constant) for each in arguments):
        return NONE
    return group_of(matches, arguments[0].value if arguments else 0)  # type: ignore[union-attr]


MOST_VALUES = 8
"""A dict with more different values is left to Python."""


def _got(mapping: dict[Any, Any], arguments: list[Piece]) -> Results:
    default: Piece = Constant(None)
    if len(arguments) == 2:
        default = arguments[1]
    if not 1 <= len(arguments) <= 2:
        return NONE
    return looked_up(mapping, arguments[0], default)


def looked_up(mapping: Any, key: Piece, default: Piece | None) -> Results:
    """Return `mapping[key]` for a constant dict, or `mapping.get(key, default)`."""
    values = mapping.values() if type(mapping) is dict else ()
    if not all(map(is_plain, mapping)) or not all(map(_is_value, values)):
        return NONE
    if isinstance(key, Constant) and isinstance(default, (Constant, type(None))):
        return _constant_item(mapping, key.value, default)
    if isinstance(key, (Integers, Floats, Bools)):
        return _at_number(mapping, key, default)
    return _at_text(mapping, key, default) if isinstance(key, Text) else NONE


def _at_text(mapping: Any, key: Text, default: Piece | None) -> Results:
    groups: dict[Any, list[str]] = {}
    for name in filter(_is_text, mapping):
        value = mapping[name]
        same = repr(value) if is_plain(value) else id(value)
        groups.setdefault((type(value), same), []).append(name)
    if len(groups) > MOST_VALUES:
        return NONE
    results: list[tuple[Mask | None, Piece]] = []
    rest: Mask = np.ones(len(key), bool)
    for names in groups.values():
        rows = key.is_one_of(names)
        rest = rest & ~rows
        results.append((rows, Constant(mapping[names[0]])))
    if default is not None:
        results.append((rest, default))
    return tuple(results)


def _is_value(value: Any) -> bool:
    """Whether columns know a value of a dict: a plain one, or a member of an enum."""
    return is_plain(value) or isinstance(value, enum.Enum)


def _at_number(mapping: Any, key: Piece, default: Piece | None) -> Results:
    """Return the values of a small dict at numbers; equal numbers are the same key."""
    numbers = [each for each in mapping if type(each) in (int, float, bool)]
    if len(mapping) > MOST_VALUES or any(each != each for each in numbers):
        return NONE
    results: list[tuple[Mask | None, Piece]] = []
    rest: Any = True
    for number in numbers:
        equal = compare("Eq", key, Constant(number))
        if len(equal) != 1 or equal[0][0] is not None or not isinstance(equal[0][1], Bools):
            return NONE
        rows = equal[0][1].values
        rest = rest & ~rows
        results.append((rows, Constant(mapping[number])))
    if default is not None:
        results.append((None if rest is True else rest, default))
    return tuple(results)


def _is_text(key: object) -> bool:
    return type(key) is str and is_unicode(key)


def _constant_item(mapping: Any, key: Any, default: Constant | None) -> Results:
    if not is_plain(key):
        return NONE
    try:
        value = mapping[key] if default is None else mapping.get(key, default.value)
    except (KeyError, TypeError):  # the rows go to Python, which raises it
        return NONE
    return ((None, Constant(value)),)
