"""How votes, text and gold labels are weighed against each other, with few gold labels at hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

from labeling.end_model.linear_model import Floats

ANCHOR_STRENGTH = 100.0  # what staying near the answer without gold is worth, in gold labels,
ANCHORED_UP_TO = 100.0  # up to so many of them; beyond, less and less with their square
OFFSET_RIDGE = 3.0
CORRECTION_RIDGE = 8.0
TRUST_AFTER = 50.0  # gold labels at which the stack and the answer without gold weigh the same
GOLD_MODEL_AFTER = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """log-odds = sum of a_e times expert e + b + corrections of single votes.

    Attributes:
        weights: a, shape (3,): votes, text, text from gold alone.
        offsets: b, shape (n_labels,).
        corrections: shape (n_votes, n_labels): one row for each voter and label it may vote for.
        n_gold: how many gold labels it rests on.
    """

    weights: Floats
    offsets: Floats
    corrections: Floats
    n_gold: int

    @classmethod
    def untrained(cls, n_votes: int, n_labels: int) -> Stack:
        """Return the stack without gold labels: the product of the first two experts."""
        return cls(np.array([1.0, 1.0, 0.0]), np.zeros(n_labels), np.zeros((n_votes, n_labels)), 0)

    @classmethod
    def fitted(
        cls,
        experts: Floats,
        votes: Floats,
        truth: npt.NDArray[np.intp],
        anchor_experts: Floats,
        anchor_votes: Floats,
    ) -> Stack:
        """Return the stack that explains the gold labels and stays near the answer without them.

        Args:
            experts: log-odds on the gold rows, shape (3, n_gold, n_labels).
            votes: one-hot votes on the gold rows, shape (n_gold, n_votes).
            truth: gold codes, shape (n_gold,).
            anchor_experts: log-odds on rows without gold, shape (3, n_anchors, n_labels).
            anchor_votes: one-hot votes there, shape (n_anchors, n_votes).
        """
        from scipy.optimize import minimize

        n_experts, n_gold, n_labels = experts.shape
        start = np.array([1.0, 1.0, n_gold / (n_gold + GOLD_MODEL_AFTER)])
        targets = np.eye(n_labels)[truth]
        anchors = softmax(anchor_experts[:2].sum(axis=0), axis=1)
        shape = (votes.shape[1], n_labels)
        held = ANCHOR_STRENGTH * min(ANCHORED_UP_TO / n_gold, 1.0) ** 2
        pull = held / max(len(anchors), 1)

        def loss(parameters: Floats) -> tuple[float, Floats]:
            a, b, d = np.split(parameters, [n_experts, n_experts + n_labels])
            d = d.reshape(shape)
            value = 0.5 * ((a - start) ** 2).sum() + OFFSET_RIDGE / 2 * (b**2).sum()
            value += CORRECTION_RIDGE / 2 * (d**2).sum()
            slope = [a - start, OFFSET_RIDGE * b, CORRECTION_RIDGE * d]
            for logs, hot, wanted, weight in (
                (experts, votes, targets, 1.0),
                (anchor_experts, anchor_votes, anchors, pull),
            ):
                found = softmax(np.tensordot(a, logs, axes=1) + b + hot @ d, axis=1)
                value -= weight * (wanted * np.log(np.maximum(found, 1e-12))).sum()
                error = weight * (found - wanted)
                slope[0] = slope[0] + np.tensordot(logs, error, axes=2)
                slope[1] = slope[1] + error.sum(axis=0)
                slope[2] = slope[2] + hot.T @ error
            return float(value), np.concatenate([part.ravel() for part in slope])

        first = np.concatenate([start, np.zeros(n_labels + votes.shape[1] * n_labels)])
        found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
        a, b, d = np.split(found, [n_experts, n_experts + n_labels])
        return cls(a, b, d.reshape(shape), n_gold)

    def probabilities(self, experts: Floats, votes: Floats) -> Floats:
        """Return the blend of the stack and the answer without gold, shape (n, n_labels).

        Args:
            experts: log-odds, shape (3, n, n_labels).
            votes: one-hot votes, shape (n, n_votes); no columns where votes are not known.
        """
        base = experts[:2].sum(axis=0)
        scores = np.tensordot(self.weights, experts, axes=1) + self.offsets
        if votes.shape[1]:
            scores = scores + votes @ self.corrections
        trust = self.n_gold**2 / (self.n_gold**2 + TRUST_AFTER**2)
        blend = trust * _log(scores) + (1 - trust) * _log(base)
        found: Floats = softmax(blend, axis=1)
        return found


def _log(scores: Floats) -> Floats:
    logs: Floats = log_softmax(scores, axis=1)
    return logs
