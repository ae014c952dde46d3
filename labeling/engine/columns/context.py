"""What compiled expressions and statements are made of, and what they run in."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from labeling.engine.columns.frames import Frame
from labeling.engine.columns.names import MISSING
from labeling.engine.columns.texts import Mask
from labeling.engine.columns.values import UNDECIDED, Bools, Value, truth


@dataclass(slots=True)
class State:
    """A run of a function over a batch.

    Attributes:
        frame: the batch.
        locals: the values of the local variables.
        active: the rows that get to the expression or statement that is evaluated.
        returned: the values returned so far, each with its rows.
        left: the rows that left the innermost loop by `break`.
        skipped: the rows that left its statements by `continue`.
    """

    frame: Frame
    locals: dict[str, Value]
    active: Mask
    returned: list[tuple[Mask, Value]] = field(default_factory=list)
    left: Mask | None = None
    skipped: Mask | None = None

    @contextmanager
    def only(self, rows: Mask) -> Iterator[None]:
        """Evaluate what only these of the active rows get to."""
        before = self.active
        self.active = self.frame.both(before, rows)
        try:
            yield
        finally:
            self.active = before

    def assign(self, name: str, value: Value) -> None:
        """Assign a local variable on the active rows; undecided rows lose it."""
        frame, old = self.frame, self.locals.get(name, UNDECIDED)
        if self.active is frame.all or not old:
            self.locals[name] = frame.restricted(value, self.active)
            return
        kept = frame.restricted(old, ~self.active)
        self.locals[name] = frame.joined((*kept, *frame.restricted(value, self.active)))

    def truth(self, value: Value) -> tuple[Mask, Mask]:
        """Return the rows on which a value is certainly true, and certainly false."""
        frame = self.frame
        if len(value) == 1 and value[0][0] is frame.all and isinstance(value[0][1], Bools):
            return value[0][1].values, ~value[0][1].values
        true, false = frame.none, frame.none
        for rows, piece in value:
            valid, is_true = truth(piece)
            if is_true is None:
                continue
            known = rows if valid is None else frame.both(rows, valid)
            if isinstance(is_true, bool):
                true, false = (true | known, false) if is_true else (true, false | known)
            else:
                true, false = true | (known & is_true), false | (known & ~is_true)
        return true, false


Evaluate = Callable[[State], Value]


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression.

    Attributes:
        evaluate: returns its value on a batch.
        is_hopeless: whether it is undecided on every row of every batch.
        kind: which list of a sample's it is, a key of `LISTS`, if that is certain.
    """

    evaluate: Evaluate
    is_hopeless: bool = False
    kind: str | None = None


HOPELESS = Expression(lambda state: UNDECIDED, is_hopeless=True)


Use = Literal["compare", "compute", "in", "index", "iterate", "len", "method"]

LISTS: dict[str, frozenset[Use]] = {
    "words": frozenset({"in", "index", "iterate", "len"}),
    "parts": frozenset({"in", "index", "len"}),
    "characters": frozenset({"iterate", "len"}),
    "items": frozenset({"len"}),
    "set of words": frozenset({"in", "compute", "method"}),
    "shared words": frozenset({"len"}),
}
"""Lists and sets that each sample has its own of, and what columns know to do with them."""


def misused(context: Context, node: ast.AST, operand: Expression, use: Use) -> bool:
    """Whether columns surely do not know a use of an expression; record it if so."""
    if operand.kind is None or use in LISTS[operand.kind]:
        return False
    context.unsupported(node, "this use of a list or set of each sample is left to Python")
    return True


def literal(node: ast.expr) -> Any:
    """Return the value of an expression of literals, or `MISSING`."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return MISSING


class Context(Protocol):
    """What compiles the parts of an expression."""

    hidden: frozenset[str]
    """The variables of the comprehensions around the expression."""

    @property
    def variables(self) -> frozenset[str]:
        """The names of local variables, those of comprehensions included."""

    def hiding(self, names: Iterable[str]) -> AbstractContextManager[None]:
        """Compile what is inside a comprehension with these variables."""

    def expression(self, node: ast.expr) -> Expression:
        """Compile an expression."""

    def constant(self, node: ast.expr) -> Any:
        """Return the object that an expression always refers to, or `MISSING`."""

    def is_inert(self, value: Any) -> bool:
        """Whether columns know a constant; record it if using it may change something."""

    def changes(self, node: ast.AugAssign) -> None:
        """Record whether an assignment may change an object in place."""

    def unsupported(self, node: ast.AST, why: str) -> Expression:
        """Record that an expression is left to Python, and why."""

    def inlined(self, node: ast.Call, function: Any) -> Expression:
        """Compile a call of a plain function by its body."""

    def learn(self, name: str, kind: str | None) -> None:
        """Record which list a local variable is."""

    def kind_of(self, name: str) -> str | None:
        """Return which list a local variable is, if that is certain."""

    def imports(self, node: ast.Import, name: str) -> bool:
        """Record that a local name is a module; return whether that is certain."""

    def reads(self, column: str) -> None:
        """Record that a column is read."""


Handlers = Mapping[type, Callable[[Context, Any], Expression]]
