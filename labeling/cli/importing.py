"""The verbs that take annotations from elsewhere: files of other tools, and projects on a server."""

from __future__ import annotations

import collections
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import AsJson, DryRun, app, busy, project, say, then
from labeling.cli.studio import studio
from labeling.errors import counted

if TYPE_CHECKING:
    from labeling.project.importing import Imported

By = Annotated[
    str | None,
    typer.Option(
        "--by", help="The field that holds the sample's id; else as the id column is called."
    ),
]
ByText = Annotated[
    bool, typer.Option("--by-text", help="Find samples by their exact text instead.")
]
Control = Annotated[
    str | None, typer.Option("--control", help="Whose labels are meant, where several offer them.")
]
Annotator = Annotated[
    str | None, typer.Option("--annotator", help="Who made what the source names nobody for.")
]
Author = Annotated[
    list[str] | None,
    typer.Option("--author", help="NAME=PERSON: who is meant by a name of the source; repeatable."),
]
SHOWN = 10  # problems in full


def _authors(pairs: list[str] | None) -> dict[str, str]:
    found = {}
    for pair in pairs or ():
        name, equals, person = pair.rpartition("=")
        if not equals or not name or not person:
            raise typer.BadParameter(f"--author must be NAME=PERSON. Got {pair!r}.")
        found[name] = person
    return found


def _only_one(by: str | None, by_text: bool) -> None:
    if by is not None and by_text:
        raise typer.BadParameter("--by and --by-text cannot be combined.")


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(help="Exports of other tools.", metavar="FILE...")],
    format: Annotated[
        str | None,
        typer.Option("--format", help="label-studio, doccano or prodigy; else it is told."),
    ] = None,
    by: By = None,
    by_text: ByText = False,
    control: Control = None,
    annotator: Annotator = None,
    author: Author = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take annotations of Label Studio, doccano or Prodigy: votes of their authors, and gold labels."""
    _only_one(by, by_text)
    its = project()
    how: dict[str, Any] = {"by": by, "by_text": by_text, "format": format, "control": control}
    how |= {"annotator": annotator, "authors": _authors(author), "dry_run": dry_run}
    found = []
    for file in files:
        with busy(f"reading {file.name}"):
            found.append(its.import_annotations(file, **how))
    _tell(found, dry_run, as_json)


@studio.command("import")
def import_project(
    title: Annotated[
        str | None, typer.Option("--project", help="Title or id; else the annotators' project.")
    ] = None,
    by: By = None,
    by_text: ByText = False,
    control: Control = None,
    annotator: Annotator = None,
    author: Author = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take annotations that a Label Studio project holds already; nothing on the server changes."""
    _only_one(by, by_text)
    wanted = int(title) if title is not None and title.isdecimal() else title
    how: dict[str, Any] = {"by": by, "by_text": by_text, "control": control, "project": wanted}
    how |= {"annotator": annotator, "authors": _authors(author), "dry_run": dry_run}
    with busy("reading the project"):
        found = project().import_annotations(**how)
    _tell([found], dry_run, as_json)


def _tell(found: list[Imported], dry_run: bool, as_json: bool) -> None:
    about = [
        {
            "source": result.source,
            "new": len(result.votes),
            "gold": len(result.gold),
            "known": result.already_stored,
            "annotators": dict(collections.Counter(vote.annotator for vote in result.votes)),
            "left_out": result.left_out,
            "problems": [dataclasses.asdict(problem) for problem in result.problems],
            "dry_run": dry_run,
        }
        for result in found
    ]
    say(about, as_json, *(line for result in found for line in _lines(result, dry_run)))
    then(
        "Next: labeling review"
        if not dry_run
        else "Nothing was changed. Next: the same without --dry-run"
    )


def _lines(found: Imported, dry_run: bool) -> list[str]:
    would = "would be " if dry_run else ""
    lines = [
        f"{found.source}: {counted(len(found.votes), 'vote or skip', 'votes or skips')} of"
        f" {counted(len({vote.annotator for vote in found.votes}), 'person', 'people')} and"
        f" {counted(len(found.gold), 'gold label')}"
        f" {would}new; {counted(found.already_stored, 'was', 'were')} known."
    ]
    lines += [f"Left out: {count} {what}." for what, count in found.left_out.items()]
    lines += [f"{problem.where}: {problem.what}" for problem in found.problems[:SHOWN]]
    more = len(found.problems) - SHOWN
    return lines + [f"... and {more} more like these."] * (more > 0)
