"""Classifier trained on gold labels alone, with latent topics of all texts as features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.end_model.cross_fitting import CrossFitted
from labeling.end_model.linear_model import Floats, LinearModel

FOLDS = 10  # gold labels are few: each model should hear nearly all of them
COARSE_FOLDS = 5  # of two folds each; of each two of these there is a model, so that more cost more
STRENGTH = 5.0  # of the model of single features
TOPIC_STRENGTH = 3.0
MOST_COORDINATES = 1000  # samples with gold labels up to which they are trained on in their span


@dataclass(frozen=True, slots=True, eq=False)
class GoldClassifier:
    """Two linear models trained on gold labels alone, of topics and of single features.

    Both are cross-fitted: no sample is scored by its own gold label.

    Attributes:
        by_topic: the model of the latent topics of all texts.
        by_feature: the model of single features.
        used: indices of the features that samples with gold labels have, shape (n_used,); others
            have no weight.
    """

    by_topic: CrossFitted
    by_feature: CrossFitted
    used: npt.NDArray[np.intp]

    @classmethod
    def untrained(cls, n_labels: int) -> GoldClassifier:
        """Return the classifier without gold labels, with equal probabilities."""
        return cls(
            by_topic=CrossFitted.untrained(0, n_labels),
            by_feature=CrossFitted.untrained(0, n_labels),
            used=np.empty(0, dtype=np.intp),
        )

    @classmethod
    def fitted(
        cls, of_gold: Any, topics: Floats, counts: Floats, folds: npt.NDArray[np.intp]
    ) -> tuple[GoldClassifier, GoldClassifier, Floats]:
        """Return the classifier, one of coarse folds, and log-odds of the samples with gold labels.

        The log-odds have the shape (COARSE_FOLDS, n_gold, n_labels). Those of coarse fold c have
        heard no gold label of it, nor that of the sample itself: a stack can be fitted to them that
        hears none of a fold in c.

        Args:
            of_gold: features of the samples with gold labels, shape (n_gold, n_features).
            topics: their topics, shape (n_gold, n_topics).
            counts: how often each label was given, shape (n_gold, n_labels).
            folds: 0 to FOLDS - 1, by id: shape (n_gold,).
        """
        used = np.unique(of_gold.indices).astype(np.intp)
        by_topic, coarse_topic, topic_log_odds = _cross_fitted(
            topics, counts, folds, TOPIC_STRENGTH
        )
        of_gold = of_gold[:, used]
        coordinates, combined = _in_their_span(of_gold)
        by_feature, coarse_feature, feature_log_odds = _cross_fitted(
            coordinates, counts, folds, STRENGTH
        )
        if combined is not None:
            by_feature = _of_features(by_feature, of_gold, combined)
            coarse_feature = _of_features(coarse_feature, of_gold, combined)
        return (
            cls(by_topic, by_feature, used),
            cls(coarse_topic, coarse_feature, used),
            topic_log_odds + feature_log_odds,
        )

    def log_odds(self, vectors: Any, topics: Floats, draws: Floats) -> Floats:
        """Return the sum of the log-odds of both models, shape (n, n_labels)."""
        by_topic = self.by_topic.log_odds(topics, draws)
        return by_topic + self.by_feature.log_odds(vectors[:, self.used], draws)

    def log_odds_of_fold(self, fold: int, vectors: Any, topics: Floats) -> Floats:
        """Return the same by the models of one fold, whichever folds the samples are in."""
        by_topic = self.by_topic.models[fold].log_odds(topics)
        return by_topic + self.by_feature.models[fold].log_odds(vectors[:, self.used])


def coarse_fold(fold: Any) -> Any:
    """Return the coarse fold that a fold is part of; of an array, those of its folds.

    >>> coarse_fold(0), coarse_fold(1), coarse_fold(9)
    (0, 0, 4)
    """
    return fold * COARSE_FOLDS // FOLDS


def _cross_fitted(
    vectors: Any, counts: Floats, folds: npt.NDArray[np.intp], strength: float
) -> tuple[CrossFitted, CrossFitted, Floats]:
    """Return a model for each fold, for each coarse one, and log-odds, see `GoldClassifier`."""

    def fitted(rows: npt.NDArray[np.bool_]) -> LinearModel:
        # A label without gold elsewhere: that is chance, and no evidence against it.
        model = LinearModel.fitted(vectors[rows], counts[rows], strength=strength, balanced=True)
        return model.with_absent_labels(counts[rows])

    coarse = coarse_fold(folds)
    log_odds: Floats = np.zeros((COARSE_FOLDS, *counts.shape))
    coarse_models = []
    for one in range(COARSE_FOLDS):
        for other in range(one + 1):
            model = fitted((coarse != one) & (coarse != other))
            log_odds[one, coarse == other] = model.log_odds(vectors[coarse == other])
            log_odds[other, coarse == one] = model.log_odds(vectors[coarse == one])
        coarse_models.append(model)  # the last one left out this coarse fold alone
    models = tuple(fitted(folds != fold) for fold in range(FOLDS))
    return CrossFitted(models), CrossFitted(tuple(coarse_models)), log_odds


def _of_features(models: CrossFitted, of_gold: Any, combined: Floats) -> CrossFitted:
    """Return models of features, from those in coordinates of the space of the gold samples."""
    return CrossFitted(
        tuple(
            LinearModel(of_gold.T @ (combined @ one.weights), one.offsets) for one in models.models
        )
    )


def _in_their_span(vectors: Any) -> tuple[Any, Floats | None]:
    """Return few samples in coordinates of the space they span, and what its basis is made of.

    The weights of a penalised linear model are in the span of its samples. In an orthogonal basis
    of it the penalty is the same, and the model as many times smaller as features outnumber
    samples. The basis is `vectors.T @ combined`, which is never computed as it would be large.

    Args:
        vectors: sparse, shape (n, n_features).
    """
    if not len(vectors.indices) or min(MOST_COORDINATES, vectors.shape[1]) < vectors.shape[0]:
        return vectors, None
    eigenvalues, eigenvectors = np.linalg.eigh((vectors @ vectors.T).toarray())
    kept = eigenvalues > 1e-9 * eigenvalues[-1]
    lengths = np.sqrt(eigenvalues[kept])
    return eigenvectors[:, kept] * lengths, eigenvectors[:, kept] / lengths
