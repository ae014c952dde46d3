"""The head of the report: in a paragraph, where the project stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from labeling.analysis import Estimate
from labeling.report.annotators import PeopleSection
from labeling.report.components import Segment
from labeling.report.context import ReportContext
from labeling.report.label_cost import SpendingSection
from labeling.store import STATES

# What each state means to a reader, and how its part of the bar looks.
STATE_NAMES = {
    "settled": ("settled by annotators", "main"),
    "reviewed": ("decided by a reviewer", "second"),
    "unresolved": ("unresolved: the reviewer gave no label", "second-lines"),
    "escalated": ("waiting for a reviewer", "second-dots"),
    "collecting": ("waiting for more votes", "main-dots"),
    "asked": ("asked, nobody has answered", "main-lines"),
    "chosen": ("chosen, not asked yet", "soft-lines"),
    "not_chosen": ("nobody was asked", "soft"),
}


MOST_LABELS = 6  # that the first sentence names


@dataclass(frozen=True)
class Head:
    """What the head shows."""

    project: str
    samples: int
    labels: tuple[str, ...]
    functions: int | None
    covered: int | None
    votes: int
    skips: int
    annotators: int
    asked: int
    reviews: int
    audit: Estimate | None
    dev: Estimate | None
    agreed: Estimate | None
    training: int | None
    left_out: int
    standing: list[Segment]
    next: str
    last: str | None
    most_labels: int = MOST_LABELS


def section(known: ReportContext, people: PeopleSection | None, spent: SpendingSection) -> Head:
    """Return the head of the report."""
    status, beliefs = known.status, known.beliefs
    states: dict[str, int] = {
        "not_chosen": status.not_chosen or 0,
        **dict.fromkeys(STATES, 0),
        **status.states,
    }
    if status.samples is None:
        states["not_chosen"] = len(known.data.samples) - sum(status.states.values())
    measured = [one.dev for one in spent.standings if one.dev is not None]
    train = status.training_set
    return Head(
        project=status.project,
        samples=len(known.data.samples),
        labels=known.project.schema.labels,
        functions=None if beliefs is None else len(beliefs.votes.voters),
        covered=None if beliefs is None else int(beliefs.votes.covered.sum()),
        votes=people.votes if people else 0,
        skips=people.skips if people else 0,
        annotators=len(people.annotators) if people else 0,
        asked=people.samples if people else 0,
        reviews=people.reviews if people else 0,
        audit=spent.pooled,
        dev=measured[-1] if measured else None,
        agreed=people.random.percent if people and people.random else None,
        training=None if train is None else train["samples"],
        left_out=0 if train is None else sum(train["left_out"].values()),
        standing=[
            Segment(*STATE_NAMES[state], max(states[state], 0))
            for state in STATE_NAMES
            if states[state] > 0
        ],
        next=status.next,
        last=_last(status.last_run),
    )


def _last(run: dict[str, Any] | None) -> str | None:
    """Return when the last run ended, or began where it is not over."""
    return None if run is None else str(run["ended_at"] or run["started_at"])
