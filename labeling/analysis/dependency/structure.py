"""Structure learning: sparse dependencies of each vote on all others, the true label summed out.

Source: S. Bach, B. He, A. Ratner, C. Ré, "Learning the Structure of Generative Models without
Labeled Data" (ICML 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.analysis.dependency.counts import Explained, Floats, VoteCounts
from labeling.records import Votes

CELLS = 1_000_000  # samples x voters x labels used; of more samples a subset is drawn by id
LEAST_DRAWN = 1000  # samples used in any case
MOST_STEPS = 500
GROWTH = 1.1  # of the step size, which shrinks where the curvature is larger than estimated
Z_SCORE = 4.0  # standard errors by which a pair must agree more often than without a dependence
RESCALING_STEPS = 50  # to match the rates of votes
SMOOTHING = 5  # samples added to counts of rare votes
TOLERANCE = 1e-6  # relative change of the objective in the last step
LARGEST_ACCURACY = 4.0  # log-odds
LARGEST_PAIR = 6.0  # log-odds of a dependence; that of exact copies is infinite


class _Weights(NamedTuple):
    """Of the factors: accuracies (m,), values (n_labels, m), dependencies (m, m), symmetric."""

    accuracy: Floats
    bias: Floats
    pair: Floats

    def plus(self, other: _Weights, factor: float) -> _Weights:
        return _Weights(*(a + factor * b for a, b in zip(self, other, strict=True)))

    def dot(self, other: _Weights) -> float:
        """Sum of products; a dependence is twice in its matrix and counts once."""
        factors = (1.0, 1.0, 0.5)
        return float(sum(c * (a * b).sum() for c, a, b in zip(factors, self, other, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class _Conditionals:
    """The conditional probability of each vote given all others.

    Attributes:
        loss: minus the mean log-probability of the votes, summed over voters.
        vote: the probability of each vote: shape (n_labels, n_rows, n_voters).
        label: of each true label, by the other voters: the same shape.
        label_factor: the factor of the true label in the odds of a vote: the same shape.
    """

    loss: float
    vote: Floats
    label: Floats
    label_factor: Floats


class _Model:
    """The marginal pseudolikelihood of patterns of votes.

    With q_v the probability of label v by the accuracies a_i of all voters but j,

        P(j votes v | others) ~ exp(b_jv + sum_i t_ij [i votes v]) (1 + (exp(a_j) - 1) q_v)
        P(j abstains | others) ~ 1

    which is the sum over true labels y of exp(... + a_j [v = y] + sum_i a_i [i votes y]).
    """

    def __init__(self, codes: npt.NDArray[np.integer], n_labels: int) -> None:
        patterns, counts = np.unique(codes, axis=0, return_counts=True)
        self.n = len(codes)
        self.weight = (counts / self.n)[:, None]
        self.votes = (patterns == np.arange(n_labels)[:, None, None]).astype(np.float64)
        self.share = (self.votes * self.weight).sum(axis=1)
        self.used = self.share > 0

    def start(self, n_alike: Floats) -> _Weights:
        """Return equal accuracies, divided among near-copies, and no dependence."""
        silent = np.maximum(1 - self.share.sum(axis=0), 1 / self.n)
        bias = np.where(self.used, np.log(np.maximum(self.share, 1e-12) / silent), 0.0)
        return _Weights(1 / n_alike, bias, np.zeros((len(n_alike), len(n_alike))))

    def curvature(self) -> _Weights:
        """Return the approximate curvature of the loss along each weight, to scale the steps."""
        smoothed = self.share + SMOOTHING / self.n * self.used
        m = smoothed.shape[1]
        pairs = np.maximum(smoothed.T @ smoothed, 1e-12)
        vote_rate = np.maximum(smoothed.sum(axis=0), SMOOTHING / self.n)  # 0 for some in a subset
        return _Weights(0.25 * m * vote_rate, smoothed + ~self.used, 2 * pairs)

    def conditionals(self, weights: _Weights) -> _Conditionals:
        accuracy, bias, pair = weights
        scores = (self.votes @ accuracy)[:, :, None] - self.votes * accuracy
        label = np.exp(scores - scores.max(axis=0))
        label /= label.sum(axis=0)
        label_factor = 1 + np.expm1(accuracy) * label
        odds = bias[:, None, :] + self.votes @ pair + np.log(label_factor)
        odds = np.where(self.used[:, None, :], odds, -np.inf)
        top = np.maximum(odds.max(axis=0), 0)
        vote = np.exp(odds - top)
        total = vote.sum(axis=0) + np.exp(-top)
        log_probability = np.where(self.votes > 0, odds, 0).sum(axis=0) - top - np.log(total)
        loss = -float((self.weight * log_probability).sum())
        return _Conditionals(loss, vote / total, label, label_factor)

    def gradient(self, weights: _Weights, conditionals: _Conditionals) -> _Weights:
        """Return the gradient of the loss."""
        error = (conditionals.vote - self.votes) * self.weight
        pair = sum(votes.T @ of_label for votes, of_label in zip(self.votes, error, strict=True))
        pair = pair + pair.T
        np.fill_diagonal(pair, 0)
        share = error * conditionals.label / conditionals.label_factor
        direct = np.exp(weights.accuracy) * share.sum(axis=(0, 1))
        indirect = np.expm1(weights.accuracy) * share  # through the probabilities of the label
        indirect = indirect - conditionals.label * indirect.sum(axis=0)
        through_others = np.einsum("vni,vn->i", self.votes, indirect.sum(axis=2))
        through_others -= (self.votes * indirect).sum(axis=(0, 1))
        return _Weights(direct + through_others, error.sum(axis=1), pair)

    def without_dependencies(self, weights: _Weights) -> Floats:
        """Return the probabilities of votes without dependencies, with the observed rates."""
        bias, no_pairs = weights.bias, np.zeros_like(weights.pair)
        for _ in range(RESCALING_STEPS):
            vote = self.conditionals(_Weights(weights.accuracy, bias, no_pairs)).vote
            rate = (vote * self.weight).sum(axis=1)
            # Half a step in the logarithm: values of one voter compete for the same samples.
            step = 0.5 * np.log(np.maximum(self.share, 1e-12) / np.maximum(rate, 1e-12))
            bias = np.where(self.used, bias + step, 0.0)
        return vote

    def pairwise_shares(self, vote: Floats) -> tuple[Floats, Floats]:
        """Return the shares of samples on which two voters would both vote, and vote alike."""
        weighted = self.votes * self.weight
        both = weighted.sum(axis=0).T @ vote.sum(axis=0)
        same = np.einsum("vnj,vni->ji", weighted, vote, optimize=True)
        return (both + both.T) / 2, (same + same.T) / 2


def explained_by_structure(counts: VoteCounts, votes: Votes) -> Explained:
    """Return what the true label and all other voters explain, and weights of dependencies.

    The strength is in log-odds, 0 for most pairs: the penalty on the weight of a pair is `Z_SCORE`
    standard errors of its slope at zero, so that chance alone hardly changes it.
    """
    n_labels = counts.n_labels
    most = max(CELLS // (n_labels * max(len(counts.voters), 1)), LEAST_DRAWN)
    model = _Model(counts.subsample(votes, most), n_labels)
    n_alike = 1.0 + counts.near_copies().sum(axis=1)
    weights, steps, converged = _fit(model, n_alike)
    both, same = model.pairwise_shares(model.without_dependencies(weights))
    return Explained(
        strength=np.maximum(weights.pair, 0),
        both=counts.n * both,
        same=counts.n * same,
        steps=steps,
        converged=converged,
    )


def _fit(model: _Model, n_alike: Floats) -> tuple[_Weights, int, bool]:
    """Return the weights of the least penalised loss, by accelerated proximal gradient (FISTA)."""
    curvature = model.curvature()
    penalty = Z_SCORE * np.sqrt(curvature.pair / model.n)
    current = ahead = model.start(n_alike)
    size, momentum, best = 1.0, 1.0, np.inf
    for step in range(1, MOST_STEPS + 1):
        conditionals = model.conditionals(ahead)
        slope = model.gradient(ahead, conditionals)
        size, candidate, loss = _backtracking_step(
            model, ahead, slope, conditionals.loss, penalty, size
        )
        value = loss + 0.5 * float((penalty * np.abs(candidate.pair)).sum())
        if value > best:  # too fast: restart from the last point without momentum
            ahead, momentum, best = current, 1.0, np.inf
            continue
        if best - value < TOLERANCE * value:
            return candidate, step, True
        next_momentum = (1 + np.sqrt(1 + 4 * momentum * momentum)) / 2
        change = candidate.plus(current, -1.0)
        ahead = candidate.plus(change, (momentum - 1) / next_momentum)
        ahead = ahead._replace(accuracy=np.clip(ahead.accuracy, 0, LARGEST_ACCURACY))
        current, momentum, best = candidate, next_momentum, value
        size *= GROWTH
    return current, MOST_STEPS, False


def _backtracking_step(
    model: _Model, at: _Weights, slope: _Weights, loss: float, penalty: Floats, size: float
) -> tuple[float, _Weights, float]:
    """Return a step size with sufficient decrease, the weights it leads to, and their loss."""
    curvature = model.curvature()
    while True:
        moved = _Weights(*(a - size * g / c for a, g, c in zip(at, slope, curvature, strict=True)))
        shrunk = np.maximum(np.abs(moved.pair) - size * penalty / curvature.pair, 0)
        candidate = _Weights(
            np.clip(moved.accuracy, 0, LARGEST_ACCURACY),
            np.where(model.used, moved.bias, 0.0),
            np.sign(moved.pair) * np.minimum(shrunk, LARGEST_PAIR),
        )
        change = candidate.plus(at, -1.0)
        scaled = _Weights(*(c * d for c, d in zip(curvature, change, strict=True)))
        new_loss = model.conditionals(candidate).loss
        bound = loss + slope.dot(change) + 0.5 / size * scaled.dot(change)
        if new_loss <= bound or size < 1e-4:
            return size, candidate, new_loss
        size /= 2
