"""Finds the call that made a worker process hang: each call is noted before it is made.

A call into C that never returns to Python, such as `sum(range(10**12))`, cannot be stopped from
inside. Its worker is ended from outside, and its samples are run again, now with a diary, which
costs some time a call: the next worker that hangs has noted where. That call is left out then.
"""

from __future__ import annotations

import functools
import mmap
import struct
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from labeling.engine.call_stops import CallStoppedError

_FORMAT = struct.Struct("<qqq")


class NotedCall(NamedTuple):
    """A call of a labeling function or preprocessor.

    Attributes:
        column: the number of the labeling function; of preprocessors -1, -2, ...
        row: the first row of the batch that it was called on.
        n_rows: how many rows it was called on; 0 stands for all calls with several rows.
    """

    column: int
    row: int
    n_rows: int


class Diary:
    """Notes each call in a file that outlives the process.

    Args:
        path: the file.
        hung: calls that are not made again.
    """

    def __init__(self, path: Path, hung: Collection[NotedCall]) -> None:
        path.write_bytes(_FORMAT.pack(0, -1, 0))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _FORMAT.size)
        self._hung = frozenset(hung)
        self._column = 0
        self._positions: Sequence[int] = ()

    def begin(self, column: int, positions: Sequence[int]) -> None:
        """Note which function is called next, and on which rows of the batch."""
        self._column, self._positions = column, positions

    def row_by_row(self, function: Callable[[Any], Any], done: Sequence[Any]) -> Callable[..., Any]:
        """Return a function that notes its calls; `done` grows by one with each."""

        def noted(row: Any) -> Any:
            self._note(NotedCall(self._column, self._positions[len(done)], 1))
            return function(row)

        return noted

    def preprocessing(self, number: int, row: int, function: Callable[[Any], Any]) -> Any:
        """Return a preprocessor that notes its call."""

        @functools.wraps(function)
        def noted(given: Any) -> Any:
            self._note(NotedCall(-1 - number, row, 1))
            return function(given)

        return noted

    def batch(self, n_done: int, n_rows: int) -> None:
        """Note a call on several rows.

        Raises:
            CallStoppedError: this function has hung on several rows.
        """
        if NotedCall(self._column, -1, 0) in self._hung:
            raise CallStoppedError
        self._note(NotedCall(self._column, self._positions[n_done], n_rows))

    def _note(self, call: NotedCall) -> None:
        if call in self._hung:
            raise CallStoppedError
        _FORMAT.pack_into(self._map, 0, *call)


def last_call(path: Path) -> NotedCall | None:
    """Return the call that was made last, in the form in which it is left out the next time."""
    try:
        call = NotedCall(*_FORMAT.unpack(path.read_bytes()))
    except (OSError, struct.error):
        return None
    if call.row < 0:
        return None
    return call if call.n_rows == 1 else NotedCall(call.column, -1, 0)
