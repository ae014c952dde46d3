"""What a review was based on, and what a changed policy opens again."""

from __future__ import annotations

import logging

from labeling.adjudication import ReviewPolicy
from labeling.errors import counted, listed
from labeling.records import SampleState, Verdict
from labeling.store import Store

logger = logging.getLogger(__name__)

REVIEWED = "reviewed"
"""Key of what the last review was based on."""


def review_basis(store: Store, policy: ReviewPolicy) -> str:
    """Return what a review is based on: the size of the ledger, and the policy."""
    count = store.ledger.counts()[0]
    basis = f"{count} {policy.min_votes} {policy.max_votes} {policy.escalate}"
    if policy.rule == "majority":
        return basis
    others = (policy.accept, policy.expert_below, policy.costs, policy.budget, policy.expert_quota)
    return f"{basis} {policy.rule} {policy.model_voter} {others}"


def is_policy_changed(store: Store, policy: ReviewPolicy) -> bool:
    """Return whether the last review was by another policy."""
    last = (store.facts.get(REVIEWED) or "").partition(" ")[2]
    return bool(last) and last != review_basis(store, policy).partition(" ")[2]


def warn_of_reopened(store: Store, policy: ReviewPolicy, verdict: Verdict) -> None:
    """Warn if a change of the policy since the last review reopens settled samples."""
    if not is_policy_changed(store, policy):
        return
    states = store.batches.states()
    unsettled = [request.sample_id for request in verdict.pending]
    unsettled += [escalation.sample_id for escalation in verdict.escalations]
    reopened = [
        sample_id for sample_id in unsettled if states.get(sample_id) == SampleState.SETTLED
    ]
    if reopened:
        logger.warning(
            "%s open again, since `review` in the config has changed since then: %s.",
            counted(len(reopened), "sample that was settled is", "samples that were settled are"),
            listed(reopened),
        )
