"""Classifier trained on gold labels alone, with latent topics of all texts as features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.end_model.cross_fitting import cross_fitted
from labeling.end_model.linear_model import Floats, LinearModel

FOLDS = 5
N_TOPICS = 100
COMMON = 10_000  # features used for topics: those with the largest weight
ROWS = 20_000  # samples used for topics; they are in random order
STRENGTH = 5.0  # of the model of single features
TOPIC_STRENGTH = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class LatentTopics:
    """The directions in which samples differ most: latent semantic analysis.

    Few gold labels contain few words, but each word represents its topic (Deerwester et al.,
    "Indexing by Latent Semantic Analysis", 1990).

    Attributes:
        used: indices of the features, shape (n_used,).
        directions: shape (n_used, n_topics).
    """

    used: npt.NDArray[np.intp]
    directions: Floats

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


@dataclass(frozen=True, slots=True, eq=False)
class GoldClassifier:
    """Two linear models trained on gold labels alone, of topics and of single features."""

    topics: LatentTopics
    by_topic: LinearModel
    by_feature: LinearModel

    @classmethod
    def untrained(cls, n_features: int, n_labels: int) -> GoldClassifier:
        """Return the classifier without gold labels, with equal probabilities."""
        return cls(
            topics=LatentTopics(np.empty(0, dtype=np.intp), np.empty((0, 0))),
            by_topic=LinearModel.untrained(0, n_labels),
            by_feature=LinearModel.untrained(n_features, n_labels),
        )

    @classmethod
    def fitted(
        cls, vectors: Any, gold_rows: npt.NDArray[np.intp], one_hot: Floats
    ) -> tuple[GoldClassifier, Floats]:
        """Return the classifier, and its log-odds on all samples, cross-fitted on the gold rows.

        Args:
            vectors: shape (n, n_features), rows in random order.
            gold_rows: shape (n_gold,).
            one_hot: gold labels, shape (n_gold, n_labels).
        """
        topics = LatentTopics.of(vectors)
        targets = np.zeros((vectors.shape[0], one_hot.shape[1]))
        targets[gold_rows] = one_hot
        by_topic, topic_log_odds = cross_fitted(
            topics.vectors(vectors),
            targets,
            gold_rows,
            FOLDS,
            strength=TOPIC_STRENGTH,
            balanced=True,
        )
        by_feature, feature_log_odds = cross_fitted(
            vectors, targets, gold_rows, FOLDS, strength=STRENGTH, balanced=True
        )
        return cls(topics, by_topic, by_feature), topic_log_odds + feature_log_odds

    def log_odds(self, vectors: Any) -> Floats:
        """Return the sum of the log-odds of both models, shape (n, n_labels)."""
        by_topic = self.by_topic.log_odds(self.topics.vectors(vectors))
        return by_topic + self.by_feature.log_odds(vectors)
