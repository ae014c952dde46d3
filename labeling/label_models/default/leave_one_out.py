"""Leave-one-out naive Bayes: what the other voters say of each vote.

A vote v of voter j is evidence A[j, v, y] for each label y: how much more often samples with that vote
are y than others, *according to the other voters* (so that no voter confirms itself). Abstentions carry
no evidence, and the posterior starts from equal shares of the labels. A voter who uses every label has
one accuracy; a voter who uses a part of them has one for each label.

Where the others say little, a vote is worth a prior accuracy, and more than that if it is cast
rarely: a rule that fires on a share c of the samples is right at most pi/c of the time, so that the
room for being wrong grows with what it covers.
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from labeling.label_models.default.independent_voters import Evidence, coins
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns, votes_by_truth

ACCURACY = 0.6  # of a vote before anything is known of it
SPECIFIC = 0.25  # log-odds of that grow as (rate of the vote) to the power of minus this
HIGHEST = 0.95  # but to no more than this accuracy
PRIOR_VOTES = 50.0  # how many votes it counts as
PRIOR_SHARE = 0.3  # and the share of a voter's own votes that plain `ACCURACY` counts as
STEPS = 12  # each keeps half of what was


def leave_one_out(patterns: Patterns) -> Evidence:
    """Return the evidence of each vote according to the other voters."""
    k = patterns.n_labels
    prior, plain = _prior(patterns), coins(np.array(ACCURACY), k)
    weights = np.where(patterns.n_votes >= 2, patterns.counts, 0.0)[patterns.row][:, None]
    table = prior
    for _ in range(STEPS):
        log_table = np.log(table)
        scores = patterns.sums(log_table)
        own = log_table[patterns.voter, patterns.vote]
        others = softmax(scores[patterns.row] - own, axis=1) * weights
        found = votes_by_truth(patterns, others).transpose(0, 2, 1)
        precision = _precision(found, _exposure(patterns, softmax(scores, axis=1), found))
        votes = found.sum(axis=2, keepdims=True)
        share = PRIOR_SHARE * votes.sum(axis=1, keepdims=True)
        estimate = votes * precision + PRIOR_VOTES * prior + share * plain
        table = (table + estimate / (votes + PRIOR_VOTES + share)) / 2
    even = np.full(k, 1 / k)
    return Evidence(np.log(table), np.zeros(k), even)


def _prior(patterns: Patterns) -> Floats:
    """Return what each vote is worth by its rate alone: (n_voters, n_labels voted, true)."""
    k = patterns.n_labels
    votes = patterns.votes_for
    rate = np.log(np.maximum(votes, 1) / max(patterns.counts.sum(), 1.0))
    typical = (rate * votes).sum() / max(votes.sum(), 1.0)
    rate = np.where(votes > 0, rate, typical)
    odds = np.log(ACCURACY * (k - 1) / (1 - ACCURACY)) * np.exp(-SPECIFIC * (rate - typical))
    odds = np.exp(np.minimum(odds, np.log(HIGHEST * (k - 1) / (1 - HIGHEST))))
    weights = np.where(np.eye(k) > 0, odds[:, :, None], 1.0)
    found: Floats = weights / weights.sum(axis=2, keepdims=True)
    return found


def _exposure(patterns: Patterns, posterior: Floats, found: Floats) -> Floats:
    """Return how often each voter met each label where others speak: (n_voters, n_labels)."""
    mass = posterior * patterns.counts[:, None]
    spoken = [
        np.bincount(patterns.voter, weights=column, minlength=patterns.n_voters)
        for column in mass[patterns.row].T
    ]
    silent = mass[patterns.covered].sum(axis=0) - np.stack(spoken, axis=1)
    met = np.maximum(silent, 0.0) + found.sum(axis=1)
    shares: Floats = met / np.maximum(met.sum(axis=1, keepdims=True), 1e-300)
    return shares


def _precision(found: Floats, met: Floats) -> Floats:
    """Return which label each vote speaks for, each label weighing the same however often it is met.

    Args:
        found: votes by truth according to the others: shape (n_voters, n_labels voted, true).
        met: shares of the labels that each voter met: shape (n_voters, n_labels).
    """
    k = met.shape[1]
    rates = found / np.maximum(met[:, None, :], 1e-12)
    precision = rates / np.maximum(rates.sum(axis=2, keepdims=True), 1e-300)
    right, total = np.trace(found, axis1=1, axis2=2), found.sum(axis=(1, 2))
    coin = coins(np.clip(right / np.maximum(total, 1e-12), 0.01, 0.99), k)
    uses_all = (found.sum(axis=2) > 0).all(axis=1)
    combined: Floats = np.where(uses_all[:, None, None], coin, precision)
    return combined


def mean_log_odds(scores: Floats, counts: Floats) -> float:
    """Return the mean absolute log-odds of rows of scores; 1 where there are none."""
    if not counts.sum():
        return 1.0
    centred = scores - scores.mean(axis=1, keepdims=True)
    return float(np.average(np.abs(centred).mean(axis=1), weights=counts)) or 1.0
