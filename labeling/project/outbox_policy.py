"""What is to be asked of people: put into the outbox, where it is not under way already."""

from __future__ import annotations

from collections.abc import Collection, Hashable

from labeling.records import Annotation, AnnotationPlatform, Verdict
from labeling.store import Store


def ask(
    store: Store,
    verdict: Verdict,
    said: Collection[Annotation],
    outstanding_votes: dict[Hashable, int] | None,
) -> None:
    """Put into the outbox what is to be asked and is not under way already.

    Nobody is asked again about a sample that was never asked about: somebody spoke of it unasked.
    """
    asked = store.outbox.votes_asked([one.sample_id for one in verdict.pending])
    heard = heard_on(said)
    if outstanding_votes is None:
        outstanding_votes = {one: votes - heard.get(one, 0) for one, votes in asked.items()}
    else:
        waiting = store.outbox.votes_waiting()
        outstanding_votes = {
            one: outstanding_votes.get(one, 0) + waiting.get(one, 0) for one in asked
        }
    short = [
        (one, one.votes_needed - max(outstanding_votes[one.sample_id], 0))
        for one in verdict.pending
        if one.sample_id in asked
    ]
    ids = [one.sample_id for one in verdict.pending]
    ids += [one.sample_id for one in verdict.escalations]
    batch = store.batches.batch_of(ids)
    barred = _reviewers_of(said)  # whoever voted on a sample is not heard as its reviewer
    store.outbox.add(
        [
            *(
                (
                    *("ask again", one.sample_id, batch.get(one.sample_id, 0)),
                    *(needed, one.not_annotators),
                )
                for one, needed in short
                if needed > 0
            ),
            *(
                (
                    *("escalate", one.sample_id, batch.get(one.sample_id, 0), 1),
                    barred.get(one.sample_id, ()),
                )
                for one in verdict.escalations
            ),
        ],
        {one: len(names) for one, names in barred.items()},
    )


def ask_what_was_lost(
    store: Store, platform: AnnotationPlatform, verdict: Verdict, votes: int
) -> None:
    """Put into the outbox what a platform has lost; of samples that somebody spoke of, `ask` does."""
    awaited = set(store.batches.awaited())
    spoken_of = {one.sample_id for one in verdict.pending}
    spoken_of |= {one.sample_id for one in verdict.escalations}
    silent = awaited - spoken_of - set(store.outbox.votes_waiting())
    lost = [one for one in getattr(platform, "lost", ()) if one in silent]
    batch = store.batches.batch_of(lost)
    store.outbox.add([("ask again", one, batch[one], votes, ()) for one in lost])
    reviews = [one for one in getattr(platform, "lost_reviews", ()) if one in awaited]
    store.outbox.send_anew(reviews, "escalate")


def heard_on(said: Collection[Annotation]) -> dict[Hashable, int]:
    """Return how many people spoke of each sample, by live annotations; reviewers do not count."""
    counts: dict[Hashable, int] = {}
    for one in said:
        counts[one.sample_id] = counts.get(one.sample_id, 0) + (not one.reviewer)
    return counts


def _reviewers_of(said: Collection[Annotation]) -> dict[Hashable, tuple[str, ...]]:
    """Return who spoke of each sample as a reviewer, sorted."""
    found: dict[Hashable, set[str]] = {}
    for one in said:
        if one.reviewer:
            found.setdefault(one.sample_id, set()).add(one.annotator)
    return {one: tuple(sorted(names)) for one, names in found.items()}
