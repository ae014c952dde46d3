"""The section on what human votes bought: quality of the labels against votes spent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from labeling.analysis import Estimate, proportion
from labeling.report.charts import spending_picture
from labeling.report.components import estimate_of
from labeling.report.context import ReportContext


@dataclass(frozen=True)
class Standing:
    """How good the labels were with so many human votes."""

    votes: int
    reviews: int
    gold: int
    dev: Estimate | None


@dataclass(frozen=True)
class Audited:
    """A batch: what the model held before, against what people said of its random draw.

    Attributes:
        batch: its number.
        before: human votes given on earlier batches.
        drawn: samples drawn at random.
        undecided: how many of those that were settled the model had no label for.
        right: the share of those settled whose label the model had; n says how many.
    """

    batch: int
    before: int
    drawn: int
    undecided: int
    right: Estimate


@dataclass(frozen=True)
class SpendingSection:
    """What the section shows."""

    standings: list[Standing]
    audits: list[Audited]
    pooled: Estimate | None
    drawn: int
    picture: Markup | None
    gold_given: bool


def section(known: ReportContext) -> SpendingSection:
    """Return the section on quality against votes spent."""
    standings = _standings(known)
    audits = _audits(known)
    dev = [(one.votes, one.dev) for one in standings if one.dev is not None]
    batches = [(one.before, one.right) for one in audits]
    named = [("all labels, against dev gold labels", dev)]
    named.append(("before asking, against people on a random draw", batches))
    curves = [(name, points) for name, points in named if points]
    audit = known.audit
    return SpendingSection(
        standings=standings,
        audits=audits,
        pooled=proportion(int(audit["right"].sum()), len(audit)) if len(audit) else None,
        drawn=len(known.at_random),
        picture=spending_picture(curves) if curves else None,
        gold_given=len(known.data.dev) > 0,
    )


def _standings(known: ReportContext) -> list[Standing]:
    rows = [] if known.store is None else known.store.history.standings()
    return [
        Standing(
            row["human_votes"], row["reviews"], row["gold"], estimate_of(row["about"].get("dev"))
        )
        for row in rows
    ]


def _audits(known: ReportContext) -> list[Audited]:
    settled = known.audit
    spent = _spent(known)
    found = []
    for batch, drawn in known.at_random.groupby("batch", sort=True):
        number = int(str(batch))
        own = settled[settled["batch"] == batch]
        if len(own):
            before = sum(count for other, count in spent.items() if other < number)
            right = proportion(int(own["right"].sum()), len(own))
            undecided = int(own["model_label"].isna().sum())
            found.append(Audited(number, before, len(drawn), undecided, right))
    return found


def _spent(known: ReportContext) -> Counter[int]:
    """Return how many votes annotators gave on each batch; 0 is for samples of none."""
    of_sample = pd.Series(known.choices["batch"].to_numpy(), known.choices.index).to_dict()
    return Counter(int(of_sample.get(one.sample_id, 0)) for one in known.said if not one.reviewer)
