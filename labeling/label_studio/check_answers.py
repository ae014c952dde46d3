"""Answers of reviewers who checked votes, as Label Studio holds them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from labeling.label_studio.annotation_parser import AnnotationParser, author_ids
from labeling.label_studio.check_config import (
    ACCEPT,
    DECISION_INTERFACE,
    FIX,
    REJECT,
    REPAIR,
)
from labeling.label_studio.choice_interfaces import ChoiceInterface
from labeling.label_studio.client import StudioClient
from labeling.label_studio.interface import Interface
from labeling.label_studio.projects import StudioProject
from labeling.label_studio.sync_state import SyncState
from labeling.label_studio.task_queries import find_tasks, user_names
from labeling.label_studio.tasks import Task
from labeling.records import (
    Annotation,
    CheckAnswer,
    CheckRequest,
    LabelSchema,
    Problem,
    person_key,
)

OWN_VOTE = (
    "A vote must be checked by somebody who did not annotate its sample. This answer is not"
    " counted: another reviewer is asked."
)
NO_REASON = (
    "A rejected vote must have a reason: its annotator is asked again, and shown it. Write it into"
    " the answer."
)


@dataclass(frozen=True, slots=True)
class CheckAnswers:
    """Reads what reviewers answered in the project of checks; new names are added to `sync`."""

    client: StudioClient
    sync: SyncState
    project: StudioProject

    def tasks(self, requests: Iterable[CheckRequest]) -> tuple[Task, ...]:
        """Return the tasks of requests, with their annotations."""
        keys = (request.key for request in requests)
        return find_tasks(self.client, self.project.id, keys, annotations=True)

    def of(
        self, requests: Iterable[CheckRequest], tasks: Collection[Task]
    ) -> tuple[list[CheckAnswer], list[Problem]]:
        """Return the answers to requests in their tasks, and what cannot be counted."""
        by_key = {request.key: request for request in requests}
        interface, names = self.project.interface, self._names(tasks)
        is_single = isinstance(interface, ChoiceInterface)
        decisions = self._parser(interface if is_single else DECISION_INTERFACE, names)
        labels = self._parser(interface, names)
        answers: dict[str, CheckAnswer] = {}
        problems: list[Problem] = []
        for task in tasks:
            annotations, wrong = decisions.parse(task, {})
            problems += wrong.values()
            for annotation in annotations:
                where = f"{self.project.title}, task {task.id}, by {annotation.annotator}"
                fault = _fault(annotation, by_key[task.ext_id])
                if fault:
                    problems.append(Problem(where, fault))
                elif annotation.label is not None and task.ext_id not in answers:
                    answer = _answer(task, annotation, where, labels)
                    if isinstance(answer, Problem):
                        problems.append(answer)
                    else:
                        answers[task.ext_id] = answer
        return list(answers.values()), problems

    def _parser(self, interface: Interface, names: Mapping[int, str]) -> AnnotationParser:
        schema = LabelSchema(interface.labels, kind=interface.KIND)
        project = self.project
        return AnnotationParser(
            project.id, project.title, interface, schema, reviewer=True, names=names
        )

    def _names(self, tasks: Collection[Task]) -> Mapping[int, str]:
        if any(user_id not in self.sync.names for user_id in author_ids(tasks)):
            self.sync.names = {**user_names(self.client), **self.sync.names}
        return self.sync.names


def _fault(annotation: Annotation, request: CheckRequest) -> str:
    """Return why an answer does not count; empty if it does."""
    if annotation.label is None:  # a skip: others are asked
        return ""
    if person_key(annotation.annotator) in set(map(person_key, request.not_reviewers)):
        return OWN_VOTE
    return NO_REASON if annotation.label == REJECT and not annotation.reason else ""


def _answer(
    task: Task, annotation: Annotation, where: str, labels: AnnotationParser
) -> CheckAnswer | Problem:
    """Return the answer of an annotation, or why the right label that it gives cannot be counted.

    Args:
        task: the task of the check.
        annotation: the reviewer's decision.
        where: its place, for messages.
        labels: parses the label of an annotation that fixes a set or spans.
    """
    key, who, reason = task.ext_id, annotation.annotator, annotation.reason
    choice = str(annotation.label)
    if choice == ACCEPT:
        return CheckAnswer(key, "accept", who, reason=reason, where=where)
    if choice == REJECT:
        return CheckAnswer(key, "reject", who, reason=reason, where=where)
    if choice != REPAIR:
        return CheckAnswer(key, "fix", who, choice.removeprefix(FIX), reason, where)
    parsed, wrong = labels.parse(task, {})
    if annotation.platform_id in wrong:
        return wrong[annotation.platform_id]
    label_of = {repair.platform_id: repair.label for repair in parsed}
    return CheckAnswer(key, "fix", who, label_of[annotation.platform_id], reason, where)
