"""Where in a user's code an error was raised."""

from __future__ import annotations

import functools
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

_NOTE = "raised at "


def line_of(error: BaseException) -> str:
    """Return the file and line of the user's code that an error came from; empty if unknown.

    That is the last line of the traceback that is neither of this package nor of an installed one.

    >>> try:
    ...     eval(compile("1 / 0", "rules.py", "eval"))
    ... except ZeroDivisionError as error:
    ...     line_of(error)
    'rules.py:1'
    """
    found = _place(error)
    return _shown(*found) if found else ""


def _place(error: BaseException) -> tuple[str, int] | None:
    lines = _lines(error.__traceback__)
    users = [line for line in lines if not line[0].startswith(_not_users())]
    if users:
        return users[-1]
    for note in getattr(error, "__notes__", ()):
        file, _, line = note.removeprefix(_NOTE).rpartition(":")
        if note.startswith(_NOTE) and line.isdecimal():
            return file, int(line)
    return None


def remember_line(error: BaseException) -> None:
    """Write into an error where it was raised, before it loses its traceback on the way."""
    found = _place(error)
    if found:
        error.add_note(f"{_NOTE}{found[0]}:{found[1]}")


def line_of_function(function: Callable[..., Any]) -> str:
    """Return the file and line at which a user's function begins; empty if unknown."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_filename.startswith(_not_users()):
        return ""
    return _shown(code.co_filename, code.co_firstlineno)


def _lines(traceback: TracebackType | None) -> list[tuple[str, int]]:
    lines = []
    while traceback is not None:
        lines.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return lines


@functools.cache
def _not_users() -> tuple[str, ...]:
    """Return the folders of this package, of installed ones, and of Python itself."""
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return (str(Path(__file__).parents[1]), *sorted(folders), "<frozen ")


def _shown(file: str, line: int) -> str:
    if "ipykernel_" in file or file.startswith("<ipython-input"):
        return f"line {line} of a notebook's cell"
    path = Path(file)
    here = Path.cwd()
    inside = path.is_absolute() and path.is_relative_to(here)
    return f"{path.relative_to(here) if inside else path}:{line}"
