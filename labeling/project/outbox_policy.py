"""Puts into the outbox what a review asks of people, unless it is asked already."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Hashable, Iterator, Mapping

from labeling.adjudication import Annotators
from labeling.project.hidden_gold import hide_among
from labeling.records import (
    Annotation,
    AnnotationPlatform,
    Batch,
    Escalation,
    MessageKind,
    NewMessage,
    Verdict,
)
from labeling.store import Store
from labeling.store.outbox import StoredOutbox


def add_first_questions(
    outbox: StoredOutbox,
    number: int,
    batch: Batch,
    votes: int,
    gold: Collection[NewMessage],
    excluded: tuple[str, ...] = (),
) -> None:
    """Add the messages about a batch, with those about hidden samples among them.

    Args:
        outbox: where they go.
        number: of the batch.
        batch: the chosen samples.
        votes: how many votes each is asked for.
        gold: the messages about hidden samples.
        excluded: who must not be asked about any.
    """
    hidden = {message.sample_id: message for message in gold}
    order = hide_among(batch.sample_ids.tolist(), list(hidden))
    outbox.add(
        dataclasses.replace(
            hidden[sample_id],
            votes=votes,
            not_annotators=hidden[sample_id].not_annotators + excluded,
        )
        if sample_id in hidden
        else NewMessage(MessageKind.ASK, sample_id, number, votes, excluded)
        for sample_id in order
    )


def add_questions(
    store: Store,
    verdict: Verdict,
    annotations: Collection[Annotation],
    outstanding_votes: Mapping[Hashable, int] | None,
    excluded: tuple[str, ...] = (),
) -> None:
    """Add the messages that a verdict calls for, unless their votes are outstanding.

    Nobody is asked again about a sample that nobody was ever asked about: it was annotated unasked.

    Args:
        store: holds the outbox.
        verdict: on all samples.
        annotations: all answers to questions, also those that are no votes.
        outstanding_votes: how many votes are still to come, by sample; `None` counts them by the
            messages.
        excluded: annotators who must not be asked about any sample.
    """
    votes_asked = store.outbox.votes_asked([request.sample_id for request in verdict.pending])
    if outstanding_votes is None:
        received = annotator_counts(annotations)
        outstanding = {
            sample_id: votes - received.get(sample_id, 0)
            for sample_id, votes in votes_asked.items()
        }
    else:
        waiting = store.outbox.votes_waiting()
        outstanding = {
            sample_id: outstanding_votes.get(sample_id, 0) + waiting.get(sample_id, 0)
            for sample_id in votes_asked
        }
    sample_ids = [request.sample_id for request in verdict.pending]
    sample_ids += [escalation.sample_id for escalation in verdict.escalations]
    batch_of = store.batches.batch_of(sample_ids)
    store.outbox.add(
        [
            *_more_messages(verdict, outstanding, batch_of, excluded),
            *_review_messages(verdict, annotations, batch_of),
        ]
    )


def escalate_unanswerable(
    store: Store,
    verdict: Verdict,
    annotations: Collection[Annotation],
    annotators: Annotators | None,
) -> Verdict:
    """Return a verdict that escalates samples without a vote for which no annotator is left.

    Args:
        store: holds the states of the samples.
        verdict: on the samples with annotations.
        annotations: those that it is based on.
        annotators: who may be asked, of all samples or by sample; `None` is anybody.
    """
    if annotators is None or (annotators and not isinstance(annotators, Mapping)):
        return verdict
    annotated = {annotation.sample_id for annotation in annotations}
    available = annotators if isinstance(annotators, Mapping) else {}
    stuck = {
        sample_id: Escalation(sample_id, (), "no vote, and no annotator is left")
        for sample_id in store.batches.awaited()
        if sample_id not in annotated and not available.get(sample_id)
    }
    pending = tuple(request for request in verdict.pending if request.sample_id not in stuck)
    escalations = (*verdict.escalations, *stuck.values())
    return dataclasses.replace(verdict, pending=pending, escalations=escalations)


def _more_messages(
    verdict: Verdict,
    outstanding: Mapping[Hashable, int],
    batch_of: Mapping[Hashable, int],
    excluded: tuple[str, ...],
) -> Iterator[NewMessage]:
    """Yield a message about each sample that needs more votes than are outstanding."""
    for request in verdict.pending:
        sample_id = request.sample_id
        if sample_id in outstanding:
            votes = request.votes_needed - max(outstanding[sample_id], 0)
            if votes > 0:
                yield NewMessage(
                    MessageKind.ASK_AGAIN,
                    sample_id,
                    batch_of.get(sample_id, 0),
                    votes,
                    request.not_annotators + excluded,
                )


def _review_messages(
    verdict: Verdict, annotations: Collection[Annotation], batch_of: Mapping[Hashable, int]
) -> Iterator[NewMessage]:
    """Yield a message about each escalated sample.

    It excludes earlier reviewers: their reviews did not count, since they had annotated the sample.
    """
    reviewers_of = _reviewers_of(annotations)
    for escalation in verdict.escalations:
        sample_id = escalation.sample_id
        reviewers = reviewers_of.get(sample_id, ())
        yield NewMessage(
            MessageKind.ESCALATE,
            sample_id,
            batch_of.get(sample_id, 0),
            not_annotators=reviewers,
            after=len(reviewers),
        )


def add_lost_questions(
    store: Store, platform: AnnotationPlatform, verdict: Verdict, votes: int
) -> None:
    """Add messages about samples that a platform has lost before anybody annotated them.

    Of those that somebody annotated, `add_questions` asks for what is missing.
    """
    awaited = set(store.batches.awaited())
    annotated = {request.sample_id for request in verdict.pending}
    annotated |= {escalation.sample_id for escalation in verdict.escalations}
    unanswered = awaited - annotated - set(store.outbox.votes_waiting())
    lost = [sample_id for sample_id in platform.lost if sample_id in unanswered]
    batch_of = store.batches.batch_of(lost)
    store.outbox.add(
        NewMessage(MessageKind.ASK_AGAIN, sample_id, batch_of[sample_id], votes)
        for sample_id in lost
    )
    lost_reviews = [sample_id for sample_id in platform.lost_reviews if sample_id in awaited]
    store.outbox.resend(lost_reviews, MessageKind.ESCALATE)


def annotator_counts(annotations: Collection[Annotation]) -> dict[Hashable, int]:
    """Return how many annotators annotated each sample, by live annotations, reviewers excepted."""
    counts: dict[Hashable, int] = {}
    for annotation in annotations:
        count = counts.get(annotation.sample_id, 0)
        counts[annotation.sample_id] = count + (not annotation.reviewer)
    return counts


def _reviewers_of(annotations: Collection[Annotation]) -> dict[Hashable, tuple[str, ...]]:
    """Return who reviewed each sample, sorted."""
    reviewers: dict[Hashable, set[str]] = {}
    for annotation in annotations:
        if annotation.reviewer:
            reviewers.setdefault(annotation.sample_id, set()).add(annotation.annotator)
    return {sample_id: tuple(sorted(names)) for sample_id, names in reviewers.items()}
