"""Split-half validation: fit random halves of the voters separately and compare their posteriors.

If voters err independently given the true label, and the model is right, then the posteriors P_A
and P_B of two halves co-vary exactly as far as both identify the same label:

    Cov(P_A, P_B) = Cov(P_A) diag(1/pi) Cov(P_B)

because E[P_B | y] = pi + Cov(P_B) diag(1/pi) (1_y - pi) where P_B is calibrated. Dependence beyond
the label (duplicates, topics), and overconfidence (a wrong class balance), move the ratio of both
sides away from 1. No gold label is needed, and flexibility alone does not help a model: the
posterior of one half was never fitted to the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.label_models.default.independent_voters import Family, fit_em
from labeling.label_models.packed_votes import Floats, hash_limit
from labeling.label_models.patterns import Patterns

ENOUGH_VOTES = 60_000  # more do not make the comparison more precise
N_SPLITS = 8
N_SPLITS_OF_MANY = 4  # where there are more votes than that
N_CLEAR = 2  # of these; the others are made only where the first do not clearly pass
TOLERANCE = 1e-4  # of the EM of a half
STEPS = 200  # of the EM of a half


@dataclass(frozen=True, slots=True)
class SplitHalf:
    """The agreement of halves of the voters.

    Attributes:
        ratio: their covariance over the one expected if the model is right: 1 is ideal.
        balance_gap: the difference of their class balances: the largest absolute difference of a
            log share, median over splits, nats.
        n_splits: the number of random splits.
    """

    ratio: float
    balance_gap: float
    n_splits: int


class Limits(NamedTuple):
    """What a check accepts.

    Attributes:
        ratios: the lowest and the highest ratio.
        balance_gap: the largest one, nats.
    """

    ratios: tuple[float, float]
    balance_gap: float

    def are_clearly_kept(self, ratio: float, balance_gap: float) -> bool:
        """Return whether both are no more than half as far from the ideal as is accepted."""
        lowest, highest = np.sqrt(self.ratios)
        return bool(lowest < ratio < highest and balance_gap < self.balance_gap / 2)


def split_half_check(
    patterns: Patterns,
    family: Family,
    class_balance: Floats | None = None,
    limits: Limits | None = None,
) -> SplitHalf:
    """Return how well random halves of the voters agree under a model.

    Voters who use the same labels are divided evenly. The halves are drawn by the order of the
    names of the voters.

    Args:
        patterns: the votes of four voters or more, each of whom voted.
        family: of the model.
        class_balance: if it is known; else each half learns it.
        limits: what will be accepted: with many votes, of which splits hardly differ, two splits
            are enough where each clearly keeps them.
    """
    n_splits = N_SPLITS if len(patterns.row) <= ENOUGH_VOTES else N_SPLITS_OF_MANY
    splits = _random_splits(patterns, n_splits)
    patterns = informative_subset(patterns)
    weights = patterns.counts / max(patterns.counts.sum(), 1.0)
    found: list[tuple[float, float, float]] = []  # observed, expected, gap of the balances
    for half in splits:
        if limits and len(splits) == N_SPLITS_OF_MANY and len(found) == N_CLEAR:
            ratios = [(_ratio(observed, expected), gap) for observed, expected, gap in found]
            if all(limits.are_clearly_kept(*both) for both in ratios):
                break
        found.append(_compare_halves(patterns, half, family, class_balance, weights))
    observed, expected, gaps = np.array(found).T
    return SplitHalf(_ratio(observed.sum(), expected.sum()), float(np.median(gaps)), len(found))


def _ratio(observed: float, expected: float) -> float:
    return float(observed / expected) if expected > 0 else 0.0


def _compare_halves(
    patterns: Patterns,
    half: npt.NDArray[np.intp],
    family: Family,
    class_balance: Floats | None,
    weights: Floats,
) -> tuple[float, float, float]:
    """Return the covariance of two halves, the expected one, and the gap of their balances."""
    (first, first_balance), (second, second_balance) = (
        _fit_half(patterns, np.flatnonzero(half == number), family, class_balance)
        for number in (0, 1)
    )
    balance = (first_balance + second_balance) / 2
    observed = float(np.trace(_covariance(first, second, weights)))
    variances = [_covariance(posterior, posterior, weights) for posterior in (first, second)]
    expected = float(np.trace(variances[0] @ (variances[1] / balance[:, None])))
    gap = float(np.abs(np.log(first_balance) - np.log(second_balance)).max())
    return observed, expected, gap


def informative_subset(patterns: Patterns) -> Patterns:
    """Return the patterns, or if they are many a random subset of those with a single sample."""
    counts = patterns.counts
    is_single = counts == 1
    n_single_votes = patterns.n_votes[is_single].sum()
    share = (ENOUGH_VOTES - patterns.n_votes[~is_single].sum()) / max(n_single_votes, 1)
    if share >= 1 or share <= 0:
        return patterns
    chosen = ~is_single | (patterns.keys() < hash_limit(share))
    weights = np.where(is_single, 1 / share, counts)
    return patterns.of_patterns(chosen, weights[chosen])


def _random_splits(patterns: Patterns, n_splits: int) -> list[npt.NDArray[np.intp]]:
    """Return for each split the half of each voter, 0 or 1."""
    random = np.random.default_rng(0)
    _, group = np.unique(patterns.uses, axis=0, return_inverse=True)
    splits: list[npt.NDArray[np.intp]] = []
    for _ in range(n_splits):
        shuffled = random.permutation(patterns.n_voters)
        stratified = shuffled[np.argsort(group.ravel()[shuffled], kind="stable")]
        half = np.empty(patterns.n_voters, dtype=np.intp)
        half[stratified] = np.arange(patterns.n_voters) % 2
        splits.append(half)
    return splits


def _fit_half(
    patterns: Patterns,
    voters: npt.NDArray[np.intp],
    family: Family,
    class_balance: Floats | None,
) -> tuple[Floats, Floats]:
    """Return the posterior of every pattern by these voters alone, and their class balance."""
    if (patterns.n_labels + 1) ** len(voters) > len(patterns.counts):
        part = patterns.of_voters(voters)  # few patterns become equal, if any
    else:
        codes = patterns.codes()[:, voters]
        part = Patterns.from_codes(codes, patterns.counts, patterns.gold, keep_order=True)
    fit = fit_em(part, family, class_balance, TOLERANCE, STEPS)
    return fit.posterior[part.pattern_of_row], fit.evidence.class_balance


def _covariance(a: Floats, b: Floats, weights: Floats) -> Floats:
    a, b = a - weights @ a, b - weights @ b
    covariance: Floats = a.T @ (b * weights[:, None])
    return covariance
