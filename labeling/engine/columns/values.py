"""What an expression is worth on the rows of a batch: pieces, each with the rows it holds for.

A value is a tuple of (rows, piece). The rows of its pieces are disjoint. On a row of no piece the
value is undecided: it is unknown, or computing it may raise an error. Such a row is handed to the
Python function; nothing is ever claimed about it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.engine.columns.byte_counts import ASCII_NOT_SPACE
from labeling.engine.columns.texts import Mask, Text
from labeling.engine.columns.word_search import has_any_word, has_words

LARGEST_EXACT = 2**53
"""Up to here each int is a double, so comparing the two as doubles is exact."""
INT64 = range(-(2**63), 2**63)

MOST_PIECES = 12
"""A value of more pieces is not worth its masks; its rows are left undecided."""


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """The same Python object for all rows."""

    value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Integers:
    """An int for each row."""

    values: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Floats:
    """A float for each row; missing is NaN."""

    values: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bools:
    """True or False for each row."""

    values: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """A match of a pattern where it was found, else None.

    Attributes:
        found: where it was.
        text: what was searched; ASCII texts where this holds.
        pattern: the pattern, and the method of it that was called.
    """

    found: Mask
    text: Text
    pattern: tuple[re.Pattern[str], str]


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """`text.split()` of each row, or the longest runs of other characters than white space.

    Attributes:
        text: what is split.
        characters: the ASCII characters that words are made of.
        distinct: whether it is the set of the words, not their list.
    """

    text: Text
    characters: str = ASCII_NOT_SPACE
    distinct: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SharedWords:
    """The set of those words of a constant that are among the words of each row."""

    words: Words
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """`text.split(separator)` of each row, or what a method like it returns.

    Attributes:
        text: what is split.
        separator: where.
        method: "split", "partition" or "rpartition"; "split1" and "rsplit1" split at most once.
    """

    text: Text
    separator: str
    method: str = "split"


@dataclass(frozen=True, slots=True, eq=False)
class Characters:
    """`[c for c in text if ...]` of each row: its characters of a class, for ASCII texts."""

    text: Text
    table: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """A list for each row, of which only the length is known."""

    counts: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """A time without a zone for each row, as Arrow has it."""

    array: Any


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """The difference of two times for each row, in units of some nanoseconds."""

    values: npt.NDArray[np.int64]
    unit: int


@dataclass(frozen=True, slots=True, eq=False)
class Dates:
    """A date for each row, as days since 1970."""

    days: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The sample itself."""


Numbers = Constant | Integers | Floats | Bools
Lists = Words | SharedWords | Parts | Characters | Items
Piece = Numbers | Lists | Matches | Times | Spans | Dates | Row | Text
Part = tuple[Mask, Piece]
Value = tuple[Part, ...]
Results = tuple[tuple[Mask | None, Piece], ...]
"""Pieces and where they hold; `None` means everywhere."""

UNDECIDED: Value = ()

_PLAIN = frozenset({str, int, float, bool, type(None), bytes})
_CONTAINERS = frozenset({tuple, list, set, frozenset})


def is_plain(value: Any) -> bool:
    """Whether a value, and all in it, is of a type of Python itself, without surprises."""
    kind = type(value)
    if kind in _PLAIN:
        return True
    if kind is dict:
        return all(map(is_plain, value)) and all(map(is_plain, value.values()))
    if kind in _CONTAINERS:
        return _PLAIN.issuperset(map(type, value)) or all(map(is_plain, value))
    return False


class Masks:
    """All rows of a batch, and none of them: masks that are compared by identity."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.all: Mask = np.ones(count, bool)
        self.none: Mask = np.zeros(count, bool)

    def both(self, first: Mask, second: Mask) -> Mask:
        """Return the rows of two masks."""
        if first is self.all:
            return second
        return first if second is self.all else first & second

    def constant(self, value: Any) -> Value:
        """Return the value that is the same for all rows."""
        return ((self.all, Constant(value)),)

    def whole(self, piece: Piece) -> Value:
        """Return the value that is one piece for all rows."""
        return ((self.all, piece),)

    def filled_with(self, values: Any) -> Any:
        """Return values, or the same value for all rows, as an array."""
        return values if isinstance(values, np.ndarray) else np.full(self.count, values)

    def covered(self, value: Value) -> Mask:
        """Return the rows on which a value is decided."""
        if len(value) == 1:
            return value[0][0]
        rows = self.none.copy()
        for mask, _ in value:
            rows |= mask
        return rows

    def restricted(self, value: Value, rows: Mask) -> Value:
        """Return a value that is decided on these rows only."""
        if rows is self.all:
            return value
        cut = ((self.both(mask, rows), piece) for mask, piece in value)
        return tuple((mask, piece) for mask, piece in cut if mask.any())

    def mapped(self, value: Value, function: Callable[[Piece], Results]) -> Value:
        """Return what a function makes of each piece."""
        parts = []
        for rows, piece in value:
            for valid, result in function(piece):
                mask = rows if valid is None else self.both(rows, valid)
                if mask.any():
                    parts.append((mask, result))
        return self.joined(parts)

    def combined(
        self, left: Value, right: Value, function: Callable[[Piece, Piece], Results]
    ) -> Value:
        """Return what a function makes of each pair of pieces."""
        parts = []
        for left_rows, left_piece in left:
            for right_rows, right_piece in right:
                rows = self.both(left_rows, right_rows)
                if not rows.any():
                    continue
                for valid, result in function(left_piece, right_piece):
                    mask = rows if valid is None else self.both(rows, valid)
                    if mask.any():
                        parts.append((mask, result))
        return self.joined(parts)

    def joined(self, parts: Iterable[Part]) -> Value:
        """Return a value of disjoint parts; parts of one kind become one."""
        listed = list(parts)
        if len(listed) <= 1:
            return tuple(listed)
        kinds: dict[Hashable, list[Part]] = {}
        for part in listed:
            kinds.setdefault(_kind(part[1]), []).append(part)
        value = tuple(self._merged(group) for group in kinds.values())
        return value if len(value) <= MOST_PIECES else UNDECIDED

    def _merged(self, group: list[Part]) -> Part:
        if len(group) == 1:
            return group[0]
        rows = self.covered(tuple(group))
        first = group[0][1]
        if isinstance(first, Constant) and not isinstance(first.value, (bool, int, float)):
            return rows, first
        if isinstance(first, _OF_COLUMNS):
            return rows, first  # the same column
        if isinstance(first, Items):
            return rows, Items(self._filled(group, np.int64))
        maker, kind = _MAKERS[_number_kind(first)]
        return rows, maker(self._filled(group, kind))

    def _filled(self, group: list[Part], kind: Any) -> Any:
        filled: Any = np.zeros(self.count, kind)
        for mask, piece in group:
            np.copyto(filled, _content(piece), where=mask)
        return filled


def _content(piece: Any) -> Any:
    if isinstance(piece, Constant):
        return piece.value
    if isinstance(piece, Items):
        return piece.counts
    return piece.values


def _number_kind(piece: Piece) -> type:
    if isinstance(piece, Constant):
        return type(piece.value)
    return {Bools: bool, Integers: int}.get(type(piece), float)


_MAKERS: dict[type, tuple[Any, type]] = {
    bool: (Bools, bool),
    int: (Integers, np.int64),
    float: (Floats, np.float64),
}


def _kind(piece: Piece) -> Hashable:
    """Return a key that pieces share if they can be merged."""
    if isinstance(piece, (Text, Times, SharedWords, Spans, Dates, Matches)):
        return id(piece)
    if isinstance(piece, Words):
        return ("words", id(piece.text), piece.characters, piece.distinct)
    if isinstance(piece, Parts):
        return ("parts", id(piece.text), piece.separator, piece.method)
    if isinstance(piece, Characters):
        return ("characters", id(piece.text), piece.table.tobytes())
    if not isinstance(piece, Constant):
        return _KINDS.get(type(piece), type(piece).__name__)
    return _kind_of_constant(piece.value)


def _kind_of_constant(value: Any) -> Hashable:
    kind = type(value)
    if kind is int:
        return "int" if value in INT64 else ("long", value)
    if kind in (bool, float):
        return kind.__name__
    return (kind, value) if kind in (str, type(None)) else ("object", id(value))


_KINDS = {Bools: "bool", Integers: "int", Floats: "float"}
_OF_COLUMNS = (Words, SharedWords, Parts, Characters, Matches, Times, Spans, Dates, Row, Text)


def truth(piece: Piece) -> tuple[Mask | None, Mask | bool | None]:
    """Return where the truth of a piece is known (`None`: everywhere), and the truth.

    The truth is `None` if it is known nowhere.
    """
    if isinstance(piece, Constant):
        return None, bool(piece.value) if is_plain(piece.value) else None
    if isinstance(piece, Bools):
        return None, piece.values
    if isinstance(piece, (Integers, Floats)):
        return None, piece.values != 0
    if isinstance(piece, (Matches, Items)):
        return None, piece.found if isinstance(piece, Matches) else piece.counts > 0
    if isinstance(piece, Text):
        return None, piece.is_present
    return (None, True) if isinstance(piece, Parts) else _truth_of_list(piece)


def _truth_of_list(piece: Piece) -> tuple[Mask | None, Mask | None]:
    if isinstance(piece, Words):
        return piece.text.is_ascii, has_words(piece.text, piece.characters)
    if isinstance(piece, Characters):
        return piece.text.is_ascii, piece.text.count_class(piece.table) > 0
    if isinstance(piece, SharedWords):
        words = piece.words
        return words.text.is_ascii, has_any_word(words.text, words.characters, piece.wanted)
    return None, None
