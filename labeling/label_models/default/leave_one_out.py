"""Leave-one-out naive Bayes: the evidence of each vote according to the other voters.

A vote v of voter j is evidence A[j, v, y] for each label y: how much more often samples with that
vote are y than others, *according to the other voters* (so that no voter confirms itself).
Abstentions carry no evidence, and the class balance is uniform. A voter who uses every label has
one accuracy; a voter who uses a part of them has one for each label.

The votes of a family of like voters confirm each other by their common cause, not by the label;
the evidence of each is multiplied by the voter's weight (`records.find_families`).

Where the others vote rarely, a vote has a prior accuracy, which is higher for rare votes: a
labeling function that fires on a share c of the samples is right at most pi/c of the time, so that
the room for errors grows with its coverage.
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from labeling.label_models.default.independent_voters import Evidence
from labeling.label_models.one_coin import one_coin_confusion
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns, votes_by_truth

PRIOR_ACCURACY = 0.6
SPECIFICITY = 0.25  # the prior log-odds grow as (rate of the vote) to the power of minus this
HIGHEST_ACCURACY = 0.95  # of the prior
PRIOR_VOTES = 50.0  # the number of votes that the prior counts as
PRIOR_SHARE = 0.3  # and the share of a voter's votes that plain `PRIOR_ACCURACY` counts as
STEPS = 12  # each is damped by one half


def leave_one_out(patterns: Patterns, weights: Floats) -> Evidence:
    """Return the evidence of each vote according to the other voters.

    Args:
        patterns: the votes.
        weights: the factor of the evidence of each voter's votes: shape (n_voters,), above 0.
    """
    k = patterns.n_labels
    prior, plain = _prior(patterns), one_coin_confusion(np.array(PRIOR_ACCURACY), k)
    n_compared = np.where(patterns.n_votes >= 2, patterns.counts, 0.0)[patterns.row][:, None]
    factors = weights[:, None, None]
    table = prior
    for _ in range(STEPS):
        evidence = factors * np.log(table)
        scores = patterns.sums(evidence)
        vote_scores = evidence[patterns.voter, patterns.vote]
        by_others = softmax(scores[patterns.row] - vote_scores, axis=1) * n_compared
        expected = votes_by_truth(patterns, by_others).transpose(0, 2, 1)
        exposure = _label_exposure(patterns, softmax(scores, axis=1), expected)
        precision = _precision(expected, exposure)
        votes = expected.sum(axis=2, keepdims=True)
        share = PRIOR_SHARE * votes.sum(axis=1, keepdims=True)
        estimate = votes * precision + PRIOR_VOTES * prior + share * plain
        table = (table + estimate / (votes + PRIOR_VOTES + share)) / 2
    return Evidence(factors * np.log(table), np.zeros(k), np.full(k, 1 / k))


def _prior(patterns: Patterns) -> Floats:
    """Return the prior precision of each vote by its rate: (n_voters, n_labels voted, true)."""
    k = patterns.n_labels
    votes = patterns.votes_for
    rate = np.log(np.maximum(votes, 1) / max(patterns.counts.sum(), 1.0))
    typical = (rate * votes).sum() / max(votes.sum(), 1.0)
    rate = np.where(votes > 0, rate, typical)
    odds = np.log(PRIOR_ACCURACY * (k - 1) / (1 - PRIOR_ACCURACY)) * np.exp(
        -SPECIFICITY * (rate - typical)
    )
    highest = np.log(HIGHEST_ACCURACY * (k - 1) / (1 - HIGHEST_ACCURACY))
    odds = np.exp(np.minimum(odds, highest))
    weights = np.where(np.eye(k) > 0, odds[:, :, None], 1.0)
    prior: Floats = weights / weights.sum(axis=2, keepdims=True)
    return prior


def _label_exposure(patterns: Patterns, posterior: Floats, expected: Floats) -> Floats:
    """Return the share of each label among the samples of each voter: (n_voters, n_labels)."""
    mass = posterior * patterns.counts[:, None]
    voted = [
        np.bincount(patterns.voter, weights=column, minlength=patterns.n_voters)
        for column in mass[patterns.row].T
    ]
    silent = mass[patterns.covered].sum(axis=0) - np.stack(voted, axis=1)
    exposure = np.maximum(silent, 0.0) + expected.sum(axis=1)
    shares: Floats = exposure / np.maximum(exposure.sum(axis=1, keepdims=True), 1e-300)
    return shares


def _precision(expected: Floats, exposure: Floats) -> Floats:
    """Return P(y | vote) with all labels equally common.

    Args:
        expected: votes by truth according to the others: shape (n_voters, n_labels voted, true).
        exposure: the share of each label among the samples of each voter: (n_voters, n_labels).
    """
    k = exposure.shape[1]
    rates = expected / np.maximum(exposure[:, None, :], 1e-12)
    precision = rates / np.maximum(rates.sum(axis=2, keepdims=True), 1e-300)
    right, total = np.trace(expected, axis1=1, axis2=2), expected.sum(axis=(1, 2))
    accuracy = np.clip(right / np.maximum(total, 1e-12), 0.01, 0.99)
    uses_all = (expected.sum(axis=2) > 0).all(axis=1)
    combined: Floats = np.where(uses_all[:, None, None], one_coin_confusion(accuracy, k), precision)
    return combined


def mean_log_odds(scores: Floats, counts: Floats) -> float:
    """Return the mean absolute log-odds of rows of scores; 1 where there are none."""
    if not counts.sum():
        return 1.0
    centred = scores - scores.mean(axis=1, keepdims=True)
    return float(np.average(np.abs(centred).mean(axis=1), weights=counts)) or 1.0
