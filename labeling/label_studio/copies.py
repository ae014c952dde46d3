"""Several tasks of one sample, which two who send at once can make: one is kept, with all votes."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from labeling.errors import PlatformError
from labeling.label_studio.answers import COPIED, copied_from, person_of
from labeling.label_studio.line import Line, NotThereError, PassingFault
from labeling.label_studio.reading import task_with_all, tasks_of
from labeling.label_studio.tasks import Task

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Client

logger = logging.getLogger(__name__)


def merge_copies(line: Line, project: int, ext_ids: Iterable[str]) -> tuple[Task, ...]:
    """See to it that each of these samples has one task at most, and return the tasks.

    Of several the one with the most annotations is kept, of equal ones the oldest. What people said
    on the others is copied to it first; where the same person spoke on both, what they said last.
    """
    wanted = list(ext_ids)
    of_sample: dict[str, list[Task]] = {}
    for one in tasks_of(line, project, wanted):
        of_sample.setdefault(one.ext_id, []).append(one)
    doubled = [own for own, copies in of_sample.items() if len(copies) > 1]
    if not doubled:
        return tuple(copies[0] for copies in of_sample.values())
    logger.warning(
        "%d samples had several tasks in Label Studio; one of each is kept, with all votes.",
        len(doubled),
    )
    for own in doubled:
        merge = functools.partial(_merge, line, project, own)
        line.patiently(f"merging the tasks of sample {own!r}", merge)
    return merge_copies(line, project, wanted)


def _merge(line: Line, project: int, ext_id: str) -> None:
    copies = sorted(
        tasks_of(line, project, [ext_id], annotations=True),
        key=lambda one: (-len(one.annotations), one.id),
    )
    for other in copies[1:]:
        _move_votes(line, other, copies[0])
        try:
            now = task_with_all(line, other.id)
        except NotThereError:
            continue  # somebody else who sent at once has merged them too
        if len(now.get("annotations") or ()) != len(other.annotations):
            raise PassingFault("somebody labeled a copy at this moment")
        _delete(line, other.id)
    if copies and max(one.overlap for one in copies) != copies[0].overlap:
        _join(line, copies)


def _move_votes(line: Line, source: Task, target: Task) -> None:
    """Copy what people said on one task to another that they have not said more on since."""
    there = {person_of(one): str(one.get("updated_at")) for one in target.annotations}
    moved = {copied_from(one) for one in target.annotations}
    for one in source.annotations:
        is_older = str(one.get("updated_at")) <= there.get(person_of(one), "")
        if int(one["id"]) in moved or is_older:
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
        if person_of(one):
            about["completed_by"] = person_of(one)
        line.call("copying a vote", functools.partial(_say, target.id, {"result": result, **about}))


def _say(task: int, about: Mapping[str, Any], client: Client) -> None:
    client.annotations.create(task, **about)


def _delete(line: Line, task_id: int) -> None:
    try:
        line.call("deleting a copy", lambda client: client.tasks.delete(str(task_id)))
    except NotThereError:
        pass
    except PlatformError as error:
        raise PlatformError(f"A second task of the same sample stays: {error}") from error


def _join(line: Line, copies: list[Task]) -> None:
    """Let the task that was kept wait for as many votes as any of its copies did."""
    kept = copies[0]
    overlap = max(one.overlap for one in copies)
    asked = list(dict.fromkeys(key for one in copies for key in one.asked))
    line.call(
        "joining what was asked",
        lambda client: client.tasks.update(
            str(kept.id),
            overlap=overlap,
            is_labeled=kept.total >= overlap,
            meta={**kept.meta, "asked": asked},
        ),
    )
