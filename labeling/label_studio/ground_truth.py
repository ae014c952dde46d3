"""Reviewers' decisions, written back to the annotators' tasks as ground truth."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labeling.label_studio.annotation_parser import DECISION, decision_id
from labeling.label_studio.client import NotFoundError, StudioClient
from labeling.label_studio.projects import StudioProject
from labeling.label_studio.sync_state import SyncState
from labeling.label_studio.task_queries import find_tasks, user_names
from labeling.label_studio.tasks import Task, ext_id_of
from labeling.records import Annotation, GoldLabel, person_key

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Client

logger = logging.getLogger(__name__)


def write_back(
    line: StudioClient, project: StudioProject, gold: Sequence[GoldLabel], memory: SyncState
) -> None:
    """Write what reviewers decided to the tasks of their samples; each decision stands there once.

    Args:
        line: to the server.
        project: the annotators'.
        gold: labels that reviewers gave.
        memory: which were written before; it is changed.
    """
    news = {ext_id_of(one.sample_id): one for one in gold}
    gone = [own for own in memory.written if own not in news]
    news = {own: one for own, one in news.items() if memory.written.get(own) != _decided(one)}
    if gone:
        _take_out(line, project, gone, memory)
    if not news:
        return
    if not memory.names:
        memory.names |= user_names(line)
    there = {one.ext_id: one for one in find_tasks(line, project.id, news, annotations=True)}
    for own, one in news.items():
        if own in there:  # a sample that was labeled elsewhere has no task to write to
            _write(line, project, there[own], one, memory)
        memory.written[own] = _decided(one)
    logger.info("wrote %d decisions of reviewers back", len(news))


def _take_out(
    line: StudioClient, project: StudioProject, ext_ids: Sequence[str], memory: SyncState
) -> None:
    """Take decisions out that were taken back."""
    for task in find_tasks(line, project.id, ext_ids, annotations=True):
        for one in task.annotations:
            if decision_id(one) is not None:
                with contextlib.suppress(NotFoundError):
                    line.request_idempotent(
                        "taking a decision out", functools.partial(_delete, int(one["id"]))
                    )
    for own in ext_ids:
        del memory.written[own]


def _decided(gold: GoldLabel) -> str:
    """Return what tells one decision on a sample from another."""
    return f"{_deciding(gold).platform_id}: {gold.label}"


def _deciding(gold: GoldLabel) -> Annotation:
    """Return the annotation of the reviewer that decided last."""
    reviews = [one for one in gold.trace if one.reviewer]
    return max(reviews, key=lambda one: one.updated_at)


def _write(
    line: StudioClient, project: StudioProject, seen: Task, gold: GoldLabel, memory: SyncState
) -> None:
    tries = 0

    def attempt() -> None:
        nonlocal tries
        tries += 1
        again = tries > 1
        tasks = find_tasks(line, project.id, [seen.ext_id], annotations=True) if again else [seen]
        for task in tasks[:1]:
            _put(line, project, task, gold, memory)

    line.with_retries(f"writing the decision on sample {gold.sample_id!r} back", attempt)


def _put(
    line: StudioClient, project: StudioProject, task: Task, gold: GoldLabel, memory: SyncState
) -> None:
    """Make or change the annotation that holds the decision, and take out others of ours."""
    written = [one for one in task.annotations if decision_id(one) is not None]
    decision = _deciding(gold)
    result = project.interface.result(gold.label, {DECISION: decision.platform_id})
    for extra in written[1:]:
        own = int(extra["id"])
        line.request_once("taking out a copy", functools.partial(_delete, own))
    if not written:
        about: dict[str, Any] = {"result": result, "ground_truth": True}
        by = _id_of(decision.annotator, memory.names)
        if by is not None:
            about["completed_by"] = by
        line.request_once("writing", lambda client: client.annotations.create(task.id, **about))
    elif written[0].get("result") != result or not written[0].get("ground_truth"):
        own = int(written[0]["id"])
        line.request_once(
            "writing",
            lambda client: client.annotations.update(own, result=result, ground_truth=True),
        )


def _delete(annotation: int, client: Client) -> None:
    client.annotations.delete(annotation)


def _id_of(name: str, names: Mapping[int, str]) -> int | None:
    key = person_key(name)
    return next((own for own, its in names.items() if person_key(its) == key), None)
