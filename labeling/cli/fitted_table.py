"""Tables that fit a given width: cells are cut first, then whole columns are left out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from labeling.cli.escaping import safe, single_line

GAP = 2  # characters between two columns
LEAST = 4  # characters of a column that is cut below its minimum, where nothing else fits


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: the heading.
        cells: one text for each row.
        right: whether cells are aligned right, as numbers are.
        least: minimum width in characters; `None` is never cut.
        rank: 0 is never left out; of the others the highest rank is left out first. Columns of
            equal rank are left out together.
    """

    name: str
    cells: Sequence[str]
    right: bool = False
    least: int | None = None
    rank: int = 0

    @property
    def natural(self) -> int:
        """Width in characters, uncut."""
        return max(map(cell_len, (self.name, *self.cells)))

    @property
    def narrowest(self) -> int:
        """Minimum width in characters."""
        return self.natural if self.least is None else min(self.least, self.natural)


def print_fitted(columns: Sequence[Column], console: Console, *, how_to_see_all: str) -> None:
    """Print a table as wide as the console, and the names of columns that were left out.

    Args:
        columns: all with the same number of cells, which may hold any text.
        console: where to print.
        how_to_see_all: a sentence on how to see the columns that were left out.
    """
    most = 4 * console.width  # some characters have no width
    clean = [
        dataclasses.replace(column, cells=[single_line(cell, most) for cell in column.cells])
        for column in columns
    ]
    widths = fit(
        [(column.narrowest, column.natural, column.rank) for column in clean], console.width
    )
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    visible = [(column, width) for column, width in zip(clean, widths, strict=True) if width]
    for column, width in visible:
        table.add_column(
            Text(column.name),
            justify="right" if column.right else "left",
            width=width,
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in zip(*(column.cells for column, _ in visible), strict=True):
        table.add_row(*map(Text, row))
    console.print(table)
    left_out = [column.name for column, width in zip(clean, widths, strict=True) if not width]
    if left_out:
        console.print(safe(f"Not shown for lack of width: {', '.join(left_out)}. {how_to_see_all}"))


def fit(columns: Sequence[tuple[int, int, int]], width: int) -> list[int]:
    """Return the width of each column; 0 for a column that is left out.

    Args:
        columns: minimum width, natural width and rank of each column (see `Column`).
        width: of the whole table, gaps included.

    >>> fit([(4, 10, 0), (5, 5, 1), (8, 80, 0)], 40)
    [10, 5, 21]
    >>> fit([(4, 10, 0), (5, 5, 1), (8, 80, 0)], 18)
    [8, 0, 8]
    """
    ranks = sorted({rank for _, _, rank in columns if rank}, reverse=True)
    visible = set(range(len(columns)))
    for rank in ranks:
        if _total([columns[i][0] for i in visible]) <= width:
            break
        visible -= {i for i in visible if columns[i][2] == rank}
    order = sorted(visible)
    widths = _shrunk(
        [min(columns[i][1], max(width, columns[i][0])) for i in order],
        [columns[i][0] for i in order],
        width,
    )
    width_of = dict(zip(order, widths, strict=True))
    return [width_of.get(i, 0) for i in range(len(columns))]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _shrunk(natural: list[int], narrowest: list[int], width: int) -> list[int]:
    """Return widths that fit: the widest is cut first, below its minimum only where necessary."""
    widths = list(natural)
    for least in (narrowest, [min(LEAST, column) for column in narrowest]):
        while _total(widths) > width:
            spare = [(widths[i], i) for i in range(len(widths)) if widths[i] > least[i]]
            if not spare:
                break
            widths[max(spare)[1]] -= 1
    return widths
