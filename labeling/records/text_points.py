"""Texts as points: TF-IDF reduced to a few dimensions, in which near texts are alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

TOPICS = 40  # dimensions of the points


def text_points(
    documents: Sequence[str], seed: int, *, topics: int = TOPICS, most_fitted: int | None = None
) -> npt.NDArray[np.float64]:
    """Return TF-IDF vectors of texts, reduced to a few dimensions and scaled to length 1.

    Args:
        documents: the texts.
        seed: of the randomised decomposition.
        topics: dimensions at most.
        most_fitted: texts that the dimensions are learned from, which are the first ones; `None`
            for all.

    Returns:
        Shape (n_documents, up to `topics`).

    >>> points = text_points(["a cat", "the cat", "rain today", "rain and wind"], 0, topics=2)
    >>> bool(points[0] @ points[1] > points[0] @ points[2])
    True
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize
    from threadpoolctl import threadpool_limits

    words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\S+").fit_transform(
        [document if document.strip() else "(empty)" for document in documents]
    )
    size = min(topics, words.shape[1] - 1, len(documents) - 1)
    if size < 2:
        points = words.toarray()
    else:
        with threadpool_limits(limits=1):  # the same order of summation on any machine
            reduction = TruncatedSVD(size, random_state=seed)
            points = reduction.fit_transform(words[:most_fitted])
            if len(points) < len(documents):
                points = np.concatenate([points, reduction.transform(words[len(points) :])])
    scaled: npt.NDArray[np.float64] = normalize(points)
    return scaled
