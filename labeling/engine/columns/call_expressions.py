"""Compiles calls: of built-in functions, methods, patterns, and the functions of the user."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import FunctionType, ModuleType
from typing import Any

from labeling.engine.columns import functions, methods, times
from labeling.engine.columns.changes import is_of_library
from labeling.engine.columns.comprehensions import REDUCTIONS, reduction
from labeling.engine.columns.context import HOPELESS, Context, Expression, State, literal, misused
from labeling.engine.columns.frames import Frame
from labeling.engine.columns.names import MISSING
from labeling.engine.columns.text_methods import PURE_TEXT_METHODS, TEXT_METHODS
from labeling.engine.columns.values import UNDECIDED, Constant, Results, Row, Value


def call(context: Context, node: ast.Call) -> Expression:
    """Compile a call."""
    has_stars = any(isinstance(each, ast.Starred) for each in node.args)
    if has_stars or any(word.arg is None for word in node.keywords):
        return context.unsupported(node, "calls with * or ** are left to Python")
    function = context.constant(node.func)
    if function is MISSING:
        if isinstance(node.func, ast.Attribute):
            node = _with_limit(node)
            joined = _joined(node)
            if joined is not None:
                return context.expression(joined)
        if isinstance(node.func, ast.Attribute) and not node.keywords:
            return _method(context, node, node.func)
        return context.unsupported(node, "what is called is not a known function")
    return _known_call(context, node, function)


def _known_call(context: Context, node: ast.Call, function: Any) -> Expression:
    for functions_of_a_kind, compiled in _KINDS:
        if any(function is each for each in functions_of_a_kind):
            return compiled(context, node, function)
    is_plain = type(function) is FunctionType and id(function) not in functions.FUNCTIONS
    if is_plain and not is_of_library(function.__code__):
        return context.inlined(node, function)
    return _function(context, node, function)


def _joined(node: ast.Call) -> ast.expr | None:
    """Return `" ".join([a, b])` as `a + " " + b`; `None` for other calls."""
    function: Any = node.func
    items = node.args[0] if len(node.args) == 1 and not node.keywords else None
    if function.attr != "join" or not isinstance(items, (ast.List, ast.Tuple)):
        return None
    separator = literal(function.value)
    if type(separator) is not str or len(items.elts) < 2:
        return None
    joined = items.elts[0]
    for each in items.elts[1:]:
        if isinstance(each, ast.Starred) or isinstance(joined, ast.Starred):
            return None
        for added in (ast.Constant(separator), each):
            joined = ast.copy_location(ast.BinOp(joined, ast.Add(), added), node)
    return joined


def _with_limit(node: ast.Call) -> ast.Call:
    """Return `split(separator, maxsplit=1)` as `split(separator, 1)`."""
    names = [word.arg for word in node.keywords]
    if names != ["maxsplit"] or len(node.args) != 1 or node.func.attr not in ("split", "rsplit"):  # type: ignore[attr-defined]  # an attribute
        return node
    return ast.copy_location(ast.Call(node.func, [*node.args, node.keywords[0].value], []), node)


def _time(context: Context, node: ast.Call, maker: Any) -> Expression:
    """Compile a time or a span that is made of constants."""
    given = [*node.args, *(word.value for word in node.keywords)]
    values = [_constant_of(context, each) for each in given]
    names = [str(word.arg) for word in node.keywords]
    if not all(type(value) in (int, float, str) for value in values):
        return context.unsupported(node, "it is not made of constants")
    positional, named = values[: len(node.args)], values[len(node.args) :]
    made = times.constructed(maker, positional, dict(zip(names, named, strict=True)))
    if made is None:
        return context.unsupported(node, "this time is left to Python")
    return Expression(lambda state: state.frame.constant(made))


def _constant_of(context: Context, node: ast.expr) -> Any:
    value = context.constant(node)
    return literal(node) if value is MISSING else value


def _function(context: Context, node: ast.Call, function: Any) -> Expression:
    rule, count = functions.FUNCTIONS.get(id(function), (None, 0))
    if rule is None and isinstance(node.func, ast.Attribute) and not node.keywords:
        return _method(context, node, node.func)  # such as `PATTERN.search`
    if rule is None or node.keywords or len(node.args) != count:
        return context.unsupported(node, "this call is left to Python")
    operands = [context.expression(each) for each in node.args]
    if function in (set, frozenset):
        is_words = operands[0].kind in ("words", "set of words")
        if not is_words and misused(context, node, operands[0], "compute"):
            return HOPELESS
        return _of_kind(_applied(rule, operands), "set of words" if is_words else None)
    return _applied(rule, operands)


def _applied(rule: Callable[..., Results], operands: list[Expression]) -> Expression:
    if any(operand.is_hopeless for operand in operands):
        return HOPELESS
    if len(operands) == 1:
        return Expression(lambda state: state.frame.mapped(operands[0].evaluate(state), rule))
    first, second = operands
    return Expression(
        lambda state: state.frame.combined(first.evaluate(state), second.evaluate(state), rule)
    )


def _pattern_call(context: Context, node: ast.Call, function: Any) -> Expression:
    """Compile `re.search(pattern, text, flags)`."""
    method = functions.PATTERN_FUNCTIONS[function]
    named = {str(word.arg): word.value for word in node.keywords}
    positional = dict(zip(("pattern", "string", "flags"), node.args, strict=False))
    given = {**positional, **named}
    known = len(given) == len(positional) + len(named) and len(node.args) <= 3
    if not known or not {"pattern", "string"} <= set(given) <= {"pattern", "string", "flags"}:
        return context.unsupported(node, "its arguments are not those of `re`")
    flags = _flags(context, given.get("flags"))
    pattern = _constant_of(context, given["pattern"])
    if pattern is MISSING and flags is not None:
        operands = [context.expression(given[name]) for name in ("pattern", "string")]
        return _applied(functools.partial(functions.searched_for, method, flags), operands)
    compiled = None if flags is None else functions.pattern_of(pattern, flags)
    if compiled is None or not functions.is_searched(compiled, method):
        return context.unsupported(node, "its pattern has no equal that columns are searched with")
    text = context.expression(given["string"])
    found = _applied(lambda piece: functions.searched(compiled, method, piece), [text])
    return found if method != "findall" else _of_kind(found, functions.kind_of_found(compiled))


def _substitution(context: Context, node: ast.Call, _: Any) -> Expression:
    """Compile `re.sub(pattern, replacement, text)`."""
    named = {word.arg: word.value for word in node.keywords}
    flags = _flags(context, named.pop("flags", None))
    if len(node.args) != 3 or named or flags is None:
        return context.unsupported(node, "its arguments are not those of `re`")
    pattern = functions.pattern_of(_constant_of(context, node.args[0]), flags)
    if pattern is None or not functions.is_searched(pattern, "sub"):
        return context.unsupported(node, "its pattern has no equal that columns are searched with")
    operands = [context.expression(each) for each in node.args[1:]]
    return _applied(functools.partial(functions.substituted, pattern), operands)


def _of_kind(expression: Expression, kind: str | None) -> Expression:
    return expression if expression.is_hopeless else replace(expression, kind=kind)


def _compiled_pattern(context: Context, node: ast.Call, _: Any) -> Expression:
    """Compile `re.compile(pattern, flags)` of constants: the pattern is a constant, too."""
    named = {word.arg: word.value for word in node.keywords}
    given = [*node.args, *([named["flags"]] if set(named) == {"flags"} else [])]
    if not 1 <= len(given) <= 2 or len(given) != len(node.args) + len(named):
        return context.unsupported(node, "its arguments are not those of `re`")
    flags = _flags(context, given[1] if len(given) > 1 else None)
    text = _constant_of(context, given[0])
    pattern = None if flags is None else functions.pattern_of(text, flags)
    if pattern is None:
        return context.unsupported(node, "its pattern is not a constant")
    return Expression(lambda state: state.frame.constant(pattern))


def _flags(context: Context, node: ast.expr | None) -> Any:
    """Return the flags of a pattern, `None` if they are not constants."""
    if node is None:
        return 0
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left, right = _flags(context, node.left), _flags(context, node.right)
        return None if left is None or right is None else left | right
    value = _constant_of(context, node)
    return value if type(value) in (int, re.RegexFlag) else None


def _method(context: Context, node: ast.Call, function: ast.Attribute) -> Expression:
    name = function.attr
    obstacle = _obstacle(context, node, function)
    if obstacle is not None:
        return context.unsupported(node, obstacle)
    receiver = context.expression(function.value)
    arguments = [context.expression(each) for each in node.args]
    if receiver.is_hopeless or any(argument.is_hopeless for argument in arguments):
        return HOPELESS
    if misused(context, node, receiver, "method"):
        return HOPELESS
    if name == "get" and node.args and isinstance(node.args[0], ast.Constant):
        context.reads(str(node.args[0].value))

    def evaluate(state: State) -> Value:
        owners = receiver.evaluate(state)
        values = [argument.evaluate(state) for argument in arguments]
        if len(owners) == 1 and isinstance(owners[0][1], Row):
            return _got_column(state.frame, name, values)
        return _method_called(state.frame, name, owners, values)

    return Expression(evaluate, kind=_kind_of_method(context, node, function))


def _kind_of_method(context: Context, node: ast.Call, function: ast.Attribute) -> str | None:
    """Return which list or set a method surely returns, if it returns one."""
    name, owner = function.attr, context.constant(function.value)
    if name == "findall" and type(owner) is re.Pattern:
        return functions.kind_of_found(owner)
    if owner is not MISSING or isinstance(function.value, ast.Constant):
        return "shared words" if name == "intersection" and node.args else None
    if name in ("split", "rsplit", "partition", "rpartition"):
        is_words = not node.args or literal(node.args[0]) is None
        return "words" if is_words else "parts"
    return "shared words" if name == "intersection" else None


def _obstacle(context: Context, node: ast.Call, function: ast.Attribute) -> str | None:
    """Return why a method is left to Python, as far as its code tells."""
    name, owner = function.attr, context.constant(function.value)
    if isinstance(owner, (ModuleType, type)):
        return "this call is left to Python"
    if type(owner) is re.Pattern and name in methods.OF_PATTERNS:
        why = "its pattern has no equal that columns are searched with"
        return None if functions.is_searched(owner, name) else why  # type: ignore[arg-type]
    if name not in methods.METHODS and not _is_of_constant(name, function.value):
        return f"`.{name}()` is left to Python"
    _, fewest, most = TEXT_METHODS.get(name, (None, 0, 2))
    is_known = fewest <= len(node.args) <= most
    return None if is_known else "a method with these arguments is left to Python"


def _is_of_constant(name: str, owner: ast.expr) -> bool:
    """Whether a method may be one of a constant text, which Python itself computes."""
    return name in PURE_TEXT_METHODS and isinstance(owner, (ast.Name, ast.Constant))


def _method_called(frame: Frame, name: str, owners: Value, arguments: list[Value]) -> Value:
    """Return what a method returns; its further arguments must be the same for all rows."""
    if not arguments:
        return frame.mapped(owners, lambda owner: methods.called(name, owner, []))
    if any(len(value) != 1 or value[0][0] is not frame.all for value in arguments[1:]):
        return UNDECIDED
    others = [value[0][1] for value in arguments[1:]]
    return frame.combined(
        owners, arguments[0], lambda owner, first: methods.called(name, owner, [first, *others])
    )


def _got_column(frame: Frame, name: str, arguments: list[Value]) -> Value:
    """Return `row.get(column, default)`, which is the column's value where there is one."""
    if name != "get" or "get" in frame.names or not 1 <= len(arguments) <= 2:
        return UNDECIDED
    keys = arguments[0]
    if len(keys) != 1 or not isinstance(keys[0][1], Constant):
        return UNDECIDED
    column = keys[0][1].value
    if type(column) is not str:
        return UNDECIDED
    if column in frame.names:
        return frame.restricted(frame.column(column), keys[0][0])
    return arguments[1] if len(arguments) == 2 else frame.constant(None)


_KINDS: tuple[tuple[Iterable[Any], Callable[[Context, ast.Call, Any], Expression]], ...] = (
    (REDUCTIONS, reduction),
    (functions.PATTERN_FUNCTIONS, _pattern_call),
    (times.MAKERS, _time),
    ((re.compile,), _compiled_pattern),
    ((re.sub,), _substitution),
)
"""Functions whose arguments are looked at, and what compiles a call of them."""
