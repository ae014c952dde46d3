"""Report of `labeling studio init`: what was set up in Label Studio, setting by setting."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from labeling.label_studio.sync_state import task_stream

if TYPE_CHECKING:
    from labeling.label_studio.project_setup import ProjectSetup

LONGEST = 120  # characters of a setting; --json has all of it


def stream_of(url: str, project: int | None) -> str | None:
    """Return the address of a project's label stream; `None` before the project exists."""
    return None if project is None else task_stream(url, project)


def setup_lines(
    role: str, setup: ProjectSetup, stream: str | None, *, dry_run: bool = False
) -> Iterator[str]:
    """Yield lines on the changes to a project, or on planned changes.

    Args:
        role: "annotators" or "reviewers".
        setup: the changes.
        stream: the address of the label stream.
        dry_run: whether the changes are only planned.
    """
    where = f", id {setup.id}: {stream}" if setup.id is not None else ""
    would = "would be " if dry_run and setup.outcome != "unchanged" else ""
    yield f"{role.capitalize()}: project {setup.title!r}, {would}{setup.outcome}{where}"
    if setup.outcome == "made":
        return
    for name, (before, after) in setup.changes.items():
        if name == "label_config":
            yield from (f"  {name}: {line}" for line in _changed_lines(before, after))
        else:
            yield f"  {name}: {_cut(before)} -> {_cut(after)}"
    for name, (current, wanted) in setup.left.items():
        yield f"  {name} stays {_cut(current)}; a new project would have {_cut(wanted)}"


def _changed_lines(before: object, after: object) -> Iterator[str]:
    """Yield the removed and the added lines of a text, marked with - and +."""
    lines = difflib.ndiff(str(before).splitlines(), str(after).splitlines())
    yield from (" ".join(line.split()) for line in lines if line.startswith(("- ", "+ ")))


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
