"""What a training set shows of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from labeling.errors import counted
from labeling.rendering import Cell, Excerpt, Part, Share, Table, View

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

FIRST_ROWS = 5
MOST_LABELS = 20
MOST_COLUMNS = 4
"""Columns of the samples that are shown beside the label."""


def training_set_view(train: TrainingSet) -> View:
    """Return the labels with their weights, where they came from, what was left out, and rows."""
    parts: list[Part] = []
    if len(train):
        parts += [_labels(train), _sources(train)]
    if len(train.dropped):
        reasons = train.dropped["reason"].astype(str).value_counts()
        ranked = sorted(reasons.items(), key=lambda pair: (-pair[1], str(pair[0])))
        rows = tuple((Excerpt(str(reason)), int(count)) for reason, count in ranked)
        parts.append(Table(("left out because", "samples"), rows))
    if "selection" in train.origin:
        parts.append(_selection(train.origin["selection"]))
    if len(train):
        parts.append(_first_rows(train))
    title = f"Training set: {counted(len(train), 'sample')}, {len(train.dropped):,} left out"
    return View(title, tuple(parts))


def _labels(train: TrainingSet) -> Table:
    weights = train.added_column("weight").to_numpy(dtype=np.float64)
    rows = []
    for label in train.schema:
        is_label = train.form.has_label(train.columns["label"], label)
        ordered = np.sort(weights[is_label])  # so that the mean does not depend on the order
        mean = float(ordered.mean()) if len(ordered) else None
        rows.append((Excerpt(label), len(ordered), Share(len(ordered) / len(train)), mean))
    headings = ("label", "samples", "share", "mean weight")
    return Table(headings, tuple(rows[:MOST_LABELS]), left_out=len(rows) - MOST_LABELS)


def _selection(counts: Mapping[str, Mapping[str, int]]) -> Table:
    """Return how many weak labels the selection left out, by label."""
    rows = tuple(
        (
            Excerpt(label),
            count["weak"],
            count["left_out"],
            Share(count["left_out"] / count["weak"]) if count["weak"] else None,
        )
        for label, count in counts.items()
    )
    headings = ("label", "weak labels", "left out by `select`", "share")
    return Table(headings, rows[:MOST_LABELS], left_out=len(rows) - MOST_LABELS)


def _sources(train: TrainingSet) -> Table:
    sources = train.added_column("source").astype(str).value_counts().sort_index()
    rows = tuple(
        (str(source), int(count), Share(count / len(train))) for source, count in sources.items()
    )
    return Table(("label from", "samples", "share"), rows)


def _first_rows(train: TrainingSet) -> Table:
    part = train.take(np.arange(min(len(train), FIRST_ROWS)))
    first, labels = part.frame, train.form.label_texts(part.columns["label"]).to_pylist()
    own = train.own_columns
    names = list(train.samples.columns)[:MOST_COLUMNS]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Excerpt(str(sample_id)),
            *(Excerpt(str(value)) for value in values),
            Excerpt(str(label)),
            float(confidence),
            str(source),
        )
        for sample_id, values, label, confidence, source in zip(
            first.index,
            first[names].itertuples(index=False, name=None) if names else [()] * len(first),
            labels,
            first[own["confidence"]],
            first[own["source"]],
            strict=True,
        )
    )
    headings = ("sample", *map(str, names), "label", "confidence", "label from")
    return Table(headings, rows, "First rows.", len(train) - len(rows))
