"""More votes, or no more: a task is opened again, once a question, or closed."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from more_itertools import chunked

from labeling.label_studio.client import StudioClient, TransientError
from labeling.label_studio.importing import NewTask, send
from labeling.label_studio.projects import StudioProject
from labeling.label_studio.task_queries import PAGE_SIZE, find_tasks, open_tasks
from labeling.label_studio.tasks import EXT_ID, Task, ext_id_of
from labeling.records import Message

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Client

logger = logging.getLogger(__name__)

RESTORED = "restored"
"""In the meta of a task: by which question it was made anew, after the first one was deleted."""


def reopen(
    line: StudioClient,
    project: StudioProject,
    messages: Sequence[Message],
    remake: Callable[[Sequence[Message]], Sequence[NewTask]],
    *,
    arrived: Callable[[Mapping[str, int]], object],
    refused: Callable[[Mapping[str, str]], object] = lambda _: None,
) -> None:
    """Let tasks wait for more votes: its overlap is raised, and it is no longer done.

    Which questions were asked stands in the task itself, in the same change: so asking twice asks
    once.

    Args:
        line: to the server.
        project: of the tasks.
        messages: what is asked, one a sample.
        remake: makes tasks for those whose task was deleted.
        arrived: told the task of each message's key that was asked.
        refused: told which samples the server does not take, by ext_id, each with its words.
    """
    for some in chunked(messages, PAGE_SIZE):
        there = {one.ext_id: one for one in find_tasks(line, project.id, map(_own, some))}
        gone = [one for one in some if _own(one) not in there]
        if gone:
            tasks = [_restoring(task, gone) for task in remake(gone)]
            send(line, project, tasks, refused=refused)
            made = find_tasks(line, project.id, (str(one["data"][EXT_ID]) for one in tasks))
            there |= {one.ext_id: one for one in made}
        for message in some:
            task = there.get(_own(message))
            if task is not None:
                arrived({message.key: _reopened(line, project.id, message, task)})


def wait_for(line: StudioClient, tasks: Mapping[str, int], votes: Mapping[str, int]) -> None:
    """Let tasks that nobody answered yet wait for so many votes each.

    Args:
        line: to the server.
        tasks: by ext_id.
        votes: by ext_id, for these and perhaps others.
    """
    for own, task in tasks.items():
        change = {"overlap": votes[own], "is_labeled": False}
        line.request_idempotent(
            "setting how many votes a task waits for", functools.partial(_change, task, change)
        )


def _change(task: int, change: Mapping[str, Any], client: Client) -> None:
    client.tasks.update(str(task), **change)


def close(line: StudioClient, project: int, sample_ids: Iterable[Hashable]) -> None:
    """Let the tasks of samples wait for no more votes.

    The overlap is lowered to the votes that are there, for the server opens a task again whose answer
    is changed while its overlap is higher.
    """
    wanted = set(map(ext_id_of, sample_ids))
    open_ones = open_tasks(line, project) if wanted else ()
    closed = [task for task in open_ones if task.ext_id in wanted and not task.is_labeled]
    for task in closed:
        change = {"overlap": max(task.n_annotations, 1), "is_labeled": True}
        line.request_idempotent("closing a task", functools.partial(_change, task.id, change))
    if closed:
        logger.info("closed %d tasks that wait for no more votes", len(closed))


def _reopened(line: StudioClient, project: int, message: Message, seen: Task) -> int:
    """Open one task again, unless that was done, and return its id."""
    tries = 0

    def attempt() -> int:
        nonlocal tries
        tries += 1
        task = seen if tries == 1 else _the_one(find_tasks(line, project, [seen.ext_id]))
        if message.key in task.asked:
            return task.id
        is_new = task.meta.get(RESTORED) == message.key
        overlap = message.votes if is_new else task.overlap + message.votes
        line.request_once(
            "asking for another vote",
            lambda client: client.tasks.update(
                str(task.id),
                overlap=overlap,
                is_labeled=task.n_annotations >= overlap,
                meta={**task.meta, "asked": [*task.asked, message.key]},
            ),
        )
        return task.id

    found = line.with_retries(f"asking for another vote on sample {message.sample_id!r}", attempt)
    logger.debug("asked for %d more votes on %r", message.votes, message.sample_id)
    return found


def _the_one(tasks: Sequence[Task]) -> Task:
    if not tasks:
        raise TransientError("its task was there a moment ago, and is not found")
    return tasks[0]


def _restoring(task: NewTask, messages: Sequence[Message]) -> NewTask:
    keys = {_own(one): one.key for one in messages}
    key = keys[str(task["data"][EXT_ID])]
    return {**task, "meta": {**task["meta"], RESTORED: key}}


def _own(message: Message) -> str:
    return ext_id_of(message.sample_id)
