"""Sending tasks: each sample's once, whatever fails on the way and whoever else sends."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from more_itertools import constrained_batches

from labeling.label_studio.client import (
    MIN_ATTEMPTS,
    RefusedError,
    ServerFailedError,
    StudioClient,
    TransientError,
)
from labeling.label_studio.duplicate_tasks import merge_duplicates
from labeling.label_studio.projects import StudioProject, task_count
from labeling.label_studio.task_queries import find_tasks
from labeling.label_studio.tasks import EXT_ID, Task

logger = logging.getLogger(__name__)

AT_ONCE = 1_000  # tasks in one import: measured as the fastest
LONGEST = 5_000_000  # letters in one import: servers bound what they take

MOST_IN_VAIN = 3  # samples that are refused before one is taken: then it is not for what they are

NewTask = Mapping[str, Any]
Ids = Mapping[str, int]
"""Sample id as text -> task id."""


def send(
    line: StudioClient,
    project: StudioProject,
    tasks: Sequence[NewTask],
    *,
    begun: Callable[[Sequence[str]], object] = lambda _: None,
    arrived: Callable[[Ids], object] = lambda _: None,
    progress: Callable[[int], object] = lambda _: None,
    refused: Callable[[Mapping[str, str]], object] = lambda _: None,
) -> dict[str, Task]:
    """Import tasks of samples that have none yet, and return those that were there before.

    Where a sample turns out to have several, they are merged before anything is told to have arrived.
    What the server does not take is narrowed down to single samples, and the others are sent.

    Args:
        line: to the server.
        project: where they go.
        tasks: as `new_task` makes them.
        begun: told which samples are sent next, before they are.
        arrived: told which have a task now that had none, when all were sent.
        progress: told how many more were sent, after each import.
        refused: told which the server does not take, each with its words.

    Raises:
        UnreachableError: some may not have arrived; sending again sends just these.
        PlatformError: the server takes none of them.
    """
    started = time.perf_counter()
    sending = _Sending(line, project)
    for chunk in constrained_batches(
        tasks, LONGEST, max_count=AT_ONCE, get_len=_letters, strict=False
    ):
        begun([_ext_id(one) for one in chunk])
        sending.send_what_is_taken(chunk)
        progress(len(chunk))
        made = len(sending.made)
        logger.info(
            "sent %d of %d tasks, %.0f a second",
            *(made, len(tasks), made / max(time.perf_counter() - started, 1e-6)),
        )
    sending.find_refused_after_all()
    sending.merge()
    arrived(sending.made)
    if sending.refused:
        refused(sending.refused)
    return sending.before


@dataclass(slots=True)
class _Sending:
    """Imports that are under way.

    Attributes:
        line: to the server.
        project: where they go, as it was before the first.
        before: the tasks that were there.
        made: the tasks that were not, by ext_id.
        doubtful: of which samples there may be several.
        refused: the samples that the server does not take, each with its words.
    """

    line: StudioClient
    project: StudioProject
    before: dict[str, Task] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def send_what_is_taken(self, tasks: Sequence[NewTask]) -> None:
        """Import those of some tasks that are not there and that the server takes.

        Raises:
            RefusedError: it took none before it refused `MOST_IN_VAIN`.
            ServerFailedError: it takes none of them.
        """
        try:
            self.send(tasks)
        except (RefusedError, ServerFailedError) as error:
            self._narrow_down(tasks, error)
            if isinstance(error, ServerFailedError) and not self._has_sent_some():
                raise  # it may fail at whatever it is given

    def _narrow_down(
        self,
        tasks: Sequence[NewTask],
        error: RefusedError | ServerFailedError,
    ) -> None:
        """Import a half after the other, until what the server does not take stands alone."""
        if len(tasks) == 1:
            self.refused[_ext_id(tasks[0])] = error.detail
            if len(self.refused) >= MOST_IN_VAIN and not self._has_sent_some():
                raise error  # it is not for the samples that they are refused
            return
        for half in (tasks[: len(tasks) // 2], tasks[len(tasks) // 2 :]):
            try:
                self.send(half, tries=MIN_ATTEMPTS if len(half) == 1 else 1)
            except (RefusedError, ServerFailedError) as fault:
                self._narrow_down(half, fault)

    def _has_sent_some(self) -> bool:
        return bool(self.made or self.before)

    def find_refused_after_all(self) -> None:
        """Find the samples that arrived although the server said that it failed."""
        with contextlib.suppress(RefusedError, ServerFailedError):  # an id may be what it refuses
            for one in find_tasks(self.line, self.project.id, list(self.refused)):
                self.made.setdefault(one.ext_id, one.id)
                self.refused.pop(one.ext_id, None)

    def send(self, tasks: Sequence[NewTask], *, tries: int | None = None) -> None:
        """Import those of some tasks that are not there.

        Args:
            tasks: what is to be sent.
            tries: at the most, of what was sent in vain before; `None` is the first time.
        """
        own = [_ext_id(one) for one in tasks]
        made, doubled = 0, False

        def attempt() -> dict[str, int]:
            nonlocal made, doubled
            made += 1
            is_first = tries is None and made == 1
            is_empty = not self.project.tasks and is_first  # but for what was sent from here
            looked = () if is_empty else find_tasks(self.line, self.project.id, own)
            there = {one.ext_id: one for one in reversed(looked)}
            doubled |= len(looked) > len(there)
            if is_first:
                self.before |= there
            missing = [one for one in tasks if _ext_id(one) not in there]
            sent = _import(self.line, self.project.id, missing) if missing else {}
            return {**{key: one.id for key, one in there.items()}, **sent}

        what = f"sending {len(tasks)} tasks"
        found = self.line.with_retries(what, attempt, max_attempts=tries)
        self.made |= {key: task for key, task in found.items() if key not in self.before}
        self.doubtful += own if doubled or made > 1 or tries is not None else []

    def merge(self) -> None:
        """See to it that no sample has several tasks: others may have sent it, too."""
        every = [*self.before, *self.made]
        wanted = every if self.made and self._others_sent() else self.doubtful
        for one in merge_duplicates(self.line, self.project.id, wanted):
            if one.ext_id in self.before:
                self.before[one.ext_id] = one
            else:
                self.made[one.ext_id] = one.id

    def _others_sent(self) -> bool:
        """Whether the project has not just as many tasks as it had and got: then there are copies."""
        now = task_count(self.line, self.project.id)
        return now != self.project.tasks + len(self.made)


def _import(line: StudioClient, project: int, tasks: Sequence[NewTask]) -> dict[str, int]:
    payload: Any = list(tasks)
    answer: Any = line.request_once(
        f"sending {len(tasks)} tasks",
        lambda client: client.projects.import_tasks(project, request=payload, return_task_ids=True),
    )
    ids = list(answer.task_ids or ())
    if len(ids) != len(tasks):  # a server that imports in the background tells no ids
        raise TransientError(f"{len(ids)} ids came back for {len(tasks)} tasks", retry_after=1.0)
    return {_ext_id(task): int(own) for task, own in zip(tasks, ids, strict=True)}


def _letters(task: NewTask) -> int:
    return sum(len(str(value)) for value in task["data"].values())


def _ext_id(task: NewTask) -> str:
    return str(task["data"][EXT_ID])
