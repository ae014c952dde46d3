"""`labeling init`: creates a project from options, or from answers to prompts on a terminal."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import AsJson, app
from labeling.cli.console import emit, hint
from labeling.errors import LabelingError

if TYPE_CHECKING:
    from labeling.project.labels import GivenLabels
    from labeling.project.scaffold import Scaffold

Folder = Annotated[Path, typer.Argument(help="The new project's folder.")]
Data = Annotated[
    str | None,
    typer.Option(
        help="The samples: a Parquet, CSV, TSV, JSON, XLSX or Feather file, a folder of Parquet"
        " files, or an address such as s3://bucket/a.parquet."
    ),
]
Labels = Annotated[
    str | None, typer.Option(help="The labels as in CSV, such as: 'ham,\"spam, maybe\"'.")
]
LabelsFrom = Annotated[
    str | None,
    typer.Option(
        help="Source of the labels instead: a column of the data, or a .txt, .json, .yaml or table"
        " file, which may describe them."
    ),
]
IdColumn = Annotated[
    str | None,
    typer.Option(
        help="The column of the ids; `row` or `content` makes ids of the row numbers or the texts."
    ),
]
TextColumn = Annotated[str | None, typer.Option(help="The column of the texts.")]
GoldColumn = Annotated[str | None, typer.Option(help="The column, or the file, of gold labels.")]
Ordered = Annotated[
    bool,
    typer.Option("--ordered", help="The labels are grades from the lowest to the highest."),
]
ClassBalance = Annotated[
    str | None,
    typer.Option(help="The class balance, if you know it: 0.9,0.1 or spam=0.1,ham=0.9."),
]
Name = Annotated[str, typer.Option(help="The project's name.")]


@app.command()
def init(
    folder: Folder = Path(),
    data: Data = None,
    labels: Labels = None,
    labels_from: LabelsFrom = None,
    id: IdColumn = None,
    text: TextColumn = None,
    gold: GoldColumn = None,
    ordered: Ordered = False,
    class_balance: ClassBalance = None,
    name: Name = "project",
    as_json: AsJson = False,
) -> None:
    """Create a project: a config with comments, and labeling functions that run."""
    from labeling.project.scaffold import check_samples, write_scaffold

    data = _given_or_asked("--data", "File of the samples", data, check=check_samples)
    given = _given_labels(labels, labels_from, data, ordered=ordered)
    id, text = _columns(data, id, text)
    scaffold = write_scaffold(
        folder,
        data,
        given,
        class_balance=_given_class_balance(class_balance, given.names),
        id=id,
        text=text,
        gold=gold,
        name=name,
    )
    _emit_scaffold(scaffold, as_json)


def _emit_scaffold(scaffold: Scaffold, as_json: bool) -> None:
    policy = _review_policy(scaffold.config)
    fields = dataclasses.fields(scaffold)
    result = {field.name: _json_value(getattr(scaffold, field.name)) for field in fields}
    emit(
        {**result, "review": policy},
        as_json,
        *(f"Written: {path}" for path in scaffold.written),
        *(
            f"Kept as it is: {path}. Delete it to have it written again, or pass another --name."
            for path in scaffold.kept
        ),
        *policy,
    )
    for notice in scaffold.notices:
        hint(notice)
    hint(f"Next: labeling -c {scaffold.config} check")


def _review_policy(path: Path) -> list[str]:
    """Return the sentences that describe the review policy of a config."""
    from labeling.config import load_config
    from labeling.project.policies import review_sentences

    config = load_config(path)
    return review_sentences(config, config.label_schema)


def _columns(data: str, id: str | None, text: str | None) -> tuple[str, str]:
    """Return the id column and the text column: as given, else asked for or guessed."""
    from labeling.project.scaffold import check_samples, guessed_columns

    guessed_id, guessed_text = guessed_columns(data) if id is None or text is None else (id, text)
    id_column = _given_or_asked(
        "--id",
        "Column of the ids",
        id,
        guessed_id,
        check=lambda column: check_samples(data, column),
    )
    text_column = _given_or_asked(
        "--text",
        "Column of the text",
        text,
        guessed_text,
        check=lambda column: check_samples(data, id_column, column),
    )
    return id_column, text_column


def _given_class_balance(text: str | None, labels: Sequence[str]) -> dict[str, float] | None:
    """Return the class balance: as given, else asked for on a terminal, else `None`."""
    from labeling.project.labels import parse_class_balance

    if text is None and sys.stdin.isatty():
        text = _given_or_asked(
            "--class-balance",
            "Class balance, such as 0.9,0.1; leave it empty if you do not know it",
            None,
            "",
            check=lambda answer: answer.strip() and parse_class_balance(answer, labels),
        )
    return parse_class_balance(text, labels) if text and text.strip() else None


def _given_labels(text: str | None, source: str | None, data: str, *, ordered: bool) -> GivenLabels:
    """Return the labels: as given, read from a source, or asked for."""
    from labeling.project.labels import labels_from, parse_labels

    if text is not None and source is not None:
        raise typer.BadParameter("give one of --labels and --labels-from", param_hint="--labels")
    if source is not None:
        given = labels_from(source, data, ordered=ordered)
        hint(given.source)
        return given
    question = "Labels, separated by commas (with quotes around a label that has a comma)"
    answer = _given_or_asked("--labels", question, text, check=parse_labels)
    return dataclasses.replace(parse_labels(answer), ordered=ordered)


def _given_or_asked(
    flag: str,
    question: str,
    given: object,
    default: str | None = None,
    *,
    check: Callable[[str], object],
) -> str:
    """Return the given value, else the answer to a prompt on a terminal, else the default.

    A prompt is repeated until the answer passes the check.
    """
    if given is not None:
        return str(given)

    def checked(answer: str) -> str:
        try:
            check(answer)
        except LabelingError as error:
            raise typer.BadParameter(str(error)) from None
        return answer

    if sys.stdin.isatty():
        return str(typer.prompt(question, default=default, value_proc=checked, err=True))
    if default is None:
        raise typer.BadParameter(f"stdin is no terminal: give {flag}", param_hint=flag)
    hint(f"{flag} is not given: using {default}.")
    return default


def _json_value(value: Any) -> Any:
    return [str(item) for item in value] if isinstance(value, tuple) else str(value)
