"""`any`, `all`, `sum` and `len` of the items of a comprehension: constants, characters, words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeling.engine.columns.byte_counts import ASCII
from labeling.engine.columns.context import Expression, State
from labeling.engine.columns.frames import Frame, NoColumns
from labeling.engine.columns.operators import arithmetic, as_integers, is_any_word, is_unicode
from labeling.engine.columns.texts import Mask, Text
from labeling.engine.columns.values import (
    UNDECIDED,
    Bools,
    Characters,
    Constant,
    Integers,
    Items,
    Part,
    Piece,
    Value,
    Words,
    is_plain,
)
from labeling.engine.columns.words import WordText, word_blocks

MOST_ITEMS = 200
"""A loop over more constants is left to Python."""

FEWEST_AT_ONCE = 8
"""From so many texts on, one pass for all of them is faster than a pass for each."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is special about a comprehension.

    Attributes:
        is_lazy: whether `any` and `all` stop it.
        is_closed: whether conditions and element depend on the variables and constants alone.
        is_filter: whether the element is the item itself.
    """

    is_lazy: bool
    is_closed: bool
    is_filter: bool


@dataclass(frozen=True, slots=True)
class Comprehension:
    """A compiled comprehension with one `for`.

    Attributes:
        target: its variables.
        items: what it goes over.
        conditions: its `if`s.
        element: what it makes of an item.
        container: what follows `in`, if the element is `item in container`.
        kind: what is special about it.
    """

    target: tuple[str, ...]
    items: Expression
    conditions: tuple[Expression, ...]
    element: Expression
    container: Expression | None
    kind: Kind


def constant_items(piece: Piece) -> list[Any] | None:
    """Return the items of a constant that a loop goes over; `None` if there are too many."""
    if not isinstance(piece, Constant) or not is_plain(piece.value):
        return None
    if type(piece.value) not in (tuple, list, set, frozenset, dict, str):
        return None
    return list(piece.value)


def bound(target: tuple[str, ...], item: Any, frame: Frame) -> dict[str, Value] | None:
    """Return the variables of an item; `None` where it cannot be unpacked."""
    if len(target) == 1:
        return {target[0]: frame.constant(item)}
    if type(item) not in (tuple, list) or len(item) != len(target):
        return None
    return {name: frame.constant(value) for name, value in zip(target, item, strict=True)}


def reduced(state: State, compiled: Comprehension, function: Any) -> Value:
    """Return a function of a comprehension: `any`, `all`, `sum` or `len`."""
    parts: list[Part] = []
    for rows, piece in compiled.items.evaluate(state):
        with state.only(rows):
            value = _of_items(state, compiled, piece, function)
        parts += state.frame.restricted(value, rows)
    return state.frame.joined(parts)


def _of_items(state: State, compiled: Comprehension, piece: Piece, function: Any) -> Value:
    if isinstance(piece, (Text, Characters)) and _is_of_one(compiled):
        return _over_characters(compiled, piece, function)
    if isinstance(piece, Words):
        return UNDECIDED if piece.distinct else _over_words(state, compiled, piece, function)
    items = constant_items(piece)
    if items is None:
        return UNDECIDED
    if function is any and len(items) >= FEWEST_AT_ONCE:
        found = _any_part(state, compiled, items)
        if found:
            return found
    if len(items) > MOST_ITEMS:
        return UNDECIDED
    if function in (any, all):
        return _quantified(state, compiled, items, stops_at=function is any)
    return _summed(state, compiled, items, counts=function is len)


def _is_of_one(compiled: Comprehension) -> bool:
    """Whether what is made of an item depends on that item and on constants alone."""
    return compiled.kind.is_closed and len(compiled.target) == 1


def _any_part(state: State, compiled: Comprehension, items: list[Any]) -> Value:
    """Return `any(item in text for item in items)` in one pass."""
    if compiled.container is None or compiled.conditions or len(compiled.target) > 1:
        return UNDECIDED
    if not all(type(item) is str and item and is_unicode(item) for item in items):
        return UNDECIDED
    return state.frame.mapped(
        compiled.container.evaluate(state),
        lambda text: ((None, Bools(text.contains_any(items))),) if isinstance(text, Text) else (),
    )


def listed(state: State, compiled: Comprehension) -> Value:
    """Return the list that a comprehension makes: some characters of texts, or its length."""
    frame = state.frame
    parts: list[Part] = []
    for rows, piece in compiled.items.evaluate(state):
        if (
            isinstance(piece, (Text, Characters))
            and _is_of_one(compiled)
            and compiled.kind.is_filter
        ):
            value = _some_characters(frame, compiled, piece)
        else:
            with state.only(rows):
                counts = _of_items(state, compiled, piece, len)
            value = frame.mapped(
                counts, lambda count: ((None, Items(frame.filled_with(as_integers(count)))),)
            )
        parts += frame.restricted(value, rows)
    return frame.joined(parts)


def _some_characters(frame: Frame, compiled: Comprehension, piece: Text | Characters) -> Value:
    text, kept, valid = _characters_of(compiled, piece)
    table = _table([bool(weight) for weight in kept])
    return ((valid, Characters(text, table)),) if valid.any() else UNDECIDED


def _over_words(state: State, compiled: Comprehension, words: Words, function: Any) -> Value:
    """Return a reduction over the words of texts of ASCII characters."""
    text = words.text
    if function is any:
        found = _any_word(state, compiled, words)
        if found:
            return found
    if not _is_of_one(compiled):
        return UNDECIDED
    totals, valid = np.zeros(len(text), np.int64), text.is_ascii.copy()
    for rows, each in word_blocks(text, words.characters):
        amounts, known = _of_words(compiled, each, function)
        totals[rows] = each.per_text(amounts)
        if known is not None:
            valid[rows] &= each.per_text(~known) == 0
    if not valid.any():
        return UNDECIDED
    if function in (any, all):
        return ((valid, Bools(totals > 0 if function is any else totals == 0)),)
    return ((valid, Integers(totals)),)


def _of_words(compiled: Comprehension, words: WordText, function: Any) -> tuple[Any, Mask | None]:
    """Return what each word adds to a total, and where that is known (`None`: everywhere).

    Of `any` the true elements are counted, of `all` the false ones.
    """
    frame = Frame(NoColumns(len(words)), {})
    inner = State(frame, {compiled.target[0]: frame.whole(words)}, frame.all)
    passed, skipped = _conditions(inner, compiled)
    with inner.only(passed):
        element = compiled.element.evaluate(inner)
    if function is len:
        amounts, known = frame.covered(element), frame.covered(element)
    elif function is sum:
        amounts, known = _summands(frame, element)
    else:
        true, false = inner.truth(element)
        amounts, known = true if function is any else false, true | false
    amounts = amounts * passed
    known = skipped | (passed & known)
    return amounts, None if known.all() else known


def _summands(frame: Frame, element: Value) -> tuple[Any, Mask]:
    amounts: Any = np.zeros(frame.count, np.int64)
    known = frame.none
    for rows, piece in element:
        values = as_integers(piece)
        if values is not None and np.abs(values).max(initial=0) < 2**20:
            amounts = np.where(rows, values, amounts)
            known = known | rows
    return amounts, known


def _any_word(state: State, compiled: Comprehension, sought: Words) -> Value:
    """Return `any(word in words for word in text.split())`."""
    if compiled.container is None or compiled.conditions or len(compiled.target) > 1:
        return UNDECIDED
    containers = compiled.container.evaluate(state)
    if len(containers) != 1 or isinstance(containers[0][1], Text):
        return UNDECIDED
    words = constant_items(containers[0][1])
    if words is None or len(words) > MOST_ITEMS or isinstance(containers[0][1].value, str):  # type: ignore[union-attr]  # constant
        return UNDECIDED
    texts = [word for word in words if type(word) is str]
    value = state.frame.mapped(state.frame.whole(sought), lambda _: is_any_word(texts, sought))
    return state.frame.restricted(value, containers[0][0])


def _quantified(state: State, compiled: Comprehension, items: list[Any], stops_at: bool) -> Value:
    """Return `any` (which stops at True) or `all` (which stops at False)."""
    frame = state.frame
    going, stopped = state.active, frame.none
    for item in items:
        variables = bound(compiled.target, item, frame)
        if variables is None:
            return UNDECIDED
        # Without `any` to stop it, a list is made of all items first.
        inner = State(frame, state.locals | variables, going)
        if not compiled.kind.is_lazy:
            inner.active = frame.both(state.active, going | stopped)
        reached = inner.active
        passed, skipped = _conditions(inner, compiled)
        with inner.only(passed):
            true, false = inner.truth(compiled.element.evaluate(inner))
        ends, goes = (true, false) if stops_at else (false, true)
        known = reached & (skipped | (passed & (true | false)))
        stopped_here = going & passed & ends
        going = going & (skipped | (passed & goes))
        stopped = (stopped if compiled.kind.is_lazy else stopped & known) | stopped_here
        if not going.any() and compiled.kind.is_lazy:
            break
    decided = stopped | going
    return ((decided, Bools(stopped if stops_at else going)),) if decided.any() else UNDECIDED


def _conditions(state: State, compiled: Comprehension) -> tuple[Mask, Mask]:
    """Return the rows on which an item passes all `if`s, and those on which it does not."""
    frame = state.frame
    passed, skipped = frame.all, frame.none
    for condition in compiled.conditions:
        with state.only(passed):
            true, false = state.truth(condition.evaluate(state))
        skipped = skipped | frame.both(passed, false)
        passed = frame.both(passed, true)
    return passed, skipped


def _summed(state: State, compiled: Comprehension, items: list[Any], counts: bool) -> Value:
    """Return the sum of the elements, or their number."""
    frame = state.frame
    total = frame.constant(0)
    for item in items:
        variables = bound(compiled.target, item, frame)
        if variables is None:
            return UNDECIDED
        inner = State(frame, state.locals | variables, state.active)
        passed, skipped = _conditions(inner, compiled)
        with inner.only(passed):
            element = compiled.element.evaluate(inner)
        if counts:
            element = ((frame.covered(element), Constant(1)),)
        added = frame.combined(frame.restricted(total, passed), element, _add)
        total = frame.joined((*frame.restricted(total, skipped), *added))
    # From Python 3.12 on, `sum` corrects the rounding of floats.
    return tuple(part for part in total if as_integers(part[1]) is not None)


def _add(left: Piece, right: Piece) -> Any:
    return arithmetic("Add", left, right)


def _over_characters(
    compiled: Comprehension, piece: Text | Characters, function: Callable[..., Any]
) -> Value:
    """Return a reduction over characters of texts of ASCII characters.

    What conditions and element make of each of the 128 characters is computed by the rules for
    constants, which Python evaluates; then the characters of each kind are counted.
    """
    text, weights, valid = _characters_of(compiled, piece)
    if function is len:
        weights = [(1,) if weight else weight for weight in weights]
    if function in (any, all):
        hits = [bool(weight) and bool(weight[0]) is (function is any) for weight in weights]  # type: ignore[index]
        found = text.count_class(_table(hits)) > 0
        return ((valid, Bools(found if function is any else ~found)),)
    amounts = {weight[0] for weight in weights if weight}
    if not all(type(amount) in (int, bool) and abs(amount) < 2**20 for amount in amounts):
        return UNDECIDED
    total = np.zeros(len(text), np.int64)
    for amount in sorted(amounts - {0}):
        kind = [bool(weight) and weight[0] == amount for weight in weights]  # type: ignore[index]
        total += int(amount) * text.count_class(_table(kind))
    return ((valid, Integers(total)),)


Weight = tuple[Any, ...] | None
"""What is made of a character: a tuple of it, empty if it is skipped, `None` if it is unknown."""


def _characters_of(
    compiled: Comprehension, piece: Text | Characters
) -> tuple[Text, list[Weight], Mask]:
    """Return texts, what is made of each ASCII character, and where all of that is known."""
    text = piece.text if isinstance(piece, Characters) else piece
    weights: list[Weight] = [_of_character(compiled, character) for character in ASCII]
    if isinstance(piece, Characters):
        there = piece.table.tolist()
        weights = [weight if there[place] else () for place, weight in enumerate(weights)]
    unknown = _table([weight is None for weight in weights])
    valid = text.is_ascii
    if unknown.any():
        valid = valid & (text.count_class(unknown) == 0)
    return text, weights, valid


def _table(flags: list[bool]) -> Mask:
    return np.array([*flags, *[False] * 128])


def _of_character(compiled: Comprehension, item: str) -> Weight:
    """Return the element of a character as a tuple, empty if it is skipped, `None` if unknown."""
    frame = Frame(NoColumns(1), {})
    inner = State(frame, {compiled.target[0]: frame.constant(item)}, frame.all)
    passed, skipped = _conditions(inner, compiled)
    if skipped.all():
        return ()
    value = compiled.element.evaluate(inner)
    if not passed.all() or len(value) != 1 or not value[0][0].all():
        return None
    piece = value[0][1]
    if isinstance(piece, (Bools, Integers)):
        return (piece.values[0].item(),)
    return (piece.value,) if isinstance(piece, Constant) and is_plain(piece.value) else None
