"""Accuracy and class balance of all samples, from few human labels and the soft labels of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from labeling.analysis.gold_comparison import INSTEAD, Floats, compared, one_hot
from labeling.analysis.whole_answers import whole_answers
from labeling.errors import DataError, LabelingError, listed
from labeling.records import (
    AnySoft,
    Gold,
    SoftLabels,
    SoftSets,
    SoftSpans,
    expect,
    gold_set_codes,
    one_label_only,
)
from labeling.records.estimates import Estimate
from labeling.records.prediction_powered import prediction_powered_share


def estimated_accuracy(
    soft: AnySoft,
    gold: Gold,
    *,
    labels: pd.Series | None = None,
    propensity: pd.Series | None = None,
) -> Estimate:
    """Return the accuracy of the labels of all samples, from a random draw of human labels.

    What the probabilities say of the samples that nobody labelled makes the interval narrower than
    that of the human labels alone, as far as they predict where the errors are; they need not be
    calibrated. See `prediction_powered_share` for how, and for what it needs.

    Of spans and of sets it is the share of samples whose whole answer is right: all spans with
    their edges and labels, or exactly the labels of the gold set, and nothing else. A sample of
    which no voter spoke has no answer, and counts as wrong.

    Args:
        soft: soft labels of all samples that did not learn from these gold labels.
        gold: human labels of samples drawn at random.
        labels: the labels in question, sample id -> label, of all samples of `soft`; `None` takes
            the most probable ones. A sample without a label counts as wrong.
        propensity: the probability with which each sample with a gold label was drawn, up to a
            factor, by id; `None` where it is the same for all.

    Raises:
        DataError: no sample has a gold label, or one has no propensity.
        LabelingError: an argument has the wrong type.

    >>> from labeling.records import LabelSchema
    >>> p = np.linspace(0.5, 1, 200)
    >>> soft = SoftLabels(
    ...     np.stack([p, 1 - p], 1), pd.RangeIndex(200), LabelSchema(["ham", "spam"]), [True] * 200
    ... )
    >>> gold = {n: "spam" if n < 60 and n % 3 == 0 else "ham" for n in range(0, 200, 4)}
    >>> print(estimated_accuracy(soft, gold))
    0.911 [0.826, 0.957], n = 50
    """
    if type(soft) in _OF_PARTS:
        return _OF_PARTS[type(soft)](soft, gold, labels, propensity)
    soft = expect(soft, SoftLabels, "`soft`")
    pairs = compared(soft, gold)
    confidence = soft.confidence()
    right = pairs.scores()
    if labels is not None:
        if not soft.sample_ids.isin(labels.index).all():
            raise DataError("`labels` must have each sample of `soft`; `None` is no label.")
        shares = one_hot(labels.reindex(soft.sample_ids), soft.schema)
        confidence = (soft.to_array() * shares).sum(axis=1)
        right = compared(labels, gold, soft.schema).scores()
    return prediction_powered_share(
        right,
        confidence[soft.sample_ids.get_indexer(pairs.ids)],
        confidence,
        propensity=_propensities(propensity, pairs.ids),
    )


def _of_whole_answers(
    soft: SoftSpans | SoftSets, gold: Gold, labels: pd.Series | None, propensity: pd.Series | None
) -> Estimate:
    right, confidence = whole_answers(soft, gold, labels)
    return prediction_powered_share(
        right.to_numpy(),
        confidence[soft.sample_ids.get_indexer(right.index)],
        confidence,
        propensity=_propensities(propensity, right.index),
    )


_OF_PARTS: dict[type, Callable[[Any, Gold, pd.Series | None, pd.Series | None], Estimate]] = {
    SoftSpans: _of_whole_answers,
    SoftSets: _of_whole_answers,
}
"""What estimates the accuracy of answers that are no single labels, by their type."""


def estimated_class_balance(
    soft: SoftLabels | SoftSets, gold: Gold, *, propensity: pd.Series | None = None
) -> Mapping[str, Estimate]:
    """Return the share of each label among all samples, from a random draw of human labels.

    The shares need not sum to 1 exactly: each is estimated by itself, with its own interval. Of
    sets it is the share of samples that have the label.

    Args:
        soft: soft labels of all samples that did not learn from these gold labels.
        gold: human labels of samples drawn at random.
        propensity: see `estimated_accuracy`.

    Raises:
        DataError: no sample has a gold label, or one has no propensity.
    """
    if isinstance(soft, SoftSets):
        return _shares_in_sets(soft, gold, propensity)
    soft = expect(one_label_only(soft, "`estimated_class_balance`", INSTEAD), SoftLabels, "`soft`")
    pairs = compared(soft, gold)
    weights = _propensities(propensity, pairs.ids)
    rows = soft.sample_ids.get_indexer(pairs.ids)
    return {
        label: prediction_powered_share(
            (pairs.truth == code).astype(np.float64),
            soft.to_array()[rows, code],
            soft.to_array()[:, code],
            propensity=weights,
        )
        for code, label in enumerate(soft.schema.labels)
    }


def _shares_in_sets(
    soft: SoftSets, gold: Gold, propensity: pd.Series | None
) -> Mapping[str, Estimate]:
    codes = gold_set_codes(gold, soft.sample_ids, soft.schema)
    rows = np.flatnonzero(codes[:, 0] >= 0)
    if not len(rows):
        raise DataError("Some samples must have gold. None has.")
    weights = _propensities(propensity, soft.sample_ids[rows])
    return {
        label: prediction_powered_share(
            codes[rows, code].astype(np.float64),
            soft.array[rows, code],
            soft.array[:, code],
            propensity=weights,
        )
        for code, label in enumerate(soft.schema.labels)
    }


def _propensities(propensity: pd.Series | None, ids: pd.Index) -> Floats | None:
    if propensity is None:
        return None
    if not isinstance(propensity, pd.Series):
        raise LabelingError(
            "`propensity` must be a pandas Series from sample id to probability. Got a"
            f" {type(propensity).__name__}."
        )
    missing = ids[~ids.isin(propensity.index)]
    if len(missing):
        raise DataError(
            f"Each sample with a gold label must have a propensity. {len(missing)} have none:"
            f" {listed(missing)}; leave out gold labels that were not drawn at random."
        )
    return propensity.loc[ids].to_numpy(dtype=np.float64)
