"""`labeling init`: creates a project from options, or from answers to prompts on a terminal."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import AsJson, app
from labeling.cli.console import emit, hint
from labeling.errors import LabelingError, listed, near

if TYPE_CHECKING:
    from labeling.project.labels import GivenLabels
    from labeling.project.scaffold import Scaffold
    from labeling.records import LabelKind

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
Task = Annotated[
    str,
    typer.Option(
        help="What a sample's label is: `one` of the labels, `several` of them, or `spans`, which"
        " are parts of its text with a label each."
    ),
]
Example = Annotated[
    bool,
    typer.Option(
        "--example", help="Write a few made-up samples, labels and gold labels, to try it out."
    ),
]


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
    task: Task = "one",
    example: Example = False,
    as_json: AsJson = False,
) -> None:
    """Create a project: a config with comments, and labeling functions that run."""
    from labeling.project.scaffold import check_samples, write_scaffold

    kind = _kind_of(task)
    if example:
        of_data = {"--data": data, "--id": id, "--text": text, "--gold": gold}
        of_labels = {"--labels": labels, "--labels-from": labels_from, "--ordered": ordered or None}
        of_labels["--class-balance"] = class_balance
        _emit_scaffold(_example(folder, name, kind, {**of_data, **of_labels}), as_json)
        return
    data = _given_or_asked("--data", "File of the samples", data, check=check_samples)
    given = _given_labels(labels, labels_from, data, kind, ordered=ordered)
    id, text = _columns(data, id, text, taken=(gold, labels_from))
    scaffold = write_scaffold(
        folder,
        data,
        given,
        class_balance=_given_class_balance(class_balance, given),
        id=id,
        text=text,
        gold=gold,
        name=name,
    )
    _emit_scaffold(scaffold, as_json)


def _kind_of(task: str) -> LabelKind:
    """Return what a sample's label is; a task that is none is a usage error."""
    from labeling.records import LabelKind

    tasks = [kind.value for kind in LabelKind]
    if task not in tasks:
        raise typer.BadParameter(
            f"must be one of {listed(tasks)}. Got {task!r}.{near(task, tasks)}", param_hint="--task"
        )
    return LabelKind(task)


def _example(folder: Path, name: str, kind: LabelKind, given: Mapping[str, object]) -> Scaffold:
    """Write a project with example samples.

    Args:
        folder: of the project.
        name: of the project.
        kind: what a sample's label is.
        given: options that the example has its own values of.
    """
    from labeling.project.scaffold import write_example_project

    beside = [flag for flag, value in given.items() if value is not None]
    if beside:
        raise typer.BadParameter(
            f"has samples and labels of its own; leave out {listed(beside)}",
            param_hint="--example",
        )
    return write_example_project(folder, name, kind)


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


def _columns(
    data: str, id: str | None, text: str | None, *, taken: Collection[str | None]
) -> tuple[str, str]:
    """Return the id column and the text column: as given, else asked for or guessed.

    Args:
        data: the file of the samples.
        id: the column of the ids, if given.
        text: that of the texts, if given.
        taken: columns that are neither.
    """
    from labeling.project.scaffold import check_samples, guessed_columns

    guessed_id, guessed_text = id, text
    if id is None or text is None:
        guessed_id, guessed_text = guessed_columns(data, taken)
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


def _given_class_balance(text: str | None, given: GivenLabels) -> dict[str, float] | None:
    """Return the class balance: as given, else asked for on a terminal, else `None`.

    Only of one label per sample it is asked for.
    """
    from labeling.project.labels import parse_class_balance
    from labeling.records import LabelKind

    labels = given.names
    if text is None and sys.stdin.isatty() and given.kind == LabelKind.ONE:
        text = _given_or_asked(
            "--class-balance",
            "Class balance, such as 0.9,0.1; leave it empty if you do not know it",
            None,
            "",
            check=lambda answer: answer.strip() and parse_class_balance(answer, labels),
        )
    return parse_class_balance(text, labels) if text and text.strip() else None


def _given_labels(
    text: str | None, source: str | None, data: str, kind: LabelKind, *, ordered: bool
) -> GivenLabels:
    """Return the labels: as given, read from a source, or asked for."""
    from labeling.project.labels import labels_from, parse_labels

    if text is not None and source is not None:
        raise typer.BadParameter("give one of --labels and --labels-from", param_hint="--labels")
    if source is not None:
        given = labels_from(source, data, ordered=ordered, kind=kind)
        hint(given.source)
        return given
    question = "Labels, separated by commas (with quotes around a label that has a comma)"
    answer = _given_or_asked(
        "--labels", question, text, check=lambda answer: parse_labels(answer, kind)
    )
    return dataclasses.replace(parse_labels(answer, kind), ordered=ordered)


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
