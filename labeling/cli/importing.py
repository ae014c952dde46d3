"""Commands that import annotations: from files of other tools, and from Label Studio projects."""

from __future__ import annotations

import collections
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import AsJson, DryRun, app, load_project
from labeling.cli.console import busy, emit, hint
from labeling.cli.studio import studio
from labeling.errors import counted

if TYPE_CHECKING:
    from labeling.project.importing import Imported

By = Annotated[
    str | None,
    typer.Option(
        "--by", help="The field with the sample's id; default: the name of the id column."
    ),
]
ByText = Annotated[bool, typer.Option("--by-text", help="Match samples by their exact text.")]
Control = Annotated[
    str | None,
    typer.Option("--control", help="The control whose labels are imported, if there are several."),
]
Annotator = Annotated[
    str | None, typer.Option("--annotator", help="The annotator, where the source names none.")
]
Author = Annotated[
    list[str] | None,
    typer.Option(
        "--author", help="NAME=PERSON: the person behind a name of the source; repeatable."
    ),
]
MOST_PROBLEMS = 10  # that are listed


def _authors(pairs: list[str] | None) -> dict[str, str]:
    authors = {}
    for pair in pairs or ():
        name, equals, person = pair.rpartition("=")
        if not equals or not name or not person:
            raise typer.BadParameter(f"--author must be NAME=PERSON. Got {pair!r}.")
        authors[name] = person
    return authors


def _check_matching(by: str | None, by_text: bool) -> None:
    if by is not None and by_text:
        raise typer.BadParameter("--by and --by-text cannot be combined.")


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(help="Exports of other tools.", metavar="FILE...")],
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="label-studio, doccano, prodigy, entities (JSONL), table (CSV) or conll; default:"
            " detected.",
        ),
    ] = None,
    delimiter: Annotated[
        str | None,
        typer.Option("--delimiter", help="What separates labels in a cell of a table, such as |."),
    ] = None,
    by: By = None,
    by_text: ByText = False,
    control: Control = None,
    annotator: Annotator = None,
    author: Author = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import votes and gold labels from files: of other tools, tables, or CoNLL."""
    _check_matching(by, by_text)
    options: dict[str, Any] = {
        "by": by,
        "by_text": by_text,
        "format": format,
        "delimiter": delimiter,
        "control": control,
        "annotator": annotator,
        "authors": _authors(author),
        "dry_run": dry_run,
    }
    project = load_project()
    results = []
    for file in files:
        with busy(f"reading {file.name}"):
            results.append(project.import_annotations(file, **options))
    _emit_imports(results, dry_run, as_json)


@studio.command("import")
def import_project(
    title: Annotated[
        str | None,
        typer.Option("--project", help="Title or id; default: the annotators' project."),
    ] = None,
    by: By = None,
    by_text: ByText = False,
    control: Control = None,
    annotator: Annotator = None,
    author: Author = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import the annotations of a Label Studio project; nothing on the server is changed."""
    _check_matching(by, by_text)
    options: dict[str, Any] = {
        "by": by,
        "by_text": by_text,
        "control": control,
        "project": int(title) if title is not None and title.isdecimal() else title,
        "annotator": annotator,
        "authors": _authors(author),
        "dry_run": dry_run,
    }
    with busy("reading the project"):
        result = load_project().import_annotations(**options)
    _emit_imports([result], dry_run, as_json)


def _emit_imports(results: list[Imported], dry_run: bool, as_json: bool) -> None:
    objects = [
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
        for result in results
    ]
    sentences = [sentence for result in results for sentence in _sentences(result, dry_run)]
    emit(objects, as_json, *sentences)
    if dry_run:
        hint("Nothing was changed. Next: the same command without --dry-run")
    else:
        hint("Next: labeling review")


def _sentences(result: Imported, dry_run: bool) -> list[str]:
    would = "would be " if dry_run else ""
    annotators = {vote.annotator for vote in result.votes}
    sentences = [
        f"{result.source}: {counted(len(result.votes), 'vote or skip', 'votes or skips')} of"
        f" {counted(len(annotators), 'person', 'people')} and"
        f" {counted(len(result.gold), 'gold label')} {would}new;"
        f" {counted(result.already_stored, 'was', 'were')} already stored."
    ]
    sentences += [f"Left out: {count} {reason}." for reason, count in result.left_out.items()]
    problems = result.problems[:MOST_PROBLEMS]
    sentences += [f"{problem.where}: {problem.what}" for problem in problems]
    more = len(result.problems) - MOST_PROBLEMS
    if more > 0:
        sentences.append(f"... and {more} more like these.")
    return sentences
