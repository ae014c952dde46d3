"""How the ready-made kinds read a column of a sample."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any


def reader(column: str) -> Callable[[Any], Any]:
    """Return a function that reads a column of a sample, as `x.column` where that can be written.

    >>> from types import SimpleNamespace
    >>> reader("text")(SimpleNamespace(text="hi")), reader("my text")({"my text": "hi"})
    ('hi', 'hi')
    """
    plain = column.isidentifier() and not column.startswith("__")
    return operator.attrgetter(column) if plain else operator.itemgetter(column)
