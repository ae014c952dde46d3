"""What a platform remembers between two pulls: how far it came, and what stands uncounted."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.errors import PlatformError
from labeling.records import Problem


@dataclass(slots=True)
class PullCursor:
    """How far one project was read.

    Attributes:
        wanted: what it was looked for by: a title or an id.
        id: the server's id of it; `None` before it was found.
        until: the server's time of the newest change that was seen; `None` before the first.
        seen: task id as text -> when it was changed last, of those that changed shortly before
            `until` and were read.
        problems: what could not be counted, by platform id; it stays until it is mended.
        tasks: how many tasks there were.
        checked: the server's time of the change before which it was last looked whether tasks that
            still wait for answers were deleted.
        lost: those samples, by their id as text.
        counted: how many tasks are known to be there: where there are more, others made some.
        copies: the samples that have several tasks, by their id as text.
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

    def reset(self, own: int) -> None:
        """Forget what was read: another project stands in its place."""
        self.id, self.until, self.tasks, self.checked, self.counted = own, None, 0, None, 0
        self.seen.clear()
        self.problems.clear()
        self.lost.clear()
        self.copies.clear()
        self.held.clear()


@dataclass(slots=True)
class SyncState:
    """What is remembered of both projects.

    Attributes:
        url: of the server.
        annotators: the annotators' project.
        reviewers: the reviewers' project.
        names: who is behind each id of the server's.
        written: sample id as text -> the decision that was written back to its task.
        refused: sample id as text -> why the server does not take it.
    """

    url: str
    annotators: PullCursor
    reviewers: PullCursor
    names: dict[int, str] = field(default_factory=dict)
    written: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Problem] = field(default_factory=dict)

    def restore(self, before: SyncState) -> None:
        """Become what it was before, apart from names and decisions, which stay true."""
        for own, was in (
            (self.annotators, before.annotators),
            (self.reviewers, before.reviewers),
        ):
            for one in dataclasses.fields(PullCursor):
                setattr(own, one.name, copy.deepcopy(getattr(was, one.name)))

    def note_refused(self, news: Mapping[str, Problem], sample_ids: Iterable[Hashable]) -> None:
        """Remember what the server does not take, as long as it is among the samples."""
        there = set(map(str, sample_ids)) if self.refused else set()
        kept = {own: one for own, one in self.refused.items() if own in there}
        self.refused = {**kept, **news}

    def to_json(self) -> str:
        """Return all of it as text."""
        return json.dumps(
            {
                "url": self.url,
                "annotators": _plain(self.annotators),
                "reviewers": _plain(self.reviewers),
                "names": {str(own): name for own, name in sorted(self.names.items())},
                "written": dict(sorted(self.written.items())),
                "refused": _pairs(self.refused),
            },
            ensure_ascii=False,
        )


def remembered(
    text: str | None, url: str, annotators: str | int, reviewers: str | int
) -> SyncState:
    """Return what a text of `Memory.to_json` holds of these two projects on this server.

    Of another server, or of projects that were looked for by another name, nothing holds.

    Raises:
        PlatformError: the text is something else.
    """
    empty = SyncState(url, PullCursor(annotators), PullCursor(reviewers))
    if not text:
        return empty
    try:
        found = json.loads(text)
        if found["url"] != url:
            return empty
        sides = (_side(found["annotators"], annotators), _side(found["reviewers"], reviewers))
        names = {int(own): str(name) for own, name in found["names"].items()}
        is_same = sides[0].id is not None
        if not is_same:
            return SyncState(url, *sides, names)
        refused = {own: Problem(*pair) for own, pair in found.get("refused", {}).items()}
        return SyncState(url, *sides, names, dict(found["written"]), refused)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlatformError(
            f"What is remembered of Label Studio cannot be read ({type(error).__name__})."
        ) from error


def _plain(side: PullCursor) -> dict[str, Any]:
    return {**dataclasses.asdict(side), "problems": _pairs(side.problems)}


def _pairs(problems: Mapping[str, Problem]) -> dict[str, list[str]]:
    return {own: [one.where, one.what] for own, one in sorted(problems.items())}


def _side(found: Mapping[str, Any], wanted: str | int) -> PullCursor:
    if found["wanted"] != wanted:
        return PullCursor(wanted)
    problems = {own: Problem(*pair) for own, pair in found["problems"].items()}
    return PullCursor(**{**found, "problems": problems})
