"""Ground truth: writes the reviewers' decisions to the annotators' tasks."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labeling.label_studio.annotation_marks import decision_fields, decision_id
from labeling.label_studio.client import NotFoundError, StudioClient
from labeling.label_studio.projects import StudioProject
from labeling.label_studio.sync_state import SyncState
from labeling.label_studio.task_queries import find_tasks, user_names
from labeling.label_studio.tasks import Task, ext_id_of
from labeling.records import Annotation, GoldLabel, encode_label, person_key

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Sdk

logger = logging.getLogger(__name__)


def write_back(
    client: StudioClient, project: StudioProject, gold: Sequence[GoldLabel], state: SyncState
) -> None:
    """Write reviewers' decisions to the tasks of their samples as ground truth, once each.

    Args:
        client: the server's client.
        project: the annotators' project.
        gold: the labels that reviewers decided.
        state: holds the decisions that were written before; it is updated in place.
    """
    gold_of = {ext_id_of(label.sample_id): label for label in gold}
    withdrawn = [ext_id for ext_id in state.written if ext_id not in gold_of]
    unwritten = {
        ext_id: label
        for ext_id, label in gold_of.items()
        if state.written.get(ext_id) != _version(label)
    }
    if withdrawn:
        _withdraw(client, project, withdrawn, state)
    if not unwritten:
        return
    if not state.names:
        state.names |= user_names(client)
    tasks = find_tasks(client, project.id, unwritten, annotations=True)
    task_of = {task.ext_id: task for task in tasks}
    for ext_id, label in unwritten.items():
        if ext_id in task_of:  # a sample that was labeled elsewhere has no task
            _write(client, project, task_of[ext_id], label, state)
        state.written[ext_id] = _version(label)
    logger.info("wrote %d decisions of reviewers back", len(unwritten))


def _withdraw(
    client: StudioClient, project: StudioProject, ext_ids: Sequence[str], state: SyncState
) -> None:
    """Delete the ground truth of decisions that were withdrawn."""
    for task in find_tasks(client, project.id, ext_ids, annotations=True):
        for annotation in task.annotations:
            if decision_id(annotation) is not None:
                with contextlib.suppress(NotFoundError):
                    client.request_idempotent(
                        "deleting a withdrawn decision",
                        functools.partial(_delete, int(annotation["id"])),
                    )
    for ext_id in ext_ids:
        del state.written[ext_id]


def _version(gold: GoldLabel) -> str:
    """Return the text that identifies a decision; it is stored in the sync state."""
    return f"{_deciding_annotation(gold).platform_id}: {encode_label(gold.label)}"


def _deciding_annotation(gold: GoldLabel) -> Annotation:
    """Return the last annotation by a reviewer."""
    reviews = [annotation for annotation in gold.trace if annotation.reviewer]
    return max(reviews, key=lambda annotation: annotation.updated_at)


def _write(
    client: StudioClient, project: StudioProject, task: Task, gold: GoldLabel, state: SyncState
) -> None:
    attempts = 0

    def attempt() -> None:
        nonlocal attempts
        attempts += 1
        tasks: Sequence[Task] = [task]
        if attempts > 1:  # an earlier attempt may have succeeded
            tasks = find_tasks(client, project.id, [task.ext_id], annotations=True)
        for current in tasks[:1]:
            _write_annotation(client, project, current, gold, state)

    client.with_retries(f"writing the decision on sample {gold.sample_id!r} back", attempt)


def _write_annotation(
    client: StudioClient, project: StudioProject, task: Task, gold: GoldLabel, state: SyncState
) -> None:
    """Create or update the annotation with the decision, and delete duplicates of it."""
    written = [annotation for annotation in task.annotations if decision_id(annotation) is not None]
    decision = _deciding_annotation(gold)
    text = str(task.data.get(project.interface.text) or "")
    marked = decision_fields(project.interface.result(gold.label, text), decision.platform_id)
    for duplicate in written[1:]:
        delete = functools.partial(_delete, int(duplicate["id"]))
        client.request_once("deleting a duplicate decision", delete)
    if not written:
        fields: dict[str, Any] = {**marked, "ground_truth": True}
        user_id = _user_id(decision.annotator, state.names)
        if user_id is not None:
            fields["completed_by"] = user_id
        client.request_once("writing", lambda sdk: sdk.annotations.create(task.id, **fields))
    elif written[0].get("result") != marked["result"] or not written[0].get("ground_truth"):
        annotation_id = int(written[0]["id"])
        client.request_once(
            "writing",
            lambda sdk: sdk.annotations.update(annotation_id, **marked, ground_truth=True),
        )


def _delete(annotation_id: int, sdk: Sdk) -> None:
    sdk.annotations.delete(annotation_id)


def _user_id(name: str, names: Mapping[int, str]) -> int | None:
    key = person_key(name)
    return next(
        (user_id for user_id, user_name in names.items() if person_key(user_name) == key), None
    )
