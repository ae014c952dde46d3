"""How far a stack is trusted: by its held-out accuracy on gold labels, against that without gold.

People are wrong more often on hard samples, and where votes and text are right already, their few
labels teach their errors. Cross-validation shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from labeling.end_model.linear_model import Floats
from labeling.end_model.stacking import Stack
from labeling.records import shared_wins

# A stack was more accurate by 0 to 10 points on eight sets of texts; so it is expected to be by
EXPECTED_GAIN, EXPECTED_SPREAD = 0.03, 0.04

Rows = npt.NDArray[np.bool_]


def stack_trusts(
    base: Floats,
    heldout: Floats,
    votes: Any,
    counts: Floats,
    coarse: npt.NDArray[np.intp],
    fit: Callable[[Rows, int], Stack],
) -> Floats:
    """Return the trust in the stacks of each coarse fold, 0 to 1: shape (n_coarse,).

    It is the probability that a stack is more accurate than the result without gold, by a normal
    posterior of the difference on held-out gold labels. That of a coarse fold has heard none of the
    fold: it comes from stacks that were fitted without the fold and another, on which they are
    compared.

    Args:
        base: log-odds of votes and text on the gold rows, shape (2, n_gold, n_labels).
        heldout: of the gold classifier, as `GoldClassifier.fitted` returns them: shape (n_coarse,
            n_gold, n_labels).
        votes: one-hot votes on the gold rows, sparse, shape (n_gold, n_votes).
        counts: how often each label was given, shape (n_gold, n_labels).
        coarse: the coarse fold of each gold row, shape (n_gold,).
        fit: returns the stack fitted to some gold rows with the gold classifier of a coarse fold.
    """
    n_coarse = len(heldout)
    without_gold = shared_wins(base.sum(axis=0))
    trusts = np.empty(n_coarse)
    for own in range(n_coarse):
        gains = np.zeros(len(counts))
        is_compared = coarse != own
        for other in np.unique(coarse[is_compared]):
            here = coarse == other
            stack = fit(is_compared & ~here, own)
            experts = np.concatenate([base[:, here], heldout[own][None, here]])
            better = shared_wins(stack.probabilities(experts, votes[here])) - without_gold[here]
            gains[here] = (better * counts[here]).sum(axis=1)
        trusts[own] = probability_of_gain(gains[is_compared], counts[is_compared].sum(axis=1))
    return trusts


def probability_of_gain(gains: Floats, weights: Floats) -> float:
    """Return the posterior probability that a difference of accuracies is above 0.

    Args:
        gains: the difference on each sample, times its weight: shape (n,).
        weights: the number of labels of each sample, shape (n,).

    >>> round(probability_of_gain(np.zeros(0), np.zeros(0)), 2)
    0.77
    >>> round(probability_of_gain(np.repeat([-1.0, 0.0], [10, 90]), np.ones(100)), 2)
    0.03
    """
    total = weights.sum()
    prior = 1 / EXPECTED_SPREAD**2
    precision = 0.0
    mean = 0.0
    if total > 0:
        mean = gains.sum() / total
        # As if one more label had differed: equal answers on few labels are no proof.
        variance = ((gains**2).sum() + 1) / total**2
        precision = 1 / variance
    posterior = (prior * EXPECTED_GAIN + precision * mean) / (prior + precision)
    return float(norm.cdf(posterior * np.sqrt(prior + precision)))
