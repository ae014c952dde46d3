"""Compiles constants, and tuples, lists, sets and dicts that are made of constants."""

from __future__ import annotations

import ast
from typing import Any

from labeling.engine.columns.context import HOPELESS, Context, Expression, State, literal
from labeling.engine.columns.names import MISSING
from labeling.engine.columns.values import UNDECIDED, Constant, Value


def constant(value: Any) -> Expression:
    """Return the expression that is always one object."""
    return Expression(lambda state: state.frame.constant(value))


def collection(context: Context, node: ast.Tuple | ast.List | ast.Set) -> Expression:
    """Compile a tuple, list or set of constants."""
    value = literal(node)
    if value is not MISSING and not any(map(_has_set, node.elts)):
        return constant(value)
    items = [context.expression(each) for each in node.elts]
    if any(each.is_hopeless for each in items):
        return HOPELESS
    kind = {ast.Tuple: tuple, ast.List: list, ast.Set: set}[type(node)]

    def evaluate(state: State) -> Value:
        """Return the collection of constants; other items are left to Python."""
        objects = []
        for each in items:
            value = each.evaluate(state)
            if len(value) != 1 or value[0][0] is not state.frame.all:
                return UNDECIDED
            if not isinstance(value[0][1], Constant):
                return UNDECIDED
            objects.append(value[0][1].value)
        try:
            return state.frame.constant(kind(objects))
        except TypeError:
            return UNDECIDED

    return Expression(evaluate)


def set_display(context: Context, node: ast.Set) -> Expression:
    """Leave a set to Python, but for `in`."""
    return context.unsupported(node, "in which order Python has a set of the code is not known")


def _has_set(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Set) for each in ast.walk(node))


def dict_display(context: Context, node: ast.Dict) -> Expression:
    """Compile a dict of constants."""
    value = literal(node)
    if value is not MISSING and not _has_set(node):
        return constant(value)
    keys = [MISSING if key is None else literal(key) for key in node.keys]
    values = [context.constant(each) for each in node.values]
    items = [
        literal(each) if value is MISSING else value
        for each, value in zip(node.values, values, strict=True)
    ]
    if _has_set(node) or any(
        each is MISSING or not context.is_inert(each) for each in items + keys
    ):
        return context.unsupported(node, "it is not made of constants")
    return Expression(
        lambda state: state.frame.constant(dict(zip(keys, items, strict=True))),
    )
