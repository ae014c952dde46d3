"""What the names in a function refer to: globals, closures, builtins, attributes of modules.

What was found is pinned: before each batch it is checked that every name still refers to the same
object; in a notebook it may not.
"""

from __future__ import annotations

import ast
import enum
from collections.abc import Iterator, Mapping
from types import CellType, FunctionType, ModuleType
from typing import Any, cast

MISSING: Any = object()
"""No constant, or no such name."""


class Pins:
    """Checks whether names still refer to the objects that they referred to."""

    def __init__(self) -> None:
        self._entries: list[tuple[Mapping[str, Any], str, Any]] = []
        self._cells: list[tuple[CellType, Any]] = []
        self._functions: list[tuple[FunctionType, tuple[Any, ...]]] = []
        self._seen: set[tuple[int, str]] = set()

    def entry(self, scope: Mapping[str, Any], name: str, value: Any) -> None:
        """Pin an entry of a namespace; `MISSING` if it has none."""
        if (id(scope), name) not in self._seen:
            self._seen.add((id(scope), name))
            self._entries.append((scope, name, value))

    def cell(self, cell: CellType, value: Any) -> None:
        """Pin the variable of a closure."""
        self._cells.append((cell, value))

    def function(self, function: FunctionType) -> None:
        """Pin the code and the default values of a function."""
        self._functions.append((function, _parts(function)))

    def hold(self) -> bool:
        """Whether all is as it was."""
        return (
            all(scope.get(name, MISSING) is value for scope, name, value in self._entries)
            and all(content(cell) is value for cell, value in self._cells)
            and all(
                all(new is old for new, old in zip(_parts(function), parts, strict=True))
                for function, parts in self._functions
            )
        )

    @property
    def globals(self) -> frozenset[str]:
        """The names of all pinned entries."""
        return frozenset(name for _, name, _ in self._entries)


def _parts(function: FunctionType) -> tuple[Any, ...]:
    values = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    return function.__code__, function.__defaults__, len(values), *values


def content(cell: CellType) -> Any:
    """Return what the variable of a closure refers to; `MISSING` if it is unset."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


class Names:
    """The names of one function.

    Args:
        function: the function.
        locals: the names that it assigns; they are not looked up here.
        pins: where what is found gets pinned.
    """

    def __init__(self, function: FunctionType, locals: frozenset[str], pins: Pins) -> None:
        self._function, self._locals, self._pins = function, locals, pins
        cells = function.__closure__ or ()
        self._cells = dict(zip(function.__code__.co_freevars, cells, strict=True))

    def constant(self, node: ast.expr, hidden: frozenset[str] = frozenset()) -> Any:
        """Return the object that a name or `module.name` refers to, or `MISSING`.

        Args:
            node: the expression.
            hidden: names that a comprehension around it assigns.
        """
        if isinstance(node, ast.Name):
            return MISSING if node.id in hidden else self._named(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.constant(node.value, hidden)
            if owner is not MISSING:
                return self._attribute(owner, node.attr)
        return MISSING

    def _named(self, name: str) -> Any:
        if name in self._locals:
            return MISSING
        if name in self._cells:
            value = content(self._cells[name])
            self._pins.cell(self._cells[name], value)
            return value
        builtins: Any = cast(Any, self._function).__builtins__
        if type(self._function.__globals__) is not dict or type(builtins) is not dict:
            return MISSING
        for scope in (self._function.__globals__, builtins):
            value = scope.get(name, MISSING)
            self._pins.entry(scope, name, value)
            if value is not MISSING:
                return value
        return MISSING

    def _attribute(self, owner: Any, name: str) -> Any:
        """Return an attribute of a module, of a class that holds constants, or of their members."""
        if isinstance(owner, enum.Enum) and name in ("value", "name"):
            return _of_member(owner, name)
        is_class = isinstance(owner, enum.EnumType) or type(owner) is type
        if type(owner) is not ModuleType and not is_class:
            return MISSING
        if name.startswith("__"):
            return MISSING
        if isinstance(owner, enum.EnumType):
            members: Any = owner.__members__
            value = members.get(name, MISSING)
            return value if value is MISSING or getattr(owner, name, None) is value else MISSING
        scope = vars(owner)
        value = scope.get(name, MISSING)
        if is_class and hasattr(type(value), "__get__"):
            return MISSING
        self._pins.entry(scope, name, value)
        return value


def _of_member(member: enum.Enum, name: str) -> Any:
    """Return the name or value of a member of an enum, unless its class has its own of these."""
    is_own = any(name in vars(kind) for kind in type(member).__mro__ if kind not in _ENUMS)
    return MISSING if is_own else getattr(member, name)


_ENUMS = (enum.Enum, enum.IntEnum, enum.StrEnum, enum.ReprEnum, enum.Flag, enum.IntFlag)


def assigned_names(node: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    """Return the local names of a function: its parameters, and what it assigns."""
    given = node.args
    names = {each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
    body = node.body if isinstance(node, ast.FunctionDef) else [node.body]
    for statement in body:
        names.update(_stores(statement))
    return frozenset(names)


def _stores(node: ast.AST) -> Iterator[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        yield node.name
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.comprehension):  # its own variables are not those of the function
        parts: list[ast.AST] = [node.iter, *node.ifs]
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from ((each.asname or each.name.partition(".")[0]) for each in node.names)
        return
    else:
        parts = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    for part in parts:
        yield from _stores(part)
