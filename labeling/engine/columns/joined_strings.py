"""Compiles f-strings."""

from __future__ import annotations

import ast

from labeling.engine.columns.context import HOPELESS, Context, Expression, State
from labeling.engine.columns.functions import as_text
from labeling.engine.columns.operators import arithmetic
from labeling.engine.columns.values import Value


def joined_string(context: Context, node: ast.JoinedStr) -> Expression:
    """Compile an f-string."""
    parts = []
    for value in node.values:
        if isinstance(value, ast.FormattedValue):
            if value.format_spec is not None or value.conversion not in (-1, ord("s")):
                return context.unsupported(node, "formats are left to Python")
            value = value.value
            parts.append(_formatted(context.expression(value)))
        else:
            parts.append(context.expression(value))
    if any(part.is_hopeless for part in parts):
        return HOPELESS

    def evaluate(state: State) -> Value:
        joined = state.frame.constant("")
        for part in parts:
            joined = state.frame.combined(
                joined, part.evaluate(state), lambda left, right: arithmetic("Add", left, right)
            )
        return joined

    return Expression(evaluate)


def _formatted(part: Expression) -> Expression:
    if part.is_hopeless:
        return HOPELESS
    return Expression(lambda state: state.frame.mapped(part.evaluate(state), as_text))
