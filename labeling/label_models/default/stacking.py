"""Stacking with gold labels: weights of the models fitted without gold, corrections of votes.

    log p(y | votes) = sum_b t_b f_b(y) + beta_y + sum_{votes v of voters j} D_{j,v}(y) + constant

with f_b the centred log-probabilities of the models b fitted without gold. The loss is the sum of
cross-entropy over the gold labels, plus ridges that hold t at equal weights and the rest at zero.
Which models are used, and how strongly D is held, is a matter of cross-validated log-loss on the
gold labels: of eight such stacks the mean is taken, each weighted by its loss (pseudo-BMA weights;
Yao et al. 2018), since the best of few gold labels is often best by chance. (Wolpert 1992,
stacking.) The ridges do not keep a few gold labels from misleading a stack: the result is the mean
of the stacks and of the model without gold, in log-probabilities, weighted n to 25.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax, softmax

from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns
from labeling.records import Ridges, StackedRows, StackParameters, fit_softmax_regression

LEAST_GOLD = 25
HALF_TRUSTED = 25.0  # gold labels at which stacks and the model without gold weigh the same
LOSS_SCALE = 5.0  # nats of log-loss over all gold labels at which a stack weighs 1 / e
FOLDS = 5
WEIGHT_RIDGE = 0.5
OFFSET_RIDGE = 1.0
CORRECTION_RIDGES = (1.0, 3.0, 10.0, np.inf)  # the last: no corrections
MOST_CORRECTIONS = 50_000  # of hundreds of labels a few gold labels say nothing about each vote
STEPS = 60
SMALLEST_PROBABILITY = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class GoldRows:
    """Gold labels counted by pattern and label, assigned to folds in the order of the patterns.

    Attributes:
        pattern: shape (n,).
        label: shape (n,).
        weight: the number of gold labels: shape (n,).
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
        repeats = gold[pattern, label].astype(np.intp)
        cell = np.repeat(np.arange(len(repeats)), repeats)
        distinct, weight = np.unique(
            np.stack([cell, np.arange(len(cell)) % FOLDS]), axis=1, return_counts=True
        )
        cells, fold = distinct
        return cls(pattern[cells], label[cells], weight.astype(np.float64), fold)

    def where(self, mask: npt.NDArray[np.bool_]) -> GoldRows:
        """Return the rows of a mask."""
        return GoldRows(self.pattern[mask], self.label[mask], self.weight[mask], self.fold[mask])


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """The mean of the stacks, weighted by their cross-validated log-loss.

    Attributes:
        weights: t, shape (n_models,).
        offsets: beta, shape (n_labels,).
        corrections: D, shape (n_voters, n_labels voted, n_labels).
        loss: cross-validated log-loss of the mean per gold label, nats.
        loss_without_gold: log-loss of the probabilities of the first model on the same labels.
        n_gold: the number of gold labels used.
        n_stacks: the number of stacks.
        corrected: the weight of the stacks that correct single votes, 0 to 1.
    """

    weights: Floats
    offsets: Floats
    corrections: Floats
    loss: float
    loss_without_gold: float
    n_gold: int
    n_stacks: int
    corrected: float

    @property
    def trust(self) -> float:
        """The weight of the stacks, 0 to 1; the rest is that of the model without gold labels."""
        return self.n_gold / (self.n_gold + HALF_TRUSTED)

    def blended(self) -> StackParameters:
        """Return the parameters of the stacks, averaged with those of the model without gold."""
        weights = self.trust * self.weights
        weights[0] += 1 - self.trust
        return StackParameters(weights, self.trust * self.offsets, self.trust * self.corrections)


def centred_logs(posterior: Floats) -> Floats:
    """Return log-probabilities, clipped at 1e-4, less their mean over the labels."""
    logs = np.log(np.clip(posterior, SMALLEST_PROBABILITY, None))
    centred: Floats = logs - logs.mean(axis=1, keepdims=True)
    return centred


def fit_stack(patterns: Patterns, posteriors: list[Floats]) -> Stack:
    """Return the mean of the stacks, weighted by their cross-validated log-loss.

    Args:
        patterns: the votes, with gold labels.
        posteriors: of each model fitted without gold, shape (n_patterns, n_labels); the first is
            the result without gold.
    """
    rows = GoldRows.of(patterns)
    with_gold, place = np.unique(rows.pattern, return_inverse=True)
    posteriors = [posterior[with_gold] for posterior in posteriors]
    rows = replace(rows, pattern=place)  # among those with gold labels
    logs = np.stack([centred_logs(posterior) for posterior in posteriors])
    one_hot = patterns.one_hot[with_gold]
    used = np.unique(one_hot.indices)
    one_hot = one_hot[:, used].tocsr()
    is_small = len(used) * patterns.n_labels <= MOST_CORRECTIONS
    candidates = [
        _Candidate(list(models), logs[list(models)], one_hot, ridge)
        for models in ((0,), range(len(posteriors)))
        for ridge in (CORRECTION_RIDGES if is_small else CORRECTION_RIDGES[-1:])
    ]
    heldout = np.stack([candidate.cross_validated_scores(rows) for candidate in candidates])
    losses = np.array([_log_loss(scores, rows.label, rows.weight) for scores in heldout])
    shares = softmax(-losses * rows.weight.sum() / LOSS_SCALE)
    k, n_models = patterns.n_labels, len(posteriors)
    weights, offsets = np.zeros(n_models), np.zeros(k)
    corrections = np.zeros((patterns.n_voters * k, k))
    for candidate, share in zip(candidates, shares, strict=True):
        parameters = candidate.fit(rows)
        weights[candidate.models] += share * parameters.weights
        offsets += share * parameters.offsets
        if np.isfinite(candidate.ridge):
            corrections[used] += share * parameters.corrections
    return Stack(
        weights=weights,
        offsets=offsets,
        corrections=corrections.reshape(patterns.n_voters, k, k),
        loss=_log_loss(np.tensordot(shares, heldout, axes=1), rows.label, rows.weight),
        loss_without_gold=_log_loss(
            np.log(np.clip(posteriors[0][rows.pattern], 1e-12, None)), rows.label, rows.weight
        ),
        n_gold=int(rows.weight.sum()),
        n_stacks=len(candidates),
        corrected=float(shares[[np.isfinite(candidate.ridge) for candidate in candidates]].sum()),
    )


def _log_loss(scores: Floats, label: npt.NDArray[np.intp], weight: Floats) -> float:
    """Return the weighted mean log-loss of scores, which need not be normalised."""
    logs = log_softmax(scores, axis=1)
    return float(-np.average(logs[np.arange(len(label)), label], weights=weight))


class _Candidate:
    """A stack of some models with one ridge."""

    def __init__(self, models: list[int], logs: Floats, one_hot: Any, ridge: float) -> None:
        self.models, self.logs, self.ridge = models, logs, ridge
        self.one_hot = one_hot if np.isfinite(ridge) else one_hot[:, :0]

    def cross_validated_scores(self, rows: GoldRows) -> Floats:
        """Return the scores of the gold rows, each by the fit on the other folds."""
        scores = np.zeros((len(rows.label), self.logs.shape[2]))
        for fold in range(FOLDS):
            is_heldout = rows.fold == fold
            pattern = rows.pattern[is_heldout]
            if len(pattern):
                parameters = self.fit(rows.where(~is_heldout))
                scores[is_heldout] = parameters.scores(self.logs[:, pattern], self.one_hot[pattern])
        return scores

    def fit(self, rows: GoldRows) -> StackParameters:
        """Return t, beta and D that fit these gold labels best."""
        one_hot = self.one_hot[rows.pattern]
        targets = np.eye(self.logs.shape[2])[rows.label]
        equal_weights = np.full(len(self.logs), 1 / len(self.logs))
        ridge = self.ridge if self.one_hot.shape[1] else 0.0

        def cross_entropy(scores: Floats) -> tuple[float, Floats]:
            logs = log_softmax(scores, axis=1)
            error = rows.weight[:, None] * (np.exp(logs) - targets)
            return -float(rows.weight @ logs[np.arange(len(rows.label)), rows.label]), error

        def penalised_loss(cross_entropies: list[float], parameters: StackParameters) -> float:
            weights, offsets, corrections = parameters
            flat = corrections.ravel()
            value = cross_entropies[0]
            value += 0.5 * WEIGHT_RIDGE * float(((weights - equal_weights) ** 2).sum())
            value += 0.5 * (OFFSET_RIDGE * float(offsets @ offsets) + ridge * float(flat @ flat))
            return value

        return fit_softmax_regression(
            [StackedRows(self.logs[:, rows.pattern], one_hot, one_hot.T.tocsr(), cross_entropy)],
            equal_weights,
            Ridges(WEIGHT_RIDGE, OFFSET_RIDGE, ridge),
            penalised_loss,
            steps=STEPS,
        )
