"""Stacking of the experts (votes, text, gold classifier) with few gold labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

from labeling.end_model.linear_model import Floats
from labeling.records import Ridges, StackedRows, StackParameters, fit_softmax_regression

ANCHOR_STRENGTH = 100.0  # weight of the result without gold, in gold labels,
ANCHORED_UP_TO = 100.0  # up to this number of them; beyond, it falls with their square
WEIGHT_RIDGE = 1.0
OFFSET_RIDGE = 3.0
CORRECTION_RIDGE = 8.0
STEPS = 200
TRUST_AFTER = 50.0  # gold labels at which the stack and the result without gold weigh the same
GOLD_MODEL_AFTER = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """log-odds = sum of a_e times expert e + b + corrections of single votes.

    Attributes:
        weights: a, shape (3,): votes, text, gold classifier.
        offsets: b, shape (n_labels,).
        corrections: shape (n_votes, n_labels): one row for each voter and label it may vote for.
        n_gold: the number of gold labels used.
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
        votes: Any,
        gold_codes: npt.NDArray[np.intp],
        anchor_experts: Floats,
        anchor_votes: Any,
    ) -> Stack:
        """Return the stack that fits the gold labels and stays near the result without them.

        Args:
            experts: log-odds on the gold rows, shape (3, n_gold, n_labels).
            votes: one-hot votes on the gold rows, sparse, shape (n_gold, n_votes).
            gold_codes: shape (n_gold,).
            anchor_experts: log-odds on rows without gold, shape (3, n_anchors, n_labels).
            anchor_votes: one-hot votes there, shape (n_anchors, n_votes).
        """
        _, n_gold, n_labels = experts.shape
        anchors = softmax(anchor_experts[:2].sum(axis=0), axis=1)
        strength = ANCHOR_STRENGTH * min(ANCHORED_UP_TO / n_gold, 1.0) ** 2
        prior = np.array([1.0, 1.0, n_gold / (n_gold + GOLD_MODEL_AFTER)])

        def penalised_loss(cross_entropies: list[float], parameters: StackParameters) -> float:
            weights, offsets, corrections = parameters
            value = WEIGHT_RIDGE / 2 * ((weights - prior) ** 2).sum()
            value += OFFSET_RIDGE / 2 * (offsets**2).sum()
            value += CORRECTION_RIDGE / 2 * (corrections**2).sum()
            for cross_entropy in cross_entropies:
                value += cross_entropy
            return float(value)

        anchor_weight = strength / max(len(anchors), 1)
        parameters = fit_softmax_regression(
            [
                _stacked_rows(experts, votes, np.eye(n_labels)[gold_codes], 1.0),
                _stacked_rows(anchor_experts, anchor_votes, anchors, anchor_weight),
            ],
            prior,
            Ridges(WEIGHT_RIDGE, OFFSET_RIDGE, CORRECTION_RIDGE),
            penalised_loss,
            steps=STEPS,
        )
        return cls(parameters.weights, parameters.offsets, parameters.corrections, n_gold)

    def probabilities(self, experts: Floats, votes: Any) -> Floats:
        """Return the blend of the stack and the result without gold, shape (n, n_labels).

        Args:
            experts: log-odds, shape (3, n, n_labels).
            votes: one-hot votes, sparse, shape (n, n_votes); no columns where votes are not given.
        """
        without_gold = experts[:2].sum(axis=0)
        scores = np.tensordot(self.weights, experts, axes=1) + self.offsets
        if votes.shape[1]:
            scores = scores + votes @ self.corrections
        trust = self.n_gold**2 / (self.n_gold**2 + TRUST_AFTER**2)
        blend = trust * log_softmax(scores, axis=1) + (1 - trust) * log_softmax(
            without_gold, axis=1
        )
        probabilities: Floats = softmax(blend, axis=1)
        return probabilities


def _stacked_rows(experts: Floats, votes: Any, targets: Floats, weight: float) -> StackedRows:
    """Return rows with soft targets, each of this weight."""

    def cross_entropy(scores: Floats) -> tuple[float, Floats]:
        probabilities = softmax(scores, axis=1)
        value = -weight * (targets * np.log(np.maximum(probabilities, 1e-12))).sum()
        return value, weight * (probabilities - targets)

    return StackedRows(experts, votes, votes.T, cross_entropy)
