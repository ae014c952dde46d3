"""The immutable rows of plain Python values that labeling functions get."""

from __future__ import annotations

import functools
import itertools
from collections import namedtuple
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, NoReturn

from labeling.engine.collection import collector_off
from labeling.errors import LabelingFunctionError
from labeling.records import FrozenRow, PreprocessedRow, missing_column


def rows_of_columns(
    columns: Mapping[Hashable, Iterable[Any]], n_rows: int, *, mutable: bool
) -> list[Any]:
    """Return rows of columns of plain Python values.

    Args:
        columns: the values of each column, in the order of the rows.
        n_rows: how many rows there are, which no columns do not tell.
        mutable: whether values could be changed in place, so that each call needs a copy.
    """
    if not columns:
        return [_row_type(())()] * n_rows
    values = zip(*columns.values(), strict=True)
    with collector_off():
        if mutable:
            return [FrozenRow.of(dict(zip(columns, row, strict=True))) for row in values]
        return list(map(tuple.__new__, itertools.repeat(_row_type(tuple(columns))), values))


class _NotRead:
    """Stands in rows for the value of a column that no labeling function reads."""

    __slots__ = ()

    def _refuse(self, *_: object) -> NoReturn:
        raise LabelingFunctionError(
            "A column was read of which the code of the labeling functions did not show it. Please"
            " report this; a function that is called with the whole row, such as str(x), gets all"
            " columns."
        )

    __bool__ = __len__ = __iter__ = __contains__ = __getitem__ = __getattr__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __str__ = _refuse
    __int__ = __float__ = __index__ = __add__ = __mod__ = __format__ = _refuse


NOT_READ = _NotRead()


_SPECIAL_METHODS = frozenset({"__del__", "__getattr__"})
"""Special methods that a tuple does not have, and that Python would call on a row."""


@functools.lru_cache(maxsize=64)
def _row_type(names: tuple[Hashable, ...]) -> type:
    """Return a class of immutable rows whose attributes are as fast as those of a namedtuple."""
    field_names = [f"f{number}" for number in range(len(names))]
    base: type[Any] = namedtuple("base", field_names)  # type: ignore[misc]  # names are data
    columns = {
        str(name): base.__dict__[field]
        for name, field in zip(names, field_names, strict=True)
        if not _is_special(base, str(name))
    }
    # What tuples have under these names is not a column.
    hidden = {name: _hidden(name) for name in ("count", "index", *field_names)}
    methods = _row_methods(names)
    # A column may replace `get`, but no special method: x["__len__"] reads such a column.
    return type("Row", (base,), {**hidden, "get": methods.pop("get"), **columns, **methods})


def _is_special(base: type, name: str) -> bool:
    """Whether a name is that of a method which Python itself calls."""
    return name.startswith("__") and (hasattr(base, name) or name in _SPECIAL_METHODS)


def _row_methods(names: tuple[Hashable, ...]) -> dict[str, Any]:
    """Return the methods of rows with these columns."""
    positions = {name: position for position, name in enumerate(names)}

    def getitem(self: tuple[Any, ...], name: Any) -> Any:
        try:
            return tuple.__getitem__(self, positions[name])
        except KeyError:
            raise missing_column(names, name) from None

    def getattr_missing(_: tuple[Any, ...], name: str) -> NoReturn:
        raise missing_column(names, name)

    def get(self: tuple[Any, ...], name: Any, default: Any = None) -> Any:
        return tuple.__getitem__(self, positions[name]) if name in positions else default

    def contains(_: tuple[Any, ...], name: Any) -> bool:
        return name in positions

    def represent(self: tuple[Any, ...]) -> str:
        values = tuple.__iter__(self)
        fields = (f"{name}={value!r}" for name, value in zip(names, values, strict=True))
        return f"Row({', '.join(fields)})"

    def copy_for_preprocessor(self: tuple[Any, ...]) -> PreprocessedRow:
        row = PreprocessedRow()
        fields: Any = zip(names, tuple.__iter__(self), strict=True)  # names of any kind
        row.__dict__.update(fields)
        return row

    return {
        "get": get,
        "__slots__": (),
        "__getitem__": getitem,
        "__getattr__": getattr_missing,
        "__contains__": contains,
        "__repr__": represent,
        "__copy__": copy_for_preprocessor,
    }


def _hidden(name: str) -> property:
    def absent(_: object) -> NoReturn:
        raise AttributeError(name)  # Python then calls `__getattr__`

    return property(absent)
