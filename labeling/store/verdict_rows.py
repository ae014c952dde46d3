"""Verdicts as rows of a table, and as the events that report them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from labeling.records import (
    Annotation,
    AskAgain,
    Escalation,
    EventKind,
    GoldLabel,
    LabelSource,
    NewEvent,
    SampleState,
    Verdict,
    encode_label,
)
from labeling.records.ids import encode_id
from labeling.records.label_texts import encode_answer

Row = dict[str, Any]
Outcome = GoldLabel | AskAgain | Escalation | None

FINAL = (SampleState.SETTLED.value, SampleState.REVIEWED.value)
"""The states of samples that have a label."""


class VerdictKind(StrEnum):
    """Kinds of verdicts on a sample; the database holds the values."""

    GOLD = "gold"
    PENDING = "pending"
    ESCALATED = "escalated"
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class VerdictBasis:
    """What verdicts are based on, for the events that report them.

    Attributes:
        rule: the rule of the review policy.
        policy: the number of the event that holds the policy; `None` if there is none.
        why: why a label that a sample had may be void now.
        has_news: whether the samples have new annotations. Then each verdict is reported, even
            one that equals the stored one: it is based on other votes.
    """

    rule: str = "majority"
    policy: int | None = None
    why: str = "its annotations, or what counts of them, changed"
    has_news: bool = False


def rows_of(verdict: Verdict, n_annotations: Mapping[Hashable, int]) -> list[Row]:
    """Return the row of each sample of a verdict.

    Args:
        verdict: on some samples.
        n_annotations: the number of annotations of each that it is based on.
    """
    return [
        {**_row(sample_id, outcome), "heard": n_annotations.get(sample_id, 0)}
        for sample_id, outcome in _outcomes(verdict)
    ]


def _outcomes(verdict: Verdict) -> Iterator[tuple[Hashable, Outcome]]:
    """Yield each sample of a verdict with its outcome; `None` = unresolved."""
    several: Iterable[Iterable[GoldLabel | AskAgain | Escalation]] = (
        verdict.gold,
        verdict.pending,
        verdict.escalations,
    )
    for outcomes in several:
        for outcome in outcomes:
            yield outcome.sample_id, outcome
    for sample_id in verdict.unresolved:
        yield sample_id, None


COLUMNS = ("label", "source", "reason", "model_label", "votes_needed", "votes_for", "votes_cast")


def _row(sample_id: Hashable, outcome: Outcome) -> Row:
    kind, values = _kind_and_values(outcome)
    empty = dict.fromkeys(COLUMNS)
    return {"sample": encode_id(sample_id), "kind": kind.value, **empty, **values}


def _kind_and_values(outcome: Outcome) -> tuple[VerdictKind, Row]:
    match outcome:
        case GoldLabel():
            values: Row = {"label": encode_label(outcome.label), "source": outcome.source}
            if outcome.source == LabelSource.AGREEMENT:
                values |= {"votes_for": outcome.votes_for, "votes_cast": outcome.votes_cast}
            return VerdictKind.GOLD, values
        case AskAgain():
            return VerdictKind.PENDING, {"votes_needed": outcome.votes_needed}
        case Escalation():
            model_label = encode_answer(outcome.model_label)
            values = {"reason": outcome.reason, "model_label": model_label}
            return VerdictKind.ESCALATED, values
        case None:
            return VerdictKind.UNRESOLVED, {}


_STATE_OF = {
    VerdictKind.PENDING: SampleState.COLLECTING,
    VerdictKind.ESCALATED: SampleState.ESCALATED,
    VerdictKind.UNRESOLVED: SampleState.UNRESOLVED,
}


def state_of(row: Mapping[str, Any]) -> str:
    """Return the state of a sample with this verdict."""
    kind = VerdictKind(row["kind"])
    if kind == VerdictKind.GOLD:
        is_reviewed = row["source"] == LabelSource.REVIEW
        return (SampleState.REVIEWED if is_reviewed else SampleState.SETTLED).value
    return _STATE_OF[kind].value


def verdict_events(
    verdict: Verdict,
    reported: Mapping[str, Row],
    labels_before: Mapping[str, str],
    basis: VerdictBasis,
) -> Iterator[NewEvent]:
    """Yield the events of verdicts, each after that of a label which it makes void.

    Args:
        verdict: on these and other samples.
        reported: the rows of the verdicts to report, by stored sample id.
        labels_before: the label that each of these samples had, where it had one.
        basis: what the verdicts are based on.
    """
    for sample_id, outcome in _outcomes(verdict):
        row = reported.get(encode_id(sample_id))
        if row is None:
            continue
        before = labels_before.get(row["sample"])
        if before is not None and before != row["label"]:
            yield reopened(sample_id, before, basis.why)
        yield _event(sample_id, outcome, basis)


def reopened(sample_id: Hashable, label: str | None, why: str) -> NewEvent:
    """Return the event that makes a label void."""
    details = {"reason": why, **({"label": label} if label is not None else {})}
    return NewEvent(EventKind.REOPENED, sample_id=sample_id, about=details)


def _event(sample_id: Hashable, outcome: Outcome, basis: VerdictBasis) -> NewEvent:
    details: dict[str, Any] = {"policy": basis.policy}
    actor = ""
    match outcome:
        case GoldLabel():
            details |= {"label": encode_label(outcome.label), "source": outcome.source}
            details["rule"] = basis.rule
            details["votes"] = _votes(vote for vote in outcome.trace if not vote.reviewer)
            kind = EventKind.SETTLED
            if outcome.source == LabelSource.REVIEW:
                kind = EventKind.ADJUDICATED
                actor, review = _review(outcome)
                details |= review
            details |= _set_attributes(outcome, "probability")
            if outcome.model_voter:
                details["model_voter"] = True
        case AskAgain():
            kind, details["votes_needed"] = EventKind.COLLECTING, outcome.votes_needed
        case Escalation():
            kind, details["reason"] = EventKind.ESCALATED, outcome.reason
            details["votes"] = _votes(outcome.annotations)
            if outcome.model_label is not None and outcome.model_label != "":
                details["model_label"] = encode_label(outcome.model_label)
            details |= _set_attributes(outcome, "cause", "cause_reason")
        case None:
            kind = EventKind.UNRESOLVED
    return NewEvent(kind, actor, sample_id, details)


def _review(gold: GoldLabel) -> tuple[str, dict[str, Any]]:
    """Return who decided on a label, and how: the last reviewer for it, and all who reviewed."""
    reviews = [review for review in gold.trace if review.reviewer]
    deciding = [review for review in reviews if review.label == gold.label]
    if not deciding:
        return "", {"reason": ""}
    last = max(deciding, key=lambda review: review.updated_at)
    details: dict[str, Any] = {"reason": last.reason}
    if len(reviews) > 1:
        details["reviews"] = _votes(reviews)
    return last.annotator, details


def _votes(annotations: Iterable[Annotation]) -> list[list[str | None]]:
    """Return who gave which label, and the platform's id of it; skips have no label."""
    return [[vote.annotator, encode_answer(vote.label), vote.platform_id] for vote in annotations]


def _set_attributes(outcome: object, *names: str) -> dict[str, Any]:
    """Return the attributes of these names that are set."""
    values = {name: getattr(outcome, name, None) for name in names}
    return {name: value for name, value in values.items() if value is not None and value != ""}
