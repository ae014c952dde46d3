"""Accuracy and confusion matrix of soft labels, measured against gold labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records import ABSTAIN, Gold, SoftLabels, gold_codes
from labeling.records.estimates import Estimate, mean_of


def scores(soft: SoftLabels, gold: Gold) -> pd.Series:
    """Return the score of each sample with a gold label: 1, 0, or a fraction for a tie.

    A tie among t labels with the gold one among them scores 1/t; ties are not broken.
    """
    truth = gold_codes(gold, soft.sample_ids, soft.schema)
    rows = np.flatnonzero(truth != ABSTAIN)
    best = soft.winners()[rows]
    hit = best[np.arange(len(rows)), truth[rows]] / best.sum(axis=1)
    return pd.Series(hit, index=soft.sample_ids[rows], dtype=float)


def accuracy(soft: SoftLabels, gold: Gold, *, covered_only: bool = False) -> Estimate:
    """Return the share of samples whose most probable label is the gold one, with its interval.

    Args:
        soft: the soft labels; an uncovered row is a tie of all labels.
        gold: the gold labels, of some of the samples or all.
        covered_only: whether to leave out rows that no voter covers.

    >>> from labeling.records import LabelSchema
    >>> soft = SoftLabels(
    ...     [[0.9, 0.1], [0.5, 0.5]], pd.Index([0, 1]), LabelSchema(["ham", "spam"]), [True, True]
    ... )
    >>> accuracy(soft, pd.Series({0: "ham", 1: "ham"})).value
    0.75
    """
    hits = scores(soft, gold)
    if covered_only:
        covered = pd.Series(soft.covered, index=soft.sample_ids)
        hits = hits[covered.loc[hits.index].to_numpy()]
    return mean_of(hits.to_numpy())


def confusion(soft: SoftLabels, gold: Gold) -> npt.NDArray[np.float64]:
    """Return the confusion matrix: gold labels in rows, most probable labels in columns.

    Ties are divided evenly, so that counts may be fractions. Shape (n_labels, n_labels).
    """
    truth = gold_codes(gold, soft.sample_ids, soft.schema)
    rows = np.flatnonzero(truth != ABSTAIN)
    best = soft.winners()[rows].astype(np.float64)
    table = np.zeros((len(soft.schema), len(soft.schema)))
    np.add.at(table, truth[rows], best / best.sum(axis=1, keepdims=True))
    return table
