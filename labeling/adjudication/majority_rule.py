"""The rule "majority": enough of enough votes agree, on the label or on each part of it."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from labeling.adjudication.cases import Case
from labeling.adjudication.policy import ReviewPolicy
from labeling.records import (
    AskAgain,
    Escalation,
    GoldLabel,
    Label,
    LabelPart,
    LabelSource,
    answer_parts,
    join_answers,
)

MOST_NAMED = 20
"""Disputed parts that a reason describes; it says how many more there are."""


def decide_by_majority(case: Case, policy: ReviewPolicy) -> GoldLabel | AskAgain | Escalation:
    """Return the outcome of a case by the rule "majority"."""
    first = next((vote.label for vote in case.votes if vote.label is not None), None)
    return _decide(first, case, policy)


@functools.singledispatch
def _decide(
    label: Label | None, case: Case, policy: ReviewPolicy
) -> GoldLabel | AskAgain | Escalation:
    """Return the outcome of a sample with one label each, or without any vote.

    Args:
        label: that of the first vote, whose type says what labels are.
        case: the sample.
        policy: with its defaults filled in.
    """
    n_votes = case.n_votes
    winner, votes_for = case.tally.most_common(1)[0] if case.tally else ("", 0)
    if n_votes >= policy.min_votes and policy.accepts(votes_for, n_votes):
        return GoldLabel(case.sample_id, winner, LabelSource.AGREEMENT.value, case.votes)
    if case.left > 0 and policy.accepts(votes_for + case.left, n_votes + case.left):
        return case.ask(max(policy.min_votes - n_votes, 1))
    return case.escalated(_reason(case, policy))


@_decide.register(frozenset)
@_decide.register(tuple)
def _(label: Label, case: Case, policy: ReviewPolicy) -> GoldLabel | AskAgain | Escalation:
    """Return the outcome of a sample whose labels, or places with spans, are decided apart."""
    n_votes, left = case.n_votes, case.left
    parts = [(part, *part.most_frequent()) for part in answer_parts(case.labels)]
    accepted = [(part, answer) for part, answer, n in parts if policy.accepts(n, n_votes)]
    disputed = [part for part, _, n in parts if not policy.accepts(n, n_votes)]
    settled = join_answers([type(label)(), *(answer for _, answer in accepted)])
    if n_votes >= policy.min_votes and not disputed:
        return GoldLabel(case.sample_id, settled, LabelSource.AGREEMENT.value, case.votes)
    if left > 0 and all(policy.accepts(n + left, n_votes + left) for _, _, n in parts):
        return case.ask(max(policy.min_votes - n_votes, 1))
    places = [part.where for part in disputed if part.where is not None]
    return case.escalated(_reason_by_part(case, disputed, policy), settled, places)


def _reason(case: Case, policy: ReviewPolicy) -> str:
    """Return why votes do not settle a sample, and the votes."""
    if not case.n_votes:
        return "no vote"
    most = max(case.tally.values())
    if case.n_votes < policy.min_votes and policy.accepts(most, case.n_votes):
        return f"too few votes, {case.n_votes} of {policy.min_votes}: {case.counts()}"
    return f"{_conflict(policy)}: {case.counts()}"


def _reason_by_part(case: Case, disputed: Sequence[LabelPart], policy: ReviewPolicy) -> str:
    """Return why votes do not settle a sample, and the votes on each part that is disputed.

    >>> import datetime
    >>> from labeling.adjudication.cases import case_of
    >>> from labeling.records import Annotation
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> votes = [
    ...     Annotation("a", who, label, now, now)
    ...     for who, label in [("ann", frozenset({"joy", "love"})), ("bob", frozenset({"love"}))]
    ... ]
    >>> case = case_of("a", votes, max_votes=2, annotators=None, model_label=None)
    >>> decide_by_majority(case, ReviewPolicy(escalate="any_conflict")).reason
    "conflict on 'joy': 1 yes, 1 no"
    """
    if not disputed:
        return f"too few votes, {case.n_votes} of {policy.min_votes}"
    named = [f"{part.name}: {part.counts()}" for part in disputed[:MOST_NAMED]]
    left_out = len(disputed) - len(named)
    more = f"; and on {left_out} more" if left_out else ""
    return f"{_conflict(policy)} on {'; on '.join(named)}{more}"


def _conflict(policy: ReviewPolicy) -> str:
    if policy.escalate == "no_majority":
        return "no majority"
    if policy.escalate == "any_conflict":
        return "conflict"
    return f"less than {float(policy.escalate or 0):.4g} of the votes agree"
