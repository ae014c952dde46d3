"""The syntax tree of a live function, proved to be the one that its bytecode was compiled from."""

from __future__ import annotations
import __future__

import ast
import functools
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType

FunctionNode = ast.FunctionDef | ast.Lambda

_FUTURE = functools.reduce(
    lambda flags, name: flags | getattr(__future__, name).compiler_flag,
    __future__.all_feature_names,
    0,
)
_NESTED = 0x10  # the only flag by which a function inside another differs
_STRANGE = 0x20 | 0x80 | 0x100 | 0x200  # generators and coroutines
_OPEN_ARGUMENTS = 0x04 | 0x08  # *args and **kwargs


class NoSourceError(Exception):
    """There is no syntax tree of a function; says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """The syntax tree of a function.

    Attributes:
        function: the function.
        node: its definition.
        body: the statements; a lambda returns its expression.
    """

    function: FunctionType
    node: FunctionNode

    @property
    def body(self) -> list[ast.stmt]:
        """The statements of the function; a lambda returns its expression."""
        if isinstance(self.node, ast.FunctionDef):
            return self.node.body
        return [ast.copy_location(ast.Return(self.node.body), self.node.body)]


def source_of(function: object) -> Source:
    """Return the syntax tree of a function.

    A tree counts only if compiling it gives the bytecode, constants and names of the function: so
    a file that was edited since its import, or another lambda of the same line, cannot pass.

    Raises:
        NoSourceError: what is given is no plain function, or no such tree is found.
    """
    if type(function) is not FunctionType:
        raise NoSourceError(f"it is a {type(function).__name__}, not a plain function")
    code = function.__code__
    if code.co_flags & _STRANGE:
        raise NoSourceError("it is a generator or a coroutine")
    if code.co_flags & _OPEN_ARGUMENTS:
        raise NoSourceError("it takes *args or **kwargs")
    lines = linecache.getlines(code.co_filename, function.__globals__)
    if not lines:
        raise NoSourceError("its source code is not at hand")
    definitions, imports = _definitions("".join(lines))
    for node in _candidates(definitions, code):
        if any(_same(compiled, code) for compiled in _compiled(node, imports, code)):
            return Source(function, node)
    if code.co_name in code.co_names:
        raise NoSourceError("it uses its own name")
    raise NoSourceError("its source code has changed since it was loaded, or is not at hand")


Definitions = tuple[tuple[int, FunctionNode], ...]


def _candidates(definitions: Definitions, code: CodeType) -> Iterator[FunctionNode]:
    """Yield the definitions that begin where the code begins."""
    for line, node in definitions:
        name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
        if line == code.co_firstlineno and name == code.co_name:
            yield node


@functools.lru_cache(maxsize=64)
def _definitions(text: str) -> tuple[Definitions, tuple[ast.stmt, ...]]:
    """Return the functions of a file by their first lines, and its imports."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return (), ()
    definitions = tuple(
        (min([node.lineno, *(each.lineno for each in _decorators(node))]), node)
        for node in ast.walk(tree)
        if isinstance(node, FunctionNode)
    )
    return definitions, tuple(_imports(tree))


def _imports(node: ast.AST) -> Iterator[ast.stmt]:
    """Yield the imports of a module; what is called on them is compiled in another way."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            if getattr(child, "module", "") != "__future__":
                yield child
        elif not isinstance(child, (ast.expr, FunctionNode, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _imports(child)


def _decorators(node: FunctionNode) -> list[ast.expr]:
    return node.decorator_list if isinstance(node, ast.FunctionDef) else []


def _compiled(
    node: FunctionNode, imports: tuple[ast.stmt, ...], code: CodeType
) -> Iterator[CodeType]:
    """Yield the code of a definition, compiled where its free variables are variables."""
    if "__class__" in code.co_freevars:
        return
    inner: ast.stmt
    if isinstance(node, ast.Lambda):
        inner = ast.Expr(node)
    else:
        inner = ast.FunctionDef(
            **{**dict(ast.iter_fields(node)), "decorator_list": [], "returns": None}
        )
    free: list[ast.stmt] = [
        ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None)) for name in code.co_freevars
    ]
    arguments = ast.arguments([], [], None, [], [], None, [])
    outer = ast.FunctionDef("outer", arguments, [*free, inner], [], None)
    if hasattr(outer, "type_params"):
        outer.type_params = []
    module = ast.fix_missing_locations(ast.Module([*imports, ast.copy_location(outer, node)], []))
    try:
        compiled = compile(
            module, code.co_filename, "exec", code.co_flags & _FUTURE, dont_inherit=True
        )
    except (SyntaxError, ValueError, RecursionError):
        return
    for outer_code in _codes_in(compiled):
        yield from (inner for inner in _codes_in(outer_code) if inner.co_name == code.co_name)


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def _same(first: CodeType, second: CodeType) -> bool:
    """Whether two codes do the same: all but where they stand is equal."""
    return (
        first.co_code == second.co_code
        and first.co_flags & ~_NESTED == second.co_flags & ~_NESTED
        and first.co_exceptiontable == second.co_exceptiontable
        and _counts(first) == _counts(second)
        and _names(first) == _names(second)
        and len(first.co_consts) == len(second.co_consts)
        and all(map(_same_constant, first.co_consts, second.co_consts))
    )


def _counts(code: CodeType) -> tuple[int, ...]:
    return code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount


def _names(code: CodeType) -> tuple[tuple[str, ...], ...]:
    return code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars


def _same_constant(first: object, second: object) -> bool:
    if isinstance(first, CodeType) and isinstance(second, CodeType):
        return _same(first, second)
    if type(first) is not type(second):
        return False
    if isinstance(first, (tuple, frozenset)) and isinstance(second, (tuple, frozenset)):
        if isinstance(first, frozenset):
            return sorted(map(_typed, first)) == sorted(map(_typed, second))
        return len(first) == len(second) and all(map(_same_constant, first, second))
    return repr(first) == repr(second)  # 0.0 and -0.0 are equal, and not the same


def _typed(value: object) -> tuple[str, str]:
    return type(value).__name__, repr(value)
