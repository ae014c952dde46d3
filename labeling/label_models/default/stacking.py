"""With gold labels: how far each answer that needs none is to be trusted, and what single votes add.

    log p(y | votes) = sum_b t_b f_b(y) + beta_y + sum_{votes v of voters j} D_{j,v}(y) + constant

with f_b the centred log-probabilities of the models b that were fitted without gold. The loss is the
sum of cross-entropy over the gold labels, plus ridges that hold t at equal weights and the rest at
zero: with few gold labels the answer stays near the one without. Which models take part and how
strongly D is held is chosen by cross-validated log-loss on the gold labels. (Wolpert 1992, stacking.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax

from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns

LEAST_GOLD = 100
FOLDS = 5
WEIGHT_RIDGE = 0.5
OFFSET_RIDGE = 1.0
CORRECTION_RIDGES = (1.0, 3.0, 10.0, np.inf)  # the last: no corrections
STEPS = 60
CLIP = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class GoldRows:
    """Gold labels counted by pattern and label, dealt to folds in the order of the patterns.

    Attributes:
        pattern: shape (n,).
        label: shape (n,).
        weight: how many gold labels these are: shape (n,).
        fold: shape (n,).
    """

    pattern: npt.NDArray[np.intp]
    label: npt.NDArray[np.intp]
    weight: Floats
    fold: npt.NDArray[np.intp]

    @classmethod
    def of(cls, patterns: Patterns) -> GoldRows:
        """Return the gold labels of covered patterns."""
        gold = np.where(patterns.covered[:, None], patterns.gold, 0.0)
        pattern, label = np.nonzero(gold)
        times = gold[pattern, label].astype(np.intp)
        each = np.repeat(np.arange(len(times)), times)
        cells, weight = np.unique(
            np.stack([each, np.arange(len(each)) % FOLDS]), axis=1, return_counts=True
        )
        which, fold = cells
        return cls(pattern[which], label[which], weight.astype(np.float64), fold)

    def only(self, kept: npt.NDArray[np.bool_]) -> GoldRows:
        """Return some of the rows."""
        return GoldRows(self.pattern[kept], self.label[kept], self.weight[kept], self.fold[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """The stack that was chosen.

    Attributes:
        weights: t, shape (n_models,); 0 = takes no part.
        offsets: beta, shape (n_labels,).
        corrections: D, shape (n_voters, n_labels voted, n_labels).
        ridge: how strongly D was held; infinite = not at all used.
        loss: cross-validated log-loss a gold label, nats.
        loss_without: log-loss of the first model's own probabilities on the same labels.
        n_gold: how many gold labels it rests on.
    """

    weights: Floats
    offsets: Floats
    corrections: Floats
    ridge: float
    loss: float
    loss_without: float
    n_gold: int


def centred_logs(posterior: Floats) -> Floats:
    """Return log-probabilities, cut off at 1e-4, less their mean over the labels."""
    logs = np.log(np.clip(posterior, CLIP, None))
    found: Floats = logs - logs.mean(axis=1, keepdims=True)
    return found


def fit_stack(patterns: Patterns, posteriors: list[Floats]) -> Stack:
    """Return the stack with the lowest cross-validated log-loss.

    Args:
        patterns: the votes, with gold labels.
        posteriors: of each model that was fitted without gold, shape (n_patterns, n_labels); the
            first is the answer without gold.
    """
    rows = GoldRows.of(patterns)
    logs = np.stack([centred_logs(posterior) for posterior in posteriors])
    seen = np.unique(patterns.hot[rows.pattern].indices)
    hot = patterns.hot[:, seen].tocsr()
    everyone = tuple(range(len(posteriors)))
    found = []
    for models in ((0,), everyone):
        for ridge in CORRECTION_RIDGES:
            problem = _Problem(logs[list(models)], hot, ridge, patterns.n_labels)
            found.append((problem.cross_validated(rows), models, ridge, problem))
    loss, models, ridge, problem = min(found, key=lambda one: one[0])
    t, offsets, corrections = problem.solved(rows)
    weights = np.zeros(len(posteriors))
    weights[list(models)] = t
    every = np.zeros((patterns.n_voters * patterns.n_labels, patterns.n_labels))
    if np.isfinite(ridge):
        every[seen] = corrections
    shape = (patterns.n_voters, patterns.n_labels, patterns.n_labels)
    without = _log_loss(np.log(np.clip(posteriors[0], 1e-12, None)), rows)
    n_gold = int(rows.weight.sum())
    return Stack(weights, offsets, every.reshape(shape), ridge, loss, without, n_gold)


def _log_loss(logs: Floats, rows: GoldRows) -> float:
    return float(-np.average(logs[rows.pattern, rows.label], weights=rows.weight))


class _Problem:
    """One way to stack: some models, one ridge."""

    def __init__(self, logs: Floats, hot: Any, ridge: float, n_labels: int) -> None:
        self.logs, self.ridge, self.n_labels = logs, ridge, n_labels
        self.hot = hot if np.isfinite(ridge) else hot[:, :0]

    def cross_validated(self, rows: GoldRows) -> float:
        """Return the log-loss a gold label, each judged by what the other folds teach."""
        total = 0.0
        for fold in range(FOLDS):
            here = rows.only(rows.fold == fold)
            if len(here.pattern):
                scores = self.scores(self.solved(rows.only(rows.fold != fold)), here.pattern)
                picked = log_softmax(scores, axis=1)[np.arange(len(here.label)), here.label]
                total -= float(picked @ here.weight)
        return total / float(rows.weight.sum())

    def scores(
        self, solution: tuple[Floats, Floats, Floats], pattern: npt.NDArray[np.intp]
    ) -> Floats:
        """Return the scores of patterns."""
        t, offsets, corrections = solution
        found = np.tensordot(t, self.logs[:, pattern], axes=1) + offsets
        found += self.hot[pattern] @ corrections
        return found

    def solved(self, rows: GoldRows) -> tuple[Floats, Floats, Floats]:
        """Return t, beta and D that explain these gold labels best."""
        n_models, k, width = len(self.logs), self.n_labels, self.hot.shape[1]
        logs, hot = self.logs[:, rows.pattern], self.hot[rows.pattern]
        back = hot.T.tocsr()
        wanted = np.eye(k)[rows.label]
        equal = np.full(n_models, 1 / n_models)
        ridge = self.ridge if width else 0.0

        def loss(parameters: Floats) -> tuple[float, Floats]:
            t, offsets, flat = np.split(parameters, [n_models, n_models + k])
            corrections = flat.reshape(width, k)
            scores = np.tensordot(t, logs, axes=1) + offsets + hot @ corrections
            logged = log_softmax(scores, axis=1)
            error = rows.weight[:, None] * (np.exp(logged) - wanted)
            value = -float(rows.weight @ logged[np.arange(len(rows.label)), rows.label])
            value += 0.5 * WEIGHT_RIDGE * float(((t - equal) ** 2).sum())
            value += 0.5 * (OFFSET_RIDGE * float(offsets @ offsets) + ridge * float(flat @ flat))
            slope = [
                np.tensordot(logs, error, axes=2) + WEIGHT_RIDGE * (t - equal),
                error.sum(axis=0) + OFFSET_RIDGE * offsets,
                (back @ error).ravel() + ridge * flat,
            ]
            return value, np.concatenate(slope)

        start = np.concatenate([equal, np.zeros(k + width * k)])
        found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
        t, offsets, flat = np.split(found, [n_models, n_models + k])
        return t, offsets, flat.reshape(width, k)
