"""Structure learning: each vote given all others, the true label summed out, with few dependencies.

Source: S. Bach, B. He, A. Ratner, C. Ré, "Learning the Structure of Generative Models without Labeled
Data" (ICML 2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.analysis.dependency.counts import Counted, Explained, Floats
from labeling.records import Votes

CELLS = 1_000_000  # samples x voters x labels learned from; more samples are drawn by id
LEAST_DRAWN = 1000  # samples that are learned from in any case
MOST_STEPS = 500
GROWTH = 1.1  # of the size of steps, which shrinks where the loss bends more than expected
SURE = 4.0  # standard errors by which a pair must agree more often than without a dependence
RESCALED = 50  # times by which rates are brought to what they are
FEW = 5  # samples added to counts of rare votes
REST = 1e-6  # how little the objective may change in the last step, of its size
LARGEST = 4.0  # accuracy, as the logarithm of odds
LARGEST_PAIR = 6.0  # dependence, likewise; that of exact copies has no end


class _Weights(NamedTuple):
    """Of the factors: accuracies (m,), values (n_labels, m), dependencies (m, m), symmetric."""

    accuracy: Floats
    bias: Floats
    pair: Floats

    def plus(self, other: _Weights, factor: float) -> _Weights:
        return _Weights(*(a + factor * b for a, b in zip(self, other, strict=True)))

    def dot(self, other: _Weights) -> float:
        """Sum of products; a dependence stands twice in its matrix and counts once."""
        halved = (1.0, 1.0, 0.5)
        return float(sum(h * (a * b).sum() for h, a, b in zip(halved, self, other, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What a model tells of the votes, given all others.

    Attributes:
        loss: minus the mean logarithm of the votes' probabilities, summed over voters.
        vote: the probability of each vote: shape (n_labels, n_rows, n_voters).
        label: of each true label, by the other voters: the same shape.
        mix: one plus what the true label adds to a vote: the same shape.
    """

    loss: float
    vote: Floats
    label: Floats
    mix: Floats


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

    def start(self, alike: Floats) -> _Weights:
        """Return equal accuracies, shared by those who say nearly the same, and no dependence."""
        silent = np.maximum(1 - self.share.sum(axis=0), 1 / self.n)
        bias = np.where(self.used, np.log(np.maximum(self.share, 1e-12) / silent), 0.0)
        return _Weights(1 / alike, bias, np.zeros((len(alike), len(alike))))

    def curvature(self) -> _Weights:
        """Return about how fast the loss bends along each weight, which scales the steps."""
        softened = self.share + FEW / self.n * self.used
        m = softened.shape[1]
        pairs = np.maximum(softened.T @ softened, 1e-12)
        speaks = np.maximum(softened.sum(axis=0), FEW / self.n)  # of a draw, some do not at all
        return _Weights(0.25 * m * speaks, softened + ~self.used, 2 * pairs)

    def told(self, weights: _Weights) -> _Told:
        accuracy, bias, pair = weights
        scores = (self.votes @ accuracy)[:, :, None] - self.votes * accuracy
        label = np.exp(scores - scores.max(axis=0))
        label /= label.sum(axis=0)
        mix = 1 + np.expm1(accuracy) * label
        odds = bias[:, None, :] + self.votes @ pair + np.log(mix)
        odds = np.where(self.used[:, None, :], odds, -np.inf)
        top = np.maximum(odds.max(axis=0), 0)
        vote = np.exp(odds - top)
        total = vote.sum(axis=0) + np.exp(-top)
        said = np.where(self.votes > 0, odds, 0).sum(axis=0) - top - np.log(total)
        return _Told(-float((self.weight * said).sum()), vote / total, label, mix)

    def gradient(self, weights: _Weights, told: _Told) -> _Weights:
        """Return the gradient of the loss."""
        surprise = (told.vote - self.votes) * self.weight
        pair = sum(now.T @ one for now, one in zip(self.votes, surprise, strict=True))
        pair = pair + pair.T
        np.fill_diagonal(pair, 0)
        share = surprise * told.label / told.mix
        own = np.exp(weights.accuracy) * share.sum(axis=(0, 1))
        moved = np.expm1(weights.accuracy) * share  # by moving the label's probabilities
        moved = moved - told.label * moved.sum(axis=0)
        others = np.einsum("vni,vn->i", self.votes, moved.sum(axis=2))
        others -= (self.votes * moved).sum(axis=(0, 1))
        return _Weights(own + others, surprise.sum(axis=1), pair)

    def independent(self, weights: _Weights) -> Floats:
        """Return the votes' probabilities without dependencies, each value as often as it is."""
        bias, none = weights.bias, np.zeros_like(weights.pair)
        for _ in range(RESCALED):
            vote = self.told(_Weights(weights.accuracy, bias, none)).vote
            given = (vote * self.weight).sum(axis=1)
            # Half a step in the logarithm: values of one voter compete for the same samples.
            moved = 0.5 * np.log(np.maximum(self.share, 1e-12) / np.maximum(given, 1e-12))
            bias = np.where(self.used, bias + moved, 0.0)
        return vote

    def together(self, vote: Floats) -> tuple[Floats, Floats]:
        """Return the shares of samples on which two voters would both vote, and vote alike."""
        said = self.votes * self.weight
        both = said.sum(axis=0).T @ vote.sum(axis=0)
        same = np.einsum("vnj,vni->ji", said, vote, optimize=True)
        return (both + both.T) / 2, (same + same.T) / 2


def explained_by_structure(counted: Counted, votes: Votes) -> Explained:
    """Return what the true label and all other voters explain, and weights of dependencies.

    The strength is a logarithm of odds, 0 for most pairs: the penalty on a pair's weight is
    `SURE` standard errors of its slope where it has none, so that chance alone hardly moves it.
    """
    n_labels = counted.n_labels
    most = max(CELLS // (n_labels * max(len(counted.voters), 1)), LEAST_DRAWN)
    model = _Model(counted.drawn(votes, most), n_labels)
    weights, steps, converged = _fitted(model, 1.0 + counted.near().sum(axis=1))
    both, same = model.together(model.independent(weights))
    return Explained(
        np.maximum(weights.pair, 0), counted.n * both, counted.n * same, steps, converged
    )


def _fitted(model: _Model, alike: Floats) -> tuple[_Weights, int, bool]:
    """Return the weights of the least penalised loss, by accelerated proximal gradients."""
    bend = model.curvature()
    penalty = SURE * np.sqrt(bend.pair / model.n)
    now = ahead = model.start(alike)
    size, pace, best = 1.0, 1.0, np.inf
    for step in range(1, MOST_STEPS + 1):
        told = model.told(ahead)
        slope = model.gradient(ahead, told)
        size, found, loss = _stepped(model, ahead, slope, told.loss, penalty, size)
        value = loss + 0.5 * float((penalty * np.abs(found.pair)).sum())
        if value > best:  # too fast: go on from the last point, at rest
            ahead, pace, best = now, 1.0, np.inf
            continue
        if best - value < REST * value:
            return found, step, True
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        change = found.plus(now, -1.0)
        ahead = found.plus(change, (pace - 1) / faster)
        ahead = ahead._replace(accuracy=np.clip(ahead.accuracy, 0, LARGEST))
        now, pace, best = found, faster, value
        size *= GROWTH
    return now, MOST_STEPS, False


def _stepped(
    model: _Model, at: _Weights, slope: _Weights, loss: float, penalty: Floats, size: float
) -> tuple[float, _Weights, float]:
    """Return a step's size that the loss bears, where it leads, and the loss there."""
    bend = model.curvature()
    while True:
        moved = _Weights(*(a - size * g / b for a, g, b in zip(at, slope, bend, strict=True)))
        shrunk = np.maximum(np.abs(moved.pair) - size * penalty / bend.pair, 0)
        found = _Weights(
            np.clip(moved.accuracy, 0, LARGEST),
            np.where(model.used, moved.bias, 0.0),
            np.sign(moved.pair) * np.minimum(shrunk, LARGEST_PAIR),
        )
        change = found.plus(at, -1.0)
        bent = _Weights(*(b * d for b, d in zip(bend, change, strict=True)))
        there = model.told(found).loss
        if there <= loss + slope.dot(change) + 0.5 / size * bent.dot(change) or size < 1e-4:
            return size, found, there
        size /= 2
