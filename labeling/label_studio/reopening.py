"""Reopening tasks for more votes, once per message, and closing them."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from more_itertools import chunked

from labeling.label_studio.client import StudioClient, TransientError
from labeling.label_studio.importing import NewTask, import_tasks
from labeling.label_studio.labeling_config import REWORK
from labeling.label_studio.projects import StudioProject
from labeling.label_studio.task_queries import PAGE_SIZE, find_tasks, open_tasks
from labeling.label_studio.tasks import EXT_ID, Task, ext_id_of
from labeling.records import Message

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Sdk

logger = logging.getLogger(__name__)

RESTORED = "restored"
"""Key in a task's meta: the message that restored it, after the first one was deleted."""


def reopen(
    client: StudioClient,
    project: StudioProject,
    messages: Sequence[Message],
    restored_tasks: Callable[[Sequence[Message]], Sequence[NewTask]],
    *,
    rework: Mapping[str, str] | None = None,
    on_arrived: Callable[[Mapping[str, int]], object],
    on_refused: Callable[[Mapping[str, str]], object] = lambda _: None,
) -> None:
    """Reopen tasks for more votes: raise their overlap, and mark them as not done.

    The same update writes the message's key into the task, so that repeating it asks once.

    Args:
        client: the server's client.
        project: the project of the tasks.
        messages: the messages, one per sample.
        restored_tasks: returns new tasks for messages whose task was deleted.
        rework: ext_id -> why an earlier vote was rejected; it is displayed where the project does.
        on_arrived: called with message key -> task id.
        on_refused: called with ext_id -> the server's reason, for tasks that it does not accept.
    """
    for chunk in chunked(messages, PAGE_SIZE):
        tasks = _by_ext_id(client, project.id, map(_ext_id, chunk))
        deleted = [message for message in chunk if _ext_id(message) not in tasks]
        if deleted:
            new_tasks = [_marked_restored(task, deleted) for task in restored_tasks(deleted)]
            import_tasks(client, project, new_tasks, on_refused=on_refused)
            ext_ids = [str(task["data"][EXT_ID]) for task in new_tasks]
            tasks |= _by_ext_id(client, project.id, ext_ids)
        for message in chunk:
            task = tasks.get(_ext_id(message))
            if task is not None:
                shown = (
                    (rework or {}).get(task.ext_id) if REWORK in project.interface.keys else None
                )
                task_id = _reopen_one(client, project.id, message, task, shown)
                on_arrived({message.key: task_id})


def set_overlap(
    client: StudioClient, task_ids: Mapping[str, int], votes: Mapping[str, int]
) -> None:
    """Set how many votes unanswered tasks wait for.

    Args:
        client: the server's client.
        task_ids: ext_id -> task id.
        votes: ext_id -> votes, for at least these tasks.
    """
    for ext_id, task_id in task_ids.items():
        change = {"overlap": votes[ext_id], "is_labeled": False}
        client.request_idempotent(
            "setting how many votes a task waits for", functools.partial(_update, task_id, change)
        )


def close(client: StudioClient, project_id: int, sample_ids: Iterable[Hashable]) -> None:
    """Close the tasks of samples: they wait for no more votes.

    The overlap is lowered to the votes that exist: otherwise the server reopens a task whose
    annotation is changed.
    """
    wanted = set(map(ext_id_of, sample_ids))
    candidates = open_tasks(client, project_id) if wanted else ()
    open_ids = [task.ext_id for task in candidates if task.ext_id in wanted]
    tasks = find_tasks(client, project_id, open_ids, annotations=True)
    closed = [task for task in tasks if not task.is_labeled]
    for task in closed:
        change = {"overlap": max(task.n_annotations, 1), "is_labeled": True}
        client.request_idempotent("closing a task", functools.partial(_update, task.id, change))
    if closed:
        logger.info("closed %d tasks that wait for no more votes", len(closed))


def _update(task_id: int, change: Mapping[str, Any], sdk: Sdk) -> None:
    sdk.tasks.update(str(task_id), **change)


def _reopen_one(
    client: StudioClient, project_id: int, message: Message, seen: Task, rework: str | None
) -> int:
    """Reopen one task, unless that was done, and return its id."""
    attempts = 0

    def attempt() -> int:
        nonlocal attempts
        attempts += 1
        task = seen
        if attempts > 1:
            task = _first(find_tasks(client, project_id, [seen.ext_id], annotations=True))
        if message.key in task.asked:
            return task.id
        is_restored = task.meta.get(RESTORED) == message.key
        overlap = message.votes if is_restored else task.overlap + message.votes
        change: dict[str, Any] = {
            "overlap": overlap,
            "is_labeled": task.n_annotations >= overlap,
            "meta": {**task.meta, "asked": [*task.asked, message.key]},
        }
        if rework is not None:
            change["data"] = {**task.data, REWORK: rework}
        client.request_once("asking for another vote", functools.partial(_update, task.id, change))
        return task.id

    what = f"asking for another vote on sample {message.sample_id!r}"
    task_id = client.with_retries(what, attempt)
    logger.debug("asked for %d more votes on %r", message.votes, message.sample_id)
    return task_id


def _by_ext_id(client: StudioClient, project_id: int, ext_ids: Iterable[str]) -> dict[str, Task]:
    """Return tasks with their annotations: whether one is done is not left to counters."""
    tasks = find_tasks(client, project_id, ext_ids, annotations=True)
    return {task.ext_id: task for task in tasks}


def _first(tasks: Sequence[Task]) -> Task:
    if not tasks:
        raise TransientError("its task was there a moment ago, and is not found")
    return tasks[0]


def _marked_restored(task: NewTask, messages: Sequence[Message]) -> NewTask:
    keys = {_ext_id(message): message.key for message in messages}
    key = keys[str(task["data"][EXT_ID])]
    return {**task, "meta": {**task["meta"], RESTORED: key}}


def _ext_id(message: Message) -> str:
    return ext_id_of(message.sample_id)
