"""Import of tasks: one per sample, whatever fails on the way and whoever else imports."""

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

MAX_TASKS = 1_000  # tasks in one import: measured as the fastest
MAX_CHARACTERS = 5_000_000  # characters in one import: servers limit the size of requests
MAX_REFUSED_FIRST = 3
"""Samples refused before any is accepted: then the reason is not in the samples."""

NewTask = Mapping[str, Any]
TaskIds = Mapping[str, int]
"""Sample id as text -> task id."""


def import_tasks(
    client: StudioClient,
    project: StudioProject,
    tasks: Sequence[NewTask],
    *,
    on_begin: Callable[[Sequence[str]], object] = lambda _: None,
    on_arrived: Callable[[TaskIds], object] = lambda _: None,
    on_progress: Callable[[int], object] = lambda _: None,
    on_refused: Callable[[Mapping[str, str]], object] = lambda _: None,
) -> dict[str, Task]:
    """Import the tasks of samples that have none, and return those that existed before.

    If a sample has several in the end, they are merged before any is reported to have arrived. If
    the server refuses an import, it is bisected down to single samples, and the others are
    imported.

    Args:
        client: the server's client.
        project: where the tasks go.
        tasks: the tasks, as `new_task` returns them.
        on_begin: called with the ext_ids of each import, before it.
        on_arrived: called with the new tasks, once all are imported.
        on_progress: called with the number of tasks of each import, after it.
        on_refused: called with ext_id -> the server's reason, for tasks that it does not accept.

    Raises:
        UnreachableError: some may not have arrived; importing again imports only these.
        PlatformError: the server accepts none of them.
    """
    started = time.perf_counter()
    task_import = _Import(client, project)
    for batch in constrained_batches(
        tasks, MAX_CHARACTERS, max_count=MAX_TASKS, get_len=_count_characters, strict=False
    ):
        on_begin([_ext_id(task) for task in batch])
        task_import.send_accepted(batch)
        on_progress(len(batch))
        count = len(task_import.created)
        logger.info(
            "sent %d of %d tasks, %.0f a second",
            count,
            len(tasks),
            count / max(time.perf_counter() - started, 1e-6),
        )
    task_import.find_arrived_despite_errors()
    task_import.merge()
    on_arrived(task_import.created)
    if task_import.refused:
        on_refused(task_import.refused)
    return task_import.existing


@dataclass(slots=True)
class _Import:
    """The state of an import of many tasks.

    Attributes:
        client: the server's client.
        project: where the tasks go, as it was before the first import.
        existing: ext_id -> task, of those that existed before.
        created: ext_id -> task id, of those that did not.
        doubtful: the ext_ids that may have several tasks.
        refused: ext_id -> the server's reason, of those that it does not accept.
    """

    client: StudioClient
    project: StudioProject
    existing: dict[str, Task] = field(default_factory=dict)
    created: dict[str, int] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    def send_accepted(self, tasks: Sequence[NewTask]) -> None:
        """Import those tasks that do not exist and that the server accepts.

        Raises:
            RefusedError: it refused `MAX_REFUSED_FIRST` tasks before it accepted any.
            ServerFailedError: it accepts none of them.
        """
        try:
            self.send(tasks)
        except (RefusedError, ServerFailedError) as error:
            self._bisect(tasks, error)
            if isinstance(error, ServerFailedError) and not self._has_sent_some():
                raise  # it may fail whatever is imported

    def _bisect(self, tasks: Sequence[NewTask], error: RefusedError | ServerFailedError) -> None:
        """Import one half after the other, until each refused task is alone."""
        if len(tasks) == 1:
            self.refused[_ext_id(tasks[0])] = error.detail
            if len(self.refused) >= MAX_REFUSED_FIRST and not self._has_sent_some():
                raise error  # the reason is not in the samples
            return
        middle = len(tasks) // 2
        for half in (tasks[:middle], tasks[middle:]):
            try:
                self.send(half, max_attempts=MIN_ATTEMPTS if len(half) == 1 else 1)
            except (RefusedError, ServerFailedError) as half_error:
                self._bisect(half, half_error)

    def _has_sent_some(self) -> bool:
        return bool(self.created or self.existing)

    def find_arrived_despite_errors(self) -> None:
        """Find tasks that arrived although the server reported a failure."""
        with contextlib.suppress(RefusedError, ServerFailedError):  # an id may be what it refuses
            for task in find_tasks(self.client, self.project.id, list(self.refused)):
                self.created.setdefault(task.ext_id, task.id)
                self.refused.pop(task.ext_id, None)

    def send(self, tasks: Sequence[NewTask], *, max_attempts: int | None = None) -> None:
        """Import those tasks that do not exist.

        Args:
            tasks: the tasks.
            max_attempts: of tasks that failed before; `None` is the first time.
        """
        ext_ids = [_ext_id(task) for task in tasks]
        attempts, has_duplicates = 0, False

        def attempt() -> dict[str, int]:
            nonlocal attempts, has_duplicates
            attempts += 1
            is_first = max_attempts is None and attempts == 1
            is_empty = not self.project.tasks and is_first  # but for what was sent from here
            listed = () if is_empty else find_tasks(self.client, self.project.id, ext_ids)
            found = {task.ext_id: task for task in reversed(listed)}
            has_duplicates |= len(listed) > len(found)
            if is_first:
                self.existing |= found
            missing = [task for task in tasks if _ext_id(task) not in found]
            sent = _import(self.client, self.project.id, missing) if missing else {}
            return {**{ext_id: task.id for ext_id, task in found.items()}, **sent}

        what = f"sending {len(tasks)} tasks"
        task_ids = self.client.with_retries(what, attempt, max_attempts=max_attempts)
        self.created |= {
            ext_id: task_id for ext_id, task_id in task_ids.items() if ext_id not in self.existing
        }
        if has_duplicates or attempts > 1 or max_attempts is not None:
            self.doubtful += ext_ids

    def merge(self) -> None:
        """Merge duplicate tasks: others may have imported the same samples."""
        wanted = self.doubtful
        if self.created and self._others_imported():
            wanted = [*self.existing, *self.created]
        for task in merge_duplicates(self.client, self.project.id, wanted):
            if task.ext_id in self.existing:
                self.existing[task.ext_id] = task
            else:
                self.created[task.ext_id] = task.id

    def _others_imported(self) -> bool:
        """Return whether the project's tasks are not just those before and the created ones."""
        current = task_count(self.client, self.project.id)
        return current != self.project.tasks + len(self.created)


def _import(client: StudioClient, project_id: int, tasks: Sequence[NewTask]) -> dict[str, int]:
    payload: Any = list(tasks)
    response: Any = client.request_once(
        f"sending {len(tasks)} tasks",
        lambda sdk: sdk.projects.import_tasks(project_id, request=payload, return_task_ids=True),
    )
    task_ids = list(response.task_ids or ())
    if len(task_ids) != len(tasks):  # a server that imports in the background returns no ids
        message = f"{len(task_ids)} ids came back for {len(tasks)} tasks"
        raise TransientError(message, retry_after=1.0)
    return {_ext_id(task): int(task_id) for task, task_id in zip(tasks, task_ids, strict=True)}


def _count_characters(task: NewTask) -> int:
    return sum(len(str(value)) for value in task["data"].values())


def _ext_id(task: NewTask) -> str:
    return str(task["data"][EXT_ID])
