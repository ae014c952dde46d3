"""Renders a `View` as plain text, for terminals, logs and notebooks without HTML."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import assert_never

from labeling.rendering.excerpts import pieces_of
from labeling.rendering.formatting import NONE, percent, scalar, undirected, whole
from labeling.rendering.views import (
    Cell,
    Code,
    Excerpt,
    Interval,
    Part,
    Picture,
    Share,
    Table,
    View,
)

WIDEST = 60
"""Characters of a cell; a longer one is clipped."""
_BREAKS = re.compile(r"[^\S ]+")  # all white space but the plain space


def plain_of(view: View) -> str:
    """Return a view as plain text; marked parts stand between » and «.

    >>> print(
    ...     plain_of(View("2 samples", (Table(("text",), ((Excerpt("free now", ((0, 4),)),),)),)))
    ... )
    2 samples
      text
      »free« now
    """
    return "\n".join([_line(view.title), *map(_part, view.parts)])


def _part(part: Part) -> str:
    match part:
        case str():
            return _line(part)
        case Table():
            return _table(part)
        case Picture():
            return _line(part.description)
        case Code():
            return "\n".join("  " + _line(line.expandtabs(4)) for line in part.text.splitlines())
        case Excerpt():
            return "  " + _excerpt(part, 240)
        case _:
            assert_never(part)


def _table(table: Table) -> str:
    lines = [tuple(map(_line, table.headings))]
    lines += [tuple(_cell(cell) for cell in row) for row in table.rows]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    text = [_line(table.caption)] if table.caption else []
    for line in lines:
        padded = (
            cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)
        )
        text.append(("  " + "  ".join(padded)).rstrip())
    if table.left_out > 0:
        text.append(f"  and {whole(table.left_out)} more")
    return "\n".join(text)


def _cell(cell: Cell) -> str:
    match cell:
        case None | str() | int() | float():
            return _clipped(_line(scalar(cell)))
        case Share():
            of = "" if cell.n is None or math.isnan(cell.value) else f" of {whole(cell.n)}"
            return percent(cell.value) + of
        case Interval():
            return _interval(cell)
        case Excerpt():
            return _excerpt(cell, WIDEST)
        case Code():
            return _clipped(_line(cell.text))
        case _:
            assert_never(cell)


def _interval(interval: Interval) -> str:
    if math.isnan(interval.value):
        return f"{NONE} (n = {whole(interval.n)})"
    ends = f" [{interval.low:.3f}, {interval.high:.3f}]" if interval.is_known else ""
    return f"{interval.value:.3f}{ends}, n = {whole(interval.n)}"


def _excerpt(excerpt: Excerpt, longest: int) -> str:
    pieces = pieces_of(excerpt.text, excerpt.marks, longest)
    return _line("".join(f"»{piece}«" if is_marked else piece for piece, is_marked in pieces))


def _line(text: str) -> str:
    """Return a text as one line, without characters that change a terminal or the direction."""
    return undirected(_BREAKS.sub(" ", text))


def _clipped(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1].rstrip() + "…"


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "FW" else 1
        for char in text
    )
