"""Label Studio's tasks with their annotations, as its JSON export and its server give them."""

from __future__ import annotations

import collections
import datetime
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from labeling.annotation_files.malformed import Malformed
from labeling.errors import DataError
from labeling.records import SourceAnnotation, SourceAnnotations, clean_text

DECISION = (
    "decision"  # in the meta of a result: a reviewer's decision that was written back from here
)
PREDICTIONS = "predictions (nobody made them)"
WRITTEN_BACK = "decisions that were written back from here"
DECIDED = "decisions of reviewers who were asked from here (`labeling pull` brings them)"
COPIES = "copies of other annotations, which an import brought"
NOBODY = "annotations that were imported without their authors, several of a task in one name"
ASKED_OF_REVIEWERS = {"ext_id", "votes", "why"}
"""What the data of a task hold that was sent from here to reviewers."""


LONGEST = 1e9
"""Seconds that an annotation can have taken at the most."""

Found = Mapping[str, Any]


def is_task(row: Found) -> bool:
    """Whether a JSON object is a task of Label Studio's."""
    return isinstance(row.get("data"), Mapping) and isinstance(row.get("annotations"), Sequence)


def label_studio_annotations(
    tasks: Iterable[Found],
    names: Mapping[int, str] | None = None,
    source: str = "",
    prefix: str = "",
) -> SourceAnnotations:
    """Return the annotations of tasks; what is no choice is counted by its control.

    Args:
        tasks: as the JSON export has them.
        names: who is behind each id of the server's; an export has ids alone.
        source: what they come from, in words.
        prefix: what the keys of the annotations begin with.

    Raises:
        DataError: something else than tasks with annotations.

    >>> label = {"from_name": "verdict", "type": "choices", "value": {"choices": ["spam"]}}
    >>> made = {"id": 5, "completed_by": 3, "result": [label]}
    >>> task = {"id": 1, "project": 2, "data": {"text": "win"}, "annotations": [made]}
    >>> (found,) = label_studio_annotations([task]).annotations
    >>> found.key, found.annotator, dict(found.choices)
    ('2/1/5', 'user 3', {'verdict': ('spam',)})
    """
    left_out: collections.Counter[str] = collections.Counter()
    found: list[SourceAnnotation] = []
    malformed = Malformed()
    tasks = list(tasks)
    data_of = _data_of_annotations(tasks)
    for number, task in enumerate(tasks, start=1):
        if not is_task(task):
            raise DataError(
                f"Each task of a Label Studio export must have `data` and `annotations`. Task"
                f" {number} has {', '.join(map(repr, sorted(task)[:10])) or 'nothing'}; export as JSON,"
                " not as JSON_MIN."
            )
        predictions = task.get("predictions")
        left_out[PREDICTIONS] += len(predictions) if isinstance(predictions, list) else 0
        held = _held_back(task, data_of)
        left_out.update(held.values())
        for place, made in enumerate(task["annotations"]):
            if place in held:
                continue
            read = functools.partial(_annotation, task, made, names or {}, prefix, left_out)
            annotation = malformed.read(f"one of task {number}", read)
            found += [annotation] if annotation is not None else []
    left_out.update(malformed.counts())
    return SourceAnnotations(source or "Label Studio export", tuple(found), +left_out)


def _data_of_annotations(tasks: Iterable[Found]) -> dict[int, Any]:
    """Return of what each annotation is, by its id."""
    return {
        made["id"]: task["data"]
        for task in tasks
        if is_task(task)
        for made in task["annotations"]
        if isinstance(made, Mapping) and isinstance(made.get("id"), int)
    }


def _held_back(task: Found, data_of: Mapping[int, Any]) -> dict[int, str]:
    """Return which annotations of a task are nobody's votes, by their place, and why.

    Label Studio remembers of an imported annotation the id that it had (`import_id`), and of one that
    a person saved who that was (`updated_by`).
    """
    made = [one if isinstance(one, Mapping) else {} for one in task["annotations"]]
    if _is_of_reviewers(task):
        return dict.fromkeys(range(len(made)), DECIDED)
    held: dict[int, str] = {}
    of_person: dict[str, list[int]] = {}
    for place, one in enumerate(made):
        before = one.get("import_id")
        if one.get("updated_by", "versions before did not tell") is not None:
            continue
        if (
            isinstance(before, int)
            and before != one.get("id")
            and data_of.get(before) == task["data"]
        ):
            held[place] = COPIES
        else:
            of_person.setdefault(str(one.get("completed_by")), []).append(place)
    several = (some for some in of_person.values() if len(some) > 1)
    return held | {place: NOBODY for some in several for place in some}


def _is_of_reviewers(task: Found) -> bool:
    is_sent = isinstance(task.get("meta"), Mapping) and "sample_id" in task["meta"]
    return is_sent and set(task["data"]) >= ASKED_OF_REVIEWERS


def _annotation(
    task: Found,
    made: Found,
    names: Mapping[int, str],
    prefix: str,
    left_out: collections.Counter[str],
) -> SourceAnnotation | None:
    """Return an annotation; `None` where it is a decision of ours."""
    items = [item for item in made.get("result") or () if isinstance(item, Mapping)]
    if any(isinstance(item.get("meta"), Mapping) and DECISION in item["meta"] for item in items):
        left_out[WRITTEN_BACK] += 1
        return None
    skipped = bool(made.get("was_cancelled"))  # then what it holds is but the prelabel
    choices = {} if skipped else _choices(items)
    if not skipped:
        left_out.update(_others(items))
    return SourceAnnotation(
        key=f"{prefix}{_key_of(task, made)}",
        where=f"task {task.get('id')}, annotation {made.get('id')}",
        data=task["data"],
        annotator=_author(made.get("completed_by"), names),
        choices=choices,
        skipped=skipped,
        ground_truth=bool(made.get("ground_truth")),
        created_at=_time(made.get("created_at")),
        updated_at=_time(made.get("updated_at")),
        lead_seconds=_seconds(made.get("lead_time")),
        reason=_texts(items),
    )


def _key_of(task: Found, made: Found) -> str:
    """Return what an annotation is called; without ids by what was annotated, one a person."""
    if task.get("id") is None or made.get("id") is None:
        written = json.dumps(task["data"], sort_keys=True)
        return f"{hashlib.sha256(written.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}/"
    return f"{task.get('project', made.get('project', ''))}/{task['id']}/{made['id']}"


def _choices(items: Iterable[Found]) -> dict[str, tuple[str, ...]]:
    """Return what was chosen, by control; twice the same control is as good as several labels."""
    found: dict[str, tuple[str, ...]] = {}
    for item in items:
        value = item.get("value")
        chosen = value.get("choices") if isinstance(value, Mapping) else None
        if item.get("type") == "choices" and isinstance(chosen, list):
            name = str(item.get("from_name"))
            found[name] = (*found.get(name, ()), *map(str, chosen))
    return found


def _others(items: Iterable[Found]) -> list[str]:
    kinds = ((item.get("type"), item.get("from_name")) for item in items)
    return [f"{kind} of control {name!r}" for kind, name in kinds if kind != "choices"]


def _texts(items: Iterable[Found]) -> str:
    """Return what was written in text areas, as the reason."""
    lines: list[str] = []
    for item in items:
        value = item.get("value")
        said = value.get("text") if isinstance(value, Mapping) else None
        if item.get("type") == "textarea" and isinstance(said, (str, list)):
            lines += [said] if isinstance(said, str) else map(str, said)
    return clean_text("\n".join(lines).strip())


def _author(by: object, names: Mapping[int, str]) -> str:
    """Return who made an annotation: by e-mail where it is told, else by number."""
    if isinstance(by, Mapping):
        if by.get("email"):
            return str(by["email"])
        by = by.get("id")
    if isinstance(by, int) and not isinstance(by, bool):
        return names.get(by, f"user {by}")
    return by if isinstance(by, str) else ""


def _time(said: object) -> datetime.datetime | None:
    try:
        when = datetime.datetime.fromisoformat(str(said))
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=datetime.UTC)
    try:
        return when.astimezone(datetime.UTC)
    except OverflowError:  # in the first or the last hours that there are
        return None


def _seconds(said: object) -> float | None:
    """Return a time in seconds; `None` where that is none, such as one below 0."""
    if isinstance(said, bool) or not isinstance(said, (int, float)) or not 0 <= said <= LONGEST:
        return None
    return float(said)
