"""Distillation: a text model trained on the stacked posterior, used to smooth it.

Experts weighted by gold labels may contradict each other from sample to sample where similar texts
should have the same label. A linear model of latent topics that learns from their posterior on
other samples smooths that out (knowledge distillation: Hinton, Vinyals and Dean, 2015; and
self-training with soft labels).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.end_model.class_balance import kappa
from labeling.end_model.cross_fitting import CrossFitted, folds_of
from labeling.end_model.linear_model import Floats, LinearModel, centred_log

STRENGTH = 2.0
GOLD_WEIGHT = 3.0  # of a sample with a gold label, relative to others
TOPICS_WEIGHT = 0.5  # of the latent topics relative to single features, in earlier versions
TRUST_AFTER = 60.0  # gold labels at which the student has half its final weight
# Agreement with the experts, beyond chance and on held-out samples, from which on the student has a
# weight, and at which it has its full weight: a student that does not fit its teacher blurs it.
SOME_AGREEMENT, FULL_AGREEMENT = 0.6, 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """A model of latent topics trained on the posterior of all experts.

    Attributes:
        model: of the latent topics; cross-fitted on all samples. That of a fold has a teacher that
            has heard no gold label of this fold. (In earlier versions of features and topics.)
        weights: of the model of each fold relative to the experts, 0 to 1: shape (n_folds,). It
            grows with the number of gold labels, and with the agreement with the experts on
            held-out samples.
        scales: factors that bring its log-odds to the size of theirs, shape (n_folds,).
    """

    model: CrossFitted
    weights: Floats
    scales: Floats

    @classmethod
    def untrained(cls, n_labels: int) -> Student:
        """Return the student of weight 0: without gold labels there is nothing to smooth."""
        return cls(CrossFitted.untrained(0, n_labels), np.zeros(1), np.ones(1))

    @classmethod
    def fitted(
        cls,
        topics: Floats,
        teachers: Sequence[Floats],
        gold_rows: npt.NDArray[np.intp],
        gold_counts: Floats,
        draws: Floats,
    ) -> Student:
        """Return the student.

        Args:
            topics: of the samples, shape (n, n_topics), rows in random order.
            teachers: for each fold the posterior of all experts, shape (n, n_labels), which has
                heard no gold label of the fold.
            gold_rows: shape (n_gold,).
            gold_counts: how often each label was given, shape (n_gold, n_labels).
            draws: by id, shape (n,): they decide the folds.
        """
        folds = folds_of(draws, len(teachers))
        models, weights, scales = [], [], []
        for fold, teacher in enumerate(teachers):
            targets = teacher.copy()
            targets[gold_rows] = GOLD_WEIGHT * gold_counts
            training, heldout = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            model = LinearModel.fitted(topics[training], targets[training], strength=STRENGTH)
            n_gold = gold_counts[folds[gold_rows] != fold].sum()
            log_odds = model.log_odds(topics[heldout])
            models.append(model)
            weights.append(_weight(log_odds, teacher[heldout], n_gold))
            size = np.abs(centred_log(teacher[heldout])).mean() if len(heldout) else 0.0
            scales.append(float(size / max(np.abs(log_odds).mean(), 1e-12)) if size else 1.0)
        return cls(CrossFitted(tuple(models)), np.array(weights), np.array(scales))

    @property
    def is_used(self) -> bool:
        """Return whether it has any weight."""
        return bool((self.weights > 0).any())

    def log_odds(self, vectors: Any, topics: Floats, draws: Floats) -> Floats:
        """Return its log-odds of samples, shape (n, n_labels)."""
        if len(self.model.models[0].weights) > topics.shape[1]:  # of earlier versions
            return self.model.log_odds(_with_topics(vectors, topics), draws)
        return self.model.log_odds(topics, draws)

    def smooth(self, posterior: Floats, student_log_odds: Floats, draws: Floats) -> Floats:
        """Return the mean of the posterior and the student, in log-odds: (n, n_labels)."""
        folds = folds_of(draws, len(self.weights))
        weight = self.weights[folds][:, None]
        scale = self.scales[folds][:, None]
        total = centred_log(posterior) + weight * scale * student_log_odds
        smoothed: Floats = softmax(total / (1 + weight), axis=1)
        return smoothed


def _weight(log_odds: Floats, teacher: Floats, n_gold: float) -> float:
    """Return the weight of a student by its held-out agreement with its teacher."""
    agreement = (kappa(log_odds, teacher) - SOME_AGREEMENT) / (FULL_AGREEMENT - SOME_AGREEMENT)
    trust = n_gold**2 / (n_gold**2 + TRUST_AFTER**2)
    return float(trust * np.clip(agreement, 0.0, 1.0))


def _with_topics(vectors: Any, topics: Floats) -> Any:
    from scipy.sparse import csr_matrix, hstack, issparse

    weighted = TOPICS_WEIGHT * topics
    if issparse(vectors):
        return hstack([vectors, csr_matrix(weighted)], format="csr")
    return np.hstack([vectors, weighted])
