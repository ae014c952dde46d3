"""Ranked batches (Cardoso et al. 2017): uncertain samples that are unlike those known or chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

BLOCK = 512  # rows whose distances to all others are held at a time


def rank_batch(points: Any, uncertainty: Floats, n: int, labeled: Any | None = None) -> Ints:
    """Return the rows that modAL's `uncertainty_batch_sampling` picks, in its order.

    The score of a row is a (1 - s) + (1 - a) u, where s = 1 / (1 + d) is its similarity to the
    nearest labeled or picked row at Euclidean distance d, u is its uncertainty, and
    a = |U| / (|U| + |L|) is the share of unlabeled rows: with many of them, diversity decides
    nearly alone. modAL computes all distances again for each pick; here each row keeps its
    smallest one, so that n picks of m rows take O(n m) time and O(m) memory.

    Args:
        points: features of the unlabeled rows, dense or CSR: shape (n_rows, n_features).
        uncertainty: 1 - the highest probability of each row: shape (n_rows,).
        n: the number of picks, up to n_rows.
        labeled: features of labeled rows; without any, the row that is nearest to all others on
            average is picked first, which takes the distances of all pairs.
    """
    n = min(n, points.shape[0])
    if n == 0:
        return np.empty(0, dtype=np.intp)
    is_picked = np.zeros(points.shape[0], dtype=bool)
    picks: list[int] = []
    # modAL leaves the first pick of a cold start among the unlabeled rows when it counts them.
    n_unlabeled, n_labeled = points.shape[0], 1
    if labeled is None or labeled.shape[0] == 0:
        picks.append(_most_central(points))
        is_picked[picks[0]] = True
        nearest = _distances(points, points[picks[0] : picks[0] + 1])
    else:
        nearest, n_labeled = _smallest_distances(points, labeled), labeled.shape[0]
    while len(picks) < n:
        diversity = n_unlabeled / (n_unlabeled + n_labeled)
        score = diversity * (1 - 1 / (1 + nearest)) + (1 - diversity) * uncertainty
        pick = int(np.argmax(np.where(is_picked, -np.inf, score)))
        picks.append(pick)
        is_picked[pick] = True
        nearest = np.minimum(nearest, _distances(points, points[pick : pick + 1]))
        n_unlabeled, n_labeled = n_unlabeled - 1, n_labeled + 1
    return np.array(picks, dtype=np.intp)


def information_density(points: Any) -> Floats:
    """Return the mean similarity 1 / (1 + d) of each row to all rows: shape (n_rows,).

    This is modAL's measure in blocks: O(n_rows^2) time, and memory for one block.
    """
    density = [
        (1 / (1 + _distances_of_block(points, start))).mean(axis=1)
        for start in range(0, points.shape[0], BLOCK)
    ]
    return np.concatenate(density) if density else np.empty(0)


def _most_central(points: Any) -> int:
    """Return the row with the smallest mean distance to all rows."""
    means = [
        _distances_of_block(points, start).mean(axis=1)
        for start in range(0, points.shape[0], BLOCK)
    ]
    return int(np.argmin(np.concatenate(means)))


def _distances_of_block(points: Any, start: int) -> Floats:
    from sklearn.metrics.pairwise import euclidean_distances

    distances: Floats = euclidean_distances(points[start : start + BLOCK], points)
    return distances


def _distances(points: Any, row: Any) -> Floats:
    from sklearn.metrics.pairwise import euclidean_distances

    distances: Floats = euclidean_distances(points, row)[:, 0]
    return distances


def _smallest_distances(points: Any, labeled: Any) -> Floats:
    from sklearn.metrics import pairwise_distances_argmin_min

    distances: Floats = pairwise_distances_argmin_min(points, labeled, metric="euclidean")[1]
    return distances
