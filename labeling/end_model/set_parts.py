"""The end model of sets of labels: a text model for each label against the rest.

Each is trained on the probabilities of its label, cross-fitted, and its log-odds are calibrated:
one scale and one offset by logistic regression (Platt 1999).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

from labeling.end_model.cross_fitting import CrossFitted
from labeling.end_model.linear_model import Floats
from labeling.end_model.text_expert import FEW, FEWER_FOLDS, FOLDS, MANY, MORE_FOLDS
from labeling.records.decisions import f1_decisions

LEAST_P = 1e-4  # no label is surer than this, of votes and of texts
HALF_TRUST = 30  # gold samples, at which the doubt is half of that without
SHARE_OF_VOTES = 0.5  # in the mean of the log-odds of votes and text


@dataclass(frozen=True, slots=True, eq=False)
class SetParts:
    """The fitted parts; labels sorted by name.

    Attributes:
        models: of each label against the rest: "no" and "yes".
        scale: factor of their log-odds: shape (n_labels,).
        offset: added to them, nats: shape (n_labels,).
        shares: the share of samples with each label: shape (n_labels,).
        thresholds: the probability from which a sample has a label, by text alone and by text and
            votes: shape (2, n_labels).
        doubt: of the probabilities of votes; see `doubt_of`.
    """

    models: tuple[CrossFitted, ...]
    scale: Floats
    offset: Floats
    shares: Floats
    thresholds: Floats
    doubt: float

    @classmethod
    def fitted(
        cls,
        vectors: Any,
        targets: Floats,
        by_votes: Floats,
        draws: Floats,
        doubt: float,
        progress: Callable[[str], object],
    ) -> SetParts:
        """Return the parts fitted to samples.

        Args:
            vectors: features, shape (n, n_features).
            targets: the probability of each label: shape (n, n_labels).
            by_votes: the same without gold labels.
            draws: by id, shape (n,).
            doubt: of the probabilities of votes.
            progress: called with the name of each stage.
        """
        n, k = targets.shape
        n_folds = MORE_FOLDS if n <= FEW else FEWER_FOLDS if n > MANY else FOLDS
        everything = np.arange(n)
        models, scale, offset, log_odds = [], np.ones(k), np.zeros(k), np.zeros((n, k))
        for label in range(k):
            progress(f"training on label {label + 1} of {k}")
            p = np.clip(targets[:, label], LEAST_P, 1 - LEAST_P)
            both = np.column_stack([1 - p, p])
            model = CrossFitted.fitted(vectors, both, everything, draws, n_folds)
            given = _yes_log_odds(model, vectors, draws)
            scale[label], offset[label] = calibrated(given, p)
            log_odds[:, label] = scale[label] * given + offset[label]
            models.append(model)
        by_text, combined = expit(log_odds), expit(with_votes(log_odds, by_votes))
        thresholds = np.array([[_f1_threshold(p) for p in of.T] for of in (by_text, combined)])
        shares = np.sort(targets, axis=0).mean(axis=0)
        return cls(tuple(models), scale, offset, shares, thresholds, doubt)

    def log_odds(self, vectors: Any, draws: Floats) -> Floats:
        """Return calibrated log-odds of each label by the text: shape (n, n_labels)."""
        given = [_yes_log_odds(model, vectors, draws) for model in self.models]
        return np.stack(given, axis=1) * self.scale + self.offset


def doubt_of(n_gold: int) -> float:
    """Return the weight of the decisions of a label model beside its probabilities.

    Without gold samples these are not calibrated, and a label that votes miss is easily taken as
    likelier than it is: decisions and probabilities then weigh the same.

    >>> doubt_of(0), doubt_of(30)
    (0.5, 0.25)
    """
    return 0.5 * HALF_TRUST / (n_gold + HALF_TRUST)


def with_votes(log_odds: Floats, by_votes: Floats) -> Floats:
    """Return the mean of the log-odds of text and votes.

    Args:
        log_odds: by the text: shape (n, n_labels).
        by_votes: probabilities of a label model: of the same shape.
    """
    of_votes = logit(np.clip(by_votes, LEAST_P, 1 - LEAST_P))
    mean: Floats = (1 - SHARE_OF_VOTES) * log_odds + SHARE_OF_VOTES * of_votes
    return mean


def calibrated(log_odds: Floats, p: Floats) -> tuple[float, float]:
    """Return the scale and offset with which log-odds fit probabilities best.

    >>> scale, offset = calibrated(np.array([-1.0, 0.0, 1.0]), np.array([0.1, 0.5, 0.9]))
    >>> scale > 1, abs(offset) < 1e-3
    (True, True)
    """

    def loss(parameters: Floats) -> tuple[float, Floats]:
        scores = parameters[0] * log_odds + parameters[1]
        residual = expit(scores) - p
        value = (np.logaddexp(0, scores) - p * scores).sum() + (parameters[0] - 1) ** 2 / 2
        slope = [residual @ log_odds + parameters[0] - 1, residual.sum()]
        return float(value), np.array(slope)

    fit = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B")
    return float(fit.x[0]), float(fit.x[1])


def _yes_log_odds(model: CrossFitted, vectors: Any, draws: Floats) -> Floats:
    both: npt.NDArray[np.float64] = model.log_odds(vectors, draws)
    return both[:, 1] - both[:, 0]


def _f1_threshold(p: Floats) -> float:
    """Return the lowest probability that is decided positive for the highest expected F1."""
    positive = f1_decisions(p)
    return float(p[positive].min()) if positive.any() else 1.0
