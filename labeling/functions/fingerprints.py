"""Fingerprints of functions: hashes that are equal in all processes and change with the code."""

from __future__ import annotations

import dis
import functools
import hashlib
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

_INSTALLED = ("site-packages", "dist-packages")
_LOOK_UPS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})  # not attributes, which may share a name
_IMPORTS = frozenset({"IMPORT_NAME"})
_PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hash of a function, and what it covers.

    Attributes:
        digest: hash of its code, that of the functions it calls, and the plain values it uses.
        pins: where each of those functions and values was looked up: globals, name, object.
        unseen: the names of used objects whose contents cannot be hashed, such as a loaded model.
    """

    digest: bytes
    pins: tuple[tuple[dict[str, Any], str, Any], ...]
    unseen: tuple[str, ...]

    def still_holds(self) -> bool:
        """Whether all names still refer to the same objects; in a notebook they may not."""
        return all(scope.get(name) is value for scope, name, value in self.pins)


def fingerprint(function: FunctionType, version: object = None) -> Fingerprint:
    """Return the fingerprint of a function.

    Functions of the standard library and of installed packages count by name and version.

    >>> fingerprint(lambda x: x + 1).digest == fingerprint(lambda y: y + 1).digest
    True
    >>> fingerprint(lambda x: x + 1).digest == fingerprint(lambda x: x + 2).digest
    False
    """
    walk = _Walk()
    parts = [f"version {version!r}", *walk.described(function, function.__name__)]
    text = "\n".join(parts).encode("utf-8", "surrogatepass")
    return Fingerprint(hashlib.sha256(text).digest(), tuple(walk.pins), tuple(walk.unseen))


class _Walk:
    """A walk over everything that a function uses; each function is visited once."""

    def __init__(self) -> None:
        self.pins: list[tuple[dict[str, Any], str, Any]] = []
        self.unseen: list[str] = []
        self.visited: dict[int, int] = {}

    def described(self, value: Any, name: str) -> Iterator[str]:
        if isinstance(value, _PLAIN):
            yield f"{type(value).__name__} {value!r}"
        elif isinstance(value, (tuple, list, set, frozenset, dict)):
            yield from self._collection(value, name)
        elif isinstance(value, re.Pattern):
            yield f"pattern {value.pattern!r} {value.flags}"
        elif isinstance(value, CodeType):
            yield from self._code(value, name)
        else:
            library = _library_of(value)
            if library is not None:
                yield f"{library} {getattr(value, '__qualname__', name)}"
            elif isinstance(value, FunctionType):
                yield from self._function(value)
            else:
                yield f"unseen {type(value).__qualname__} {name}"
                self.unseen.append(f"{name} ({type(value).__name__})")

    def _imported(self, module: str) -> str:
        library = _library(module)
        if library is None:
            self.unseen.append(f"{module} (module)")
        return f"import {module} of {library}"

    def _collection(self, value: Any, name: str) -> Iterator[str]:
        yield f"{type(value).__name__} of {len(value)}"
        items = value.items() if isinstance(value, dict) else value
        parts = ["\n".join(self.described(item, name)) for item in items]
        # The order of a set differs between processes.
        yield from sorted(parts) if isinstance(value, (set, frozenset)) else parts

    def _code(self, code: CodeType, name: str) -> Iterator[str]:
        yield f"code {code.co_code!r} {code.co_names} {code.co_freevars} {code.co_flags}"
        yield f"arguments {code.co_argcount} {code.co_kwonlyargcount} {code.co_exceptiontable!r}"
        for constant in code.co_consts:
            yield from self.described(constant, name)

    def _function(self, function: FunctionType) -> Iterator[str]:
        if id(function) in self.visited:
            yield f"function {self.visited[id(function)]}"
            return
        self.visited[id(function)] = len(self.visited)
        yield from self.described(function.__code__, function.__name__)
        yield from self.described(function.__defaults__, function.__name__)
        yield from self.described(function.__kwdefaults__, function.__name__)
        for free, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            try:
                value = cell.cell_contents
            except ValueError:
                yield f"empty {free}"
            else:
                yield from self.described(value, free)
        yield from (self._imported(name) for name in _names(function.__code__, _IMPORTS))
        for name in _names(function.__code__, _LOOK_UPS):
            if name in function.__globals__:
                value = function.__globals__[name]
                self.pins.append((function.__globals__, name, value))
                yield f"global {name}"
                yield from self.described(value, name)


def _names(code: CodeType, operations: Iterable[str]) -> list[str]:
    """Return the names that code and the code inside it use in such operations, in order."""
    names = [step.argval for step in dis.get_instructions(code) if step.opname in operations]
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    for inner_code in inner:
        names += _names(inner_code, operations)
    return list(dict.fromkeys(names))


def _library_of(value: Any) -> str | None:
    """Return the library of a module, class or function, with its version."""
    if isinstance(value, ModuleType):
        return _library(value.__name__)
    if isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        return _library(str(value.__module__))
    return None


@functools.lru_cache(maxsize=256)
def _library(module: str) -> str | None:
    """Return the library of a module and its version; `None` if it is not an installed one."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names and top != "__main__":
        return top
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    locations = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    if not any(folder in str(location) for location in locations for folder in _INSTALLED):
        return None
    dists = importlib.metadata.packages_distributions().get(top, [])
    return f"{top} {sorted((dist, importlib.metadata.version(dist)) for dist in set(dists))}"
