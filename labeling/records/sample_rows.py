"""Samples as preprocessors and labeling functions see them: `x.column` and `x["column"]`."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, NoReturn, Self

from labeling.errors import ColumnError, near, shown
from labeling.records.isolation import IMMUTABLE, isolated


def missing_column(names: Iterable[Hashable], asked: Any) -> AttributeError:
    """Return the error about a column that a sample does not have.

    >>> str(missing_column(["text", "n"], "txt"))
    "This sample has no column 'txt'. Did you mean 'text'? It has 'text', 'n'."
    """
    if isinstance(asked, str) and asked.startswith("__"):  # libraries ask for such at every turn
        return AttributeError(asked)
    return ColumnError(_about_missing(tuple(names), asked))


@functools.lru_cache(maxsize=1_024)  # `hasattr(x, name)` and the like ask for each sample
def _about_missing(names: tuple[Hashable, ...], asked: Any) -> str:
    there = f" It has {shown(names, 20)}." if names else " It has none."
    return f"This sample has no column {asked!r}.{near(asked, names)}{there}"


class PreprocessedRow(SimpleNamespace):
    """A row that preprocessors may add fields to: `x.column` and `x["column"]`."""

    def __getattr__(self, name: str) -> Any:
        raise missing_column(self.__dict__, name)

    def __getitem__(self, name: Any) -> Any:
        try:
            return self.__dict__[name]
        except KeyError:
            raise missing_column(self.__dict__, name) from None

    def __setitem__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def __contains__(self, name: Any) -> bool:
        return name in self.__dict__

    def __copy__(self) -> PreprocessedRow:
        row = PreprocessedRow()
        row.__dict__.update(self.__dict__)
        return row

    def get(self, name: Any, default: Any = None) -> Any:
        """Return the value of a column, or `default` where there is no such column."""
        try:
            return self[name]
        except KeyError:
            return default


class SettledRow(PreprocessedRow):
    """A row that labeling functions share: none may change it.

    A value that could be changed in place is copied each time it is read; the `row_of_call` that a
    labeling function gets keeps its copy for as long as the call lasts.
    """

    __slots__ = ("__mutable",)

    __mutable: dict[Any, Any]

    @classmethod
    def of(cls, fields: Mapping[Any, Any]) -> SettledRow:
        """Return a row with these fields."""
        mutable = {name: value for name, value in fields.items() if type(value) not in IMMUTABLE}
        immutable = {name: value for name, value in fields.items() if name not in mutable}
        return cls.__made(immutable if mutable else fields, mutable)

    @classmethod
    def __made(cls, immutable: Mapping[Any, Any], mutable: dict[Any, Any]) -> Self:
        row = cls()
        row.__dict__.update(immutable)
        object.__setattr__(row, "_SettledRow__mutable", mutable)
        return row

    @staticmethod
    def row_of_call(row: SettledRow) -> SettledRow:
        """Return the row that one call of a labeling function gets."""
        # No methods of the row are used here: columns may bear their names.
        mutable = row.__mutable
        if not mutable:
            return row
        made = _RowOfCall.__made(row.__dict__, mutable)
        for name in mutable.keys() & _METHODS:
            made[name]
        return made

    @staticmethod
    def fields(row: SettledRow) -> dict[Any, Any]:
        """Return the fields of a row; what can be changed in place is a copy."""
        return row.__dict__ | {name: row[name] for name in row.__mutable}

    @staticmethod
    def shared_values(row: SettledRow) -> list[Any]:
        """Return the values that all labeling functions share, and none may change."""
        return [*row.__dict__.values(), *row.__mutable.values()]

    def _read(self, name: Any) -> Any:
        if name not in self.__mutable:
            raise missing_column([*self.__dict__, *self.__mutable], name)
        return isolated(self.__mutable[name])

    def __getattr__(self, name: str) -> Any:
        return SettledRow.__getitem__(self, name)

    def __getitem__(self, name: Any) -> Any:
        own = self.__dict__
        return own[name] if name in own else type(self)._read(self, name)

    def __contains__(self, name: Any) -> bool:
        return name in self.__dict__ or name in self.__mutable

    def __repr__(self) -> str:
        fields = SettledRow.fields(self)
        return f"Row({', '.join(f'{name}={value!r}' for name, value in fields.items())})"

    def __copy__(self) -> PreprocessedRow:
        row = PreprocessedRow()
        row.__dict__.update(SettledRow.fields(self))
        return row

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"A labeling function must not change its sample: {name!r}.")

    def __setitem__(self, name: str, value: Any) -> NoReturn:
        SettledRow.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> NoReturn:
        SettledRow.__setattr__(self, name, None)


class _RowOfCall(SettledRow):
    """Keeps what it has copied, so that a labeling function sees its own changes."""

    __slots__ = ()

    def _read(self, name: Any) -> Any:
        value = self.__dict__[name] = super()._read(name)
        return value


_METHODS = frozenset(name for name in dir(SettledRow) if not name.startswith("__"))
