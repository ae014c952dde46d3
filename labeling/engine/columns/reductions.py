"""`any`, `all`, `sum` and `len` of the items of a comprehension: constants, characters, words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from labeling.engine.columns.byte_counts import ASCII
from labeling.engine.columns.compiled_comprehensions import (
    MOST_ITEMS,
    Comprehension,
    bound,
    conditions_of,
    constant_items,
    is_of_one,
)
from labeling.engine.columns.context import State
from labeling.engine.columns.frames import Frame, NoColumns
from labeling.engine.columns.operators import arithmetic, as_integers, is_unicode
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
from labeling.engine.columns.word_reductions import over_words

FEWEST_AT_ONCE = 8
"""From so many texts on, one pass for all of them is faster than a pass for each."""


def reduced(state: State, compiled: Comprehension, function: Any) -> Value:
    """Return a function of a comprehension: `any`, `all`, `sum` or `len`."""
    parts: list[Part] = []
    for rows, piece in compiled.items.evaluate(state):
        with state.only(rows):
            value = _of_items(state, compiled, piece, function)
        parts += state.frame.restricted(value, rows)
    return state.frame.joined(parts)


def _of_items(state: State, compiled: Comprehension, piece: Piece, function: Any) -> Value:
    if isinstance(piece, (Text, Characters)) and is_of_one(compiled):
        return _over_characters(compiled, piece, function)
    if isinstance(piece, Words):
        return UNDECIDED if piece.distinct else over_words(state, compiled, piece, function)
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
            and is_of_one(compiled)
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
        passed, skipped = conditions_of(inner, compiled)
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


def _summed(state: State, compiled: Comprehension, items: list[Any], counts: bool) -> Value:
    """Return the sum of the elements, or their number."""
    frame = state.frame
    total = frame.constant(0)
    for item in items:
        variables = bound(compiled.target, item, frame)
        if variables is None:
            return UNDECIDED
        inner = State(frame, state.locals | variables, state.active)
        passed, skipped = conditions_of(inner, compiled)
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
    passed, skipped = conditions_of(inner, compiled)
    if skipped.all():
        return ()
    value = compiled.element.evaluate(inner)
    if not passed.all() or len(value) != 1 or not value[0][0].all():
        return None
    piece = value[0][1]
    if isinstance(piece, (Bools, Integers)):
        return (piece.values[0].item(),)
    return (piece.value,) if isinstance(piece, Constant) and is_plain(piece.value) else None
