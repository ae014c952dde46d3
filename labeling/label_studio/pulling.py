"""Pulling what people said: only what changed since, and whatever was taken back."""

from __future__ import annotations

import dataclasses
import datetime
import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from typing import Any

from labeling.label_studio.annotation_parser import AnnotationParser, author_ids, copied_from
from labeling.label_studio.client import NotFoundError, StudioClient
from labeling.label_studio.imported_annotations import authorless_imports, copied_annotations
from labeling.label_studio.projects import StudioProject
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
from labeling.label_studio.tasks import Task, ext_id_of, parse_task, plain
from labeling.records import Annotation, LabelSchema, Message, Problem, last_annotations

logger = logging.getLogger(__name__)

CHECKED_EVERY = datetime.timedelta(days=1)
MANY = 300  # tasks that changed within the overlap: then it is cheaper to count them than to list
AT_BIRTH = datetime.timedelta(seconds=1)  # within which a task that is made is written
OVERLAP = datetime.timedelta(seconds=60)
"""By how much a pull goes back behind the newest change seen: others may commit what began before."""

NOT_OURS = (
    "A task must have the sample's id as `ext_id` in its data to be counted. This one has none: it"
    " was not sent from here."
)

Known = Callable[[Collection[Hashable] | None], Iterable[Annotation]]
"""Gives what is remembered of some samples; of all where none are named."""


@dataclasses.dataclass(frozen=True, slots=True)
class Pull:
    """One pull from one project.

    Attributes:
        line: to the server.
        schema: the labels.
        memory: of both projects; it is changed.
        known: gives what is remembered of some samples.
        sent: gives the questions that arrived about samples that are not settled.
        votes_per_sample: how many votes are asked for at first.
    """

    line: StudioClient
    schema: LabelSchema
    memory: SyncState
    known: Known = dataclasses.field(repr=False)
    sent: Callable[[], Iterable[Message]] = dataclasses.field(repr=False)
    votes_per_sample: int = 1

    def news(self, project: StudioProject, side: PullCursor, *, reviewer: bool) -> list[Annotation]:
        """Return what people said in a project since it was last read; more than once at times.

        Args:
            project: to be read.
            side: how far it was read; it is changed.
            reviewer: whether people decide there, rather than vote.
        """
        # Taken before anything is read: what changes meanwhile is read next time.
        newest = newest_change(self.line, project.id)
        found = self._changed(project, side)
        found = sorted(
            [*found, *self._copies(project, side, newest, {int(one["id"]) for one in found})],
            key=lambda one: int(one["id"]),
        )
        ours = [task for one in found if (task := parse_task(one)) is not None]
        self._learn_names(ours)
        reader = AnnotationParser(
            *(project.id, project.title, project.interface, self.schema, reviewer),
            names=self.memory.names,
            votes_per_sample=self.votes_per_sample,
        )
        side.problems, side.held = _not_read_again(found, project, side), []
        said = self._said(ours, reader, side)
        side.problems |= _foreign(found, project)
        side.seen |= {str(one["id"]): str(one["updated_at"]) for one in found}
        self._look_for_lost(project, side, newest, reviewer=reviewer)
        side.id, side.until, side.tasks = project.id, newest or side.until, project.tasks
        side.counted = project.tasks
        edge = _window(side)
        side.seen = {own: when for own, when in side.seen.items() if when > edge}
        logger.info("read %d tasks of %r: %d annotations", len(found), project.title, len(said))
        return said

    def _changed(self, project: StudioProject, side: PullCursor) -> list[Mapping[str, Any]]:
        if side.id != project.id:
            side.reset(project.id)
        if side.until is not None:
            # Tasks of others are read again when they change, or when some may be gone.
            uncounted = {
                int(own.split("/")[1])
                for own, one in side.problems.items()
                if one.what != NOT_OURS or project.tasks < side.tasks
            }
            wanted = [*self._which_changed(project, side), *uncounted]
            return list(tasks_with_annotations(self.line, project.id, wanted))
        found = export_tasks(self.line, project.id)
        # Of what was known before, tasks that have no annotations any more are not in an export.
        prefix, there = f"{project.id}/", {int(one["id"]) for one in found}
        known = {
            int(one.platform_id.split("/")[1])
            for one in last_annotations(self.known(None))
            if one.platform_id.startswith(prefix)
        }
        return [*found, *tasks_with_annotations(self.line, project.id, sorted(known - there))]

    def _copies(
        self, project: StudioProject, side: PullCursor, newest: str | None, read: Collection[int]
    ) -> list[Mapping[str, Any]]:
        """Return the tasks of samples that have several, but for those that were read already.

        All tasks are looked through where there are more than were sent from here, and once a day.
        """
        wanted = set(side.copies)
        if project.tasks > side.counted or _is_due(side, newest):
            wanted |= set(duplicated_samples(self.line, project.id))
        of_sample: dict[str, list[int]] = {}
        for one in find_tasks(self.line, project.id, sorted(wanted)):
            of_sample.setdefault(one.ext_id, []).append(one.id)
        side.copies = sorted(own for own, some in of_sample.items() if len(some) > 1)
        several = {one for own in side.copies for one in of_sample[own]}
        return list(tasks_with_annotations(self.line, project.id, sorted(several.difference(read))))

    def _which_changed(self, project: StudioProject, side: PullCursor) -> list[int]:
        """Return the tasks that changed since what was read; those seen as they are are left out."""
        until = str(side.until)
        if len(side.seen) > MANY:  # then counting them tells whether another came among them late
            news = changed_tasks(self.line, project.id, until)
            left = set(side.seen) - {str(one["id"]) for one in news}
            if count_changed_tasks(self.line, project.id, _window(side), until) == len(left):
                return [int(one["id"]) for one in news]
        wanted = []
        for one in changed_tasks(self.line, project.id, _window(side)):
            own, when = str(one["id"]), str(one["updated_at"])
            if own not in side.seen and _is_untouched(one):
                side.seen[own] = when
            elif side.seen.get(own) != when:
                wanted.append(int(own))
        return wanted

    def _look_for_lost(
        self, project: StudioProject, side: PullCursor, newest: str | None, *, reviewer: bool
    ) -> None:
        """Find tasks that wait for answers and were deleted, which no change tells of.

        Looked at are those that were asked and are not settled: once a day, and when there are fewer
        tasks than there were or should be.
        """
        now = newest or side.until
        sent = [one for one in self.sent() if (one.kind == "escalate") or not reviewer]
        # A sample that was handed to a reviewer since waits for no annotator.
        latest = {one.sample_id: one.kind for one in sent}
        asked = {
            ext_id_of(own): plain(own)
            for own, kind in latest.items()
            if (kind == "escalate") == reviewer
        }
        fewer = project.tasks < max(side.tasks, len(asked))
        side.checked = side.checked or now
        if fewer or side.lost or _is_due(side, now):  # where all are deleted there is no time
            there = {one.ext_id for one in find_tasks(self.line, project.id, asked)}
            side.lost = {key: own for key, own in asked.items() if key not in there}
            side.checked = now

    def _learn_names(self, tasks: Iterable[Task]) -> None:
        if any(one not in self.memory.names for one in author_ids(tasks)):
            # Who has a name keeps it: one person must not become two.
            self.memory.names = {**user_names(self.line), **self.memory.names}

    def _said(
        self, tasks: Collection[Task], reader: AnnotationParser, side: PullCursor
    ) -> list[Annotation]:
        remembered = tuple(self.known([one.sample_id for one in tasks]))
        of_sample = _by_sample(remembered, reader.reviewer)
        copies = _copied_annotations(tasks, remembered, reader)
        side.held = sorted(copies)
        said: list[Annotation] = []
        for task in tasks:
            of_others = of_sample.get(task.sample_id, {})
            known = {own: one for own, one in of_others.items() if _is_on(one, task, reader)}
            held = {**authorless_imports(task, copies), **copies}
            answers, problems = reader.parse(task, known, held)
            side.problems |= {**problems, **_told_of(task, held, reader)}
            said += _not_said(task, held, known, reader)
            there = {reader.platform_id(task, one) for one in task.annotations}
            missing = [one for own, one in known.items() if own not in there]
            said += [*answers, *self._taken_back(task, missing), *_moved(task, reader, of_others)]
        return said

    def _taken_back(self, task: Task, missing: list[Annotation]) -> list[Annotation]:
        """Return annotations of a task that are there no more, as deleted; looked at once more."""
        if not missing:
            return []
        try:
            now = parse_task(task_with_annotations(self.line, task.id))
        except NotFoundError:
            return []  # the whole task was deleted: what was said on it stands
        if now is None or now.sample_id != task.sample_id:
            return []
        there = {str(one["id"]) for one in now.annotations}
        when = _time(now.updated_at)
        return [
            dataclasses.replace(one, deleted=True, updated_at=max(when, one.updated_at))
            for one in missing
            if one.platform_id.rpartition("/")[2] not in there
        ]


def _copied_annotations(
    tasks: Iterable[Task], remembered: Iterable[Annotation], reader: AnnotationParser
) -> dict[int, str]:
    """Return which annotations are copies of others of the same sample, and why they do not count."""
    before: dict[Hashable, dict[int, str]] = {}
    for one in remembered:
        project, _, number = (*one.platform_id.split("/"), "", "")[:3]
        if project == str(reader.project) and number.isdecimal():
            before.setdefault(one.sample_id, {})[int(number)] = one.annotator
    of_sample: dict[Hashable, list[Task]] = {}
    for task in tasks:
        of_sample.setdefault(task.sample_id, []).append(task)
    return {
        number: why
        for own, some in of_sample.items()
        for number, why in copied_annotations(some, before.get(own, {}), reader.author_name).items()
    }


def _told_of(task: Task, held: Mapping[int, str], reader: AnnotationParser) -> dict[str, Problem]:
    """Return the annotations of a task that are held back for a reason, by platform id."""
    return {
        reader.platform_id(task, one): reader.problem(task, one, held[int(one["id"])])
        for one in task.annotations
        if held.get(int(one["id"]))
    }


def _not_said(
    task: Task, held: Mapping[int, str], known: Mapping[str, Annotation], reader: AnnotationParser
) -> Iterator[Annotation]:
    """Yield as deleted what is held back and was counted before this was seen."""
    for one in task.annotations:
        before = known.get(reader.platform_id(task, one))
        if int(one["id"]) in held and before is not None:
            yield dataclasses.replace(before, deleted=True)


def _is_on(one: Annotation, task: Task, reader: AnnotationParser) -> bool:
    """Whether what is known was said on this task, and not on an older one of the same number."""
    is_younger = not task.created_at or one.created_at >= _time(task.created_at)
    return one.platform_id.startswith(reader.prefix(task)) and is_younger


def _moved(
    task: Task, reader: AnnotationParser, known: Mapping[str, Annotation]
) -> Iterator[Annotation]:
    """Yield as deleted what was copied to this task from one that was merged with it."""
    originals = {str(copied_from(one)) for one in task.annotations}
    for own, one in known.items():
        project, number, annotation = (*own.split("/"), "", "", "")[:3]
        is_other = project == str(reader.project) and number != str(task.id)
        if is_other and annotation in originals:
            when = max(_time(task.updated_at), one.updated_at)
            yield dataclasses.replace(one, deleted=True, updated_at=when)


def _time(said: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(said).astimezone(datetime.UTC)


def _window(side: PullCursor) -> str:
    """Return the server's time from which on changes are looked at again."""
    if side.until is None:
        return ""
    since = datetime.datetime.fromisoformat(side.until) - OVERLAP
    return since.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _is_due(side: PullCursor, now: str | None) -> bool:
    """Whether it is a day since all tasks were looked for."""
    return bool(now and side.checked and _time_between(side.checked, now) >= CHECKED_EVERY)


def _is_untouched(change: Mapping[str, Any]) -> bool:
    """Whether nothing was done with a task since it was sent."""
    spoken = change.get("total_annotations") or change.get("cancelled_annotations")
    between = _time_between(str(change["created_at"]), str(change["updated_at"]))
    return not spoken and between < AT_BIRTH


def _time_between(before: str, after: str) -> datetime.timedelta:
    times = (datetime.datetime.fromisoformat(one) for one in (after, before))
    return next(times) - next(times)


def _by_sample(said: Iterable[Annotation], reviewer: bool) -> dict[Hashable, dict[str, Annotation]]:
    """Return the last version of each annotation that stands, by sample and platform id."""
    found: dict[Hashable, dict[str, Annotation]] = {}
    versions: dict[str, list[Annotation]] = {}
    for one in said:
        if one.reviewer == reviewer:
            versions.setdefault(one.platform_id, []).append(one)
    for own, its in versions.items():
        for one in last_annotations(its):
            found.setdefault(one.sample_id, {})[own] = one
    return found


def _not_read_again(
    found: Iterable[Mapping[str, Any]], project: StudioProject, side: PullCursor
) -> dict[str, Problem]:
    """Return the tasks of others that stood uncounted and were not among those that were found."""
    if project.tasks < side.tasks:  # then all of them were looked for
        return {}
    read = {f"{project.id}/{one['id']}/" for one in found}
    return {
        own: one for own, one in side.problems.items() if one.what == NOT_OURS and own not in read
    }


def _foreign(found: Iterable[Mapping[str, Any]], project: StudioProject) -> dict[str, Problem]:
    """Return the annotated tasks that are not ours, by the platform id that their answers would have."""
    return {
        f"{project.id}/{one['id']}/": Problem(
            f"{project.title}, task {one['id']}",
            NOT_OURS,
        )
        for one in found
        if parse_task(one) is None and one.get("annotations")
    }
