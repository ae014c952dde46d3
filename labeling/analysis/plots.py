"""Charts of labeling functions, annotators, confusion and labeling cost, saved as image files.

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

from labeling.analysis.charts import (
    draw_cost,
    draw_coverage,
    draw_matrix,
    draw_skills,
)
from labeling.analysis.inter_annotator import pair_matrix
from labeling.errors import missing_extra
from labeling.records import atomic_write
from labeling.records.estimates import Estimate
from labeling.rendering.palettes import DARK, LIGHT, Palette

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


def agreement_picture(pairs: pd.DataFrame, path: str | Path) -> tuple[Path, Path]:
    """Draw the agreement of each two annotators as a matrix: percent agreement and common samples.

    Args:
        pairs: what `agreement_by_pair` returns.
        path: of the light chart; the dark one is `<name>-dark<suffix>`.
    """
    percent, common = pair_matrix(pairs, "percent"), pair_matrix(pairs, "n").to_numpy()
    shades = percent.to_numpy()
    words = [
        "" if np.isnan(shades[row, column]) else f"{shades[row, column]:.0%}\nn = {n}"
        for (row, column), n in np.ndenumerate(common)
    ]
    cells = np.array(words, dtype=object).reshape(shades.shape).tolist()

    def draw(palette: Palette) -> Figure:
        side = 1.8 + 0.75 * len(percent)
        figure, axes = figure_of(palette, side, side)
        draw_matrix(axes, shades, cells, list(percent.columns), palette)
        axes.set_title("Agreement of each two annotators")
        return figure

    return saved(draw, path)


def label_confusion_picture(coincidences: pd.DataFrame, path: str | Path) -> tuple[Path, Path]:
    """Draw which labels people confuse: of those who gave a row's label, what another one gave.

    Args:
        coincidences: what `label_coincidences` returns; cells are shaded by row share.
        path: of the light chart; the dark one is `<name>-dark<suffix>`.
    """
    counts = coincidences.to_numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    cells = [
        [f"{share:.0%}\nn = {n}" for share, n in zip(*row, strict=True)]
        for row in zip(shares.tolist(), counts.tolist(), strict=True)
    ]

    def draw(palette: Palette) -> Figure:
        side = 1.8 + 0.75 * len(counts)
        figure, axes = figure_of(palette, side, side)
        draw_matrix(axes, shares, cells, list(coincidences.columns), palette)
        axes.set_xlabel("label of another annotator")
        axes.set_ylabel("label of an annotator")
        return figure

    return saved(draw, path)


def skill_picture(skills: pd.DataFrame, path: str | Path) -> tuple[Path, Path]:
    """Draw the skill of each annotator with its 95 % interval.

    Args:
        skills: what `AnnotatorModel.skills` returns.
        path: of the light chart; the dark one is `<name>-dark<suffix>`.
    """
    ranked = skills.sort_index(ascending=False)
    names = [f"{name} (n = {n:,})" for name, n in zip(ranked.index, ranked["n_votes"], strict=True)]

    def draw(palette: Palette) -> Figure:
        figure, axes = figure_of(palette, 6.0, 1.6 + 0.27 * len(ranked))
        draw_skills(axes, ranked, names, palette)
        _legend(axes, palette, "lower left")
        return figure

    return saved(draw, path)


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
