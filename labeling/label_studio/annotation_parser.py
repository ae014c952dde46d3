"""What people said on a task: annotations that count, and what does not, with the reason."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.errors import near, shown
from labeling.label_studio.interface import Interface
from labeling.label_studio.labeling_config import RATIONALE
from labeling.label_studio.tasks import Task
from labeling.records import Annotation, LabelSchema, Problem

DECISION = "decision"
"""In the meta of a result: a reviewer's decision that was written back; it is nobody's vote."""

COPIED = "copied_from"
"""In the meta of a result: the annotation that it is a copy of, made when tasks were merged."""

LONGEST = 1e9
"""Seconds that an answer can have taken at the most; whoever annotates may write any number."""

Found = Mapping[str, Any]


class NotCountedError(Exception):
    """An annotation that cannot be counted, and why."""


@dataclass(frozen=True, slots=True)
class AnnotationParser:
    """Reads the annotations of one project's tasks.

    Attributes:
        project: its id on the server.
        title: what people call it.
        interface: where labels stand.
        schema: what they may be.
        reviewer: whether people decide there, rather than vote.
        names: who is behind each id of the server's.
        votes_per_sample: how many votes are asked for at first.
    """

    project: int
    title: str
    interface: Interface
    schema: LabelSchema
    reviewer: bool
    names: Mapping[int, str] = field(repr=False)
    votes_per_sample: int = 1

    def parse(
        self, task: Task, known: Mapping[str, Annotation], held: Collection[int] = ()
    ) -> tuple[list[Annotation], dict[str, Problem]]:
        """Return what people said on a task, and what cannot be counted by its platform id.

        Args:
            task: with its annotations.
            known: what is remembered, by platform id.
            held: the ids of annotations that are no votes.
        """
        said: list[Annotation] = []
        problems: dict[str, Problem] = {}
        votes = 0
        for one in sorted(task.annotations, key=lambda one: (str(one["created_at"]), one["id"])):
            if decision_id(one) is not None or int(one["id"]) in held:
                continue
            own = self.platform_id(task, one)
            votes += not one.get("was_cancelled")
            try:
                answer = self._answer(task, one, own, known.get(own), votes)
            except NotCountedError as error:
                problems[own] = self.problem(task, one, str(error), known.get(own))
            else:
                said.append(answer)
        return said, problems

    def problem(
        self, task: Task, annotation: Found, why: str, known: Annotation | None = None
    ) -> Problem:
        """Return why an annotation does not count, and where it is."""
        where = f"{self.title}, task {task.id}, sample {task.sample_id!r}"
        return Problem(f"{where}, by {self.author_name(annotation, known)}", why)

    def platform_id(self, task: Task, annotation: Found) -> str:
        """Return what an annotation is called: by project, task and its own id."""
        return f"{self.prefix(task)}{annotation['id']}"

    def prefix(self, task: Task) -> str:
        """Return what the platform ids of all annotations of a task begin with."""
        return f"{self.project}/{task.id}/"

    def _answer(
        self, task: Task, found: Found, own: str, known: Annotation | None, place: int
    ) -> Annotation:
        skipped = bool(found.get("was_cancelled"))  # then the result is but the prelabel
        items = [one for one in found.get("result") or () if isinstance(one, Mapping)]
        chosen = None if skipped else self._chosen(items)
        shown_before = found.get("parent_prediction") is not None
        prelabel = task.meta.get("prelabel") if shown_before else None
        return Annotation(
            sample_id=task.sample_id,
            annotator=self.author_name(found, known),
            label=None if chosen is None else self._label(chosen),
            created_at=_time(found["created_at"]),
            updated_at=_time(found["updated_at"]),
            lead_seconds=_seconds(found.get("lead_time")),
            platform_id=own,
            # By the order in which they came; what is known stays as it was seen first.
            round=known.round if known else 1 + max(place - self.votes_per_sample, 0),
            reviewer=self.reviewer,
            prelabel_shown=shown_before,
            prelabel=prelabel if isinstance(prelabel, str) else None,
            reason=_rationale(items),
            origin="" if chosen is None else str(chosen.get("origin") or ""),
        )

    def _chosen(self, items: Iterable[Found]) -> Found:
        control = self.interface.control
        about = [one for one in items if one.get("from_name") == control]
        if len(about) != 1:
            others = sorted({str(one.get("from_name")) for one in items} - {control})
            raise NotCountedError(
                f"An annotation must hold one choice of {control!r}. It holds {len(about)}"
                + (f", and {shown(others)}." if others else ".")
                + " Label the sample again, or skip it."
            )
        return about[0]

    def _label(self, chosen: Found) -> str:
        value = chosen.get("value")
        labels = value.get("choices") if isinstance(value, Mapping) else None
        if not isinstance(labels, list) or len(labels) != 1 or not isinstance(labels[0], str):
            raise NotCountedError(f"A choice must hold one label. Got {labels!r:.200}.")
        if labels[0] not in self.schema.labels:
            raise NotCountedError(
                f"The label must be one of {shown(self.schema.labels, 10)}. Got {labels[0]!r}."
                f"{near(labels[0], self.schema.labels)} Label the sample again, or add it to `labels`."
            )
        return labels[0]

    def author_name(self, found: Found, known: Annotation | None = None) -> str:
        """Return who made an annotation, by the name that is known where there is one."""
        if known is not None:  # a person stays who they were, whatever they are called later
            return known.annotator
        person = author_id(found)
        nobody = f"user {person}" if person else f"unknown ({found['id']})"
        return self.names.get(person, nobody)


def author_id(annotation: Found) -> int:
    """Return the server's id of who made an annotation; 0 where it does not say."""
    by = annotation.get("completed_by")
    own = by.get("id") if isinstance(by, Mapping) else by
    return 0 if own is None else int(own)


def author_ids(tasks: Iterable[Task]) -> Iterator[int]:
    """Yield the server's ids of who made the annotations of some tasks."""
    for task in tasks:
        for one in task.annotations:
            if author_id(one):
                yield author_id(one)


def decision_id(annotation: Found) -> str | None:
    """Return which reviewer's annotation was written back as this one; `None` where none was."""
    return next((str(found) for found in _marks(annotation, DECISION)), None)


def copied_from(annotation: Found) -> int | None:
    """Return of which annotation this is a copy, made when tasks were merged; `None` where of none.

    A mark that is no number was not written here: whoever annotates may write any.
    """
    marks = (found for found in _marks(annotation, COPIED) if type(found) is int)
    return next(marks, None)


def _marks(annotation: Found, name: str) -> Iterator[object]:
    for item in annotation.get("result") or ():
        meta = item.get("meta") if isinstance(item, Mapping) else None
        if isinstance(meta, Mapping) and meta.get(name) is not None:
            yield meta[name]


def _rationale(items: Iterable[Found]) -> str:
    lines: list[str] = []
    for one in items:
        value = one.get("value")
        said = value.get("text") if isinstance(value, Mapping) else None
        if one.get("from_name") == RATIONALE and isinstance(said, (str, list)):
            lines += [said] if isinstance(said, str) else map(str, said)
    return "\n".join(lines).strip()


def _time(said: object) -> datetime.datetime:
    when = datetime.datetime.fromisoformat(str(said))
    return when.astimezone(datetime.UTC) if when.tzinfo else when.replace(tzinfo=datetime.UTC)


def _seconds(said: object) -> float | None:
    """Return a time in seconds; `None` where that is none, such as one below 0."""
    if isinstance(said, bool) or not isinstance(said, (int, float)) or not 0 <= said <= LONGEST:
        return None
    return float(said)
