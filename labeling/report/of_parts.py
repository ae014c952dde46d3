"""Sections of the report of a project whose labels have parts: spans, or sets of labels."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from labeling.analysis import lf_summary
from labeling.analysis.lanes import span_lanes
from labeling.analysis.set_quality import set_scores
from labeling.analysis.span_confusion import span_confusion
from labeling.analysis.span_quality import span_scores
from labeling.errors import counted
from labeling.project import Project
from labeling.project.agreement import any_agreement
from labeling.project.kinds import IN_WORDS, count_votes, covered_samples
from labeling.records import AnyVotes, SetVotes, SoftSets, SoftSpans, SpanVotes, label_in_words
from labeling.rendering import Cell, Excerpt, Interval, Share, Table, View
from labeling.report import overview, provenance
from labeling.report.context import AnyOutputs, ReportContext, any_outputs, load_people

EXAMPLES = 10
MOST_ROWS = 60
COMPARED = ("overlaps", "conflicts", "exact", "inside", "around", "crossing", "elsewhere")
COUNTS = ("votes", "no", "samples", "trimmed", "faults")


@dataclass(frozen=True)
class PartsSection:
    """A section of the page: its anchor and title, sentences, and what objects show."""

    anchor: str
    title: str
    sentences: tuple[str, ...]
    views: tuple[View, ...] = ()


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
        "states": overview.states(context),
        "sections": [*_of_outputs(context, outputs), _annotators(context), _training(context)],
        "provenance": provenance.section(context),
    }


def _of_outputs(context: ReportContext, outputs: AnyOutputs | None) -> Iterator[PartsSection]:
    if outputs is None:
        sentence = "Labeling functions were not applied yet. Run `labeling apply`."
        yield PartsSection("functions", "Labeling functions", (sentence,))
        return
    yield _functions(context, outputs.votes)
    yield _models(context, outputs)
    yield PartsSection("examples", "Examples", (), tuple(examples(outputs.votes, context, outputs)))


def _functions(context: ReportContext, votes: AnyVotes) -> PartsSection:
    gold = context.data.dev
    table = lf_summary(votes, gold if len(gold) else None)
    functions = counted(len(votes.voters), "labeling function")
    samples = counted(len(context.data.samples), "sample")
    sentences = [
        f"{functions} cast {counted(count_votes(votes), 'vote')} on {covered_samples(votes):,} of"
        f" {samples}."
    ]
    if "precision" in table:
        sentences.append(
            f"Precision is measured on {counted(len(gold), 'sample')} with gold labels."
        )
    else:
        sentences.append("Precision cannot be measured: the config gives no gold labels.")
    return PartsSection(
        "functions", "Labeling functions", tuple(sentences), (_function_table(table),)
    )


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
    caption = "Of its votes: beside other functions, and beside the edges of gold spans."
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


def _models(context: ReportContext, outputs: AnyOutputs) -> PartsSection:
    learner: Any = context.project.learner(outputs.votes)
    model = learner.cached_label_model(context.verdict.gold)
    sentences = [] if model is None else list(model.report_)
    gold = context.data.dev
    if outputs.measured is None or not len(gold):
        sentences.append("The models cannot be measured: the config gives no gold labels.")
        return PartsSection("model", "Models", tuple(sentences))
    sentences.append(
        "Measured by cross-fitting: each sample with a gold label is predicted by models that were"
        " not trained on that label."
    )
    return PartsSection(
        "model", "Models", tuple(sentences), tuple(score_views(outputs.measured, context))
    )


@functools.singledispatch
def score_views(measured: Any, context: ReportContext) -> Iterator[View]:
    """Yield the scores of cross-fitted labels against gold labels."""
    raise TypeError(f"There are no scores of type {type(measured).__name__}.")


@score_views.register
def _(measured: SoftSpans, context: ReportContext) -> Iterator[View]:
    gold, schema = context.data.dev, context.project.schema
    yield span_scores(measured, gold, schema)._view()
    predicted = measured.to_labels().to_dict()
    counts = span_confusion(predicted, gold.to_dict(), schema)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Excerpt(str(label)), *(int(count) for count in row))
        for label, row in zip(counts.index, counts.to_numpy(), strict=True)
    )
    caption = "Spans with the same edges; (none): the other side has no span there."
    yield View("Confusion of labels", (Table(("gold", *counts.columns), rows, caption),))


@score_views.register
def _(measured: SoftSets, context: ReportContext) -> Iterator[View]:
    yield set_scores(measured, context.data.dev, context.project.schema)._view()


@functools.singledispatch
def examples(votes: AnyVotes, context: ReportContext, outputs: Any) -> Iterator[View]:
    """Yield samples on which voters differ, or the model differs from gold labels."""
    raise TypeError(f"There are no examples of votes of type {type(votes).__name__}.")


@examples.register
def _(votes: SpanVotes, context: ReportContext, outputs: Any) -> Iterator[View]:
    gold = context.data.dev
    yield span_lanes(
        context.data.samples,
        votes,
        soft=outputs.posterior,
        gold=gold if len(gold) else None,
        n=EXAMPLES,
        text=context.config.data.text,
    )._view()


@examples.register
def _(votes: SetVotes, context: ReportContext, outputs: Any) -> Iterator[View]:
    if outputs.measured is None:
        return
    predicted = outputs.measured.to_labels().to_dict()
    gold: dict[Hashable, Any] = context.data.dev.to_dict()
    wrong = sorted(
        (key for key, label in gold.items() if (predicted.get(key) or frozenset()) != label),
        key=repr,
    )
    texts = context.texts_of(wrong[:EXAMPLES])
    rows = tuple(
        (
            Excerpt(str(key)),
            Excerpt(texts.get(key, "")),
            Excerpt(label_in_words(predicted.get(key) or frozenset())),
            Excerpt(label_in_words(gold[key])),
        )
        for key in wrong[:EXAMPLES]
    )
    title = f"The models differ from {len(wrong):,} of {counted(len(gold), 'gold label')}"
    table = Table(("sample", "text", "models", "gold"), rows, "", len(wrong) - len(rows))
    yield View(title, (table,) if rows else ())


def _annotators(context: ReportContext) -> PartsSection:
    votes = [vote for vote in context.annotations if not vote.reviewer]
    if not votes:
        return PartsSection("people", "Annotators", ("There are no annotations yet.",))
    by_settled = Counter(gold.settled for gold in context.verdict.gold)
    sentences = (
        f"{counted(len({vote.annotator for vote in votes}), 'annotator')} gave"
        f" {counted(len(votes), 'answer')} on"
        f" {counted(len({vote.sample_id for vote in votes}), 'sample')};"
        f" {counted(sum(by_settled.values()), 'sample')} settled,"
        f" {len(context.verdict.escalations):,} waiting for a reviewer.",
        *([f"Settled by: {settled_by}."] if (settled_by := context.status.settled_by) else []),
        "Skills of annotators and what single annotators confuse are shown for one label per sample"
        " only.",
    )
    texts = context.data.samples[context.config.data.text]
    found = any_agreement(context.annotations, context.project.schema, context.selections, texts)
    views = (found._view(), _people(votes), *_escalations(context))
    return PartsSection("people", "Annotators", sentences, views)


def _people(votes: Any) -> View:
    answers = Counter(vote.annotator for vote in votes if vote.label is not None)
    skips = Counter(vote.annotator for vote in votes if vote.label is None)
    names = sorted({vote.annotator for vote in votes})
    rows = tuple((Excerpt(name), answers[name], skips[name]) for name in names[:MOST_ROWS])
    table = Table(("annotator", "labeled", "skipped"), rows, "", len(names) - len(rows))
    return View("By annotator", (table,))


def _escalations(context: ReportContext) -> Iterator[View]:
    waiting = context.verdict.escalations
    if not waiting:
        return
    texts = context.texts_of(escalation.sample_id for escalation in waiting[:MOST_ROWS])
    rows = tuple(
        (
            Excerpt(str(escalation.sample_id)),
            Excerpt(texts.get(escalation.sample_id, "")),
            Excerpt(escalation.explanation),
        )
        for escalation in waiting[:MOST_ROWS]
    )
    table = Table(("sample", "text", "why"), rows, "", len(waiting) - len(rows))
    yield View("Waiting for a reviewer", (table,))


def _training(context: ReportContext) -> PartsSection:
    train = context.status.training_set
    if train is None:
        sentences = ("There is no training set yet. Run `labeling export`.",)
    else:
        left_out = sum(train["left_out"].values())
        sentences = (
            f"{counted(train['samples'], 'sample')} in the training set; {left_out:,} left out.",
        )
    return PartsSection("training", "Training set", sentences)
