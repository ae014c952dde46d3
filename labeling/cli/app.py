"""What holds for every verb: the options before it, what is printed, how the process ends."""

from __future__ import annotations

import functools
import io
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console

from labeling.cli.escaping import safe
from labeling.errors import LabelingError, missing_extra

if TYPE_CHECKING:
    from labeling.cli.progress import StageDisplay
    from labeling.datasets import TrainingSet
    from labeling.project import Project
    from labeling.records import Votes

app = typer.Typer(
    help="Make training sets without hand-labeling them all.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
PIPE_WIDTH = 100  # characters of a line that nobody's window bounds


def _width() -> int | None:
    """Return how wide tables are: as the window is, or as COLUMNS says, in a pipe as well."""
    return None if sys.stdout.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH


out = Console(soft_wrap=True, highlight=False, emoji=False, width=_width())
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text and tables.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
]


class Lines(logging.Handler):
    """Prints what is logged, a line each, whatever stands in it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record: the time of day, and what was said."""
        when = time.strftime("%H:%M:%S", time.localtime(record.created))
        err.print(f"[dim]{when}[/dim] {safe(record.getMessage())}")


class Settings:
    """What was said before the verb, and whether Ctrl-C was pressed since."""

    config: Path = Path("configs/project.yaml")
    debug: bool = False
    stopped: bool = False


def show_version(wanted: bool) -> None:
    """Print the version and end, before anything else is asked for."""
    if wanted:
        from labeling import __version__

        sys.stdout.write(f"labeling {__version__}\n")
        raise typer.Exit


@app.callback()
def settings(
    config: Annotated[
        Path, typer.Option("-c", "--config", help="The project's YAML file.")
    ] = Settings.config,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Log a line a stage.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=show_version, is_eager=True),
    ] = False,
) -> None:
    """Keep what holds for every verb."""
    Settings.config, Settings.debug = config, debug
    level = logging.INFO if verbose or debug else logging.WARNING
    logging.basicConfig(level=logging.WARNING, handlers=[Lines()])
    logging.getLogger("labeling").setLevel(level)


def project() -> Project:
    """Return the project that the command line is about."""
    from labeling.project import Project

    its = Project(Settings.config, on_wait=lambda text: err.print(f"[dim]{safe(text)}[/dim]"))
    its.store.watcher = display()
    return its


@functools.cache
def display() -> StageDisplay:
    """Return what shows on stderr how far long work is."""
    from labeling.cli.progress import StageDisplay

    return StageDisplay(err)


def busy(what: str, total: int | None = None) -> AbstractContextManager[Callable[[int], object]]:
    """Show that something is under way, and how far it is."""
    return display().showing(what, total)


def votes_of(its: Project) -> Votes:
    """Return a project's votes, which are cast anew where they must be."""
    with busy("reading the votes"):
        return its.votes()


def then(text: str) -> None:
    """Print what was done and what to do next; on stderr, so that --json stays JSON."""
    err.print(f"[dim]{safe(text)}[/dim]")


def say(found: Any, as_json: bool, *sentences: object) -> None:
    """Print what was found as JSON, or as sentences."""
    if as_json:
        from labeling.datasets import strict_json

        is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
        sys.stdout.write(strict_json(found, ascii_only=not is_unicode) + "\n")
        sys.stdout.flush()  # what cannot be written must be known before the process ends well
        return
    for sentence in sentences:
        out.print(safe(sentence))


def tell_of_export(its: Project, train: TrainingSet, as_json: bool) -> None:
    """Print what a training set is, and how common its labels are beside what random draws say."""
    from labeling.cli.class_balance import print_label_shares, shares_as_json

    shares = its.class_balance(train)
    if as_json:
        say({**train.manifest(), "label_shares": shares_as_json(shares)}, True)
        return
    say(None, False, train)
    print_label_shares(shares, out)


class Stopped(BaseException):
    """Ctrl-C: no error, and nothing but `main` may catch it."""


def _stop(*_: object) -> NoReturn:
    Settings.stopped = True
    raise Stopped


def end_at_sigterm() -> None:
    """End at SIGTERM as at Ctrl-C: whoever runs for hours is stopped by either."""
    signal.signal(signal.SIGTERM, _stop)


def _told(error: LabelingError | ModuleNotFoundError | OSError) -> Exception:
    """Return what is told of an error: of ours, of a package that is missing, or of the system."""
    if isinstance(error, LabelingError):  # some are OSErrors too
        return error
    if isinstance(error, ModuleNotFoundError):
        return missing_extra(error)
    return LabelingError(
        f"The system does not let it go on: {error}. Is there room on the disk, and may the file be"
        " read or written? --debug shows where it happened."
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process: 0 fine, 1 an error of ours, 2 wrong usage."""
    signal.signal(signal.SIGINT, _stop)
    for stream in (sys.stdout, sys.stderr):  # letters that a window lacks are written as \uXXXX
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    from labeling.cli import annotation, importing, pipeline, studio  # noqa: F401  # they add their verbs to the app

    try:
        app(arguments, prog_name="labeling")
    except (LabelingError, ModuleNotFoundError, OSError) as error:
        told = _told(error)
        if Settings.debug or not isinstance(told, LabelingError):
            raise
        err.print(f"[bold red]Error:[/bold red] {safe(told)}")
        sys.exit(1)
    except BaseException as stop:
        if not Settings.stopped:  # Python wraps what is raised in the middle of some imports
            raise
        for note in getattr(stop, "__notes__", ()):
            err.print(f"\n{safe(note)}", end="")
        err.print("\nStopped by you. What was done is remembered; run it again to go on.")
        sys.exit(130)
