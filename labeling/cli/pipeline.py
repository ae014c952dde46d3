"""Commands on samples, labeling functions and models, from `check` to `report`."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from labeling.cli.app import (
    AsJson,
    Settings,
    app,
    emit_training_set,
    load_project,
    load_votes,
)
from labeling.cli.console import busy, emit, err, hint, out
from labeling.cli.sentences import fit_sentence, quality_lines, warning_lines
from labeling.project.kinds import count_votes, covered_samples


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check the config and the data, and try the labeling functions on a few samples."""
    with busy("checking the project"):
        findings = load_project().check()
    emit({"found": findings}, as_json, *findings)
    hint("No errors. Next: labeling apply")


DemoKind = Annotated[
    Literal["tweets", "spans", "sets"],
    typer.Argument(help="tweets: one label each; spans: marked parts of texts; sets: some labels."),
]
On = Annotated[
    str | None,
    typer.Option(
        help="Run on an engine, for data that is partitioned Parquet: processes, dask:ADDRESS (such"
        " as dask:tcp://127.0.0.1:8786), spark or spark:MASTER."
    ),
]


@app.command()
def apply(on: On = None, as_json: AsJson = False) -> None:
    """Apply the labeling functions to all samples."""
    if on is not None:
        from labeling.cli.partitions import apply_on

        apply_on(on, as_json)
        return
    project = load_project()
    with busy("applying labeling functions"):
        votes = project.apply()
    how_run = project.vote_cache.how_run
    result = {
        "samples": len(votes.sample_ids),
        "covered": covered_samples(votes),
        "voters": list(votes.voters),
        "votes": count_votes(votes),
        "how_run": list(map(dataclasses.asdict, how_run)),
    }
    report = project.vote_cache.report
    if report is not None:
        result["not_cached"] = {use.name: use.reason for use in report.functions if use.reason}
    emit(result, as_json, repr(votes))
    if not as_json:
        from labeling.cli.function_table import print_functions

        print_functions(how_run, err)  # seconds differ from run to run: not on stdout
    for sentence in [] if report is None else report.sentences():
        hint(sentence)
    hint(f"Written: {project.folder / 'votes.parquet'}. Next: labeling fit")


@app.command()
def fit(as_json: AsJson = False) -> None:
    """Fit the label model, and write its soft labels."""
    project = load_project()
    votes = load_votes(project)
    with busy("fitting the label model"):
        model, soft = project.fit(votes)
    covered, total = covered_samples(soft), len(soft.sample_ids)
    sentence = fit_sentence(soft)
    report, gold = list(model.report_), project.gold_counts()
    result = {
        "report": report,
        "covered": covered,
        "samples": total,
        "gold": dataclasses.asdict(gold),
        "warnings": list(project.status().warnings),
    }
    emit(result, as_json, *report, gold.sentence(), sentence)
    hint(f"Written: {project.folder / 'soft_labels.parquet'}. Next: labeling query")


@app.command()
def summary(
    sort: Annotated[
        str | None,
        typer.Option(
            help="name, votes, coverage, overlaps, conflicts, faults or accuracy (precision, of"
            " spans and several labels); default: the order of the config."
        ),
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="Reverse the order.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show labels, coverage, conflicts and accuracy of each labeling function."""
    from labeling.cli.json_tables import as_records
    from labeling.cli.kind_summary import print_any_summary, with_any_families
    from labeling.cli.summary_table import sorted_summary

    project = load_project()
    votes = load_votes(project)
    table = sorted_summary(project.summary(votes), sort, reverse=reverse)
    if as_json:
        emit(as_records(with_any_families(table, votes), "labeling function"), True)
    else:
        print_any_summary(votes, table, out)
        status = project.status()
        emit(None, False, *warning_lines(status), *quality_lines(status))
    hint("Next: improve functions with many conflicts or low coverage, then labeling fit")


@app.command()
def export(on: On = None, as_json: AsJson = False) -> None:
    """Write the training set: labels of people, labeling functions and models."""
    if on is not None:
        from labeling.cli.partitions import export_on

        export_on(on, as_json)
        return
    project = load_project()
    votes = load_votes(project)
    with busy("fitting the models and writing the training set"):
        train = project.export(votes=votes)
    emit_training_set(project, train, as_json)
    hint(f"Written: {project.folder / 'training_set'}.parquet, .jsonl and .csv, with manifests.")


@app.command()
def report(
    annotators: Annotated[
        bool, typer.Option("--annotators", help="Also write a page for each annotator.")
    ] = False,
    names: Annotated[
        bool,
        typer.Option("--names", help="Names instead of pseudonyms on the pages for annotators."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the report, a self-contained HTML page."""
    from labeling.report import write_annotator_pages, write_report

    if names and not annotators:
        raise typer.BadParameter("--names requires --annotators.", param_hint="--names")
    project = load_project()
    load_votes(project)
    with busy("writing the report"):
        path = write_report(project)
        pages = write_annotator_pages(project, with_names=names) if annotators else {}
    by_name = {name: str(page) for name, page in pages.items()}
    sentences = [f"Written for {name}: {page}" for name, page in by_name.items()]
    emit({"path": str(path), "annotators": by_name}, as_json, f"Written: {path}", *sentences)
    hint("Next: open it in a browser")


@app.command("look", hidden=True)
@app.command()
def evaluate(as_json: AsJson = False) -> None:
    """Evaluate the models on the locked test split; each evaluation is counted."""
    project = load_project()
    votes = load_votes(project)
    with busy("evaluating"):
        number, estimates = project.evaluate_test_split(votes)
    results = {
        name: {key: _json_number(value) for key, value in dataclasses.asdict(estimate).items()}
        for name, estimate in estimates.items()
    }
    sentences = [f"{name}: {estimate}" for name, estimate in estimates.items()]
    emit({"look": number, "seen": results}, as_json, *sentences)
    hint(
        f"This was evaluation {number} on the locked test split. It stays unbiased only while no"
        " decisions are based on it: tune on the other gold labels."
    )


def _json_number(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show the state of the samples, and the next step."""
    from labeling.cli.status_screen import print_status
    from labeling.project.status import status_at

    current = status_at(Settings.config)
    if as_json:
        emit(current.to_dict(), True)
    else:
        print_status(current, out)
    hint(f"Next: {current.next}")


@app.command()
def demo(what: DemoKind = "tweets") -> None:
    """Run the whole loop on real texts: half of them are labeled, the other half evaluates it.

    tweets have one label each, spans are the parts of addresses, sets are several labels of a text.
    """
    if what == "tweets":
        from labeling.cli.demo_story import run_demo

        run_demo(Path.cwd(), out, err)
    else:
        from labeling.cli.kind_story import run_kind_demo
        from labeling.demo.kind_loop import DEMOS

        run_kind_demo(DEMOS[what], Path.cwd(), out, err)
