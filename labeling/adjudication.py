"""Adjudication of annotations: gold labels, samples that need more votes, and escalations."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from labeling.errors import LabelingError, near
from labeling.records import (
    Annotation,
    AskAgain,
    Escalation,
    GoldLabel,
    LabelSchema,
    LabelSource,
    SoftLabels,
    Verdict,
    checked_fraction,
    expect,
    first_spellings,
    is_number,
    is_whole_number,
    live_annotations,
    person_key,
)

Escalate = Literal["no_majority", "any_conflict"] | float
Annotators = Collection[str] | Mapping[Hashable, Collection[str]]

ESCALATIONS = ("no_majority", "any_conflict")
MAX_DENOMINATOR = 1_000_000
"""Shares are converted to fractions with at most this denominator: 0.55 is 11/20, 5/6 is 5/6."""


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """When a sample is settled, needs more votes, or is escalated.

    Args:
        min_votes: votes before a sample is decided, 1 or more.
        max_votes: maximum number of votes; then a reviewer decides.
        accept: probability from which a label is accepted, for rules that estimate it.
        expert_below: probability below which a reviewer decides, for rules that estimate it.
        costs: costs of a vote and of an expert's decision, in the same unit.
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
        are_whole = is_whole_number(self.min_votes) and is_whole_number(self.max_votes)
        if not are_whole or not 1 <= self.min_votes <= self.max_votes:
            raise LabelingError(
                "A policy must have 1 <= min_votes <= max_votes, in whole votes. Got"
                f" {self.min_votes} and {self.max_votes}."
            )
        checked_fraction(self.accept, "`accept`")
        checked_fraction(self.expert_below, "`expert_below`")
        if self.rule != "majority":
            raise LabelingError(f"The rule of a policy must be 'majority'. Got {self.rule!r}.")
        if self.escalate is not None and not _is_escalation(self.escalate):
            raise LabelingError(
                "`escalate` must be 'no_majority', 'any_conflict', or the smallest share of the"
                " votes that settles a sample, above 0.5 and up to 1, such as 0.75. Got"
                f" {self.escalate!r}.{near(str(self.escalate), ESCALATIONS)}"
            )

    def for_schema(self, schema: LabelSchema) -> ReviewPolicy:
        """Return the policy with `escalate` set, whose default depends on the number of labels."""
        if self.escalate is not None:
            return self
        return dataclasses.replace(
            self, escalate="any_conflict" if len(schema) == 2 else "no_majority"
        )

    def accepts(self, votes_for: int, votes_cast: int) -> bool:
        """Return whether a label with these votes is accepted, regardless of `min_votes`.

        `escalate` must be set (see `for_schema`).

        >>> policy = ReviewPolicy(escalate=0.75)
        >>> policy.accepts(3, 4), policy.accepts(2, 3)
        (True, False)
        """
        if self.escalate == "no_majority":
            return 2 * votes_for > votes_cast
        if self.escalate == "any_conflict":
            return votes_for == votes_cast
        if self.escalate is None:
            raise LabelingError("A policy must have `escalate` set: call `for_schema` first.")
        return votes_for >= _fraction(self.escalate) * votes_cast

    def describe(self, schema: LabelSchema) -> str:
        """Return a sentence on what the policy means for these labels.

        >>> ReviewPolicy().describe(LabelSchema(["ham", "spam"]))
        'A sample gets 2 votes: if all are equal it is settled, and any conflict goes to a
        reviewer.'
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
        """Return whether there are votes that do not settle a sample and require another vote."""
        return any(
            not self.accepts(top, cast)
            and self.accepts(top + self.max_votes - cast, self.max_votes)
            for cast in range(self.min_votes, self.max_votes)
            for top in range(-(-cast // len(schema)), cast + 1)
        )


def _is_escalation(escalate: object) -> bool:
    if isinstance(escalate, str):
        return escalate in ESCALATIONS
    return is_number(escalate) and 0.5 < float(escalate) <= 1


def _fraction(share: float | str) -> Fraction:
    return Fraction(float(share)).limit_denominator(MAX_DENOMINATOR)


def review(
    annotations: Iterable[Annotation],
    schema: LabelSchema,
    *,
    policy: ReviewPolicy | None = None,
    soft: SoftLabels | None = None,
    annotators: Annotators | None = None,
) -> Verdict:
    """Return which samples are settled, which need more votes, and which go to a reviewer.

    Only a person's latest annotation of a sample counts, regardless of the spelling of the name. A
    label is gold if enough of at least `min_votes` votes agree on it, as set by `policy.escalate`.
    Otherwise more votes are requested one at a time while they may settle the sample: some label
    could still get enough of `max_votes` votes, and an annotator is left. If not, the sample is
    escalated. A skip is not a vote, and the person is not asked again. A reviewer's label settles
    an escalated sample; of several reviewers' labels the one that more than half of them gave. If
    there is none, the sample is unresolved until another reviewer decides. A review by someone who
    had annotated the sample is ignored, and the sample stays escalated.

    Args:
        annotations: all annotations, in the order in which they were appended.
        schema: the labels.
        policy: `None` means `ReviewPolicy()`.
        soft: soft labels, from which reviewers get the label model's label.
        annotators: the available annotators, as names for all samples or as names by sample (a
            sample without an entry has none); `None` means no limit.

    Returns:
        A verdict whose samples keep the order of their first annotation.

    Raises:
        UnknownLabelError: the label of an annotation is not in the schema.

    >>> import datetime
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> rows = [
    ...     ("a", "ann", "spam"),
    ...     ("a", "bob", "spam"),
    ...     ("b", "ann", "spam"),
    ...     ("b", "bob", "ham"),
    ... ]
    >>> verdict = review([Annotation(*row, now, now) for row in rows], LabelSchema(["ham", "spam"]))
    >>> verdict
    Verdict(1 gold, 0 pending, 1 escalated, 0 unresolved)
    >>> verdict.escalations[0].reason
    'conflict: 1 x ham, 1 x spam'
    """
    of_sample: dict[Hashable, list[Annotation]] = {}
    policy = (policy or ReviewPolicy()).for_schema(expect(schema, LabelSchema, "`schema`"))
    for annotation in live_annotations(annotations):
        of_sample.setdefault(annotation.sample_id, []).append(_named(annotation, schema))
    model_labels: dict[Hashable, str] = {}
    if soft is not None:
        model_labels = expect(soft, SoftLabels, "`soft`").to_labels().dropna().to_dict()
    gold: list[GoldLabel] = []
    pending: list[AskAgain] = []
    escalations: list[Escalation] = []
    unresolved: list[Hashable] = []
    for sample_id, live in of_sample.items():
        available = _annotators_of(sample_id, annotators)
        match _outcome(sample_id, live, policy, available, model_labels.get(sample_id)):
            case GoldLabel() as settled:
                gold.append(settled)
            case AskAgain() as request:
                pending.append(request)
            case Escalation() as escalation:
                escalations.append(escalation)
            case None:
                unresolved.append(sample_id)
    return Verdict(tuple(gold), tuple(pending), tuple(escalations), tuple(unresolved))


def _named(annotation: Annotation, schema: LabelSchema) -> Annotation:
    """Return an annotation with its label as a name, also if it was given by code."""
    if annotation.label is None or annotation.label in schema.labels:
        return annotation
    return dataclasses.replace(annotation, label=schema.labels[schema.index(annotation.label)])


def _annotators_of(sample_id: Hashable, annotators: Annotators | None) -> Collection[str] | None:
    if isinstance(annotators, Mapping):
        return annotators.get(sample_id, ())
    return annotators


def reviews_that_count(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Return reviewers' current annotations, without those by annotators of the same sample."""
    return _reviews_that_count(live_annotations(annotations))


def _reviews_that_count(live: Collection[Annotation]) -> list[Annotation]:
    annotators = {_sample_and_person(annotation) for annotation in live if not annotation.reviewer}
    return [
        annotation
        for annotation in live
        if annotation.reviewer and _sample_and_person(annotation) not in annotators
    ]


def _sample_and_person(annotation: Annotation) -> tuple[Hashable, str]:
    return annotation.sample_id, person_key(annotation.annotator)


def _tally(annotations: Iterable[Annotation]) -> collections.Counter[str]:
    """Return the number of votes for each label; skips are not counted."""
    return collections.Counter(
        str(annotation.label) for annotation in annotations if annotation.label is not None
    )


def _outcome(
    sample_id: Hashable,
    live: list[Annotation],
    policy: ReviewPolicy,
    annotators: Collection[str] | None,
    model_label: str | None,
) -> GoldLabel | AskAgain | Escalation | None:
    """Return the outcome for a sample by its current annotations; `None` = unresolved."""
    votes = [annotation for annotation in live if not annotation.reviewer]
    voters = first_spellings(vote.annotator for vote in votes)
    reviews = _reviews_that_count(live)
    if reviews:
        return _reviewed(sample_id, votes, reviews)
    tally = _tally(votes)
    n_votes, skips = tally.total(), len(votes) - tally.total()
    winner, votes_for = tally.most_common(1)[0] if tally else ("", 0)
    if n_votes >= policy.min_votes and policy.accepts(votes_for, n_votes):
        return GoldLabel(sample_id, winner, LabelSource.AGREEMENT.value, tuple(votes))
    left = policy.max_votes - n_votes
    if annotators is not None:
        left = min(left, len(first_spellings(annotators).keys() - voters))
    if left > 0 and skips < policy.max_votes and policy.accepts(votes_for + left, n_votes + left):
        needed = max(policy.min_votes - n_votes, 1)
        return AskAgain(sample_id, min(needed, left), tuple(sorted(voters.values())))
    reason = _reason(tally, skips, policy, has_ignored_review=len(live) > len(votes))
    return Escalation(sample_id, tuple(votes), reason, model_label)


def _reviewed(
    sample_id: Hashable, votes: list[Annotation], reviews: list[Annotation]
) -> GoldLabel | None:
    """Return the gold label that most reviewers gave; `None` if no label has more than half."""
    deciding = [review for review in reviews if review.label is not None]
    if not deciding:
        return None
    label, count = _tally(deciding).most_common(1)[0]
    if 2 * count <= len(deciding):
        return None
    return GoldLabel(sample_id, label, LabelSource.REVIEW.value, (*votes, *deciding))


def _reason(
    tally: collections.Counter[str], skips: int, policy: ReviewPolicy, *, has_ignored_review: bool
) -> str:
    """Return why votes do not settle a sample, and the votes."""
    counts = ", ".join(f"{count} x {label}" for label, count in sorted(tally.items()))
    n_votes = tally.total()
    if not n_votes:
        reason = "no vote"
    elif n_votes < policy.min_votes and len(tally) == 1:
        reason = f"too few votes, {n_votes} of {policy.min_votes}: {counts}"
    elif policy.escalate == "no_majority":
        reason = f"no majority: {counts}"
    elif policy.escalate == "any_conflict":
        reason = f"conflict: {counts}"
    else:
        reason = f"less than {float(policy.escalate or 0):.4g} of the votes agree: {counts}"
    skipped = f", {skips} skipped" if skips else ""
    ignored = (
        "; a review by someone who had annotated the sample was ignored"
        if has_ignored_review
        else ""
    )
    return reason + skipped + ignored
