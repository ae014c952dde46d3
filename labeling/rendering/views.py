"""`View`: what an object shows of itself, rendered as HTML in a notebook and as plain text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Share:
    """A proportion, drawn as a bar.

    Attributes:
        value: from 0 to 1; NaN if undefined.
        n: of how many; `None` where the heading says it.
    """

    value: float
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its interval and its sample size, drawn as a dot on a line.

    Attributes:
        value: from 0 to 1; NaN if undefined.
        low: lower end of the interval; NaN if there is none.
        high: upper end.
        n: the sample size.
    """

    value: float
    low: float
    high: float
    n: int

    @property
    def is_known(self) -> bool:
        """Whether there are a value and an interval."""
        return not (math.isnan(self.value) or math.isnan(self.low))


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A text of a sample, with the parts that matter marked.

    Attributes:
        text: the whole text, as it came; it is clipped and escaped where it is shown.
        marks: (start, end) of each marked part in code points, half-open.
    """

    text: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Code:
    """Source code."""

    text: str


@dataclass(frozen=True, slots=True)
class SpanText:
    """A text with labeled spans, each shown in the colour of its label and with its name.

    Attributes:
        text: the text to show, whole: it is escaped where it is shown, and not clipped.
        spans: (start, end, label, number of the label) in code points, half-open, sorted, without
            overlaps; the number picks the colour.
    """

    text: str
    spans: tuple[tuple[int, int, str, int], ...] = ()


Cell = str | int | float | Share | Interval | Excerpt | SpanText | Code | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings.

    Attributes:
        headings: one a column.
        rows: cells, as many as headings. Whole numbers get thousands separators, other numbers
            three digits, `None` a dash.
        caption: a sentence above it.
        left_out: how many further rows there are.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart.

    Attributes:
        svg: the chart, safe to be put in a page: `labeling.rendering.picture` makes it.
        description: what it shows, for readers who cannot see it, and in plain text.
    """

    svg: str
    description: str


Part = str | Table | Picture | Code | Excerpt


@dataclass(frozen=True, slots=True)
class View:
    """What an object shows of itself.

    Attributes:
        title: one line.
        parts: sentences, tables, pictures and code, from top to bottom. Sentences may hold users'
            texts: all is escaped where it is shown.
    """

    title: str
    parts: tuple[Part, ...] = ()


def as_interval(estimate: Any) -> Interval:
    """Return an estimate (`value`, `low`, `high`, `n`) as a cell."""
    return Interval(estimate.value, estimate.low, estimate.high, estimate.n)
