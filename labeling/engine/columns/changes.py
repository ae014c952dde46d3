"""What a function, or a part of it that is left to Python, might change under the columns' feet.

Columns decide votes by the objects of the start of a batch. If a call on one sample changes such an
object, later samples must meet the change, so these votes are left to Python.
"""

from __future__ import annotations

import ast
import dis
import enum
import functools
import re
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import pandas as pd

from labeling.engine.columns.names import content
from labeling.engine.columns.values import is_plain

_INERT = (ModuleType, type, FunctionType, BuiltinFunctionType, re.Pattern, enum.Enum)

_IN_DICTS = (re.Pattern, enum.Enum)
_TIMES = (date, datetime, timedelta, pd.Timestamp, pd.Timedelta)


def is_inert(value: Any) -> bool:
    """Whether operators and attributes of a constant run no code but Python's own."""
    if is_plain(value) or isinstance(value, _INERT):
        return True
    if type(value) in _TIMES:  # a time zone may be of any class
        return getattr(value, "tzinfo", None) is None
    if type(value) is dict:
        known = (is_plain(each) or isinstance(each, _IN_DICTS) for each in value.values())
        return all(map(is_plain, value)) and all(known)
    return type(value) in (tuple, list, set, frozenset) and all(map(is_inert, value))


def is_frozen(value: Any) -> bool:
    """Whether a constant cannot be changed in place, as a list can."""
    if isinstance(value, (tuple, frozenset)):
        return all(map(is_frozen, value))
    return not isinstance(value, (list, dict, set, bytearray))


def changes_names(code: CodeType) -> bool:
    """Whether code, or code inside it, may change what names around it refer to.

    It assigns globals, variables of functions around it or attributes, or has the means to.
    """
    if not _MEANS.isdisjoint(code.co_names):
        return True
    for step in dis.get_instructions(code):
        is_free = step.opname in _DEREF_STORES and step.argval in code.co_freevars
        if is_free or step.opname in _STORES:
            return True
    return any(changes_names(inner) for inner in code.co_consts if isinstance(inner, CodeType))


_STORES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR"})
_DEREF_STORES = frozenset({"STORE_DEREF", "DELETE_DEREF"})
_MEANS = frozenset(
    {"globals", "vars", "setattr", "delattr", "exec", "eval", "__dict__", "__setattr__"}
)


def codes_reached(function: FunctionType) -> Iterator[CodeType]:
    """Yield the code of each function that a function may call, of installed packages not."""
    todo: list[Any] = [function]
    seen: set[int] = set()
    while todo:
        current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, FunctionType):
            if not is_installed(current.__code__):
                yield current.__code__
                todo += _used(current)
        elif not isinstance(current, ModuleType):
            todo += _functions_of(current)


def is_installed(code: CodeType) -> bool:
    """Whether code is of Python's library or of an installed package, which know no labels."""
    return "site-packages" in code.co_filename or is_of_library(code)


def is_of_library(code: CodeType) -> bool:
    """Whether code is of Python's own library."""
    path = code.co_filename
    is_site = "site-packages" in path  # which may be inside of the library's folder
    return (path.startswith(_LIBRARY) and not is_site) or path.startswith("<frozen")


_LIBRARY = functools.__file__.rpartition("functools")[0]


def _functions_of(value: Any) -> Iterator[Any]:
    """Yield the functions that operators and attributes of an object may call."""
    if isinstance(value, MethodType):
        yield value.__func__
        yield value.__self__
    if isinstance(value, functools.partial):
        yield value.func
    kind = value if isinstance(value, type) else type(value)
    if kind.__module__ in sys.stdlib_module_names:
        return
    for base in kind.__mro__:
        for each in vars(base).values():
            parts = (getattr(each, name, None) for name in ("__func__", "fget", "__wrapped__"))
            yield from (part for part in (each, *parts) if isinstance(part, FunctionType))


def _used(function: FunctionType) -> Iterator[Any]:
    """Yield the objects that a function refers to by names, attributes of modules included."""
    yield from map(content, function.__closure__ or ())
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    yield getattr(function, "__wrapped__", None)
    codes, scope = [function.__code__], function.__globals__
    for code in codes:
        codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
        used = [scope[name] for name in code.co_names if name in scope]
        yield from used
        for owner in used:
            if isinstance(owner, (ModuleType, type)):
                inside = vars(owner)
                yield from (inside[name] for name in code.co_names if name in inside)


def may_change_shared(node: ast.AugAssign, function: ast.FunctionDef | ast.Lambda) -> bool:
    """Whether `name += value` may change an object in place that others refer to, such as a list.

    Not if the value is a number, nor if the name is given new objects only.
    """
    if not isinstance(node.target, ast.Name) or _is_number(node.value):
        return False
    name = node.target.id
    values = [value for target, value in _assignments(function) if target == name]
    return not values or not all(value is not None and _is_new(value) for value in values)


def _assignments(function: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield the names that are assigned, and the values; `None` for a part of a value."""
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            yield node.arg, None
        for target, value in _targets(node):
            if isinstance(target, ast.Name):
                yield target.id, value
            else:
                parts = (each for each in ast.walk(target) if isinstance(each, ast.Name))
                yield from ((each.id, None) for each in parts)


def _targets(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Yield what a statement or expression assigns to, and the value."""
    if isinstance(node, ast.Assign):
        yield from ((target, node.value) for target in node.targets)
    elif isinstance(node, (ast.NamedExpr, ast.AnnAssign)):
        if node.value is not None:
            yield node.target, node.value
    elif isinstance(node, (ast.For, ast.comprehension)):
        yield node.target, None
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield node.optional_vars, None


def _is_number(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    is_constant = isinstance(node, ast.Constant) and isinstance(node.value, (int, float))
    return is_constant or isinstance(node, ast.Compare)


def _is_new(node: ast.expr) -> bool:
    """Whether an expression gives a number, a text or a new object."""
    if isinstance(node, ast.IfExp):
        return _is_new(node.body) and _is_new(node.orelse)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in _MAKERS
    return isinstance(node, _NEW_VALUES + _NEW_COLLECTIONS)


_MAKERS = frozenset({"len", "sum", "int", "float", "str", "abs", "round", "bool", "list", "set"})
_NEW_VALUES = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.Compare, ast.JoinedStr)
_NEW_COLLECTIONS = (ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)
