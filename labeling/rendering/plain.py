"""Renders a `View` as plain text, for terminals, logs and notebooks without HTML."""

from __future__ import annotations

import itertools
import math
import re
import textwrap
import unicodedata
from typing import assert_never

from labeling.rendering.excerpts import pieces_of, span_pieces
from labeling.rendering.formatting import NONE, percent, scalar, undirected, whole
from labeling.rendering.views import (
    Cell,
    Code,
    Excerpt,
    Interval,
    Part,
    Picture,
    Share,
    SpanText,
    Table,
    View,
)

WIDEST = 60
"""Characters of a line of a cell; longer texts are broken into lines, excerpts are clipped."""
MOST_LINES = 4
"""Lines of a cell; what is longer is clipped."""
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
    for row in table.rows:
        lines += itertools.zip_longest(*map(_cell_lines, row), fillvalue="")
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


def _cell_lines(cell: Cell) -> list[str]:
    """Return the lines of a cell: texts and code may have several."""
    if isinstance(cell, SpanText):
        text = _span_text(cell)
    elif isinstance(cell, (str, Code)):
        text = _line(cell if isinstance(cell, str) else cell.text)
    else:
        return [_cell(cell)]
    return textwrap.wrap(text, WIDEST, max_lines=MOST_LINES, placeholder=" …") or [""]


def _cell(cell: int | float | Share | Interval | Excerpt | None) -> str:
    match cell:
        case None | int() | float():
            return scalar(cell)
        case Share():
            of = "" if cell.n is None or math.isnan(cell.value) else f" of {whole(cell.n)}"
            return percent(cell.value) + of
        case Interval():
            return _interval(cell)
        case Excerpt():
            return _excerpt(cell, WIDEST)
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


def _span_text(shown: SpanText) -> str:
    pieces = span_pieces(shown.text, shown.spans)
    return _line("".join(f"[{piece} {label}]" if label else piece for piece, label, _ in pieces))


def _line(text: str) -> str:
    """Return a text as one line, without characters that change a terminal or the direction."""
    return undirected(_BREAKS.sub(" ", text))


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "FW" else 1
        for char in text
    )
