"""Learning curve of gold labels: predictions by models learned from more and more of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.end_model.gold_only import GoldOnly
from labeling.records import uniform_by_id

FOLDS = 5
ROUNDS = 4
LEAST = 10
"""Gold labels at the start of the curve."""
MOST_SIZES = 9
SALT = 20_261_131  # differs from those of other draws by id, so that they are independent


class GoldCurve(NamedTuple):
    """Predictions for held-out samples by models learned from gold labels.

    Attributes:
        sizes: numbers of gold labels learned from, ascending: shape (n_sizes,).
        shares: the share of each label in the prediction, several where tied:
            shape (n_sizes, n_rounds, n, n_labels).
    """

    sizes: npt.NDArray[np.intp]
    shares: npt.NDArray[np.float32]


def gold_curve(learner: GoldOnly, codes: npt.NDArray[np.intp], ids: pd.Index) -> GoldCurve:
    """Return what models learned from more and more gold labels predict for the others.

    In each of `ROUNDS` rounds hashes of the ids divide the samples into `FOLDS` folds. The samples
    of a fold are predicted by models learned from the first 10, 14, ... of the others, in an order
    that hashes give, too: so each sample is predicted once a round at every size.

    Args:
        learner: of these samples.
        codes: their gold labels, 0 to n_labels - 1: shape (n,).
        ids: their ids.
    """
    n = len(codes)
    folds = [_folds(ids, 2 * number) for number in range(ROUNDS)]
    most = n - max(int(np.bincount(fold).max()) for fold in folds)
    count = min(MOST_SIZES, most - LEAST + 1)
    sizes = np.unique(np.geomspace(LEAST, most, count).round().astype(np.intp))
    shares = np.zeros((len(sizes), ROUNDS, n, learner.n_labels), dtype=np.float32)
    for number, fold in enumerate(folds):
        order = np.argsort(uniform_by_id(ids, SALT + 2 * number + 1), kind="stable")
        for held_out in range(FOLDS):
            scored = np.flatnonzero(fold == held_out)
            training = order[fold[order] != held_out]
            for at, size in enumerate(sizes):
                rows = training[:size]
                log_odds = learner.log_odds(rows, codes[rows], scored)
                best = log_odds >= log_odds.max(axis=1, keepdims=True) - 1e-9
                shares[at, number, scored] = best / best.sum(axis=1, keepdims=True)
    return GoldCurve(sizes, shares)


def _folds(ids: pd.Index, number: int) -> npt.NDArray[np.intp]:
    """Return folds of equal size, 0 to FOLDS - 1, by a hash of the ids: shape (n,)."""
    folds = np.empty(len(ids), dtype=np.intp)
    folds[np.argsort(uniform_by_id(ids, SALT + number), kind="stable")] = (
        np.arange(len(ids)) % FOLDS
    )
    return folds
