"""Compiles the body of a labeling function, and of the functions it calls, to run on columns."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from labeling.engine.columns.changes import (
    changes_names,
    is_frozen,
    is_inert,
    may_change_shared,
)
from labeling.engine.columns.context import HOPELESS, Expression, State, literal
from labeling.engine.columns.expressions import HANDLERS
from labeling.engine.columns.names import MISSING, Names, Pins, assigned_names
from labeling.engine.columns.source import NoSourceError, Source, source_of
from labeling.engine.columns.statements import Block, block
from labeling.engine.columns.values import UNDECIDED, Constant, Value

DEEPEST = 3
"""How deep calls of plain functions are followed."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a part of a function is left to Python.

    Attributes:
        line: of the part, in its file; 0 if it is no part.
        code: the part.
        why: what columns cannot do with it.
        may_act: whether running it might change something that is read elsewhere.
    """

    line: int
    code: str
    why: str
    may_act: bool

    def __str__(self) -> str:
        code = " ".join(self.code.split())
        shown = code if len(code) <= 60 else f"{code[:57]}..."
        return f"line {self.line}, `{shown}`: {self.why}"


@dataclass(slots=True)
class Record:
    """What is learned while a function is compiled.

    Attributes:
        trusts_constants: whether lists and dicts are read that a part left to Python might change.
        pins: what names refer to.
        reasons: what is left to Python.
        columns: the columns that are read.
        may_act: whether a part might change a list or dict without being left to Python as such.
    """

    trusts_constants: bool
    pins: Pins = field(default_factory=Pins)
    reasons: list[Reason] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)
    may_act: bool = False


class Compiler:
    """Compiles one function; see `context.Context`."""

    def __init__(self, source: Source, record: Record, callers: tuple[FunctionType, ...]) -> None:
        self._source, self._record = source, record
        self._callers = (*callers, source.function)
        self._locals = assigned_names(source.node)
        self._names = Names(source.function, self._locals, record.pins)
        self._imported: dict[str, Any] = {}
        self._kinds: dict[str, str | None] = {}
        self._stores = Counter(_stored_names(source.node))
        self.hidden: frozenset[str] = frozenset()
        record.pins.function(source.function)
        self.body: Block = block(self, source.body)

    @property
    def variables(self) -> frozenset[str]:
        """The names of local variables, those of comprehensions included."""
        return self._locals | self.hidden

    @contextmanager
    def hiding(self, names: Iterable[str]) -> Iterator[None]:
        """Compile what is inside a comprehension with these variables."""
        before = self.hidden
        self.hidden = before | frozenset(names)
        try:
            yield
        finally:
            self.hidden = before

    def expression(self, node: ast.expr) -> Expression:
        """Compile an expression."""
        handler = HANDLERS.get(type(node))
        if handler is None:
            return self.unsupported(node, "this kind of expression is left to Python")
        return handler(self, node)

    def constant(self, node: ast.expr) -> Any:
        """Return the object that an expression always refers to, or `MISSING`."""
        root = node
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id in self._imported and root.id not in self.hidden:
            return self._of_import(node)
        if isinstance(node, ast.Subscript):
            return self._entry(node)
        value = self._names.constant(node, self.hidden)
        return value if self._record.trusts_constants or is_frozen(value) else MISSING

    def _entry(self, node: ast.Subscript) -> Any:
        """Return an entry of a constant dict, such as a pattern."""
        owner, key = self.constant(node.value), literal(node.slice)
        if type(owner) is not dict or type(key) is not str or key not in owner:
            return MISSING
        value = owner[key]
        if not isinstance(value, re.Pattern):
            return MISSING
        self._record.pins.entry(owner, key, value)
        return value

    def _of_import(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            return self._imported[node.id]
        if isinstance(node, ast.Attribute):
            scope = vars(self._of_import(node.value))
            value = scope.get(node.attr, MISSING)
            self._record.pins.entry(scope, node.attr, value)
            return value
        return MISSING

    def learn(self, name: str, kind: str | None) -> None:
        """Record which list a local variable is."""
        if self._stores[name] == 1:
            self._kinds[name] = kind

    def kind_of(self, name: str) -> str | None:
        """Return which list a local variable is, if that is certain."""
        return None if name in self.hidden else self._kinds.get(name)

    def imports(self, node: ast.Import, name: str) -> bool:
        """Record that a local name is a module; return whether that is certain."""
        source = self._source
        assigned = (each for each in ast.walk(source.node) if isinstance(each, ast.Name))
        is_sole = not any(each.id == name and isinstance(each.ctx, ast.Store) for each in assigned)
        module = sys.modules.get(name)
        if node not in source.body or not is_sole or module is not re:
            return False
        self._record.pins.entry(sys.modules, name, module)
        self._record.pins.entry(vars(builtins), "__import__", _IMPORT)
        self._imported[name] = module
        return True

    def is_inert(self, value: Any) -> bool:
        """Whether columns know a constant; record it if using it may change something."""
        inert = is_inert(value)
        self._record.may_act = self._record.may_act or not inert
        return inert

    def changes(self, node: ast.AugAssign) -> None:
        """Record whether an assignment may change an object in place."""
        if may_change_shared(node, self._source.node):
            self._record.may_act = True

    def unsupported(self, node: ast.AST, why: str) -> Expression:
        """Record that a part is left to Python, and why."""
        parts = (node.target, node.iter) if isinstance(node, ast.For) else (node,)
        code = ast.unparse(node).partition("\n")[0]
        may_act = any(self._may_act(each) for part in parts for each in ast.walk(part))
        line = self._line(node)
        self._record.reasons.append(Reason(line, code, why, may_act or isinstance(node, ast.stmt)))
        return HOPELESS

    def _may_act(self, node: ast.AST) -> bool:
        if isinstance(node, (ast.Name, ast.Attribute)):
            value = self._names.constant(node, self.hidden)
            return value is not MISSING and not is_inert(value)
        return isinstance(node, _ACTING)

    def _line(self, node: ast.AST) -> int:
        return int(getattr(node, "lineno", self._source.node.lineno))

    def reads(self, column: str) -> None:
        """Record that a column is read."""
        self._record.columns.add(column)

    def inlined(self, node: ast.Call, function: FunctionType) -> Expression:
        """Compile a call of a plain function by its body."""
        if function in self._callers or len(self._callers) > DEEPEST:
            return self.unsupported(node, "calls are not followed deeper")
        if changes_names(function.__code__):
            return self.unsupported(node, "the function it calls assigns variables around it")
        try:
            source = source_of(function)
        except NoSourceError as error:
            return self.unsupported(node, f"of the function it calls, {error}")
        arguments = self._arguments(node, source)
        if arguments is None:
            return self.unsupported(node, "its arguments are not those of the function it calls")
        before = len(self._record.reasons)
        body = Compiler(source, self._record, self._callers).body
        if not body.answers and not body.goes_on:
            return HOPELESS if len(self._record.reasons) > before else UNREACHED
        if any(argument.is_hopeless for argument in arguments.values()):
            return HOPELESS
        return Expression(lambda state: _returned(state, arguments, body))

    def _arguments(self, node: ast.Call, source: Source) -> dict[str, Expression] | None:
        """Return the arguments of a call by parameter; `None` if it is not valid."""
        given = source.node.args
        positional = [each.arg for each in (*given.posonlyargs, *given.args)]
        if len(node.args) > len(positional):
            return None
        arguments: dict[str, ast.expr] = dict(zip(positional, node.args, strict=False))
        by_name = {*positional[len(given.posonlyargs) :], *(each.arg for each in given.kwonlyargs)}
        for word in node.keywords:
            if word.arg is None or word.arg in arguments or word.arg not in by_name:
                return None
            arguments[word.arg] = word.value
        compiled = {name: self.expression(value) for name, value in arguments.items()}
        defaults = default_values(source.function)
        for name in {*positional, *by_name} - set(compiled):
            usable = name in defaults and self.is_inert(defaults[name])
            if not usable or not self._is_usable(defaults[name]):
                return None
            compiled[name] = _fixed(defaults[name])
        return compiled

    def _is_usable(self, value: Any) -> bool:
        return self._record.trusts_constants or is_frozen(value)


def _stored_names(function: ast.AST) -> Iterator[str]:
    """Yield the local variables of a function, each as often as it is assigned."""
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


_IMPORT = builtins.__import__

UNREACHED = Expression(lambda state: UNDECIDED, is_hopeless=True)

_ACTING = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.Delete, ast.stmt)
"""Parts that might change something, if they are left to Python."""


def _fixed(value: Any) -> Expression:
    return Expression(lambda state: state.frame.constant(value))


def _returned(state: State, arguments: dict[str, Expression], body: Block) -> Value:
    """Return what a called function returns."""
    frame = state.frame
    values = {name: argument.evaluate(state) for name, argument in arguments.items()}
    active = state.active
    for value in values.values():
        active = active & frame.covered(value)
    inner = State(frame, values, active)
    body.run(inner)
    parts = [part for rows, value in inner.returned for part in frame.restricted(value, rows)]
    if inner.active.any():
        parts.append((inner.active, Constant(None)))
    return frame.joined(parts)


def default_values(function: FunctionType) -> dict[str, Any]:
    """Return the default values of a function's parameters."""
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    named = positional[len(positional) - len(defaults) :] if defaults else ()
    return dict(zip(named, defaults, strict=True)) | (function.__kwdefaults__ or {})
