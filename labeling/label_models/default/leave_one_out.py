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

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from labeling.label_models.default.independent_voters import Evidence
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns, softmax_rows

PRIOR_ACCURACY = 0.6
SPECIFICITY = 0.25  # the prior log-odds grow as (rate of the vote) to the power of minus this
HIGHEST_ACCURACY = 0.95  # of the prior
PRIOR_VOTES = 50.0  # the number of votes that the prior counts as
PRIOR_SHARE = 0.3  # and the share of a voter's votes that plain `PRIOR_ACCURACY` counts as
STEPS = 12  # each is damped by one half
NUMBERS_AT_A_TIME = 1 << 20  # that are computed for each vote and label
ROUNDING = 1e-9  # nats: evidence that cancels out leaves less


def leave_one_out(patterns: Patterns, weights: Floats) -> Evidence:
    """Return the evidence of each vote according to the other voters.

    Args:
        patterns: the votes.
        weights: the factor of the evidence of each voter's votes: shape (n_voters,), above 0.
    """
    k = patterns.n_labels
    used = _UsedVotes(patterns)
    odds = _prior_odds(patterns)
    prior = _one_label_shares(odds[used.voter, used.vote], used.vote, k)
    plain = _one_label_shares(_odds(PRIOR_ACCURACY, k), used.vote, k)
    factors = weights[used.voter][:, None]
    table = prior
    for _ in range(STEPS):
        evidence = factors * np.log(table)
        posterior = softmax_rows(used.one_hot @ evidence)
        expected = used.expected_by_others(posterior, np.exp(-evidence))
        precision = used.precision(expected, used.exposure(posterior, expected))
        votes = expected.sum(axis=1)
        share = PRIOR_SHARE * (used.by_voter @ votes)[used.voter]
        estimate = votes[:, None] * precision + PRIOR_VOTES * prior + share[:, None] * plain
        table = (table + estimate / (votes + PRIOR_VOTES + share)[:, None]) / 2
    complete = _prior_table(odds, used.by_voter @ votes)
    complete[used.voter, used.vote] = table
    evidence = np.log(complete)
    evidence *= weights[:, None, None]
    return Evidence(evidence, np.zeros(k), np.full(k, 1 / k))


class _UsedVotes:
    """The votes that each voter ever casts: a voter uses few labels of many.

    Attributes:
        voter: the voter of each: shape (n_used,), ascending.
        vote: the label: shape (n_used,).
        one_hot: the columns of `patterns.one_hot` of these, shape (n_patterns, n_used).
        by_voter: which are whose: shape (n_voters, n_used).
    """

    def __init__(self, patterns: Patterns) -> None:
        self.patterns = patterns
        n, m, k = len(patterns.counts), patterns.n_voters, patterns.n_labels
        columns, self.place = np.unique(patterns.one_hot.indices, return_inverse=True)
        self.voter, self.vote = np.divmod(columns, k)
        ones, starts, size = np.ones(len(patterns.row)), patterns.one_hot.indptr, len(columns)
        self.one_hot = sparse.csr_matrix((ones, self.place, starts), shape=(n, size))
        self.by_voter = sparse.csr_matrix(
            (np.ones(size), (self.voter, np.arange(size))), shape=(m, size)
        )
        self._voters = sparse.csr_matrix((ones, patterns.voter, starts), shape=(n, m)).T
        self._n_compared = np.where(patterns.n_votes >= 2, patterns.counts, 0.0)[patterns.row]

    def expected_by_others(self, posterior: Floats, without: Floats) -> Floats:
        """Return votes by truth according to the other voters: shape (n_used, n_labels).

        Without one of its votes a pattern has a posterior proportional to the one with all of them
        times `without`, the inverse likelihood of that vote: shape (n_used, n_labels).
        """
        row, place = self.patterns.row, self.place
        total = np.empty(len(row))
        step = max(1, NUMBERS_AT_A_TIME // posterior.shape[1])
        for start in range(0, len(row), step):
            some = slice(start, start + step)
            np.einsum("iy,iy->i", posterior[row[some]], without[place[some]], out=total[some])
        weighted = self.one_hot.copy()
        weighted.data = self._n_compared / total
        expected: Floats = (weighted.T @ posterior) * without
        return expected

    def exposure(self, posterior: Floats, expected: Floats) -> Floats:
        """Return the share of each label among the samples of each voter: (n_voters, n_labels)."""
        counts = self.patterns.counts
        of_label = (counts * self.patterns.covered) @ posterior
        silent = of_label - self._voters @ (posterior * counts[:, None])
        exposure = np.maximum(silent, 0.0) + self.by_voter @ expected
        shares: Floats = exposure / np.maximum(exposure.sum(axis=1, keepdims=True), 1e-300)
        return shares

    def precision(self, expected: Floats, exposure: Floats) -> Floats:
        """Return P(y | vote) with all labels equally common: shape (n_used, n_labels).

        Args:
            expected: votes by truth according to the others: shape (n_used, n_labels).
            exposure: the share of each label among the samples of each voter.
        """
        k = exposure.shape[1]
        rates = expected / np.maximum(exposure[self.voter], 1e-12)
        rates /= np.maximum(rates.sum(axis=1, keepdims=True), 1e-300)
        votes = expected.sum(axis=1)
        right = self.by_voter @ expected[np.arange(len(votes)), self.vote]
        accuracy = np.clip(right / np.maximum(self.by_voter @ votes, 1e-12), 0.01, 0.99)
        uses_all = (self.by_voter @ (votes > 0) == k)[self.voter]
        odds = _odds(accuracy[self.voter[uses_all]], k)
        rates[uses_all] = _one_label_shares(odds, self.vote[uses_all], k)
        precision: Floats = rates
        return precision


def _odds(accuracy: Any, k: int) -> Any:
    """Return how many times as likely the right label is as each wrong one."""
    return accuracy * (k - 1) / (1 - accuracy)


def _one_label_shares(odds: Any, label: npt.NDArray[np.intp], k: int) -> Floats:
    """Return shares of the labels of which one has these odds to each other: (n, n_labels)."""
    shares: Floats = np.ones((len(label), k))
    shares[np.arange(len(label)), label] = odds
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _prior_odds(patterns: Patterns) -> Floats:
    """Return the prior odds of each vote to be right, by its rate: shape (n_voters, n_labels)."""
    k = patterns.n_labels
    votes = patterns.votes_for
    rate = np.log(np.maximum(votes, 1) / max(patterns.counts.sum(), 1.0))
    typical = (rate * votes).sum() / max(votes.sum(), 1.0)
    rate = np.where(votes > 0, rate, typical)
    odds = np.log(_odds(PRIOR_ACCURACY, k)) * np.exp(-SPECIFICITY * (rate - typical))
    prior: Floats = np.exp(np.minimum(odds, np.log(_odds(HIGHEST_ACCURACY, k))))
    return prior


def _prior_table(odds: Floats, n_votes: Floats) -> Floats:
    """Return what the steps lead to for votes never cast: (n_voters, n_labels voted, n_labels)."""
    m, k = odds.shape
    labels = np.tile(np.arange(k), m)
    table = _one_label_shares(odds.ravel(), labels, k).reshape(m, k, k)
    plain = _one_label_shares(_odds(PRIOR_ACCURACY, k), np.arange(k), k)
    share = (PRIOR_SHARE * n_votes)[:, None, None]
    # Each step halves the distance to what the priors come to.
    table += (plain - table) * (share / (PRIOR_VOTES + share) * (1 - 0.5**STEPS))
    return table


def mean_log_odds(scores: Floats, counts: Floats) -> float:
    """Return the mean absolute log-odds of rows of scores; 1 where there are none but rounding."""
    if not counts.sum():
        return 1.0
    centred = scores - scores.mean(axis=1, keepdims=True)
    mean = float(np.average(np.abs(centred).mean(axis=1), weights=counts))
    return mean if mean > ROUNDING else 1.0
