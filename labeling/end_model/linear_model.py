"""Multinomial logistic regression on soft targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_softmax, softmax

Floats = npt.NDArray[np.float64]

STRENGTH = 1.0  # C: soft labels are noisy, and less regularisation overfits their noise
TOLERANCE = 3e-4  # of the largest gradient, per unit of weight
MOST_STEPS = 200
MEMORY = 5  # steps that L-BFGS remembers: more cost more than they save
ABSENT_OFFSET = float(np.log(1e-4))  # of a label without any target


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """Log-odds as a linear function of features.

    Attributes:
        weights: shape (n_features, n_labels); of two labels (n_features, 1) is enough: the weights
            of the second, where the first has the opposite ones.
        offsets: shape (n_labels,).
    """

    weights: Floats
    offsets: Floats

    @classmethod
    def untrained(cls, n_features: int, n_labels: int) -> LinearModel:
        """Return the model with equal probabilities."""
        return cls(np.zeros((n_features, _n_columns(n_labels))), np.zeros(n_labels))

    @classmethod
    def fitted(
        cls, vectors: Any, targets: Floats, *, strength: float = STRENGTH, balanced: bool = False
    ) -> LinearModel:
        """Return the logistic regression on soft targets.

        The loss is the sum of the targets times -log probability, and |weights|^2 / (2 strength).

        Args:
            vectors: sparse or dense, shape (n, n_features).
            targets: shape (n, n_labels); the weight of a row is the sum of its entries.
            strength: C, the inverse of the regularisation.
            balanced: whether each label has the same total weight.
        """
        n_features, n_labels = vectors.shape[1], targets.shape[1]
        mass = targets.sum(axis=0)
        present = np.flatnonzero(mass > 1e-12)
        if not len(present):
            return cls.untrained(n_features, n_labels)
        weights = np.zeros((n_features, _n_columns(n_labels)))
        offsets = np.full(n_labels, ABSENT_OFFSET)
        if len(present) == 1:
            offsets[present] = 0.0
            return cls(weights, offsets)
        if balanced:
            targets = targets * (mass.sum() / (len(present) * np.maximum(mass, 1e-12)))
        solved, offsets[present] = _solve(vectors, targets[:, present], strength)
        if n_labels == 2:
            weights = solved
        elif len(present) == 2:
            weights[:, present] = solved * [-1.0, 1.0]
        else:
            weights[:, present] = solved
        return cls(weights, offsets)

    def with_absent_labels(self, targets: Floats) -> LinearModel:
        """Return the model with the offset of the rarest label for labels without any target.

        Of few samples that is chance, and no evidence against the label.

        Args:
            targets: those it was trained on, shape (n, n_labels).
        """
        is_absent = targets.sum(axis=0) <= 1e-12
        if is_absent.all() or not is_absent.any():
            return self
        offsets = np.where(is_absent, self.offsets[~is_absent].min(), self.offsets)
        return LinearModel(self.weights, offsets)

    def log_odds(self, vectors: Any) -> Floats:
        """Return centred log-probabilities, shape (n, n_labels)."""
        scores = vectors @ self.weights
        if scores.shape[1] < len(self.offsets):
            scores = scores * [-1.0, 1.0]
        return centred_log(softmax(scores + self.offsets, axis=1))


def _n_columns(n_labels: int) -> int:
    return 1 if n_labels == 2 else n_labels


def _solve(vectors: Any, targets: Floats, strength: float) -> tuple[Floats, Floats]:
    """Return weights (of two labels one column) and offsets of the least loss, by L-BFGS."""
    from scipy.optimize import minimize

    n_labels = targets.shape[1]
    n_columns = _n_columns(n_labels)
    # Transposed once: sparse products run along the rows.
    is_sparse = hasattr(vectors, "tocsr")
    transposed = vectors.T.tocsr() if is_sparse else np.ascontiguousarray(vectors.T)
    scale = 1 / max(float(targets.sum()), 1.0)
    loss_of = _two_label_loss if n_labels == 2 else _many_label_loss

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights = parameters[:-n_columns].reshape(-1, n_columns)
        value, error = loss_of(vectors @ weights + parameters[-n_columns:], targets)
        # Two labels have opposite weights, which count twice.
        ridge = (2 if n_labels == 2 else 1) / strength
        value += ridge / 2 * float(parameters[:-n_columns] @ parameters[:-n_columns])
        slope = np.empty_like(parameters)
        slope[:-n_columns] = (transposed @ error).ravel() + ridge * parameters[:-n_columns]
        slope[-n_columns:] = error.sum(axis=0)
        return value * scale, slope * scale

    start = np.zeros((vectors.shape[1] + 1) * n_columns)
    options = {"maxiter": MOST_STEPS, "gtol": TOLERANCE, "maxcor": MEMORY}
    solution = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    offsets = solution[-n_columns:] * ([-1.0, 1.0] if n_labels == 2 else 1.0)
    return solution[:-n_columns].reshape(-1, n_columns), offsets


def _many_label_loss(scores: Floats, targets: Floats) -> tuple[float, Floats]:
    """Return the cross-entropy and its gradient by the scores, shape (n, n_labels)."""
    logs = log_softmax(scores, axis=1)
    error = targets.sum(axis=1, keepdims=True) * np.exp(logs) - targets
    return -float((targets * logs).sum()), error


def _two_label_loss(scores: Floats, targets: Floats) -> tuple[float, Floats]:
    """Return the same where the scores of the first label are the opposite: shape (n, 1)."""
    log_odds = 2 * scores[:, 0]
    mass, second = targets.sum(axis=1), targets[:, 1]
    value = mass @ np.logaddexp(0, log_odds) - second @ log_odds
    return float(value), (2 * (mass * expit(log_odds) - second))[:, None]


def centred_log(probabilities: Floats) -> Floats:
    """Return log-probabilities, clipped at 1e-4, less their mean over the labels."""
    logs = np.log(np.clip(probabilities, 1e-4, None))
    centred: Floats = logs - logs.mean(axis=1, keepdims=True)
    return centred
