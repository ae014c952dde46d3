"""Cross-fitting: no sample is scored by a model that was trained on its own label."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.end_model.linear_model import Floats, LinearModel

Rows = npt.NDArray[np.intp]


def split_into_folds(rows: Rows, n_folds: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield the held-out and the training rows of each fold; folds with neither are left out.

    >>> [
    ...     (heldout.tolist(), training.tolist())
    ...     for heldout, training in split_into_folds(np.array([3, 5, 8]), 2)
    ... ]
    [([3, 8], [5]), ([5], [3, 8])]
    """
    for fold in range(n_folds):
        heldout = rows[fold::n_folds]
        training = np.setdiff1d(rows, heldout)
        if len(heldout) and len(training):
            yield heldout, training


def cross_fitted(
    vectors: Any, targets: Floats, rows: Rows, n_folds: int, **settings: Any
) -> tuple[LinearModel, Floats]:
    """Return the model of all training rows, and log-odds of all samples, cross-fitted on the rows.

    Args:
        vectors: features, shape (n, n_features), rows in random order.
        targets: shape (n, n_labels).
        rows: the samples to train on.
        n_folds: the number of folds.
        settings: further arguments of `LinearModel.fitted`.

    Returns:
        The model, and log-odds of shape (n, n_labels): of training rows by the model of the other
        folds, of others by the model of all.
    """
    model = LinearModel.fitted(vectors[rows], targets[rows], **settings)
    log_odds = model.log_odds(vectors)
    for heldout, training in split_into_folds(rows, n_folds):
        of_fold = LinearModel.fitted(vectors[training], targets[training], **settings)
        log_odds[heldout] = of_fold.log_odds(vectors[heldout])
    return model, log_odds
