"""The report's charts; each can be read in greyscale and without seeing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import Markup

from labeling.analysis import Estimate
from labeling.analysis.calibration import Calibration
from labeling.report.formatting import cleaned, clipped, percent, whole
from labeling.report.svg import COLOURS, picture

MOST_BARS = 40
LOOKS: tuple[dict[str, Any], ...] = (
    {"color": COLOURS["main"], "marker": "o", "linestyle": "-"},
    {"color": COLOURS["second"], "marker": "s", "linestyle": "--"},
)
"""How series differ: in colour, marker and line, so that any one of them is enough."""


def length_picture(counts: npt.NDArray[np.int64], edges: npt.NDArray[np.float64]) -> Markup:
    """Draw how long texts are."""

    def draw(axes: Any) -> None:
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", **_filled("main"))
        axes.set_xlabel("characters")
        axes.set_ylabel("samples")
        axes.yaxis.set_major_formatter(lambda count, _: whole(count))
        axes.xaxis.set_major_formatter(lambda count, _: whole(count))

    peak = int(counts.argmax())
    told = f"Most texts have {edges[peak]:.0f} to {edges[peak + 1]:.0f} characters."
    return picture("lengths", "How long the texts are", told, draw, 2.5)


def coverage_picture(table: pd.DataFrame, n: int) -> Markup:
    """Draw each labeling function's coverage, and how much of it others contradict.

    Args:
        table: what `lf_summary` returns; the `MOST_BARS` with most coverage are drawn.
        n: how many samples its shares are of.
    """
    ranked = table.sort_values("coverage", kind="stable").tail(MOST_BARS)

    def draw(axes: Any) -> None:
        rows = np.arange(len(ranked))
        axes.barh(rows, ranked["coverage"], **_filled("main"), label="votes on")
        axes.barh(
            *(rows, ranked["conflicts"]),
            **_filled("second"), hatch="////", label="of these another says something else",
        )  # fmt: skip
        axes.set_yticks(rows, [clipped(cleaned(str(name)), 24) for name in ranked.index])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-0.6, len(ranked) - 0.4)
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
        axes.set_xlabel(f"share of {n:,} samples")
        axes.figure.legend(loc="outside upper left", ncols=1, reverse=False)

    told = (
        "The same numbers are in the table: coverage as bars, conflicts hatched in front of them."
    )
    title = "Coverage and conflicts of the labeling functions"
    return picture("coverage", title, told, draw, 1.15 + 0.235 * len(ranked))


def confidence_picture(
    series: Sequence[tuple[str, npt.NDArray[np.float64]]], lowest: float
) -> Markup:
    """Draw how sure models are, as shares of the samples they speak of."""
    edges = np.linspace(lowest, 1, 11)

    def draw(axes: Any) -> None:
        width = np.diff(edges) / len(series)
        for place, (name, confidence) in enumerate(series):
            counts = np.histogram(confidence, edges)[0]
            axes.bar(
                *(edges[:-1] + place * width, counts / max(len(confidence), 1), width),
                align="edge", **_filled(("main", "second")[place % 2]),
                hatch=("", "////")[place % 2], label=f"{name} (n = {len(confidence):,})",
            )  # fmt: skip
        axes.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
        axes.yaxis.set_major_formatter(lambda share, _: percent(share, 0))
        axes.set_xlabel("confidence: the probability of the label")
        axes.set_ylabel("share of samples")
        axes.figure.legend(loc="outside upper left")

    means = "; ".join(
        f"{name}: {percent(float(np.mean(one)), 0)} on average" for name, one in series if len(one)
    )
    return picture("confidence", "How sure the models are", means or "Nothing yet.", draw, 3.1)


def reliability_picture(series: Sequence[tuple[str, Calibration]], lowest: float) -> Markup:
    """Draw confidence against the share that is right, bin by bin, with intervals."""

    def draw(axes: Any) -> None:
        span = (max(0.0, lowest - 0.03), 1.02)
        axes.plot((0, 1), (0, 1), color=COLOURS["muted"], linewidth=0.8, linestyle=":")
        for look, (name, found) in zip(LOOKS, series, strict=False):
            shown = [one for one in found.bins if not np.isnan(one.right.low)]
            said, right = [one.said for one in shown], [one.right for one in shown]
            _with_intervals(axes, said, right, look, f"{name} (n = {found.right.n:,})")
            _with_n(axes, said, right, above=look is not LOOKS[0])
        axes.set_xlim(*span)
        axes.set_ylim(0, 1.06)
        axes.grid(axis="y")
        axes.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
        axes.yaxis.set_major_formatter(lambda share, _: percent(share, 0))
        axes.set_xlabel("confidence, mean of a bin")
        axes.set_ylabel("share that is right")
        axes.figure.legend(loc="outside upper left")

    told = "On the dotted line a model is right as often as it says. Bins and numbers are below."
    return picture("reliability", "Confidence against being right", told, draw, 3.4)


def spending_picture(curves: Sequence[tuple[str, Sequence[tuple[int, Estimate]]]]) -> Markup:
    """Draw how right labels are against the human votes spent, with intervals."""

    def draw(axes: Any) -> None:
        width = max((spent for _, points in curves for spent, _ in points), default=0)
        for place, (look, (name, points)) in enumerate(zip(LOOKS, curves, strict=False)):
            shown = [one for one in points if not np.isnan(one[1].low)]
            # Side by side: of two intervals at one place only the upper could be read.
            spent, found = (
                [one[0] + 0.012 * width * place for one in shown],
                [one[1] for one in shown],
            )
            _with_intervals(axes, spent, found, look, name)
        axes.set_xlabel("human votes spent before")
        axes.set_ylabel("share that is right")
        axes.grid(axis="y")
        axes.xaxis.set_major_formatter(lambda count, _: whole(count))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.yaxis.set_major_formatter(lambda share, _: percent(share, 0))
        axes.figure.legend(loc="outside upper left")

    title = "Label quality against human votes spent"
    return picture("spending", title, "The same numbers are in the tables.", draw, 3.3)


def _filled(colour: str) -> dict[str, Any]:
    return {"facecolor": COLOURS[colour], "edgecolor": COLOURS["page"], "linewidth": 0.5}


def _with_n(axes: Any, xs: Sequence[float], found: Sequence[Estimate], *, above: bool) -> None:
    for x, one in zip(xs, found, strict=True):
        axes.annotate(
            *(f"{one.n:,}", (x, one.high if above else one.low)),
            xytext=(0, 4 if above else -4), textcoords="offset points",
            ha="center", va="bottom" if above else "top", fontsize=7.5, color=COLOURS["muted"],
        )  # fmt: skip


def _with_intervals(
    axes: Any, xs: Sequence[float], found: Sequence[Estimate], look: dict[str, Any], name: str
) -> None:
    values = np.array([one.value for one in found])
    reach = np.array([(one.value - one.low, one.high - one.value) for one in found]).reshape(-1, 2)
    axes.errorbar(
        *(xs, values), yerr=np.clip(reach.T, 0, None), label=name, capsize=3, markersize=5,
        linewidth=1.2, elinewidth=1, **look,
    )  # fmt: skip
