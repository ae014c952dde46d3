"""The definitions of functions and classes in their source, proved by compiling it again."""

from __future__ import annotations
import __future__

import ast
import copy
import dis
import functools
import linecache
import sys
import textwrap
from collections.abc import Hashable, Iterator
from types import CodeType, FunctionType
from typing import Any

from labeling.engine.columns.source import NoSourceError, source_of
from labeling.notebook.exporting.errors import NotExportableError

Definition = ast.FunctionDef | ast.AsyncFunctionDef

_FUTURE = functools.reduce(
    lambda flags, name: flags | getattr(__future__, name).compiler_flag,
    __future__.all_feature_names,
    0,
)
_GLOBAL_LOADS = frozenset(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"))
_GLOBAL_CHANGES = frozenset(("STORE_GLOBAL", "DELETE_GLOBAL"))
_CLOSURE_CHANGES = frozenset(("STORE_DEREF", "DELETE_DEREF"))


def definition_of(function: FunctionType) -> tuple[Definition, tuple[str, ...]]:
    """Return the definition of a function, a lambda's as a function, and the lines it stands in.

    The lines are empty where the definition was made from a lambda.

    Raises:
        NotExportableError: the source is not at hand, or was changed since.
    """
    code = function.__code__
    if code.co_name == "<lambda>":
        return _definition_of_lambda(function), ()
    linecache.checkcache(code.co_filename)  # the file may have been edited, and loaded again
    lines = tuple(linecache.getlines(code.co_filename, function.__globals__))
    if not lines:
        raise NotExportableError(
            f"the source of {function.__name__!r} is not at hand (it was made by exec, by a"
            " magic such as %%time, or at a prompt): write it in a cell of its own, or in a file"
        )
    for node in _definitions("".join(lines)):
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        is_there = first == code.co_firstlineno and node.name == code.co_name
        if is_there and _is_compiled_from("".join(lines), code):
            return node, lines
    raise NotExportableError(
        f"the source of {function.__name__!r} has changed since it was defined: run its cell again,"
        " or load its file again"
    )


def is_plain_lambda(function: FunctionType) -> bool:
    """Whether a function is a lambda without defaults and variables of functions around it."""
    has_values = function.__closure__ or function.__defaults__ or function.__kwdefaults__
    return function.__name__ == "<lambda>" and not has_values


def lambda_source(function: FunctionType) -> str:
    """Return the source of a lambda, as an expression.

    Raises:
        NotExportableError: it cannot be told.
    """
    node = _definition_of_lambda(function)
    (returned,) = node.body
    assert isinstance(returned, ast.Return)
    assert returned.value is not None
    return ast.unparse(ast.Lambda(node.args, returned.value))


def _definition_of_lambda(function: FunctionType) -> ast.FunctionDef:
    try:
        node = source_of(function).node
    except NoSourceError as error:
        raise NotExportableError(
            f"a lambda's source cannot be told ({error}): write it as a function with `def`"
        ) from None
    if isinstance(node, ast.FunctionDef):
        return node
    (made,) = ast.parse("def made(): pass").body
    assert isinstance(made, ast.FunctionDef)
    made.args, made.body = copy.deepcopy(node.args), [ast.Return(copy.deepcopy(node.body))]
    return ast.fix_missing_locations(made)


@functools.lru_cache(maxsize=256)
def _definitions(text: str) -> tuple[Definition, ...]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return tuple(node for node in ast.walk(tree) if isinstance(node, Definition))


@functools.lru_cache(maxsize=256)
def _compiled(text: str, name: str, flags: int) -> frozenset[Hashable]:
    """Return the keys of all code in a text, compiled as a whole and by statements.

    A notebook compiles each statement by itself, and calls on what the same unit imports are
    compiled in another way.
    """
    try:
        tree = ast.parse(text)
        units = [tree, *(ast.Module([statement], []) for statement in tree.body)]
        modules = [compile(unit, name, "exec", flags, dont_inherit=True) for unit in units]
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    return frozenset(_key(code) for module in modules for code in codes_in(module))


def _is_compiled_from(text: str, code: CodeType) -> bool:
    """Whether compiling a text gives this code, at this place in it."""
    return _key(code) in _compiled(text, code.co_filename, code.co_flags & _FUTURE)


def _key(code: CodeType) -> Hashable:
    """Return what makes two codes the same; `==` of Python 3.11 depends on how often they ran."""
    return (
        code.co_code,
        code.co_firstlineno,
        code.co_linetable,
        code.co_exceptiontable,
        code.co_flags,
        (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars),
        tuple(map(_constant_key, code.co_consts)),
    )


def _constant_key(constant: object) -> Hashable:
    if isinstance(constant, CodeType):
        return _key(constant)
    if isinstance(constant, tuple):
        return "tuple", tuple(map(_constant_key, constant))
    if isinstance(constant, frozenset):
        return "frozenset", frozenset(map(_constant_key, constant))
    return type(constant).__name__, repr(constant)


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """Yield code and all code inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def global_names(code: CodeType) -> list[str]:
    """Return the names that code looks up in its module, sorted.

    Raises:
        NotExportableError: it changes a variable outside of it.
    """
    names = set()
    for inner in codes_in(code):
        for step in dis.get_instructions(inner):
            if step.opname in _GLOBAL_LOADS:
                names.add(str(step.argval))
            is_outer = step.opname in _CLOSURE_CHANGES and step.argval in code.co_freevars
            if step.opname in _GLOBAL_CHANGES or is_outer:
                raise NotExportableError(
                    f"it changes the variable {step.argval!r} outside of it, so that its votes"
                    " depend on the rows before: let it return what it finds"
                )
    return sorted(names)


def written(node: Definition, lines: tuple[str, ...], name: str, changed: Definition) -> str:
    """Return a definition as source: as its author wrote it, where that means the same.

    Args:
        node: the definition as it stands in the lines.
        lines: of its file or cell.
        name: what it is called in the module.
        changed: the definition as it must be, without decorators.
    """
    if lines:
        # `name` is the only change that is made in the text, so that comments stay.
        text = "".join(lines[node.lineno - 1 : node.end_lineno]).replace("\r\n", "\n")
        head, keyword, rest = text.partition("def")
        text = textwrap.dedent(head + keyword + rest.replace(node.name, name, 1))
        try:
            parsed = ast.parse(text).body
        except SyntaxError:
            parsed = []
        if len(parsed) == 1 and ast.dump(parsed[0]) == ast.dump(changed):
            return text.rstrip() + "\n"
    return ast.unparse(ast.fix_missing_locations(changed)) + "\n"


def changed_definition(
    node: Definition, name: str, defaults: dict[str, str], bound: dict[str, str], doc: str | None
) -> Definition:
    """Return a definition under a name, without decorators, and with other defaults.

    Args:
        node: the definition.
        name: its new name.
        defaults: the source of the default of each parameter that has one.
        bound: further keyword parameters with the source of their values.
        doc: its docstring, where a decorator has given it another one.
    """
    changed = copy.deepcopy(node)
    changed.name, changed.decorator_list = name, []
    if doc is not None and ast.get_docstring(node, clean=False) is None:
        changed.body.insert(0, ast.Expr(ast.Constant(doc)))
    arguments = changed.args
    positional = [*arguments.posonlyargs, *arguments.args]
    with_default = positional[len(positional) - len(arguments.defaults) :]
    arguments.defaults = [
        _replaced(default, defaults[parameter.arg])
        for parameter, default in zip(with_default, arguments.defaults, strict=True)
    ]
    arguments.kw_defaults = [
        None if default is None else _replaced(default, defaults[parameter.arg])
        for parameter, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    for parameter_name, source in bound.items():
        arguments.kwonlyargs.append(ast.arg(parameter_name))
        arguments.kw_defaults.append(_expression(source))
    return changed


def _replaced(written_default: ast.expr, source: str) -> ast.expr:
    """Return a default as its author wrote it, where that is a literal of the same value."""
    wanted = _expression(source)
    return written_default if ast.dump(written_default) == ast.dump(wanted) else wanted


def _expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def default_values(function: FunctionType) -> dict[str, Any]:
    """Return the default of each parameter that has one."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    values = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    return {**values, **(function.__kwdefaults__ or {})}


def class_source(cls: type) -> tuple[str, frozenset[str]]:
    """Return the source of a class, and the names that it uses.

    Raises:
        NotExportableError: the source is not at hand, or there are several.
    """
    found: dict[str, ast.ClassDef] = {}
    for names in _files_of(cls):
        for name in names:
            for node in _classes("".join(linecache.getlines(name))):
                if node.name == cls.__name__:
                    found[ast.dump(node)] = node
        if found:
            break
    if len(found) != 1:
        raise NotExportableError(
            f"the source of the class {cls.__name__!r} is not at hand, or was changed: put it in a"
            " module that can be imported"
        )
    (node,) = found.values()
    used = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return ast.unparse(node) + "\n", frozenset(used)


def _files_of(cls: type) -> list[list[str]]:
    """Return the names of files and cells in which a class may stand, the likeliest first."""
    functions = (
        getattr(member, "__func__", getattr(member, "fget", member))
        for member in vars(cls).values()
    )
    own = [one.__code__.co_filename for one in functions if isinstance(one, FunctionType)]
    # A class without functions of its own does not tell where it stands: all cells are searched.
    cells = [name for name in linecache.cache if "ipykernel" in name or name.startswith("<ipython")]
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return [own, cells, [file] if isinstance(file, str) else []]


def _classes(text: str) -> list[ast.ClassDef]:
    try:
        return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    except (SyntaxError, ValueError, RecursionError):
        return []
