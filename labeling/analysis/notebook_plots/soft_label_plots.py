"""Plots of soft labels: confidence by gold, reliability diagram, confusion with examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.calibration import calibration
from labeling.analysis.charts import draw_histograms, draw_matrix, draw_reliability
from labeling.analysis.gold_comparison import INSTEAD
from labeling.analysis.metrics import scores
from labeling.analysis.notebook_plots.plot import Plot, short_names
from labeling.errors import counted
from labeling.records import (
    ABSTAIN,
    Gold,
    SoftLabels,
    Table,
    expect,
    gold_codes,
    one_label_only,
    require_column,
    with_id_index,
)
from labeling.records.estimates import proportion
from labeling.rendering import Cell, Excerpt, Part, Share
from labeling.rendering import Table as ShownTable
from labeling.rendering.formatting import percent
from labeling.rendering.palettes import Palette

BARS = 10
MOST_EXAMPLES = 3
"""Examples of each cell of a confusion matrix that are shown."""
MOST_CELLS = 12
"""Labels of a confusion matrix that is drawn; more could not be read."""

Floats = npt.NDArray[np.float64]


def confidence(soft: SoftLabels, gold: Gold | None = None) -> Plot:
    """Plot histograms of the confidence of covered samples: those that are right, and wrong.

    Args:
        soft: of a label model or an end model.
        gold: gold labels of some samples; without any, all covered samples are one histogram.
            Samples with a tie of the most probable labels are left out, and counted in a note.

    Returns:
        A plot with a row for each bar: `low`, `high` and the number of samples of each histogram.

    >>> from labeling.records import LabelSchema
    >>> schema = LabelSchema(["ham", "spam"])
    >>> soft = SoftLabels([[0.9, 0.1], [0.2, 0.8]], pd.Index([0, 1]), schema, [True, True])
    >>> confidence(soft, {0: "ham", 1: "ham"}).to_frame()[["right", "wrong"]].sum().tolist()
    [1, 1]
    """
    series, notes = _confidence_series(_of_one_label(soft), gold)
    lowest = 1 / len(soft.schema)
    edges = np.linspace(lowest, 1, BARS + 1)
    table = pd.DataFrame({"low": edges[:-1], "high": edges[1:]})
    for name, values in series:
        table[name] = np.histogram(np.clip(values, lowest, 1), edges)[0]
    means = "; ".join(
        f"{name}: {percent(float(np.sort(values).mean()))} (n = {len(values):,})"
        for name, values in series
        if len(values)
    )

    def draw(axes: Any, palette: Palette) -> None:
        draw_histograms(axes, series, lowest, palette)
        axes.figure.legend(loc="outside upper left", frameon=False)

    has_any = any(len(values) for _, values in series)
    title = f"Confidence on {counted(sum(len(values) for _, values in series), 'sample')}"
    words = f"Mean confidence of each group: {means}." if means else "There are no samples."
    return Plot(title, words, table, draw if has_any else None, 3.1, notes)


def _confidence_series(
    soft: SoftLabels, gold: Gold | None
) -> tuple[list[tuple[str, Floats]], tuple[str, ...]]:
    """Return the groups of samples with their confidence, and notes."""
    top = soft.confidence()
    truth = gold_codes(gold, soft.sample_ids, soft.schema)
    has_gold = (truth != ABSTAIN) & soft.covered
    if not has_gold.any():
        note = "No covered sample has a gold label." if gold is not None else "No gold labels."
        return [("covered samples", top[soft.covered])], (note,)
    codes = soft.codes()
    is_tied = has_gold & (codes == ABSTAIN)
    is_right = has_gold & (codes == truth)
    groups = [("right", top[is_right]), ("wrong", top[has_gold & ~is_right & ~is_tied])]
    ties = int(np.count_nonzero(is_tied))
    note = f"{counted(ties, 'sample')} with a tie of the most probable labels left out."
    return groups, (note,) if ties else ()


def reliability(soft: SoftLabels, gold: Gold) -> Plot:
    """Plot a reliability diagram: accuracy against confidence in bins, with 95 % intervals.

    Args:
        soft: of a label model or an end model.
        gold: gold labels of some samples; uncovered ones are left out.

    Returns:
        A plot with a row for each bin, of 30 samples or more: `low`, `high` and `confidence` (the
        mean), `accuracy` with `accuracy_low` and `accuracy_high`, and `n`.

    >>> from labeling.records import LabelSchema
    >>> schema = LabelSchema(["ham", "spam"])
    >>> soft = SoftLabels([[0.9, 0.1], [0.2, 0.8]], pd.Index([0, 1]), schema, [True, True])
    >>> reliability(soft, {0: "ham", 1: "ham"}).to_frame()[["accuracy", "n"]].values.tolist()
    [[0.5, 2.0]]
    """
    hits = scores(_of_one_label(soft), gold)
    hits = hits[soft.covered[soft.sample_ids.get_indexer(hits.index)]]
    found = calibration(soft.of_samples(hits.index).confidence(), hits.to_numpy())
    rows = [
        (group.low, group.high, group.confidence, right.value, right.low, right.high, right.n)
        for group in found.bins
        for right in (group.accuracy,)
    ]
    names = ["low", "high", "confidence", "accuracy", "accuracy_low", "accuracy_high", "n"]

    def draw(axes: Any, palette: Palette) -> None:
        draw_reliability(axes, [("gold labels", found)], 1 / len(soft.schema), palette)
        axes.figure.legend(loc="outside upper left", frameon=False)

    bias = {"over": "over-confident", "under": "under-confident"}.get(found.bias, "calibrated")
    words = "No covered sample has a gold label."
    if rows:
        words = (
            f"Mean confidence {percent(found.confidence)}, accuracy {found.accuracy}: {bias}"
            " as far as these samples show. On the dotted line confidence equals accuracy."
        )
    title = f"Reliability on {counted(len(hits), 'gold label')}"
    table = pd.DataFrame(rows, columns=names)
    return Plot(title, words, table, draw if rows else None, 3.4, (words,))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ConfusionExamples(Plot):
    """A confusion matrix, and the samples behind each of its cells; made by `confusion`.

    Attributes:
        rows: index = sample id; `gold`, `label` (the most probable one), `confidence` and, where a
            text was named, `text`; the most confident first, ties by id.
    """

    rows: pd.DataFrame = field(default_factory=pd.DataFrame)

    def examples(self, gold: str, label: str) -> pd.DataFrame:
        """Return the samples of a cell, the most confident first.

        Args:
            gold: the gold label.
            label: the most probable label.
        """
        is_in_cell = (self.rows["gold"] == gold) & (self.rows["label"] == label)
        return self.rows[is_in_cell]

    def _further(self) -> tuple[Part, ...]:
        shown: list[tuple[Cell, ...]] = []
        cells = self.rows.groupby(["gold", "label"], sort=True)
        wrong_first = sorted(
            cells, key=lambda cell: (cell[0][0] == cell[0][1], -len(cell[1]), cell[0])
        )
        for (gold, label), found in wrong_first[: 2 * MOST_CELLS]:
            of_gold = int((self.rows["gold"] == gold).sum())
            share: Cell = Share(len(found) / of_gold, of_gold)
            for number, row in enumerate(found[:MOST_EXAMPLES].itertuples(index=True, name=None)):
                sample_id, _, _, top, *text = row
                count = (len(found), share) if number == 0 else ("", "")
                words = (Excerpt(str(text[0])),) if text else ()
                head = (Excerpt(str(gold)), Excerpt(str(label))) if number == 0 else ("", "")
                shown.append((*head, *count, Excerpt(str(sample_id)), float(top), *words))
        if not shown:
            return ()
        has_text = "text" in self.rows
        headings = ("gold", "label", "samples", "share of the gold label", "example", "confidence")
        caption = f"The {MOST_EXAMPLES} most confident examples of each cell, mistakes first."
        return (ShownTable((*headings, "text") if has_text else headings, tuple(shown), caption),)


def confusion(
    soft: SoftLabels,
    gold: Gold,
    *,
    samples: Table | None = None,
    text: str | None = None,
    id: str | None = None,
) -> ConfusionExamples:
    """Plot the confusion matrix of the most probable labels, with examples of each cell.

    Args:
        soft: of a label model or an end model.
        gold: gold labels of some samples. Uncovered samples, and those with a tie of the most
            probable labels, are in no cell; a note has their number.
        samples: the samples, for the texts of the examples.
        text: the column of their text; `None` takes "text" where there is such a column.
        id: the column of the samples' ids; `None` takes the index.

    Returns:
        A plot with the counts, gold labels in rows and most probable labels in columns, and
        `examples(gold, label)`.

    Raises:
        DataError: the samples have no such column, or ids are not unique.

    >>> from labeling.records import LabelSchema
    >>> schema = LabelSchema(["ham", "spam"])
    >>> soft = SoftLabels([[0.9, 0.1], [0.2, 0.8]], pd.Index(["a", "b"]), schema, [True, True])
    >>> found = confusion(soft, {"a": "ham", "b": "ham"})
    >>> found.to_frame().values.tolist(), found.examples("ham", "spam").index.tolist()
    ([[1, 1], [0, 0]], ['b'])
    """
    rows, n_without = _decided(_of_one_label(soft), gold)
    if samples is not None:
        frame = with_id_index(samples, id)
        column = text or ("text" if "text" in frame else None)
        if column is not None:
            require_column(frame, column, "the texts of examples")
            rows["text"] = frame[column].reindex(rows.index).astype(object)
    labels = list(soft.schema.labels)
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(counts, tuple(rows[name].map(soft.schema.index) for name in ("gold", "label")), 1)
    table = pd.DataFrame(counts, pd.Index(labels, name="gold", dtype=object), labels)
    right = int(np.trace(counts))
    words = f"{right:,} of {counted(len(rows), 'sample')} are labeled as by gold"
    words += f": {proportion(right, len(rows))}." if len(rows) else "."
    notes = [words]
    if n_without:
        notes.append(
            f"{counted(n_without, 'sample')} with a gold label left out: uncovered, or a tie."
        )
    has_room = len(labels) <= MOST_CELLS
    draw = _draw_counts(counts, labels) if len(rows) and has_room else None
    if not has_room:
        notes.append(f"The matrix of more than {MOST_CELLS} labels is not drawn.")
    title = f"Confusion on {counted(len(rows), 'gold label')}"
    height = 1.7 + 0.45 * len(labels)
    return ConfusionExamples(title, words, table, draw, height, tuple(notes), rows)


def _decided(soft: SoftLabels, gold: Gold) -> tuple[pd.DataFrame, int]:
    """Return samples with gold and a decided label, most confident first, and n of the others."""
    truth = gold_codes(gold, soft.sample_ids, soft.schema)
    codes = soft.codes()
    has_both = (truth != ABSTAIN) & (codes != ABSTAIN)
    names = np.array(soft.schema.labels, dtype=object)
    frame = pd.DataFrame(
        {
            "gold": names[truth[has_both]],
            "label": names[codes[has_both]],
            "confidence": soft.confidence()[has_both],
        },
        index=soft.sample_ids[has_both],
    )
    ids, top = list(map(str, frame.index)), frame["confidence"].tolist()
    order = sorted(range(len(frame)), key=lambda row: (-top[row], ids[row]))
    return frame.iloc[order], int(np.count_nonzero(truth != ABSTAIN)) - len(frame)


def _draw_counts(counts: npt.NDArray[np.int64], labels: list[str]) -> Any:
    totals = counts.sum(axis=1)
    shares = counts / np.maximum(totals[:, None], 1)
    words = [
        [f"{n:,}\n{100 * share:.0f} %" for n, share in zip(*row, strict=True)]
        for row in zip(counts.tolist(), shares.tolist(), strict=True)
    ]
    names = short_names(labels, 14)

    def draw(axes: Any, palette: Palette) -> None:
        draw_matrix(axes, shares, words, names, palette)
        rows = [f"{name}\nn = {n:,}" for name, n in zip(names, totals.tolist(), strict=True)]
        axes.set_yticks(range(len(names)), rows)
        axes.set_xlabel("most probable label")
        axes.set_ylabel("gold label")

    return draw


def _of_one_label(soft: SoftLabels) -> SoftLabels:
    return expect(one_label_only(soft, "A plot of soft labels", INSTEAD), SoftLabels, "`soft`")
