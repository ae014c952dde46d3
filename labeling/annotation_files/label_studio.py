"""Parses Label Studio's tasks with their annotations, from its JSON export or its API."""

from __future__ import annotations

import collections
import datetime
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labeling.annotation_files.parsing import JsonObject, LeftOut, Malformed, content_digest
from labeling.errors import DataError
from labeling.records import (
    SourceAnnotation,
    SourceAnnotations,
    SourceSpan,
    clean_text,
    is_number,
    is_whole_number,
)

DECISION = "decision"
"""Key in the meta of a result: marks a reviewer's decision that this package wrote back."""

EMPTY_DECISION = -1
"""Id, or stored `import_id`, of such a decision that has no results; lower ones mark copies."""

PREDICTIONS = "predictions (nobody made them)"
WRITTEN_BACK = "decisions that were written back from here"
DECIDED = "decisions of reviewers who were asked from here (`labeling pull` brings them)"
COPIES = "copies of other annotations, which an import brought"
NOBODY = "annotations that were imported without their authors, several of a task in one name"
ASKED_OF_REVIEWERS = {"ext_id", "votes", "why"}
"""Keys in the data of tasks that this package sent to reviewers."""

MAX_SECONDS = 1e9
"""Longest possible time of an annotation."""


def is_task(row: JsonObject) -> bool:
    """Whether a JSON object is a task of Label Studio."""
    return isinstance(row.get("data"), Mapping) and isinstance(row.get("annotations"), Sequence)


def label_studio_annotations(
    tasks: Iterable[JsonObject],
    names: Mapping[int, str] | None = None,
    source: str = "",
    prefix: str = "",
) -> SourceAnnotations:
    """Return the annotations of tasks; others than choices and spans are counted by control.

    Args:
        tasks: as in the JSON export.
        names: the annotators' names by id on the server; an export has ids only.
        source: a description of the tasks.
        prefix: prefix of the keys of the annotations.

    Raises:
        DataError: an object is not a task with annotations.

    >>> label = {"from_name": "verdict", "type": "choices", "value": {"choices": ["spam"]}}
    >>> annotation = {"id": 5, "completed_by": 3, "result": [label]}
    >>> task = {"id": 1, "project": 2, "data": {"text": "win"}, "annotations": [annotation]}
    >>> (parsed,) = label_studio_annotations([task]).annotations
    >>> parsed.key, parsed.annotator, dict(parsed.choices)
    ('2/1/5', 'user 3', {'verdict': ('spam',)})
    """
    left_out: LeftOut = collections.Counter()
    annotations: list[SourceAnnotation] = []
    malformed = Malformed()
    tasks = list(tasks)
    data_by_annotation = _data_by_annotation(tasks)
    for number, task in enumerate(tasks, start=1):
        if not is_task(task):
            keys = ", ".join(map(repr, sorted(task)[:10])) or "nothing"
            raise DataError(
                "Each task of a Label Studio export must have `data` and `annotations`. Task"
                f" {number} has {keys}; export as JSON, not as JSON_MIN."
            )
        predictions = task.get("predictions")
        left_out[PREDICTIONS] += len(predictions) if isinstance(predictions, list) else 0
        excluded = _excluded(task, data_by_annotation)
        left_out.update(excluded.values())
        for index, entry in enumerate(task["annotations"]):
            if index in excluded:
                continue
            parse = functools.partial(_annotation, task, entry, names or {}, prefix, left_out)
            annotation = malformed.parse(f"one of task {number}", parse)
            if annotation is not None:
                annotations.append(annotation)
    left_out.update(malformed.counts())
    return SourceAnnotations(source or "Label Studio export", tuple(annotations), +left_out)


def _data_by_annotation(tasks: Iterable[JsonObject]) -> dict[int, Any]:
    """Return the data of the task of each annotation, by the annotation's id."""
    return {
        entry["id"]: task["data"]
        for task in tasks
        if is_task(task)
        for entry in task["annotations"]
        if isinstance(entry, Mapping) and isinstance(entry.get("id"), int)
    }


def _excluded(task: JsonObject, data_by_annotation: Mapping[int, Any]) -> dict[int, str]:
    """Return which annotations of a task do not count as votes, by index, and why.

    For an imported annotation Label Studio stores the id that it had before (`import_id`), and for
    one that a person saved it stores that person (`updated_by`).
    """
    entries = [entry if isinstance(entry, Mapping) else {} for entry in task["annotations"]]
    if _is_for_reviewers(task):
        return dict.fromkeys(range(len(entries)), DECIDED)
    copies: dict[int, str] = {}
    imported_by_author: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        written_here = _written_without_results(entry)
        if written_here:
            copies[index] = written_here
            continue
        if entry.get("updated_by", "unknown in older versions") is not None:
            continue
        original = entry.get("import_id")
        if (
            isinstance(original, int)
            and original != entry.get("id")
            and data_by_annotation.get(original) == task["data"]
        ):
            copies[index] = COPIES
        else:
            imported_by_author.setdefault(str(entry.get("completed_by")), []).append(index)
    ambiguous = (indexes for indexes in imported_by_author.values() if len(indexes) > 1)
    return copies | {index: NOBODY for indexes in ambiguous for index in indexes}


def _written_without_results(entry: JsonObject) -> str:
    """Return what an annotation is that this package wrote without results; empty if it is not.

    A decision or copy without results has no meta: its mark is a negative number, as the id in a
    file that was written here, and as `import_id` once a server has stored it.
    """
    number = entry.get("id") if entry.get("import_id") is None else entry["import_id"]
    if entry.get("result") or not isinstance(number, int) or number >= 0:
        return ""
    return WRITTEN_BACK if number == EMPTY_DECISION else COPIES


def _is_for_reviewers(task: JsonObject) -> bool:
    is_sent = isinstance(task.get("meta"), Mapping) and "sample_id" in task["meta"]
    return is_sent and set(task["data"]) >= ASKED_OF_REVIEWERS


def _annotation(
    task: JsonObject,
    entry: JsonObject,
    names: Mapping[int, str],
    prefix: str,
    left_out: LeftOut,
) -> SourceAnnotation | None:
    """Return an annotation; `None` if it is a decision that this package wrote back."""
    items = [item for item in entry.get("result") or () if isinstance(item, Mapping)]
    if any(isinstance(item.get("meta"), Mapping) and DECISION in item["meta"] for item in items):
        left_out[WRITTEN_BACK] += 1
        return None
    skipped = bool(entry.get("was_cancelled"))  # it then holds only the prelabel
    choices = {} if skipped else _choices(items)
    spans = {} if skipped else _spans(items)
    if not skipped:
        left_out.update(_other_results(items))
    return SourceAnnotation(
        key=f"{prefix}{_key(task, entry)}",
        where=f"task {task.get('id')}, annotation {entry.get('id')}",
        data=task["data"],
        annotator=_author(entry.get("completed_by"), names),
        choices=choices,
        skipped=skipped,
        ground_truth=bool(entry.get("ground_truth")),
        created_at=_time(entry.get("created_at")),
        updated_at=_time(entry.get("updated_at")),
        lead_seconds=_seconds(entry.get("lead_time")),
        reason=_texts(items),
        spans=spans,
    )


def _key(task: JsonObject, entry: JsonObject) -> str:
    """Return the key of an annotation; without ids a hash of the data, one per annotator."""
    if task.get("id") is None or entry.get("id") is None:
        return f"{content_digest(task['data'])}/"
    return f"{task.get('project', entry.get('project', ''))}/{task['id']}/{entry['id']}"


def _choices(items: Iterable[JsonObject]) -> dict[str, tuple[str, ...]]:
    """Return the choices by control; those of several results of a control are joined."""
    choices: dict[str, tuple[str, ...]] = {}
    for item in items:
        value = item.get("value")
        chosen = value.get("choices") if isinstance(value, Mapping) else None
        if item.get("type") == "choices" and isinstance(chosen, list):
            name = str(item.get("from_name"))
            choices[name] = (*choices.get(name, ()), *map(str, chosen))
    return choices


def _spans(items: Iterable[JsonObject]) -> dict[str, tuple[SourceSpan, ...]]:
    """Return the regions of texts by control."""
    spans: dict[str, tuple[SourceSpan, ...]] = {}
    for item in items:
        if item.get("type") == "labels":
            value = item["value"]
            of_item = [
                SourceSpan(value.get("start"), value.get("end"), str(label), value.get("text"))
                for label in value["labels"]
            ]
            name = str(item.get("from_name"))
            spans[name] = (*spans.get(name, ()), *of_item)
    return spans


def _other_results(items: Iterable[JsonObject]) -> list[str]:
    kinds = ((item.get("type"), item.get("from_name")) for item in items)
    return [
        f"{kind} of control {name!r}" for kind, name in kinds if kind not in ("choices", "labels")
    ]


def _texts(items: Iterable[JsonObject]) -> str:
    """Return the texts of text areas, as the reason."""
    texts: list[str] = []
    for item in items:
        value = item.get("value")
        text = value.get("text") if isinstance(value, Mapping) else None
        if item.get("type") == "textarea" and isinstance(text, (str, list)):
            texts += [text] if isinstance(text, str) else map(str, text)
    return clean_text("\n".join(texts).strip())


def _author(user: object, names: Mapping[int, str]) -> str:
    """Return the annotator: the e-mail address if it is known, else the name of the user id."""
    if isinstance(user, Mapping):
        if user.get("email"):
            return str(user["email"])
        user = user.get("id")
    if is_whole_number(user):
        return names.get(user, f"user {user}")
    return user if isinstance(user, str) else ""


def _time(text: object) -> datetime.datetime | None:
    try:
        time = datetime.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    time = time if time.tzinfo else time.replace(tzinfo=datetime.UTC)
    try:
        return time.astimezone(datetime.UTC)
    except OverflowError:  # out of range in UTC
        return None


def _seconds(value: object) -> float | None:
    """Return a time in seconds; `None` if it is not one, such as a negative number."""
    if not is_number(value):
        return None
    return float(value) if 0 <= value <= MAX_SECONDS else None
