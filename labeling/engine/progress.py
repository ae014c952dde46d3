"""Progress of a chunk of samples while functions run over it one after another."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Progress = Callable[[int], object]

BLOCK = 32
"""Rows between clock checks: few, since a row may take seconds; a check costs 1 ns a row."""
MIN_INTERVAL = 0.1
"""Minimum seconds between progress callbacks."""


class ChunkProgress:
    """Reports how many rows of a chunk are done: a row is done when every function has seen it.

    Args:
        n_rows: how many rows there are.
        n_passes: how often a function goes over all of them.
        callback: gets the number of rows done since the last call; `None` reports nothing.

    >>> reported = []
    >>> progress = ChunkProgress(3, 2, reported.append)
    >>> [list(progress.over("abc")) for _ in range(2)]
    [['a', 'b', 'c'], ['a', 'b', 'c']]
    >>> progress.finish()
    >>> sum(reported)
    3
    """

    def __init__(self, n_rows: int, n_passes: int, callback: Progress | None) -> None:
        self._n_rows = n_rows
        self._n_passes = n_passes
        self._callback = callback
        self._calls = 0
        self._reported = 0
        self._last_report = time.perf_counter()

    def over(self, rows: Any) -> Iterable[Any]:
        """Return the rows; progress is reported while they are consumed."""
        if self._callback is None:
            return rows  # type: ignore[no-any-return]  # a list
        return itertools.chain.from_iterable(self.blocks(rows, BLOCK))

    def blocks(self, rows: Any, size: int) -> Iterator[Any]:
        """Yield the rows in blocks of a size; progress is reported after each block."""
        for start in range(0, len(rows), size):
            block = rows[start : start + size]
            yield block
            self.advance(len(block))

    def advance(self, calls: int) -> None:
        """Count calls of a function on a row, and report if the last report is long enough ago."""
        self._calls += calls
        if time.perf_counter() - self._last_report > MIN_INTERVAL:
            # Rows that failed are run again, so the last one is reported by `finish` only.
            self._report(min(self._calls // self._n_passes, self._n_rows - 1))

    def finish(self) -> None:
        """Report that all rows are done."""
        self._report(self._n_rows)

    def _report(self, done: int) -> None:
        if self._callback is not None and done > self._reported:
            self._callback(done - self._reported)
            self._reported = done
        self._last_report = time.perf_counter()


REPORTING = (ChunkProgress.advance.__code__, ChunkProgress.blocks.__code__)
"""The code that runs between calls of labeling functions, which must not be stopped as one."""
