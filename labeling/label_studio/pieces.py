"""Many things in pieces that a server takes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Thing = TypeVar("Thing")


def in_pieces(
    things: Iterable[Thing], length_of: Callable[[Thing], int], *, at_once: int, longest: int
) -> Iterator[list[Thing]]:
    """Yield lists of things, in order, each as many as one request can hold.

    Args:
        things: what is to be sent.
        length_of: gives how long one is.
        at_once: things in a piece at the most.
        longest: how long a piece may be; one thing that is longer is a piece of its own.

    >>> list(in_pieces(["a", "bb", "cccc", "d"], len, at_once=2, longest=3))
    [['a', 'bb'], ['cccc'], ['d']]
    """
    some: list[Thing] = []
    length = 0
    for one in things:
        own = length_of(one)
        if some and (len(some) == at_once or length + own > longest):
            yield some
            some, length = [], 0
        some.append(one)
        length += own
    if some:
        yield some
