"""Charts of labeling functions, confusion matrices and labeling cost, saved as image files.

Each chart is written twice, for light and for dark pages. What colour encodes is also encoded by a
hatch, a marker or a number, so that each can be read in greyscale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.charts import DARK, LIGHT, Palette, draw_cost, draw_coverage
from labeling.errors import missing_extra
from labeling.records import atomic_write
from labeling.records.estimates import Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def lf_picture(summary: pd.DataFrame, n: int, path: str | Path) -> tuple[Path, Path]:
    """Draw the coverage of each labeling function, and how much of it conflicts with others.

    Args:
        summary: what `lf_summary` returns.
        n: number of samples.
        path: of the light chart; the dark one is `<name>-dark<suffix>`.

    Returns:
        The paths of both charts.
    """

    def draw(palette: Palette) -> Figure:
        figure, axes = figure_of(palette, 7.2, 1.2 + 0.27 * len(summary))
        draw_coverage(axes, summary.sort_values("coverage"), n, palette)
        axes.set_title("Labeling functions: coverage and conflict")
        _legend(axes, palette, "lower right")
        return figure

    return saved(draw, path)


def confusion_picture(
    tables: Mapping[str, npt.NDArray[np.float64]], labels: Sequence[str], path: str | Path
) -> tuple[Path, Path]:
    """Draw confusion matrices next to each other: gold labels in rows, predicted labels in columns.

    Args:
        tables: from a title to counts of shape (n_labels, n_labels); cells are shaded by row share.
        labels: names of the labels.
        path: of the light chart; the dark one is `<name>-dark<suffix>`.
    """

    def draw(palette: Palette) -> Figure:
        figure, panels = figure_of(palette, 1.4 + 3.6 * len(tables), 3.9, len(tables))
        for axes, (title, counts) in zip(np.atleast_1d(panels), tables.items(), strict=True):
            _draw_confusion(axes, counts, labels, palette)
            axes.set_title(f"{title} (n = {counts.sum():.0f})")
        return figure

    return saved(draw, path)


def _draw_confusion(
    axes: Any, counts: npt.NDArray[np.float64], labels: Sequence[str], palette: Palette
) -> None:
    row_shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9)
    axes.imshow(row_shares, cmap=palette["map"], vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(row_shares):
        is_dark_cell = (share > 0.5) == (palette is LIGHT)
        axes.text(
            column,
            row,
            f"{counts[row, column]:.0f}\n{share:.0%}",
            ha="center",
            va="center",
            color="#ffffff" if is_dark_cell else "#1f2328",
        )
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("given label")
    axes.set_ylabel("gold label")


def cost_picture(
    curves: Mapping[str, Sequence[tuple[int, Estimate]]], path: str | Path, title: str
) -> tuple[Path, Path]:
    """Draw accuracy against human votes spent, with 95 % intervals.

    Args:
        curves: from a name to (human votes, accuracy) pairs.
        path: of the light chart; the dark one is `<name>-dark<suffix>`.
        title: of the chart.
    """

    def draw(palette: Palette) -> Figure:
        figure, axes = figure_of(palette, 7.2, 4.2)
        named = {f"{name} (n = {points[-1][1].n})": points for name, points in curves.items()}
        draw_cost(axes, named, palette)
        axes.set_xlabel("human votes spent")
        axes.set_ylabel("accuracy, with 95 % interval")
        axes.set_title(title)
        _legend(axes, palette, "best")
        return figure

    return saved(draw, path)


def figure_of(palette: Palette, width: float, height: float, panels: int = 1) -> tuple[Figure, Any]:
    """Return a figure in a palette, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=144, layout="constrained")
    figure.set_facecolor(palette["page"])
    axes = figure.subplots(1, panels)
    for panel in np.atleast_1d(axes):
        panel.set_facecolor(palette["page"])
        for spine in panel.spines.values():
            spine.set_color(palette["line"])
    return figure, axes


def _legend(axes: Any, palette: Palette, location: str) -> None:
    axes.legend(
        loc=location, facecolor=palette["page"], edgecolor=palette["line"], fontsize="small"
    )


def saved(draw: Callable[[Palette], Figure], path: str | Path) -> tuple[Path, Path]:
    """Draw a chart in the light and the dark palette, write both, and return their paths."""
    try:
        import matplotlib
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    light = Path(path)
    dark = light.with_name(f"{light.stem}-dark{light.suffix}")
    for target, palette in ((light, LIGHT), (dark, DARK)):
        ink = ("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.titlecolor")
        style: dict[str, Any] = dict.fromkeys(ink, palette["ink"])
        # Names come from users: a dollar sign in a name must not start a formula.
        style |= {"text.parse_math": False, "font.size": 9, "savefig.facecolor": palette["page"]}
        styled = matplotlib.rc_context(style)  # type: ignore[arg-type]  # wants literal keys
        with styled, atomic_write(target) as unfinished:
            draw(palette).savefig(unfinished, format=target.suffix.lstrip(".") or "png")
    return light, dark
