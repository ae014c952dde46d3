"""Source locations (file and line) of errors and functions in a user's code."""

from __future__ import annotations

import functools
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

_NOTE = "raised at "


def location_of(error: BaseException) -> str:
    """Return the file and line of the user's code that an error came from; empty if unknown.

    That is the last line of the traceback outside of this package and of installed ones.

    >>> try:
    ...     eval(compile("1 / 0", "rules.py", "eval"))
    ... except ZeroDivisionError as error:
    ...     location_of(error)
    'rules.py:1'
    """
    location = _location(error)
    return _described(*location) if location else ""


def _location(error: BaseException) -> tuple[str, int] | None:
    frames = _frames(error.__traceback__)
    user_frames = [frame for frame in frames if not frame[0].startswith(_library_paths())]
    if user_frames:
        return user_frames[-1]
    for note in getattr(error, "__notes__", ()):
        file, _, line = note.removeprefix(_NOTE).rpartition(":")
        if note.startswith(_NOTE) and line.isdecimal():
            return file, int(line)
    return None


def add_location_note(error: BaseException) -> None:
    """Add the location of an error to its notes, which survive pickling; a traceback does not."""
    location = _location(error)
    if location:
        error.add_note(f"{_NOTE}{location[0]}:{location[1]}")


def location_of_function(function: Callable[..., Any]) -> str:
    """Return the file and first line of a user's function; empty if unknown."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_filename.startswith(_library_paths()):
        return ""
    return _described(code.co_filename, code.co_firstlineno)


def _frames(traceback: TracebackType | None) -> list[tuple[str, int]]:
    frames = []
    while traceback is not None:
        frames.append((traceback.tb_frame.f_code.co_filename, traceback.tb_lineno))
        traceback = traceback.tb_next
    return frames


@functools.cache
def _library_paths() -> tuple[str, ...]:
    """Return the folders of this package, of installed packages, and of the standard library."""
    paths = sysconfig.get_paths()
    folders = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return (str(Path(__file__).parents[1]), *sorted(folders), "<frozen ")


def _described(file: str, line: int) -> str:
    if "ipykernel_" in file or file.startswith("<ipython-input"):
        return f"line {line} of a notebook's cell"
    path = Path(file)
    try:
        working_folder = Path.cwd()
    except FileNotFoundError:  # it was deleted, as may happen to a worker that lives on
        return f"{path}:{line}"
    is_inside = path.is_absolute() and path.is_relative_to(working_folder)
    return f"{path.relative_to(working_folder) if is_inside else path}:{line}"
