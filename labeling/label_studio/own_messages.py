"""What is to be asked where no outbox says it: found out from what is on the server."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from labeling.label_studio.tasks import Task, ext_id_of
from labeling.records import AskAgain, Escalation, Message

Tasks = Mapping[str, Task]
"""Sample id as text -> its task."""


def first_questions(sample_ids: Iterable[Hashable], votes: int) -> tuple[Message, ...]:
    """Return a question about each sample; one that has a task already is not sent again."""
    return tuple(
        Message(place, f"ask: {own!r}", "ask", own, 0, votes, begun=True)
        for place, own in enumerate(sample_ids, 1)
    )


def more_questions(
    pending: Sequence[AskAgain], to_come: Mapping[Hashable, int], tasks: Tasks
) -> tuple[Message, ...]:
    """Return a question about each sample that needs more votes than are still to come."""
    found = []
    for place, one in enumerate(pending, 1):
        needed = one.votes_needed - to_come.get(one.sample_id, 0)
        if needed > 0:
            task = tasks.get(ext_id_of(one.sample_id))
            key = f"ask again after {task.overlap if task else 0}: {one.sample_id!r}"
            barred = one.not_annotators
            found.append(Message(place, key, "ask again", one.sample_id, 0, needed, barred, True))
    return tuple(found)


def review_questions(escalations: Sequence[Escalation], tasks: Tasks) -> tuple[Message, ...]:
    """Return a question for reviewers about each sample.

    One whose task has its decision is asked again: whoever gave it was not heard.
    """
    found = []
    for place, one in enumerate(escalations, 1):
        task = tasks.get(ext_id_of(one.sample_id))
        spoken = len(task.annotations) if task else 0
        key = f"escalate{f' after {spoken}' if spoken else ''}: {one.sample_id!r}"
        found.append(Message(place, key, "escalate", one.sample_id, 0, begun=True))
    return tuple(found)
