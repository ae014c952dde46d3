"""Who labeled how much, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console, RenderableType

from labeling.cli.escaping import safe
from labeling.cli.fitted_table import Column, print_fitted

if TYPE_CHECKING:
    from labeling.store import Activity

MOST_PEOPLE = 50  # where no window bounds how many lines are seen at once
FEWEST_PEOPLE = 3  # also where the window is too low for more
SEE_ALL = "labeling status --json shows all."
NOT_PEOPLE = 5  # lines of the table's head, of who is left out, of the next step, and of the prompt


def print_people(
    people: Sequence[Activity], console: Console, around: Sequence[RenderableType]
) -> None:
    """Print a line for each person; in a window no more than it has room for.

    Args:
        people: in the order in which they are shown.
        console: where to print.
        around: what is printed before and after, on the same screen.
    """
    if not people:
        return
    most = MOST_PEOPLE
    if console.is_terminal:
        used = sum(_height(part, console) for part in around)
        most = max(FEWEST_PEOPLE, console.height - used - NOT_PEOPLE)
    shown = people[:most]
    columns = [
        Column("who", [person.name for person in shown], least=8),
        Column("as", ["reviewer" if person.reviewer else "annotator" for person in shown], rank=2),
        Column("labels", [f"{person.labels:,}" for person in shown], right=True),
        Column("skips", [f"{person.skips:,}" for person in shown], right=True, rank=1),
        Column("last seen (UTC)", [_minute(person.last_seen) for person in shown], rank=3),
    ]
    print_fitted(columns, console, how_to_see_all=SEE_ALL)
    if len(people) > most:
        console.print(safe(f"... and {len(people) - most:,} more people: {SEE_ALL}"))


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")


def _height(part: RenderableType, console: Console) -> int:
    """Return how many lines of a window something takes."""
    if isinstance(part, str):
        return max(1, -(-cell_len(part) // console.width))
    return len(console.render_lines(part))
