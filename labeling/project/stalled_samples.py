"""Samples that wait for something that nobody is about to do, and the way on for each."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator

from labeling.config import Config
from labeling.errors import counted, noun, shown
from labeling.project.policies import (
    NO_REVIEWER,
    STARTED_BEFORE,
    keeps_majority_rule,
    policy_of,
    without_reviewer,
)
from labeling.records import LabelSchema
from labeling.store import Store

DECIDE = "labeling decide SAMPLE LABEL --by NAME --reason WHY"
SHOWN = 5  # samples named in a note


def notes_of(
    config: Config, schema: LabelSchema, store: Store, *, is_reviewed: bool
) -> Iterator[str]:
    """Yield what should be decided or done by somebody, a sentence or two each.

    Args:
        config: of the project.
        schema: its labels.
        store: what it remembers.
        is_reviewed: whether a review knows all that was said, and has tried to ask because of it.
    """
    agreement = store.batches.agreement()
    by_majority = agreement["majority"] + agreement["uncounted"]
    if by_majority and keeps_majority_rule(policy_of(config), schema, store):
        yield STARTED_BEFORE
    undelivered = without_a_reviewer_to_ask(config, store) if is_reviewed else ()
    if undelivered:
        yield (
            f"{_samples(undelivered)} in conflict, and no reviewer could be asked: none is named who"
            " did not vote there, or no decision is recorded. Name a further reviewer, or decide:"
            f" {DECIDE}"
        )
    delivered = set(store.batches.in_state("escalated")) - set(undelivered)
    platform = without_reviewer(config)
    if delivered and platform:
        yield f"{_samples(delivered)} in conflict. {NO_REVIEWER[platform]} Or decide: {DECIDE}"
    unresolved = store.batches.in_state("unresolved")
    if unresolved:
        yield (
            f"{_samples(unresolved)} unresolved: reviewers gave no label, or no label that more than"
            f" half of them gave. A further reviewer may decide where they label, or here: {DECIDE}"
        )
    withdrawn = store.batches.in_state("withdrawn")
    if withdrawn:
        yield (
            f"{_samples(withdrawn)} withdrawn: they left the data, or have another text than people"
            " were shown, and the models label them where they are. What was said of them counts"
            " again when the data are as they were."
        )


def without_a_reviewer_to_ask(config: Config, store: Store) -> tuple[Hashable, ...]:
    """Return the samples that a review could not hand to a reviewer; a server may be back later."""
    if config.label_studio is not None:
        return ()
    return tuple(message.sample_id for message in store.outbox.waiting("escalate"))


def _samples(sample_ids: Collection[Hashable]) -> str:
    named = shown(sorted(sample_ids, key=repr), SHOWN)
    n = len(sample_ids)
    return f"{counted(n, 'sample')} ({named}) {noun(n, 'is', 'are')}"
