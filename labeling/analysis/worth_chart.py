"""The chart of a learning curve of gold labels beside the labeling functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from labeling.analysis.crossover import Comparison
from labeling.rendering.formatting import percent, whole
from labeling.rendering.svg import COLOURS, Svg, picture

BAND = 0.18  # opacity of the intervals


def worth_picture(comparison: Comparison, name: str = "worth") -> Svg:
    """Draw the learning curve, the quality of the functions, and where they cross.

    Args:
        comparison: both, by one measure.
        name: unique among the charts of the page.
    """
    description = (
        f"The curve of gold labels reaches the functions at {comparison.crossover}."
        " The table lists the same numbers."
    )

    def draw(axes: Any) -> None:
        _draw_curve(axes, comparison)
        _draw_rules(axes, comparison)
        _draw_crossover(axes, comparison)
        axes.set_xscale("log")
        _set_ticks(axes, comparison)
        axes.yaxis.set_major_formatter(lambda share, _: percent(share, 0))
        axes.set_xlabel("gold labels learned from")
        axes.set_ylabel(comparison.measure)
        axes.grid(axis="y", color=COLOURS["line"], linewidth=0.5)
        axes.figure.legend(loc="outside upper left")

    return picture(name, "What the labeling functions are worth", description, draw, 3.6)


def _draw_curve(axes: Any, comparison: Comparison) -> None:
    sizes = [point.n_labels for point in comparison.curve]
    quality = [point.quality for point in comparison.curve]
    axes.fill_between(
        sizes,
        [estimate.low for estimate in quality],
        [estimate.high for estimate in quality],
        facecolor=COLOURS["main"],
        alpha=BAND,
        linewidth=0,
    )
    axes.plot(
        sizes,
        [estimate.value for estimate in quality],
        color=COLOURS["main"],
        marker="o",
        markersize=4,
        linewidth=1.4,
        label=f"gold labels alone (n = {quality[0].n:,})",
    )


def _draw_rules(axes: Any, comparison: Comparison) -> None:
    rules = comparison.rules
    axes.axhspan(rules.low, rules.high, facecolor=COLOURS["second"], alpha=BAND, linewidth=0)
    axes.axhline(
        rules.value,
        color=COLOURS["second"],
        linestyle="--",
        linewidth=1.4,
        label=f"labeling functions, no gold label (n = {rules.n:,})",
    )


def _draw_crossover(axes: Any, comparison: Comparison) -> None:
    crossover = comparison.crossover
    ends = np.clip([crossover.low, crossover.high], crossover.fewest, crossover.most)
    level = comparison.rules.value
    axes.plot(
        ends,
        [level, level],
        color=COLOURS["ink"],
        linewidth=3,
        solid_capstyle="butt",
        label="where they cross, 95% interval",
    )
    if math.isfinite(crossover.value):
        axes.plot([crossover.value], [level], "D", markersize=7, color=COLOURS["ink"])


def _set_ticks(axes: Any, comparison: Comparison) -> None:
    sizes = [point.n_labels for point in comparison.curve]
    shown = [*sizes[:-1:2], sizes[-1]]
    if len(shown) > 2 and shown[-1] < 1.3 * shown[-2]:
        del shown[-2]
    axes.set_xticks(shown, [whole(size) for size in shown])
    axes.set_xticks([], minor=True)
