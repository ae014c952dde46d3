"""What the ledger of events says of decisions: the policy in force, and frozen labels."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from typing import Any

from labeling.adjudication import ReviewPolicy
from labeling.project.outbox_policy import annotator_counts
from labeling.project.review_basis import is_policy_changed
from labeling.records import (
    Annotation,
    AskAgain,
    Escalation,
    Event,
    EventKind,
    GoldLabel,
    LabelKind,
    NewEvent,
    SampleState,
    Verdict,
    decode_label,
    encode_label,
)
from labeling.records.events import canonical_json
from labeling.store import Store, VerdictBasis

POLICY_CHANGED = "the review policy changed"
"""Why labels may be void after the policy was changed."""

ANNOTATION_KINDS = (
    EventKind.ANNOTATED,
    EventKind.UPDATED,
    EventKind.SKIPPED,
    EventKind.DELETED,
    EventKind.VOTE_REJECTED,
)


def record_basis(store: Store, policy: ReviewPolicy, *, has_news: bool) -> VerdictBasis:
    """Return what verdicts are based on now; a policy that is new becomes an event.

    Args:
        store: being written.
        policy: the policy in force.
        has_news: whether the samples of the verdicts have new annotations; otherwise all samples
            are reviewed.
    """
    parameters, last = _parameters(policy), store.events.last(EventKind.POLICY_CHANGED)
    if last is None or dict(last.about) != parameters:
        last = store.events.append(EventKind.POLICY_CHANGED, about=parameters)
    basis = VerdictBasis(policy.rule, last.number, has_news=has_news)
    if not has_news and is_policy_changed(store, policy):
        return dataclasses.replace(basis, why=POLICY_CHANGED)
    return basis


def _parameters(policy: ReviewPolicy) -> dict[str, Any]:
    """Return the parameters of a policy as they come back from the ledger."""
    values = {field.name: getattr(policy, field.name) for field in dataclasses.fields(policy)}
    plain = {
        name: dict(value) if isinstance(value, Mapping) else value for name, value in values.items()
    }
    parameters: dict[str, Any] = json.loads(canonical_json(plain))
    return parameters


def freeze(store: Store, verdict: Verdict, policy: ReviewPolicy, fingerprint: str) -> int:
    """Record that the gold labels of a verdict were exported, and return how many are new.

    From then on such a label changes only with new annotations of its sample, or with the policy.
    A label that no review has recorded yet, as after a change of the policy, is recorded first.

    Args:
        store: being written.
        verdict: of which the gold labels were exported.
        policy: the policy in force.
        fingerprint: of the training set.
    """
    with store.database.writing():
        basis = record_basis(store, policy, has_news=False)
        _record_unrecorded(store, verdict, basis)
        before = _frozen(store, [gold.sample_id for gold in verdict.gold])
        new = [gold for gold in verdict.gold if not _is_frozen(before.get(gold.sample_id), gold)]
        store.events.append_all(
            NewEvent(
                EventKind.FROZEN,
                sample_id=gold.sample_id,
                about={
                    "label": encode_label(gold.label),
                    "source": gold.source,
                    "policy": basis.policy,
                    "annotations": len(gold.trace),
                    **_posterior(gold),
                },
            )
            for gold in new
        )
        last = store.events.last(EventKind.EXPORTED)
        if last is None or last.about["fingerprint"] != fingerprint:
            about = {"gold": len(verdict.gold), "frozen": len(new), "fingerprint": fingerprint}
            store.events.append(EventKind.EXPORTED, about=about)
    return len(new)


def _record_unrecorded(store: Store, verdict: Verdict, basis: VerdictBasis) -> None:
    """Settle the samples whose gold labels are not yet what the store says of them."""
    states, rows = store.batches.states(), store.batches.settled()
    unrecorded = [
        gold
        for gold in verdict.gold
        if states.get(gold.sample_id) not in (SampleState.SETTLED, SampleState.REVIEWED)
        or rows[gold.sample_id]["label"] != gold.label
    ]
    if unrecorded:
        counts = annotator_counts([vote for gold in unrecorded for vote in gold.trace])
        store.batches.settle(Verdict(tuple(unrecorded), (), ()), counts, basis=basis)


def _posterior(gold: GoldLabel) -> dict[str, Any]:
    """Return what decided a label besides votes, as an event holds it."""
    if gold.probability is None:
        return {}
    return {"probability": gold.probability, "model_voter": gold.model_voter}


def _is_frozen(event: Event | None, gold: GoldLabel) -> bool:
    return (
        event is not None
        and event.about["label"] == encode_label(gold.label)
        and event.about["source"] == gold.source
        and event.about["annotations"] == len(gold.trace)
    )


def _frozen(store: Store, sample_ids: Collection[Hashable]) -> dict[Hashable, Event]:
    """Return the event by which each of these samples is frozen, of those that are."""
    kinds = (EventKind.FROZEN, EventKind.REOPENED)
    last = store.events.last_of_samples(sample_ids, kinds)
    return {key: event for key, event in last.items() if event.kind == EventKind.FROZEN}


def keep_frozen(
    store: Store, verdict: Verdict, annotations: Collection[Annotation], policy: ReviewPolicy
) -> Verdict:
    """Return a verdict in which labels that were exported are as they were exported.

    A rule that estimates how reliable people are may decide differently when it is computed again,
    though nobody annotated the sample since. An exported label is not changed by this: only by new
    annotations of its sample, or if the policy was changed.

    Args:
        store: of the events.
        verdict: as computed now.
        annotations: everyone's current annotations, that it is based on.
        policy: the policy in force.
    """
    if not store.ready() or store.events.last(EventKind.FROZEN) is None:
        return verdict
    parameters = _parameters(policy)
    policies = store.events.all([EventKind.POLICY_CHANGED])
    same = {event.number for event in policies if dict(event.about) == parameters}
    labels = {gold.sample_id: encode_label(gold.label) for gold in verdict.gold}
    ids = {annotation.sample_id for annotation in annotations}
    differing = {
        sample_id: event
        for sample_id, event in _frozen(store, ids).items()
        if labels.get(sample_id) != event.about["label"] and event.about["policy"] in same
    }
    annotated = store.events.last_of_samples(differing, ANNOTATION_KINDS)
    held = {
        sample_id: event
        for sample_id, event in differing.items()
        if sample_id not in annotated or annotated[sample_id].number < event.number
    }
    return _with_labels(verdict, held, annotations, store.kind)


def _with_labels(
    verdict: Verdict,
    held: Mapping[Hashable, Event],
    annotations: Collection[Annotation],
    kind: LabelKind,
) -> Verdict:
    """Return a verdict with the labels of frozen samples whose annotations all still count."""
    counts = Counter(annotation.sample_id for annotation in annotations)
    kept = {key: event for key, event in held.items() if counts[key] >= event.about["annotations"]}
    if not kept:
        return verdict
    traces: dict[Hashable, list[Annotation]] = {sample_id: [] for sample_id in kept}
    for annotation in annotations:
        if annotation.sample_id in traces:
            traces[annotation.sample_id].append(annotation)
    gold = [
        GoldLabel(
            sample_id,
            decode_label(event.about["label"], kind),
            event.about["source"],
            tuple(traces[sample_id]),
            event.about.get("probability"),
            event.about.get("model_voter", False),
        )
        for sample_id, event in kept.items()
    ]

    def others(outcomes: Collection[Any]) -> Any:
        return tuple(outcome for outcome in outcomes if outcome.sample_id not in kept)

    pending: tuple[AskAgain, ...] = others(verdict.pending)
    escalations: tuple[Escalation, ...] = others(verdict.escalations)
    unresolved = tuple(sample_id for sample_id in verdict.unresolved if sample_id not in kept)
    return dataclasses.replace(
        verdict,
        gold=(*others(verdict.gold), *gold),
        pending=pending,
        escalations=escalations,
        unresolved=unresolved,
    )
