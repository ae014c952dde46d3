"""Charts drawn on given axes: used for image files and for the report alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.calibration import Calibration
from labeling.records.estimates import Estimate
from labeling.rendering.formatting import percent
from labeling.rendering.palettes import Palette

SERIES_COLOURS = ("main", "second", "ink")
MARKERS = ("o", "s", "^", "D")
LINE_STYLES = ("-", "--", ":")
DARKEST = 0.45  # opacity of a cell's shade: ink on it has a contrast above 4.5 in both palettes
COVERAGE_LEGEND = ("votes on", "of these, another labeling function votes differently")
MOST_CHARACTERS = 60  # of the names of all columns together, where they are written side by side


def series_style(number: int, palette: Palette) -> dict[str, Any]:
    """Return the style of a chart's n-th series, which differs in colour, marker and line style."""
    return {
        "color": palette[SERIES_COLOURS[number % len(SERIES_COLOURS)]],
        "marker": MARKERS[number % len(MARKERS)],
        "linestyle": LINE_STYLES[number % len(LINE_STYLES)],
    }


def draw_coverage(
    axes: Any,
    summary: pd.DataFrame,
    n: int,
    palette: Palette,
    names: Sequence[str] | None = None,
    legend: tuple[str, str] = COVERAGE_LEGEND,
) -> None:
    """Draw the coverage of labeling functions as bars, with their conflicts hatched in front.

    Args:
        axes: where to draw; the legend is left to the caller.
        summary: what `lf_summary` returns, in the order from bottom to top.
        n: number of samples.
        palette: colours.
        names: labels of the bars; `None` is the index of the summary.
        legend: what the bars are, and the hatched parts.
    """
    rows = np.arange(len(summary))
    edge = {"edgecolor": palette["page"], "linewidth": 0.5}
    axes.barh(rows, summary["coverage"], facecolor=palette["main"], label=legend[0], **edge)
    axes.barh(
        rows,
        summary["conflicts"],
        facecolor=palette["second"],
        hatch="////",
        label=legend[1],
        **edge,
    )
    axes.set_yticks(rows, names or [str(name) for name in summary.index])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(summary) - 0.4)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_xlabel(f"share of {n:,} samples")


def draw_cost(
    axes: Any, curves: Mapping[str, Sequence[tuple[int, Estimate]]], palette: Palette
) -> None:
    """Draw label quality against human votes spent, with intervals.

    Args:
        axes: where to draw; labels of the axes and the legend are left to the caller.
        curves: from a name to (human votes, estimate) pairs.
        palette: colours.
    """
    width = max((votes for points in curves.values() for votes, _ in points), default=0)
    for number, (name, points) in enumerate(curves.items()):
        with_interval = [
            (votes, estimate) for votes, estimate in points if not np.isnan(estimate.low)
        ]
        # Shifted sideways: intervals drawn at the same position would hide each other.
        votes = [votes + 0.012 * width * number for votes, _ in with_interval]
        estimates = [estimate for _, estimate in with_interval]
        draw_intervals(axes, votes, estimates, name, series_style(number, palette))
    axes.grid(axis="y", color=palette["line"], linewidth=0.5)
    axes.xaxis.set_major_formatter(lambda count, _: f"{int(count):,}")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")


def draw_matrix(
    axes: Any,
    shades: npt.NDArray[np.float64],
    words: Sequence[Sequence[str]],
    names: Sequence[str],
    palette: Palette,
    columns: Sequence[str] | None = None,
) -> None:
    """Draw a matrix: a word in each cell, on a shade that is light enough to read it.

    Args:
        axes: where to draw; the titles of the axes are left to the caller.
        shades: from 0 to 1, NaN for an empty cell: shape (n_rows, n_columns).
        words: of each cell.
        names: of the rows.
        palette: colours.
        columns: names of the columns; `None`: those of the rows.
    """
    from matplotlib.patches import Rectangle

    columns = names if columns is None else columns
    size = len(names)
    font = 9.0 if size <= 6 else 7.0
    for (row, column), shade in np.ndenumerate(shades):
        cell = Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor="none")
        cell.set(edgecolor=palette["line"], linewidth=0.5)
        if not np.isnan(shade):
            cell.set_facecolor((*_rgb(palette["main"]), DARKEST * float(np.clip(shade, 0, 1))))
        axes.add_patch(cell)
        axes.text(
            column,
            row,
            words[row][column],
            ha="center",
            va="center",
            fontsize=font,
            color=palette["ink"],
        )
    width = len(columns)
    upright = max((len(name) for name in columns), default=0) * width > MOST_CHARACTERS
    axes.set_xticks(range(width), columns, rotation=90 if upright else 0)
    axes.set_yticks(range(size), names)
    axes.tick_params(length=0)
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(size - 0.5, -0.5)
    axes.spines[:].set_visible(False)


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)


def draw_edges(axes: Any, errors: pd.DataFrame, palette: Palette) -> None:
    """Draw how many starts and ends of spans are off by how many words, as bars side by side.

    Args:
        axes: where to draw; the legend is left to the caller.
        errors: what `edge_errors` returns; edges that are right are not drawn.
        palette: colours.
    """
    off = errors[errors.index != 0]
    places = np.arange(len(off), dtype=np.float64)
    styles = (("start", "main", "", -0.2), ("end", "second", "////", 0.2))
    for edge, colour, hatch, shift in styles:
        counts = off[edge].to_numpy()
        axes.bar(
            places + shift,
            counts,
            0.38,
            facecolor=palette[colour],
            edgecolor=palette["page"],
            linewidth=0.5,
            hatch=hatch,
            label=f"{edge} ({counts.sum():,} of {errors[edge].sum():,} spans)",
        )
    furthest = int(errors.index.max())
    names = [f"{abs(words)}{' or more' if abs(words) == furthest else ''}" for words in off.index]
    sides = ["early" if words < 0 else "late" for words in off.index]
    ticks = [f"{name}\n{side}" for name, side in zip(names, sides, strict=True)]
    axes.set_xticks(places, ticks)
    axes.set_xlabel("words too early or too late")
    axes.axvline(places.mean(), color=palette["muted"], linewidth=0.8, linestyle=":")
    axes.set_ylabel("spans")
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.set_major_formatter(lambda count, _: f"{int(count):,}")


def draw_skills(axes: Any, skills: pd.DataFrame, names: Sequence[str], palette: Palette) -> None:
    """Draw the skill of each annotator with its interval, and a tick where chance would be.

    Args:
        axes: where to draw; the legend is left to the caller.
        skills: columns `skill`, `low`, `high`, `chance` and `n_votes`, in the order from bottom to
            top.
        names: of the rows.
        palette: colours.
    """
    rows = np.arange(len(skills))
    reach = np.stack([skills["skill"] - skills["low"], skills["high"] - skills["skill"]])
    axes.errorbar(
        skills["skill"],
        rows,
        xerr=np.clip(reach, 0, None),
        fmt="o",
        markersize=5,
        capsize=3,
        color=palette["main"],
        elinewidth=1,
        label="estimate with 95% interval",
    )
    axes.plot(
        skills["chance"], rows, "|", markersize=11, color=palette["ink"], label="by chance alone"
    )
    axes.set_yticks(rows, names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.6, len(skills) - 0.4)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_xlabel("share of right votes")
    axes.grid(axis="x", color=palette["line"], linewidth=0.5)


def draw_intervals(
    axes: Any,
    xs: Sequence[float],
    estimates: Sequence[Estimate],
    name: str,
    style: Mapping[str, Any],
) -> None:
    """Draw estimates with their intervals as a line with error bars."""
    values = np.array([estimate.value for estimate in estimates])
    reach = np.array(
        [(estimate.value - estimate.low, estimate.high - estimate.value) for estimate in estimates]
    )
    axes.errorbar(
        xs,
        values,
        yerr=np.clip(reach.reshape(-1, 2).T, 0, None),
        label=name,
        capsize=3,
        markersize=5,
        linewidth=1.2,
        elinewidth=1,
        **style,
    )


def draw_histograms(
    axes: Any,
    series: Sequence[tuple[str, npt.NDArray[np.float64]]],
    lowest: float,
    palette: Palette,
) -> None:
    """Draw histograms of confidence side by side, as shares of each series.

    Args:
        axes: where to draw; the legend is left to the caller.
        series: names with the confidence of samples.
        lowest: the lowest possible confidence.
        palette: colours.
    """
    edges = np.linspace(lowest, 1, 11)
    width = np.diff(edges) / len(series)
    for number, (name, confidence) in enumerate(series):
        # A confidence of a hair below the lowest or above 1 belongs to the outer bars.
        counts = np.histogram(np.clip(confidence, lowest, 1), edges)[0]
        axes.bar(
            edges[:-1] + number * width,
            counts / max(len(confidence), 1),
            width,
            align="edge",
            facecolor=palette[("main", "second")[number % 2]],
            edgecolor=palette["page"],
            linewidth=0.5,
            hatch=("", "////")[number % 2],
            label=f"{name} (n = {len(confidence):,})",
        )
    axes.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
    axes.yaxis.set_major_formatter(lambda share, _: percent(share, 0))
    axes.set_xlabel("confidence: the probability of the label")
    axes.set_ylabel("share of samples")


def draw_reliability(
    axes: Any, series: Sequence[tuple[str, Calibration]], lowest: float, palette: Palette
) -> None:
    """Draw a reliability diagram: accuracy against confidence by bin, with intervals and n.

    Args:
        axes: where to draw; the legend is left to the caller.
        series: name of each reference and the calibration against it.
        lowest: the lowest possible confidence.
        palette: colours.
    """
    axes.plot((0, 1), (0, 1), color=palette["muted"], linewidth=0.8, linestyle=":")
    for number, (name, calibration) in enumerate(series):
        bins = [group for group in calibration.bins if not np.isnan(group.accuracy.low)]
        confidence = [group.confidence for group in bins]
        accuracy = [group.accuracy for group in bins]
        label = f"{name} (n = {calibration.accuracy.n:,})"
        draw_intervals(axes, confidence, accuracy, label, series_style(number, palette))
        _annotate_n(axes, confidence, accuracy, palette, above=number > 0)
    axes.set_xlim(max(0.0, lowest - 0.03), 1.02)
    axes.set_ylim(0, 1.06)
    axes.grid(axis="y", color=palette["line"])
    axes.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
    axes.yaxis.set_major_formatter(lambda share, _: percent(share, 0))
    axes.set_xlabel("mean confidence of a bin")
    axes.set_ylabel("accuracy")


def _annotate_n(
    axes: Any,
    xs: Sequence[float],
    estimates: Sequence[Estimate],
    palette: Palette,
    *,
    above: bool,
) -> None:
    for x, estimate in zip(xs, estimates, strict=True):
        axes.annotate(
            f"{estimate.n:,}",
            (x, estimate.high if above else estimate.low),
            xytext=(0, 4 if above else -4),
            textcoords="offset points",
            ha="center",
            va="bottom" if above else "top",
            fontsize=7.5,
            color=palette["muted"],
        )


def draw_growth(
    axes: Any,
    before: Sequence[float],
    added: Sequence[float],
    names: Sequence[str],
    palette: Palette,
) -> None:
    """Draw how coverage grows with each labeling function, from top to bottom.

    Args:
        axes: where to draw; the legend is left to the caller.
        before: share of the samples that the functions above cover.
        added: share that a function covers besides.
        names: of the functions.
        palette: colours.
    """
    rows = np.arange(len(names))
    edge = {"edgecolor": palette["page"], "linewidth": 0.5}
    axes.barh(rows, before, facecolor=palette["main"], label="covered by those above", **edge)
    axes.barh(
        rows,
        added,
        left=before,
        facecolor=palette["second"],
        hatch="////",
        label="covered by this one besides",
        **edge,
    )
    axes.set_yticks(rows, names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(lambda share, _: percent(share, 0))


def draw_accuracies(
    axes: Any, estimates: Sequence[Estimate], names: Sequence[str], palette: Palette
) -> None:
    """Draw the accuracy of voters with its interval, from top to bottom.

    Args:
        axes: where to draw.
        estimates: of each voter.
        names: of the voters.
        palette: colours.
    """
    rows = np.arange(len(names))
    values = np.array([estimate.value for estimate in estimates])
    reach = np.array([(one.value - one.low, one.high - one.value) for one in estimates])
    axes.errorbar(
        values,
        rows,
        xerr=np.clip(reach.reshape(-1, 2).T, 0, None),
        fmt="o",
        markersize=5,
        capsize=3,
        color=palette["main"],
        elinewidth=1,
    )
    axes.set_yticks(rows, names)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
    axes.grid(axis="x", color=palette["line"], linewidth=0.5)
