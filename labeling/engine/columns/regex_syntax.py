"""Writes patterns of Python's `re` in the syntax of Rust's `regex`, which polars uses."""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from re import _constants, _parser  # type: ignore[attr-defined]  # without type stubs
from typing import Any, Literal

Method = Literal["search", "match", "fullmatch", "findall", "sub"]

ASCII = "".join(map(chr, range(128)))

NO_ASCII_CHARACTER = r"\x{10FFFF}"
"""A pattern that matches no ASCII text; empty classes are not supported by older engines."""

MOST_CHARACTERS = 10_000
"""Largest size of a pattern, with repetitions written out; the Rust engine limits its size."""

DEEPEST = 100
"""Deepest nesting of a pattern; the Rust engine limits it to 250."""

_FLAGS = re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.ASCII | re.UNICODE
_TYPE_FLAGS = re.ASCII | re.UNICODE  # a group that sets one of these clears the other
_CHARACTER_FLAGS = re.IGNORECASE | re.DOTALL | re.ASCII
"""The flags that change which characters a class, a literal or the dot matches."""

_AS_IN_RUST = {
    _constants.AT_BEGINNING: r"\A",
    _constants.AT_BEGINNING_STRING: r"\A",
    _constants.AT_END_STRING: r"\z",
    _constants.AT_BOUNDARY: r"(?-u:\b)",
}
"""Positions. `\\B` is absent: before Python 3.14 it does not match an empty text."""

_LINE_EDGES = {_constants.AT_BEGINNING: "(?m:^)", _constants.AT_END: "(?m:$)"}
_WORD_EDGES = {-1: r"(?-u:\b{start-half})", 1: r"(?-u:\b{end-half})"}
_CATEGORIES = {
    _constants.CATEGORY_DIGIT: r"\d",
    _constants.CATEGORY_NOT_DIGIT: r"\D",
    _constants.CATEGORY_SPACE: r"\s",
    _constants.CATEGORY_NOT_SPACE: r"\S",
    _constants.CATEGORY_WORD: r"\w",
    _constants.CATEGORY_NOT_WORD: r"\W",
}
_QUANTIFIERS = {(0, 1): "?", (0, None): "*", (1, None): "+"}


def rust_pattern(
    pattern: re.Pattern[str], method: Method = "search", *, groups: bool = False
) -> str | None:
    r"""Return a pattern for polars that is found in the same ASCII texts, or `None`.

    The pattern is parsed by Python and written anew from constructs whose meaning is known to be
    equal; which characters a class or letter stands for is asked of Python itself. Patterns
    with other constructs (look-around, back-references, `\B`, atomic groups, `$` before further
    elements, repetitions of what may be empty) have no equal, nor have very large ones. Only
    whether there is a match is the same, not where it ends: quantifiers become greedy. With
    "findall", "sub" or `groups` matches are the same, too; fewer patterns have such an equal.

    Args:
        pattern: a compiled pattern.
        method: the method of the pattern that is meant; `match` and `fullmatch` are anchored.
        groups: whether groups are asked for, with the numbers that they have in Python.

    Returns:
        a pattern for `str.contains`. On texts with other than ASCII characters it means nothing.

    >>> rust_pattern(re.compile(r"free\s+(?P<what>cash|money)$"))
    'free[\\x09-\\x0D\\x1C-\\x20]+(?:cash|money)(?:\\x0A?\\z)'
    >>> rust_pattern(re.compile("ok", re.IGNORECASE), "fullmatch")
    '\\A(?:[Oo][Kk])\\z'
    >>> print(rust_pattern(re.compile(r"(a)\1")))
    None
    """
    if not isinstance(pattern, re.Pattern) or not isinstance(pattern.pattern, str):
        return None
    if pattern.flags & ~(_FLAGS | re.DEBUG):
        return None
    exact = groups or method in ("findall", "sub")
    writer = _Writer(ends_with_text=method == "fullmatch", exact=exact, groups=groups)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warned when the pattern was compiled
            tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
        part = writer.sequence(tree, _Place(pattern.flags, is_last=True))
    except (_Unsupported, re.error, RecursionError):
        return None
    if method in ("findall", "sub") and part.may_be_empty:
        return None  # Python finds an empty match right after another one, too
    forms = {"match": r"\A(?:%s)", "fullmatch": r"\A(?:%s)\z"}
    return forms[method] % part.text if method in forms else part.text


def characters_of_words(pattern: re.Pattern[str]) -> str | None:
    r"""Return the ASCII characters of a pattern that finds their longest runs; `None` for others.

    >>> characters_of_words(re.compile(r"[a-c']+")), characters_of_words(re.compile(r"\bno\b"))
    ("'abc", None)
    """
    if not isinstance(pattern.pattern, str) or pattern.flags & ~(_FLAGS | re.DEBUG):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        elements = list(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))
    edge = (_constants.AT, _constants.AT_BOUNDARY)
    has_edges = len(elements) == 3 and elements[0] == elements[2] == edge
    if (len(elements) != 1 and not has_edges) or pattern.groups:
        return None
    operation, argument = elements[1 if has_edges else 0]
    if operation is not _constants.MAX_REPEAT or tuple(argument[:2]) != (1, _constants.MAXREPEAT):
        return None
    try:
        source = _source(*argument[2][0]) if len(argument[2]) == 1 else None
    except _Unsupported:
        return None
    if source is None:
        return None
    characters = "".join(re.compile(source, pattern.flags & _CHARACTER_FLAGS).findall(ASCII))
    is_word = characters == "".join(re.compile(r"\w", re.ASCII).findall(ASCII))
    is_some = 0 < len(characters) < len(ASCII)
    return characters if is_some and (is_word or not has_edges) else None


class _Unsupported(Exception):
    """A construct without a known equal."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a pattern an element is.

    Attributes:
        flags: the flags that hold there.
        is_last: whether the match ends with the element.
        depth: in how many elements it is nested.
    """

    flags: int
    is_last: bool
    depth: int = 0

    def inner(self, *, flags: int | None = None, is_last: bool | None = None) -> _Place:
        """Return the place of a part of the element."""
        if self.depth >= DEEPEST:
            raise _Unsupported
        return _Place(
            self.flags if flags is None else flags,
            self.is_last if is_last is None else is_last,
            self.depth + 1,
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the pattern that is written.

    Attributes:
        text: in Rust's syntax, without alternatives outside of groups.
        size: its number of characters and positions, repetitions written out.
        may_be_empty: whether it may match the empty text.
    """

    text: str
    size: int
    may_be_empty: bool


class _Writer:
    """Writes the elements of a parsed pattern.

    Args:
        ends_with_text: whether the match must end where the text ends, as with `fullmatch`.
        exact: whether the match must be the same.
        groups: whether the groups must be, too.
    """

    def __init__(self, *, ends_with_text: bool, exact: bool, groups: bool) -> None:
        self._ends_with_text, self._exact, self._groups = ends_with_text, exact, groups

    def sequence(self, elements: Iterable[Any], place: _Place) -> _Part:
        """Write elements that follow each other."""
        listed = list(elements)
        last = len(listed) - 1
        parts = [
            self._element(operation, argument, place.inner(is_last=place.is_last and index == last))
            for index, (operation, argument) in enumerate(listed)
        ]
        size = sum(part.size for part in parts)
        if size > MOST_CHARACTERS:
            raise _Unsupported
        return _Part(
            "".join(part.text for part in parts), size, all(part.may_be_empty for part in parts)
        )

    def _element(self, operation: Any, argument: Any, place: _Place) -> _Part:
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            lazy = "?" if self._exact and operation is _constants.MIN_REPEAT else ""
            return self._repetition(place, lazy, *argument)
        if operation is _constants.SUBPATTERN:
            number, added, removed, elements = argument
            kept = place.flags & ~_TYPE_FLAGS if added & _TYPE_FLAGS else place.flags
            flags = (kept | added) & ~removed
            if flags & ~(_FLAGS | re.DEBUG):
                raise _Unsupported
            part = self.sequence(elements, place.inner(flags=flags))
            if not self._groups or number is None:
                return part
            return _Part(f"({part.text})", part.size + 1, part.may_be_empty)
        if operation is _constants.BRANCH:
            return self._alternatives(argument[1], place)
        if operation is _constants.AT:
            return _Part(self._position(argument, place), 1, True)
        if operation is _constants.ASSERT_NOT:
            return _Part(_word_edge(place.flags, *argument), 1, True)
        source = _source(operation, argument)
        return _Part(_characters(source, place.flags & _CHARACTER_FLAGS), 1, False)

    def _repetition(self, place: _Place, lazy: str, least: Any, most: Any, elements: Any) -> _Part:
        unlimited = most == _constants.MAXREPEAT
        is_once = not unlimited and most <= 1
        body = self.sequence(elements, place.inner(is_last=place.is_last and is_once))
        if body.may_be_empty and (self._exact or not is_once):
            raise _Unsupported  # Python leaves a loop early where its body matched nothing
        if self._groups and not is_once and _has_group(elements):
            raise _Unsupported  # which of its turns a group keeps may differ
        low, high = int(least), None if unlimited else int(most)
        size = body.size * max(low + 1 if high is None else high, 1)
        if size > MOST_CHARACTERS:
            raise _Unsupported
        exact = f"{{{low}}}" if low == high else f"{{{low},{'' if high is None else high}}}"
        times = _QUANTIFIERS.get((low, high), exact) + lazy
        text = f"(?:{body.text}){times}"
        if body.size == 1 and len(elements) == 1 and elements[0][0] in _SINGLE:
            text = f"{body.text}{times}"
        return _Part(text, size, low == 0 or body.may_be_empty)

    def _alternatives(self, branches: Any, place: _Place) -> _Part:
        parts = [self.sequence(branch, place.inner()) for branch in branches]
        size = sum(part.size for part in parts) + len(parts)
        if size > MOST_CHARACTERS:
            raise _Unsupported
        text = f"(?:{'|'.join(part.text for part in parts)})"
        return _Part(text, size, any(part.may_be_empty for part in parts))

    def _position(self, position: Any, place: _Place) -> str:
        if place.flags & re.MULTILINE and position in _LINE_EDGES:
            return _LINE_EDGES[position]
        if position is _constants.AT_END and place.is_last and not self._exact:
            # The end, or before a line break at the end. As nothing follows, it may be consumed,
            # except where the match must end with the text: then only the end is left.
            return r"\z" if self._ends_with_text else r"(?:\x0A?\z)"
        if position not in _AS_IN_RUST:
            raise _Unsupported
        return _AS_IN_RUST[position]


_SINGLE = (_constants.LITERAL, _constants.NOT_LITERAL, _constants.IN, _constants.ANY)


def _has_group(elements: Any) -> bool:
    """Whether any of some elements, or of those in them, is a group with a number."""
    if isinstance(elements, tuple) and elements and elements[0] is _constants.SUBPATTERN:
        return elements[1][0] is not None or _has_group(elements[1][3])
    if isinstance(elements, (tuple, list, _parser.SubPattern)):
        return any(map(_has_group, elements))
    return False


def _word_edge(flags: int, direction: int, elements: Any) -> str:
    r"""Return the equal of `(?<!\w)` or `(?!\w)`; other look-around has none."""
    if len(elements) != 1 or elements[0][0] is not _constants.IN:
        raise _Unsupported
    characters = _characters(_source(*elements[0]), flags & _CHARACTER_FLAGS)
    if characters != _characters(r"\w", flags & _CHARACTER_FLAGS):
        raise _Unsupported
    return _WORD_EDGES[direction]


def _source(operation: Any, argument: Any) -> str:
    """Return an element that matches one character, as Python writes it."""
    if operation is _constants.ANY:
        return "."
    if operation is _constants.LITERAL:
        return f"[{_escaped(argument)}]"
    if operation is _constants.NOT_LITERAL:
        return f"[^{_escaped(argument)}]"
    if operation is not _constants.IN:
        raise _Unsupported
    return f"[{''.join(map(_class_source, argument))}]"


def _class_source(item: tuple[Any, Any]) -> str:
    """Return an item of a class, as Python writes it."""
    operation, argument = item
    if operation is _constants.NEGATE:
        return "^"
    if operation is _constants.LITERAL:
        return _escaped(argument)
    if operation is _constants.RANGE:
        return f"{_escaped(argument[0])}-{_escaped(argument[1])}"
    if operation is not _constants.CATEGORY or argument not in _CATEGORIES:
        raise _Unsupported
    return _CATEGORIES[argument]


def _escaped(code: int) -> str:
    return f"\\U{code:08x}"


@functools.lru_cache(maxsize=4_096)
def _characters(source: str, flags: int) -> str:
    """Return the ASCII characters that Python matches, as a letter, digit, escape or class.

    >>> _characters("[k]", 0), _characters("[k]", re.IGNORECASE), _characters("[-]", 0)
    ('k', '[Kk]', '\\\\x2D')
    """
    codes = [ord(character) for character in re.compile(source, flags).findall(ASCII)]
    if not codes:
        return NO_ASCII_CHARACTER
    if len(codes) == 1:
        return _written(codes[0])
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return f"[{''.join(map(_range, ranges))}]"


def _range(ends: list[int]) -> str:
    first, last = map(_written, ends)
    return first if first == last else f"{first}-{last}"


def _written(code: int) -> str:
    """Return a character that has no other meaning anywhere in a pattern."""
    return chr(code) if chr(code).isalnum() else f"\\x{code:02X}"
