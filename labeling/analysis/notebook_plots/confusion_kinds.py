"""Which labels are taken for which, by the kind of the soft labels."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.excerpts import around
from labeling.analysis.span_confusion import span_confusion
from labeling.errors import counted
from labeling.records import (
    ABSTAIN,
    NOTHING,
    AnySoft,
    Gold,
    SoftLabels,
    SoftSets,
    SoftSpans,
    Span,
    expect,
    gold_codes,
    gold_set_codes,
    gold_spans,
)
from labeling.records.estimates import proportion

CELLS = ("right", "missed", "extra")
"""Of a label: in gold and chosen, only in gold, only chosen."""

Counts = npt.NDArray[np.int64]
Shown = Callable[[str, Any], str]


class Confused(NamedTuple):
    """Counts of confused labels, and what is behind them.

    Attributes:
        rows: index = sample id; `gold`, `label`, `confidence`, of spans `start` and `end` as well;
            the most confident first.
        table: the counts, as shown: gold labels in rows.
        shares: of the counts in each row, NaN in cells that cannot be: shape of the table.
        axes: titles of the columns and of the rows.
        title: of the plot.
        notes: sentences above it, the first with the share of right ones.
        units: what is counted, in the plural.
        excerpt: returns what is shown of a sample's text for a row.
    """

    rows: pd.DataFrame
    table: pd.DataFrame
    shares: npt.NDArray[np.float64]
    axes: tuple[str, str]
    title: str
    notes: tuple[str, ...]
    units: str
    excerpt: Shown


@functools.singledispatch
def confused(soft: AnySoft, gold: Gold) -> Confused:
    """Return which labels are taken for which, on the samples with gold.

    Raises:
        LabelingError: they are no soft labels.
    """
    of_samples = expect(soft, SoftLabels, "`soft`")
    rows, n_without = _decided(of_samples, gold)
    labels = list(of_samples.schema.labels)
    counts = np.zeros((len(labels), len(labels)), dtype=np.int64)
    columns = (rows[name].map(of_samples.schema.index) for name in ("gold", "label"))
    np.add.at(counts, tuple(columns), 1)
    table = pd.DataFrame(counts, pd.Index(labels, name="gold", dtype=object), labels)
    right = int(np.trace(counts))
    words = f"{right:,} of {counted(len(rows), 'sample')} are labeled as by gold"
    words += f": {proportion(right, len(rows))}." if len(rows) else "."
    left_out = f"{counted(n_without, 'sample')} with a gold label left out: uncovered, or a tie."
    return Confused(
        rows,
        table,
        _row_shares(counts),
        ("most probable label", "gold label"),
        f"Confusion on {counted(len(rows), 'gold label')}",
        (words, left_out) if n_without else (words,),
        "samples",
        lambda text, row: text,
    )


def _row_shares(counts: Counts) -> npt.NDArray[np.float64]:
    shares: npt.NDArray[np.float64] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares


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


@confused.register
def _(soft: SoftSpans, gold: Gold) -> Confused:
    known = gold_spans(gold, soft.sample_ids, soft.schema)
    answers = soft.of_samples(list(known)).to_labels()
    chosen = dict(zip(answers.index.tolist(), answers.tolist(), strict=True))
    table = span_confusion(chosen, known, soft.schema)
    counts = table.to_numpy(np.int64)
    shares = _row_shares(counts)
    shares[-1, -1] = np.nan  # what is a span on neither side is not counted
    n_right = int(np.trace(counts))
    n_gold, n_chosen = int(counts[:-1].sum()), int(counts[:, :-1].sum())
    words = f"{n_right:,} of {counted(n_gold, 'gold span')} are found with their edges and label"
    words += f": recall {proportion(n_right, n_gold)}" if n_gold else ""
    words += f"; precision {proportion(n_right, n_chosen)}." if n_chosen else "."
    n_without = sum(spans is None for spans in chosen.values())
    note = f"{counted(n_without, 'sample')} without any vote: their gold spans count as missed."
    return Confused(
        _span_rows(soft, chosen, known),
        table,
        shares,
        ("chosen span", "gold span"),
        f"Confusion on {counted(n_gold, 'gold span')}",
        (words, note) if n_without else (words,),
        "spans",
        _around,
    )


def _span_rows(
    soft: SoftSpans, chosen: dict[Hashable, Any], gold: dict[Hashable, tuple[Span, ...]]
) -> pd.DataFrame:
    """Return a row for each place with a gold or chosen span, with its probability by the model."""
    probabilities = _probabilities(soft, gold)
    rows = []
    for sample_id, truth in gold.items():
        of_gold = {span[:2]: span.label for span in truth}
        of_model = {span[:2]: span.label for span in chosen[sample_id] or ()}
        for place in of_gold.keys() | of_model.keys():
            label = of_model.get(place, NOTHING)
            p = probabilities.get((sample_id, *place), {}).get(label, np.nan)
            rows.append((sample_id, of_gold.get(place, NOTHING), label, p, *place))
    rows.sort(key=lambda row: (-_or_least(row[3]), str(row[0]), row[4], row[5]))
    columns = ["sample", "gold", "label", "confidence", "start", "end"]
    frame = pd.DataFrame(rows, columns=columns)
    index = pd.Index([row[0] for row in rows], dtype=object, name=soft.sample_ids.name)
    return frame.drop(columns="sample").set_index(index)


def _or_least(p: float) -> float:
    return -1.0 if np.isnan(p) else p


def _probabilities(
    soft: SoftSpans, gold: dict[Hashable, Any]
) -> dict[tuple[Hashable, int, int], dict[str, float]]:
    """Return the probability of each label, and of none, of candidates in samples with gold."""
    names = [*soft.schema.labels, NOTHING]
    part = soft.of_samples(list(gold))
    places = zip(
        part.sample_ids.take(part.sample).tolist(),
        part.start.tolist(),
        part.end.tolist(),
        part.array.tolist(),
        strict=True,
    )
    return {
        (sample_id, start, end): dict(zip(names, row, strict=True))
        for sample_id, start, end, row in places
    }


def _around(text: str, row: Any) -> str:
    """Return the span of a row in brackets, with the text around it."""
    return around(text, int(row.start), int(row.end))


@confused.register
def _(soft: SoftSets, gold: Gold) -> Confused:
    truth = gold_set_codes(gold, soft.sample_ids, soft.schema)
    has_gold = truth[:, 0] != ABSTAIN
    truth, chosen = truth[has_gold] == 1, np.asarray(soft.chosen[has_gold])
    cells = (truth & chosen, truth & ~chosen, ~truth & chosen)
    counts = np.stack([cell.sum(axis=0) for cell in cells], axis=1).astype(np.int64)
    index = pd.Index(soft.schema.labels, name="label", dtype=object)
    n_right, n_missed, n_extra = counts.sum(axis=0).tolist()
    n_gold, n_chosen = n_right + n_missed, n_right + n_extra
    words = f"{n_right:,} of {counted(n_gold, 'gold label')} are chosen"
    words += f": recall {proportion(n_right, n_gold)}" if n_gold else ""
    words += f"; precision {proportion(n_right, n_chosen)}." if n_chosen else "."
    n_without = int(np.count_nonzero(~soft.covered[has_gold].any(axis=1)))
    note = f"{counted(n_without, 'sample')} without any vote: their gold labels count as missed."
    return Confused(
        _set_rows(soft, has_gold, truth, chosen),
        pd.DataFrame(counts, index, list(CELLS)),
        _row_shares(counts),
        ("chosen labels against gold", "label"),
        f"Confusion on {counted(len(truth), 'gold set')}",
        (words, note) if n_without else (words,),
        "samples",
        lambda text, row: text,
    )


def _set_rows(soft: SoftSets, has_gold: Any, truth: Any, chosen: Any) -> pd.DataFrame:
    """Return a row for each label that a sample has by gold or by the model."""
    names = np.array([*soft.schema.labels, NOTHING], dtype=object)
    none = len(soft.schema)
    row, label = np.nonzero(truth | chosen)
    p = soft.array[has_gold][row, label]
    is_true, is_chosen = truth[row, label], chosen[row, label]
    frame = pd.DataFrame(
        {
            "gold": names[np.where(is_true, label, none)],
            "label": names[np.where(is_chosen, label, none)],
            "confidence": np.where(is_chosen, p, 1 - p),
        },
        index=soft.sample_ids[has_gold].take(row),
    )
    ids, top, of = list(map(str, frame.index)), frame["confidence"].tolist(), names[label].tolist()
    order = sorted(range(len(frame)), key=lambda place: (-top[place], ids[place], of[place]))
    return frame.iloc[order]
