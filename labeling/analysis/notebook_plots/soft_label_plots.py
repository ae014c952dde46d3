"""Plots of soft labels: confidence by gold, reliability diagram, confusion with examples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from labeling.analysis.calibration import calibration
from labeling.analysis.charts import draw_histograms, draw_matrix, draw_reliability
from labeling.analysis.notebook_plots.confusion_kinds import Confused, confused
from labeling.analysis.notebook_plots.plot import Plot, short_names
from labeling.analysis.notebook_plots.soft_kinds import confidences, hits
from labeling.errors import counted
from labeling.records import AnySoft, Gold, Table, require_column, with_id_index
from labeling.rendering import Cell, Excerpt, Part, Share
from labeling.rendering import Table as ShownTable
from labeling.rendering.formatting import percent
from labeling.rendering.palettes import Palette

BARS = 10
MOST_EXAMPLES = 3
"""Examples of each cell of a confusion matrix that are shown."""
MOST_CELLS = 12
"""Labels of a confusion matrix that is drawn; more could not be read."""


def confidence(soft: AnySoft, gold: Gold | None = None) -> Plot:
    """Plot histograms of the confidence of covered samples: those that are right, and wrong.

    Of spans it is the probability of the label of each candidate, and of sets that of each label of
    which anything was said, in two histograms: those in gold, and those not in gold.

    Args:
        soft: of a label model or an end model, of any kind.
        gold: gold labels of some samples; without any, all covered samples are one histogram.
            Samples with a tie of the most probable labels are left out, and counted in a note.

    Returns:
        A plot with a row for each bar: `low`, `high` and the number of samples of each histogram.

    >>> from labeling.records import LabelSchema, SoftLabels
    >>> schema = LabelSchema(["ham", "spam"])
    >>> soft = SoftLabels([[0.9, 0.1], [0.2, 0.8]], pd.Index([0, 1]), schema, [True, True])
    >>> confidence(soft, {0: "ham", 1: "ham"}).to_frame()[["right", "wrong"]].sum().tolist()
    [1, 1]
    """
    found = confidences(soft, gold)
    series, lowest, wording = found.series, found.lowest, found.wording
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
        axes.set_ylabel(f"share of {wording.units}")
        axes.figure.legend(loc="outside upper left", frameon=False)

    n = sum(len(values) for _, values in series)
    title = f"Confidence on {counted(n, wording.unit, wording.units)}"
    words = (
        f"Mean confidence of each group: {means}." if means else f"There are no {wording.units}."
    )
    return Plot(title, words, table, draw if n else None, 3.1, found.notes)


def reliability(soft: AnySoft, gold: Gold) -> Plot:
    """Plot a reliability diagram: accuracy against confidence in bins, with 95 % intervals.

    Of spans the probability of each candidate's label is compared with the share that are gold
    spans, and of sets that of each label with the share of the samples that have it by gold.
    Intervals take candidates, and labels, as independent, which those of one sample are not quite.

    Args:
        soft: of a label model or an end model, of any kind.
        gold: gold labels of some samples; uncovered ones are left out.

    Returns:
        A plot with a row for each bin, of 30 samples or more: `low`, `high` and `confidence` (the
        mean), `accuracy` with `accuracy_low` and `accuracy_high`, and `n`.

    >>> from labeling.records import LabelSchema, SoftLabels
    >>> schema = LabelSchema(["ham", "spam"])
    >>> soft = SoftLabels([[0.9, 0.1], [0.2, 0.8]], pd.Index([0, 1]), schema, [True, True])
    >>> reliability(soft, {0: "ham", 1: "ham"}).to_frame()[["accuracy", "n"]].values.tolist()
    [[0.5, 2.0]]
    """
    given = hits(soft, gold)
    wording = given.wording
    found = calibration(given.confidence, given.right)
    rows = [
        (group.low, group.high, group.confidence, right.value, right.low, right.high, right.n)
        for group in found.bins
        for right in (group.accuracy,)
    ]
    names = ["low", "high", "confidence", "accuracy", "accuracy_low", "accuracy_high", "n"]

    def draw(axes: Any, palette: Palette) -> None:
        draw_reliability(axes, [(wording.golds, found)], given.lowest, palette)
        axes.set_ylabel(wording.axis)
        axes.figure.legend(loc="outside upper left", frameon=False)

    bias = {"over": "over-confident", "under": "under-confident"}.get(found.bias, "calibrated")
    words = wording.no_gold
    if rows:
        words = (
            f"Mean confidence {percent(found.confidence)}, {wording.right} {found.accuracy}: {bias}"
            f" as far as these {wording.units} show. On the dotted line confidence equals"
            f" {wording.right}."
        )
    title = f"Reliability on {counted(len(given.right), wording.gold, wording.golds)}"
    table = pd.DataFrame(rows, columns=names)
    notes = (words, *given.notes)
    return Plot(title, words, table, draw if rows else None, 3.4, notes)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ConfusionExamples(Plot):
    """A confusion matrix, and the samples behind each of its cells; made by `confusion`.

    Attributes:
        rows: index = sample id; `gold`, `label` (the most probable one), `confidence` and, where a
            text was named, `text`; the most confident first, ties by id. Of spans there is a row
            for each place with a gold or chosen span, with its `start` and `end`, and of sets one
            for each label of a sample; "(none)" stands where gold or the model has none.
        unit: what is counted, in the plural.
    """

    rows: pd.DataFrame = field(default_factory=pd.DataFrame)
    unit: str = "samples"

    def examples(self, gold: str, label: str) -> pd.DataFrame:
        """Return the samples of a cell, the most confident first.

        Args:
            gold: the gold label; of spans and sets "(none)" for what is not in gold.
            label: the most probable label; of spans and sets "(none)" for what was missed.
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
                sample_id, _, _, top, *further = row
                count = (len(found), share) if number == 0 else ("", "")
                head = (Excerpt(str(gold)), Excerpt(str(label))) if number == 0 else ("", "")
                cells_of_row = (Excerpt(str(sample_id)), _confidence(top), *map(_cell, further))
                shown.append((*head, *count, *cells_of_row))
        if not shown:
            return ()
        headings = ("gold", "label", self.unit, "share of the gold label", "example", "confidence")
        caption = f"The {MOST_EXAMPLES} most confident examples of each cell, mistakes first."
        return (ShownTable((*headings, *self.rows.columns[3:]), tuple(shown), caption),)


def _confidence(p: float) -> float | None:
    return None if np.isnan(p) else float(p)


def _cell(value: Any) -> Cell:
    return int(value) if isinstance(value, (int, np.integer)) else Excerpt(str(value))


def confusion(
    soft: AnySoft,
    gold: Gold,
    *,
    samples: Table | None = None,
    text: str | None = None,
    id: str | None = None,
) -> ConfusionExamples:
    """Plot the confusion matrix of the most probable labels, with examples of each cell.

    Of spans the labels of chosen and gold spans with the same edges are counted; one without a
    partner is "(none)" on the other side, so that a wrong edge counts twice. Of sets the numbers of
    each label are counted that are right, missed and extra.

    Args:
        soft: of a label model or an end model, of any kind.
        gold: gold labels of some samples. Uncovered samples, and those with a tie of the most
            probable labels, are in no cell; a note has their number.
        samples: the samples, for the texts of the examples; of spans the part around the span.
        text: the column of their text; `None` takes "text" where there is such a column.
        id: the column of the samples' ids; `None` takes the index.

    Returns:
        A plot with the counts, gold labels in rows and most probable labels in columns, and
        `examples(gold, label)`.

    Raises:
        DataError: the samples have no such column, or ids are not unique.

    >>> from labeling.records import LabelSchema, SoftLabels
    >>> schema = LabelSchema(["ham", "spam"])
    >>> soft = SoftLabels([[0.9, 0.1], [0.2, 0.8]], pd.Index(["a", "b"]), schema, [True, True])
    >>> found = confusion(soft, {"a": "ham", "b": "ham"})
    >>> found.to_frame().values.tolist(), found.examples("ham", "spam").index.tolist()
    ([[1, 1], [0, 0]], ['b'])

    Of spans:

    >>> from labeling.label_models import SpanModel
    >>> from labeling.records import SpanVotes
    >>> marked = pd.DataFrame(
    ...     {"sample": "a", "voter": "caps", "start": [0, 8], "end": [3, 11], "label": "PER"}
    ... )
    >>> votes = SpanVotes.from_frame(marked, schema=LabelSchema(["PER"], kind="spans"))
    >>> soft = SpanModel().fit(votes).predict(votes)
    >>> confusion(soft, {"a": [(0, 3, "PER")]}).to_frame()
            PER  (none)
    gold
    PER       1       0
    (none)    1       0
    """
    found = confused(soft, gold)
    rows = found.rows
    if samples is not None:
        frame = with_id_index(samples, id)
        column = text or ("text" if "text" in frame else None)
        if column is not None:
            require_column(frame, column, "the texts of examples")
            rows = _with_texts(found, frame[column])
    has_room = len(found.table) <= MOST_CELLS
    notes = found.notes
    if not has_room:
        notes += (f"The matrix of more than {MOST_CELLS} labels is not drawn.",)
    draw = _draw_counts(found) if len(rows) and has_room else None
    height = 1.7 + 0.45 * len(found.table)
    words = notes[0]
    return ConfusionExamples(
        found.title, words, found.table, draw, height, notes, rows, found.units
    )


def _with_texts(found: Confused, texts: pd.Series) -> pd.DataFrame:
    given = texts.reindex(found.rows.index).astype(object)
    shown = [
        found.excerpt(text, row) if isinstance(text, str) else text
        for text, row in zip(given.tolist(), found.rows.itertuples(), strict=True)
    ]
    return found.rows.assign(text=pd.Series(shown, index=found.rows.index, dtype=object))


def _draw_counts(found: Confused) -> Any:
    counts, shares = found.table.to_numpy(), found.shares
    words = [
        ["" if np.isnan(share) else f"{n:,}\n{100 * share:.0f} %" for n, share in pairs]
        for pairs in (zip(*row, strict=True) for row in zip(counts, shares, strict=True))
    ]
    names, columns = short_names(found.table.index, 14), short_names(found.table.columns, 14)
    totals = counts.sum(axis=1).tolist()

    def draw(axes: Any, palette: Palette) -> None:
        draw_matrix(axes, shares, words, names, palette, columns)
        rows = [f"{name}\nn = {n:,}" for name, n in zip(names, totals, strict=True)]
        axes.set_yticks(range(len(names)), rows)
        axes.set_xlabel(found.axes[0])
        axes.set_ylabel(found.axes[1])

    return draw
