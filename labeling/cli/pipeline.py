"""The verbs that work on samples and rules: init, check, apply, fit, summary, export, report, ..."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import (
    AsJson,
    Settings,
    app,
    busy,
    err,
    out,
    project,
    say,
    tell_of_export,
    then,
    votes_of,
)
from labeling.errors import LabelingError, counted

if TYPE_CHECKING:
    from labeling.project.labels import GivenLabels

WHERE = "The new project's folder."


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help=WHERE)] = Path(),
    data: Annotated[
        str | None,
        typer.Option(
            help="The samples: a Parquet, CSV, TSV, JSON, XLSX or Feather file, a folder of Parquet"
            " files, or an address such as s3://bucket/a.parquet."
        ),
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="The labels as in CSV, such as: 'ham,\"spam, maybe\"'.")
    ] = None,
    labels_from: Annotated[
        str | None,
        typer.Option(
            help="Where labels stand instead: a column of the data, or a .txt, .json, .yaml or table"
            " file, which may describe them."
        ),
    ] = None,
    id: Annotated[
        str | None,
        typer.Option(
            help="The column that holds the ids; `row` or `content` makes them of the rows' numbers"
            " or texts."
        ),
    ] = None,
    text: Annotated[str | None, typer.Option(help="The column that holds the text.")] = None,
    gold: Annotated[
        str | None, typer.Option(help="The column, or the file, of known labels.")
    ] = None,
    class_balance: Annotated[
        str | None,
        typer.Option(
            help="How common the labels are, if you know it: 0.9,0.1 or spam=0.1,ham=0.9."
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="The project's name.")] = "project",
    as_json: AsJson = False,
) -> None:
    """Start a project: a config with comments, and labeling functions that run."""
    from labeling.config import load_config
    from labeling.project.policies import review_sentences
    from labeling.project.scaffold import check_samples, guessed_columns, write_scaffold
    from labeling.records import LabelSchema

    data = _asked(*("--data", "File of the samples", data), check=check_samples)
    given = _given_labels(labels, labels_from, data)
    likely_id, likely_text = guessed_columns(data) if id is None or text is None else (id, text)
    id = _asked(
        *("--id", "Column of the ids", id, likely_id), check=lambda one: check_samples(data, one)
    )
    text = _asked(
        *("--text", "Column of the text", text, likely_text),
        check=lambda one: check_samples(data, id, one),
    )
    made = write_scaffold(
        folder,
        data,
        given,
        class_balance=_given_balance(class_balance, given.names),
        id=id,
        text=text,
        gold=gold,
        name=name,
    )
    found = {field.name: _plain(getattr(made, field.name)) for field in dataclasses.fields(made)}
    config = load_config(made.config)
    policy = review_sentences(config, LabelSchema(config.labels))
    say(
        *({**found, "review": policy}, as_json),
        *(f"Written: {path}" for path in made.written),
        *(
            f"Left as it is: {path}. Delete it, or give another --name, to begin anew."
            for path in made.kept
        ),
        *policy,
    )
    for notice in made.notices:
        then(notice)
    then(f"Next: labeling -c {made.config} check")


def _given_balance(line: str | None, labels: Sequence[str]) -> dict[str, float] | None:
    """Return the class balance that was given, or is known on a terminal; else `None`."""
    from labeling.project.labels import parse_class_balance

    if line is None and sys.stdin.isatty():
        question = "How common the labels are, such as 0.9,0.1; leave it empty if you do not know"
        line = _asked(
            *("--class-balance", question, None, ""),
            check=lambda answer: answer.strip() and parse_class_balance(answer, labels),
        )
    return parse_class_balance(line, labels) if line and line.strip() else None


def _given_labels(line: str | None, source: str | None, data: str) -> GivenLabels:
    """Return the labels that were given, or else asked for; say where they were found."""
    from labeling.project.labels import labels_from, parse_labels

    if line is not None and source is not None:
        raise typer.BadParameter("give one of --labels and --labels-from", param_hint="--labels")
    if source is not None:
        given = labels_from(source, data)
        then(given.source)
        return given
    question = "Labels, with commas between them (and quotes around one that has a comma)"
    return parse_labels(_asked("--labels", question, line, check=parse_labels))


def _asked(
    flag: str,
    question: str,
    given: object,
    likely: str | None = None,
    *,
    check: Callable[[str], object],
) -> str:
    """Return what was given, else what is asked for on a terminal, else what is likely.

    On a terminal it is asked again where an answer cannot be.
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
        return str(typer.prompt(question, default=likely, value_proc=checked, err=True))
    if likely is None:
        raise typer.BadParameter(f"there is nobody to ask; give {flag}", param_hint=flag)
    then(f"{flag} {likely} is taken, since it looks like it.")
    return likely


def _plain(value: Any) -> Any:
    return [str(one) for one in value] if isinstance(value, tuple) else str(value)


@app.command()
def check(as_json: AsJson = False) -> None:
    """Try the config, the data and the labeling functions on a few samples."""
    with busy("trying the project out"):
        found = project().check()
    say({"found": found}, as_json, *found)
    then("All is well. Next: labeling apply")


@app.command()
def apply(as_json: AsJson = False) -> None:
    """Apply the labeling functions to all samples."""
    its = project()
    with busy("applying labeling functions"):
        votes = its.apply()
    cast = int((votes.to_array() >= 0).sum())
    about = {"samples": len(votes.sample_ids), "covered": int(votes.covered.sum())}
    say({**about, "voters": list(votes.voters), "votes": cast}, as_json, repr(votes))
    then(f"Written: {its.folder / 'votes.parquet'}. Next: labeling fit")


@app.command()
def fit(as_json: AsJson = False) -> None:
    """Fit the label model, and write the soft labels."""
    its = project()
    votes = votes_of(its)
    with busy("fitting the label model"):
        model, soft = its.fit(votes)
    covered, total = int(soft.covered.sum()), len(soft.sample_ids)
    sentence = f"{covered:,} of {counted(total, 'sample has', 'samples have')} a soft label."
    report, gold = list(model.report_), its.gold_counts()
    about = {"report": report, "covered": covered, "samples": total}
    about |= {"gold": dataclasses.asdict(gold)}
    say(about, as_json, *report, gold.sentence(), sentence)
    then(f"Written: {its.folder / 'soft_labels.parquet'}. Next: labeling query")


@app.command()
def summary(
    sort: Annotated[
        str | None,
        typer.Option(
            help="name, votes, coverage, overlaps, conflicts, faults or accuracy; else as written."
        ),
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Turn the order around.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what each labeling function votes, how often, and against how many others."""
    from labeling.cli.json_tables import as_records
    from labeling.cli.summary_table import print_summary, sorted_summary

    its = project()
    votes = votes_of(its)
    table = sorted_summary(its.summary(votes), sort, reverse=reverse)
    if as_json:
        say(as_records(table, "labeling function"), True)
    else:
        print_summary(table, votes, out)
    then("Next: improve what conflicts much or covers little, then labeling fit")


@app.command()
def export(as_json: AsJson = False) -> None:
    """Write the training set of all that is known: labeling functions and people."""
    its = project()
    votes = votes_of(its)
    with busy("learning, and writing the training set"):
        train = its.export(votes=votes)
    tell_of_export(its, train, as_json)
    then(f"Written: {its.folder / 'training_set'}.parquet, .jsonl and .csv, with manifests.")


@app.command()
def report(as_json: AsJson = False) -> None:
    """Write all that is known as one HTML page that needs no network."""
    from labeling.report import write_report

    its = project()
    votes_of(its)
    with busy("writing the report"):
        path = write_report(its)
    say({"path": str(path)}, as_json, f"Written: {path}")
    then("Next: open it in a browser")


@app.command()
def look(as_json: AsJson = False) -> None:
    """Measure on the locked test split; every look is counted."""
    its = project()
    votes = votes_of(its)
    with busy("measuring"):
        number, seen = its.evaluate_test_split(votes)
    numbers = {
        name: {key: _number(value) for key, value in dataclasses.asdict(one).items()}
        for name, one in seen.items()
    }
    say(
        {"look": number, "seen": numbers},
        as_json,
        *(f"{name}: {one}" for name, one in seen.items()),
    )
    then(
        f"This was look {number} at the locked test split. The more often it decides what you do, the"
        " less it tells: tune on the other gold labels."
    )


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show where every sample stands, and what to do next."""
    from labeling.cli.sentences import show_status
    from labeling.project.status import status_at

    found = status_at(Settings.config)
    if as_json:
        say(found.to_dict(), True)
    else:
        show_status(found, out)
    then(f"Next: {found.next}")


@app.command()
def demo() -> None:
    """Watch the loop happen on 2,100 real tweets, measured on 2,100 others."""
    from labeling.cli.demo_story import show_demo

    show_demo(Path.cwd(), out, err)
