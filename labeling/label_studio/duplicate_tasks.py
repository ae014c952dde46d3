"""Several tasks of one sample, which two who send at once can make: one is kept, with all votes."""

from __future__ import annotations

import functools
import logging
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from labeling.errors import PlatformError
from labeling.label_studio.annotation_parser import COPIED, author_id, copied_from
from labeling.label_studio.client import NotFoundError, StudioClient, TransientError
from labeling.label_studio.imported_annotations import authorless_imports, copied_annotations
from labeling.label_studio.task_queries import find_tasks, task_with_annotations
from labeling.label_studio.tasks import Task

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Client

logger = logging.getLogger(__name__)


def merge_duplicates(
    line: StudioClient, project: int, ext_ids: Iterable[str], held: Collection[int] = ()
) -> tuple[Task, ...]:
    """See to it that each of these samples has one task at most, and return the tasks.

    Of several the one with the most votes is kept, of equal ones the oldest. What people said on the
    others is copied to it first; where the same person spoke on both, what they said last. What an
    import copied is no vote; a task stays whose annotations were imported without their authors.

    Args:
        line: to the server.
        project: its id there.
        ext_ids: the samples' ids as texts.
        held: the ids of annotations that are known to be copies of others.
    """
    wanted = list(ext_ids)
    of_sample: dict[str, list[Task]] = {}
    for one in find_tasks(line, project, wanted):
        of_sample.setdefault(one.ext_id, []).append(one)
    doubled = [own for own, copies in of_sample.items() if len(copies) > 1]
    if not doubled:
        return tuple(copies[0] for copies in of_sample.values())
    logger.warning(
        "%d samples had several tasks in Label Studio; one of each is kept, with all votes.",
        len(doubled),
    )
    for own in doubled:
        merge = functools.partial(_merge, line, project, own, held)
        line.with_retries(f"merging the tasks of sample {own!r}", merge)
    kept: dict[str, Task] = {}
    for one in find_tasks(line, project, wanted):
        kept.setdefault(one.ext_id, one)
    return tuple(kept.values())


def _merge(line: StudioClient, project: int, ext_id: str, held: Collection[int]) -> None:
    found = find_tasks(line, project, [ext_id], annotations=True)
    no_votes = {*held, *copied_annotations(found, {}, lambda one: str(author_id(one)))}
    copies = sorted(found, key=lambda one: (-_votes_on(one, no_votes), one.id))
    for other in copies[1:]:
        if authorless_imports(other, no_votes):
            continue
        _move_votes(line, other, copies[0], no_votes)
        try:
            now = task_with_annotations(line, other.id)
        except NotFoundError:
            continue  # somebody else who sent at once has merged them too
        if len(now.get("annotations") or ()) != len(other.annotations):
            raise TransientError("somebody labeled a copy at this moment")
        _delete(line, other.id)
    if copies and max(one.overlap for one in copies) != copies[0].overlap:
        _join(line, copies)


def _votes_on(task: Task, no_votes: Collection[int]) -> int:
    return sum(int(one["id"]) not in no_votes for one in task.annotations)


def _move_votes(line: StudioClient, source: Task, target: Task, no_votes: Collection[int]) -> None:
    """Copy what people said on one task to another that they have not said more on since."""
    there = {author_id(one): str(one.get("updated_at")) for one in target.annotations}
    moved = {copied_from(one) for one in target.annotations}
    for one in source.annotations:
        is_older = str(one.get("updated_at")) <= there.get(author_id(one), "")
        if int(one["id"]) in no_votes or int(one["id"]) in moved or is_older:
            continue
        result = [
            {**item, "meta": {**(item.get("meta") or {}), COPIED: int(one["id"])}}
            for item in one.get("result") or ()
            if isinstance(item, Mapping)
        ]
        about: dict[str, Any] = {
            name: one[name]
            for name in ("was_cancelled", "ground_truth", "lead_time")
            if one.get(name) is not None
        }
        if author_id(one):
            about["completed_by"] = author_id(one)
        line.request_once(
            "copying a vote", functools.partial(_say, target.id, {"result": result, **about})
        )


def _say(task: int, about: Mapping[str, Any], client: Client) -> None:
    client.annotations.create(task, **about)


def _delete(line: StudioClient, task_id: int) -> None:
    try:
        line.request_once("deleting a copy", lambda client: client.tasks.delete(str(task_id)))
    except NotFoundError:
        pass
    except PlatformError as error:
        raise PlatformError(f"A second task of the same sample stays: {error}") from error


def _join(line: StudioClient, copies: list[Task]) -> None:
    """Let the task that was kept wait for as many votes as any of its copies did."""
    kept = copies[0]
    overlap = max(one.overlap for one in copies)
    asked = list(dict.fromkeys(key for one in copies for key in one.asked))
    line.request_once(
        "joining what was asked",
        lambda client: client.tasks.update(
            str(kept.id),
            overlap=overlap,
            is_labeled=kept.n_annotations >= overlap,
            meta={**kept.meta, "asked": asked},
        ),
    )
