"""Zero-truncated mixture: estimate the number of samples left out because nobody voted on them.

Abstentions are evidence only if samples without any vote are counted too, and these are often left
out beforehand. Under independent voters, a share s_y = product over voters of P(abstain | y) of the
samples of a label y has no vote, so that n samples with votes stand for n P / (1 - P) without,
P = sum_y pi_y s_y: an EM for a truncated mixture.
"""

from __future__ import annotations

import numpy as np

from labeling.label_models.default.independent_voters import (
    STEPS,
    TOLERANCE,
    expected_counts,
    m_step,
    pseudo_votes,
    smoothed_balance,
)
from labeling.label_models.default.split_half import informative_subset
from labeling.label_models.expectation_maximisation import (
    MANY_LABELS,
    ROUGH_TOLERANCE,
    change_of_most,
    largest_change,
)
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns, vote_shares

LARGEST_SHARE = 0.9  # of all samples that may have been left out; more cannot be estimated
RELATIVE_TOLERANCE = 1e-3  # of the number of samples
NEGLIGIBLE = 0.1  # samples: as many as none, and EM need not come to its end
LEAST_STEPS = 5


def with_uncovered_samples(patterns: Patterns, tolerance: float = TOLERANCE) -> Patterns:
    """Return patterns including the samples without a vote, counted or estimated.

    Args:
        patterns: the votes.
        tolerance: the estimate converged when no probability changes by more than this.
    """
    if not patterns.covered.all() or not len(patterns.row):
        return patterns
    n_uncovered = _estimate_uncovered(patterns, tolerance)
    if n_uncovered < 1:
        return patterns
    return patterns.with_silent_pattern(n_uncovered)


def _estimate_uncovered(patterns: Patterns, tolerance: float) -> float:
    """Return the estimated number of samples without a vote, given those with votes."""
    patterns = informative_subset(patterns)
    moved = largest_change
    if patterns.n_labels > MANY_LABELS:
        tolerance, moved = max(tolerance, ROUGH_TOLERANCE), change_of_most
        patterns = patterns.by_plurality()
    prior = pseudo_votes(patterns, "abstaining")
    n, posterior = float(patterns.counts.sum()), vote_shares(patterns)
    n_votes = patterns.by_vote @ patterns.counts
    uncovered: Floats = np.zeros(patterns.n_labels)
    for step in range(2 * STEPS):
        before, n_before = posterior, uncovered.sum()
        votes, n_covered = expected_counts(patterns, posterior, patterns.counts, n_votes)
        n_of_label = n_covered + uncovered
        evidence = m_step(votes, n_of_label, prior, "abstaining", smoothed_balance(n_of_label))
        posterior = evidence.posterior(patterns)
        silent = np.exp(evidence.offset)
        share = min(float(silent.sum()), LARGEST_SHARE)
        uncovered = n * share / (1 - share) * silent / max(silent.sum(), 1e-300)
        change = abs(uncovered.sum() - n_before)
        if step >= LEAST_STEPS and uncovered.sum() < NEGLIGIBLE and change < NEGLIGIBLE / 10:
            break
        if moved(before, posterior) < tolerance and change < RELATIVE_TOLERANCE * n:
            break
    return float(uncovered.sum())
