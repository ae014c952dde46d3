"""A section of the report of spans, or of several labels."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from labeling.rendering import View
from labeling.report.components import Segment


@dataclass(frozen=True)
class PartsSection:
    """A section of the page.

    Attributes:
        anchor: its anchor.
        title: its title.
        sentences: the sentences below the title.
        views: what objects show.
        folded: views that open when they are clicked.
        sources: where labels come from, as segments of a bar.
    """

    anchor: str
    title: str
    sentences: tuple[str, ...] = ()
    views: tuple[View, ...] = ()
    folded: tuple[View, ...] = ()
    sources: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class KeyFigure:
    """A number at the head of the page: what it is, its value, and what to know of it."""

    name: str
    value: str
    more: str


def as_series(labels: Mapping[Hashable, Any]) -> pd.Series:
    """Return labels by sample id as a Series, whatever the ids are."""
    values = np.empty(len(labels), dtype=object)
    for place, label in enumerate(labels.values()):
        values[place] = label
    return pd.Series(values, index=id_index(labels))


def id_index(sample_ids: Iterable[Hashable]) -> pd.Index:
    """Return ids as an index, of the type that their values have together."""
    index: pd.Index = pd.Index(list(sample_ids), dtype=object, tupleize_cols=False)
    return index.infer_objects()
