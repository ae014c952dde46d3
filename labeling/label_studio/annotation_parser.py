"""Parser of annotations: returns those that count, and a problem for each that does not."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.errors import listed, near
from labeling.label_studio.interface import Interface
from labeling.label_studio.labeling_config import RATIONALE
from labeling.label_studio.tasks import Task
from labeling.records import Annotation, LabelSchema, Problem, is_number

DECISION = "decision"
"""Key in a result's meta: the reviewer's decision that was written back; it is nobody's vote."""

COPIED = "copied_from"
"""Key in a result's meta: the id of the annotation that was copied when tasks were merged."""

MAX_LEAD_SECONDS = 1e9
"""The largest plausible lead time; annotators can write any number."""

RawAnnotation = Mapping[str, Any]


class NotCountedError(Exception):
    """An annotation cannot be counted; the message says why."""


@dataclass(frozen=True, slots=True)
class AnnotationParser:
    """Parses the annotations of one project's tasks.

    Attributes:
        project: the project's id on the server.
        title: its title.
        interface: where labels are in its annotations.
        schema: the labels.
        reviewer: whether people decide there, rather than vote.
        names: the names of the users, by the server's ids.
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
        self, task: Task, stored: Mapping[str, Annotation], excluded: Collection[int] = ()
    ) -> tuple[list[Annotation], dict[str, Problem]]:
        """Return a task's annotations, and the problems of those that cannot be counted.

        Args:
            task: the task with its annotations.
            stored: the stored annotations, by platform id.
            excluded: the ids of annotations that are no votes.
        """
        annotations: list[Annotation] = []
        problems: dict[str, Problem] = {}
        n_votes = 0
        for raw in sorted(task.annotations, key=lambda raw: (str(raw["created_at"]), raw["id"])):
            if decision_id(raw) is not None or int(raw["id"]) in excluded:
                continue
            platform_id = self.platform_id(task, raw)
            n_votes += not raw.get("was_cancelled")
            try:
                annotation = self._annotation(task, raw, stored.get(platform_id), n_votes)
            except NotCountedError as error:
                problems[platform_id] = self.problem(task, raw, str(error), stored.get(platform_id))
            else:
                annotations.append(annotation)
        return annotations, problems

    def problem(
        self, task: Task, raw: RawAnnotation, reason: str, stored: Annotation | None = None
    ) -> Problem:
        """Return the problem of an annotation that does not count, with its place."""
        where = f"{self.title}, task {task.id}, sample {task.sample_id!r}"
        return Problem(f"{where}, by {self.author_name(raw, stored)}", reason)

    def platform_id(self, task: Task, raw: RawAnnotation) -> str:
        """Return the platform id of an annotation: the ids of project, task and annotation."""
        return f"{self.prefix(task)}{raw['id']}"

    def prefix(self, task: Task) -> str:
        """Return the common prefix of the platform ids of a task's annotations."""
        return f"{self.project}/{task.id}/"

    def _annotation(
        self, task: Task, raw: RawAnnotation, stored: Annotation | None, vote_number: int
    ) -> Annotation:
        is_skipped = bool(raw.get("was_cancelled"))  # its result is only the prelabel
        items = [item for item in raw.get("result") or () if isinstance(item, Mapping)]
        choice = None if is_skipped else self._choice(items)
        had_prelabel = raw.get("parent_prediction") is not None
        prelabel = task.meta.get("prelabel") if had_prelabel else None
        return Annotation(
            sample_id=task.sample_id,
            annotator=self.author_name(raw, stored),
            label=None if choice is None else self._label(choice),
            created_at=_time(raw["created_at"]),
            updated_at=_time(raw["updated_at"]),
            lead_seconds=_seconds(raw.get("lead_time")),
            platform_id=self.platform_id(task, raw),
            # By the order of the votes; the round of a stored annotation does not change.
            round=stored.round if stored else 1 + max(vote_number - self.votes_per_sample, 0),
            reviewer=self.reviewer,
            prelabel_shown=had_prelabel,
            prelabel=prelabel if isinstance(prelabel, str) else None,
            reason=_rationale(items),
            origin="" if choice is None else str(choice.get("origin") or ""),
        )

    def _choice(self, items: Iterable[RawAnnotation]) -> RawAnnotation:
        control = self.interface.control
        choices = [item for item in items if item.get("from_name") == control]
        if len(choices) != 1:
            others = sorted({str(item.get("from_name")) for item in items} - {control})
            raise NotCountedError(
                f"An annotation must hold one choice of {control!r}. It holds {len(choices)}"
                + (f", and {listed(others)}." if others else ".")
                + " Label the sample again, or skip it."
            )
        return choices[0]

    def _label(self, choice: RawAnnotation) -> str:
        value = choice.get("value")
        labels = value.get("choices") if isinstance(value, Mapping) else None
        if not isinstance(labels, list) or len(labels) != 1 or not isinstance(labels[0], str):
            raise NotCountedError(f"A choice must hold one label. Got {labels!r:.200}.")
        if labels[0] not in self.schema.labels:
            raise NotCountedError(
                f"The label must be one of {listed(self.schema.labels, 10)}. Got {labels[0]!r}."
                f"{near(labels[0], self.schema.labels)} Label the sample again, or add it to"
                " `labels`."
            )
        return labels[0]

    def author_name(self, raw: RawAnnotation, stored: Annotation | None = None) -> str:
        """Return the name of an annotation's author; the stored name, if there is one."""
        if stored is not None:  # a user who is renamed stays the same annotator
            return stored.annotator
        user_id = author_id(raw)
        fallback = f"user {user_id}" if user_id else f"unknown ({raw['id']})"
        return self.names.get(user_id, fallback)


def author_id(raw: RawAnnotation) -> int:
    """Return the user id of an annotation's author; 0 if there is none."""
    author = raw.get("completed_by")
    user_id = author.get("id") if isinstance(author, Mapping) else author
    return 0 if user_id is None else int(user_id)


def author_ids(tasks: Iterable[Task]) -> Iterator[int]:
    """Yield the user ids of the authors of the tasks' annotations."""
    for task in tasks:
        for raw in task.annotations:
            if author_id(raw):
                yield author_id(raw)


def decision_id(raw: RawAnnotation) -> str | None:
    """Return the platform id of the decision that was written back as an annotation, or `None`."""
    return next((str(value) for value in _meta_values(raw, DECISION)), None)


def copied_from(raw: RawAnnotation) -> int | None:
    """Return the id of the annotation that this one copies, made when tasks were merged, or `None`.

    A value that is no number was not written here: annotators can write any.
    """
    return next((value for value in _meta_values(raw, COPIED) if type(value) is int), None)


def _meta_values(raw: RawAnnotation, key: str) -> Iterator[object]:
    for item in raw.get("result") or ():
        meta = item.get("meta") if isinstance(item, Mapping) else None
        if isinstance(meta, Mapping) and meta.get(key) is not None:
            yield meta[key]


def _rationale(items: Iterable[RawAnnotation]) -> str:
    paragraphs: list[str] = []
    for item in items:
        value = item.get("value")
        text = value.get("text") if isinstance(value, Mapping) else None
        if item.get("from_name") == RATIONALE and isinstance(text, (str, list)):
            paragraphs += [text] if isinstance(text, str) else map(str, text)
    return "\n".join(paragraphs).strip()


def _time(value: object) -> datetime.datetime:
    time = datetime.datetime.fromisoformat(str(value))
    return time.astimezone(datetime.UTC) if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def _seconds(value: object) -> float | None:
    """Return a lead time in seconds; `None` if it is not plausible, such as below 0."""
    if not is_number(value):
        return None
    return float(value) if 0 <= value <= MAX_LEAD_SECONDS else None
