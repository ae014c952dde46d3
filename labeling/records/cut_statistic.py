"""The cut statistic: which weak labels agree with those of their neighbours in feature space.

Muhlenbach, Lallich and Zighed, "Identifying and Handling Mislabelled Instances", Journal of
Intelligent Information Systems 2004; used to select weak labels to train on by Lang, Vijayaraghavan
and Sontag, "Training Subset Selection for Weak Supervision", NeurIPS 2022.
"""

from __future__ import annotations

import math
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError
from labeling.records.samples import random_order
from labeling.records.validation import is_number

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

NEIGHBOURS = 20
"""Neighbours of a sample, as in Lang et al."""
MOST_REFERENCES = 20_000
"""Samples among which neighbours are sought: beyond them time is linear in the samples."""
CUT_OFF = 1.645
"""The statistic that one label in twenty reaches where labels say nothing of their neighbours."""

Select: TypeAlias = "float | Literal['auto'] | None"
"""Which weak labels to train on: a share of them, all but those that are cut off, or all."""


def cut_statistic(
    points: Any,
    codes: npt.NDArray[Any],
    ids: pd.Index,
    *,
    n_neighbours: int = NEIGHBOURS,
) -> Floats:
    """Return how much the label of each sample is cut off from those of its neighbours.

    Each sample has an edge to its nearest neighbours, of weight 1 / (1 + distance). Its statistic
    is the sum of the weights of edges to another label, less the mean of that sum and divided by
    its standard deviation if labels were drawn independently by their shares. So it is in standard
    deviations: far below 0 where neighbours have the same label, about 0 where the label says
    nothing of the neighbourhood, above 0 where neighbours have other labels.

    Of more than 20,000 samples, neighbours are sought among 20,000 that are drawn by a hash of the
    id. Nothing depends on the order of the samples.

    Args:
        points: features, sparse or dense, shape (n, n_features); distances are Euclidean.
        codes: the label of each sample, shape (n,), from 0.
        ids: of the samples, shape (n,).
        n_neighbours: edges of a sample; all other samples where there are fewer.

    Returns:
        Shape (n,). 0 where all samples have the same label, or there is no other sample.

    >>> points = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]])
    >>> labels = np.array([0, 0, 1, 1, 1, 1])
    >>> cut_statistic(points, labels, pd.RangeIndex(6), n_neighbours=2).round(2).tolist()
    [-0.56, -0.5, 2.0, -1.0, -1.0, -1.0]
    """
    n = len(codes)
    n_neighbours = min(n_neighbours, n - 1)
    _, codes = np.unique(codes, return_inverse=True)
    shares = np.bincount(codes, minlength=1) / max(n, 1)
    if n_neighbours < 1 or len(shares) < 2:
        return np.zeros(n)
    # In an order that depends on the ids alone, so that ties of distances do, too.
    order = random_order(ids, np.random.default_rng(0))
    distances, neighbours = _nearest(points[order], n_neighbours)
    ordered = codes[order]
    weights = 1 / (1 + distances)
    cut = (weights * (ordered[neighbours] != ordered[:, None])).sum(axis=1)
    other = 1 - shares[ordered]
    spread = np.sqrt(other * (1 - other) * (weights**2).sum(axis=1))
    statistic = np.empty(n)
    statistic[order] = (cut - other * weights.sum(axis=1)) / spread
    return statistic


def _nearest(points: Any, n_neighbours: int) -> tuple[Floats, Ints]:
    """Return distances and rows of the nearest others of each point, shape (n, n_neighbours)."""
    from sklearn.neighbors import NearestNeighbors
    from threadpoolctl import threadpool_limits

    n = points.shape[0]
    with threadpool_limits(limits=1):  # the same order of summation on any machine
        search = NearestNeighbors(n_neighbors=n_neighbours + 1, algorithm="brute", n_jobs=1)
        search.fit(points[:MOST_REFERENCES])
        distances, found = search.kneighbors(points)
    # A point is its own neighbour, unless it is no reference or has many duplicates.
    is_own = found == np.arange(n)[:, None]
    is_own[~is_own.any(axis=1), -1] = True
    shape = (n, n_neighbours)
    return distances[~is_own].reshape(shape), found[~is_own].reshape(shape)


def checked_select(select: Any) -> Select:
    """Return which labels to keep: "auto", a share above 0 and up to 1, or `None` for all.

    Raises:
        LabelingError: it is something else.
    """
    if select is None:
        return None
    if isinstance(select, str) and select == "auto":
        return "auto"
    if is_number(select) and 0 < select <= 1:
        return float(select)
    raise LabelingError(
        "`select` must be None, 'auto', or a share of the labels above 0 and up to 1. Got"
        f" {select!r}."
    )


def least_cut(statistic: Floats, ids: pd.Index, select: Select) -> npt.NDArray[np.bool_]:
    """Return which labels are kept: shape (n,).

    Args:
        statistic: of each label, as `cut_statistic` returns it.
        ids: of the samples, whose hash decides between equal statistics.
        select: "auto": those below 1.645, so all that do not differ significantly (5 %, one-sided)
            from their neighbours. A share: so many of the lowest, rounded up. `None`: all.

    >>> ids = pd.RangeIndex(4)
    >>> least_cut(np.array([-3.0, 2.0, 0.5, -1.0]), ids, "auto").tolist()
    [True, False, True, True]
    >>> least_cut(np.array([-3.0, 2.0, 0.5, -1.0]), ids, 0.5).tolist()
    [True, False, False, True]
    """
    if select is None:
        return np.ones(len(statistic), dtype=bool)
    if select == "auto":
        return statistic < CUT_OFF
    kept = np.zeros(len(statistic), dtype=bool)
    order = random_order(ids, np.random.default_rng(0))
    ranked = order[np.argsort(statistic[order], kind="stable")]
    kept[ranked[: math.ceil(round(select * len(statistic), 9))]] = True
    return kept
