"""Conflicts of releases as questions for reviewers, open until somebody decides."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING

from labeling.records import Annotation, Escalation, Verdict
from labeling.records.ids import decode_id, encode_id
from labeling.store import Store

if TYPE_CHECKING:
    from labeling.datasets.changes import Conflict

FACT = "release conflicts"
"""Key of the stored JSON object: encoded sample id -> the sentence that reviewers are shown."""


def open_conflicts(store: Store) -> dict[Hashable, str]:
    """Return the conflicts that were found, by sample, each as reviewers are shown it."""
    stored: dict[str, str] = json.loads(store.facts.get(FACT) or "{}")
    return {decode_id(key): sentence for key, sentence in stored.items()}


def store_conflicts(store: Store, conflicts: Collection[Conflict]) -> None:
    """Store what two releases disagree on, for the next review; without any, nothing is open.

    Args:
        store: being written.
        conflicts: all that are open; those of samples that were changed themselves need other data,
            not a decision.
    """
    sentences = {
        encode_id(conflict.sample_id): conflict.sentence()
        for conflict in conflicts
        if conflict.kind == "label"
    }
    text = json.dumps(sentences, sort_keys=True) if sentences else ""
    if text != (store.facts.get(FACT) or ""):
        store.facts.put(FACT, text)


def escalate_conflicts(
    store: Store,
    verdict: Verdict,
    annotations: Collection[Annotation],
    sample_ids: Collection[Hashable],
) -> Verdict:
    """Return a verdict that escalates the samples on which two releases disagree.

    A sample that people have settled is not escalated: its label is theirs, until a reviewer
    decides otherwise. So the question is closed as soon as a reviewer has decided.

    Args:
        store: holds the conflicts.
        verdict: on the samples with annotations.
        annotations: those that it is based on.
        sample_ids: of the project; others are left out.
    """
    conflicts = open_conflicts(store)
    settled = {gold.sample_id for gold in verdict.gold}
    disputed = {
        sample_id: sentence
        for sample_id, sentence in conflicts.items()
        if sample_id not in settled and sample_id in sample_ids
    }
    if not disputed:
        return verdict
    votes: dict[Hashable, tuple[Annotation, ...]] = {}
    for annotation in annotations:
        if annotation.sample_id in disputed and not annotation.reviewer:
            earlier = votes.get(annotation.sample_id, ())
            votes[annotation.sample_id] = (*earlier, annotation)
    escalated = {escalation.sample_id for escalation in verdict.escalations}
    return dataclasses.replace(
        verdict,
        pending=tuple(ask for ask in verdict.pending if ask.sample_id not in disputed),
        unresolved=tuple(key for key in verdict.unresolved if key not in disputed),
        escalations=(
            *verdict.escalations,
            *(
                Escalation(sample_id, votes.get(sample_id, ()), sentence)
                for sample_id, sentence in disputed.items()
                if sample_id not in escalated
            ),
        ),
    )
