"""Entry point of the command line: registers the commands, reports errors, sets the exit code."""

from __future__ import annotations

import io
import signal
import sys

from labeling.cli import (
    agreement,
    annotation,
    annotators,
    history,
    importing,
    init,
    lineage,
    monitoring,
    pipeline,
    publishing,
    releasing,
    simulating,
    studio,
)
from labeling.cli.app import Settings, app, raise_stopped
from labeling.cli.console import err
from labeling.cli.escaping import safe
from labeling.errors import LabelingError, missing_extra

COMMANDS = (
    init,
    pipeline,
    annotation,
    annotators,
    agreement,
    history,
    importing,
    monitoring,
    lineage,
    publishing,
    releasing,
    simulating,
    studio,
)
"""Modules that register their commands with the app when they are imported."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 success, 1 error, 2 wrong usage, 130 stopped by the user."""
    signal.signal(signal.SIGINT, raise_stopped)
    for stream in (sys.stdout, sys.stderr):  # characters that the terminal lacks become \uXXXX
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app(arguments, prog_name="labeling")
    except (LabelingError, ModuleNotFoundError, OSError) as error:
        reported = _as_labeling_error(error)
        if Settings.debug or not isinstance(reported, LabelingError):
            raise
        err.print(f"[bold red]Error:[/bold red] {safe(reported)}")
        sys.exit(1)
    except BaseException as stop:
        if not Settings.stopped:  # an exception raised during an import may arrive wrapped
            raise
        for note in getattr(stop, "__notes__", ()):
            err.print(f"\n{safe(note)}", end="")
        err.print("\nStopped by you. Completed work is stored; run the command again to continue.")
        sys.exit(130)


def _as_labeling_error(error: LabelingError | ModuleNotFoundError | OSError) -> Exception:
    """Return the error to report: a `LabelingError`, or an unexpected missing module."""
    if isinstance(error, LabelingError):  # some are OSErrors too
        return error
    if isinstance(error, ModuleNotFoundError):
        return missing_extra(error)
    return LabelingError(
        f"The operating system reported an error: {error}. Is the disk full, or is a file not"
        " readable or writable? --debug shows the traceback."
    )
