"""Loops over the words or characters of a sample that are a reduction written out.

`for w in words: if test(w): return SPAM` is `if any(test(w) for w in words): return SPAM`, and
`for w in words: if test(w): n += 1` is `n += sum(1 for w in words if test(w))` where `n` is an int.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence


def search_of(node: ast.For) -> tuple[ast.Call, list[ast.stmt]] | None:
    """Return `any(...)` and the statements that follow a loop's first hit; `None` for others."""
    found = _only_if(node.body)
    if found is None or node.orelse:
        return None
    *before, last = found.body
    kept = before if isinstance(last, ast.Break) else found.body
    is_left = isinstance(last, (ast.Break, ast.Return)) and not any(map(_jumps, before))
    if not is_left or not kept or _names(kept) & _names([node.target]):
        return None
    return _reduction("any", found.test, node, []), kept


def sum_of(node: ast.For) -> tuple[ast.AugAssign, str, ast.Call] | None:
    """Return how a loop adds to a variable, its name, and `sum(...)`; `None` for others."""
    body = _without_notes(node.body)
    conditions = []
    found = _only_if(body)
    if found is not None:
        conditions, body = [found.test], found.body
    if len(body) != 1 or node.orelse or not isinstance(body[0], ast.AugAssign):
        return None
    added = body[0]
    if not isinstance(added.target, ast.Name) or not isinstance(added.op, ast.Add):
        return None
    name = added.target.id
    if name in _names([node.target, node.iter, added.value, *conditions]):
        return None
    return added, name, _reduction("sum", added.value, node, conditions)


def _reduction(name: str, element: ast.expr, node: ast.For, conditions: list[ast.expr]) -> ast.Call:
    loop = ast.comprehension(node.target, node.iter, conditions, 0)
    generator = ast.copy_location(ast.GeneratorExp(element, [loop]), node)
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [generator], []), node)


def _only_if(body: Sequence[ast.stmt]) -> ast.If | None:
    """Return the `if` without `else` that is all of a body."""
    kept = _without_notes(body)
    is_one = len(kept) == 1 and isinstance(kept[0], ast.If) and not kept[0].orelse
    return kept[0] if is_one else None  # type: ignore[return-value]  # it is an `if`


def _without_notes(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    return [
        each
        for each in body
        if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
    ]


def _jumps(node: ast.stmt) -> bool:
    jumps = (ast.Break, ast.Continue, ast.Return, ast.For, ast.While, ast.Try)
    return any(isinstance(each, jumps) for each in ast.walk(node))


def _names(nodes: Sequence[ast.AST]) -> set[str]:
    walked = (each for node in nodes for each in ast.walk(node))
    return {each.id for each in walked if isinstance(each, ast.Name)}
