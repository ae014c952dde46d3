"""Stored annotations that tasks on the server hold under other ids, or no more."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Hashable, Iterable, Iterator, Mapping

from labeling.label_studio.annotation_marks import copied_from
from labeling.label_studio.annotation_parser import AnnotationParser
from labeling.label_studio.tasks import Task
from labeling.records import Annotation, rejection_of
from labeling.records.annotations import VoteKey, add_version


def last_versions(
    annotations: Iterable[Annotation], *, reviewer: bool
) -> dict[Hashable, dict[str, Annotation]]:
    """Return the last version of each annotation that was not deleted, by sample and platform id.

    Rejected ones are among them: their authors keep their names.

    Args:
        annotations: the stored annotations.
        reviewer: whether those of reviewers are returned, or those of annotators.
    """
    versions: dict[VoteKey, dict[str, Annotation]] = {}
    for annotation in annotations:
        if annotation.reviewer == reviewer:
            add_version(versions, annotation)
    last: dict[Hashable, dict[str, Annotation]] = {}
    for (sample_id, *_), of_key in versions.items():
        for platform_id, version in of_key.items():
            if not version.deleted:
                last.setdefault(sample_id, {})[platform_id] = version
    return last


def is_of_task(annotation: Annotation, task: Task, parser: AnnotationParser) -> bool:
    """Return whether a stored annotation is of this task, not of an older one with its number."""
    is_younger = not task.created_at or annotation.created_at >= parse_time(task.created_at)
    return annotation.platform_id.startswith(parser.prefix(task)) and is_younger


def moved(
    task: Task, parser: AnnotationParser, stored: Mapping[str, Annotation]
) -> Iterator[Annotation]:
    """Yield as deleted the annotations that were copied to this task by a merge of duplicates."""
    originals = {str(copied_from(raw)) for raw in task.annotations}
    for platform_id, annotation in stored.items():
        project_id, task_id, number = (*platform_id.split("/"), "", "", "")[:3]
        is_other_task = project_id == str(parser.project) and task_id != str(task.id)
        if is_other_task and number in originals:
            updated_at = max(parse_time(task.updated_at), annotation.updated_at)
            yield dataclasses.replace(
                annotation, deleted=True, rejected=False, updated_at=updated_at
            )


def as_rejected(
    parsed: Iterable[Annotation],
    task: Task,
    parser: AnnotationParser,
    stored: Mapping[str, Annotation],
) -> Iterator[Annotation]:
    """Yield parsed annotations; new copies of rejected ones by their rejection.

    A merge of duplicates copies them under other ids. A copy that says something else was changed
    by its author, and counts.
    """
    originals = {parser.platform_id(task, raw): copied_from(raw) for raw in task.annotations}
    rejected = {own.rpartition("/")[2]: one for own, one in stored.items() if one.rejected}
    for annotation in parsed:
        original = rejected.get(str(originals.get(annotation.platform_id)))
        is_new = annotation.platform_id not in stored
        if is_new and original is not None and original.label == annotation.label:
            yield rejection_of(annotation)
        else:
            yield annotation


def parse_time(text: str) -> datetime.datetime:
    """Return a time of the server in UTC."""
    return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
