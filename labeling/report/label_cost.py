"""Section on labeling cost: label quality against human votes spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from labeling.analysis import Estimate, proportion
from labeling.analysis.inline_charts import cost_picture
from labeling.project.evaluation import DEV
from labeling.rendering.svg import Svg
from labeling.report.components import estimate_of
from labeling.report.context import ReportContext


@dataclass(frozen=True)
class QualityPoint:
    """Quality of the labels after a number of human votes."""

    votes: int
    reviews: int
    gold: int
    dev: Estimate | None


@dataclass(frozen=True)
class BatchAudit:
    """Predictions of the model before a batch was pushed, compared with the labels of people.

    Attributes:
        batch: number of the batch.
        votes_before: human votes on earlier batches.
        drawn: samples drawn at random.
        undecided: settled samples without a prediction of the model.
        accuracy: accuracy of the model on the settled samples.
    """

    batch: int
    votes_before: int
    drawn: int
    undecided: int
    accuracy: Estimate


@dataclass(frozen=True)
class CostSection:
    """Contents of the section."""

    quality_log: list[QualityPoint]
    audits: list[BatchAudit]
    pooled: Estimate | None
    drawn: int
    picture: Svg | None
    gold_given: bool
    quality: tuple[str, ...] = ()


def section(context: ReportContext) -> CostSection:
    """Return the section on labeling cost."""
    quality_log = _quality_log(context)
    audits = _audits(context)
    curves = curves_of(quality_log, audits)
    audit = context.audit
    return CostSection(
        quality_log=quality_log,
        audits=audits,
        pooled=proportion(int(audit["right"].sum()), len(audit)) if len(audit) else None,
        drawn=len(context.random_sample),
        picture=cost_picture(curves) if curves else None,
        gold_given=len(context.data.dev) > 0,
        quality=(*context.status.quality, *context.status.stop),
    )


def curves_of(
    quality_log: Sequence[QualityPoint], audits: Sequence[BatchAudit]
) -> dict[str, list[tuple[int, Estimate]]]:
    """Return label quality by human votes spent, of each kind of measurement that there is."""
    dev = [(point.votes, point.dev) for point in quality_log if point.dev is not None]
    batches = [(audit.votes_before, audit.accuracy) for audit in audits]
    curves = {
        "all labels, against dev gold labels": dev,
        "model before annotation, on the random sample": batches,
    }
    return {name: points for name, points in curves.items() if points}


def _quality_log(context: ReportContext) -> list[QualityPoint]:
    rows = [] if context.store is None else context.store.facts.quality_log()
    return [
        QualityPoint(
            row["human_votes"], row["reviews"], row["gold"], estimate_of(row["about"].get(DEV))
        )
        for row in rows
    ]


def _audits(context: ReportContext) -> list[BatchAudit]:
    settled = context.audit
    votes_of_batch = _votes_of_batch(context)
    audits = []
    for batch, drawn in context.random_sample.groupby("batch", sort=True):
        number = int(str(batch))
        of_batch = settled[settled["batch"] == batch]
        if len(of_batch):
            before = sum(count for other, count in votes_of_batch.items() if other < number)
            accuracy = proportion(int(of_batch["right"].sum()), len(of_batch))
            undecided = int(of_batch["model_label"].isna().sum())
            audits.append(BatchAudit(number, before, len(drawn), undecided, accuracy))
    return audits


def _votes_of_batch(context: ReportContext) -> Counter[int]:
    """Return the number of annotators' votes on each batch; 0 stands for samples in no batch."""
    selections = context.selections
    batch_of = pd.Series(selections["batch"].to_numpy(), selections.index).to_dict()
    return Counter(
        int(batch_of.get(annotation.sample_id, 0))
        for annotation in context.annotations
        if not annotation.reviewer
    )
