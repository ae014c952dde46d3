"""A linear classifier that learns from probabilities: multinomial logistic regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

Floats = npt.NDArray[np.float64]

STRENGTH = 1.0  # C: labels of voters are noisy, and a looser model learns their noise by heart
ENOUGH = 1e-4  # the largest slope, for each unit of weight, at which the fit is good enough
MOST_STEPS = 200
NEVER = float(np.log(1e-4))  # the offset of a label that nothing speaks for


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """Log-odds as a linear function of features: weights (n_features, n_labels), offsets."""

    weights: Floats
    offsets: Floats

    @classmethod
    def untrained(cls, n_features: int, n_labels: int) -> LinearModel:
        """Return the model that knows nothing: each label is as likely as another."""
        return cls(np.zeros((n_features, n_labels)), np.zeros(n_labels))

    @classmethod
    def fitted(
        cls, vectors: Any, targets: Floats, *, strength: float = STRENGTH, balanced: bool = False
    ) -> LinearModel:
        """Return the logistic regression on soft targets.

        The loss is the sum of the targets times -log probability, and |weights|^2 / (2 strength).

        Args:
            vectors: sparse or dense, shape (n, n_features).
            targets: shape (n, n_labels); row i counts as much as its entries sum to.
            strength: C, the inverse of the regularisation.
            balanced: whether each label weighs the same in sum.
        """
        mass = targets.sum(axis=0)
        present = np.flatnonzero(mass > 1e-12)
        weights = np.zeros((vectors.shape[1], targets.shape[1]))
        offsets = np.full(targets.shape[1], NEVER)
        if len(present) == 1:
            offsets[present] = 0.0
            return cls(weights, offsets)
        if balanced:
            targets = targets * (mass.sum() / (len(present) * np.maximum(mass, 1e-12)))
        weights[:, present], offsets[present] = _solved(vectors, targets[:, present], strength)
        return cls(weights, offsets)

    def log_odds(self, vectors: Any) -> Floats:
        """Return centred log-probabilities, shape (n, n_labels)."""
        return centred_log(softmax(vectors @ self.weights + self.offsets, axis=1))


def _solved(vectors: Any, targets: Floats, strength: float) -> tuple[Floats, Floats]:
    from scipy.optimize import minimize

    n_features, n_labels = vectors.shape[1], targets.shape[1]
    mass = targets.sum(axis=1, keepdims=True)
    # Transposed once: sparse products run along the rows.
    turned = vectors.T.tocsr() if hasattr(vectors, "tocsr") else np.ascontiguousarray(vectors.T)
    scale = 1 / max(float(mass.sum()), 1.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights = parameters[:-n_labels].reshape(n_features, n_labels)
        logs = log_softmax(vectors @ weights + parameters[-n_labels:], axis=1)
        error = mass * np.exp(logs) - targets
        value = -(targets * logs).sum() + (weights**2).sum() / (2 * strength)
        slope = np.concatenate([(turned @ error + weights / strength).ravel(), error.sum(axis=0)])
        return float(value) * scale, slope * scale

    start = np.zeros((n_features + 1) * n_labels)
    options = {"maxiter": MOST_STEPS, "gtol": ENOUGH}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    return found[:-n_labels].reshape(n_features, n_labels), found[-n_labels:]


def centred_log(probabilities: Floats) -> Floats:
    """Return log-probabilities, cut off at 1e-4, less their mean over the labels."""
    logs = np.log(np.clip(probabilities, 1e-4, None))
    centred: Floats = logs - logs.mean(axis=1, keepdims=True)
    return centred
