"""Python's operators on pieces of values: comparisons, `in`, `is`, arithmetic.

Each function returns pieces and the rows on which they hold; none where Python would raise an
error, or where a column may not compute exactly what Python does.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from labeling.engine.columns import times
from labeling.engine.columns.texts import COMPARISONS, Mask, Text
from labeling.engine.columns.values import (
    INT64,
    LARGEST_EXACT,
    Bools,
    Constant,
    Floats,
    Integers,
    Matches,
    Parts,
    Piece,
    Results,
    Words,
    is_plain,
)
from labeling.engine.columns.word_search import has_any_word, possible_words

NONE: Results = ()

MOST_CHARACTERS = 16
"""What is looked for in a longer constant text is left to Python: it has many parts."""


def folded(function: Callable[..., Any], *values: Any) -> Results:
    """Return what a function of Python makes of constants."""
    if not all(map(is_plain, values)):
        return NONE
    try:
        return ((None, Constant(function(*values))),)
    except Exception:  # noqa: BLE001  # the rows go to Python, which raises it
        return NONE


def both_constant(left: Piece, right: Piece) -> bool:
    """Whether two pieces are constants."""
    return isinstance(left, Constant) and isinstance(right, Constant)


def as_integers(piece: Piece) -> Any:
    """Return ints, or an int, of a piece that holds ints or bools; else `None`."""
    if isinstance(piece, Integers):
        return piece.values
    if isinstance(piece, Bools):
        return piece.values.astype(np.int64)
    if isinstance(piece, Constant) and type(piece.value) in (int, bool) and piece.value in INT64:
        return int(piece.value)
    return None


def as_floats(piece: Piece) -> Any:
    """Return floats, or a float, of a piece that holds floats; else `None`."""
    if isinstance(piece, Floats):
        return piece.values
    is_float = isinstance(piece, Constant) and type(piece.value) is float
    return piece.value if is_float else None  # type: ignore[union-attr]  # checked above


def compare(kind: str, left: Piece, right: Piece) -> Results:
    """Return `left < right`, or what another comparison of the syntax tree says."""
    function = COMPARISONS[kind]
    if both_constant(left, right):
        return folded(function, left.value, right.value)  # type: ignore[union-attr]
    found = _compared_texts(function, left, right) or times.compared(kind, left, right)
    if found is not None:
        return found
    first, second = as_integers(left), as_integers(right)
    if first is not None and second is not None:
        return ((None, Bools(function(first, second))),)
    numbers = _as_doubles(left, right)
    if numbers is not None:
        first, second, valid = numbers
        return ((valid, Bools(function(first, second))),)
    if kind in ("Eq", "NotEq") and _never_equal(left, right):
        return ((None, Constant(kind == "NotEq")),)
    return NONE


def _compared_texts(
    function: Callable[[Any, Any], Any], left: Piece, right: Piece
) -> Results | None:
    if isinstance(left, Text) and isinstance(right, Text):
        return ((None, Bools(left.compared(function, right))),)
    if isinstance(left, Text) and _is_text(right):
        return ((None, Bools(left.compared(function, right.value))),)  # type: ignore[union-attr]
    if isinstance(right, Text) and _is_text(left):
        turned = _TURNED.get(function, function)
        return ((None, Bools(right.compared(turned, left.value))),)  # type: ignore[union-attr]
    return None


_TURNED: dict[Any, Any] = {
    operator.lt: operator.gt,
    operator.gt: operator.lt,
    operator.le: operator.ge,
    operator.ge: operator.le,
}


def _is_text(piece: Piece) -> bool:
    return isinstance(piece, Constant) and type(piece.value) is str and is_unicode(piece.value)


def is_unicode(text: str) -> bool:
    """Whether a text can be written in UTF-8: it has no lone surrogates."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _as_doubles(left: Piece, right: Piece) -> tuple[Any, Any, Mask | None] | None:
    """Return two numbers, of which one is a float, as doubles, and where that is exact."""
    first, valid_first = _as_double(left)
    second, valid_second = _as_double(right)
    if first is None or second is None:
        return None
    if valid_first is not None and valid_second is not None:
        return None  # two columns of ints are not compared as doubles
    return first, second, valid_first if valid_first is not None else valid_second


def _as_double(piece: Piece) -> tuple[Any, Mask | None]:
    floats = as_floats(piece)
    if floats is not None:
        return floats, None
    integers = as_integers(piece)
    if isinstance(integers, int):
        return (float(integers), None) if abs(integers) <= LARGEST_EXACT else (None, None)
    if integers is None:
        return None, None
    exact = (integers <= LARGEST_EXACT) & (integers >= -LARGEST_EXACT)
    return integers.astype(np.float64), None if exact.all() else exact


def _sort_of(piece: Piece) -> str | None:
    """Return the sort of a piece; values of two sorts are never equal. `None` if unknown."""
    if isinstance(piece, Text):
        return "text"
    if isinstance(piece, (Integers, Floats, Bools)):
        return "number"
    if isinstance(piece, Constant) and is_plain(piece.value):
        kind = type(piece.value)
        return "number" if kind in (int, float, bool) else {str: "text"}.get(kind, kind.__name__)
    return None


def _never_equal(left: Piece, right: Piece) -> bool:
    first, second = _sort_of(left), _sort_of(right)
    return first is not None and second is not None and first != second


def identical(left: Piece, right: Piece) -> Results:
    """Return `left is right`, for None, True and False on the right."""
    if not isinstance(right, Constant) or not any(
        right.value is each for each in (None, True, False)
    ):
        return NONE
    if isinstance(left, Constant):
        return ((None, Constant(left.value is right.value)),)
    if isinstance(left, Matches):
        return ((None, Bools(~left.found) if right.value is None else Constant(False)),)
    if isinstance(left, Bools) and right.value is not None:
        return ((None, Bools(left.values if right.value else ~left.values)),)
    return ((None, Constant(False)),)


def contained(item: Piece, container: Piece) -> Results:
    """Return `item in container`."""
    if both_constant(item, container):
        return folded(_is_in, item.value, container.value)  # type: ignore[union-attr]
    if isinstance(container, Text) and _is_text(item):
        return ((None, Bools(container.contains(item.value))),)  # type: ignore[union-attr]
    if isinstance(container, (Words, Parts)) and _is_text(item):
        return _listed_in(item.value, container)  # type: ignore[union-attr]
    if not isinstance(container, Constant) or not is_plain(container.value):
        return NONE
    if type(container.value) is str and isinstance(item, Text):
        return _part_of(item, container.value)
    if type(container.value) not in (tuple, list, set, frozenset, dict):
        return NONE
    if isinstance(item, Text):
        texts = [each for each in container.value if type(each) is str and is_unicode(each)]
        return ((None, Bools(item.is_one_of(texts))),)
    return _number_in(item, list(container.value))


def _part_of(item: Text, text: str) -> Results:
    """Return whether texts are parts of a short constant text."""
    if len(text) > MOST_CHARACTERS or not is_unicode(text):
        return NONE
    places = range(len(text) + 1)
    parts = {text[start:end] for start in places for end in places}
    return ((None, Bools(item.is_one_of(sorted(parts)))),)


def _listed_in(item: str, container: Words | Parts) -> Results:
    if isinstance(container, Words):
        return is_any_word([item], container)
    if container.method != "split":
        return NONE
    return ((None, Bools(container.text.is_part(container.separator, item))),)


def is_any_word(texts: Iterable[str], words: Words) -> Results:
    """Return whether any of some texts is one of the words of ASCII texts."""
    wanted = possible_words(texts, words.characters)
    found = Bools(has_any_word(words.text, words.characters, wanted)) if wanted else Constant(False)
    return ((words.text.is_ascii, found),)


def _is_in(item: Any, container: Any) -> bool:
    return item in container


def _number_in(item: Piece, container: list[Any]) -> Results:
    numbers = [each for each in container if type(each) in (int, float, bool)]
    if isinstance(item, Bools):
        item = Integers(item.values.astype(np.int64))
    if isinstance(item, Integers):
        ints = [int(each) for each in numbers if _is_whole(each)]
        return ((None, Bools(_is_any_of(item.values, [n for n in ints if n in INT64], np.int64))),)
    if isinstance(item, Floats):
        doubles = [each for each in numbers if _is_double(each)]
        found = _is_any_of(item.values, doubles, np.float64)
        if any(each != each for each in numbers):
            return ((~np.isnan(item.values), Bools(found)),)  # a NaN may be that very object
        return ((None, Bools(found)),)
    return NONE


def _is_whole(number: float) -> bool:
    return not isinstance(number, float) or (math.isfinite(number) and number == int(number))


def _is_double(number: float) -> bool:
    try:
        return float(number) == number
    except OverflowError:
        return False


def _is_any_of(values: Any, wanted: list[Any], kind: Any) -> Mask:
    if len(wanted) > 8:
        return np.isin(values, np.array(wanted, kind))
    found = np.zeros(len(values), bool)
    for each in wanted:
        found |= values == kind(each)
    return found


def arithmetic(kind: str, left: Piece, right: Piece) -> Results:
    """Return `left + right`, or what another operation of the syntax tree says."""
    if kind not in _OPERATIONS:
        return NONE
    function = _OPERATIONS[kind]
    of_times = times.arithmetic(kind, left, right)
    if of_times is not None:
        return of_times
    if both_constant(left, right):
        return _folded_arithmetic(kind, left.value, right.value)  # type: ignore[union-attr]
    if kind == "Add" and (isinstance(left, Text) or isinstance(right, Text)):
        return _joined_texts(left, right)
    first, second = as_integers(left), as_integers(right)
    if first is not None and second is not None:
        return _of_integers(kind, first, second)
    if kind == "FloorDiv":
        return NONE
    numbers = _as_any_doubles(left, right)
    if numbers is None:
        return NONE
    first, second = numbers
    with np.errstate(all="ignore"):
        return ((_nonzero(kind, second), Floats(function(first, second))),)


def _folded_arithmetic(kind: str, left: Any, right: Any) -> Results:
    if kind == "Mult" and not all(isinstance(each, (int, float)) for each in (left, right)):
        return NONE  # "a" * n may be of any length
    if kind == "Mod" and isinstance(left, (str, bytes)):
        return NONE
    return folded(_OPERATIONS[kind], left, right)


def _joined_texts(left: Piece, right: Piece) -> Results:
    if isinstance(left, Text) and isinstance(right, Text):
        return ((None, left.joined(right)),)
    if isinstance(left, Text) and _is_text(right):
        return ((None, left.joined(right.value)),)  # type: ignore[union-attr]
    if isinstance(right, Text) and _is_text(left):
        return ((None, right.joined(left.value, before=True)),)  # type: ignore[union-attr]
    return NONE


def _of_integers(kind: str, left: Any, right: Any) -> Results:
    """Return ints where no result can leave 64 bits."""
    limit = LARGEST_EXACT if kind == "Div" else 2**31 if kind == "Mult" else 2**62 - 1
    valid = _nonzero(kind, right)
    for values in (left, right):
        if _largest(values) > limit:
            small: Any = (values <= limit) & (values >= -limit)
            valid = small if valid is None else valid & small
    with np.errstate(all="ignore"):
        result = _OPERATIONS[kind](left, right)
    return ((valid, Floats(result) if kind == "Div" else Integers(result.astype(np.int64))),)


def _largest(values: Any) -> int:
    if isinstance(values, int):
        return abs(values)
    return max(abs(int(values.min(initial=0))), abs(int(values.max(initial=0))))


def _nonzero(kind: str, divisor: Any) -> Mask | None:
    """Return where a division does not raise an error; `None` if it never does."""
    if kind not in ("Div", "Mod", "FloorDiv"):
        return None
    valid: Any = divisor != 0
    if isinstance(valid, np.ndarray):
        return None if valid.all() else valid
    return None if valid else np.zeros(1, bool)


def _as_any_doubles(left: Piece, right: Piece) -> tuple[Any, Any] | None:
    """Return two numbers as doubles, rounded as Python rounds an int that meets a float."""
    numbers = []
    for piece in (left, right):
        floats, integers = as_floats(piece), as_integers(piece)
        if floats is None and integers is None:
            return None
        if floats is None:
            floats = float(integers) if isinstance(integers, int) else integers.astype(np.float64)
        numbers.append(floats)
    return numbers[0], numbers[1]


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mult": operator.mul,
    "Div": operator.truediv,
    "Mod": operator.mod,
    "FloorDiv": operator.floordiv,
}


def negated(kind: str, piece: Piece) -> Results:
    """Return `-piece` or `+piece`."""
    if isinstance(piece, Constant):
        return folded(operator.neg if kind == "USub" else operator.pos, piece.value)
    if isinstance(piece, Floats):
        return ((None, Floats(-piece.values if kind == "USub" else piece.values)),)
    integers = as_integers(piece)
    if integers is None or _largest(integers) > 2**62:
        return NONE
    return ((None, Integers(-integers if kind == "USub" else integers)),)
