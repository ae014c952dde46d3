"""Penalised softmax regression that stacks models: ridge towards prior weights, fitted by L-BFGS.

    log p(y) = sum_m w_m f_m(y) + b_y + sum over votes v of D_v(y) + constant

with f_m the log-odds of model m. The loss is the cross-entropy, plus ridges that hold w near its
prior, and b and D near zero. (Stacking: Wolpert 1992.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Ridges(NamedTuple):
    """How strongly parameters are held: `weights` near their prior, the others near zero."""

    weights: float
    offsets: float
    corrections: float


class StackedRows(NamedTuple):
    """Rows to learn from.

    Attributes:
        log_odds: of each model: shape (n_models, n, n_labels).
        one_hot: votes, sparse or dense: shape (n, n_votes).
        transposed: `one_hot` transposed.
        cross_entropy: from scores, shape (n, n_labels), to the loss and its gradient.
    """

    log_odds: Floats
    one_hot: Any
    transposed: Any
    cross_entropy: Callable[[Floats], tuple[float, Floats]]


class StackParameters(NamedTuple):
    """The fitted w, shape (n_models,), b, shape (n_labels,), and D, shape (n_votes, n_labels)."""

    weights: Floats
    offsets: Floats
    corrections: Floats

    def scores(self, log_odds: Floats, one_hot: Any) -> Floats:
        """Return the scores of rows: shape (n, n_labels)."""
        scores: Floats = np.tensordot(self.weights, log_odds, axes=1) + self.offsets
        scores = scores + one_hot @ self.corrections
        return scores


def fit_softmax_regression(
    rows: Sequence[StackedRows],
    prior: Floats,
    ridges: Ridges,
    penalised_loss: Callable[[list[float], StackParameters], float],
    *,
    steps: int,
) -> StackParameters:
    """Return the parameters of the least penalised loss.

    Args:
        rows: one group or several, whose losses are added.
        prior: what the weights are held near and start from: shape (n_models,).
        ridges: how strongly parameters are held.
        penalised_loss: the sum of the cross-entropies of the groups and the penalties. The order of
            this floating-point sum is the caller's: saved models depend on it to the last bit.
        steps: L-BFGS steps at most.
    """
    from scipy.optimize import minimize  # slow to import

    n_models, n_labels, n_votes = len(prior), rows[0].log_odds.shape[2], rows[0].one_hot.shape[1]

    def unpack(flat: Floats) -> StackParameters:
        weights, offsets, corrections = np.split(flat, [n_models, n_models + n_labels])
        return StackParameters(weights, offsets, corrections.reshape(n_votes, n_labels))

    def loss(flat: Floats) -> tuple[float, Floats]:
        parameters = unpack(flat)
        cross_entropies = []
        of_weights = ridges.weights * (parameters.weights - prior)
        of_offsets = ridges.offsets * parameters.offsets
        of_corrections = ridges.corrections * parameters.corrections
        for group in rows:
            scores = parameters.scores(group.log_odds, group.one_hot)
            cross_entropy, error = group.cross_entropy(scores)
            cross_entropies.append(cross_entropy)
            of_weights = of_weights + np.tensordot(group.log_odds, error, axes=2)
            of_offsets = of_offsets + error.sum(axis=0)
            of_corrections = of_corrections + group.transposed @ error
        value = penalised_loss(cross_entropies, parameters)
        return float(value), np.concatenate([of_weights, of_offsets, of_corrections.ravel()])

    start = np.concatenate([prior, np.zeros(n_labels + n_votes * n_labels)])
    options = {"maxiter": steps}
    return unpack(minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x)
