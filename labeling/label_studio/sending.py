"""Sending tasks: each sample's once, whatever fails on the way and whoever else sends."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from labeling.label_studio.copies import merge_copies
from labeling.label_studio.line import Line, PassingFault
from labeling.label_studio.projects import Place, StudioProject
from labeling.label_studio.reading import tasks_of
from labeling.label_studio.tasks import EXT_ID, Task

logger = logging.getLogger(__name__)

AT_ONCE = 1_000  # tasks in one import: measured as the fastest
LONGEST = 5_000_000  # letters in one import: servers bound what they take

NewTask = Mapping[str, Any]
Ids = Mapping[str, int]
"""Sample id as text -> task id."""


def send(
    line: Line,
    project: StudioProject,
    tasks: Sequence[NewTask],
    *,
    surely_new: bool = False,
    begun: Callable[[Sequence[str]], object] = lambda _: None,
    arrived: Callable[[Ids], object] = lambda _: None,
) -> dict[str, Task]:
    """Import tasks of samples that have none yet, and return those that were there before.

    Where a sample turns out to have several, they are merged before anything is told to have arrived.

    Args:
        line: to the server.
        project: where they go.
        tasks: as `new_task` makes them.
        surely_new: whether none of them can be there: then the first try does not look.
        begun: told which samples are sent next, before they are.
        arrived: told which have a task now that had none, after each import.

    Raises:
        UnreachableError: some may not have arrived; sending again sends just these.
        PlatformError: the server refused; imports are whole or not at all.
    """
    started = time.perf_counter()
    before: dict[str, Task] = {}
    made: dict[str, int] = {}
    for chunk in _chunks(tasks):
        own = [_ext_id(one) for one in chunk]
        begun(own)
        tries, doubled = 0, False

        def attempt(chunk: Sequence[NewTask] = chunk, own: list[str] = own) -> dict[str, int]:
            nonlocal tries, doubled
            tries += 1
            looked = () if surely_new and tries == 1 else tasks_of(line, project.id, own)
            there = {one.ext_id: one for one in reversed(looked)}
            doubled |= len(looked) > len(there)
            if tries == 1:
                before.update(there)  # noqa: B023  # the one dict of all chunks
            missing = [one for one in chunk if _ext_id(one) not in there]
            sent = _import(line, project.id, missing) if missing else {}
            return {**{key: one.id for key, one in there.items()}, **sent}

        found = line.patiently(f"sending {len(chunk)} tasks", attempt)
        made |= {key: task for key, task in found.items() if key not in before}
        if doubled or tries > 1 or (made and _others_sent(line, project, len(made))):
            kept = {one.ext_id: one for one in merge_copies(line, project.id, own)}
            before |= {key: task for key, task in kept.items() if key in before}
            found = {key: one.id for key, one in kept.items()}
        arrived({key: task for key, task in found.items() if key not in before})
        logger.info(
            "sent %d of %d tasks, %.0f a second",
            *(len(made), len(tasks), len(made) / max(time.perf_counter() - started, 1e-6)),
        )
    return before


def _import(line: Line, project: int, tasks: Sequence[NewTask]) -> dict[str, int]:
    payload: Any = list(tasks)
    answer: Any = line.call(
        f"sending {len(tasks)} tasks",
        lambda client: client.projects.import_tasks(project, request=payload, return_task_ids=True),
    )
    ids = list(answer.task_ids or ())
    if len(ids) != len(tasks):  # a server that imports in the background tells no ids
        raise PassingFault(f"{len(ids)} ids came back for {len(tasks)} tasks", rest=1.0)
    return {_ext_id(task): int(own) for task, own in zip(tasks, ids, strict=True)}


def _others_sent(line: Line, project: StudioProject, made: int) -> bool:
    """Whether the project has not just as many tasks as it had and got: then look for copies."""
    now = Place(project.id, {}).required(line)
    return now.tasks != project.tasks + made


def _chunks(tasks: Sequence[NewTask]) -> Iterator[Sequence[NewTask]]:
    some: list[NewTask] = []
    length = 0
    for task in tasks:
        own = sum(len(str(value)) for value in task["data"].values())
        if some and (len(some) == AT_ONCE or length + own > LONGEST):
            yield some
            some, length = [], 0
        some.append(task)
        length += own
    if some:
        yield some


def _ext_id(task: NewTask) -> str:
    return str(task["data"][EXT_ID])
