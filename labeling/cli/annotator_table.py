"""Table of the annotators and reviewers of a project."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console, RenderableType

from labeling.cli.escaping import safe
from labeling.cli.fitted_table import Column, print_fitted

if TYPE_CHECKING:
    from labeling.store import Activity

MOST_ROWS = 50  # where stdout is no terminal
FEWEST_ROWS = 3  # also where the terminal is too low for more
SEE_ALL = "labeling status --json shows all."
OTHER_LINES = 5  # the table's head, how many are left out, the next step, and the shell's prompt


def print_annotators(
    people: Sequence[Activity], console: Console, others: Sequence[RenderableType]
) -> None:
    """Print a row for each person; on a terminal as many as fit on the screen.

    Args:
        people: in the order of the rows.
        console: where to print.
        others: what else is printed on the same screen.
    """
    if not people:
        return
    most = MOST_ROWS
    if console.is_terminal:
        used = sum(_height(part, console) for part in others)
        most = max(FEWEST_ROWS, console.height - used - OTHER_LINES)
    rows = people[:most]
    columns = [
        Column("who", [person.name for person in rows], least=8),
        Column("as", ["reviewer" if person.reviewer else "annotator" for person in rows], rank=2),
        Column("answers", [f"{person.labels:,}" for person in rows], right=True),
        Column("skips", [f"{person.skips:,}" for person in rows], right=True, rank=1),
        Column("last seen (UTC)", [_to_the_minute(person.last_seen) for person in rows], rank=3),
    ]
    print_fitted(columns, console, how_to_see_all=SEE_ALL)
    if len(people) > most:
        console.print(safe(f"... and {len(people) - most:,} more people: {SEE_ALL}"))


def _to_the_minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _height(part: RenderableType, console: Console) -> int:
    """Return the number of screen lines that something takes."""
    if isinstance(part, str):
        return max(1, -(-cell_len(part) // console.width))
    return len(console.render_lines(part))
