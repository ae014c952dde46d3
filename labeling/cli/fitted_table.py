"""Tables that fit the width they are given: cells are cut, then whole columns are left out, by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from labeling.cli.escaping import one_line, safe

GAP = 2  # characters between two columns
LEAST = 4  # characters of a column that must be cut further than it should


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: its heading.
        cells: one text a row.
        right: whether the cells stand at the right, as numbers do.
        least: characters that it may be cut down to; `None` is never cut.
        rank: 0 is always shown; of the others the highest is left out first. Columns of one rank are
            left out together.
    """

    name: str
    cells: Sequence[str]
    right: bool = False
    least: int | None = None
    rank: int = 0

    @property
    def natural(self) -> int:
        """How many characters it takes uncut."""
        return max(map(cell_len, (self.name, *self.cells)))

    @property
    def narrowest(self) -> int:
        """How many characters it takes at least."""
        return self.natural if self.least is None else min(self.least, self.natural)


def print_fitted(columns: Sequence[Column], console: Console, *, how_to_see_all: str) -> None:
    """Print a table as wide as the console, and which columns had to be left out.

    Args:
        columns: with equally many cells, which may hold any text.
        console: where to print.
        how_to_see_all: ends the sentence on columns that were left out.
    """
    most = 4 * console.width  # some characters take no room
    clean = [
        dataclasses.replace(column, cells=[one_line(cell, most) for cell in column.cells])
        for column in columns
    ]
    widths = fit(
        [(column.narrowest, column.natural, column.rank) for column in clean], console.width
    )
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    shown = [(column, width) for column, width in zip(clean, widths, strict=True) if width]
    for column, width in shown:
        table.add_column(
            Text(column.name),
            justify="right" if column.right else "left",
            width=width,
            no_wrap=True,
            overflow="ellipsis",
        )
    for row in zip(*(column.cells for column, _ in shown), strict=True):
        table.add_row(*map(Text, row))
    console.print(table)
    left_out = [column.name for column, width in zip(clean, widths, strict=True) if not width]
    if left_out:
        console.print(safe(f"Not shown for lack of width: {', '.join(left_out)}. {how_to_see_all}"))


def fit(columns: Sequence[tuple[int, int, int]], width: int) -> list[int]:
    """Return how wide each column is; 0 is left out.

    Args:
        columns: for each the narrowest and the natural width, and its rank (see `Column`).
        width: of the whole table, gaps included.

    >>> fit([(4, 10, 0), (5, 5, 1), (8, 80, 0)], 40)
    [10, 5, 21]
    >>> fit([(4, 10, 0), (5, 5, 1), (8, 80, 0)], 18)
    [8, 0, 8]
    """
    ranks = sorted({rank for _, _, rank in columns if rank}, reverse=True)
    shown = set(range(len(columns)))
    for rank in ranks:
        if _total([columns[place][0] for place in shown]) <= width:
            break
        shown -= {place for place in shown if columns[place][2] == rank}
    order = sorted(shown)
    widths = _shrunk(
        [min(columns[place][1], max(width, columns[place][0])) for place in order],
        [columns[place][0] for place in order],
        width,
    )
    found = dict(zip(order, widths, strict=True))
    return [found.get(place, 0) for place in range(len(columns))]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _shrunk(natural: list[int], narrowest: list[int], width: int) -> list[int]:
    """Return widths that fit: the widest gives way first, below its narrowest only if it must."""
    widths = list(natural)
    for least in (narrowest, [min(LEAST, column) for column in narrowest]):
        while _total(widths) > width:
            spare = [(widths[i], i) for i in range(len(widths)) if widths[i] > least[i]]
            if not spare:
                break
            widths[max(spare)[1]] -= 1
    return widths
