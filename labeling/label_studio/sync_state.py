"""Sync state between pulls: a cursor per project, and the annotations that could not be counted."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.errors import PlatformError
from labeling.records import Problem


@dataclass(slots=True)
class PullCursor:
    """How far one project was read; the attributes are the keys of the stored text.

    Attributes:
        wanted: the title or id by which the project is looked up.
        id: the server's id of it; `None` before it was found.
        until: the server's time of the newest change that was read; `None` before the first.
        seen: task id as text -> time of its last change, for tasks that changed shortly before
            `until` and were read.
        problems: platform id -> why it could not be counted; kept until it is fixed.
        tasks: the number of tasks.
        checked: the server's time of the change before the last check for deleted tasks.
        lost: sample id as text -> sample id, of unanswered tasks that were deleted.
        counted: the number of tasks that are accounted for: if there are more, others made some.
        copies: the ids, as texts, of samples with several tasks.
        held: the ids of annotations that are copies of others, and do not count.
    """

    wanted: str | int
    id: int | None = None
    until: str | None = None
    seen: dict[str, str] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)
    tasks: int = 0
    checked: str | None = None
    lost: dict[str, str | int] = field(default_factory=dict)
    counted: int = 0
    copies: list[str] = field(default_factory=list)
    held: list[int] = field(default_factory=list)

    def reset(self, project_id: int) -> None:
        """Start over, for another project."""
        self.id, self.until, self.checked = project_id, None, None
        self.tasks, self.counted = 0, 0
        self.seen.clear()
        self.problems.clear()
        self.lost.clear()
        self.copies.clear()
        self.held.clear()


@dataclass(slots=True)
class SyncState:
    """The sync state of the projects.

    Attributes:
        url: of the server.
        annotators: cursor of the annotators' project.
        reviewers: cursor of the reviewers' project.
        names: user id on the server -> the user's name.
        written: sample id as text -> the decision that was written back to its task.
        refused: sample id as text -> why the server does not accept it.
        checks: cursor of the project of vote checks; only its id is used.
    """

    url: str
    annotators: PullCursor
    reviewers: PullCursor
    names: dict[int, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Problem] = field(default_factory=dict)
    checks: PullCursor = field(default_factory=lambda: PullCursor(""))

    def set_refused(self, new: Mapping[str, Problem], sample_ids: Iterable[Hashable]) -> None:
        """Add samples that the server does not accept, and drop those that left the data."""
        current_ids = set(map(str, sample_ids)) if self.refused else set()
        current = {own: why for own, why in self.refused.items() if own in current_ids}
        self.refused = {**current, **new}

    def to_json(self) -> str:
        """Return the state as text."""
        return json.dumps(
            {
                "url": self.url,
                "annotators": _cursor_to_dict(self.annotators),
                "reviewers": _cursor_to_dict(self.reviewers),
                "names": {str(user_id): name for user_id, name in sorted(self.names.items())},
                "written": dict(sorted(self.written.items())),
                "refused": _problems_to_lists(self.refused),
                **({} if self.checks.id is None else {"checks": _cursor_to_dict(self.checks)}),
            },
            ensure_ascii=False,
        )


def parse_sync_state(
    text: str | None,
    url: str,
    annotators: str | int,
    reviewers: str | int,
    checks: str | int = "",
) -> SyncState:
    """Return the sync state in a text of `SyncState.to_json`, for the projects of a server.

    It is empty if the text is about another server, and so is the cursor of a project that was
    looked up by another title or id.

    Raises:
        PlatformError: the text is not a sync state.
    """
    empty = SyncState(url, PullCursor(annotators), PullCursor(reviewers), checks=PullCursor(checks))
    if not text:
        return empty
    try:
        stored = json.loads(text)
        if stored["url"] != url:
            return empty
        cursors = (
            _cursor_from_dict(stored["annotators"], annotators),
            _cursor_from_dict(stored["reviewers"], reviewers),
        )
        of_checks = PullCursor(checks)
        if "checks" in stored:
            of_checks = _cursor_from_dict(stored["checks"], checks)
        names = {int(user_id): str(name) for user_id, name in stored["names"].items()}
        if cursors[0].id is None:
            return SyncState(url, *cursors, names, checks=of_checks)
        refused = {own: Problem(*why) for own, why in stored.get("refused", {}).items()}
        return SyncState(url, *cursors, names, dict(stored["written"]), refused, of_checks)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlatformError(
            f"The stored sync state of Label Studio cannot be read ({type(error).__name__})."
        ) from error


def has_annotators_project(text: str | None, url: str, project: str | int) -> bool:
    """Return whether a stored sync state knows the annotators' project of this title or id."""
    return parse_sync_state(text, url.rstrip("/"), project, "").annotators.id is not None


def task_streams(text: str | None, url: str) -> dict[str, str]:
    """Return where `annotators`, `reviewers` and those who do `checks` work on a server.

    A project that the stored sync state does not know yet has no address.
    """
    stored = json.loads(text or "{}")
    url = url.rstrip("/")
    if stored.get("url") != url:
        return {}
    ids = {who: stored.get(who, {}).get("id") for who in ("annotators", "reviewers", "checks")}
    return {
        who: task_stream(url, project_id)
        for who, project_id in ids.items()
        if project_id is not None
    }


def task_stream(url: str, project_id: int) -> str:
    """Return the address of a project's label stream, which presents one task after another.

    >>> task_stream("http://localhost:8080", 3)
    'http://localhost:8080/projects/3/data?labeling=1'
    """
    return f"{url}/projects/{project_id}/data?labeling=1"


def _cursor_to_dict(cursor: PullCursor) -> dict[str, Any]:
    return {**dataclasses.asdict(cursor), "problems": _problems_to_lists(cursor.problems)}


def _problems_to_lists(problems: Mapping[str, Problem]) -> dict[str, list[str]]:
    return {own: [problem.where, problem.what] for own, problem in sorted(problems.items())}


def _cursor_from_dict(stored: Mapping[str, Any], wanted: str | int) -> PullCursor:
    if stored["wanted"] != wanted:
        return PullCursor(wanted)
    problems = {own: Problem(*problem) for own, problem in stored["problems"].items()}
    return PullCursor(**{**stored, "problems": problems})
