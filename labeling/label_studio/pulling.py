"""Incremental pull of annotations: reads tasks that changed, and notices what was deleted."""

from __future__ import annotations

import dataclasses
import datetime
import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from typing import Any

from labeling.label_studio.annotation_parser import AnnotationParser, author_ids
from labeling.label_studio.client import NotFoundError, StudioClient
from labeling.label_studio.imported_annotations import authorless_imports, copied_annotations
from labeling.label_studio.projects import StudioProject
from labeling.label_studio.stored_annotations import (
    as_rejected,
    is_of_task,
    last_versions,
    moved,
    parse_time,
)
from labeling.label_studio.sync_state import PullCursor, SyncState
from labeling.label_studio.task_queries import (
    changed_tasks,
    count_changed_tasks,
    duplicated_samples,
    export_tasks,
    find_tasks,
    newest_change,
    task_with_annotations,
    tasks_with_annotations,
    user_names,
)
from labeling.label_studio.tasks import Task, ext_id_of, is_miscounted, json_id, parse_task
from labeling.records import (
    Annotation,
    LabelSchema,
    Message,
    MessageKind,
    Problem,
    last_annotations,
)

logger = logging.getLogger(__name__)

CHECK_INTERVAL = datetime.timedelta(days=1)
"""How often all tasks are checked, for deleted ones and for duplicates."""

MAX_LISTED = 300  # tasks that changed within the overlap: more are counted, which is cheaper
CREATION_TIME = datetime.timedelta(seconds=1)  # within which a new task gets its last write
OVERLAP = datetime.timedelta(seconds=60)
"""How far a pull reads back before the newest change: older transactions may be committed late."""

NOT_OURS = (
    "A task must have the sample's id as `ext_id` in its data to be counted. This one has none: it"
    " was not sent from here."
)

MISCOUNTED = (
    "Label Studio must count the annotations of a task, to know when it is done. It counts too few"
    " of {} tasks, which may be offered to more people than asked: it stops counting when two"
    " projects are deleted at the same time. All votes are read; restart the server."
)

KnownAnnotations = Callable[[Collection[Hashable] | None], Iterable[Annotation]]
"""Returns the stored annotations of samples; of all samples for `None`."""

RawTask = Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Pull:
    """One pull from one project.

    Attributes:
        client: the server's client.
        schema: the labels.
        sync: the sync state of both projects; it is updated.
        known: returns the stored annotations of samples.
        sent: returns the delivered messages about unsettled samples.
        votes_per_sample: how many votes are asked for at first.
        miscounts: of each project that was read, whether the server does not count annotations.
    """

    client: StudioClient
    schema: LabelSchema
    sync: SyncState
    known: KnownAnnotations = dataclasses.field(repr=False)
    sent: Callable[[], Iterable[Message]] = dataclasses.field(repr=False)
    votes_per_sample: int = 1
    miscounts: list[Problem] = dataclasses.field(default_factory=list)

    def read(
        self, project: StudioProject, cursor: PullCursor, *, reviewer: bool
    ) -> list[Annotation]:
        """Return the annotations that changed in a project; some may be returned once more.

        Args:
            project: the project.
            cursor: how far it was read; it is updated.
            reviewer: whether people decide there, rather than vote.
        """
        # Asked for before anything is read: later changes are read by the next pull.
        newest = newest_change(self.client, project.id)
        changed = self._changed_tasks(project, cursor)
        read_ids = {int(raw["id"]) for raw in changed}
        duplicates = self._duplicate_tasks(project, cursor, newest, read_ids)
        raw_tasks = sorted([*changed, *duplicates], key=lambda raw: int(raw["id"]))
        tasks = [task for raw in raw_tasks if (task := parse_task(raw)) is not None]
        self._check_counters(project, raw_tasks)
        self._update_names(tasks)
        parser = AnnotationParser(
            project.id,
            project.title,
            project.interface,
            self.schema,
            reviewer,
            names=self.sync.names,
            votes_per_sample=self.votes_per_sample,
        )
        cursor.problems = _unchanged_foreign(raw_tasks, project, cursor)
        cursor.held = []
        annotations = self._annotations(tasks, parser, cursor)
        cursor.problems |= _foreign(raw_tasks, project)
        cursor.seen |= {str(raw["id"]): str(raw["updated_at"]) for raw in raw_tasks}
        self._check_deleted(project, cursor, newest, reviewer=reviewer)
        cursor.id = project.id
        cursor.until = newest or cursor.until
        cursor.tasks = cursor.counted = project.tasks
        start = _window_start(cursor)
        cursor.seen = {task_id: time for task_id, time in cursor.seen.items() if time > start}
        logger.info(
            "read %d tasks of %r: %d annotations", len(raw_tasks), project.title, len(annotations)
        )
        return annotations

    def _check_counters(self, project: StudioProject, raw_tasks: Iterable[RawTask]) -> None:
        """Note whether the server counts fewer annotations of tasks than it has."""
        wrong = [int(raw["id"]) for raw in raw_tasks if is_miscounted(raw)]
        # Read again: one of them may be annotated between two queries of the server.
        again = tasks_with_annotations(self.client, project.id, wrong[:1])
        self.miscounts.extend(
            Problem(f"{project.title}, task {raw['id']}", MISCOUNTED.format(len(wrong)))
            for raw in again
            if is_miscounted(raw)
        )

    def _changed_tasks(self, project: StudioProject, cursor: PullCursor) -> list[RawTask]:
        if cursor.id != project.id:
            cursor.reset(project.id)
        if cursor.until is None:
            return self._all_tasks(project)
        # Tasks of others are read again only when they change, or when some may be deleted.
        uncounted = {
            int(platform_id.split("/")[1])
            for platform_id, problem in cursor.problems.items()
            if problem.what != NOT_OURS or project.tasks < cursor.tasks
        }
        wanted = [*self._changed_ids(project, cursor), *uncounted]
        return list(tasks_with_annotations(self.client, project.id, wanted))

    def _all_tasks(self, project: StudioProject) -> list[RawTask]:
        """Return all annotated tasks, and those whose stored annotations were all deleted.

        The latter are not in an export.
        """
        exported = export_tasks(self.client, project.id)
        exported_ids = {int(raw["id"]) for raw in exported}
        stored_ids = {
            int(annotation.platform_id.split("/")[1])
            for annotation in last_annotations(self.known(None))
            if annotation.platform_id.startswith(f"{project.id}/")
        }
        missing = sorted(stored_ids - exported_ids)
        return [*exported, *tasks_with_annotations(self.client, project.id, missing)]

    def _duplicate_tasks(
        self,
        project: StudioProject,
        cursor: PullCursor,
        newest: str | None,
        read_ids: Collection[int],
    ) -> list[RawTask]:
        """Return the tasks of samples that have several, without those that were read already.

        All tasks are searched if there are more than were sent from here, and once a day.
        """
        wanted = set(cursor.copies)
        if project.tasks > cursor.counted or _is_check_due(cursor, newest):
            wanted |= set(duplicated_samples(self.client, project.id))
        task_ids: dict[str, list[int]] = {}
        for task in find_tasks(self.client, project.id, sorted(wanted)):
            task_ids.setdefault(task.ext_id, []).append(task.id)
        cursor.copies = sorted(ext_id for ext_id, ids in task_ids.items() if len(ids) > 1)
        duplicates = {task_id for ext_id in cursor.copies for task_id in task_ids[ext_id]}
        unread = sorted(duplicates.difference(read_ids))
        return list(tasks_with_annotations(self.client, project.id, unread))

    def _changed_ids(self, project: StudioProject, cursor: PullCursor) -> list[int]:
        """Return the ids of tasks that changed, without those that were read as they are now."""
        until, start = str(cursor.until), _window_start(cursor)
        if len(cursor.seen) > MAX_LISTED:
            changes = changed_tasks(self.client, project.id, until)
            unchanged = set(cursor.seen) - {str(change["id"]) for change in changes}
            # The count tells whether another change in the window was committed late.
            in_window = count_changed_tasks(self.client, project.id, start, until)
            if in_window == len(unchanged):
                return [int(change["id"]) for change in changes]
        wanted = []
        for change in changed_tasks(self.client, project.id, start):
            task_id, time = str(change["id"]), str(change["updated_at"])
            if task_id not in cursor.seen and _is_untouched(change):
                cursor.seen[task_id] = time
            elif cursor.seen.get(task_id) != time:
                wanted.append(int(task_id))
        return wanted

    def _check_deleted(
        self, project: StudioProject, cursor: PullCursor, newest: str | None, *, reviewer: bool
    ) -> None:
        """Find unanswered tasks that were deleted, which no change reports.

        Tasks of unsettled samples are checked once a day, and when there are fewer tasks than
        before or than there should be.
        """
        now = newest or cursor.until
        # A sample that was escalated waits for no annotator.
        last_kind = {
            message.sample_id: message.kind
            for message in self.sent()
            if message.kind == MessageKind.ESCALATE or not reviewer
        }
        asked = {
            ext_id_of(sample_id): json_id(sample_id)
            for sample_id, kind in last_kind.items()
            if (kind == MessageKind.ESCALATE) == reviewer
        }
        is_fewer = project.tasks < max(cursor.tasks, len(asked))
        cursor.checked = cursor.checked or now
        if is_fewer or cursor.lost or _is_check_due(cursor, now):
            existing = {task.ext_id for task in find_tasks(self.client, project.id, asked)}
            cursor.lost = {
                ext_id: sample_id for ext_id, sample_id in asked.items() if ext_id not in existing
            }
            cursor.checked = now

    def _update_names(self, tasks: Iterable[Task]) -> None:
        if any(user_id not in self.sync.names for user_id in author_ids(tasks)):
            # Known names stay: otherwise a renamed user would become two people.
            self.sync.names = {**user_names(self.client), **self.sync.names}

    def _annotations(
        self, tasks: Collection[Task], parser: AnnotationParser, cursor: PullCursor
    ) -> list[Annotation]:
        stored = tuple(self.known([task.sample_id for task in tasks]))
        stored_by_sample = last_versions(stored, reviewer=parser.reviewer)
        copies = _copied_annotations(tasks, stored, parser)
        cursor.held = sorted(copies)
        annotations: list[Annotation] = []
        for task in tasks:
            of_sample = stored_by_sample.get(task.sample_id, {})
            of_task = {
                platform_id: annotation
                for platform_id, annotation in of_sample.items()
                if is_of_task(annotation, task, parser)
            }
            excluded = {**authorless_imports(task, copies), **copies}
            parsed, problems = parser.parse(task, of_task, excluded)
            cursor.problems |= {**problems, **_excluded_problems(task, excluded, parser)}
            annotations += _excluded_since(task, excluded, of_task, parser)
            existing = {parser.platform_id(task, raw) for raw in task.annotations}
            missing = [found for own, found in of_task.items() if own not in existing]
            annotations += as_rejected(parsed, task, parser, of_sample)
            annotations += self._deleted(task, missing)
            annotations += moved(task, parser, of_sample)
        return annotations

    def _deleted(self, task: Task, missing: list[Annotation]) -> list[Annotation]:
        """Return those missing annotations of a task that were deleted, after reading it again."""
        if not missing:
            return []
        try:
            current = parse_task(task_with_annotations(self.client, task.id))
        except NotFoundError:
            return []  # the whole task was deleted: its annotations still count
        if current is None or current.sample_id != task.sample_id:
            return []
        existing = {str(raw["id"]) for raw in current.annotations}
        updated_at = parse_time(current.updated_at)
        return [
            dataclasses.replace(
                annotation, deleted=True, updated_at=max(updated_at, annotation.updated_at)
            )
            for annotation in missing
            if annotation.platform_id.rpartition("/")[2] not in existing
        ]


def _copied_annotations(
    tasks: Iterable[Task], stored: Iterable[Annotation], parser: AnnotationParser
) -> dict[int, str]:
    """Return the ids of annotations that are copies within a sample, each with the reason."""
    authors: dict[Hashable, dict[int, str]] = {}
    for annotation in stored:
        project_id, _, number = (*annotation.platform_id.split("/"), "", "")[:3]
        if project_id == str(parser.project) and number.isdecimal():
            authors.setdefault(annotation.sample_id, {})[int(number)] = annotation.annotator
    tasks_of: dict[Hashable, list[Task]] = {}
    for task in tasks:
        tasks_of.setdefault(task.sample_id, []).append(task)
    copies: dict[int, str] = {}
    for sample_id, of_sample in tasks_of.items():
        copies |= copied_annotations(of_sample, authors.get(sample_id, {}), parser.author_name)
    return copies


def _excluded_problems(
    task: Task, excluded: Mapping[int, str], parser: AnnotationParser
) -> dict[str, Problem]:
    """Return the problems of a task's annotations that are excluded with a reason."""
    return {
        parser.platform_id(task, raw): parser.problem(task, raw, excluded[int(raw["id"])])
        for raw in task.annotations
        if excluded.get(int(raw["id"]))
    }


def _excluded_since(
    task: Task,
    excluded: Mapping[int, str],
    stored: Mapping[str, Annotation],
    parser: AnnotationParser,
) -> Iterator[Annotation]:
    """Yield as deleted the excluded annotations that were counted before."""
    for raw in task.annotations:
        before = stored.get(parser.platform_id(task, raw))
        if int(raw["id"]) in excluded and before is not None:
            yield dataclasses.replace(before, deleted=True)


def _window_start(cursor: PullCursor) -> str:
    """Return the server's time from which changes are read; empty for all."""
    if cursor.until is None:
        return ""
    start = datetime.datetime.fromisoformat(cursor.until) - OVERLAP
    return start.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _is_check_due(cursor: PullCursor, now: str | None) -> bool:
    """Return whether the last check of all tasks was a day ago."""
    if not now or not cursor.checked:
        return False
    return _elapsed(cursor.checked, now) >= CHECK_INTERVAL


def _is_untouched(change: RawTask) -> bool:
    """Return whether a task did not change since it was created."""
    if change.get("total_annotations") or change.get("cancelled_annotations"):
        return False
    return _elapsed(str(change["created_at"]), str(change["updated_at"])) < CREATION_TIME


def _elapsed(start: str, end: str) -> datetime.timedelta:
    return datetime.datetime.fromisoformat(end) - datetime.datetime.fromisoformat(start)


def _unchanged_foreign(
    raw_tasks: Iterable[RawTask], project: StudioProject, cursor: PullCursor
) -> dict[str, Problem]:
    """Return the problems of others' tasks that were not read again."""
    if project.tasks < cursor.tasks:  # then all of them were read
        return {}
    read = {f"{project.id}/{raw['id']}/" for raw in raw_tasks}
    return {
        platform_id: problem
        for platform_id, problem in cursor.problems.items()
        if problem.what == NOT_OURS and platform_id not in read
    }


def _foreign(raw_tasks: Iterable[RawTask], project: StudioProject) -> dict[str, Problem]:
    """Return the problems of annotated tasks of others, by the prefix of their platform ids."""
    return {
        f"{project.id}/{raw['id']}/": Problem(f"{project.title}, task {raw['id']}", NOT_OURS)
        for raw in raw_tasks
        if parse_task(raw) is None and raw.get("annotations")
    }
