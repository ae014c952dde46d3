"""How far a chunk of samples is, while functions pass over it one after another."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Progress = Callable[[int], object]

BLOCK = 32
"""Rows between two looks at the clock: few, since a row may take seconds; a look costs 1 ns a row."""
PAUSE = 0.1  # seconds between two words, so that telling costs nothing beside any work


class Passes:
    """Tells while a chunk is worked on; a row is done when every function has passed over it.

    Args:
        rows: how many there are.
        count: how often something passes over all of them.
        progress: told how many more rows are done; `None` tells nobody.

    >>> told = []
    >>> passes = Passes(3, 2, told.append)
    >>> [list(passes.over("abc")) for _ in range(2)]
    [['a', 'b', 'c'], ['a', 'b', 'c']]
    >>> passes.end()
    >>> sum(told)
    3
    """

    def __init__(self, rows: int, count: int, progress: Progress | None) -> None:
        self._rows = rows
        self._count = count
        self._progress = progress
        self._passed = 0
        self._told = 0
        self._last = time.perf_counter()

    def over(self, rows: Any) -> Iterable[Any]:
        """Return the rows, and tell now and then how many were taken."""
        if self._progress is None:
            return rows  # type: ignore[no-any-return]  # a list
        return itertools.chain.from_iterable(self.blocks(rows, BLOCK))

    def blocks(self, rows: Any, size: int) -> Iterator[Any]:
        """Yield the rows in blocks of a size, and tell now and then."""
        for start in range(0, len(rows), size):
            block = rows[start : start + size]
            yield block
            self.passed(len(block))

    def passed(self, count: int) -> None:
        """Count so many passes of something over a row, and tell now and then."""
        self._passed += count
        if time.perf_counter() - self._last > PAUSE:
            # What failed is passed over again, and all of it is told at the end only.
            self._tell(min(self._passed // self._count, self._rows - 1))

    def end(self) -> None:
        """Tell that all rows are done."""
        self._tell(self._rows)

    def _tell(self, done: int) -> None:
        if self._progress is not None and done > self._told:
            self._progress(done - self._told)
            self._told = done
        self._last = time.perf_counter()
