"""Arguments in, tables and next steps out; no logic."""

from __future__ import annotations

import json
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.logging import RichHandler

from labeling.errors import LabelingError
from labeling.terminal import safe

if TYPE_CHECKING:
    from labeling.datasets import TrainingSet
    from labeling.project import Project

app = typer.Typer(
    help="Make training sets without hand-labeling them all.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(
    soft_wrap=True, highlight=False, emoji=False, width=None if sys.stdout.isatty() else 100
)
err = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


class Settings:
    """What was said before the verb, and whether Ctrl-C was pressed since."""

    config: Path = Path("configs/project.yaml")
    debug: bool = False
    stopped: bool = False


@app.callback()
def settings(
    config: Annotated[
        Path, typer.Option("-c", "--config", help="The project's YAML file.")
    ] = Settings.config,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Log a line a stage.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """Keep what holds for every verb."""
    Settings.config, Settings.debug = config, debug
    if verbose or debug:
        handler = RichHandler(console=err, show_path=False, rich_tracebacks=debug)
        logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])


def _project() -> Project:
    from labeling.project import Project

    return Project(Settings.config)


def _then(text: str) -> None:
    """Print what was done and what to do next; on stderr, so that --json stays JSON."""
    err.print(f"[dim]{safe(text)}[/dim]")


@app.command()
def check() -> None:
    """Try the config, the data and the labeling functions on a few samples."""
    for sentence in _project().check():
        out.print(safe(sentence))
    _then("All is well. Next: labeling summary")


@app.command()
def apply() -> None:
    """Apply the labeling functions to all samples."""
    from labeling.screens import progress_over

    project = _project()
    with progress_over(len(project.samples), "applying labeling functions", err) as advance:
        votes = project.apply(advance)
    out.print(safe(repr(votes)))
    _then(f"Written: {project.folder / 'votes.parquet'}. Next: labeling fit")


@app.command()
def fit() -> None:
    """Fit the label model, and write the soft labels."""
    project = _project()
    model, soft = project.fit()
    for sentence in model.report_:
        out.print(safe(sentence))
    out.print(f"{int(soft.covered.sum())} of {len(soft.sample_ids)} samples have a soft label.")
    _then(f"Written: {project.folder / 'soft_labels.parquet'}. Next: labeling query")


@app.command()
def summary(as_json: AsJson = False) -> None:
    """Show what each labeling function votes, how often, and against how many others."""
    _table(_project().summary(), "labeling function", as_json)
    _then("Next: improve what conflicts much or covers little, then labeling fit")


@app.command()
def query(as_json: AsJson = False) -> None:
    """Choose the samples that are most worth a human's time."""
    project = _project()
    _table(project.query().to_frame(), "sample", as_json)
    _then(f"Written: {project.folder / 'batch.parquet'}. Next: have people label these samples")


@app.command()
def export(as_json: AsJson = False) -> None:
    """Write the training set of all that is known: labeling functions and recorded votes."""
    project = _project()
    _written(project, project.export(), as_json)


@app.command()
def run(as_json: AsJson = False) -> None:
    """Go through the whole loop with the recorded votes of the config, and export."""
    from labeling.screens import round_line

    project = _project()
    votes = project.apply()
    for now in project.rounds(votes):
        (err if as_json else out).print(safe(round_line(now)))
    _written(project, project.export(now, votes), as_json)


@app.command()
def demo() -> None:
    """Watch the loop happen on 2,100 real tweets, measured on 2,100 others."""
    from labeling.screens import show_demo

    show_demo(Path.cwd(), out, err)


def _table(frame: Any, index: str, as_json: bool) -> None:
    from labeling.screens import as_records, table_of

    if as_json:
        sys.stdout.write(json.dumps(as_records(frame, index), ensure_ascii=False) + "\n")
    else:
        out.print(table_of(frame, index))


def _written(project: Project, train: TrainingSet, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(train.manifest(), ensure_ascii=False) + "\n")
    else:
        out.print(safe(train))
    _then(f"Written: {project.folder / 'training_set'}.parquet, .jsonl and .csv, with manifests.")


class Stopped(BaseException):
    """Ctrl-C: no error, and nothing but `main` may catch it."""


def _stop(*_: object) -> NoReturn:
    Settings.stopped = True
    raise Stopped


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and end the process: 0 fine, 1 an error of ours, 2 wrong usage."""
    signal.signal(signal.SIGINT, _stop)
    try:
        app(arguments, prog_name="labeling")
    except LabelingError as error:
        if Settings.debug:
            raise
        err.print(f"[bold red]Error:[/bold red] {safe(error)}")
        sys.exit(1)
    except BaseException:
        if not Settings.stopped:  # Python wraps what is raised in the middle of some imports
            raise
        err.print("\nStopped by you. Files that were written are whole; run it again to go on.")
        sys.exit(130)
