"""Compiles expressions of a labeling function to functions of a batch."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from labeling.engine.columns.call_expressions import call
from labeling.engine.columns.comprehensions import constant_range, list_expression
from labeling.engine.columns.context import (
    HOPELESS,
    Context,
    Expression,
    Handlers,
    State,
    Use,
    literal,
    misused,
)
from labeling.engine.columns.displays import collection, constant, dict_display, set_display
from labeling.engine.columns.frames import Frame
from labeling.engine.columns.items import item
from labeling.engine.columns.joined_strings import joined_string
from labeling.engine.columns.names import MISSING
from labeling.engine.columns.operators import (
    NONE,
    arithmetic,
    compare,
    contained,
    folded,
    identical,
    negated,
)
from labeling.engine.columns.text_methods import part_of
from labeling.engine.columns.texts import COMPARISONS, Text
from labeling.engine.columns.times import FIELDS, field
from labeling.engine.columns.values import (
    UNDECIDED,
    Bools,
    Constant,
    Masks,
    Part,
    Piece,
    Results,
    Row,
    Value,
)
from labeling.engine.columns.word_sets import both

Evaluate = Callable[[State], Value]


def _constant(context: Context, node: ast.Constant) -> Expression:
    return constant(node.value)


def _known(context: Context, node: ast.expr, value: Any) -> Expression:
    if context.is_inert(value):
        return constant(value)
    return context.unsupported(node, f"columns know nothing of a {type(value).__name__}")


def _name(context: Context, node: ast.Name) -> Expression:
    value = context.constant(node)
    if value is not MISSING:
        return _known(context, node, value)
    name = node.id
    if name not in context.variables:
        return context.unsupported(node, "it is not a variable that can be read")
    return Expression(lambda state: state.locals.get(name, UNDECIDED), kind=context.kind_of(name))


def _attribute(context: Context, node: ast.Attribute) -> Expression:
    value = context.constant(node)
    if value is not MISSING:
        return _known(context, node, value)
    owner, name = context.expression(node.value), node.attr
    if name.startswith("_"):
        return context.unsupported(node, "names with an underscore are not those of columns")
    if isinstance(node.value, _NO_ROWS) and name not in FIELDS:
        return context.unsupported(node, "this attribute is left to Python")
    if isinstance(node.value, ast.Name):
        context.reads(name)
    return _of_one(owner, lambda frame, piece: _attribute_of(frame, piece, name))


_NO_ROWS = (ast.Attribute, ast.Subscript, ast.BinOp)


def _attribute_of(frame: Frame, piece: Piece, name: str) -> Value:
    if isinstance(piece, Row):
        return frame.column(name)
    return frame.mapped(frame.whole(piece), lambda times: field(name, times))


def _of_one(operand: Expression, function: Callable[[Frame, Piece], Value]) -> Expression:
    """Return an expression of the pieces of another, by a function that returns a value."""
    if operand.is_hopeless:
        return HOPELESS

    def evaluate(state: State) -> Value:
        frame = state.frame
        parts: list[Part] = []
        for rows, piece in operand.evaluate(state):
            parts += frame.restricted(function(frame, piece), rows)
        return frame.joined(parts)

    return Expression(evaluate)


def _subscript(context: Context, node: ast.Subscript) -> Expression:
    value = context.constant(node)
    if value is not MISSING:
        return _known(context, node, value)
    owner = context.expression(node.value)
    is_slice = isinstance(node.slice, ast.Slice)
    if misused(context, node, owner, "compute" if is_slice else "index"):
        return HOPELESS
    if isinstance(node.slice, ast.Slice):
        return _sliced(context, owner, node.slice)
    key = context.expression(node.slice)
    if owner.is_hopeless or key.is_hopeless:
        return HOPELESS
    if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        context.reads(node.slice.value)

    def evaluate(state: State) -> Value:
        frame, owners, keys = state.frame, owner.evaluate(state), key.evaluate(state)
        if len(owners) == 1 and isinstance(owners[0][1], Row):
            return _column_at(frame, keys)
        return frame.combined(owners, keys, item)

    return Expression(evaluate)


def _column_at(frame: Frame, keys: Value) -> Value:
    if len(keys) != 1 or not isinstance(keys[0][1], Constant):
        return UNDECIDED
    name = keys[0][1].value
    return frame.restricted(frame.column(name), keys[0][0]) if type(name) is str else UNDECIDED


def _sliced(context: Context, owner: Expression, node: ast.Slice) -> Expression:
    bounds = [
        None if bound is None else literal(bound) for bound in (node.lower, node.upper, node.step)
    ]
    if owner.is_hopeless or MISSING in bounds:
        return context.unsupported(node, "its bounds are not constants")
    index = slice(*bounds)

    def of_piece(piece: Piece) -> Results:
        if isinstance(piece, Text):
            return part_of(piece, index)
        if isinstance(piece, Constant) and type(piece.value) in (str, tuple, list):
            return folded(lambda value: value[index], piece.value)
        return NONE

    return Expression(lambda state: state.frame.mapped(owner.evaluate(state), of_piece))


def _bool_op(context: Context, node: ast.BoolOp) -> Expression:
    operands = [context.expression(value) for value in node.values]
    if operands[0].is_hopeless:
        return HOPELESS
    stops_at = isinstance(node.op, ast.Or)

    def evaluate(state: State) -> Value:
        value = operands[0].evaluate(state)
        for operand in operands[1:]:
            value = _chained(state, value, operand, stops_at)
        return value

    return Expression(evaluate)


def _chained(state: State, value: Value, operand: Expression, stops_at: bool) -> Value:
    """Return `value and operand`, or `value or operand` if it stops at what is true."""
    frame = state.frame
    true, false = state.truth(value)
    going, stopping = (false, true) if stops_at else (true, false)
    with state.only(going):
        rest = operand.evaluate(state) if state.active.any() else UNDECIDED
    if _is_bools(value) and _is_bools(rest):
        (rows, first), (other_rows, second) = value[0], rest[0]
        merge = np.bitwise_or if stops_at else np.bitwise_and
        merged = Bools(merge(first.values, second.values))  # type: ignore[union-attr]  # bools
        decided = rows if other_rows is frame.all else rows & (stopping | other_rows)
        return ((decided, merged),) if decided.any() else UNDECIDED
    return _both_sides(frame, frame.restricted(value, stopping), frame.restricted(rest, going))


def _is_bools(value: Value) -> bool:
    return len(value) == 1 and isinstance(value[0][1], Bools)


def _both_sides(frame: Masks, first: Value, second: Value) -> Value:
    return frame.joined((*first, *second))


def _if_expression(context: Context, node: ast.IfExp) -> Expression:
    test, body, orelse = map(context.expression, (node.test, node.body, node.orelse))
    if test.is_hopeless or (body.is_hopeless and orelse.is_hopeless):
        return HOPELESS

    def evaluate(state: State) -> Value:
        frame = state.frame
        true, false = state.truth(test.evaluate(state))
        parts: Value = ()
        for rows, branch in ((true, body), (false, orelse)):
            with state.only(rows):
                if state.active.any():
                    parts += frame.restricted(branch.evaluate(state), rows)
        return frame.joined(parts)

    return Expression(evaluate)


def _unary(context: Context, node: ast.UnaryOp) -> Expression:
    operand = context.expression(node.operand)
    if operand.is_hopeless:
        return HOPELESS
    if isinstance(node.op, ast.Not):

        def evaluate(state: State) -> Value:
            true, false = state.truth(operand.evaluate(state))
            decided = true | false
            return ((decided, Bools(false)),) if decided.any() else UNDECIDED

        return Expression(evaluate)
    kind = type(node.op).__name__
    if kind == "Invert":
        return context.unsupported(node, "`~` is left to Python")
    return Expression(
        lambda state: state.frame.mapped(
            operand.evaluate(state), lambda piece: negated(kind, piece)
        )
    )


def _binary(context: Context, node: ast.BinOp) -> Expression:
    left, right = context.expression(node.left), context.expression(node.right)
    kind = type(node.op).__name__
    if left.is_hopeless or right.is_hopeless:
        return HOPELESS
    if any(misused(context, node, operand, "compute") for operand in (left, right)):
        return HOPELESS
    if kind not in ("Add", "Sub", "Mult", "Div", "Mod", "FloorDiv", "BitAnd"):
        return context.unsupported(node, "this operator is left to Python")
    rule = both if kind == "BitAnd" else functools.partial(arithmetic, kind)
    is_shared = kind == "BitAnd" and "set of words" in (left.kind, right.kind)
    return Expression(
        lambda state: state.frame.combined(left.evaluate(state), right.evaluate(state), rule),
        kind="shared words" if is_shared else None,
    )


def _compare(context: Context, node: ast.Compare) -> Expression:
    comparators = zip(node.ops, node.comparators, strict=True)
    operands = [context.expression(node.left), *(_compared(context, *each) for each in comparators)]
    if operands[0].is_hopeless or operands[1].is_hopeless:
        return HOPELESS
    if _compares_lists(context, node, operands):
        return HOPELESS
    rules = [_comparison(type(operator).__name__) for operator in node.ops]

    def evaluate(state: State) -> Value:
        left, right = operands[0].evaluate(state), operands[1].evaluate(state)
        value = state.frame.combined(left, right, rules[0])
        for rule, operand in zip(rules[1:], operands[2:], strict=True):
            left = right
            true, false = state.truth(value)
            with state.only(true):
                right = operand.evaluate(state)
            further = state.frame.restricted(state.frame.combined(left, right, rule), true)
            value = _both_sides(state.frame, state.frame.restricted(value, false), further)
        return value

    return Expression(evaluate)


def _compares_lists(context: Context, node: ast.Compare, operands: list[Expression]) -> bool:
    """Whether the first comparison is one of a list or set that columns do not know."""
    operator, (left, right, *_) = node.ops[0], operands
    if isinstance(operator, (ast.Is, ast.IsNot)):
        return False
    use: Use = "in" if isinstance(operator, (ast.In, ast.NotIn)) else "compare"
    return misused(context, node, left, "compare") or misused(context, node, right, use)


def _compared(context: Context, operator: ast.cmpop, node: ast.expr) -> Expression:
    """Compile what something is compared with; the order of a set does not matter to `in`."""
    if not isinstance(operator, (ast.In, ast.NotIn)):
        return context.expression(node)
    if isinstance(node, ast.Set):
        return collection(context, node)
    items = constant_range(context, node)
    return context.expression(node) if items is None else constant(items)


def _comparison(kind: str) -> Callable[[Piece, Piece], Results]:
    if kind in COMPARISONS:
        return lambda left, right: compare(kind, left, right)
    rule = contained if kind in ("In", "NotIn") else identical
    if kind in ("In", "Is"):
        return rule
    return lambda left, right: tuple(
        (valid, _opposite(result)) for valid, result in rule(left, right)
    )


def _opposite(piece: Piece) -> Piece:
    return Bools(~piece.values) if isinstance(piece, Bools) else Constant(not piece.value)  # type: ignore[union-attr]  # bools


def _named(context: Context, node: ast.NamedExpr) -> Expression:
    value, name = context.expression(node.value), node.target.id
    if context.hidden:
        return context.unsupported(node, "`:=` in a comprehension is left to Python")

    def evaluate(state: State) -> Value:
        assigned = value.evaluate(state)
        state.assign(name, assigned)
        return assigned

    return Expression(evaluate, value.is_hopeless)


HANDLERS: Handlers = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.BoolOp: _bool_op,
    ast.IfExp: _if_expression,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.NamedExpr: _named,
    ast.JoinedStr: joined_string,
    ast.Tuple: collection,
    ast.List: collection,
    ast.Set: set_display,
    ast.Dict: dict_display,
    ast.Call: call,
    ast.ListComp: list_expression,
}
"""By the kind of node; others are left to Python."""
