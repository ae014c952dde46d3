"""Head of the report: a summary of the project in one paragraph, key figures, and sample states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labeling.analysis import Estimate
from labeling.report.annotators import AnnotatorsSection
from labeling.report.components import Segment
from labeling.report.context import ReportContext
from labeling.report.label_cost import CostSection
from labeling.store import STATES

# Description of each state, and the style of its segment of the bar.
STATE_NAMES = {
    "settled": ("settled by annotators", "main"),
    "reviewed": ("decided by a reviewer", "second"),
    "unresolved": ("unresolved: no decision of a reviewer", "second-lines"),
    "escalated": ("waiting for a reviewer", "second-dots"),
    "collecting": ("waiting for more votes", "main-dots"),
    "asked": ("sent to annotators, no annotation yet", "main-lines"),
    "chosen": ("chosen, not sent yet", "soft-lines"),
    "not_chosen": ("not chosen for annotation", "soft"),
}
MOST_LABELS = 6  # that the first sentence lists


@dataclass(frozen=True)
class Head:
    """Contents of the head."""

    project: str
    samples: int
    labels: tuple[str, ...]
    functions: int | None
    covered: int | None
    votes: int
    skips: int
    annotators: int
    annotated: int
    reviews: int
    audit: Estimate | None
    dev: Estimate | None
    agreement: Estimate | None
    training: int | None
    left_out: int
    states: list[Segment]
    next_step: str
    last_run: str | None
    most_labels: int = MOST_LABELS


def section(context: ReportContext, people: AnnotatorsSection | None, cost: CostSection) -> Head:
    """Return the head of the report."""
    status, outputs = context.status, context.outputs
    measured = [point.dev for point in cost.quality_log if point.dev is not None]
    train = status.training_set
    on_random = people.agreement.random if people and people.agreement else None
    return Head(
        project=status.project,
        samples=len(context.data.samples),
        labels=context.project.schema.labels,
        functions=None if outputs is None else len(outputs.votes.voters),
        covered=None if outputs is None else int(outputs.votes.covered.sum()),
        votes=people.votes if people else 0,
        skips=people.skips if people else 0,
        annotators=len(people.annotators) if people else 0,
        annotated=people.samples if people else 0,
        reviews=people.reviews if people else 0,
        audit=cost.pooled,
        dev=measured[-1] if measured else None,
        agreement=on_random.percent if on_random else None,
        training=None if train is None else train["samples"],
        left_out=0 if train is None else sum(train["left_out"].values()),
        states=states(context),
        next_step=status.next,
        last_run=_last_run(status.last_run),
    )


def states(context: ReportContext) -> list[Segment]:
    """Return how many samples are in each annotation state, as segments of a bar."""
    status = context.status
    counts: dict[str, int] = {
        "not_chosen": status.not_chosen or 0,
        **dict.fromkeys(STATES, 0),
        **status.states,
    }
    if status.samples is None:
        counts["not_chosen"] = len(context.data.samples) - sum(status.states.values())
    return [
        Segment(name, style, max(counts[state], 0))
        for state, (name, style) in STATE_NAMES.items()
        if counts[state] > 0
    ]


def _last_run(run: dict[str, Any] | None) -> str | None:
    """Return when the last run ended, or started where it has not ended."""
    return None if run is None else str(run["ended_at"] or run["started_at"])
