"""Compiles comprehensions that are reduced, such as `any(word in text for word in WORDS)`."""

from __future__ import annotations

import ast
from typing import Any

from labeling.engine.columns.compiled_comprehensions import MOST_ITEMS, Comprehension, Kind
from labeling.engine.columns.context import HOPELESS, Context, Expression, literal, misused
from labeling.engine.columns.functions import length
from labeling.engine.columns.names import MISSING
from labeling.engine.columns.reductions import listed, reduced

REDUCTIONS = (any, all, sum, len)


def reduction(context: Context, node: ast.Call, function: Any) -> Expression:
    """Compile `any(...)`, `all(...)`, `sum(...)` or `len(...)`."""
    if node.keywords or len(node.args) != 1:
        return context.unsupported(node, "this call is left to Python")
    argument = node.args[0]
    if not isinstance(argument, (ast.GeneratorExp, ast.ListComp)):
        if function is len:
            return _length(context, node, context.expression(argument))
        return context.unsupported(node, "only comprehensions are known here")
    if function is len and isinstance(argument, ast.GeneratorExp):
        return context.unsupported(node, "a generator has no length")
    compiled = _comprehension(context, argument)
    if compiled is None:
        return HOPELESS
    return Expression(lambda state: reduced(state, compiled, function))


def list_expression(context: Context, node: ast.ListComp) -> Expression:
    """Compile a list that is made of a comprehension."""
    compiled = _comprehension(context, node)
    if compiled is None:
        return HOPELESS
    of_words = compiled.items.kind == "words" or not compiled.kind.is_filter
    kind = "items" if of_words or not compiled.kind.is_closed else "characters"
    return Expression(lambda state: listed(state, compiled), kind=kind)


def _length(context: Context, node: ast.Call, operand: Expression) -> Expression:
    if operand.is_hopeless or misused(context, node, operand, "len"):
        return HOPELESS
    return Expression(lambda state: state.frame.mapped(operand.evaluate(state), length))


def _comprehension(context: Context, node: ast.GeneratorExp | ast.ListComp) -> Comprehension | None:
    """Compile a comprehension; `None` if it is undecided everywhere."""
    first = node.generators[0]
    target = target_names(first.target)
    if len(node.generators) > 1 or first.is_async or target is None:
        context.unsupported(node, "nested comprehensions are left to Python")
        return None
    items = items_of(context, first.iter)
    if misused(context, node, items, "iterate"):
        return None
    with context.hiding(target):
        conditions = tuple(map(context.expression, first.ifs))
        element = context.expression(node.elt)
        names = _variables(context, [node.elt, *first.ifs])
    container = _container(context, node.elt, target, items.kind)
    filtered = _container(context, first.ifs[0], target, items.kind) if first.ifs else None
    if items.is_hopeless or (conditions or (element,))[0].is_hopeless:
        return None
    is_of_each = items.kind in ("words", "characters") and container is None
    if is_of_each and not names <= set(target):
        context.unsupported(node, "what is asked of each item depends on other values")
        return None
    kind = Kind(
        is_lazy=isinstance(node, ast.GeneratorExp),
        is_closed=names <= set(target),
        is_filter=isinstance(node.elt, ast.Name) and (node.elt.id,) == target,
    )
    return Comprehension(target, items, conditions, element, container, filtered, kind)


def _variables(context: Context, nodes: list[ast.expr]) -> set[str]:
    names = (each.id for node in nodes for each in ast.walk(node) if isinstance(each, ast.Name))
    return {name for name in names if name in context.variables}


def _container(
    context: Context, node: ast.expr, target: tuple[str, ...], kind: str | None
) -> Expression | None:
    """Compile what follows `in`, if an expression is `item in container`."""
    if not _is_membership(node, target):
        return None
    within: ast.expr = node.comparators[0]  # type: ignore[attr-defined]  # a comparison
    is_of_sample = _is_of_sample(context, within) and kind is not None
    return None if is_of_sample else context.expression(within)


def _is_of_sample(context: Context, node: ast.expr) -> bool:
    """Whether an expression is surely no constant: `x.text`, or what a method of it returns."""
    is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    return is_method or (isinstance(node, ast.Attribute) and context.constant(node) is MISSING)


def _is_membership(node: ast.expr, target: tuple[str, ...]) -> bool:
    """Whether an element is `item in container`, with a container that is the same for all."""
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return False
    names = {each.id for each in ast.walk(node.comparators[0]) if isinstance(each, ast.Name)}
    is_item = isinstance(node.left, ast.Name) and (node.left.id,) == target
    return is_item and isinstance(node.ops[0], ast.In) and not names & set(target)


def target_names(target: ast.expr) -> tuple[str, ...] | None:
    """Return the names that an item is assigned to; `None` if it is nested."""
    if isinstance(target, ast.Name):
        return (target.id,)
    if isinstance(target, ast.Tuple) and all(isinstance(each, ast.Name) for each in target.elts):
        return tuple(each.id for each in target.elts if isinstance(each, ast.Name))
    return None


def constant_range(context: Context, node: ast.expr) -> tuple[int, ...] | None:
    """Return the numbers of `range(...)` of constants, for `in` and loops; `None` for others."""
    if not isinstance(node, ast.Call) or node.keywords or context.constant(node.func) is not range:
        return None
    bounds = [literal(each) for each in node.args]
    if not 1 <= len(bounds) <= 3 or not all(type(bound) is int for bound in bounds):
        return None
    numbers = range(*bounds) if bounds[-1] or len(bounds) < 3 else range(0)
    is_valid = len(bounds) < 3 or bounds[2] != 0
    return tuple(numbers) if is_valid and len(numbers) <= MOST_ITEMS else None


def items_of(context: Context, node: ast.expr) -> Expression:
    """Compile what a loop goes over: also the items, keys or values of a constant dict."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        owner, name = context.constant(node.func.value), node.func.attr
        if type(owner) is dict and name in ("items", "keys", "values") and not node.keywords:
            view = getattr(owner, name)
            return Expression(lambda state: state.frame.constant(tuple(view())))
    numbers = constant_range(context, node)
    if numbers is not None:
        return Expression(lambda state: state.frame.constant(numbers))
    return context.expression(node)
