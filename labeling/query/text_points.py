"""Texts as points, for batches whose samples are unlike each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

TOPICS = 40  # dimensions of the points


def text_points(documents: Sequence[str], seed: int) -> Floats:
    """Return TF-IDF vectors of texts, reduced to 40 dimensions and scaled to length 1.

    Args:
        documents: the texts.
        seed: of the randomised decomposition.

    Returns:
        Shape (n_documents, up to 40).
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize
    from threadpoolctl import threadpool_limits

    words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\S+").fit_transform(
        [document if document.strip() else "(empty)" for document in documents]
    )
    size = min(TOPICS, words.shape[1] - 1, len(documents) - 1)
    if size < 2:
        points = words.toarray()
    else:
        with threadpool_limits(limits=1):  # the same order of summation on any machine
            points = TruncatedSVD(size, random_state=seed).fit_transform(words)
    scaled: Floats = normalize(points)
    return scaled


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
