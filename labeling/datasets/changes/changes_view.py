"""What the changes between two training sets show of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeling.datasets.changes.causes import CAUSES
from labeling.errors import counted
from labeling.rendering import Cell, Excerpt, Part, Table, View

if TYPE_CHECKING:
    from labeling.datasets.changes.changes import Changes

FIRST_ROWS = 20
MOST_LABELS = 12
MOST_NAMES = 20
MEANING = {
    "data": "data: samples or their columns",
    "person": "person: answers and decisions",
    "rule": "rule: labeling functions' votes",
    "config": "config: settings",
    "model": "model: what it learned elsewhere",
}


def changes_view(changes: Changes) -> View:
    """Return the changes by cause, function and person, the labels before and after, and rows."""
    counts = changes.counts
    named = ", ".join(f"{count:,} {change}" for change, count in counts.items())
    kept = changes.kept
    also = ", ".join(f"{name} of {kept[name]:,}" for name in kept if name != "same label")
    parts: list[Part] = [
        f"{counted(kept['same label'], 'row keeps its', 'rows keep their')} label; changed among"
        f" these: {also}."
    ]
    if len(changes):
        parts += [_by_cause(changes), *_by_function(changes), *_by_person(changes)]
        parts += [*_confusion(changes), _first_rows(changes)]
    return View(f"Changes: {named}", tuple(parts))


def _by_cause(changes: Changes) -> Table:
    table = changes.by_cause
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (MEANING[cause], *counts, sum(counts))
        for cause, counts in zip(CAUSES, table.to_numpy().tolist(), strict=True)
        if any(counts)
    )
    return Table(("cause", *table.columns, "rows"), rows)


def _by_function(changes: Changes) -> list[Part]:
    table = changes.by_function.sort_values(["decisive", "rows"], ascending=False, kind="stable")
    rows = tuple(
        (Excerpt(str(name)), str(state), int(n), int(decisive))
        for name, (state, n, decisive) in zip(
            table.index, table.itertuples(index=False, name=None), strict=True
        )
    )
    headings = ("labeling function", "code", "rows with another vote", "decisive")
    return [_cut(headings, rows)] if rows else []


def _by_person(changes: Changes) -> list[Part]:
    rows = tuple((Excerpt(str(name)), int(n)) for name, n in changes.by_person.items())
    return [_cut(("person", "rows"), rows)] if rows else []


def _cut(headings: tuple[str, ...], rows: tuple[tuple[Excerpt | str | int, ...], ...]) -> Table:
    return Table(headings, rows[:MOST_NAMES], left_out=max(len(rows) - MOST_NAMES, 0))


def _confusion(changes: Changes) -> list[Part]:
    table = changes.confusion
    table = table.loc[table.sum(axis=1) > 0, table.sum(axis=0) > 0]
    if not len(table) or max(table.shape) > MOST_LABELS:
        return []
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Excerpt(str(label)), *(int(count) for count in counts))
        for label, counts in zip(table.index, table.to_numpy(), strict=True)
    )
    return [Table(("before", *map(str, table.columns)), rows, "Relabelled rows.")]


def _first_rows(changes: Changes) -> Table:
    frame = changes.to_frame(FIRST_ROWS)
    rows = tuple(
        (
            Excerpt(str(sample_id)),
            change,
            None if before is None else Excerpt(before),
            None if after is None else Excerpt(after),
            ", ".join(filter(None, (cause, also))),
            because,
        )
        for sample_id, (change, before, after, cause, also, because) in zip(
            frame.index, frame.itertuples(index=False, name=None), strict=True
        )
    )
    headings = ("sample", "change", "before", "after", "cause", "because")
    return Table(headings, rows, "First rows.", len(changes) - len(rows))
