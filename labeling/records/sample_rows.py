"""Row objects that preprocessors and labeling functions read: `x.column` and `x["column"]`."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any, NoReturn, Self

from labeling.errors import ColumnError, listed, near
from labeling.records.isolation import IMMUTABLE, isolated


def missing_column(names: Iterable[Hashable], name: Any) -> AttributeError:
    """Return the error for a column that a sample does not have.

    >>> str(missing_column(["text", "n"], "txt"))
    "This sample has no column 'txt'. Did you mean 'text'? It has 'text', 'n'."
    """
    if isinstance(name, str) and name.startswith("__"):  # probed by many libraries
        return AttributeError(name)
    return ColumnError(_missing_column_message(tuple(names), name))


@functools.lru_cache(maxsize=1_024)  # `hasattr(x, name)` may raise it for each sample
def _missing_column_message(names: tuple[Hashable, ...], name: Any) -> str:
    available = f" It has {listed(names, 20)}." if names else " It has none."
    return f"This sample has no column {name!r}.{near(name, names)}{available}"


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


class FrozenRow(PreprocessedRow):
    """A read-only row that labeling functions share.

    A mutable value is copied each time it is read; the `row_of_call` that a labeling function gets
    caches its copy for the duration of the call.
    """

    __slots__ = ("__mutable",)

    __mutable: dict[Any, Any]

    @classmethod
    def of(cls, fields: Mapping[Any, Any]) -> FrozenRow:
        """Return a row with these fields."""
        mutable = {name: value for name, value in fields.items() if type(value) not in IMMUTABLE}
        immutable = {name: value for name, value in fields.items() if name not in mutable}
        return cls.__build(immutable if mutable else fields, mutable)

    @classmethod
    def __build(cls, immutable: Mapping[Any, Any], mutable: dict[Any, Any]) -> Self:
        row = cls()
        row.__dict__.update(immutable)
        object.__setattr__(row, "_FrozenRow__mutable", mutable)
        return row

    @staticmethod
    def row_of_call(row: FrozenRow) -> FrozenRow:
        """Return the row for one call of a labeling function."""
        # Methods of the row are not used here: columns may have their names.
        mutable = row.__mutable
        if not mutable:
            return row
        row = _RowOfCall.__build(row.__dict__, mutable)
        for name in mutable.keys() & _METHODS:
            row[name]
        return row

    @staticmethod
    def fields(row: FrozenRow) -> dict[Any, Any]:
        """Return the fields of a row; mutable values are copies."""
        return row.__dict__ | {name: row[name] for name in row.__mutable}

    @staticmethod
    def shared_values(row: FrozenRow) -> list[Any]:
        """Return the values that all labeling functions share and must not change."""
        return [*row.__dict__.values(), *row.__mutable.values()]

    def _read(self, name: Any) -> Any:
        if name not in self.__mutable:
            raise missing_column([*self.__dict__, *self.__mutable], name)
        return isolated(self.__mutable[name])

    def __getattr__(self, name: str) -> Any:
        return FrozenRow.__getitem__(self, name)

    def __getitem__(self, name: Any) -> Any:
        immutable = self.__dict__
        return immutable[name] if name in immutable else type(self)._read(self, name)

    def __contains__(self, name: Any) -> bool:
        return name in self.__dict__ or name in self.__mutable

    def __repr__(self) -> str:
        fields = FrozenRow.fields(self)
        return f"Row({', '.join(f'{name}={value!r}' for name, value in fields.items())})"

    def __copy__(self) -> PreprocessedRow:
        row = PreprocessedRow()
        row.__dict__.update(FrozenRow.fields(self))
        return row

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"A labeling function must not change its sample: {name!r}.")

    def __setitem__(self, name: str, value: Any) -> NoReturn:
        FrozenRow.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> NoReturn:
        FrozenRow.__setattr__(self, name, None)


class _RowOfCall(FrozenRow):
    """A row that caches its copies, so that a labeling function sees its own changes."""

    __slots__ = ()

    def _read(self, name: Any) -> Any:
        value = self.__dict__[name] = super()._read(name)
        return value


_METHODS = frozenset(name for name in dir(FrozenRow) if not name.startswith("__"))
