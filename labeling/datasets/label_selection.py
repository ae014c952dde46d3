"""Which weak labels a training set keeps: those that agree with the labels of similar samples."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, LabelingError, LabelSharesWarning
from labeling.records import (
    Select,
    cut_statistic,
    least_cut,
    positions,
    random_order,
    text_points,
    with_texts,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Features: TypeAlias = "pd.DataFrame | Callable[[list[str]], Any]"
"""Numbers of each sample, index = ids; or a function from texts to vectors."""

TOPICS = 100
MOST_FITTED = 20_000
LOST = 0.5
"""Of a label's share, from which on its loss is warned of."""


class SelectionPlan(NamedTuple):
    """How to select.

    Attributes:
        select: "auto", a share, or `None`.
        text: the column of the texts.
        features: what else says which samples are similar, instead of TF-IDF of the texts.
    """

    select: Select
    text: str
    features: Features | None

    def settings(self) -> dict[str, Any]:
        """Return the settings that go into a manifest, if there is a selection."""
        if self.select is None:
            return {}
        features = "texts"
        if self.features is not None:
            is_table = isinstance(self.features, pd.DataFrame)
            features = "a table" if is_table else "a function of texts"
        return {"select": self.select, "text": self.text, "features": features}


class Selection(NamedTuple):
    """Which labels are left out.

    Attributes:
        is_left_out: shape (n,).
        reason: why these are left out.
        counts: by label, those that could be left out ("weak") and those that were ("left_out").
    """

    is_left_out: Bools
    reason: str
    counts: dict[str, dict[str, int]]


def selection_of(
    samples: pd.DataFrame,
    codes: npt.NDArray[np.intp],
    is_gold: Bools,
    plan: SelectionPlan,
    labels: Sequence[str],
) -> Selection:
    """Return which weak labels are left out by the cut statistic.

    Gold labels are neighbours of others, and are never left out, nor are samples without a text.

    Args:
        samples: all samples, index = ids.
        codes: their labels, -1 where there is none: shape (n,).
        is_gold: whether the label is known to be true, shape (n,).
        plan: how to select.
        labels: the names of the codes.

    Raises:
        DataError: there is no such column of texts, or a sample has no features.
        LabelingError: the features are not numbers, one row a sample.
    """
    is_left_out = np.zeros(len(samples), dtype=bool)
    rows = np.flatnonzero(codes >= 0)
    rows = rows[random_order(samples.index[rows], np.random.default_rng(0))]
    has_points, points = _points(samples.iloc[rows], plan)
    rows = rows[has_points]
    ids, weak = samples.index[rows], ~is_gold[rows]
    statistic = cut_statistic(points, codes[rows], ids)
    kept = least_cut(statistic[weak], ids[weak], plan.select)
    is_left_out[rows[weak]] = ~kept
    limit = float(statistic[weak][kept].max()) if kept.any() else 0.0
    above = "1.645 or more" if plan.select == "auto" else f"above {limit:.3f}"
    weak_codes = codes[rows[weak]]
    counts = {
        label: {
            "weak": int((weak_codes == code).sum()),
            "left_out": int((~kept & (weak_codes == code)).sum()),
        }
        for code, label in enumerate(labels)
    }
    return Selection(is_left_out, f"neighbours disagree (cut statistic {above})", counts)


def warn_of_lost_labels(counts: dict[str, dict[str, int]]) -> None:
    """Warn of each label whose share of the weak labels is less than half of what it was before."""
    total = sum(count["weak"] for count in counts.values())
    total_kept = total - sum(count["left_out"] for count in counts.values())
    for label, count in counts.items():
        n, kept = count["weak"], count["weak"] - count["left_out"]
        if n and total_kept and kept / total_kept < LOST * n / total:
            warnings.warn(
                f"The selection by neighbours leaves {kept:,} of {n:,} weak labels {label!r}: they"
                f" were {n / total:.1%} of the weak labels, and are {kept / total_kept:.1%} of the"
                " selected ones. Select a larger share, or give gold labels of it.",
                LabelSharesWarning,
                stacklevel=3,
            )


def _points(samples: pd.DataFrame, plan: SelectionPlan) -> tuple[Bools, Floats]:
    """Return which samples have points, and these, in which similar samples are near.

    Args:
        samples: in an order that depends on the ids alone.
        plan: how to select.
    """
    if isinstance(plan.features, pd.DataFrame):
        return np.ones(len(samples), dtype=bool), _numbers(plan.features, samples.index)
    present, has_text = with_texts(samples, plan.text, "drop")
    documents = present[plan.text].astype(str).tolist()
    if len(documents) < 2:
        return has_text, np.zeros((len(documents), 1))
    if plan.features is None:
        return has_text, text_points(documents, 0, topics=TOPICS, most_fitted=MOST_FITTED)
    if not callable(plan.features):
        raise LabelingError(
            "`features` must be a table of numbers with the ids as index, or a function from texts"
            f" to vectors. Got a {type(plan.features).__name__}."
        )
    points = _checked(plan.features(documents), len(documents))
    return has_text, points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)


def _numbers(features: pd.DataFrame, ids: pd.Index) -> Floats:
    if not features.index.is_unique:
        raise DataError("`features` must have a row for each sample. Got ids that occur twice.")
    rows = positions(features.index, ids, "the samples", "the features")
    return _checked(features.iloc[rows], len(ids))


def _checked(features: Any, n: int) -> Floats:
    """Return features as an array of finite numbers, shape (n, n_features)."""
    try:
        points = np.asarray(features, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise LabelingError(f"`features` must be numbers. Got: {error}.") from error
    if points.ndim != 2 or len(points) != n or not points.shape[1]:
        raise LabelingError(
            f"`features` must have a row of numbers for each of {n} samples. Got an array of shape"
            f" {points.shape}."
        )
    if not np.isfinite(points).all():
        raise DataError("`features` must be finite numbers. Got missing or infinite ones.")
    return points
