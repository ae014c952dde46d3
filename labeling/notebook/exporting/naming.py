"""`Names`: which names of a module are taken, and what they mean."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Sequence
from types import FunctionType
from typing import Any

from labeling.notebook.exporting.definitions import codes_in
from labeling.notebook.exporting.imports import import_of
from labeling.records import LabelingFunction

_RESERVED = frozenset(("labeling_function", "preprocessor", "_json", "_Path", "_resource"))
_LIBRARIES = frozenset(
    ("Decimal", "Fraction", "Path", "collections", "functools", "numpy", "operator", "re")
)
"""Names that values of libraries may need."""


class Names:
    """The names of a module.

    Args:
        lfs: the labeling functions that will be written: what they look up keeps its names.

    Attributes:
        bound: what names mean that were written.
        of_lf: the name of each labeling function, by its `id`.
    """

    def __init__(self, lfs: Sequence[LabelingFunction]) -> None:
        self.bound: dict[str, Any] = {}
        self._looked_up: dict[str, Any] = {}
        self._reserved = set(keyword.kwlist) | _RESERVED | _LIBRARIES
        own = {id(lf) for lf in lfs}
        for lf in lfs:
            if lf.call is not None:
                self._reserved.add(lf.call.function)
            for function in (lf.function, *lf.pre):
                if isinstance(function, FunctionType) and lf.call is None:
                    self._look_up(function, own)
        self._reserved |= self._looked_up.keys()
        self.of_lf = {id(lf): self._free(lf.name) for lf in lfs}

    def _look_up(self, function: FunctionType, own: set[int]) -> None:
        """Reserve the names that a function looks up for what it finds there now."""
        if import_of(function, function.__name__) is not None:
            self._reserved.add(function.__name__)
            return
        names = {name for code in codes_in(function.__code__) for name in code.co_names}
        for name in sorted(names & function.__globals__.keys()):
            value = function.__globals__[name]
            if id(value) not in own and name not in self._looked_up:
                self._looked_up[name] = value
                if isinstance(value, FunctionType):
                    self._look_up(value, own)
        for name in names & vars(builtins).keys():
            self._looked_up.setdefault(name, vars(builtins)[name])

    def _free(self, wanted: str) -> str:
        """Return a name for a labeling function that nothing else has."""
        base = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", wanted)).strip("_") or "function"
        base = base if base.isidentifier() else f"lf_{base}"
        base = base if base.isidentifier() else "function"
        name, number = base, 1
        while name in self._reserved:
            number += 1
            name = f"{base}_{number}"
        self._reserved.add(name)
        return name

    def free_for(self, value: Any, wanted: str) -> str:
        """Return a name for a value that means nothing else, now and where it is looked up."""
        name, number = wanted, 1
        while (
            self.is_of_lf(name)
            or name in _RESERVED
            or self.bound.get(name, value) is not value
            or self._looked_up.get(name, value) is not value
        ):
            number += 1
            name = f"{wanted}_{number}"
        return name

    def is_of_lf(self, name: str) -> bool:
        """Whether a labeling function has this name."""
        return name in self.of_lf.values()


def as_word(name: str) -> str:
    """Return a name as a part of an identifier."""
    return re.sub(r"\W+", "_", name)
