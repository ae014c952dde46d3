"""Whether votes bear a model out: two halves of the voters, fitted apart, are held against each other.

If voters err independently given the true label, and the model has them right, then the posteriors
P_A and P_B of two halves vary together exactly as far as both tell the same label apart:

    Cov(P_A, P_B) = Cov(P_A) diag(1/pi) Cov(P_B)

because E[P_B | y] = pi + Cov(P_B) diag(1/pi) (1_y - pi) where P_B is calibrated. What the halves
share beyond the label (copies, topics), or claim and cannot confirm (a wrong balance of the labels),
moves the ratio of both sides away from 1. No gold label is needed, and a model that is merely
flexible gains nothing: what one half says was never fitted to the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.label_models.default.independent_voters import Kind, fitted
from labeling.label_models.packed_votes import Floats, hash_limit
from labeling.label_models.patterns import Patterns, row_keys

ENOUGH = 60_000  # votes from which halves are told apart; more tell the same
HALVINGS = 8
HALVINGS_OF_MANY = 4  # where there are that many
ROUGHLY = 1e-4  # how far probabilities of a half may still move


@dataclass(frozen=True, slots=True)
class Halves:
    """How far halves of the voters confirm each other.

    Attributes:
        ratio: what they share, over what they would share if the model was right: 1 is ideal.
        disagreement: how far their balances of the labels differ: the largest difference of a log share,
            median over halvings, nats.
        n: how many halvings were made.
    """

    ratio: float
    disagreement: float
    n: int


def held_against_each_other(patterns: Patterns, kind: Kind, shares: Floats | None = None) -> Halves:
    """Return how far random halves of the voters confirm a model.

    Voters who use the same labels are shared out evenly. The halves are drawn by the order of the
    voters' names.

    Args:
        patterns: the votes of four voters or more, each of whom voted.
        kind: of the model.
        shares: the labels' shares where they are known; else each half learns them.
    """
    sides = _halvings(patterns, HALVINGS if len(patterns.row) <= ENOUGH else HALVINGS_OF_MANY)
    patterns = _drawn(patterns)
    codes = patterns.codes()
    weights = patterns.counts / max(patterns.counts.sum(), 1.0)
    shared = expected = 0.0
    apart = []
    for side in sides:
        half, other = (_half(patterns, codes[:, side == one], kind, shares) for one in (0, 1))
        balance = (half[1] + other[1]) / 2
        shared += float(np.trace(_covariance(half[0], other[0], weights)))
        own = [_covariance(posterior, posterior, weights) for posterior in (half[0], other[0])]
        expected += float(np.trace(own[0] @ (own[1] / balance[:, None])))
        apart.append(float(np.abs(np.log(half[1]) - np.log(other[1])).max()))
    ratio = shared / expected if expected > 0 else 0.0
    return Halves(ratio, float(np.median(apart)), len(sides))


def _drawn(patterns: Patterns) -> Patterns:
    """Return the patterns, or where they are many a draw of those that a single sample shows."""
    codes, counts = patterns.codes(), patterns.counts
    single = counts == 1
    share = (ENOUGH - patterns.n_votes[~single].sum()) / max(patterns.n_votes[single].sum(), 1)
    if share >= 1 or share <= 0:
        return patterns
    kept = ~single | (row_keys(codes) < hash_limit(share))
    weights = np.where(single, 1 / share, counts)
    return Patterns.of_codes(codes[kept], weights[kept], patterns.gold[kept], ordered=True)


def _halvings(patterns: Patterns, number: int) -> list[npt.NDArray[np.intp]]:
    """Return for each halving the side of each voter, 0 or 1."""
    random = np.random.default_rng(0)
    used = patterns.uses
    _, group = np.unique(used, axis=0, return_inverse=True)
    sides: list[npt.NDArray[np.intp]] = []
    for _ in range(number):
        mixed = random.permutation(patterns.n_voters)
        dealt = mixed[np.argsort(group.ravel()[mixed], kind="stable")]
        side = np.empty(patterns.n_voters, dtype=np.intp)
        side[dealt] = np.arange(patterns.n_voters) % 2
        sides.append(side)
    return sides


def _half(
    patterns: Patterns, codes: npt.NDArray[Any], kind: Kind, shares: Floats | None
) -> tuple[Floats, Floats]:
    """Return the posterior of every pattern by these voters alone, and their balance."""
    part = Patterns.of_codes(codes, patterns.counts, patterns.gold, ordered=True)
    fit = fitted(part, kind, shares, ROUGHLY)
    return fit.posterior[part.of_row], fit.evidence.balance


def _covariance(one: Floats, other: Floats, weights: Floats) -> Floats:
    one, other = one - weights @ one, other - weights @ other
    found: Floats = one.T @ (other * weights[:, None])
    return found
