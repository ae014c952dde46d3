"""Samples that wait for something nobody is going to do, each with a way out."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping

from labeling.config import Config
from labeling.errors import counted, listed, noun
from labeling.project.policies import (
    NO_REVIEWER,
    STARTED_BEFORE,
    keeps_majority_rule,
    policy_of,
    without_reviewer,
)
from labeling.records import (
    LabelSchema,
    MessageKind,
    SampleState,
    escalated_in_words,
    person_key,
)
from labeling.store import Store
from labeling.work_review import work_state
from labeling.work_review.state import KINDS

DECIDE = "labeling decide SAMPLE LABEL --by NAME --reason WHY"
MAX_NAMED = 5  # samples named in a note


def notes_of(
    config: Config, schema: LabelSchema, store: Store, *, is_reviewed: bool
) -> Iterator[str]:
    """Yield what somebody should decide or do, a sentence or two each.

    Args:
        config: of the project.
        schema: its labels.
        store: its store.
        is_reviewed: whether the last review is based on all annotations.
    """
    agreement = store.batches.agreement()
    by_majority = agreement["majority"] + agreement["uncounted"]
    if by_majority and keeps_majority_rule(policy_of(config), schema, store):
        yield STARTED_BEFORE
    undelivered = without_a_reviewer_to_ask(config, store) if is_reviewed else ()
    reasons = store.batches.escalation_reasons()
    if undelivered:
        yield (
            f"{_waiting(undelivered, reasons)}, and no reviewer could be asked: none is named who"
            " did not vote on them, or no decision is recorded. Name another reviewer, or decide:"
            f" {DECIDE}"
        )
    delivered = set(store.batches.in_state(SampleState.ESCALATED)) - set(undelivered)
    platform = without_reviewer(config)
    if delivered and platform:
        waiting = _waiting(delivered, reasons)
        yield f"{waiting}. {NO_REVIEWER[platform]} Or decide: {DECIDE}"
    unresolved = store.batches.in_state(SampleState.UNRESOLVED)
    fate = "A training set has them with the label of the model."
    if not config.export.keep_undecided:
        fate = "A training set leaves them out."
    if unresolved:
        yield (
            f"{_samples(unresolved)} unresolved: reviewers gave no label, or no label that more"
            f" than half of them gave. {fate} Another reviewer can decide where they label, or"
            f" here: {DECIDE}"
        )
    yield from _paused_notes(store)
    withdrawn = store.batches.in_state(SampleState.WITHDRAWN)
    if withdrawn:
        yield (
            f"{_samples(withdrawn)} withdrawn: they left the data, or have another text than people"
            " saw, and only the models label them. Their annotations count again as soon as the"
            " data are as they were."
        )


def _paused_notes(store: Store) -> Iterator[str]:
    """Yield a note on each paused annotator, and what of theirs is held back."""
    paused = work_state(store.events.all(KINDS)).paused
    if not paused:
        return
    labels = {person_key(one.name): one.labels for one in store.ledger.activity()}
    for key, one in sorted(paused.items()):
        held = counted(labels.get(key, 0), "vote is", "votes are")
        yield (
            f"{one.name} is paused ({one.reason.rstrip('.')}): {held} held back, and nobody asks"
            f" them. To end that: labeling annotators resume {one.name} --reason WHY"
        )


def without_a_reviewer_to_ask(config: Config, store: Store) -> tuple[Hashable, ...]:
    """Return the samples that no reviewer could be asked about; a server may be reached later."""
    if config.label_studio is not None:
        return ()
    return tuple(message.sample_id for message in store.outbox.waiting(MessageKind.ESCALATE))


def _waiting(sample_ids: Collection[Hashable], reasons: Mapping[Hashable, str]) -> str:
    """Return which samples wait for a decision, and why, without a full stop."""
    named = listed(sorted(sample_ids, key=repr), MAX_NAMED)
    why = escalated_in_words(reasons.get(sample_id, "") for sample_id in sample_ids)
    samples = counted(len(sample_ids), "sample")
    wait = noun(len(sample_ids), "waits", "wait")
    return f"{samples} ({named}) {wait} for a decision ({why})"


def _samples(sample_ids: Collection[Hashable]) -> str:
    named = listed(sorted(sample_ids, key=repr), MAX_NAMED)
    n = len(sample_ids)
    return f"{counted(n, 'sample')} ({named}) {noun(n, 'is', 'are')}"
