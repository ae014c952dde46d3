"""Parser of annotations: returns those that count, and a problem for each that does not."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from labeling.errors import LabelingError
from labeling.label_studio.annotation_marks import RawAnnotation, decision_id
from labeling.label_studio.interface import CHANGED, PREDICTION, Interface, NotCountedError
from labeling.label_studio.labeling_config import RATIONALE
from labeling.label_studio.tasks import Task
from labeling.records import Annotation, Label, LabelSchema, Problem, decode_label, is_number

MAX_LEAD_SECONDS = 1e9
"""The largest plausible lead time; annotators can write any number."""


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
        label, origin = (None, "") if is_skipped else self._read(items, task)
        had_prelabel = raw.get("parent_prediction") is not None
        prelabel = self._prelabel(task) if had_prelabel else None
        return Annotation(
            sample_id=task.sample_id,
            annotator=self.author_name(raw, stored),
            label=label,
            created_at=_time(raw["created_at"]),
            updated_at=_time(raw["updated_at"]),
            lead_seconds=_seconds(raw.get("lead_time")),
            platform_id=self.platform_id(task, raw),
            # By the order of the votes; the round of a stored annotation does not change.
            round=stored.round if stored else 1 + max(vote_number - self.votes_per_sample, 0),
            reviewer=self.reviewer,
            prelabel_shown=had_prelabel,
            prelabel=prelabel,
            reason=_rationale(items),
            origin=_origin(origin, label, prelabel),
        )

    def _read(self, items: Sequence[RawAnnotation], task: Task) -> tuple[Label, str]:
        text = task.data.get(self.interface.text)
        return self.interface.read(items, text if isinstance(text, str) else "", self.schema)

    def _prelabel(self, task: Task) -> Label | None:
        """Return the prelabel that was sent with a task; `None` if it is not one of the schema."""
        prelabel = task.meta.get("prelabel")
        if not isinstance(prelabel, str):
            return None
        try:
            return decode_label(prelabel, self.schema.kind)
        except LabelingError:
            return None

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


def _origin(origin: str, label: Label | None, prelabel: Label | None) -> str:
    """Return the origin of a label, of which the server reports only that of its parts.

    A prelabel of several labels or spans is changed, too, where some of them were removed.
    """
    is_part = label is not None and prelabel is not None and not isinstance(label, str)
    if is_part and label != prelabel and origin in ("", PREDICTION):
        return CHANGED
    return origin


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
