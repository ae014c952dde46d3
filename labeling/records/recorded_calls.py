"""`RecordedCall`: the public function and the arguments that an object was made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labeling.rendering import Displayed, View


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RecordedCall(Displayed):
    """How an object was made.

    Attributes:
        function: the name of the function in `labeling.functions`, or of an operator's method.
        positional: its arguments as they were given; they may have been changed since.
        keywords: its keyword arguments.
    """

    function: str
    positional: tuple[Any, ...]
    keywords: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"RecordedCall({self.function!r})"  # arguments may be credentials

    def _view(self) -> View:
        return View(repr(self))
