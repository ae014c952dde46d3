"""Protocol for listeners to the progress of long work: stages begin, advance and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class StageWatcher(Protocol):
    """A listener to the stages of long work; `labeling.cli.progress` displays them."""

    def begin(
        self, name: str, total: int | None, expected: float | None
    ) -> Callable[[int], object]:
        """A stage begins, nested in those that have begun and not ended.

        Args:
            name: a description of the stage.
            total: its number of steps; `None` if unknown.
            expected: the seconds that it took the last time; `None` if unknown.

        Returns:
            A function to call with the number of further steps that are done.
        """

    def end(self) -> None:
        """The innermost stage ends."""
