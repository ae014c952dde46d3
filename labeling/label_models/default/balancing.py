"""Offsets of the default model: drawn to majority vote's shares, or to a declared class balance.

Votes say how samples rank; how many of them have a label they say poorly. Where voters are damped
as families, sums of weak evidence may carry nearly all samples to one label, so that the offset is
drawn to the label shares of majority vote, by the degree of damping. Where a class balance is
declared, it is obeyed: the mean posterior over all samples is that balance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from labeling.label_models.default.independent_voters import Evidence
from labeling.label_models.default.leave_one_out import mean_log_odds
from labeling.label_models.default.share_matching import (
    covered_balance,
    majority_shares,
    matching_offsets,
    predicted_shares,
    silent_balance,
)
from labeling.label_models.expectation_maximisation import MANY_LABELS
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns
from labeling.records import VoterFamilies

LEAST_DEGREE = 0.02  # of damping, below which the offset is left as it is
ANCHOR_SCALE = 0.15  # temperature of the anchored shares, in mean log-odds: nearly those predicted
DECLARED_SCALE = 0.5  # temperature of a posterior with a declared balance, in mean log-odds


@dataclass(frozen=True, slots=True, eq=False)
class Scoring:
    """How scores of votes become a posterior.

    Attributes:
        evidence: of the votes.
        scale: what log-odds are divided by, above 0.
        silent: what a declared balance leaves for samples without a vote: shape (n_labels,); empty
            where none is declared.
    """

    evidence: Evidence
    scale: float
    silent: Floats


def damping_degree(families: VoterFamilies) -> float:
    """Return how far the offset is drawn to majority vote's shares, 0 to 1."""
    degree = min(1.0, 2 * (1 - families.mean_weight))
    return degree if degree > LEAST_DEGREE else 0.0


def anchored(evidence: Evidence, patterns: Patterns, families: VoterFamilies) -> Evidence:
    """Return the evidence with its offset drawn to the label shares of majority vote."""
    degree = damping_degree(families)
    weights = patterns.counts * patterns.covered
    if not degree or not weights.sum():
        return evidence
    scores = evidence.scores(patterns)
    scale = ANCHOR_SCALE * mean_log_odds(scores, weights)
    offsets = matching_offsets(scores, weights, majority_shares(patterns), scale)
    return replace(evidence, offset=evidence.offset + degree * offsets)


def undeclared(evidence: Evidence, scale: float) -> Scoring:
    """Return the scoring without a declared balance: nothing is known of samples without a vote."""
    return Scoring(evidence, scale, np.zeros(0))


def declared(
    evidence: Evidence, patterns: Patterns, families: VoterFamilies, balance: Floats
) -> Scoring:
    """Return the scoring of a rough model whose mean posterior is a declared class balance.

    Samples are ranked by the evidence; in families, by the degree of damping, rather by the share
    of the label's voters who vote for it, which ranks samples better there.

    Args:
        evidence: of naive Bayes or majority vote, not anchored.
        patterns: the votes, with those of samples without any.
        families: the families among the voters.
        balance: shape (n_labels,), in sum 1.
    """
    weights = patterns.counts * patterns.covered
    ranking = _ranking(evidence, patterns, damping_degree(families))
    scores = ranking.scores(patterns)
    expected = predicted_shares(anchored(ranking, patterns, families).scores(patterns), patterns)
    scale = DECLARED_SCALE * mean_log_odds(scores, weights)
    return balanced(ranking, scale, expected, patterns, balance)


def declared_calibrated(evidence: Evidence, patterns: Patterns, balance: Floats) -> Scoring:
    """Return the scoring of a calibrated model whose mean posterior is a declared class balance.

    Of more than 50 labels the balance is only its prior: each has few samples, whose shares differ
    from any balance by chance, and to match them would change certain labels.
    """
    if len(balance) > MANY_LABELS:
        offset = evidence.offset + np.log(balance) - np.log(evidence.class_balance)
        return Scoring(Evidence(evidence.votes, offset, balance), 1.0, balance)
    weights = patterns.counts * patterns.covered
    expected = weights @ evidence.posterior(patterns) / max(weights.sum(), 1.0)
    return balanced(evidence, 1.0, expected, patterns, balance)


def balanced(
    evidence: Evidence, scale: float, expected: Floats, patterns: Patterns, balance: Floats
) -> Scoring:
    """Return the scoring with offsets that make the mean posterior over all samples a balance.

    Args:
        evidence: of the votes.
        scale: what log-odds are divided by, above 0.
        expected: label shares of the covered samples by the votes: shape (n_labels,).
        patterns: the votes, with those of samples without any.
        balance: shape (n_labels,), in sum 1.
    """
    weights = patterns.counts * patterns.covered
    n = float(patterns.counts.sum())
    silent_share = 1 - float(weights.sum()) / n if n else 1.0
    scores = evidence.scores(patterns)
    offsets, silent = balanced_offsets(scores, weights, scale, expected, silent_share, balance)
    return Scoring(Evidence(evidence.votes, evidence.offset + offsets, balance), scale, silent)


def balanced_offsets(
    scores: Floats,
    weights: Floats,
    scale: float,
    expected: Floats,
    silent_share: float,
    balance: Floats,
) -> tuple[Floats, Floats]:
    """Return offsets of scores as in `balanced`, and the posterior of samples without a vote.

    Args:
        scores: shape (n_rows, n_labels), nats.
        weights: how many covered samples each row stands for: shape (n_rows,).
        scale: what log-odds are divided by, above 0.
        expected: label shares of the covered samples by the votes: shape (n_labels,).
        silent_share: the share of samples without a vote, 0 to 1.
        balance: shape (n_labels,), in sum 1.
    """
    if not weights.sum():
        return np.zeros(len(balance)), balance
    shares = covered_balance(expected, balance, silent_share)
    offsets = matching_offsets(scores, weights, shares, scale)
    return offsets, silent_balance(shares, balance, silent_share)


def _ranking(evidence: Evidence, patterns: Patterns, degree: float) -> Evidence:
    """Return evidence that ranks samples, its log-odds of mean size one without damping."""
    weights = patterns.counts * patterns.covered
    votes = evidence.votes / mean_log_odds(evidence.scores(patterns), weights)
    if degree:
        n_using = np.maximum(patterns.uses.sum(axis=0), 1)
        shares = np.tile(np.diag(1 / n_using), (patterns.n_voters, 1, 1))
        size = mean_log_odds(patterns.sums(shares), weights)
        votes = (1 - degree) * votes + degree * shares / size
    k = patterns.n_labels
    return Evidence(votes, np.zeros(k), np.full(k, 1 / k))
