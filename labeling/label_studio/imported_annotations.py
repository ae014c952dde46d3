"""Annotations made by an import: copies of earlier annotations, which are no votes."""

from __future__ import annotations

import collections
import json
from collections.abc import Callable, Collection, Mapping, Sequence

from labeling.label_studio.annotation_marks import RawAnnotation, copied_from, decision_id
from labeling.label_studio.annotation_parser import author_id
from labeling.label_studio.tasks import Task
from labeling.records import person_key

NameOf = Callable[[RawAnnotation], str]

COPY = (
    "An annotation counts if somebody made it. This one is a copy of annotation {original} by"
    " {name}, made by an import: that one counts, and the copy does not."
)
NO_AUTHORS = (
    "Annotations that are imported must name who made them. {count} on this task are in one name,"
    " that of who imported them, so none of them counts. Import them again with their"
    " `completed_by`."
)


def copied_annotations(
    tasks: Sequence[Task], stored_authors: Mapping[int, str], name_of: NameOf
) -> dict[int, str]:
    """Return the ids of a sample's annotations that are copies of others, each with the reason.

    The reason is empty if there is nothing to report: a person's own annotation was imported again.
    Label Studio stores the original id of an imported annotation (`import_id`), and who saved an
    annotation (`updated_by`). A copy that somebody has saved since is that person's annotation.

    Args:
        tasks: all tasks of the sample, with their annotations.
        stored_authors: the authors of the sample's stored annotations, by id.
        name_of: returns the name of an annotation's author.
    """
    pairs = [(task, annotation) for task in tasks for annotation in task.annotations]
    reasons: dict[int, str] = {}
    for task, annotation in pairs:
        if not is_imported(annotation):
            continue
        original = _original(task, annotation, pairs, stored_authors, name_of)
        if original is not None:
            original_id, name = original
            is_own = person_key(name) == person_key(name_of(annotation))
            reason = "" if is_own else COPY.format(original=original_id, name=name)
            reasons[int(annotation["id"])] = reason
    return reasons


def authorless_imports(task: Task, copies: Collection[int]) -> dict[int, str]:
    """Return a task's annotations that were imported in one name, though a person has one vote.

    Args:
        task: the task with its annotations.
        copies: the ids of annotations that are known to be copies.
    """
    ids_of_author: dict[int, list[int]] = collections.defaultdict(list)
    for annotation in task.annotations:
        if is_imported(annotation) and int(annotation["id"]) not in copies:
            ids_of_author[author_id(annotation)].append(int(annotation["id"]))
    return {
        annotation_id: NO_AUTHORS.format(count=len(ids))
        for ids in ids_of_author.values()
        if len(ids) > 1
        for annotation_id in ids
    }


def is_imported(annotation: RawAnnotation) -> bool:
    """Whether an annotation was imported, and nobody has saved it since."""
    is_ours = copied_from(annotation) is not None or decision_id(annotation) is not None
    return annotation.get("updated_by") is None and not is_ours


def _original(
    task: Task,
    copy: RawAnnotation,
    pairs: Sequence[tuple[Task, RawAnnotation]],
    stored_authors: Mapping[int, str],
    name_of: NameOf,
) -> tuple[int, str] | None:
    """Return the id and the author of the annotation that an imported one copies, or `None`."""
    import_id = copy.get("import_id")
    for other_task, annotation in pairs:
        annotation_id = int(annotation["id"])
        if _age(annotation) >= _age(copy):
            continue
        if import_id is None:
            is_same = other_task.id != task.id and _content(annotation) == _content(copy)
        else:
            is_same = import_id in (annotation_id, copied_from(annotation))
        if is_same:
            return annotation_id, name_of(annotation)
    is_stored = import_id is not None and int(import_id) in stored_authors
    if import_id is not None and is_stored and int(import_id) != int(copy["id"]):
        return int(import_id), stored_authors[int(import_id)]
    return None


def _age(annotation: RawAnnotation) -> tuple[str, int]:
    return str(annotation["created_at"]), int(annotation["id"])


def _content(annotation: RawAnnotation) -> str:
    """Return the content and lead time of an annotation, as text for comparisons."""
    items = [
        {name: value for name, value in item.items() if name not in ("id", "meta")}
        for item in annotation.get("result") or ()
        if isinstance(item, Mapping)
    ]
    content = [bool(annotation.get("was_cancelled")), annotation.get("lead_time"), items]
    return json.dumps(content, sort_keys=True)
