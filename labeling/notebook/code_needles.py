"""The texts and regular expressions in a plain labeling function's code, which it may search for.

The code is read, never run. What a text in the code is for is told from the instructions around it:
what is returned, names a column, or is given to `split` or `join` is not searched for.
"""

from __future__ import annotations

import dis
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any

from labeling.records import LabelingFunction, location_of_function

PATTERN_METHODS = frozenset(
    ("search", "match", "fullmatch", "findall", "finditer", "compile", "sub", "subn")
)
AT_START = frozenset(("match", "fullmatch"))
NOT_SEARCHED = frozenset(
    (
        "split",
        "rsplit",
        "splitlines",
        "join",
        "strip",
        "lstrip",
        "rstrip",
        "replace",
        "encode",
        "decode",
        "format",
        "translate",
        "maketrans",
        "partition",
        "rpartition",
        "removeprefix",
        "removesuffix",
        "normalize",
        "zfill",
        "ljust",
        "rjust",
    )
)
LOWERING = frozenset(("lower", "casefold", "upper"))
MOST_WORDS = 10_000
LONGEST = 200  # characters of a text that may be a word
DEEPEST = 3  # functions that call functions


@dataclass(frozen=True, slots=True)
class Needles:
    """What a function may search a text for.

    Attributes:
        words: found anywhere, as `in` does.
        tokens: found as whole words; in lower case where case is ignored.
        patterns: regular expressions, and whether each must match at the start of the text.
        ignores_case: whether the function changes the case of a text.
    """

    words: tuple[str, ...] = ()
    tokens: frozenset[str] = frozenset()
    patterns: tuple[tuple[re.Pattern[str], bool], ...] = ()
    ignores_case: bool = False


@dataclass(slots=True)
class _Reading:
    """What was found so far."""

    ignored: frozenset[str]
    labels: frozenset[str]
    words: dict[str, None] = field(default_factory=dict)
    tokens: dict[str, None] = field(default_factory=dict)
    patterns: dict[tuple[str, int, bool], None] = field(default_factory=dict)
    ignores_case: bool = False
    seen: set[int] = field(default_factory=set)


def needles_of(lf: LabelingFunction, columns: Collection[object], labels: Iterable[str]) -> Needles:
    """Return what a plain labeling function may search a text for.

    Args:
        lf: the labeling function.
        columns: of the samples; their names are not searched for.
        labels: of the schema; they are searched for only where the code compares them.

    >>> lf = LabelingFunction("link", lambda x: "HTTP" in x.text or "www." in x.text)
    >>> needles_of(lf, ["text"], ["ham", "spam"]).words
    ('HTTP', 'www.')
    """
    names = frozenset(str(column) for column in columns)
    reading = _Reading(names, frozenset(labels))
    for function in (lf.function, *lf.pre):
        _read_function(function, reading, DEEPEST)
    for value in lf.resources.values():
        _read_value(value, reading, DEEPEST)
    return _gathered(reading)


def _gathered(reading: _Reading) -> Needles:
    is_lower = reading.ignores_case
    patterns = []
    for source, flags, is_at_start in reading.patterns:
        try:
            pattern = re.compile(source, flags | (re.IGNORECASE if is_lower else 0))
        except (re.error, ValueError, OverflowError, RecursionError):
            continue  # the function raised there, too, or the text is no pattern
        patterns.append((pattern, is_at_start))
    tokens = frozenset(token.lower() if is_lower else token for token in reading.tokens)
    return Needles(tuple(reading.words), tokens, tuple(patterns), is_lower)


def _read_function(function: object, reading: _Reading, depth: int) -> None:
    """Read a function of the user, and what it uses; functions of packages are left alone."""
    function = getattr(function, "__wrapped__", function)
    if not isinstance(function, FunctionType) or id(function) in reading.seen or depth == 0:
        return
    reading.seen.add(id(function))
    if not location_of_function(function):
        return
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for value in defaults:
        _read_value(value, reading, depth)
    for cell in function.__closure__ or ():
        try:
            _read_value(cell.cell_contents, reading, depth)
        except ValueError:  # it is empty yet
            continue
    _read_code(function.__code__, function.__globals__, reading, depth)


def _read_code(code: CodeType, variables: dict[str, Any], reading: _Reading, depth: int) -> None:
    method = ""  # the method or function that the next constants are given to
    instructions = list(dis.get_instructions(code))
    flags = _regex_flags(code)
    for number, instruction in enumerate(instructions):
        kind, value = instruction.opname, instruction.argval
        if kind in ("LOAD_METHOD", "LOAD_ATTR"):
            method = value
            reading.ignores_case |= value in LOWERING
        elif kind in ("LOAD_GLOBAL", "LOAD_NAME"):
            method = value if value in PATTERN_METHODS else method
            _read_value(variables.get(value), reading, depth)
        elif kind.startswith("CALL"):
            method = ""
        elif kind == "LOAD_CONST":
            if isinstance(value, CodeType):
                _read_code(value, variables, reading, depth)
                continue
            if not _is_for_another_use(value, _next(instructions, number), reading):
                _read_constant(value, method, flags, reading)


def _next(instructions: list[dis.Instruction], number: int) -> dis.Instruction:
    """Return the instruction that is run after another one, behind jumps."""
    following = instructions[min(number + 1, len(instructions) - 1)]
    if following.opname != "JUMP_FORWARD":
        return following
    targets = (other for other in instructions if other.offset == following.argval)
    return next(targets, following)


def _regex_flags(code: CodeType) -> int:
    names = {name for name in code.co_names if name.isupper()}
    flags = {"I", "IGNORECASE"} & names and re.IGNORECASE
    return int(flags or 0) | (re.DOTALL if {"S", "DOTALL"} & names else 0)


def _is_for_another_use(value: object, following: dis.Instruction, reading: _Reading) -> bool:
    """Return whether a constant is returned, a key, or a label that is kept for later."""
    kind = following.opname
    if kind == "RETURN_VALUE" or kind == "BINARY_SUBSCR":
        return True
    if kind == "BINARY_OP" and "[" in following.argrepr:
        return True
    return kind.startswith("STORE") and isinstance(value, str) and value in reading.labels


def _read_constant(value: object, method: str, flags: int, reading: _Reading) -> None:
    if method in NOT_SEARCHED:
        return
    if not isinstance(value, str):
        _read_value(value, reading, 1)
    elif method in PATTERN_METHODS:
        reading.patterns[value, flags, method in AT_START] = None
    elif method in ("startswith", "endswith") and _is_word(value, reading):
        escaped = re.escape(value)
        is_start = method == "startswith"
        source = rf"\s*{escaped}" if is_start else rf"{escaped}\s*\Z"
        reading.patterns[source, 0, is_start] = None
    elif _is_word(value, reading):
        reading.words[value] = None


def _read_value(value: object, reading: _Reading, depth: int) -> None:
    """Read a variable: a text, a pattern, a collection of texts, or a function."""
    kind = type(value)  # subclasses may run code of their own
    if kind is str:
        if value not in reading.labels and _is_word(value, reading):
            reading.words[str(value)] = None
    elif isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            reading.patterns[value.pattern, value.flags & ~re.UNICODE, False] = None
    elif kind in (list, tuple, set, frozenset, dict):
        _read_collection(value, reading)
    elif kind is FunctionType:
        _read_function(value, reading, depth - 1)


def _read_collection(value: Any, reading: _Reading) -> None:
    if len(value) > MOST_WORDS:
        return
    words = [item for item in value if type(item) is str and _is_word(item, reading)]
    if isinstance(value, (list, tuple)):
        reading.words.update(dict.fromkeys(words))
        for item in value:
            if isinstance(item, re.Pattern):
                _read_value(item, reading, 1)
        return
    # What is looked up is a word of the text; a phrase is searched for.
    for word in sorted(words):
        (reading.tokens if word.isalnum() else reading.words)[word] = None


def _is_word(value: Any, reading: _Reading) -> bool:
    return bool(value.strip()) and len(value) <= LONGEST and value not in reading.ignored
