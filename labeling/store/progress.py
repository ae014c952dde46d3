"""Stages of long work: who watches is told that one begins, how far it is, and that it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class StageWatcher(Protocol):
    """Whoever wants to know what takes so long; `labeling.cli.progress` shows it."""

    def begin(
        self, name: str, total: int | None, expected: float | None
    ) -> Callable[[int], object]:
        """A stage begins, inside those that have begun and not ended.

        Args:
            name: what is done, in words.
            total: how many steps it has; `None` where that is not known.
            expected: seconds that it took the last time; `None` where that is not known.

        Returns:
            what is told how many more of its steps are done.
        """

    def end(self) -> None:
        """The innermost stage ends."""
