"""Duplicate tasks of a sample, made by simultaneous imports: one is kept, with all votes."""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from labeling.errors import PlatformError
from labeling.label_studio.annotation_marks import copied_from, copy_fields
from labeling.label_studio.annotation_parser import author_id
from labeling.label_studio.client import NotFoundError, StudioClient, TransientError
from labeling.label_studio.imported_annotations import authorless_imports, copied_annotations
from labeling.label_studio.task_queries import find_tasks, task_with_annotations
from labeling.label_studio.tasks import Task

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Sdk

logger = logging.getLogger(__name__)


def merge_duplicates(
    client: StudioClient,
    project_id: int,
    ext_ids: Iterable[str],
    copy_ids: Collection[int] = (),
) -> tuple[Task, ...]:
    """Merge the duplicate tasks of samples, and return the one task of each.

    The task with the most votes is kept, or the oldest of those. The votes of the others are copied
    to it first; if a person voted on several, the last vote counts. Annotations that an import
    copied are no votes. A task stays if its annotations were imported without their authors.

    Args:
        client: the server's client.
        project_id: the project.
        ext_ids: the samples' ids as text.
        copy_ids: the ids of annotations that are known to be copies of others.
    """
    ext_ids = list(ext_ids)
    tasks_of: dict[str, list[Task]] = {}
    for task in find_tasks(client, project_id, ext_ids):
        tasks_of.setdefault(task.ext_id, []).append(task)
    duplicated = [ext_id for ext_id, tasks in tasks_of.items() if len(tasks) > 1]
    if not duplicated:
        return tuple(tasks[0] for tasks in tasks_of.values())
    logger.warning(
        "%d samples had several tasks in Label Studio; one of each is kept, with all votes.",
        len(duplicated),
    )
    for ext_id in duplicated:
        merge = functools.partial(_merge, client, project_id, ext_id, copy_ids)
        client.with_retries(f"merging the tasks of sample {ext_id!r}", merge)
    remaining: dict[str, Task] = {}
    for task in find_tasks(client, project_id, ext_ids):
        remaining.setdefault(task.ext_id, task)
    return tuple(remaining.values())


def _merge(client: StudioClient, project_id: int, ext_id: str, copy_ids: Collection[int]) -> None:
    tasks = find_tasks(client, project_id, [ext_id], annotations=True)
    copies = copied_annotations(tasks, {}, lambda annotation: str(author_id(annotation)))
    no_votes = {*copy_ids, *copies}
    ranked = sorted(tasks, key=lambda task: (-_n_votes(task, no_votes), task.id))
    for task in ranked[1:]:
        if authorless_imports(task, no_votes):
            continue
        _copy_votes(client, task, ranked[0], no_votes)
        try:
            current = task_with_annotations(client, task.id)
        except NotFoundError:
            continue  # another process has merged them, too
        if len(current.get("annotations") or ()) != len(task.annotations):
            raise TransientError("a duplicate was labeled at this moment")
        _delete(client, task.id)
    if ranked and max(task.overlap for task in ranked) != ranked[0].overlap:
        _combine_questions(client, ranked)


def _n_votes(task: Task, no_votes: Collection[int]) -> int:
    return sum(int(annotation["id"]) not in no_votes for annotation in task.annotations)


def _copy_votes(
    client: StudioClient, source: Task, target: Task, no_votes: Collection[int]
) -> None:
    """Copy the votes of one task to another, unless their authors have voted there since."""
    last_votes = {
        author_id(annotation): str(annotation.get("updated_at"))
        for annotation in target.annotations
    }
    copied_ids = {copied_from(annotation) for annotation in target.annotations}
    for annotation in source.annotations:
        annotation_id, author = int(annotation["id"]), author_id(annotation)
        is_older = str(annotation.get("updated_at")) <= last_votes.get(author, "")
        if annotation_id in no_votes or annotation_id in copied_ids or is_older:
            continue
        fields: dict[str, Any] = {
            name: annotation[name]
            for name in ("was_cancelled", "ground_truth", "lead_time")
            if annotation.get(name) is not None
        }
        if author:
            fields["completed_by"] = author
        create = functools.partial(_create, target.id, {**copy_fields(annotation), **fields})
        client.request_once("copying a vote", create)


def _create(task_id: int, fields: Mapping[str, Any], sdk: Sdk) -> None:
    sdk.annotations.create(task_id, **fields)


def _delete(client: StudioClient, task_id: int) -> None:
    try:
        client.request_once("deleting a duplicate task", lambda sdk: sdk.tasks.delete(str(task_id)))
    except NotFoundError:
        pass
    except PlatformError as error:
        raise PlatformError(f"A second task of the same sample stays: {error}") from error


def _combine_questions(client: StudioClient, tasks: list[Task]) -> None:
    """Give the first task, which is kept, the largest overlap and the questions of all."""
    task = tasks[0]
    overlap = max(duplicate.overlap for duplicate in tasks)
    asked = list(dict.fromkeys(key for duplicate in tasks for key in duplicate.asked))
    client.request_once(
        "merging what was asked",
        lambda sdk: sdk.tasks.update(
            str(task.id),
            overlap=overlap,
            is_labeled=task.n_annotations >= overlap,
            meta={**task.meta, "asked": asked},
        ),
    )
