"""Section on data: samples, text lengths, sources of labels, class balance, and the test split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labeling.analysis import Estimate, proportion
from labeling.analysis.inline_charts import length_picture
from labeling.rendering.svg import Svg
from labeling.report.components import MOST_LABELS, Segment, estimate_of
from labeling.report.context import ReportContext

BINS = 30

SOURCES = {
    "agreement": ("agreement of annotators", "main"),
    "review": ("decision of a reviewer", "second"),
    "given": ("given gold labels", "main-lines"),
    "votes": ("labeling functions and models", "soft"),
    "end model": ("end model alone (no labeling function votes)", "soft-lines"),
    "none": ("undecided: two labels are tied", "empty"),
}


@dataclass(frozen=True)
class LabelRow:
    """A label: its count and proportion, and its proportion in the random sample."""

    label: str
    count: int
    proportion: float
    in_random: Estimate


@dataclass(frozen=True)
class Lengths:
    """Text lengths in characters; `beyond` is the number of texts too long for the chart."""

    median: int
    low: int
    high: int
    longest: int
    beyond: int
    picture: Svg


@dataclass(frozen=True)
class Evaluation:
    """An evaluation on the locked test split."""

    number: int
    at: str
    results: list[tuple[str, Estimate | str]]


@dataclass(frozen=True)
class DataSection:
    """Contents of the section."""

    n: int
    covered: int | None
    dev: int
    test: int
    locked: float
    given: bool
    lengths: Lengths
    sources: list[Segment] | None
    labels: list[LabelRow] | None
    evaluations: list[Evaluation]
    most_labels: int = MOST_LABELS


def section(context: ReportContext) -> DataSection:
    """Return the section on data."""
    data = context.data
    return DataSection(
        n=len(data.samples),
        covered=None if context.outputs is None else int(context.outputs.votes.covered.sum()),
        dev=len(data.dev),
        test=len(data.test),
        locked=context.config.data.locked,
        given=context.config.data.gold is not None,
        lengths=_lengths(data.samples[context.config.data.text]),
        sources=_sources(context.current_labels),
        labels=_labels(context),
        evaluations=evaluations_of(context),
    )


def _lengths(texts: pd.Series) -> Lengths:
    lengths = texts.str.len().to_numpy(np.int64)
    low, median, high, reach = np.quantile(lengths, (0.05, 0.5, 0.95, 0.99)).astype(int)
    reach = max(int(reach), 1)
    width = -(-(reach + 1) // BINS)  # whole characters, so that all bins cover equally many
    edges = np.arange(0, reach + width + 1, width, dtype=np.float64)
    counts = np.histogram(lengths[lengths < edges[-1]], edges)[0]
    return Lengths(
        median=int(median),
        low=int(low),
        high=int(high),
        longest=int(lengths.max()),
        beyond=int((lengths >= edges[-1]).sum()),
        picture=length_picture(counts, edges),
    )


def _sources(labels: pd.DataFrame | None) -> list[Segment] | None:
    if labels is None:
        return None
    counts = labels["source"].value_counts()
    return [
        Segment(name, style, int(counts.get(source, 0)))
        for source, (name, style) in SOURCES.items()
        if counts.get(source, 0)
    ]


def _labels(context: ReportContext) -> list[LabelRow] | None:
    if context.current_labels is None:
        return None
    codes = context.current_labels["code"].to_numpy()
    decided = int((codes >= 0).sum())
    counts = np.bincount(codes[codes >= 0], minlength=len(context.project.schema))
    drawn = context.audit["label"]
    rows = [
        LabelRow(
            label,
            int(count),
            int(count) / max(decided, 1),
            proportion(int((drawn == label).sum()), len(drawn)),
        )
        for label, count in zip(context.project.schema, counts, strict=True)
    ]
    if len(rows) <= MOST_LABELS:
        return rows
    return sorted(rows, key=lambda row: -row.count)


def evaluations_of(context: ReportContext) -> list[Evaluation]:
    """Return the evaluations on the locked test split."""
    if context.store is None:
        return []
    return [
        Evaluation(
            row["number"],
            row["at"],
            [(name, _result(value)) for name, value in row["about"].items()],
        )
        for row in context.store.facts.test_looks()
    ]


def _result(value: Any) -> Estimate | str:
    return estimate_of(value) or str(value)
