"""Compiles calls: of built-in functions, methods, patterns, and the functions of the user."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from types import FunctionType
from typing import Any

from labeling.engine.columns import functions, methods
from labeling.engine.columns.comprehensions import REDUCTIONS, reduction
from labeling.engine.columns.context import HOPELESS, Context, Expression, State, literal
from labeling.engine.columns.frames import Frame
from labeling.engine.columns.names import MISSING
from labeling.engine.columns.regex_syntax import Method, rust_pattern
from labeling.engine.columns.text_methods import PURE_TEXT_METHODS, TEXT_METHODS
from labeling.engine.columns.values import UNDECIDED, Constant, Results, Row, Value


def call(context: Context, node: ast.Call) -> Expression:
    """Compile a call."""
    has_stars = any(isinstance(each, ast.Starred) for each in node.args)
    if has_stars or any(word.arg is None for word in node.keywords):
        return context.unsupported(node, "calls with * or ** are left to Python")
    function = context.constant(node.func)
    if function is MISSING:
        if isinstance(node.func, ast.Attribute) and not node.keywords:
            return _method(context, node, node.func)
        return context.unsupported(node, "what is called is not a known function")
    if any(function is each for each in REDUCTIONS):
        return reduction(context, node, function)
    if id(function) in functions.PATTERN_FUNCTIONS:
        return _pattern_call(context, node, functions.PATTERN_FUNCTIONS[id(function)])
    if function is re.compile:
        return _compiled_pattern(context, node)
    if type(function) is FunctionType and id(function) not in functions.FUNCTIONS:
        return context.inlined(node, function)
    return _function(context, node, function)


def _function(context: Context, node: ast.Call, function: Any) -> Expression:
    rule, count = functions.FUNCTIONS.get(id(function), (None, 0))
    if rule is None and isinstance(node.func, ast.Attribute) and not node.keywords:
        return _method(context, node, node.func)  # such as `PATTERN.search`
    if rule is None or node.keywords or len(node.args) != count:
        return context.unsupported(node, "this call is left to Python")
    return _applied(rule, [context.expression(each) for each in node.args])


def _applied(rule: Callable[..., Results], operands: list[Expression]) -> Expression:
    if any(operand.is_hopeless for operand in operands):
        return HOPELESS
    if len(operands) == 1:
        return Expression(lambda state: state.frame.mapped(operands[0].evaluate(state), rule))
    first, second = operands
    return Expression(
        lambda state: state.frame.combined(first.evaluate(state), second.evaluate(state), rule)
    )


def _pattern_call(context: Context, node: ast.Call, method: Method) -> Expression:
    """Compile `re.search(pattern, text, flags)`."""
    named = {str(word.arg): word.value for word in node.keywords}
    positional = dict(zip(("pattern", "string", "flags"), node.args, strict=False))
    given = {**positional, **named}
    known = len(given) == len(positional) + len(named) and len(node.args) <= 3
    if not known or not {"pattern", "string"} <= set(given) <= {"pattern", "string", "flags"}:
        return context.unsupported(node, "its arguments are not those of `re`")
    flags = _flags(context, given.get("flags"))
    pattern = context.constant(given["pattern"])
    if pattern is MISSING:
        pattern = literal(given["pattern"])
    compiled = None if flags is None else functions.pattern_of(pattern, flags)
    if compiled is None or rust_pattern(compiled, method) is None:
        return context.unsupported(node, "its pattern has no equal that columns are searched with")
    text = context.expression(given["string"])
    return _applied(lambda piece: functions.searched(compiled, method, piece), [text])


def _compiled_pattern(context: Context, node: ast.Call) -> Expression:
    """Compile `re.compile(pattern, flags)` of constants: the pattern is a constant, too."""
    named = {word.arg: word.value for word in node.keywords}
    given = [*node.args, *([named["flags"]] if set(named) == {"flags"} else [])]
    if not 1 <= len(given) <= 2 or len(given) != len(node.args) + len(named):
        return context.unsupported(node, "its arguments are not those of `re`")
    flags = _flags(context, given[1] if len(given) > 1 else None)
    text = context.constant(given[0])
    text = literal(given[0]) if text is MISSING else text
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
    value = context.constant(node)
    value = literal(node) if value is MISSING else value
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
    if name == "get" and node.args and isinstance(node.args[0], ast.Constant):
        context.reads(str(node.args[0].value))

    def evaluate(state: State) -> Value:
        owners = receiver.evaluate(state)
        values = [argument.evaluate(state) for argument in arguments]
        if len(owners) == 1 and isinstance(owners[0][1], Row):
            return _got_column(state.frame, name, values)
        return _method_called(state.frame, name, owners, values)

    return Expression(evaluate)


def _obstacle(context: Context, node: ast.Call, function: ast.Attribute) -> str | None:
    """Return why a method is left to Python, as far as its code tells."""
    name, owner = function.attr, context.constant(function.value)
    if type(owner) is re.Pattern and name in ("search", "match", "fullmatch"):
        written = rust_pattern(owner, name)  # type: ignore[arg-type]  # one of three
        why = "its pattern has no equal that columns are searched with"
        return why if written is None else None
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
