"""Labeling functions made of source code that this package wrote, and modules they are kept in."""

from __future__ import annotations

import ast
import hashlib
import importlib
import linecache
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labeling import functions
from labeling.errors import LabelingFunctionError, listed
from labeling.notebook.exporting.formatting import formatted
from labeling.records import ABSTAIN, LabelingFunction, atomic_write

IMPORTED = ("keywords", "labeling_function", "lookup", "regex")
"""What written source code may use of `labeling.functions`; `re`, `math`, ... by their modules."""
OF_SPANS = ("span_keywords", "span_lookup", "span_regex")
"""What the source code of rules of this package may use as well."""
MODULES = ("datetime", "math", "re", "string", "unicodedata")

HEADER = '"""Labeling functions that were suggested in a notebook, and accepted."""\n'


def function_of(name: str, source: str) -> LabelingFunction:
    """Return the labeling function that source code defines, by running the code.

    The code stays readable for `inspect`, for tracebacks and for the compiler to columns.

    Args:
        name: of the variable or function.
        source: written by a rule of this package, or by a proposal that a person accepted.
    """
    made = _scope_after(name, source)[name]
    if not isinstance(made, LabelingFunction):
        raise LabelingFunctionError(f"{name!r} must be a labeling function. Got {made!r}.")
    return made


def defined(name: str, node: ast.FunctionDef) -> Any:
    """Return a plain function of a checked definition: it is made, and its body is not run.

    Decorators are left out; there are no defaults and annotations, which Python would evaluate.
    """
    bare = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(bare, ast.FunctionDef)
    bare.decorator_list = []
    return _scope_after(name, ast.unparse(bare))[name]


def _scope_after(name: str, source: str) -> dict[str, Any]:
    """Return the variables that there are after running source code, which stays readable."""
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    path, text = f"<suggestion {name} {digest}>", f"{source}\n"
    linecache.cache[path] = (len(text), None, text.splitlines(keepends=True), path)
    scope: dict[str, Any] = {"__name__": "suggestion", "ABSTAIN": ABSTAIN}
    scope |= {each: getattr(functions, each) for each in (*IMPORTED, *OF_SPANS)}
    scope |= {each: importlib.import_module(each) for each in MODULES}
    exec(compile(text, path, "exec", dont_inherit=True), scope)
    return scope


def add_to_module(path: str | os.PathLike[str], sources: Mapping[str, str]) -> Path:
    """Write functions into a module of labeling functions, which is made if it is not there.

    What stands in the module stays as it is; imports that it lacks are added.

    Args:
        path: a .py file.
        sources: source code by the name it defines.

    Raises:
        LabelingFunctionError: it is no .py file, is no valid Python, or has such a name already.
    """
    file = Path(path)
    if file.suffix != ".py":
        raise LabelingFunctionError(
            f"Labeling functions are written into a Python file (.py). Got {str(path)!r}."
        )
    before = file.read_text(encoding="utf-8") if file.exists() else HEADER
    try:
        tree = ast.parse(before)
    except (SyntaxError, ValueError) as error:
        raise LabelingFunctionError(f"{file.name} must be valid Python: {error}.") from error
    taken = sorted(set(sources) & _defined(tree))
    if taken:
        raise LabelingFunctionError(
            f"{file.name} has {listed(taken)} already: rename or delete it there, or accept the"
            " suggestion under another name."
        )
    text = _with_imports(before, tree, "\n".join(sources.values()))
    added = formatted("\n\n\n".join(sources.values()) + "\n")
    text = text.rstrip("\n") + "\n\n\n" + added
    text = text if file.exists() else formatted(text)
    ast.parse(text)
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
    return file


def _defined(tree: ast.Module) -> set[str]:
    names = {each.name for each in tree.body if isinstance(each, (ast.FunctionDef, ast.ClassDef))}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


def imports_for(source: str) -> list[str]:
    """Return the imports that source code needs.

    >>> imports_for("a = regex('a', 'b', label='spam', flags=re.IGNORECASE)")
    ['import re', 'from labeling.functions import regex']
    """
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    lines = [f"import {each}" for each in MODULES if each in used]
    kinds = [each for each in (*IMPORTED, *OF_SPANS) if each in used]
    lines += ["from labeling import ABSTAIN"] if "ABSTAIN" in used else []
    if kinds:
        lines.append(f"from labeling.functions import {', '.join(kinds)}")
    return lines


def _with_imports(text: str, tree: ast.Module, source: str) -> str:
    """Return a module with the imports that new source code needs, below those that it has."""
    there = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    lacking = []
    for line in imports_for(source):
        start, _, names = line.rpartition("import ")
        wanted = [each for each in names.split(", ") if each not in there]
        lacking += [f"{start}import {', '.join(wanted)}"] if wanted else []
    if not lacking:
        return text
    after_docstring = tree.body[:1] if ast.get_docstring(tree) is not None else []
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    at = max((node.end_lineno or 0 for node in [*after_docstring, *imports]), default=0)
    lines = text.splitlines()
    gap = [""] if at and not imports else []
    if lacking[0].startswith("import ") and lacking[-1].startswith("from labeling"):
        first = sum(line.startswith("import ") for line in lacking)
        lacking = [*lacking[:first], "", *lacking[first:]]
    return "\n".join([*lines[:at], *gap, *lacking, *lines[at:]]) + "\n"
