"""Clusters of points, for batches whose samples are unlike each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


def nearest_to_centres(points: Floats, n: int, seed: int) -> Ints:
    """Return the positions of the points closest to the centres of n clusters.

    Where a point is closest to several centres, the first of the other points fill up.

    Args:
        points: shape (n_points, n_dimensions), the best first.
        n: the number of positions, up to n_points.
        seed: of the clustering.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    distinct = len(np.unique(points.round(9), axis=0))
    with threadpool_limits(limits=1):  # the same order of summation on any machine
        clusters = KMeans(min(n, distinct), n_init=1, random_state=seed).fit(points)
        nearest = clusters.transform(points).argmin(axis=0)
    chosen = dict.fromkeys(nearest.tolist())
    for position in range(len(points)):
        if len(chosen) >= n:
            break
        chosen.setdefault(position)
    return np.array(list(chosen), dtype=np.intp)
