"""Annotations that an import made: which are copies of what people said before, and are no votes."""

from __future__ import annotations

import collections
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from labeling.label_studio.annotation_parser import author_id, copied_from, decision_id
from labeling.label_studio.tasks import Task
from labeling.records import person_key

Found = Mapping[str, Any]
NameOf = Callable[[Found], str]

COPY = (
    "An annotation counts if somebody made it. This one is a copy of annotation {original} by {name},"
    " which an import brought: that one counts, and the copy is held back."
)
NOBODY = (
    "Annotations that are imported must name who made them. {count} on this task are in one name, that"
    " of who imported them, so none of them counts. Import them again with their `completed_by`."
)


def copied_annotations(
    tasks: Sequence[Task], said_before: Mapping[int, str], name_of: NameOf
) -> dict[int, str]:
    """Return the annotations of one sample that are copies of others, by their id, and why.

    The reason is empty where nothing is to be said: a person's own words came again. Label Studio
    remembers of an imported annotation the id that it had (`import_id`), and of one that a person
    saved who that was (`updated_by`). A copy that somebody has changed since is theirs.

    Args:
        tasks: all tasks of the sample, with their annotations.
        said_before: who made the annotations of the sample that are remembered, by id.
        name_of: returns who made an annotation.
    """
    every = [(task, annotation) for task in tasks for annotation in task.annotations]
    found: dict[int, str] = {}
    for task, annotation in every:
        original = (
            _original(task, annotation, every, said_before, name_of)
            if is_imported(annotation)
            else None
        )
        if original is not None:
            number, name = original
            is_own = person_key(name) == person_key(name_of(annotation))
            found[int(annotation["id"])] = "" if is_own else COPY.format(original=number, name=name)
    return found


def authorless_imports(task: Task, copies: Collection[int]) -> dict[int, str]:
    """Return the annotations of a task that were imported in one name, though a person has one vote.

    Args:
        task: with its annotations.
        copies: the ids of those that are known to be copies.
    """
    of_person: dict[int, list[int]] = collections.defaultdict(list)
    for annotation in task.annotations:
        if is_imported(annotation) and int(annotation["id"]) not in copies:
            of_person[author_id(annotation)].append(int(annotation["id"]))
    return {
        own: NOBODY.format(count=len(some))
        for some in of_person.values()
        if len(some) > 1
        for own in some
    }


def is_imported(annotation: Found) -> bool:
    """Return whether nobody has saved an annotation: an import made it, and it is as it came."""
    is_ours = copied_from(annotation) is not None or decision_id(annotation) is not None
    return annotation.get("updated_by") is None and not is_ours


def _original(
    task: Task,
    copy: Found,
    every: Sequence[tuple[Task, Found]],
    said_before: Mapping[int, str],
    name_of: NameOf,
) -> tuple[int, str] | None:
    """Return the id of the annotation that one is a copy of, and who made it; `None` if of none."""
    number = copy.get("import_id")
    for other, annotation in every:
        own = int(annotation["id"])
        if _age(annotation) >= _age(copy):
            continue
        if number is None:
            is_same = other.id != task.id and _content(annotation) == _content(copy)
        else:
            is_same = number in (own, copied_from(annotation))
        if is_same:
            return own, name_of(annotation)
    if number is not None and int(number) in said_before and int(number) != int(copy["id"]):
        return int(number), said_before[int(number)]
    return None


def _age(annotation: Found) -> tuple[str, int]:
    return str(annotation["created_at"]), int(annotation["id"])


def _content(annotation: Found) -> str:
    """Return what was said, and in how many seconds, as text to be compared."""
    items = [
        {name: value for name, value in item.items() if name not in ("id", "meta")}
        for item in annotation.get("result") or ()
        if isinstance(item, Mapping)
    ]
    said = [bool(annotation.get("was_cancelled")), annotation.get("lead_time"), items]
    return json.dumps(said, sort_keys=True)
