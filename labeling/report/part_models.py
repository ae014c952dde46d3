"""Section on the models of spans or of several labels: scores, confusion, edges, calibration."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from labeling.analysis import Calibration, calibration
from labeling.analysis.calibration import PER_BIN
from labeling.analysis.inline_charts import (
    edge_picture,
    reliability_picture,
    type_confusion_picture,
)
from labeling.analysis.part_calibration import PARTS, part_calibration
from labeling.analysis.set_quality import set_scores
from labeling.analysis.span_confusion import span_confusion
from labeling.analysis.span_edges import FURTHEST, edge_errors
from labeling.analysis.span_quality import span_scores
from labeling.errors import counted
from labeling.records import NOTHING, AnyVotes, Label, LabelSchema, SetVotes, SpanVotes
from labeling.records.estimates import Estimate, proportion
from labeling.rendering import Cell, Excerpt, Picture, Table, View, as_interval
from labeling.rendering.formatting import percent, when
from labeling.report.context import AnyOutputs, ReportContext
from labeling.report.part_section import PartsSection, as_series
from labeling.report.samples import evaluations_of

MOST_CELLS = 12  # labels in the picture of a confusion matrix, with "(none)"
GOLD, PEOPLE = "gold labels", "people's labels of the random sample"
NO_REFERENCE = (
    "The models cannot be measured: the config gives no gold labels, and people settled no sample"
    " of those drawn at random."
)
DESCRIPTIONS = {
    GOLD: "Against gold labels by cross-fitting: each sample with a gold label is predicted by"
    " models that were not trained on that label.",
    PEOPLE: "Against people's labels of the random sample: predictions made before annotation,"
    " compared with what people settled of the samples drawn at random.",
}


@dataclass(frozen=True)
class Reference:
    """Labels that the models did not learn from, and what the models say of the same samples.

    Attributes:
        name: of the labels.
        predicted: sample id -> label of the models; `None` where nothing was said of the sample.
        truth: sample id -> label.
    """

    name: str
    predicted: dict[Hashable, Label | None]
    truth: dict[Hashable, Any]


def references(context: ReportContext, measured: Any) -> list[Reference]:
    """Return what the models can be measured against.

    Args:
        context: the state of the project.
        measured: cross-fitted soft labels of the samples with a given gold label, or `None`.
    """
    found = []
    if measured is not None and len(context.data.dev):
        truth = context.data.dev.to_dict()
        found.append(Reference(GOLD, measured.to_labels().to_dict(), truth))
    audit = context.audit
    if len(audit):
        ids, columns = audit.index.tolist(), (audit["model_label"], audit["label"])
        predicted, settled = (dict(zip(ids, labels, strict=True)) for labels in columns)
        found.append(Reference(PEOPLE, predicted, settled))
    return found


def section(context: ReportContext, outputs: AnyOutputs) -> PartsSection:
    """Return the section on models."""
    learner: Any = context.project.learner(outputs.votes)
    model = learner.cached_label_model(context.verdict.gold)
    sentences = [] if model is None else list(model.report_)
    found = references(context, outputs.measured)
    views: list[View] = []
    for reference in found:
        sentences.append(DESCRIPTIONS[reference.name])
        views += reference_views(outputs.votes, reference, context)
    if not found:
        sentences.append(NO_REFERENCE)
    views += [*_calibration(calibrations(context, outputs)), *_evaluations(context)]
    return PartsSection("model", "Models", tuple(sentences), tuple(views))


@functools.singledispatch
def reference_views(
    votes: AnyVotes, reference: Reference, context: ReportContext
) -> Iterator[View]:
    """Yield how the models' labels compare with other labels, by the type of the votes."""
    raise TypeError(f"There are no scores of votes of type {type(votes).__name__}.")


@reference_views.register
def _(votes: SetVotes, reference: Reference, context: ReportContext) -> Iterator[View]:
    schema = context.project.schema
    scores = set_scores(as_series(reference.predicted), as_series(reference.truth), schema)
    yield _against(scores._view(), reference)


@reference_views.register
def _(votes: SpanVotes, reference: Reference, context: ReportContext) -> Iterator[View]:
    predicted: Any = reference.predicted
    schema, is_gold = context.project.schema, reference.name == GOLD
    scores = span_scores(as_series(predicted), as_series(reference.truth), schema)
    yield _against(scores._view(), reference)
    suffix = "gold" if is_gold else "people"
    yield _against(confusion_view(predicted, reference.truth, schema, "models", suffix), reference)
    errors = edge_errors(predicted, reference.truth, context.texts_of(reference.truth))
    if errors["start"].sum():
        yield _against(_edges(errors, suffix), reference)


def _against(view: View, reference: Reference) -> View:
    return View(f"{view.title}, against {reference.name}", view.parts)


def confusion_view(
    predicted: dict[Hashable, Any],
    truth: dict[Hashable, Any],
    schema: LabelSchema,
    whose: str,
    suffix: str,
) -> View:
    """Return which labels of spans are taken for which, as a picture and a table.

    Args:
        predicted: spans by sample.
        truth: true spans by sample.
        schema: the labels.
        whose: the predicted spans are, such as "models".
        suffix: of the name of the picture, unique on the page.
    """
    counts = span_confusion(predicted, truth, schema)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Excerpt(str(label)), *row)
        for label, row in zip(counts.index, counts.to_numpy().tolist(), strict=True)
    )
    caption = (
        f"Spans with the same edges, with their true label in rows; {NOTHING}: the other side has"
        " no such span."
    )
    table = Table(("true label", *counts.columns), rows, caption)
    picture = type_confusion_picture(_most_confused(counts), f"types-{suffix}", whose)
    description = f"Which labels the {whose} confuse, in percent of the rows."
    return View("Confusion of labels", (Picture(str(picture), description), table))


def _most_confused(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the labels with most spans that differ, in their order, and "(none)"."""
    table = counts.to_numpy()
    differ = pd.Series(table.sum(axis=0) + table.sum(axis=1) - 2 * table.diagonal(), counts.index)
    differ = differ.drop(NOTHING).sort_values(ascending=False, kind="stable")
    most = {*differ.index[: MOST_CELLS - 1], NOTHING}
    shown = [label for label in counts.index if label in most]
    return counts.loc[shown, shown]


def _edges(errors: pd.DataFrame, suffix: str) -> View:
    n = int(errors["start"].sum())
    exact = [int(errors[edge].to_numpy()[FURTHEST]) for edge in errors.columns]
    right = [proportion(count, n) for count in exact]
    rows: list[tuple[Cell, ...]] = [("right", *(as_interval(estimate) for estimate in right))]
    off = errors.drop(0)
    off = off[off.any(axis=1)]
    for distance, counts in zip(off.index.tolist(), off.to_numpy().tolist(), strict=True):
        shares = [as_interval(proportion(count, n)) for count in counts]
        rows.append((_in_words(distance), *shares))
    sentence = (
        f"Of {counted(n, 'span')} of the models that overlap a true span of their label: by how"
        " many words, or parts of words, they begin and end elsewhere."
    )
    table = Table(("edge", "start", "end"), tuple(rows), "With 95 % intervals, as if independent.")
    if sum(exact) == 2 * n:
        return View("Edges of spans", (sentence, table))
    picture = Picture(str(edge_picture(errors, f"edges-{suffix}")), "Edges that are off, by words.")
    return View("Edges of spans", (sentence, picture, table))


def _in_words(distance: int) -> str:
    words = counted(abs(distance), "word") + (" or more" if abs(distance) == FURTHEST else "")
    return f"{words} too {'early' if distance < 0 else 'late'}"


def _evaluations(context: ReportContext) -> Iterator[View]:
    """Yield what was measured on the locked test split, each time."""
    rows: list[tuple[Cell, ...]] = []
    for look in evaluations_of(context):
        for name, result in look.results:
            shown = result if isinstance(result, str) else as_interval(result)
            rows.append((look.number, when(look.at), name, shown))
    if rows:
        table = Table(("evaluation", "when", "of what", "result"), tuple(rows))
        yield View("Evaluations on the locked test split", (table,))


def calibrations(context: ReportContext, outputs: AnyOutputs) -> list[tuple[str, Calibration]]:
    """Return what probabilities are checked against what, and the result."""
    found = []
    if outputs.measured is not None and len(context.data.dev):
        name = f"{PARTS[type(outputs.measured)]}, {GOLD}"
        found.append((name, part_calibration(outputs.measured, context.data.dev.to_dict())))
    audit = context.audit
    if len(audit):
        result = calibration(audit["confidence"].to_numpy(float), audit["right"].to_numpy(float))
        found.append((f"whole samples, {PEOPLE}", result))
    return [(name, result) for name, result in found if result.accuracy.n]


def _calibration(checks: Sequence[tuple[str, Calibration]]) -> list[View]:
    if not checks:
        return []
    parts: list[Any] = [_verdict(name, result) for name, result in checks]
    large = [(name, result) for name, result in checks if result.accuracy.n >= PER_BIN]
    if large:
        picture = reliability_picture([(_short(name), result) for name, result in large], 0.0)
        description = "On the dotted line probability equals accuracy; the tables list the bins."
        parts.append(Picture(str(picture), description))
    parts += [_bins(name, result) for name, result in large]
    return [View("Calibration: are the probabilities true?", tuple(parts))]


def _short(name: str) -> str:
    """Return a name that fits a legend."""
    return name.replace(PEOPLE, "random sample")


def _verdict(name: str, result: Calibration) -> str:
    sentences = {
        "over": "Over-confident: use the probabilities to rank, not as probabilities.",
        "under": "Under-confident: more is right than the probabilities say.",
        "": "The mean probability lies within the 95 % interval of the share of right ones.",
    }
    verdict = sentences[result.bias]
    if result.accuracy.n < PER_BIN:
        verdict = f"Fewer than {PER_BIN} are too few to judge calibration."
    return (
        f"{name[0].upper()}{name[1:]}: right {_in_percent(result.accuracy)}, mean probability"
        f" {percent(result.confidence)}. {verdict}"
    )


def _in_percent(estimate: Estimate) -> str:
    ends = f"[{percent(estimate.low)}, {percent(estimate.high)}]"
    return f"{percent(estimate.value)} {ends}, n = {estimate.n:,}"


def _bins(name: str, result: Calibration) -> Table:
    rows = tuple(
        (
            f"{percent(group.low)} to {percent(group.high)}",
            percent(group.confidence),
            as_interval(group.accuracy),
        )
        for group in result.bins
    )
    return Table(("probability", "mean", "share of right ones"), rows, f"Bins: {name}.")
