"""Voters who err independently of each other given the true label: three models, one EM.

    P(votes, y) = pi_y * product over voters j of T_j[y, vote of j]

with T_j a table whose rows sum to 1: one accuracy a voter (`ONE_COIN`), a confusion matrix (`CONFUSION`), or a
confusion matrix in which abstaining is one more thing to say (`ABSTAINING`), as in data programming.
The first two pass over abstentions; the last hears what it means that a voter kept silent.

Sources: A. P. Dawid, A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM
algorithm", Applied Statistics 28 (1979); A. Ratner et al., "Data programming: creating large training
sets, quickly", NeurIPS 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, softmax

from labeling.label_models.packed_votes import Floats, PackedVotes
from labeling.label_models.patterns import Patterns, expected_votes, vote_shares

Kind = Literal["one coin", "confusion", "abstaining"]

RIGHT = 7.0  # pseudo-votes for the true label
WRONG = 3.0  # and for all others together
BALANCE = 20.0  # pseudo-samples behind equal shares of the labels
ABSTAINING_ROWS = 2.0  # pseudo-samples a label behind the rates at which each label is voted for
UNSEEN = 0.6  # accuracy of a vote that nobody has cast yet
STEPS = 200
TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What votes say of labels, as sums of log-probabilities in nats.

    Attributes:
        votes: what each vote adds: shape (n_voters, n_labels voted, n_labels true).
        offset: what stands there before any vote: shape (n_labels,).
        balance: the labels' shares that the offset holds: shape (n_labels,).
    """

    votes: Floats
    offset: Floats
    balance: Floats

    def scores(self, table: Patterns | PackedVotes) -> Floats:
        """Return the log-probability of each label, up to a constant of the row."""
        found: Floats = table.sums(self.votes) + self.offset
        return found

    def posterior(self, table: Patterns | PackedVotes, scale: float = 1.0) -> Floats:
        """Return the probability of each label, log-odds divided by `scale`: (n_rows, n_labels)."""
        if len(self.offset) > 2:
            found: Floats = softmax(self.scores(table) / scale, axis=1)
            return found
        odds = table.sums(self.votes[:, :, 1:] - self.votes[:, :, :1])[:, 0]
        second = expit((odds + (self.offset[1] - self.offset[0])) / scale)
        return np.stack([1 - second, second], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """An independent model that was fitted.

    Attributes:
        evidence: what votes say.
        posterior: of the patterns it was fitted on, shape (n_patterns, n_labels).
        steps: how many EM steps were made.
        converged: whether no probability moved any more.
    """

    evidence: Evidence
    posterior: Floats
    steps: int
    converged: bool


def fitted(
    patterns: Patterns, kind: Kind, shares: Floats | None = None, tolerance: float = TOLERANCE
) -> Fit:
    """Return the model of this kind that explains the votes best, found by EM from the vote shares.

    Args:
        patterns: the votes.
        kind: which table each voter has.
        shares: the labels' shares where they are known; else they are learned.
        tolerance: EM is at rest when no probability moves by more than this.
    """
    used = np.ones(len(patterns.counts), dtype=bool) if kind == "abstaining" else patterns.covered
    weights = (patterns.counts * used)[:, None]
    prior = prior_of(patterns, kind)
    posterior = vote_shares(patterns)
    converged, step = False, 0
    while not converged and step < STEPS:
        step += 1
        before = posterior
        mass = posterior * weights
        total = mass.sum(axis=0)
        balance = with_prior(total) if shares is None else shares
        evidence = evidence_of(expected_votes(patterns, mass), total, prior, kind, balance)
        posterior = evidence.posterior(patterns)
        # The shares of one label tell it for two; silent patterns move with the balance alone.
        moved = (posterior[:, 1:] - before[:, 1:]) * used[:, None]
        converged = bool(np.abs(moved).max(initial=0.0) < tolerance)
    return Fit(evidence, posterior, step, converged)


def with_prior(total: Floats) -> Floats:
    """Return the shares of the labels, shrunk to equal ones."""
    found: Floats = (total + BALANCE / len(total)) / (total.sum() + BALANCE)
    return found


def prior_of(patterns: Patterns, kind: Kind) -> Floats:
    """Return pseudo-votes of shape (n_voters, n_labels true, n_labels voted + 1 for abstaining)."""
    k = patterns.n_labels
    matrix = np.full((k, k), WRONG / (k - 1))
    np.fill_diagonal(matrix, RIGHT)
    if kind != "abstaining":
        return np.tile(np.column_stack([matrix, np.zeros(k)]), (patterns.n_voters, 1, 1))
    rates = patterns.votes_for[:, None, :] / max(patterns.counts.sum(), 1.0)
    spread = matrix * rates
    speaks = rates.sum(axis=2, keepdims=True)
    spread *= speaks / np.maximum(spread.sum(axis=2, keepdims=True), 1e-300)
    found = np.concatenate([spread, np.repeat(1 - speaks, k, axis=1)], axis=2)
    pseudo: Floats = found * ABSTAINING_ROWS * k
    return pseudo


def evidence_of(
    votes: Floats, total: Floats, prior: Floats, kind: Kind, balance: Floats
) -> Evidence:
    """Return the evidence of expected votes (n_voters, n_labels true, n_labels voted)."""
    k = len(total)
    counts = votes + prior[:, :, :k]
    offset = np.log(balance)
    if kind == "one coin":
        right = np.trace(counts, axis1=1, axis2=2) / counts.sum(axis=(1, 2))
        table = coins(right, k)
    elif kind == "confusion":
        table = counts / counts.sum(axis=2, keepdims=True)
    else:
        silent = total[None, :] - votes.sum(axis=2) + prior[:, :, k]
        rows = counts.sum(axis=2) + silent
        silent = np.maximum(silent, 1e-9) / rows
        offset = offset + np.log(silent).sum(axis=0)
        seen = counts.sum(axis=1, keepdims=True) > 0
        unseen = coins(np.full(len(votes), UNSEEN), k) * silent[:, :, None]
        table = np.where(seen, counts / rows[:, :, None], unseen) / silent[:, :, None]
    return Evidence(np.log(np.maximum(table, 1e-300)).transpose(0, 2, 1), offset, balance)


def coins(accuracy: Floats, n_labels: int) -> Floats:
    """Return confusion matrices of one accuracy each: shape (*accuracy.shape, n_labels, n_labels)."""
    accuracy = np.clip(accuracy, 1e-6, 1 - 1e-6)[..., None, None]
    eye = np.eye(n_labels)
    found: Floats = eye * accuracy + (1 - eye) * (1 - accuracy) / (n_labels - 1)
    return found
