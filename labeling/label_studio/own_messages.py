"""What is to be asked where no outbox says it: found out from what is on the server."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

from labeling.records import AskAgain, Escalation, Message


def first_questions(sample_ids: Iterable[Hashable], votes: int) -> tuple[Message, ...]:
    """Return a question about each sample; one that has a task already is not sent again."""
    return tuple(
        Message(place, f"ask: {own!r}", "ask", own, 0, votes, begun=True)
        for place, own in enumerate(sample_ids, 1)
    )


def more_questions(
    pending: Sequence[AskAgain], outstanding_votes: Mapping[Hashable, int]
) -> tuple[Message, ...]:
    """Return a question about each sample that needs more votes than are still to come.

    It is known by how many people had spoken when it was found that votes are short: so the same
    question is not asked twice, whoever answers between.
    """
    found = []
    for place, one in enumerate(pending, 1):
        needed = one.votes_needed - outstanding_votes.get(one.sample_id, 0)
        if needed > 0:
            key = f"ask again, {len(one.not_annotators)} heard: {one.sample_id!r}"
            barred = one.not_annotators
            found.append(Message(place, key, "ask again", one.sample_id, 0, needed, barred, True))
    return tuple(found)


def review_questions(
    escalations: Sequence[Escalation], reviews: Callable[[Hashable], int]
) -> tuple[Message, ...]:
    """Return a question for reviewers about each sample.

    Args:
        escalations: the samples.
        reviews: gives how many reviewers are known to have spoken of a sample, and were not heard.
    """
    found = []
    for place, one in enumerate(escalations, 1):
        spoken = reviews(one.sample_id)
        key = f"escalate{f' after {spoken}' if spoken else ''}: {one.sample_id!r}"
        found.append(Message(place, key, "escalate", one.sample_id, 0, begun=True))
    return tuple(found)
