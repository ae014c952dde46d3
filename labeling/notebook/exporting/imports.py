"""Which objects a module can import, and the statements that do it."""

from __future__ import annotations

import ast
import builtins
import functools
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import labeling
import labeling.functions
from labeling.engine.fingerprints.libraries import origin_of
from labeling.notebook.exporting.errors import NotExportableError


def import_of_module(module: ModuleType, name: str) -> str:
    """Return the statement that imports a module under a name.

    Raises:
        NotExportableError: only this process finds it.
    """
    if not is_importable(module.__name__):
        raise NotExportableError(
            f"the module {module.__name__!r} is found from the notebook's folder only: install it,"
            " or import the functions that are used by name, so that they are copied"
        )
    parent, _, last = module.__name__.rpartition(".")
    if module.__name__ == name:
        return f"import {name}"
    return f"from {parent} import {last}" if last == name else f"import {module.__name__} as {name}"


def import_of(value: Any, name: str) -> str | None:
    """Return the statement that imports a function or class under a name; `None` if none does.

    It is empty for what Python has under this name anyway.
    """
    if getattr(builtins, name, None) is value:
        return ""
    own_name = str(getattr(value, "__name__", ""))
    for package in (labeling, labeling.functions):
        if own_name and getattr(package, own_name, None) is value:
            return _from(package.__name__, own_name, name)
    module, qualified = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    qualified = qualified or getattr(value, "__name__", None)  # functions of NumPy have no other
    if not isinstance(module, str) or not isinstance(qualified, str) or "." in qualified:
        return None
    found = sys.modules.get(module)
    if getattr(found, qualified, None) is not value or not is_importable(module):
        return None
    return _from(module, qualified, name)


def _from(module: str, original: str, name: str) -> str:
    suffix = "" if original == name else f" as {name}"
    return f"from {module} import {original}{suffix}"


@functools.lru_cache(maxsize=256)
def is_importable(module: str) -> bool:
    """Return whether other processes can import a module, started in whatever folder."""
    top = module.partition(".")[0]
    if top == "__main__" or not top.isidentifier():
        return False
    if top == labeling.__name__ or origin_of(module) != "user":
        return True
    probe = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({top!r}) is None)"
    return subprocess.run([sys.executable, "-P", "-c", probe], check=False).returncode == 0


def submodules(node: ast.AST, scope: Mapping[str, Any]) -> list[str]:
    """Return the submodules that code reaches by attributes: `xml.etree` of `xml`.

    Args:
        node: the code.
        scope: what its names mean.
    """
    names = []
    for each in ast.walk(node):
        attributes: list[str] = []
        while isinstance(each, ast.Attribute):
            attributes.insert(0, each.attr)
            each = each.value
        value = scope.get(each.id) if isinstance(each, ast.Name) else None
        if not isinstance(value, ModuleType) or value.__name__ != getattr(each, "id", ""):
            continue
        for attribute in attributes:
            value = getattr(value, attribute, None)
            if not isinstance(value, ModuleType) or value.__name__ not in sys.modules:
                break
            names.append(value.__name__)
    return names


def from_here(path: str) -> str:
    """Return a path relative to the working folder, if it is in it; else as it is."""
    here = Path.cwd()
    return Path(path).relative_to(here).as_posix() if Path(path).is_relative_to(here) else path
