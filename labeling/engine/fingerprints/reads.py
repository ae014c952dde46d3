"""Which columns a labeling function reads, as far as its bytecode shows."""

from __future__ import annotations

import operator
from types import CodeType, FunctionType, ModuleType
from typing import Any, cast

from labeling.engine.fingerprints.bytecode import Step, inner_codes, steps_of
from labeling.engine.fingerprints.libraries import module_of_function, origin_of
from labeling.records import LabelingFunction

_KINDS = frozenset(
    f"labeling.functions.{name}"
    for name in (
        "text_patterns",
        "lookups",
        "crowds",
        "classifiers",
        "span_texts",
        "span_records",
    )
)
"""Modules whose labeling functions read the columns that they declare, and no others."""

_CONDITIONS = "labeling.functions.conditions"

_SIMPLE = frozenset(("LOAD_CONST", "LOAD_FAST", "LOAD_DEREF", "LOAD_GLOBAL"))
"""Steps that push one value and do nothing else."""
_CALLS = frozenset(("CALL", "CALL_FUNCTION"))
_FETCHERS = (getattr, hasattr)
_LOOKERS = frozenset(
    ("eval", "exec", "locals", "vars", "dir", "currentframe", "stack", "_getframe", "f_locals")
)
"""Names of what can find the row without loading its variable."""
_MOST_ARGUMENTS = 8


def columns_of(lf: LabelingFunction) -> frozenset[str] | None:
    """Return the columns that a labeling function reads; `None` where it may read any.

    A function whose row is used as `x.name`, `x["name"]`, `x.get("name")` or `helper(x)` reads just
    these columns; of `helper` the same must hold.

    >>> columns_of(LabelingFunction("a", lambda x: x.n > 2 and "http" in x["text"])) == {
    ...     "n",
    ...     "text",
    ... }
    True
    >>> columns_of(LabelingFunction("b", lambda x: str(x))) is None
    True
    """
    read: set[str] = set()
    for preprocess in lf.pre:
        declared = getattr(preprocess, "readers", None)
        if declared is not None and type(preprocess).__module__.startswith("labeling."):
            read.update(declared)
        elif not _adds_columns(preprocess, read, returns_row=True):
            return None
    function: Any = lf.function if lf.batch is None else lf.batch
    module = getattr(function, "__globals__", {}).get("__name__")
    if module == _CONDITIONS:
        return frozenset({*read, *lf.reads}) if _condition_is_clear(function, read) else None
    if module in _KINDS:
        return frozenset({*read, *lf.reads})
    if lf.batch is not None or not _adds_columns(function, read, returns_row=False):
        return None
    return frozenset(read)


def _adds_columns(function: Any, read: set[str], *, returns_row: bool) -> bool:
    """Add the columns that a function reads of its first argument; return whether all are known."""
    if not isinstance(function, FunctionType):
        return False
    return _Reader(read).function_is_clear(function, 0, returns_row=returns_row)


def _condition_is_clear(function: FunctionType, read: set[str]) -> bool:
    """Add the columns that a search reads; return whether all are known."""
    values = [cell.cell_contents for cell in function.__closure__ or ()]
    if function.__code__.co_qualname.startswith("where."):  # a function of the user's on the row
        return all(
            _adds_columns(value, read, returns_row=False) for value in values if callable(value)
        )
    for value in values:
        if isinstance(value, (operator.attrgetter, operator.itemgetter)):
            read.update(map(str, value.__reduce__()[1]))
    inner = [value for value in values if isinstance(value, FunctionType)]
    return all(
        _condition_is_clear(value, read)
        for value in inner
        if value.__globals__.get("__name__") == _CONDITIONS
    )


class _Reader:
    """Collects the columns that functions read of a row."""

    def __init__(self, read: set[str]) -> None:
        self.read = read
        self._visited: set[tuple[CodeType, int]] = set()

    def function_is_clear(
        self, function: FunctionType, position: int, *, returns_row: bool = False
    ) -> bool:
        """Return whether all columns are known that a function reads of one of its arguments."""
        code = function.__code__
        if position >= code.co_argcount:
            return False
        if (code, position) in self._visited:
            return True
        self._visited.add((code, position))
        return self._code_is_clear(code, code.co_varnames[position], function, returns_row)

    def _code_is_clear(
        self, code: CodeType, row: str, function: FunctionType, returns_row: bool
    ) -> bool:
        if not _LOOKERS.isdisjoint(code.co_names):
            return False
        steps = steps_of(code)
        is_cell = row in code.co_cellvars or row in code.co_freevars
        for position, step in enumerate(steps):
            if not _is_about(step, row):
                continue
            if step.op == "LOAD_CLOSURE" or (step.op == "LOAD_FAST" and is_cell):
                continue  # for a function inside this one, which is looked at below
            if step.op not in ("LOAD_FAST", "LOAD_DEREF"):
                return False  # it is assigned
            if not self._use_is_clear(steps, position, function, returns_row):
                return False
        return all(
            self._code_is_clear(inner, row, function, False)
            for inner in inner_codes(code)
            if row in inner.co_freevars
        )

    def _use_is_clear(
        self, steps: tuple[Step, ...], position: int, function: FunctionType, returns_row: bool
    ) -> bool:
        """Return whether it is known which column is read where a row is loaded."""
        following = [*steps[position + 1 : position + 5], *[Step("END", None, False)] * 4]
        if following[0].is_target:
            return False
        if following[0].op == "LOAD_ATTR":
            return self._attribute_is_clear(following)
        if _is_name(following[0]) and _is_subscript(following[1]):
            self.read.add(following[0].value)
            return not following[1].is_target
        if returns_row and following[0].op in ("STORE_ATTR", "RETURN_VALUE"):
            return True
        return self._call_is_clear(steps, position, function)

    def _attribute_is_clear(self, following: list[Step]) -> bool:
        name = str(following[0].value)
        if name.startswith("_"):
            return False
        self.read.add(name)
        if name != "get":
            return True
        # x.get("name") or x.get("name", default)
        if not _is_name(following[1]) or any(step.is_target for step in following[1:4]):
            return False
        self.read.add(following[1].value)
        if following[2].op in _CALLS:
            return bool(following[2].value == 1)
        is_simple = following[2].op in _SIMPLE
        return is_simple and following[3].op in _CALLS and following[3].value == 2

    def _call_is_clear(
        self, steps: tuple[Step, ...], position: int, function: FunctionType
    ) -> bool:
        """Return whether a row is an argument of a function of the user's that is clear too."""
        end = position + 1
        while end < len(steps) and steps[end].op in _SIMPLE and not steps[end].is_target:
            end += 1
        if end >= len(steps) or steps[end].op not in _CALLS or steps[end].is_target:
            return False
        count = steps[end].value
        before = count - (end - position)
        start = position - before
        if not 0 <= before <= _MOST_ARGUMENTS or start < 1:
            return False
        between = steps[start:position]
        if any(step.op not in _SIMPLE or step.is_target for step in between):
            return False
        called = _called(steps, start - 1, function)
        if called in _FETCHERS and before == 0 and _is_name(steps[position + 1]):
            self.read.add(steps[position + 1].value)
            return not str(steps[position + 1].value).startswith("_")
        if not isinstance(called, FunctionType) or origin_of(module_of_function(called)) != "user":
            return False
        return self.function_is_clear(called, before)


def _is_about(step: Step, row: str) -> bool:
    """Whether a step has to do with the local variable of the row."""
    is_local = "FAST" in step.op or "DEREF" in step.op or step.op == "LOAD_CLOSURE"
    return is_local and (step.value == row or (isinstance(step.value, tuple) and row in step.value))


def _is_name(step: Step) -> bool:
    return step.op == "LOAD_CONST" and isinstance(step.value, str)


def _is_subscript(step: Step) -> bool:
    return step.op == "BINARY_SUBSCR" or (step.op == "BINARY_OP" and step.value == 26)


def _called(steps: tuple[Step, ...], position: int, function: FunctionType) -> Any:
    """Return the function that a call finds under a global name, or in a module; else `None`."""
    step = steps[position]
    if steps[position + 1].is_target:
        return None
    if step.op == "LOAD_GLOBAL":
        builtins: dict[str, Any] = cast(Any, function).__builtins__
        return function.__globals__.get(step.value, builtins.get(step.value))
    if step.op == "LOAD_ATTR" and position and not step.is_target:
        module = _called(steps, position - 1, function)
        if isinstance(module, ModuleType):
            return vars(module).get(step.value)
    return None
