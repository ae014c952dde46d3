"""Pictures of labeling functions, of confusions, and of what human votes bought.

Each is written twice, for light and for dark pages, and can be read in greyscale: what colour tells,
a hatch, a marker or a number tells too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import missing_extra
from labeling.records import whole_file
from labeling.records.estimates import Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Palette = Mapping[str, str]

# Blue and orange differ for every kind of colour vision, and in lightness too.
LIGHT: Palette = {
    **{"page": "#ffffff", "ink": "#1f2328", "faint": "#d0d7de", "main": "#0b5cad"},
    **{"second": "#e8912d", "map": "Blues"},
}
DARK: Palette = {
    **{"page": "#0d1117", "ink": "#e6edf3", "faint": "#3d444d", "main": "#79b8ff"},
    **{"second": "#c46a10", "map": "Blues_r"},
}
MARKERS = ("o", "s", "^", "D")


def lf_picture(summary: pd.DataFrame, n: int, path: str | Path) -> tuple[Path, Path]:
    """Draw each labeling function's coverage, and how much of it others contradict.

    Args:
        summary: what `lf_summary` returns.
        n: how many samples its shares are of.
        path: of the light picture; the dark one is `<name>-dark<suffix>`.

    Returns:
        The paths of both pictures.
    """

    def draw(colours: Palette) -> Figure:
        figure, axes = figure_of(colours, 7.2, 1.2 + 0.27 * len(summary))
        ranked = summary.sort_values("coverage")
        rows = np.arange(len(ranked))
        axes.barh(rows, ranked["coverage"], color=colours["main"], label="votes on")
        axes.barh(
            *(rows, ranked["conflicts"]),
            color=colours["second"], hatch="////", edgecolor=colours["page"], linewidth=0,
            label="and another labeling function says something else",
        )  # fmt: skip
        axes.set_yticks(rows, [str(name) for name in ranked.index])
        axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.set_xlabel(f"share of {n:,} samples")
        axes.set_title("Labeling functions: coverage and conflict")
        _legend(axes, colours, "lower right")
        return figure

    return saved(draw, path)


def confusion_picture(
    tables: Mapping[str, npt.NDArray[np.float64]], labels: Sequence[str], path: str | Path
) -> tuple[Path, Path]:
    """Draw confusion tables side by side: gold labels in rows, given labels in columns.

    Args:
        tables: from a title to counts of shape (n_labels, n_labels); shading is by share of a row.
        labels: their names.
        path: of the light picture; the dark one is `<name>-dark<suffix>`.
    """

    def draw(colours: Palette) -> Figure:
        figure, every = figure_of(colours, 1.4 + 3.6 * len(tables), 3.9, len(tables))
        for axes, (title, counts) in zip(np.atleast_1d(every), tables.items(), strict=True):
            shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-9)
            axes.imshow(shares, cmap=colours["map"], vmin=0, vmax=1)
            for (row, column), share in np.ndenumerate(shares):
                strong = (share > 0.5) == (colours is LIGHT)
                axes.text(
                    *(column, row, f"{counts[row, column]:.0f}\n{share:.0%}"),
                    ha="center", va="center", color="#ffffff" if strong else "#1f2328",
                )  # fmt: skip
            axes.set_xticks(range(len(labels)), labels)
            axes.set_yticks(range(len(labels)), labels)
            axes.set_xlabel("given label")
            axes.set_ylabel("gold label")
            axes.set_title(f"{title} (n = {counts.sum():.0f})")
        return figure

    return saved(draw, path)


def cost_picture(
    curves: Mapping[str, Sequence[tuple[int, Estimate]]], path: str | Path, title: str
) -> tuple[Path, Path]:
    """Draw accuracy against human votes spent, with 95 % intervals.

    Args:
        curves: from a name to (human votes, accuracy) pairs.
        path: of the light picture; the dark one is `<name>-dark<suffix>`.
        title: of the picture.
    """

    def draw(colours: Palette) -> Figure:
        figure, axes = figure_of(colours, 7.2, 4.2)
        shades = (colours["main"], colours["second"], colours["ink"])
        width = max(votes for points in curves.values() for votes, _ in points) or 1
        for number, (name, points) in enumerate(curves.items()):
            shade = shades[number % len(shades)]
            votes = np.array([spent for spent, _ in points]) + number * 0.008 * width
            values = np.array([found.value for _, found in points])
            reach = [
                [found.value - found.low for _, found in points],
                [found.high - found.value for _, found in points],
            ]
            axes.errorbar(
                *(votes, values), yerr=reach, color=shade, marker=MARKERS[number % len(MARKERS)],
                linestyle=("-", "--", ":")[number % 3], capsize=3,
                label=f"{name} (n = {points[-1][1].n})",
            )  # fmt: skip
        axes.set_xlabel("human votes spent")
        axes.set_ylabel("accuracy, with 95 % interval")
        axes.set_title(title)
        axes.grid(axis="y", color=colours["faint"], linewidth=0.5)
        _legend(axes, colours, "best")
        return figure

    return saved(draw, path)


def figure_of(colours: Palette, width: float, height: float, panels: int = 1) -> tuple[Figure, Any]:
    """Return a figure in a palette, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=144, layout="constrained")
    figure.set_facecolor(colours["page"])
    axes = figure.subplots(1, panels)
    for one in np.atleast_1d(axes):
        one.set_facecolor(colours["page"])
        for spine in one.spines.values():
            spine.set_color(colours["faint"])
    return figure, axes


def _legend(axes: Any, colours: Palette, place: str) -> None:
    axes.legend(loc=place, facecolor=colours["page"], edgecolor=colours["faint"], fontsize="small")


def saved(draw: Callable[[Palette], Figure], path: str | Path) -> tuple[Path, Path]:
    """Draw a picture light and dark, write both, and return their paths."""
    try:
        import matplotlib
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    light = Path(path)
    dark = light.with_name(f"{light.stem}-dark{light.suffix}")
    for target, colours in ((light, LIGHT), (dark, DARK)):
        ink = ("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.titlecolor")
        style: dict[str, Any] = dict.fromkeys(ink, colours["ink"])
        # Names come from users: a dollar sign in one is no formula.
        style |= {"text.parse_math": False, "font.size": 9, "savefig.facecolor": colours["page"]}
        styled = matplotlib.rc_context(style)  # type: ignore[arg-type]  # wants literal keys
        with styled, whole_file(target) as unfinished:
            draw(colours).savefig(unfinished, format=target.suffix.lstrip(".") or "png")
    return light, dark
