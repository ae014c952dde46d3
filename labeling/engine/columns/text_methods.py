"""The methods and parts of texts, on a column of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from labeling.engine.columns.byte_counts import ASCII
from labeling.engine.columns.operators import NONE, is_unicode
from labeling.engine.columns.texts import Mask, Text
from labeling.engine.columns.values import (
    LARGEST_EXACT,
    Bools,
    Constant,
    Integers,
    Parts,
    Piece,
    Results,
    Words,
)


def _of_texts(part: Piece) -> list[str] | None:
    """Return the text, or the texts of a tuple, that a method is asked about."""
    if not isinstance(part, Constant):
        return None
    parts = list(part.value) if type(part.value) is tuple else [part.value]
    return parts if all(type(each) is str and is_unicode(each) for each in parts) else None


def _affix(test: Callable[[Text, str], Mask]) -> Callable[..., Results]:
    def rule(text: Text, part: Piece) -> Results:
        parts = _of_texts(part)
        if not parts:
            return NONE
        found = test(text, parts[0])
        for each in parts[1:]:
            found = found | test(text, each)
        return ((None, Bools(found)),)

    return rule


def _count(text: Text, part: Piece) -> Results:
    parts = _of_texts(part)
    if not parts or len(parts) != 1 or not parts[0] or not isinstance(part.value, str):  # type: ignore[union-attr]
        return NONE
    return ((None, Integers(text.count(parts[0]))),)


def _find(text: Text, part: Piece) -> Results:
    parts = _of_texts(part)
    if not parts or len(parts) != 1 or not isinstance(part.value, str):  # type: ignore[union-attr]
        return NONE
    return ((text.is_ascii, Integers(text.find(parts[0]))),)


def _strip(method: str) -> Callable[..., Results]:
    def rule(text: Text, characters: Piece | None = None) -> Results:
        if characters is None or (isinstance(characters, Constant) and characters.value is None):
            return ((None, text.stripped(method, None)),)
        parts = _of_texts(characters)
        if not parts or len(parts) != 1 or not parts[0] or type(characters.value) is not str:  # type: ignore[union-attr]
            return NONE
        return ((None, text.stripped(method, parts[0])),)

    return rule


def _replace(text: Text, old: Piece, new: Piece) -> Results:
    first, second = _of_texts(old), _of_texts(new)
    is_text = all(isinstance(each, Constant) and type(each.value) is str for each in (old, new))
    if not is_text or not first or not second or not first[0]:
        return NONE
    return ((None, text.replaced(first[0], second[0])),)


def _split(text: Text, separator: Piece | None = None, most: Piece | None = None) -> Results:
    return _cut(text, "split", separator, most)


def _rsplit(text: Text, separator: Piece | None = None, most: Piece | None = None) -> Results:
    return _cut(text, "rsplit", separator, most)


def _cut(text: Text, method: str, separator: Piece | None, most: Piece | None) -> Results:
    """Return what `split` or `rsplit` does, with a separator at most once or everywhere."""
    limit = most.value if isinstance(most, Constant) else -1 if most is None else 0
    is_space = separator is None or (isinstance(separator, Constant) and separator.value is None)
    if is_space and limit == -1:
        return ((None, Words(text)),)
    written = _separator(separator)
    if type(limit) is not int or limit not in (-1, 1) or not written:
        return NONE
    if method == "rsplit" and _overlaps(written):
        return NONE
    return ((None, Parts(text, written, f"{method}1" if limit == 1 else "split")),)


def _separator(piece: Piece | None) -> str | None:
    """Return a constant text; `None` if a piece is none."""
    is_text = isinstance(piece, Constant) and type(piece.value) is str and is_unicode(piece.value)
    return piece.value if is_text else None  # type: ignore[union-attr]  # a constant


def _overlaps(separator: str) -> bool:
    """Whether a text may overlap with itself: then the last one is not that from the left."""
    return any(separator.startswith(separator[start:]) for start in range(1, len(separator)))


def _partition(method: str) -> Callable[..., Results]:
    def rule(text: Text, separator: Piece) -> Results:
        written = _separator(separator)
        if not written or (method == "rpartition" and _overlaps(written)):
            return NONE
        return ((None, Parts(text, written, method)),)

    return rule


def _table(test: Callable[[str], bool]) -> Mask:
    return np.array([test(character) for character in ASCII] + [False] * 128)


_UPPER, _LOWER = _table(str.isupper), _table(str.islower)


def _all_in(test: Callable[[str], bool]) -> Callable[..., Results]:
    table = _table(test)

    def rule(text: Text) -> Results:
        found = text.is_present & (text.count_class(table) == text.length)
        return ((text.is_ascii, Bools(found)),)

    return rule


def _is_cased(wanted: Mask, unwanted: Mask) -> Callable[..., Results]:
    def rule(text: Text) -> Results:
        return ((text.is_ascii, Bools(text.has_class_only(wanted, unwanted))),)

    return rule


TEXT_METHODS: dict[str, tuple[Callable[..., Results], int, int]] = {
    "lower": (lambda text: ((None, text.lower()),), 0, 0),
    "upper": (lambda text: ((None, text.upper()),), 0, 0),
    "casefold": (lambda text: ((None, text.casefold()),), 0, 0),
    "strip": (_strip("strip"), 0, 1),
    "lstrip": (_strip("lstrip"), 0, 1),
    "rstrip": (_strip("rstrip"), 0, 1),
    "startswith": (_affix(Text.starts_with), 1, 1),
    "endswith": (_affix(Text.ends_with), 1, 1),
    "count": (_count, 1, 1),
    "find": (_find, 1, 1),
    "replace": (_replace, 2, 2),
    "split": (_split, 0, 2),
    "rsplit": (_rsplit, 0, 2),
    "partition": (_partition("partition"), 1, 1),
    "rpartition": (_partition("rpartition"), 1, 1),
    "isupper": (_is_cased(_UPPER, _LOWER), 0, 0),
    "islower": (_is_cased(_LOWER, _UPPER), 0, 0),
    "isdigit": (_all_in(str.isdigit), 0, 0),
    "isdecimal": (_all_in(str.isdecimal), 0, 0),
    "isnumeric": (_all_in(str.isnumeric), 0, 0),
    "isalpha": (_all_in(str.isalpha), 0, 0),
    "isalnum": (_all_in(str.isalnum), 0, 0),
    "isspace": (_all_in(str.isspace), 0, 0),
    "isascii": (lambda text: ((None, Bools(text.surely_ascii)),), 0, 0),
}
"""The methods of texts: the rule, and how few and how many arguments it takes."""

PURE_TEXT_METHODS = frozenset({*TEXT_METHODS, "istitle", "join", "title", "rfind"})
"""Methods of constant texts, which Python itself computes."""


def part_of(text: Text, index: Any) -> Results:
    """Return `text[index]` for a constant slice or the first or last character."""
    if isinstance(index, slice):
        return _slice(text, index)
    if type(index) is not int or index not in (0, -1):
        return NONE
    character = text.part(0, 1) if index == 0 else text.part(-1, None)
    return ((text.is_present, character),)


def _slice(text: Text, index: slice) -> Results:
    start = 0 if index.start is None else index.start
    plain = all(type(each) is int for each in (start, index.stop or 0))
    if not plain or index.step not in (None, 1) or abs(start) > LARGEST_EXACT:
        return NONE
    if start >= 0 and (index.stop is None or index.stop >= 0):
        return ((None, text.part(start, index.stop)),)
    return ((None, text.part(start, None)),) if index.stop is None else NONE
