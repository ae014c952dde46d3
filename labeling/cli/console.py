"""Output of all commands: results on stdout, hints and progress on stderr."""

from __future__ import annotations

import functools
import logging
import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from rich.console import Console

from labeling.cli.escaping import safe

if TYPE_CHECKING:
    from labeling.cli.progress import StageDisplay

PIPE_WIDTH = 100  # characters, where stdout is no terminal


def _width() -> int | None:
    """Return the width of tables; `None` is that of the terminal, or COLUMNS."""
    return None if sys.stdout.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH


out = Console(soft_wrap=True, highlight=False, emoji=False, width=_width())
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


def emit(result: Any, as_json: bool, *sentences: object) -> None:
    """Print a result on stdout, as JSON or as sentences."""
    if as_json:
        from labeling.datasets import strict_json

        is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        sys.stdout.write(strict_json(result, ascii_only=not is_unicode) + "\n")
        sys.stdout.flush()  # a failing write must raise before the process exits with 0
        return
    for sentence in sentences:
        out.print(safe(sentence))


def hint(text: str) -> None:
    """Print what was written or what to do next, on stderr: stdout stays valid JSON."""
    err.print(f"[dim]{safe(text)}[/dim]")


@functools.cache
def display() -> StageDisplay:
    """Return the progress display on stderr."""
    from labeling.cli.progress import StageDisplay

    return StageDisplay(err)


def busy(
    activity: str, total: int | None = None
) -> AbstractContextManager[Callable[[int], object]]:
    """Show the progress of an activity; the function that it yields counts completed steps."""
    return display().showing(activity, total)


class ConsoleHandler(logging.Handler):
    """Prints log records on stderr, a line each, with users' texts escaped."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the time and the message of a record."""
        when = time.strftime("%H:%M:%S", time.localtime(record.created))
        err.print(f"[dim]{when}[/dim] {safe(record.getMessage())}")
