"""Commands that give releases to others: the folder for the hub, and MLflow."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from labeling.cli.app import AsJson, load_project
from labeling.cli.console import busy, emit, hint
from labeling.cli.releasing import release

Name = Annotated[str, typer.Argument(help="A branch, or a digest.", metavar="[NAME]")]


@release.command()
def hub(
    folder: Annotated[Path, typer.Argument(help="Made where it is missing.", metavar="FOLDER")],
    name: Name = "main",
    salt: Annotated[
        str | None,
        typer.Option(
            envvar="LABELING_PSEUDONYM_SALT",
            show_envvar=True,
            help="A secret of 16 characters or more, for pseudonyms of people that are the same in"
            " all releases; without it people are numbered.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write a release for the Hugging Face hub: Parquet, data card, and croissant.json."""
    project = load_project()
    with busy("writing the folder"):
        written = project.hub_folder(folder, name, salt=salt)
    files = sorted(path.relative_to(written).as_posix() for path in _files(written))
    emit({"folder": str(written), "files": files}, as_json, f"Written: {', '.join(files)}.")
    if not project.config.card.license:
        hint("The card states no licence: `card: {license: ...}` in the config does.")
    hint(f"Next: hf upload --repo-type dataset OWNER/NAME {shlex.quote(str(folder))}")


def _files(folder: Path) -> list[Path]:
    return [folder / "README.md", folder / "croissant.json", *(folder / "data").glob("*.parquet")]


@release.command()
def mlflow(
    name: Name = "main",
    run_id: Annotated[str | None, typer.Option(help="A run; default: a new one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a release into MLflow, where MLFLOW_TRACKING_URI says: numbers, card, and page."""
    project = load_project()
    with busy("writing to MLflow"):
        report = project.release_report(name)
        run = project.log_to_mlflow(name, report=report, run_id=run_id)
    emit({"run": run}, as_json, f"Written to run {run}.")
