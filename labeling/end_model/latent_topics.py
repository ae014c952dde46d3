"""Latent topics of samples: the directions in which they differ most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.end_model.linear_model import Floats

N_TOPICS = 100
COMMON = 10_000  # features used for topics: those with the largest weight
ROWS = 20_000  # samples used for topics; they are in random order


@dataclass(frozen=True, slots=True, eq=False)
class LatentTopics:
    """The directions in which samples differ most: latent semantic analysis.

    Few gold labels contain few words, but each word represents its topic (Deerwester et al.,
    "Indexing by Latent Semantic Analysis", 1990). They depend on the samples alone.

    Attributes:
        used: indices of the features, shape (n_used,).
        directions: shape (n_used, n_topics).
    """

    used: npt.NDArray[np.intp]
    directions: Floats

    @classmethod
    def none(cls) -> LatentTopics:
        """Return no topics: without gold labels nothing needs them."""
        return cls(np.empty(0, dtype=np.intp), np.empty((0, 0)))

    @classmethod
    def of(cls, vectors: Any) -> LatentTopics:
        """Return the topics of samples, shape (n, n_features), scaled to a mean length of 1."""
        from sklearn.utils.extmath import randomized_svd

        vectors = vectors[:ROWS]
        weight = np.asarray(vectors.multiply(vectors).sum(axis=0)).ravel()
        used = np.flatnonzero(weight >= np.sort(weight)[-min(COMMON, len(weight))])
        vectors = vectors[:, used]
        n_topics = min(N_TOPICS, *(size - 1 for size in vectors.shape))
        if n_topics < 1 or len(used) <= N_TOPICS:  # few features are topics themselves
            directions: Floats = np.eye(len(used))
        else:
            _, _, components = randomized_svd(vectors, n_topics, n_iter=3, random_state=0)
            directions = np.ascontiguousarray(components.T)
        length = float(np.sqrt(((vectors @ directions) ** 2).sum(axis=1).mean()))
        return cls(used, directions / (length or 1.0))

    def vectors(self, vectors: Any) -> Floats:
        """Return samples in the topic space, shape (n, n_topics)."""
        projected: Floats = vectors[:, self.used] @ self.directions
        return projected
