"""Distillation: a text model trained on the stacked posterior, used to smooth it.

Experts weighted by gold labels may contradict each other from sample to sample where similar texts
should have the same label. A linear model that learns from their posterior on other samples smooths
that out (knowledge distillation: Hinton, Vinyals and Dean, 2015; and self-training with soft
labels).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.end_model.class_balance import kappa
from labeling.end_model.cross_fitting import CrossFitted
from labeling.end_model.gold_classifier import LatentTopics
from labeling.end_model.linear_model import Floats, centred_log

FOLDS = 3
STRENGTH = 2.0
GOLD_WEIGHT = 3.0  # of a sample with a gold label, relative to others
TOPICS_WEIGHT = 0.5  # of the latent topics relative to single features
TRUST_AFTER = 60.0  # gold labels at which the student has half its final weight
# Agreement with the experts, beyond chance and on held-out samples, from which on the student has a
# weight, and at which it has its full weight: a student that does not fit its teacher blurs it.
SOME_AGREEMENT, FULL_AGREEMENT = 0.6, 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """A text model trained on the posterior of all experts.

    Attributes:
        model: of features and topics; cross-fitted on all samples.
        weight: relative to the experts, 0 to 1: it grows with the number of gold labels, and with
            the agreement with the experts on held-out samples.
        scale: factor that brings its log-odds to the size of theirs.
    """

    model: CrossFitted
    weight: float
    scale: float

    @classmethod
    def untrained(cls, n_labels: int) -> Student:
        """Return the student of weight 0: without gold labels there is nothing to smooth."""
        return cls(CrossFitted.untrained(0, n_labels), 0.0, 1.0)

    @classmethod
    def fitted(
        cls,
        vectors: Any,
        topics: LatentTopics,
        teacher: Floats,
        gold_rows: npt.NDArray[np.intp],
        gold_codes: npt.NDArray[np.intp],
        draws: Floats,
    ) -> Student:
        """Return the student.

        Args:
            vectors: features, shape (n, n_features), rows in random order.
            topics: of the features.
            teacher: the posterior of all experts, shape (n, n_labels).
            gold_rows: shape (n_gold,).
            gold_codes: their labels, shape (n_gold,).
            draws: by id, shape (n,): they decide the folds.
        """
        targets = teacher.copy()
        targets[gold_rows] = GOLD_WEIGHT * np.eye(teacher.shape[1])[gold_codes]
        features, rows = _with_topics(vectors, topics), np.arange(len(teacher))
        model = CrossFitted.fitted(features, targets, rows, draws, FOLDS, strength=STRENGTH)
        log_odds = model.log_odds(features, draws)
        teacher_size = np.abs(centred_log(teacher)).mean()
        scale = float(teacher_size / max(np.abs(log_odds).mean(), 1e-12))
        n_gold = len(gold_rows)
        agreement = (kappa(log_odds, teacher) - SOME_AGREEMENT) / (FULL_AGREEMENT - SOME_AGREEMENT)
        trust = n_gold**2 / (n_gold**2 + TRUST_AFTER**2)
        return cls(model, trust * float(np.clip(agreement, 0.0, 1.0)), scale)

    def log_odds(self, vectors: Any, topics: LatentTopics, draws: Floats) -> Floats:
        """Return its log-odds of samples, shape (n, n_labels)."""
        return self.model.log_odds(_with_topics(vectors, topics), draws)

    def smooth(self, posterior: Floats, student_log_odds: Floats) -> Floats:
        """Return the mean of the posterior and the student, in log-odds: (n, n_labels)."""
        total = centred_log(posterior) + self.weight * self.scale * student_log_odds
        smoothed: Floats = softmax(total / (1 + self.weight), axis=1)
        return smoothed


def _with_topics(vectors: Any, topics: LatentTopics) -> Any:
    from scipy.sparse import csr_matrix, hstack, issparse

    weighted = TOPICS_WEIGHT * topics.vectors(vectors)
    if issparse(vectors):
        return hstack([vectors, csr_matrix(weighted)], format="csr")
    return np.hstack([vectors, weighted])
