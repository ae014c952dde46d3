"""The bytecode of functions in one form for all versions of Python, for simple static analyses."""

from __future__ import annotations

import dis
import functools
from dataclasses import dataclass
from types import CodeType
from typing import Any

_SKIPPED = frozenset(
    {
        "CACHE",
        "COPY_FREE_VARS",
        "EXTENDED_ARG",
        "MAKE_CELL",
        "NOP",
        "NOT_TAKEN",
        "PRECALL",
        "PUSH_NULL",
        "RESUME",
    }
)
_RENAMED = {
    "LOAD_CLASSDEREF": "LOAD_DEREF",
    "LOAD_FAST_BORROW": "LOAD_FAST",
    "LOAD_FAST_CHECK": "LOAD_FAST",
    "LOAD_FROM_DICT_OR_DEREF": "LOAD_DEREF",
    "LOAD_FROM_DICT_OR_GLOBALS": "LOAD_NAME",
    "LOAD_METHOD": "LOAD_ATTR",
    "LOAD_SMALL_INT": "LOAD_CONST",
}
_PAIRS = {
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": ("LOAD_FAST", "LOAD_FAST"),
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction.

    Attributes:
        op: its name; loads of attributes and methods are both `LOAD_ATTR`.
        value: its argument: a name, a constant, or a number.
        is_target: whether a jump leads here, so that what precedes it may not have run.
    """

    op: str
    value: Any
    is_target: bool


@functools.lru_cache(maxsize=4_096)
def steps_of(code: CodeType) -> tuple[Step, ...]:
    """Return the instructions of code; those of no interest are left out, pairs are split.

    >>> [step.op for step in steps_of((lambda x: x.text).__code__)]
    ['LOAD_FAST', 'LOAD_ATTR', 'RETURN_VALUE']
    """
    steps: list[Step] = []
    is_target = False
    for instruction in dis.get_instructions(code):
        is_target = is_target or instruction.is_jump_target
        op = instruction.opname
        if op in _SKIPPED:
            continue
        if op in _PAIRS:
            first, second = _PAIRS[op]
            steps.append(Step(first, instruction.argval[0], is_target))
            steps.append(Step(second, instruction.argval[1], False))
        else:
            steps.append(Step(_RENAMED.get(op, op), instruction.argval, is_target))
        is_target = False
    return tuple(steps)


def inner_codes(code: CodeType) -> list[CodeType]:
    """Return the code of the functions, comprehensions and classes that are defined in code."""
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def used_constants(code: CodeType) -> list[tuple[int, Any]]:
    """Return the constants that code loads, and their numbers: without its docstring."""
    has_constant = frozenset(dis.hasconst)
    numbers = {
        instruction.arg
        for instruction in dis.get_instructions(code)
        if instruction.opcode in has_constant and instruction.arg is not None
    }
    return [(number, value) for number, value in enumerate(code.co_consts) if number in numbers]


def closure_of(code: CodeType, inner: CodeType, closure: dict[str, Any]) -> dict[str, Any]:
    """Return the variables from outside that code defined within other code sees.

    Args:
        code: the outer code.
        inner: code that is defined in it.
        closure: what the outer code sees.
    """
    return {
        name: closure[name]
        for name in inner.co_freevars
        if name in closure and name not in code.co_cellvars
    }
