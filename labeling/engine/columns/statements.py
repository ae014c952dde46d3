"""Compiles statements of a labeling function; every row takes one way through them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from labeling.engine.columns.compiled_comprehensions import MOST_ITEMS, bound, constant_items
from labeling.engine.columns.comprehensions import items_of, reduction, target_names
from labeling.engine.columns.context import Context, Expression, State
from labeling.engine.columns.items import unpacked
from labeling.engine.columns.loops import search_of, sum_of
from labeling.engine.columns.names import MISSING
from labeling.engine.columns.operators import arithmetic, as_integers
from labeling.engine.columns.texts import Mask
from labeling.engine.columns.values import UNDECIDED, Constant, Piece, Results, Value

Step = Callable[[State], None]
"""Runs a statement on the active rows of a state; those that go on stay active."""


@dataclass(frozen=True, slots=True)
class Block:
    """Compiled statements.

    Attributes:
        steps: one a statement.
        goes_on: whether any row may get past them.
        answers: whether any row may return a decided value in them.
    """

    steps: tuple[Step, ...]
    goes_on: bool
    answers: bool

    def run(self, state: State) -> None:
        """Run the statements on the active rows."""
        for step in self.steps:
            if not state.active.any():
                return
            step(state)


NOTHING = Block((), goes_on=True, answers=False)


class Handler(Protocol):
    """Compiles one kind of statement."""

    def __call__(self, context: Context, node: Any) -> Block:
        """Return the compiled statement."""


def block(context: Context, nodes: Sequence[ast.stmt]) -> Block:
    """Compile statements that follow each other.

    Those after one that no row gets past are compiled to learn what they might change.
    """
    steps: list[Step] = []
    answers, goes_on = False, True
    for node in nodes:
        compiled = HANDLERS.get(type(node), _unsupported)(context, node)
        if goes_on:
            steps += compiled.steps
            answers = answers or compiled.answers
        goes_on = goes_on and compiled.goes_on
    return Block(tuple(steps), goes_on, answers)


def _unsupported(context: Context, node: ast.stmt) -> Block:
    context.unsupported(node, "this kind of statement is left to Python")
    return Block((_stop,), goes_on=False, answers=False)


def _stop(state: State) -> None:
    state.active = state.frame.none


def _return(context: Context, node: ast.Return) -> Block:
    if isinstance(node.value, ast.IfExp):  # two returns, whose constants need no column
        test, body, orelse = node.value.test, node.value.body, node.value.orelse
        return _if(context, ast.If(test, [_returning(body)], [_returning(orelse)]))
    value = context.expression(node.value or ast.Constant(None))

    def step(state: State) -> None:
        state.returned.append((state.active, value.evaluate(state)))
        state.active = state.frame.none

    return Block((step,), goes_on=False, answers=not value.is_hopeless)


def _returning(value: ast.expr) -> ast.stmt:
    return ast.copy_location(ast.Return(value), value)


def _if(context: Context, node: ast.If) -> Block:
    test = context.expression(node.test)
    return _branches(test, block(context, node.body), block(context, node.orelse))


def _branches(test: Expression, body: Block, orelse: Block) -> Block:
    if test.is_hopeless:
        return Block((_stop,), goes_on=False, answers=False)

    def step(state: State) -> None:
        before = state.active
        ends: list[Mask] = []
        for rows, branch in zip(state.truth(test.evaluate(state)), (body, orelse), strict=True):
            state.active = state.frame.both(before, rows)
            branch.run(state)
            ends.append(state.active)
        first, second = ends
        none = state.frame.none
        state.active = first if second is none else second if first is none else first | second

    return Block((step,), body.goes_on or orelse.goes_on, body.answers or orelse.answers)


def _expression(context: Context, node: ast.Expr) -> Block:
    if isinstance(node.value, ast.Constant):
        return NOTHING
    value = context.expression(node.value)
    if value.is_hopeless:
        return Block((_stop,), goes_on=False, answers=False)

    def step(state: State) -> None:
        state.active = state.active & state.frame.covered(value.evaluate(state))

    return Block((step,), goes_on=True, answers=False)


def _assign(context: Context, node: ast.Assign | ast.AnnAssign) -> Block:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return NOTHING
    if not all(isinstance(target, ast.Name) for target in targets):
        return _assign_pair(context, node, targets)
    value = context.expression(node.value)  # type: ignore[arg-type]  # not None
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    for name in names:
        context.learn(name, value.kind)
    return _assignment(value, lambda state, result: [(name, result) for name in names])


def _assign_pair(context: Context, node: Any, targets: Sequence[ast.expr]) -> Block:
    """Compile `a, b = 1, 2` and `a, b = text.split("@")`."""
    names = target_names(targets[0])
    if len(targets) != 1 or names is None:
        return _unsupported(context, node)
    if not isinstance(node.value, ast.Tuple):
        return _unpacked(names, context.expression(node.value))
    if len(node.value.elts) != len(names):
        return _unsupported(context, node)
    values = [context.expression(each) for each in node.value.elts]
    for name, value in zip(names, values, strict=True):
        context.learn(name, value.kind)
    if any(value.is_hopeless for value in values):
        return Block((_stop,), goes_on=False, answers=False)
    return Block((lambda state: _assigned(state, names, values),), goes_on=True, answers=False)


def _assigned(state: State, names: Sequence[str], values: Sequence[Expression]) -> None:
    results = [value.evaluate(state) for value in values]
    for result in results:
        state.active = state.active & state.frame.covered(result)
    for name, result in zip(names, results, strict=True):
        state.assign(name, result)


def _unpacked(names: Sequence[str], value: Expression) -> Block:
    if value.is_hopeless:
        return Block((_stop,), goes_on=False, answers=False)

    def item(place: int) -> Expression:
        rule = functools.partial(unpacked, place=place, count=len(names))
        return Expression(lambda state: state.frame.mapped(value.evaluate(state), rule))

    items = [item(place) for place in range(len(names))]
    return Block((lambda state: _assigned(state, names, items),), goes_on=True, answers=False)


def _assignment(
    value: Expression, assigned: Callable[[State, Value], list[tuple[str, Value]]]
) -> Block:
    if value.is_hopeless:
        return Block((_stop,), goes_on=False, answers=False)

    def step(state: State) -> None:
        result = value.evaluate(state)
        state.active = state.frame.both(state.active, state.frame.covered(result))
        for name, each in assigned(state, result):
            state.assign(name, each)

    return Block((step,), goes_on=True, answers=False)


def _augmented(context: Context, node: ast.AugAssign) -> Block:
    if not isinstance(node.target, ast.Name):
        return _unsupported(context, node)
    name, kind = node.target.id, type(node.op).__name__
    value = context.expression(node.value)
    context.changes(node)

    def assigned(state: State, result: Value) -> list[tuple[str, Value]]:
        before = state.locals.get(name, UNDECIDED)
        after = state.frame.combined(before, result, lambda a, b: _in_place(kind, a, b))
        state.active = state.active & state.frame.covered(after)
        return [(name, after)]

    return _assignment(value, assigned)


def _in_place(kind: str, left: Any, right: Any) -> Any:
    """Return the result of `left += right`; lists would be changed in place."""
    if isinstance(left, Constant) and isinstance(left.value, (list, set, dict)):
        return ()
    return arithmetic(kind, left, right)


def _assert(context: Context, node: ast.Assert) -> Block:
    test = context.expression(node.test)
    if node.msg is not None:  # of samples that go to Python
        context.expression(node.msg)

    def step(state: State) -> None:
        state.active = state.active & state.truth(test.evaluate(state))[0]

    return Block((_stop if test.is_hopeless else step,), not test.is_hopeless, answers=False)


def _import(context: Context, node: ast.Import) -> Block:
    """Compile `import re` inside of a function, which has long been imported."""
    if [(each.name, each.asname) for each in node.names] != [("re", None)]:
        return _unsupported(context, node)
    return NOTHING if context.imports(node, "re") else _unsupported(context, node)


def _try(context: Context, node: ast.Try) -> Block:
    """Compile what is tried: a row that is decided in it raised no error, the others are Python's.

    The handlers are compiled to learn what they might change; they run in Python only.
    """
    if node.finalbody:
        return _unsupported(context, node)
    body = block(context, node.body)
    orelse = block(context, node.orelse)
    for handler in node.handlers:
        if handler.type is not None:
            context.expression(handler.type)
        block(context, handler.body)
    if not body.goes_on:
        orelse = NOTHING
    goes_on = body.goes_on and orelse.goes_on
    return Block((*body.steps, *orelse.steps), goes_on, body.answers or orelse.answers)


def _raise(context: Context, node: ast.Raise) -> Block:
    """Leave the sample to Python; what is raised is compiled to learn what it might change."""
    for part in (node.exc, node.cause):
        error = context.constant(part.func) if isinstance(part, ast.Call) else None
        is_plain = isinstance(error, type) and error.__module__ == "builtins"
        parts = part.args if isinstance(part, ast.Call) and is_plain else [part]
        for each in parts:
            if each is not None:
                context.expression(each)
    return Block((_stop,), goes_on=False, answers=False)


def _pass(context: Context, node: ast.Pass) -> Block:
    return NOTHING


def _for(context: Context, node: ast.For) -> Block:
    """Compile a loop over constants: its statements run once for each."""
    target = target_names(node.target)
    if target is None or context.hidden:
        return _unsupported(context, node)
    items = items_of(context, node.iter)
    if items.kind is not None or isinstance(node.iter, ast.Attribute):
        of_each = _of_each_item(context, node, target)
        if of_each is not None:
            return of_each
    if items.kind is not None:
        return _unsupported(context, node)
    body, orelse = block(context, node.body), block(context, node.orelse)
    if items.is_hopeless:
        return Block((_stop,), goes_on=False, answers=False)

    def step(state: State) -> None:
        outer, state.left = state.left, state.frame.none
        before, results = state.active, items.evaluate(state)
        ends = state.frame.none
        for rows, piece in results:
            state.active = state.frame.both(before, rows)
            _loop(state, target, constant_items(piece), body)
            ends = ends | state.active
        # A `break` in `else` leaves the loop around this one.
        state.active, left, state.left = ends, state.left, outer
        orelse.run(state)
        state.active = state.active | left

    return Block((step,), goes_on=True, answers=body.answers or orelse.answers)


def _of_each_item(context: Context, node: ast.For, target: tuple[str, ...]) -> Block | None:
    """Compile a loop over the words or characters of a sample, if it searches or counts."""
    if context.constant(node.iter) is not MISSING:
        return None
    search, total = search_of(node), sum_of(node)
    if search is not None:
        found = reduction(context, search[0], any)
        loop = _branches(found, block(context, search[1]), NOTHING)
    elif total is not None:
        context.changes(total[0])
        loop = _added(total[1], reduction(context, total[2], sum))
    else:
        return None
    return Block((*loop.steps, lambda state: _forget(state, target)), loop.goes_on, loop.answers)


def _added(name: str, total: Expression) -> Block:
    def added(before: Piece, amount: Piece) -> Results:
        # To a float, numbers must be added one by one, as each sum is rounded.
        both_ints = as_integers(before) is not None and as_integers(amount) is not None
        return arithmetic("Add", before, amount) if both_ints else ()

    def assigned(state: State, result: Value) -> list[tuple[str, Value]]:
        after = state.frame.combined(state.locals.get(name, UNDECIDED), result, added)
        state.active = state.active & state.frame.covered(after)
        return [(name, after)]

    return _assignment(total, assigned)


def _forget(state: State, names: tuple[str, ...]) -> None:
    for name in names:
        state.assign(name, UNDECIDED)


def _loop(state: State, target: tuple[str, ...], items: list[Any] | None, body: Block) -> None:
    if items is None or len(items) > MOST_ITEMS:
        state.active = state.frame.none
        return
    for item in items:
        variables = bound(target, item, state.frame)
        if variables is None:
            state.active = state.frame.none
        if variables is None or not state.active.any():
            return
        for name, value in variables.items():
            state.assign(name, value)
        skipped, state.skipped = state.skipped, state.frame.none
        body.run(state)
        state.active = state.active | state.skipped
        state.skipped = skipped


def _break(context: Context, node: ast.Break) -> Block:
    def step(state: State) -> None:
        state.left = state.left | state.active  # type: ignore[operator]  # set by the loop
        state.active = state.frame.none

    return Block((step,), goes_on=False, answers=False)


def _continue(context: Context, node: ast.Continue) -> Block:
    def step(state: State) -> None:
        state.skipped = state.skipped | state.active  # type: ignore[operator]  # set by the loop
        state.active = state.frame.none

    return Block((step,), goes_on=False, answers=False)


HANDLERS: dict[type, Handler] = {
    ast.Return: _return,
    ast.If: _if,
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _assign,
    ast.AugAssign: _augmented,
    ast.Assert: _assert,
    ast.Import: _import,
    ast.Raise: _raise,
    ast.Try: _try,
    ast.Pass: _pass,
    ast.For: _for,
    ast.Break: _break,
    ast.Continue: _continue,
}
"""By the kind of statement; others are left to Python."""
