"""Charts as inline SVG, for the report and for notebooks.

Each can be read in greyscale and has a text description.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.calibration import Calibration
from labeling.analysis.charts import (
    draw_cost,
    draw_coverage,
    draw_edges,
    draw_histograms,
    draw_matrix,
    draw_reliability,
    draw_skills,
)
from labeling.records.estimates import Estimate
from labeling.rendering.formatting import cleaned, clipped, percent, whole
from labeling.rendering.svg import COLOURS, Svg, picture

MOST_BARS = 40
MOST_CHARACTERS = 45  # of the names side by side below a matrix whose rows have long names
ROOMY = 8  # rows of a matrix whose cells have room for two lines


def length_picture(counts: npt.NDArray[np.int64], edges: npt.NDArray[np.float64]) -> Svg:
    """Draw a histogram of text lengths."""

    def draw(axes: Any) -> None:
        axes.bar(edges[:-1], counts, np.diff(edges), align="edge", **_filled("main"))
        axes.set_xlabel("characters")
        axes.set_ylabel("samples")
        axes.yaxis.set_major_formatter(lambda count, _: whole(count))
        axes.xaxis.set_major_formatter(lambda count, _: whole(count))

    peak = int(counts.argmax())
    description = f"Most texts have {edges[peak]:.0f} to {edges[peak + 1]:.0f} characters."
    return picture("lengths", "Length of the texts", description, draw, 2.5)


def coverage_picture(table: pd.DataFrame, n: int) -> Svg:
    """Draw the coverage of each labeling function, and how much of it conflicts with others.

    Args:
        table: what `lf_summary` returns; the `MOST_BARS` functions with most coverage are drawn.
        n: number of samples.
    """
    ranked = table.sort_values("coverage", kind="stable").tail(MOST_BARS)
    names = [clipped(cleaned(str(name)), 24) for name in ranked.index]

    def draw(axes: Any) -> None:
        draw_coverage(axes, ranked, n, COLOURS, names)
        axes.spines["left"].set_visible(False)
        axes.figure.legend(loc="outside upper left", ncols=1, reverse=False)

    description = "Coverage as bars, conflicts hatched in front of them; the table has the numbers."
    title = "Coverage and conflicts of the labeling functions"
    return picture("coverage", title, description, draw, 1.15 + 0.235 * len(ranked))


def places_picture(table: pd.DataFrame, places: Sequence[str]) -> Svg:
    """Draw how the spans of each labeling function lie to gold spans, as shares of its spans.

    Args:
        table: what `lf_summary` returns of spans with gold labels, without functions that have no
            such spans; the `MOST_BARS` first are drawn.
        places: the columns to draw, from left to right, five at most.
    """
    shown = table.head(MOST_BARS).iloc[::-1]
    counts = (shown["correct"] + shown["incorrect"]).tolist()
    pairs = zip(shown.index, counts, strict=True)
    names = [f"{clipped(cleaned(str(name)), 24)} (n = {n:,})" for name, n in pairs]
    styles = (
        ("main", ""),
        ("main", "////"),
        ("second", r"\\\\"),
        ("second", "xxxx"),
        ("page", ""),
    )

    def draw(axes: Any) -> None:
        rows, left = np.arange(len(shown)), np.zeros(len(shown))
        for place, (colour, hatch) in zip(places, styles, strict=False):
            edge = "muted" if colour == "page" else "page"
            style = {"facecolor": COLOURS[colour], "edgecolor": COLOURS[edge], "hatch": hatch}
            axes.barh(rows, shown[place], left=left, label=place, linewidth=0.5, **style)
            left = left + shown[place].to_numpy(np.float64)
        axes.set_yticks(rows, names)
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(lambda share, _: percent(share, 0))
        axes.set_xlabel("share of its spans")
        axes.spines["left"].set_visible(False)
        axes.figure.legend(loc="outside upper left", ncols=3)

    title = "How the spans of labeling functions lie to true spans"
    description = "The table lists the same shares."
    return picture("places", title, description, draw, 1.3 + 0.235 * len(shown))


def confidence_picture(series: Sequence[tuple[str, npt.NDArray[np.float64]]], lowest: float) -> Svg:
    """Draw histograms of the confidence of models.

    Args:
        series: name of each model and its confidence for the samples that it labels.
        lowest: the lowest possible confidence.
    """

    def draw(axes: Any) -> None:
        draw_histograms(axes, series, lowest, COLOURS)
        axes.figure.legend(loc="outside upper left")

    means = "; ".join(
        f"{name}: {percent(float(np.mean(confidence)), 0)} on average"
        for name, confidence in series
        if len(confidence)
    )
    return picture("confidence", "Confidence of the models", means or "No data yet.", draw, 3.1)


def reliability_picture(series: Sequence[tuple[str, Calibration]], lowest: float) -> Svg:
    """Draw a reliability diagram: accuracy against confidence by bin, with intervals.

    Args:
        series: name of each reference and the calibration against it.
        lowest: the lowest possible confidence.
    """

    def draw(axes: Any) -> None:
        draw_reliability(axes, series, lowest, COLOURS)
        axes.figure.legend(loc="outside upper left")

    description = "On the dotted line confidence equals accuracy. The bins are listed below."
    return picture("reliability", "Reliability diagram", description, draw, 3.4)


def cost_picture(
    curves: Mapping[str, Sequence[tuple[int, Estimate]]], measure: str = "accuracy"
) -> Svg:
    """Draw label quality, as this measure, against human votes spent, with intervals."""

    def draw(axes: Any) -> None:
        draw_cost(axes, curves, COLOURS)
        axes.set_xlabel("human votes spent before")
        axes.set_ylabel(measure)
        axes.figure.legend(loc="outside upper left")

    title = "Label quality against human votes spent"
    return picture("spending", title, "The tables list the same numbers.", draw, 3.3)


def pair_picture(
    percent: pd.DataFrame, common: pd.DataFrame, title: str = "Percent agreement"
) -> Svg:
    """Draw the agreement of each two annotators, in percent, and their common samples.

    Args:
        percent: what `pair_matrix` returns for "percent".
        common: the same for "n"; it is written only where the cells have room for it.
        title: what is drawn of each two annotators.
    """
    shades = percent.to_numpy(np.float64)
    has_room = len(percent) <= ROOMY
    words = [
        [_pair_words(share, n if has_room else None) for share, n in zip(*row, strict=True)]
        for row in zip(shades.tolist(), common.to_numpy().tolist(), strict=True)
    ]
    longest = 22 if has_room else 14
    names = [clipped(cleaned(str(name)), longest) for name in percent.columns]

    def draw(axes: Any) -> None:
        draw_matrix(axes, shades, words, names, COLOURS)

    height = _side(len(names)) * (1.25 if has_room else 1)
    return picture(
        "pairs",
        f"{title} of each two annotators",
        "The table lists the same numbers.",
        draw,
        height,
    )


def _pair_words(share: float, n: int | None) -> str:
    if np.isnan(share):
        return ""
    return f"{100 * share:.0f}" if n is None else f"{100 * share:.0f}\nn = {n}"


def label_confusion_picture(coincidences: pd.DataFrame) -> Svg:
    """Draw of those who gave a label how often another annotator gave which label, in percent.

    Args:
        coincidences: what `label_coincidences` returns, or a part of it.
    """
    counts = coincidences.to_numpy(np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    words = [[f"{100 * share:.0f}" for share in row] for row in shares]
    names = [clipped(cleaned(str(name)), 14) for name in coincidences.columns]
    totals = coincidences.sum(axis=1).tolist()

    def draw(axes: Any) -> None:
        draw_matrix(axes, shares, words, names, COLOURS)
        rows = [f"{name}\nn = {n:,}" for name, n in zip(names, totals, strict=True)]
        axes.set_yticks(range(len(names)), rows)
        axes.set_xlabel("label of another annotator")
        axes.set_ylabel("label of an annotator")

    title = "Which labels annotators confuse"
    description = "The table lists the pairs of labels with their numbers."
    return picture("confused", title, description, draw, _side(len(names)))


def type_confusion_picture(counts: pd.DataFrame, name: str, whose: str) -> Svg:
    """Draw which labels of spans are taken for which, in percent of the rows.

    Args:
        counts: what `span_confusion` returns, or a part of it with the same labels in both.
        name: of the picture, unique on its page.
        whose: labels are compared with the true ones, such as "models".
    """
    table = counts.to_numpy(np.float64)
    totals = table.sum(axis=1, keepdims=True)
    shares = np.where(totals > 0, table / np.maximum(totals, 1), np.nan)
    words = [["" if np.isnan(share) else f"{100 * share:.0f}" for share in row] for row in shares]
    names = [clipped(cleaned(str(label)), 14) for label in counts.columns]
    rows = [f"{label}\nn = {int(n):,}" for label, n in zip(names, totals[:, 0], strict=True)]
    is_crowded = max(map(len, names)) * len(names) > MOST_CHARACTERS

    def draw(axes: Any) -> None:
        draw_matrix(axes, shares, words, names, COLOURS)
        axes.tick_params(axis="x", labelrotation=90 if is_crowded else 0)
        axes.set_yticks(range(len(names)), rows)
        axes.set_xlabel(f"label of the {whose}")
        axes.set_ylabel("true label")

    title = f"Which labels the {whose} confuse"
    return picture(name, title, "The table lists the counts.", draw, _side(len(names)))


def edge_picture(errors: pd.DataFrame, name: str) -> Svg:
    """Draw by how many words the starts and the ends of spans are off.

    Args:
        errors: what `edge_errors` returns.
        name: of the picture, unique on its page.
    """

    def draw(axes: Any) -> None:
        draw_edges(axes, errors, COLOURS)
        axes.figure.legend(loc="outside upper left")

    title = "Edges of spans that are off"
    return picture(name, title, "The table lists the same numbers.", draw, 2.9)


def skill_picture(skills: pd.DataFrame) -> Svg:
    """Draw the skill of each annotator with its interval, from what `AnnotatorModel.skills` has."""
    names = [
        f"{clipped(cleaned(str(name)), 24)} (n = {n:,})"
        for name, n in zip(skills.index, skills["n_votes"], strict=True)
    ]

    def draw(axes: Any) -> None:
        draw_skills(axes, skills.iloc[::-1], names[::-1], COLOURS)
        axes.spines["left"].set_visible(False)
        axes.figure.legend(loc="outside upper left")

    description = "The table of the annotators lists the same numbers."
    return picture("skills", "Skill of annotators", description, draw, 1.2 + 0.27 * len(skills))


def _side(size: int) -> float:
    """Return the height of a matrix of so many rows, in inches."""
    return 1.3 + 0.32 * size


def _filled(colour: str) -> dict[str, Any]:
    return {"facecolor": COLOURS[colour], "edgecolor": COLOURS["page"], "linewidth": 0.5}
