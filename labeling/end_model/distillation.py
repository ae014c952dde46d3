"""A last pupil of all experts: what they say of all samples, as a text model sees it.

Experts that were weighed by gold labels contradict each other from sample to sample where like texts
should have like labels. A linear model that learns from their answers on other samples evens that
out (as in knowledge distillation: Hinton, Vinyals and Dean, 2015; and self-training with soft labels).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.end_model.class_balance import agreement_beyond_chance
from labeling.end_model.gold_classifier import Themes
from labeling.end_model.linear_model import Floats, LinearModel, centred_log

FOLDS = 5
STRENGTH = 2.0
GOLD_WEIGHT = 3.0  # of a sample whose label is known, among those whose label is believed
THEMES_WEIGHT = 0.5  # of the themes beside single features
TRUST_AFTER = 60.0  # gold labels at which it counts half as much as it does in the end
# Agreement with the experts, beyond chance and on samples that it has not seen, from which on it
# counts, and at which it counts in full: a student who does not understand its teachers blurs them.
SOME_AGREEMENT, FULL_AGREEMENT = 0.6, 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """A text model that learned from the answers of all experts.

    Attributes:
        model: of features and themes; trained on all samples.
        weight: how much it counts beside the experts, 0 to 1: more with more gold labels, and the
            more it agrees with what the experts say of samples that it has not seen.
        scale: what its log-odds are multiplied by to be as large as theirs.
    """

    model: LinearModel
    weight: float
    scale: float

    @classmethod
    def untaught(cls, n_labels: int) -> Student:
        """Return the one that counts nothing: without gold labels there is nothing to even out."""
        return cls(LinearModel.untrained(0, n_labels), 0.0, 1.0)

    @classmethod
    def taught(
        cls,
        vectors: Any,
        themes: Themes,
        answers: Floats,
        known: npt.NDArray[np.intp],
        truth: npt.NDArray[np.intp],
    ) -> tuple[Student, Floats]:
        """Return the student, and its log-odds on the samples, each by what others taught.

        Args:
            vectors: features, shape (n, n_features), rows in an order by chance.
            themes: of the features.
            answers: of all experts, shape (n, n_labels).
            known: the gold rows, shape (n_gold,).
            truth: their codes, shape (n_gold,).
        """
        features = _seen(vectors, themes)
        targets = answers.copy()
        targets[known] = GOLD_WEIGHT * np.eye(answers.shape[1])[truth]
        model = LinearModel.fitted(features, targets, strength=STRENGTH)
        own = model.log_odds(features)
        rows = np.arange(len(answers))
        for fold in range(FOLDS):
            here, rest = rows[fold::FOLDS], np.setdiff1d(rows, rows[fold::FOLDS])
            if len(here) and len(rest):
                part = LinearModel.fitted(features[rest], targets[rest], strength=STRENGTH)
                own[here] = part.log_odds(features[here])
        sizes = np.abs(centred_log(answers)).mean(), np.abs(own).mean()
        n = len(known)
        kappa = agreement_beyond_chance(own, answers)
        understood = (kappa - SOME_AGREEMENT) / (FULL_AGREEMENT - SOME_AGREEMENT)
        weight = n**2 / (n**2 + TRUST_AFTER**2) * float(np.clip(understood, 0.0, 1.0))
        return cls(model, weight, float(sizes[0] / max(sizes[1], 1e-12))), own

    def log_odds(self, vectors: Any, themes: Themes) -> Floats:
        """Return what it says of samples, shape (n, n_labels)."""
        return self.model.log_odds(_seen(vectors, themes))

    def evened(self, answers: Floats, own: Floats) -> Floats:
        """Return the mean of the experts' answers and its own, in log-odds: (n, n_labels)."""
        if not self.weight:
            return answers
        together = centred_log(answers) + self.weight * self.scale * own
        found: Floats = softmax(together / (1 + self.weight), axis=1)
        return found


def _seen(vectors: Any, themes: Themes) -> Any:
    from scipy.sparse import csr_matrix, hstack, issparse

    more = THEMES_WEIGHT * themes.vectors(vectors)
    if issparse(vectors):
        return hstack([vectors, csr_matrix(more)], format="csr")
    return np.hstack([vectors, more])
