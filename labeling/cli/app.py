"""The Typer app with its global options, and the project that a command works on."""

from __future__ import annotations

import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from labeling.cli.console import ConsoleHandler, busy, display, emit, hint, out
from labeling.errors import counted

if TYPE_CHECKING:
    from labeling.datasets import TrainingSet
    from labeling.project import Project
    from labeling.records import AnyVotes

app = typer.Typer(
    help="Make training sets without hand-labeling them all.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text and tables.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would be done, and change nothing.")
]


class Settings:
    """Global options of the command line, and whether the user has stopped it."""

    config: Path = Path("configs/project.yaml")
    debug: bool = False
    stopped: bool = False


def show_version(wanted: bool) -> None:
    """Print the version and exit, before other options are checked."""
    if wanted:
        from labeling import __version__

        sys.stdout.write(f"labeling {__version__}\n")
        raise typer.Exit


@app.callback()
def settings(
    config: Annotated[
        Path, typer.Option("-c", "--config", help="The project's YAML file.")
    ] = Settings.config,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Log each stage.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=show_version, is_eager=True),
    ] = False,
) -> None:
    """Store the global options, and set up logging."""
    Settings.config, Settings.debug = config, debug
    level = logging.INFO if verbose or debug else logging.WARNING
    logging.basicConfig(level=logging.WARNING, handlers=[ConsoleHandler()])
    logging.getLogger("labeling").setLevel(level)


def load_project() -> Project:
    """Return the project of the command."""
    from labeling.project import Project

    project = Project(Settings.config, on_wait=hint)
    project.store.watcher = display()
    return project


def load_votes(project: Project) -> AnyVotes:
    """Return the votes of a project, recomputed where they are out of date."""
    with busy("reading the votes"):
        return project.votes()


COUNTED = {"spans": "spans"}
"""What a training set is counted in, by the task, where that is not samples."""
SHARE = {"several": "share of samples", "spans": "share of spans"}
"""What the shares of labels are of, by the task, where one sample is not one label."""


def emit_training_set(project: Project, train: TrainingSet, as_json: bool) -> None:
    """Print a training set and its class balance, compared with that of random samples."""
    from labeling.cli.class_balance_table import class_balance_as_json, print_class_balance

    class_balance = project.class_balance(train)
    things = COUNTED.get(project.config.task, "samples")
    if as_json:
        shares = class_balance_as_json(class_balance, things)
        emit({**train.manifest(), "label_shares": shares}, True)
        return
    emit(None, False, train, *_undecided(train))
    print_class_balance(class_balance, out, things, SHARE.get(project.config.task, "share"))


def _undecided(train: TrainingSet) -> list[str]:
    """Return what became of samples that people could not decide."""
    left_out, kept = train.n_undecided
    sentences = []
    if left_out:
        samples = counted(left_out, "sample that people could not decide is", _MANY)
        sentences.append(f"{samples} left out; `keep_undecided` of `export` keeps them.")
    if kept:
        samples = counted(kept, "sample that people could not decide is", _MANY)
        sentences.append(f"{samples} in it with the label of the model: see `decided_by`.")
    return sentences


_MANY = "samples that people could not decide are"


class Stopped(BaseException):
    """The user pressed Ctrl-C; only `main` may catch it."""


def raise_stopped(*_: object) -> NoReturn:
    """Handle a signal that stops the command."""
    Settings.stopped = True
    raise Stopped


def stop_at_sigterm() -> None:
    """Handle SIGTERM like Ctrl-C, for commands that run for hours."""
    signal.signal(signal.SIGTERM, raise_stopped)
