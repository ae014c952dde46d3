"""How many samples were left out because nobody voted on them.

What silence says of a label can only be told if samples on which all are silent are counted too. They
are often left out beforehand. Voters who err independently tell how many there were: of a label y
a share s_y = product over voters of P(silent | y) has no vote, so that n samples with votes stand for
n P / (1 - P) without, P = sum_y pi_y s_y: an EM for a truncated mixture.
"""

from __future__ import annotations

import numpy as np

from labeling.label_models.default.independent_voters import (
    STEPS,
    TOLERANCE,
    evidence_of,
    prior_of,
    with_prior,
)
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns, expected_votes, vote_shares
from labeling.records import ABSTAIN

MOST_UNSEEN = (
    0.9  # the share of all samples that may have been left out: beyond, nothing can be told
)
ROUGHLY = 1e-3  # of the samples: how exactly their number matters


def with_unseen(patterns: Patterns) -> Patterns:
    """Return patterns with the samples that nobody voted on, counted or estimated."""
    if not patterns.covered.all() or not len(patterns.row):
        return patterns
    number = _unseen(patterns)
    if number < 1:
        return patterns
    codes = patterns.codes()
    silent = np.full((1, patterns.n_voters), ABSTAIN, dtype=codes.dtype)
    return Patterns.of_codes(
        np.concatenate([codes, silent]),
        np.append(patterns.counts, number),
        np.concatenate([patterns.gold, np.zeros((1, patterns.n_labels))]),
        ordered=True,
    )


def _unseen(patterns: Patterns) -> float:
    """Return how many samples without a vote there were, by the votes of those that have one."""
    prior = prior_of(patterns, "abstaining")
    n, posterior = float(patterns.counts.sum()), vote_shares(patterns)
    unseen: Floats = np.zeros(patterns.n_labels)
    for _ in range(2 * STEPS):
        before, number = posterior, unseen.sum()
        mass = posterior * patterns.counts[:, None]
        total = mass.sum(axis=0) + unseen
        votes = expected_votes(patterns, mass)
        evidence = evidence_of(votes, total, prior, "abstaining", with_prior(total))
        posterior = evidence.posterior(patterns)
        silent = np.exp(evidence.offset)
        share = min(float(silent.sum()), MOST_UNSEEN)
        unseen = n * share / (1 - share) * silent / max(silent.sum(), 1e-300)
        at_rest = np.abs(posterior - before).max() < TOLERANCE
        if at_rest and abs(unseen.sum() - number) < ROUGHLY * n:
            break
    return float(unseen.sum())
