"""What setting up a project in Label Studio did, setting by setting, in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from labeling.project.links import stream_link

if TYPE_CHECKING:
    from labeling.label_studio.project_setup import ProjectSetup

LONGEST = 120  # characters of a setting that are shown; --json has all of it


def stream_of(url: str, project: int | None) -> str | None:
    """Return the address where people label in a project; `None` of one that is not there yet."""
    return None if project is None else stream_link(url, project)


def setup_lines(
    who: str, done: ProjectSetup, stream: str | None, *, dry_run: bool = False
) -> Iterator[str]:
    """Yield lines on what was done to a project, or would be.

    Args:
        who: works there: "annotators".
        done: what was done.
        stream: where they label.
        dry_run: whether it was only looked what would be done.
    """
    where = f", id {done.id}: {stream}" if done.id is not None else ""
    would = "would be " if dry_run and done.outcome != "unchanged" else ""
    yield f"{who.capitalize()}: project {done.title!r}, {would}{done.outcome}{where}"
    if done.outcome == "made":
        return
    for name, (before, after) in done.changes.items():
        if name == "label_config":
            yield from (f"  {name}: {line}" for line in _changed_lines(before, after))
        else:
            yield f"  {name}: {_cut(before)} -> {_cut(after)}"
    for name, (there, wanted) in done.left.items():
        yield f"  {name} stays {_cut(there)}; a project of ours would have {_cut(wanted)}"


def _changed_lines(before: object, after: object) -> Iterator[str]:
    """Yield the lines of a text that were taken out and put in, with - and + before them."""
    lines = difflib.ndiff(str(before).splitlines(), str(after).splitlines())
    yield from (" ".join(line.split()) for line in lines if line.startswith(("- ", "+ ")))


def _cut(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
