"""Progress of what runs long, on stderr: in a notebook and on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

AFTER = 2.0
"""Seconds from which on a run counts as long."""
EVERY = 2.0
"""Seconds between two lines."""


class RunProgress:
    """Says now and then how far a run is, from two seconds on; a shorter run says nothing.

    Args:
        name: of the labeling function, or of what else runs.
        total: how many samples there are.
        noun: what is counted where it is not samples, in the plural.
        file: where to write; `None` is `sys.stderr` at that time.
        now: the clock, in seconds.

    >>> import io
    >>> times, file = iter([0.0, 1.0, 3.0, 3.5]), io.StringIO()
    >>> progress = RunProgress("has_link", 10_000, file, lambda: next(times))
    >>> for _ in range(3):
    ...     progress(2_000)
    >>> print(file.getvalue(), end="")
    has_link: 4,000 of 10,000 samples, 1,333 a second, about 4 s left
    """

    def __init__(
        self,
        name: str,
        total: int,
        file: TextIO | None = None,
        now: Callable[[], float] = time.monotonic,
        *,
        noun: str = "samples",
    ) -> None:
        self._noun = noun
        self._name = name
        self._total = total
        self._file = file
        self._now = now
        self._started = now()
        self._said = self._started + AFTER - EVERY
        self._done = 0

    def __call__(self, done: int) -> None:
        """Count what is done."""
        self._done += done
        now = self._now()
        if now - self._said < EVERY or self._done >= self._total:
            return
        self._said = now
        rate = self._done / max(now - self._started, 1e-9)
        digits = 0 if rate >= 1 else 1
        left = (self._total - self._done) / max(rate, 1e-9)
        sentence = (
            f"{self._name}: {self._done:,} of {self._total:,} {self._noun}, {rate:,.{digits}f} a"
            f" second, about {left:,.0f} s left"
        )
        print(sentence, file=self._file or sys.stderr, flush=True)
