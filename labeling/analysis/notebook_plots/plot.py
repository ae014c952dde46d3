"""`Plot`: a chart that shows itself in a notebook, with its numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from labeling.analysis.plots import figure_of, saved
from labeling.errors import MissingExtraError
from labeling.rendering import Displayed, Excerpt, Part, Picture, Table, View
from labeling.rendering.formatting import clipped, undirected
from labeling.rendering.palettes import Palette
from labeling.rendering.svg import COLOURS, WIDTH, picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 20
"""Rows of the numbers that are shown where the chart cannot be drawn."""

LONGEST_NAME = 24

Draw = Callable[[Any, Palette], object]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Plot(Displayed):
    """A chart that shows itself in a notebook.

    Attributes:
        title: of the chart.
        description: what it shows, in words, for readers who cannot see it.
        table: its numbers.
        draw: draws it on axes, in a palette; `None` where there is nothing to draw.
        height: in inches.
        notes: sentences above it.
    """

    title: str
    description: str
    table: pd.DataFrame
    draw: Draw | None
    height: float
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Plot({self.title!r}, {len(self.table)} rows)"

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers of the chart, all rows."""
        return self.table.copy()

    def save(self, path: str | Path) -> tuple[Path, Path]:
        """Write the chart for light and for dark pages, and return both paths.

        Args:
            path: of the light chart, such as `coverage.png` or `.svg`; the dark one is
                `<name>-dark<suffix>`.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """

        def figure(palette: Palette) -> Figure:
            made, axes = figure_of(palette, WIDTH, self.height)
            axes.spines[["top", "right"]].set_visible(False)
            if self.draw is not None:
                self.draw(axes, palette)
            # Not the title of the figure: legends outside of the axes would lie on it.
            axes.set_title(self.title, color=palette["ink"], fontsize=10)
            return made

        return saved(figure, path)

    def _view(self) -> View:
        return View(self.title, (*self.notes, *self._chart(), *self._further()))

    def _chart(self) -> tuple[Part, ...]:
        draw = self.draw
        if draw is None:
            return ()
        try:
            svg = picture(
                self._name(),
                self.title,
                self.description,
                lambda axes: draw(axes, COLOURS),
                self.height,
            )
        except MissingExtraError as error:
            return (self.description, str(error), _numbers(self.table))
        return (Picture(svg, self.description),)

    def _further(self) -> tuple[Part, ...]:
        return ()

    def _name(self) -> str:
        """Return a name from the content: two charts on a page must not share their ids."""
        content = "\0".join([self.title, self.description, self.table.to_csv()])
        digest = hashlib.sha256(content.encode("utf-8", "surrogatepass"))
        return f"plot-{digest.hexdigest()[:12]}"


def short_names(names: Sequence[str] | pd.Index, longest: int = LONGEST_NAME) -> list[str]:
    """Return names as they stand in a chart: in one line, clipped, without control characters."""
    return [clipped(undirected(" ".join(str(name).split())), longest) for name in names]


def _numbers(table: pd.DataFrame) -> Table:
    rows = tuple(
        (Excerpt(str(name)), *(_cell(value) for value in values))
        for name, *values in table.iloc[:MOST_ROWS].itertuples(name=None)
    )
    headings = ("" if table.index.name is None else str(table.index.name), *map(str, table.columns))
    return Table(headings, rows, left_out=len(table) - len(rows))


def _cell(value: Any) -> Any:
    if isinstance(value, (bool, str)) or value is None:
        return None if value is None else Excerpt(str(value))
    return value.item() if hasattr(value, "item") else value
