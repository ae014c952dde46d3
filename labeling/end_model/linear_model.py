"""Multinomial logistic regression on soft targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

Floats = npt.NDArray[np.float64]

STRENGTH = 1.0  # C: soft labels are noisy, and less regularisation overfits their noise
TOLERANCE = 1e-4  # of the largest gradient, per unit of weight
MOST_STEPS = 200
ABSENT_OFFSET = float(np.log(1e-4))  # of a label without any target


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """Log-odds as a linear function of features: weights (n_features, n_labels), offsets."""

    weights: Floats
    offsets: Floats

    @classmethod
    def untrained(cls, n_features: int, n_labels: int) -> LinearModel:
        """Return the model with equal probabilities."""
        return cls(np.zeros((n_features, n_labels)), np.zeros(n_labels))

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
        mass = targets.sum(axis=0)
        present = np.flatnonzero(mass > 1e-12)
        weights = np.zeros((vectors.shape[1], targets.shape[1]))
        offsets = np.full(targets.shape[1], ABSENT_OFFSET)
        if len(present) == 1:
            offsets[present] = 0.0
            return cls(weights, offsets)
        if balanced:
            targets = targets * (mass.sum() / (len(present) * np.maximum(mass, 1e-12)))
        weights[:, present], offsets[present] = _solve(vectors, targets[:, present], strength)
        return cls(weights, offsets)

    def log_odds(self, vectors: Any) -> Floats:
        """Return centred log-probabilities, shape (n, n_labels)."""
        return centred_log(softmax(vectors @ self.weights + self.offsets, axis=1))


def _solve(vectors: Any, targets: Floats, strength: float) -> tuple[Floats, Floats]:
    """Return weights and offsets of the least loss, by L-BFGS."""
    from scipy.optimize import minimize

    n_features, n_labels = vectors.shape[1], targets.shape[1]
    mass = targets.sum(axis=1, keepdims=True)
    # Transposed once: sparse products run along the rows.
    is_sparse = hasattr(vectors, "tocsr")
    transposed = vectors.T.tocsr() if is_sparse else np.ascontiguousarray(vectors.T)
    scale = 1 / max(float(mass.sum()), 1.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights = parameters[:-n_labels].reshape(n_features, n_labels)
        logs = log_softmax(vectors @ weights + parameters[-n_labels:], axis=1)
        error = mass * np.exp(logs) - targets
        value = -(targets * logs).sum() + (weights**2).sum() / (2 * strength)
        of_weights = transposed @ error + weights / strength
        slope = np.concatenate([of_weights.ravel(), error.sum(axis=0)])
        return float(value) * scale, slope * scale

    start = np.zeros((n_features + 1) * n_labels)
    options = {"maxiter": MOST_STEPS, "gtol": TOLERANCE}
    solution = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return solution[:-n_labels].reshape(n_features, n_labels), solution[-n_labels:]


def centred_log(probabilities: Floats) -> Floats:
    """Return log-probabilities, clipped at 1e-4, less their mean over the labels."""
    logs = np.log(np.clip(probabilities, 1e-4, None))
    centred: Floats = logs - logs.mean(axis=1, keepdims=True)
    return centred
