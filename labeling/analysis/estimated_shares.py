"""Accuracy and class balance of all samples, from few human labels and the soft labels of all."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from labeling.analysis.gold_comparison import INSTEAD, Floats, GoldComparison, compared, one_hot
from labeling.errors import DataError, LabelingError, listed
from labeling.records import Gold, SoftLabels, expect, one_label_only
from labeling.records.estimates import Estimate
from labeling.records.prediction_powered import prediction_powered_share


def estimated_accuracy(
    soft: SoftLabels,
    gold: Gold,
    *,
    labels: pd.Series | None = None,
    propensity: pd.Series | None = None,
) -> Estimate:
    """Return the accuracy of the labels of all samples, from a random draw of human labels.

    What the probabilities say of the samples that nobody labelled makes the interval narrower than
    that of the human labels alone, as far as they predict where the errors are; they need not be
    calibrated. See `prediction_powered_share` for how, and for what it needs.

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
    one_label_only(soft, "`estimated_accuracy`", INSTEAD)
    expect(soft, SoftLabels, "`soft`")
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
        propensity=_propensities(propensity, pairs),
    )


def estimated_class_balance(
    soft: SoftLabels, gold: Gold, *, propensity: pd.Series | None = None
) -> Mapping[str, Estimate]:
    """Return the share of each label among all samples, from a random draw of human labels.

    The shares need not sum to 1 exactly: each is estimated by itself, with its own interval.

    Args:
        soft: soft labels of all samples that did not learn from these gold labels.
        gold: human labels of samples drawn at random.
        propensity: see `estimated_accuracy`.

    Raises:
        DataError: no sample has a gold label, or one has no propensity.
    """
    expect(soft, SoftLabels, "`soft`")
    pairs = compared(soft, gold)
    weights = _propensities(propensity, pairs)
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


def _propensities(propensity: pd.Series | None, pairs: GoldComparison) -> Floats | None:
    if propensity is None:
        return None
    if not isinstance(propensity, pd.Series):
        raise LabelingError(
            "`propensity` must be a pandas Series from sample id to probability. Got a"
            f" {type(propensity).__name__}."
        )
    missing = pairs.ids[~pairs.ids.isin(propensity.index)]
    if len(missing):
        raise DataError(
            f"Each sample with a gold label must have a propensity. {len(missing)} have none:"
            f" {listed(missing)}; leave out gold labels that were not drawn at random."
        )
    return propensity.loc[pairs.ids].to_numpy(dtype=np.float64)
