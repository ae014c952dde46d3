"""The view of an object that has no view of its own: its public attributes, each in a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from labeling.rendering.formatting import clipped, undirected, whole
from labeling.rendering.views import Cell, Excerpt, Interval, Table, View

MOST_ROWS = 40
LONGEST_LINE = 160
"""Characters of an object's line, and of the values of a collection that are listed."""
SCALARS = (str, int, float, type(None))


def fields_view(shown: object) -> View:
    """Return a view of an object's public attributes, without calling its properties.

    Fields of a dataclass with `repr=False` are left out: some must not be seen.

    >>> @dataclasses.dataclass
    ... class Pushed:
    ...     samples: int
    ...     where: tuple[str, ...]
    >>> fields_view(Pushed(3, ("a.csv", "b.csv"))).parts[0].rows
    (('samples', 3), ('where', 'a.csv, b.csv'))
    """
    rows = tuple((name, cell_of(value)) for name, value in _attributes(shown))
    left_out = max(len(rows) - MOST_ROWS, 0)
    table = Table(("attribute", "value"), rows[:MOST_ROWS], left_out=left_out)
    return View(type(shown).__name__, (table,) if rows else ())


def line_of(shown: object) -> str:
    """Return an object's class and public attributes in one line.

    >>> @dataclasses.dataclass
    ... class Counted:
    ...     counts: list[list[int]]
    ...     name: str
    >>> line_of(Counted([[1, 2], [3, 4]], "votes"))
    "Counted(counts: 2 items, name: 'votes')"
    """
    line = ", ".join(f"{name}: {_line_value(value)}" for name, value in _attributes(shown))
    one_line = undirected(" ".join(line.split()))
    return f"{type(shown).__name__}({clipped(one_line, LONGEST_LINE)})"


def cell_of(value: Any) -> Cell:
    """Return a value as a cell: numbers and texts as they are, collections listed or counted.

    >>> cell_of([1, 2]), cell_of([[1], [2]]), cell_of({"a": 1})
    ('1, 2', '2 items', 'a: 1')
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return Excerpt(value)
    if all(hasattr(value, name) for name in ("value", "low", "high", "n")):
        return Interval(value.value, value.low, value.high, value.n)
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return _shape_in_words(shape)
    if dataclasses.is_dataclass(value) or hasattr(value, "_repr_html_"):
        return Excerpt(" ".join(repr(value).split()))
    if isinstance(value, Collection):
        return _collection(value)
    name = getattr(value, "__qualname__", None)
    return Excerpt(name if isinstance(name, str) else clipped(repr(value), LONGEST_LINE))


def _attributes(shown: object) -> list[tuple[str, Any]]:
    """Return the names and values of public attributes: fields of a dataclass, or `__dict__`."""
    if dataclasses.is_dataclass(shown):
        names = [field.name for field in dataclasses.fields(shown) if field.repr]
    else:
        names = list(getattr(shown, "__dict__", ()))
    return [(name, getattr(shown, name, None)) for name in names if not name.startswith("_")]


def _collection(values: Collection[Any]) -> Cell:
    if not len(values):
        return "none"
    count = f"{whole(len(values))} item{'s' if len(values) > 1 else ''}"
    if len(values) > LONGEST_LINE:
        return count
    if isinstance(values, Mapping):
        are_plain = all(isinstance(value, SCALARS) for value in values.values())
        text = ", ".join(f"{key}: {value}" for key, value in values.items()) if are_plain else ""
    else:
        ordered = sorted(values, key=str) if isinstance(values, (set, frozenset)) else values
        text = ", ".join(map(str, ordered)) if all(isinstance(v, SCALARS) for v in values) else ""
    return text if 0 < len(text) <= LONGEST_LINE else count


def _shape_in_words(shape: tuple[int, ...]) -> str:
    if len(shape) == 2:
        return f"{whole(shape[0])} rows x {whole(shape[1])} columns"
    return f"{' x '.join(map(whole, shape))} values"


def _line_value(value: Any) -> str:
    if isinstance(value, str):
        return repr(value)
    cell = cell_of(value)
    if isinstance(cell, Interval):
        return str(value)  # with its interval
    if isinstance(cell, Excerpt):
        return cell.text
    return str(cell)
