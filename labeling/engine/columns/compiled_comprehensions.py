"""Comprehensions with one `for`, as they are compiled, and what all kinds of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labeling.engine.columns.context import Expression, State
from labeling.engine.columns.frames import Frame
from labeling.engine.columns.texts import Mask
from labeling.engine.columns.values import Constant, Piece, Value, is_plain

MOST_ITEMS = 200
"""A loop over more constants is left to Python."""


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
        filtered: what follows `in`, if its first `if` is `item in container`.
        kind: what is special about it.
    """

    target: tuple[str, ...]
    items: Expression
    conditions: tuple[Expression, ...]
    element: Expression
    container: Expression | None
    filtered: Expression | None
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


def is_of_one(compiled: Comprehension) -> bool:
    """Whether what is made of an item depends on that item and on constants alone."""
    return compiled.kind.is_closed and len(compiled.target) == 1


def conditions_of(state: State, compiled: Comprehension) -> tuple[Mask, Mask]:
    """Return the rows on which an item passes all `if`s, and those on which it does not."""
    frame = state.frame
    passed, skipped = frame.all, frame.none
    for condition in compiled.conditions:
        with state.only(passed):
            true, false = state.truth(condition.evaluate(state))
        skipped = skipped | frame.both(passed, false)
        passed = frame.both(passed, true)
    return passed, skipped
