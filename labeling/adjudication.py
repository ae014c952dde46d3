"""Annotations → gold labels, open questions, escalations: a pure policy over an append-only ledger."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import numpy as np

from labeling.errors import LabelingError, near
from labeling.records import (
    Annotation,
    AskAgain,
    Escalation,
    GoldLabel,
    LabelSchema,
    SoftLabels,
    Verdict,
    expect,
    first_spellings,
    live_annotations,
    person_key,
    share_of_one,
)

Escalate = Literal["no_majority", "any_conflict"] | float
Annotators = Collection[str] | Mapping[Hashable, Collection[str]]

BARS = ("no_majority", "any_conflict")
FINEST_SHARE = 1_000_000
"""Shares are read as fractions with at most this denominator: 0.55 is 11/20, and 5/6 is 5/6."""


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """When a sample is settled, asked again or escalated.

    Args:
        min_votes: votes before anything is decided, 1 or more.
        max_votes: votes at the most; then a reviewer decides.
        accept: certainty from which on a label is accepted, for rules that estimate it.
        expert_below: certainty under which a reviewer decides, for rules that estimate it.
        costs: what a vote and an expert's decision cost, in any one unit.
        rule: `"majority"`: the label with the most votes is accepted if enough votes agree on it.
        escalate: which disagreement goes to a reviewer. `"no_majority"`: a label is accepted with
            more than half of the votes. `"any_conflict"`: only if all votes are equal. A number
            above 0.5 and up to 1: with at least this share of the votes, compared exactly. `None`:
            `"any_conflict"` for two labels, where a third vote always makes a majority, so that no
            doubtful sample would ever reach a reviewer; `"no_majority"` for more labels.

    >>> ReviewPolicy(min_votes=3, max_votes=2)
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: A policy must have 1 <= min_votes <= max_votes, in whole votes.
    Got 3 and 2.
    >>> ReviewPolicy().for_schema(LabelSchema(["ham", "spam"])).escalate
    'any_conflict'
    """

    min_votes: int = 2
    max_votes: int = 3
    accept: float = 0.95
    expert_below: float = 0.90
    costs: Mapping[str, float] = field(default_factory=lambda: {"vote": 1.0, "expert": 5.0})
    rule: Literal["majority"] = "majority"
    escalate: Escalate | None = None

    def __post_init__(self) -> None:
        whole = all(
            isinstance(votes, (int, np.integer)) and not isinstance(votes, bool)
            for votes in (self.min_votes, self.max_votes)
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
        if self.escalate is not None and not _is_bar(self.escalate):
            raise LabelingError(
                "`escalate` must be 'no_majority', 'any_conflict', or the smallest share of the"
                " votes that settles a sample, above 0.5 and up to 1, such as 0.75. Got"
                f" {self.escalate!r}.{near(str(self.escalate), BARS)}"
            )

    def for_schema(self, schema: LabelSchema) -> ReviewPolicy:
        """Return the policy with `escalate` said, which may depend on how many labels there are."""
        if self.escalate is not None:
            return self
        return dataclasses.replace(
            self, escalate="any_conflict" if len(schema) == 2 else "no_majority"
        )

    def accepts(self, votes_for: int, votes_cast: int) -> bool:
        """Return whether so many of the votes are enough for a label, whatever `min_votes` says.

        `escalate` must be said (see `for_schema`).

        >>> policy = ReviewPolicy(escalate=0.75)
        >>> policy.accepts(3, 4), policy.accepts(2, 3)
        (True, False)
        """
        if self.escalate == "no_majority":
            return 2 * votes_for > votes_cast
        if self.escalate == "any_conflict":
            return votes_for == votes_cast
        if self.escalate is None:
            raise LabelingError("A policy without `escalate` must be asked by `for_schema` first.")
        return votes_for >= _fraction(self.escalate) * votes_cast

    def describe(self, schema: LabelSchema) -> str:
        """Return in a sentence with numbers what the policy means for these labels.

        >>> ReviewPolicy().describe(LabelSchema(["ham", "spam"]))
        'A sample gets 2 votes: if all are equal it is settled, and any conflict goes to a reviewer.'
        """
        policy = self.for_schema(schema)
        votes = "1 vote" if policy.min_votes == 1 else f"{policy.min_votes} votes"
        more = policy._asks_more(schema)
        further = (
            f" up to {policy.max_votes} votes are asked for one at a time where they can help;"
        )
        if policy.escalate == "any_conflict":
            return (
                f"A sample gets {votes}: if all are equal it is settled, and any conflict goes to a"
                " reviewer."
            )
        enough = (
            "with more than half of them"
            if policy.escalate == "no_majority"
            else f"with at least {float(policy.escalate or 0):.0%} of them"
        )
        return (
            f"A sample gets {votes}, and a label is accepted {enough}; else"
            f"{further if more else ''} a reviewer decides."
        )

    def _asks_more(self, schema: LabelSchema) -> bool:
        """Return whether any votes that do not settle a sample call for another vote."""
        return any(
            not self.accepts(top, cast)
            and self.accepts(top + self.max_votes - cast, self.max_votes)
            for cast in range(self.min_votes, self.max_votes)
            for top in range(-(-cast // len(schema)), cast + 1)
        )


def _is_bar(escalate: object) -> bool:
    if isinstance(escalate, str):
        return escalate in BARS
    number = isinstance(escalate, (int, float, np.number)) and not isinstance(escalate, bool)
    return number and 0.5 < float(escalate) <= 1  # type: ignore[arg-type]


def _fraction(share: float | str) -> Fraction:
    return Fraction(float(share)).limit_denominator(FINEST_SHARE)


def review(
    annotations: Iterable[Annotation],
    schema: LabelSchema,
    *,
    policy: ReviewPolicy | None = None,
    soft: SoftLabels | None = None,
    annotators: Annotators | None = None,
) -> Verdict:
    """Return which samples are settled, which need more votes, and which go to a reviewer.

    Of each person's annotations of a sample the last one counts, however they write their name. A
    label that enough of at least `min_votes` votes agree on is gold; how many are enough,
    `policy.escalate` says. Otherwise one more person is asked as long as that may settle the
    sample: some label could still get enough of `max_votes` votes, and somebody is left to ask. Else the sample is escalated. A skip is no
    vote, and who skipped is not asked again. A reviewer's label settles an escalated sample, and of
    several reviewers' labels the one that more than half of them gave; where there is none it is
    unresolved until a further reviewer decides. One who voted on the sample before is not heard
    as its reviewer, and it stays escalated.

    Args:
        annotations: all that are known, in the order in which they were appended.
        schema: the labels.
        policy: `None` is `ReviewPolicy()`.
        soft: soft labels, which tell the reviewer what the label model holds.
        annotators: who may be asked, as names for all samples or as names by sample (a sample
            that is not among them has nobody); `None` is without limit.

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
    Verdict(1 gold, 0 pending, 1 escalated, 0 unresolved)
    >>> verdict.escalations[0].reason
    'conflict: 1 x ham, 1 x spam'
    """
    of_sample: dict[Hashable, list[Annotation]] = {}
    policy = (policy or ReviewPolicy()).for_schema(expect(schema, LabelSchema, "`schema`"))
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
        may_be_asked = _annotators_of(sample_id, annotators)
        match _decided(sample_id, said, policy, may_be_asked, beliefs.get(sample_id)):
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


def _annotators_of(sample_id: Hashable, annotators: Annotators | None) -> Collection[str] | None:
    if isinstance(annotators, Mapping):
        return annotators.get(sample_id, ())
    return annotators


def reviews_that_count(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Return what reviewers last said of each sample, without those who had annotated it before."""
    return _reviews_that_count(live_annotations(annotations))


def _reviews_that_count(live: Collection[Annotation]) -> list[Annotation]:
    voted = {(one.sample_id, person_key(one.annotator)) for one in live if not one.reviewer}
    return [
        one
        for one in live
        if one.reviewer and (one.sample_id, person_key(one.annotator)) not in voted
    ]


def _decided(
    sample_id: Hashable,
    said: list[Annotation],
    policy: ReviewPolicy,
    annotators: Collection[str] | None,
    model_label: str | None,
) -> GoldLabel | AskAgain | Escalation | None:
    people = [one for one in said if not one.reviewer]
    heard = first_spellings(one.annotator for one in people)
    reviews = _reviews_that_count(said)
    if reviews:
        return _reviewed(sample_id, people, reviews)
    tally = collections.Counter(str(one.label) for one in people if one.label is not None)
    n_votes, skips = tally.total(), len(people) - tally.total()
    winner, votes_for = tally.most_common(1)[0] if tally else ("", 0)
    if n_votes >= policy.min_votes and policy.accepts(votes_for, n_votes):
        return GoldLabel(sample_id, winner, "agreement", tuple(people))
    left = policy.max_votes - n_votes
    if annotators is not None:
        left = min(left, len(first_spellings(annotators).keys() - heard))
    if left > 0 and skips < policy.max_votes and policy.accepts(votes_for + left, n_votes + left):
        needed = max(policy.min_votes - n_votes, 1)
        return AskAgain(sample_id, min(needed, left), tuple(sorted(heard.values())))
    reason = _reason(tally, skips, policy, len(said) > len(people))
    return Escalation(sample_id, tuple(people), reason, model_label)


def _reviewed(
    sample_id: Hashable, people: list[Annotation], reviews: list[Annotation]
) -> GoldLabel | None:
    """Return the gold label that most reviewers gave; `None` where no label has more than half."""
    deciding = [one for one in reviews if one.label is not None]
    if not deciding:
        return None
    label, count = collections.Counter(str(one.label) for one in deciding).most_common(1)[0]
    if 2 * count <= len(deciding):
        return None
    return GoldLabel(sample_id, label, "review", (*people, *deciding))


def _reason(
    tally: collections.Counter[str], skips: int, policy: ReviewPolicy, barred_reviewer: bool
) -> str:
    """Return why votes do not settle a sample, and what the votes are."""
    counts = ", ".join(f"{count} x {label}" for label, count in sorted(tally.items()))
    n_votes = tally.total()
    if not n_votes:
        said = "no vote"
    elif n_votes < policy.min_votes and len(tally) == 1:
        said = f"too few votes, {n_votes} of {policy.min_votes}: {counts}"
    elif policy.escalate == "no_majority":
        said = f"no majority: {counts}"
    elif policy.escalate == "any_conflict":
        said = f"conflict: {counts}"
    else:
        said = f"less than {float(policy.escalate or 0):.4g} of the votes agree: {counts}"
    skipped = f", {skips} skipped" if skips else ""
    barred = "; a reviewer who had voted on it was not heard" if barred_reviewer else ""
    return said + skipped + barred
