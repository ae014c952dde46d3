"""Classifier trained on gold labels alone, with latent topics of all texts as features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.end_model.cross_fitting import CrossFitted
from labeling.end_model.linear_model import Floats

FOLDS = 10  # gold labels are few: each model should hear nearly all of them
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
    """Two linear models trained on gold labels alone, of topics and of single features.

    Both are cross-fitted: no sample is scored by its own gold label.

    Attributes:
        topics: latent topics of all texts.
        by_topic: the model of the topics.
        by_feature: the model of single features.
        used: indices of the features that samples with gold labels have, shape (n_used,); others
            have no weight.
    """

    topics: LatentTopics
    by_topic: CrossFitted
    by_feature: CrossFitted
    used: npt.NDArray[np.intp]

    @classmethod
    def untrained(cls, n_labels: int) -> GoldClassifier:
        """Return the classifier without gold labels, with equal probabilities."""
        return cls(
            topics=LatentTopics(np.empty(0, dtype=np.intp), np.empty((0, 0))),
            by_topic=CrossFitted.untrained(0, n_labels),
            by_feature=CrossFitted.untrained(0, n_labels),
            used=np.empty(0, dtype=np.intp),
        )

    @classmethod
    def fitted(
        cls, vectors: Any, gold_rows: npt.NDArray[np.intp], one_hot: Floats, draws: Floats
    ) -> GoldClassifier:
        """Return the classifier.

        Args:
            vectors: shape (n, n_features), rows in random order.
            gold_rows: shape (n_gold,).
            one_hot: gold labels, shape (n_gold, n_labels).
            draws: by id, shape (n,): they decide the folds.
        """
        topics = LatentTopics.of(vectors)
        of_gold, rows = vectors[gold_rows], np.arange(len(gold_rows))
        by_topic = CrossFitted.fitted(
            topics.vectors(of_gold),
            one_hot,
            rows,
            draws[gold_rows],
            FOLDS,
            strength=TOPIC_STRENGTH,
            balanced=True,
        )
        used = np.unique(of_gold.indices).astype(np.intp)
        by_feature = CrossFitted.fitted(
            of_gold[:, used],
            one_hot,
            rows,
            draws[gold_rows],
            FOLDS,
            strength=STRENGTH,
            balanced=True,
        )
        return cls(topics, by_topic, by_feature, used)

    def log_odds(self, vectors: Any, draws: Floats) -> Floats:
        """Return the sum of the log-odds of both models, shape (n, n_labels)."""
        by_topic = self.by_topic.log_odds(self.topics.vectors(vectors), draws)
        return by_topic + self.by_feature.log_odds(vectors[:, self.used], draws)
