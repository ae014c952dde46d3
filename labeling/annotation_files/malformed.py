"""Objects of another form than a tool writes: counted and named, so that they keep no other back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from labeling.errors import shown

MALFORMED = "objects that have another form than the tool writes"

T = TypeVar("T")


class Malformed:
    """Reads objects one by one, and remembers the places of those that are malformed."""

    def __init__(self) -> None:
        self._places: list[str] = []

    def read(self, where: str, read: Callable[[], T]) -> T | None:
        """Return what is read; `None` where the object has another form.

        Args:
            where: the object's place, in words.
            read: reads it; any error of Python's own says that the form is another.
        """
        try:
            return read()
        except (AttributeError, TypeError, KeyError, RecursionError):
            self._places.append(where)
            return None

    def counts(self) -> dict[str, int]:
        """Return in words how many there were, and where."""
        if not self._places:
            return {}
        return {f"{MALFORMED} ({shown(self._places, 3)})": len(self._places)}
