"""The section on data: samples, their texts, where their labels come from, gold labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from labeling.analysis import Estimate, proportion
from labeling.report.charts import length_picture
from labeling.report.components import MOST_LABELS, Segment, estimate_of
from labeling.report.context import ReportContext

BINS = 30

SOURCES = {
    "agreement": ("annotators who agree", "main"),
    "review": ("a reviewer", "second"),
    "given": ("gold labels that were given", "main-lines"),
    "votes": ("labeling functions and models", "soft"),
    "end model": ("the end model alone, as no labeling function votes", "soft-lines"),
    "none": ("nobody: two labels are tied", "empty"),
}


@dataclass(frozen=True)
class LabelRow:
    """A label: how many samples have it, and what share of a random draw people gave it."""

    label: str
    count: int
    share: float
    drawn: Estimate


@dataclass(frozen=True)
class Lengths:
    """How long the texts are, in characters; `beyond` are longer than the picture reaches."""

    median: int
    low: int
    high: int
    longest: int
    beyond: int
    picture: Markup


@dataclass(frozen=True)
class Look:
    """A look at the locked test split."""

    number: int
    at: str
    seen: list[tuple[str, Estimate | str]]


@dataclass(frozen=True)
class DataSection:
    """What the section shows."""

    n: int
    covered: int | None
    dev: int
    test: int
    locked: float
    given: bool
    lengths: Lengths
    sources: list[Segment] | None
    labels: list[LabelRow] | None
    looks: list[Look]
    most_labels: int = MOST_LABELS


def section(known: ReportContext) -> DataSection:
    """Return the section on data."""
    data = known.data
    covered = None if known.beliefs is None else int(known.beliefs.votes.covered.sum())
    return DataSection(
        n=len(data.samples),
        covered=covered,
        dev=len(data.dev),
        test=len(data.test),
        locked=known.config.data.locked,
        given=known.config.data.gold is not None,
        lengths=_lengths(data.samples[known.config.data.text]),
        sources=_sources(known.final),
        labels=_labels(known),
        looks=_looks(known),
    )


def _lengths(texts: pd.Series) -> Lengths:
    found = texts.str.len().to_numpy(np.int64)
    low, median, high, reach = np.quantile(found, (0.05, 0.5, 0.95, 0.99)).astype(int)
    reach = max(int(reach), 1)
    width = -(-(reach + 1) // BINS)  # whole characters, so that no bin holds more of them
    edges = np.arange(0, reach + width + 1, width, dtype=np.float64)
    counts = np.histogram(found[found < edges[-1]], edges)[0]
    beyond = int((found >= edges[-1]).sum())
    drawn = length_picture(counts, edges)
    return Lengths(int(median), int(low), int(high), int(found.max()), beyond, drawn)


def _sources(final: pd.DataFrame | None) -> list[Segment] | None:
    if final is None:
        return None
    counts = final["source"].value_counts()
    return [
        Segment(name, look, int(counts.get(source, 0)))
        for source, (name, look) in SOURCES.items()
        if counts.get(source, 0)
    ]


def _labels(known: ReportContext) -> list[LabelRow] | None:
    if known.final is None:
        return None
    codes = known.final["code"].to_numpy()
    decided = int((codes >= 0).sum())
    counts = np.bincount(codes[codes >= 0], minlength=len(known.project.schema))
    drawn = known.audit["label"]
    rows = [
        LabelRow(
            label,
            int(count),
            int(count) / max(decided, 1),
            proportion(int((drawn == label).sum()), len(drawn)),
        )
        for label, count in zip(known.project.schema, counts, strict=True)
    ]
    if len(rows) <= MOST_LABELS:
        return rows
    return sorted(rows, key=lambda row: -row.count)


def _looks(known: ReportContext) -> list[Look]:
    if known.store is None:
        return []
    return [
        Look(one["number"], one["at"], [(name, _seen(what)) for name, what in one["about"].items()])
        for one in known.store.history.looks()
    ]


def _seen(what: Any) -> Estimate | str:
    return estimate_of(what) or str(what)
