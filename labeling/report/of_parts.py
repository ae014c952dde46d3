"""Sections of the report of a project whose labels have parts: spans, or sets of labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pandas as pd

from labeling.analysis import lf_summary
from labeling.analysis.inline_charts import MOST_BARS, places_picture
from labeling.analysis.kind_summaries import PLACES
from labeling.analysis.part_answers import shared_f1
from labeling.errors import counted
from labeling.project import Project
from labeling.project.kinds import IN_WORDS, count_votes, covered_samples
from labeling.records import AnyVotes
from labeling.rendering import Cell, Excerpt, Interval, Picture, Share, Table, View
from labeling.rendering.formatting import NONE, percent, size, when
from labeling.report import (
    overview,
    part_cost,
    part_examples,
    part_models,
    part_people,
    provenance,
    training,
)
from labeling.report.components import Segment
from labeling.report.context import AnyOutputs, ReportContext, any_outputs, load_people
from labeling.report.part_section import KeyFigure, PartsSection, as_series
from labeling.report.samples import SOURCES

COMPARED = ("overlaps", "conflicts", "exact", "inside", "around", "crossing", "elsewhere")
COUNTS = ("votes", "no", "samples", "trimmed", "faults")


def sections(project: Project) -> dict[str, Any]:
    """Return what the template needs; nothing is computed before functions were applied."""
    context = load_people(project)
    outputs = any_outputs(context)
    return {
        "project": context.status.project,
        "kind": IN_WORDS[project.schema.kind],
        "labels": project.schema.labels,
        "n": len(context.data.samples),
        "n_gold": len(context.data.dev),
        "n_locked": len(context.data.test),
        "next_step": context.status.next,
        "figures": list(_figures(context, outputs)),
        "states": overview.states(context),
        "sections": [
            *_of_outputs(context, outputs),
            part_people.section(context),
            part_cost.section(context),
            _training(context),
        ],
        "provenance": provenance.section(context),
    }


def _of_outputs(context: ReportContext, outputs: AnyOutputs | None) -> Iterator[PartsSection]:
    if outputs is None:
        sentence = "Labeling functions were not applied yet. Run `labeling apply`."
        yield PartsSection("functions", "Labeling functions", (sentence,))
        return
    yield _functions(context, outputs.votes)
    yield part_models.section(context, outputs)
    yield part_examples.section(context, outputs)


def _functions(context: ReportContext, votes: AnyVotes) -> PartsSection:
    gold, whose = _gold_of_functions(context)
    table = lf_summary(votes, gold if len(gold) else None)
    functions = counted(len(votes.voters), "labeling function")
    samples = counted(len(context.data.samples), "sample")
    sentences = [
        f"{functions} cast {counted(count_votes(votes), 'vote')} on {covered_samples(votes):,} of"
        f" {samples}."
    ]
    if "precision" in table:
        samples = counted(len(gold), "sample")
        n_spans = counted(sum(map(len, gold)), "span")
        recall = f", recall on their {n_spans}" if "recall" in table else ""
        sentences.append(f"Precision is measured on {samples} {whose}{recall}.")
    else:
        sentences.append(
            "Precision cannot be measured: the config gives no gold labels, and people settled no"
            " sample of those drawn at random."
        )
    views = (*_places(table), _function_table(table))
    return PartsSection("functions", "Labeling functions", tuple(sentences), views)


def _gold_of_functions(context: ReportContext) -> tuple[pd.Series, str]:
    """Return the labels that functions are measured against, and whose they are.

    Where none were given these are people's labels of the random sample: other samples were chosen
    because they are hard.
    """
    if len(context.data.dev):
        return context.data.dev, "with gold labels"
    audit = context.audit
    if not len(audit):
        return context.data.dev, ""
    settled = as_series(dict(zip(audit.index.tolist(), audit["label"].tolist(), strict=True)))
    return settled, "drawn at random and settled by people"


def _places(table: pd.DataFrame) -> Iterator[View]:
    """Yield how spans lie to gold spans as a picture; nothing for labels without edges."""
    if PLACES[0] not in table:
        return
    measured = table[table["correct"] + table["incorrect"] > 0]
    if len(measured):
        picture = Picture(str(places_picture(measured, PLACES)), "The table lists the shares.")
        sentence = (
            "Exact: both edges are those of a true span, whatever its label; inside, around or"
            " crossing one; elsewhere: it overlaps none."
        )
        left_out = len(measured) - MOST_BARS
        more = () if left_out <= 0 else (f"{left_out:,} more functions are in the table.",)
        yield View("How spans of functions lie to true spans", (sentence, picture, *more))


def _function_table(table: pd.DataFrame) -> View:
    labels = next((name for name in ("polarity", "labels") if name in table), None)
    counts = [name for name in COUNTS if name in table and table[name].any()]
    measured = [name for name in ("precision", "recall") if name in table]
    compared = [name for name in COMPARED if name in table]
    rows, shares = [], []
    for voter, row in zip(table.index, table.to_dict("records"), strict=True):
        name: Cell = Excerpt(str(voter))
        words: list[Cell] = [Excerpt(_in_words(row[labels]))] if labels else []
        numbers: list[Cell] = [int(row[column]) for column in counts]
        estimates = [_measure(row, column) for column in measured]
        rows.append((name, *words, *numbers, Share(float(row["coverage"])), *estimates))
        shares.append((name, *(Share(float(row[column])) for column in compared)))
    headings = ("function", *(["labels"] if labels else []), *counts, "coverage", *measured)
    caption = "Of its votes: beside other functions, and beside the edges of true spans."
    tables = [Table(headings, tuple(rows)), Table(("function", *compared), tuple(shares), caption)]
    if "exact" not in compared:
        tables[1] = dataclasses.replace(tables[1], caption="Of its votes: beside other functions.")
    return View("By labeling function", tuple(tables))


def _in_words(labels: Any) -> str:
    return labels if isinstance(labels, str) else ", ".join(labels)


def _measure(row: dict[Any, Any], name: str) -> Cell:
    if f"{name}_low" not in row:
        return Share(float(row[name]))
    n = int(row["correct"] + row["incorrect"])
    return Interval(float(row[name]), row[f"{name}_low"], row[f"{name}_high"], n)


def _training(context: ReportContext) -> PartsSection:
    artifact = None if context.store is None else context.store.artifacts.latest("training_set")
    if artifact is None:
        sentence = "There is no training set yet. Run `labeling export`."
        return PartsSection("training", "Training set", (sentence,))
    about = artifact.about
    left_out = about["left_out"]
    sentence = (
        f"{counted(about['samples'], 'sample')} in the training set, exported"
        f" {when(artifact.made_at)}; {sum(left_out.values()):,} left out."
    )
    views = [View("Labels of the training set", (_label_counts(context, about),))]
    if left_out:
        rows = tuple((Excerpt(str(reason)), int(n)) for reason, n in sorted(left_out.items()))
        views.append(View("Left out", (Table(("reason", "samples"), rows),)))
    files = tuple(
        (Excerpt(file.name), size(file.bytes), "yes" if file.is_current else "no", file.sha256)
        for file in training.files_of(context, artifact)
    )
    if files:
        headings = ("file", "size", "of this training set", "SHA-256")
        views.append(View("Files", (Table(headings, files),)))
    sources = tuple(
        Segment(*SOURCES[source], about["sources"][source])
        for source in SOURCES
        if source in about["sources"]
    )
    return PartsSection("training", "Training set", (sentence,), tuple(views), (), sources)


def _label_counts(context: ReportContext, about: dict[str, Any]) -> Table:
    """Return on how many samples each label is, and how many spans have it."""
    labels, n, spans = about["labels"], max(about["samples"], 1), about.get("spans")
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Excerpt(label),
            labels.get(label, 0),
            Share(labels.get(label, 0) / n),
            *([] if spans is None else [spans.get(label, 0)]),
        )
        for label in context.project.schema.labels
    )
    headings = ("label", "samples", "share", *([] if spans is None else ["spans"]))
    return Table(headings, rows)


def _figures(context: ReportContext, outputs: AnyOutputs | None) -> Iterator[KeyFigure]:
    """Yield the numbers at the head of the page."""
    n = len(context.data.samples)
    if outputs is None:
        yield KeyFigure("Coverage of the labeling functions", NONE, "not applied yet")
    else:
        covered = covered_samples(outputs.votes)
        more = f"{covered:,} of {n:,}"
        yield KeyFigure("Coverage of the labeling functions", percent(covered / max(n, 1)), more)
    people = [vote for vote in context.annotations if not vote.reviewer]
    answers = [vote.sample_id for vote in people if vote.label is not None]
    reviews = counted(len(context.annotations) - len(people), "review")
    on = f"on {counted(len(set(answers)), 'sample')}, {reviews}"
    yield KeyFigure("Human answers", f"{len(answers):,}", on)
    for reference in part_models.references(context, outputs and outputs.measured):
        f1 = shared_f1(
            {key: label or () for key, label in reference.predicted.items()}, reference.truth
        )
        if f1.n:
            more = f"[{percent(f1.low)}, {percent(f1.high)}], n = {f1.n:,}"
            yield KeyFigure(f"F1 against {reference.name}", percent(f1.value), more)
    train = context.status.training_set
    if train is None:
        yield KeyFigure("Training set", NONE, "not exported yet")
    else:
        left_out = f"{sum(train['left_out'].values()):,} left out"
        yield KeyFigure("Training set", f"{train['samples']:,}", left_out)
