"""Annotations → gold labels, open questions, escalations: a pure policy over an append-only ledger."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from labeling.errors import LabelingError
from labeling.records import (
    Annotation,
    AskAgain,
    Escalation,
    GoldLabel,
    LabelSchema,
    SoftLabels,
    Verdict,
    expect,
    live_annotations,
    share_of_one,
)


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """When a sample is settled, asked again or escalated.

    Args:
        min_votes: votes before anything is decided, 1 or more.
        max_votes: votes at the most; then a reviewer decides.
        accept: certainty from which on a label is accepted, for rules that estimate it.
        expert_below: certainty under which a reviewer decides, for rules that estimate it.
        costs: what a vote and an expert's decision cost, in any one unit.
        rule: `"majority"`: a label with more than half of the votes is accepted.

    >>> ReviewPolicy(min_votes=3, max_votes=2)
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: A policy must have 1 <= min_votes <= max_votes, in whole votes.
    Got 3 and 2.
    """

    min_votes: int = 2
    max_votes: int = 3
    accept: float = 0.95
    expert_below: float = 0.90
    costs: Mapping[str, float] = field(default_factory=lambda: {"vote": 1.0, "expert": 5.0})
    rule: Literal["majority"] = "majority"

    def __post_init__(self) -> None:
        whole = all(
            isinstance(one, (int, np.integer)) and not isinstance(one, bool)
            for one in (self.min_votes, self.max_votes)
        )
        if not whole or not 1 <= self.min_votes <= self.max_votes:
            raise LabelingError(
                "A policy must have 1 <= min_votes <= max_votes, in whole votes. Got"
                f" {self.min_votes} and {self.max_votes}."
            )
        share_of_one(self.accept, "`accept`")
        share_of_one(self.expert_below, "`expert_below`")
        if self.rule != "majority":
            raise LabelingError(f"The rule of a policy must be 'majority'. Got {self.rule!r}.")


def review(
    annotations: Iterable[Annotation],
    schema: LabelSchema,
    *,
    policy: ReviewPolicy | None = None,
    soft: SoftLabels | None = None,
    annotators: Collection[str] | None = None,
) -> Verdict:
    """Return which samples are settled, which need more votes, and which go to a reviewer.

    Of each person's annotations of a sample the last one counts. A label with more than half of at
    least `min_votes` votes is gold. Otherwise one more person is asked, until there are `max_votes`
    votes or nobody is left: then the sample is escalated. A skip is no vote, and who skipped is not
    asked again. A reviewer's label settles an escalated sample; where reviewers give none, or not the
    same, it is unresolved; one who voted on the sample before is not heard, and it stays escalated.

    Args:
        annotations: all that are known, in the order in which they were appended.
        schema: the labels.
        policy: `None` is `ReviewPolicy()`.
        soft: soft labels, which tell the reviewer what the label model holds.
        annotators: who may be asked; `None` is without limit.

    Returns:
        A verdict whose samples keep the order of their first annotation.

    Raises:
        UnknownLabelError: an annotation with a label that the schema does not have.

    >>> import datetime
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> said = [
    ...     ("a", "ann", "spam"),
    ...     ("a", "bob", "spam"),
    ...     ("b", "ann", "spam"),
    ...     ("b", "bob", "ham"),
    ... ]
    >>> verdict = review([Annotation(*one, now, now) for one in said], LabelSchema(["ham", "spam"]))
    >>> verdict
    Verdict(1 gold, 1 pending, 0 escalated, 0 unresolved)
    >>> verdict.pending
    (AskAgain(sample_id='b', votes_needed=1, not_annotators=('ann', 'bob')),)
    """
    policy = policy or ReviewPolicy()
    of_sample: dict[Hashable, list[Annotation]] = {}
    expect(schema, LabelSchema, "`schema`")
    for one in live_annotations(annotations):
        of_sample.setdefault(one.sample_id, []).append(_named(one, schema))
    beliefs: dict[Hashable, str] = {}
    if soft is not None:
        beliefs = expect(soft, SoftLabels, "`soft`").to_labels().dropna().to_dict()
    gold: list[GoldLabel] = []
    pending: list[AskAgain] = []
    escalations: list[Escalation] = []
    unresolved: list[Hashable] = []
    for sample_id, said in of_sample.items():
        match _decided(sample_id, said, policy, annotators, beliefs.get(sample_id)):
            case GoldLabel() as settled:
                gold.append(settled)
            case AskAgain() as question:
                pending.append(question)
            case Escalation() as escalation:
                escalations.append(escalation)
            case None:
                unresolved.append(sample_id)
    return Verdict(tuple(gold), tuple(pending), tuple(escalations), tuple(unresolved))


def _named(annotation: Annotation, schema: LabelSchema) -> Annotation:
    """Return an annotation whose label is a name of the schema, also where it was a code."""
    if annotation.label is None or annotation.label in schema.labels:
        return annotation
    return dataclasses.replace(annotation, label=schema.labels[schema.index(annotation.label)])


def _decided(
    sample_id: Hashable,
    said: list[Annotation],
    policy: ReviewPolicy,
    annotators: Collection[str] | None,
    model_label: str | None,
) -> GoldLabel | AskAgain | Escalation | None:
    people = [one for one in said if not one.reviewer]
    heard = {one.annotator for one in people}
    reviews = [one for one in said if one.reviewer and one.annotator not in heard]
    if reviews:
        return _reviewed(sample_id, people, reviews)
    votes = [one for one in people if one.label is not None]
    winner = _majority(votes) if len(votes) >= policy.min_votes else None
    if winner is not None:
        return GoldLabel(sample_id, winner, "agreement", tuple(people))
    wanted = max(policy.min_votes - len(votes), 1)
    free = None if annotators is None else len(set(annotators) - heard)
    skips = len(people) - len(votes)
    if len(votes) < policy.max_votes and skips < policy.max_votes and (free is None or free):
        needed = wanted if free is None else min(wanted, free)
        return AskAgain(sample_id, needed, tuple(sorted(heard)))
    reason = _reason(votes, skips, len(said) > len(people))
    return Escalation(sample_id, tuple(people), reason, model_label)


def _reviewed(
    sample_id: Hashable, people: list[Annotation], reviews: list[Annotation]
) -> GoldLabel | None:
    """Return the gold label of reviewers; `None` where they gave none, or not the same."""
    labels = {one.label for one in reviews if one.label is not None}
    if len(labels) != 1:
        return None
    deciding = [one for one in reviews if one.label is not None]
    return GoldLabel(sample_id, labels.pop(), "review", (*people, *deciding))


def _majority(votes: list[Annotation]) -> str | None:
    label, count = collections.Counter(one.label for one in votes).most_common(1)[0]
    return label if 2 * count > len(votes) else None


def _reason(votes: list[Annotation], skips: int, partial_reviewer: bool) -> str:
    counts = collections.Counter(str(one.label) for one in votes)
    said = ", ".join(f"{count} x {label}" for label, count in sorted(counts.items())) or "no vote"
    skipped = f", {skips} skipped" if skips else ""
    barred = "; a reviewer who had voted on it was not heard" if partial_reviewer else ""
    return f"no majority: {said}{skipped}{barred}"
