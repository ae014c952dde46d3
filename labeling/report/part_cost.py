"""Section on what labels of spans, or of several labels, cost: quality and time by human votes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from labeling.analysis.inline_charts import cost_picture
from labeling.analysis.part_answers import shared_f1
from labeling.errors import counted
from labeling.records import Annotation
from labeling.rendering import Cell, Picture, Table, View, as_interval
from labeling.rendering.formatting import seconds
from labeling.report import label_cost
from labeling.report.context import ReportContext
from labeling.report.label_cost import CostSection
from labeling.report.part_section import PartsSection

NOTHING_YET = (
    "Label quality cannot be measured yet. Name gold labels as `gold:` under `data:` in the config,"
    " or have a random sample annotated: `labeling query` draws half of each batch at random."
)
MEASURE = "samples that are right in all"


def section(context: ReportContext) -> PartsSection:
    """Return the section on labeling cost."""
    cost = label_cost.section(context)
    sentences = (*cost.quality, *work_sentences(context.annotations))
    views = tuple(_quality_views(context, cost))
    if not views:
        sentences = (NOTHING_YET, *sentences)
    return PartsSection("spending", "Labeling cost", sentences, views)


def work_sentences(annotations: Sequence[Annotation]) -> Iterator[str]:
    """Yield how long annotators took, where it is known; nothing where it is not."""
    answers = [vote for vote in annotations if not vote.reviewer and vote.label is not None]
    timed = [vote for vote in answers if vote.lead_seconds is not None]
    times = [vote.lead_seconds for vote in timed if vote.lead_seconds is not None]
    if sum(times) <= 0:
        return
    parts = sum(len(vote.label or ()) for vote in timed)
    hours = sum(times) / 3600
    unknown = len(answers) - len(timed)
    without = f"; of {unknown:,} more the time is not known" if unknown else ""
    yield (
        f"Annotators took {seconds(sum(times))} for {counted(len(timed), 'answer')}{without}: a"
        f" median of {seconds(statistics.median(times))} each, {len(timed) / hours:,.0f} answers"
        f" and {parts / hours:,.0f} spans or labels an hour."
    )


def _quality_views(context: ReportContext, cost: CostSection) -> Iterator[View]:
    if cost.picture is None:
        return
    curves = label_cost.curves_of(cost.quality_log, cost.audits)
    description = "Label quality against human votes spent; the tables list the same numbers."
    yield View(
        "Label quality against human votes spent",
        (
            "The share of samples with all spans or labels right: one that is missed makes the"
            " sample wrong. Where intervals overlap widely, differences may be due to chance.",
            Picture(str(cost_picture(curves, MEASURE)), description),
        ),
    )
    log = [point for point in cost.quality_log if point.dev is not None]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (point.votes, point.reviews, point.gold, as_interval(point.dev)) for point in log
    )
    if rows:
        headings = ("human votes", "reviews", "settled by people", MEASURE)
        yield View("All labels, against the dev set", (Table(headings, rows),))
    if cost.audits:
        yield View("Audit: the random sample of each batch", (_audits(context, cost),))


def _audits(context: ReportContext, cost: CostSection) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for audit in cost.audits:
        settled = context.audit[context.audit["batch"] == audit.batch]
        ids = settled.index.tolist()
        predicted = {
            key: label or () for key, label in zip(ids, settled["model_label"], strict=True)
        }
        truth = dict(zip(ids, settled["label"], strict=True))
        estimates = (as_interval(audit.accuracy), as_interval(shared_f1(predicted, truth)))
        rows.append((audit.batch, audit.votes_before, audit.drawn, audit.undecided, *estimates))
    headings = ("batch", "human votes before", "drawn", "model undecided", MEASURE, "F1")
    caption = (
        "Predictions before annotation, compared with the labels that people settled. Samples that"
        " are not settled are not counted."
    )
    return Table(headings, tuple(rows), caption)
