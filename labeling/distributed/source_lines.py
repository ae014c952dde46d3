"""Source code of labeling functions, sent to workers that do not have their files.

Plain functions run on whole columns only where their source is at hand; functions of a notebook or
of a file on the driver's machine have none on a worker. Nothing is run from these texts: a function
is compiled from source only if that gives its bytecode.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import FunctionType
from typing import Any

from labeling.records import LabelingFunction

INSTALLED = ("site-packages", "dist-packages")


def lines_of(lfs: Iterable[LabelingFunction]) -> dict[str, tuple[str, ...]]:
    """Return the lines of the files that labeling functions, and what they call, were made of.

    Files of installed packages are left out: workers have them.
    """
    lines: dict[str, tuple[str, ...]] = {}
    for function in _functions(lfs):
        name = function.__code__.co_filename
        is_installed = name.startswith(sys.base_prefix) or any(part in name for part in INSTALLED)
        if name not in lines and not is_installed:
            lines[name] = tuple(linecache.getlines(name, function.__globals__))
    return {name: found for name, found in lines.items() if found}


def provide_lines(lines: Mapping[str, tuple[str, ...]]) -> None:
    """Make lines of files known to this process, unless it has the files."""
    for name, found in lines.items():
        if not os.path.exists(name) and name not in linecache.cache:
            size = sum(map(len, found))
            linecache.cache[name] = (size, None, list(found), name)


def _functions(lfs: Iterable[LabelingFunction]) -> Iterator[FunctionType]:
    """Yield the functions of labeling functions and those that they look up, each once."""
    waiting: list[Any] = [part for lf in lfs for part in (lf.function, lf.batch, *lf.pre)]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if not isinstance(value, FunctionType) or id(value) in seen:
            continue
        seen.add(id(value))
        yield value
        waiting += [value.__globals__.get(name) for name in value.__code__.co_names]
        for cell in value.__closure__ or ():
            with contextlib.suppress(ValueError):  # a variable that is not set yet
                waiting.append(cell.cell_contents)
