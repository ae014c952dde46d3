"""Stacking of the experts (votes, text, gold classifier) with few gold labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from labeling.end_model.cross_fitting import folds_of
from labeling.end_model.linear_model import Floats
from labeling.records import Ridges, StackedRows, StackParameters, fit_softmax_regression

# n gold labels have the weight n, and the result without gold, as pseudo-labels, EVEN_AT^2 / n: so
# they weigh the same at EVEN_AT. Of a few gold labels nearly nothing is learned; where they speak
# clearly, as of a rare label that the votes miss, the likelihood outweighs the pseudo-labels early.
EVEN_AT = 50.0
WEIGHT_RIDGE = 1.0
OFFSET_RIDGE = 3.0
CORRECTION_RIDGE = 8.0
STEPS = 200
TRUST_AFTER = 50.0  # gold labels at which the stack had half the weight, in earlier versions
GOLD_MODEL_AFTER = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """log-odds = sum of a_e times expert e + b + corrections of single votes.

    Attributes:
        weights: a, shape (3,): votes, text, gold classifier.
        offsets: b, shape (n_labels,).
        corrections: shape (n_votes, n_labels): one row for each voter and label it may vote for.
        n_gold: the number of gold labels used.
        trust: the weight of its answer beside the result without gold: 1 with gold labels, 0
            without. In files of earlier versions it is between them.
    """

    weights: Floats
    offsets: Floats
    corrections: Floats
    n_gold: int
    trust: float

    @classmethod
    def untrained(cls, n_votes: int, n_labels: int) -> Stack:
        """Return the stack without gold labels: the product of the first two experts."""
        return cls(
            np.array([1.0, 1.0, 0.0]), np.zeros(n_labels), np.zeros((n_votes, n_labels)), 0, 0.0
        )

    @classmethod
    def fitted(
        cls,
        experts: Floats,
        votes: Any,
        counts: Floats,
        anchor_experts: Floats,
        anchor_votes: Any,
    ) -> Stack:
        """Return the stack that fits the gold labels and stays near the result without them.

        Args:
            experts: log-odds on the gold rows, shape (3, n_gold, n_labels).
            votes: one-hot votes on the gold rows, sparse, shape (n_gold, n_votes).
            counts: how often each label was given, shape (n_gold, n_labels).
            anchor_experts: log-odds on rows without gold, shape (3, n_anchors, n_labels).
            anchor_votes: one-hot votes there, shape (n_anchors, n_votes).
        """
        n_gold = int(counts.sum())
        anchors = softmax(anchor_experts[:2].sum(axis=0), axis=1)
        prior = np.array([1.0, 1.0, n_gold / (n_gold + GOLD_MODEL_AFTER)])

        def penalised_loss(cross_entropies: list[float], parameters: StackParameters) -> float:
            weights, offsets, corrections = parameters
            value = WEIGHT_RIDGE / 2 * ((weights - prior) ** 2).sum()
            value += OFFSET_RIDGE / 2 * (offsets**2).sum()
            value += CORRECTION_RIDGE / 2 * (corrections**2).sum()
            for cross_entropy in cross_entropies:
                value += cross_entropy
            return float(value)

        anchor_weight = pseudo_labels(n_gold) / max(len(anchors), 1)
        parameters = fit_softmax_regression(
            [
                _stacked_rows(experts, votes, counts, 1.0),
                _stacked_rows(anchor_experts, anchor_votes, anchors, anchor_weight),
            ],
            prior,
            Ridges(WEIGHT_RIDGE, OFFSET_RIDGE, CORRECTION_RIDGE),
            penalised_loss,
            steps=STEPS,
        )
        return cls(*parameters, n_gold, 1.0)

    def probabilities(self, experts: Floats, votes: Any) -> Floats:
        """Return the posterior, shape (n, n_labels).

        Args:
            experts: log-odds, shape (3, n, n_labels).
            votes: one-hot votes, sparse, shape (n, n_votes); no columns where votes are not given.
        """
        without_gold = experts[:2].sum(axis=0)
        scores = np.tensordot(self.weights, experts, axes=1) + self.offsets
        if votes.shape[1]:
            scores = scores + votes @ self.corrections
        by_stack, by_base = log_softmax(scores, axis=1), log_softmax(without_gold, axis=1)
        blend = self.trust * by_stack + (1 - self.trust) * by_base
        probabilities: Floats = softmax(blend, axis=1)
        return probabilities


@dataclass(frozen=True, slots=True, eq=False)
class CrossFittedStack:
    """One stack per fold, fitted on the gold labels of the other folds.

    Attributes:
        stacks: by fold; a single one scores all samples (without gold, and in earlier versions).
    """

    stacks: tuple[Stack, ...]

    @property
    def n_gold(self) -> int:
        """Return the number of gold labels that the stack of a fold has heard at most."""
        return max(stack.n_gold for stack in self.stacks)

    def probabilities(self, experts: Floats, votes: Any, draws: Floats) -> Floats:
        """Return the posterior of samples, each by the stack of its fold: shape (n, n_labels).

        Args:
            experts: log-odds, shape (3, n, n_labels).
            votes: one-hot votes, sparse, shape (n, n_votes); no columns where votes are not given.
            draws: by id, shape (n,).
        """
        if len(self.stacks) == 1:
            return self.stacks[0].probabilities(experts, votes)
        probabilities: Floats = np.empty_like(experts[0])
        folds = folds_of(draws, len(self.stacks))
        for fold, stack in enumerate(self.stacks):
            rows = np.flatnonzero(folds == fold)
            probabilities[rows] = stack.probabilities(experts[:, rows], votes[rows])
        return probabilities


def pseudo_labels(n_gold: int) -> float:
    """Return the weight of the result without gold, in gold labels.

    >>> pseudo_labels(25), pseudo_labels(100)
    (100.0, 25.0)
    """
    return EVEN_AT**2 / n_gold


def trust_before(n_gold: int) -> float:
    """Return the trust in the stack of files of earlier versions, which do not hold it."""
    return n_gold**2 / (n_gold**2 + TRUST_AFTER**2)


def _stacked_rows(experts: Floats, votes: Any, targets: Floats, weight: float) -> StackedRows:
    """Return rows with soft targets; the weight of a row is this, times the sum of its targets."""
    mass = targets.sum(axis=1, keepdims=True)

    def cross_entropy(scores: Floats) -> tuple[float, Floats]:
        probabilities = softmax(scores, axis=1)
        value = -weight * (targets * np.log(np.maximum(probabilities, 1e-12))).sum()
        return value, weight * (mass * probabilities - targets)

    return StackedRows(experts, votes, votes.T, cross_entropy)
