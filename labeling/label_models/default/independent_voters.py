"""Models of voters who err independently given the true label, all fitted by the same EM.

    P(votes, y) = pi_y * product over voters j of T_j[y, vote of j]

with T_j a table whose rows sum to 1: one accuracy a voter ("one coin"), a confusion matrix
("confusion"), or a confusion matrix in which abstaining is one more outcome ("abstaining"), as in
data programming. The first two ignore abstentions; the last takes them as evidence.

Sources: A. P. Dawid, A. M. Skene, "Maximum likelihood estimation of observer error-rates using the
EM algorithm", Applied Statistics 28 (1979); A. Ratner et al., "Data programming: creating large
training sets, quickly", NeurIPS 2016.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from labeling.label_models.expectation_maximisation import (
    MANY_LABELS,
    ROUGH_TOLERANCE,
    change_of_most,
    run_em,
)
from labeling.label_models.one_coin import one_coin_confusion
from labeling.label_models.packed_votes import Floats, PackedVotes
from labeling.label_models.patterns import Patterns, expected_votes, softmax_rows, vote_shares

Family = Literal["one coin", "confusion", "abstaining"]

RIGHT = 7.0  # pseudo-votes for the true label
WRONG = 3.0  # and for all others together
BALANCE_SAMPLES = 20.0  # pseudo-samples of a uniform class balance
ABSTAINING_ROWS = 2.0  # pseudo-samples a label for the rates of votes for each label
UNUSED_ACCURACY = 0.6  # accuracy of a vote for a label that the voter never voted for
STEPS = 1000  # where labels are rare and votes sparse, some hundreds are needed
TOLERANCE = 1e-5


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """The evidence of votes for labels: sums of log-probabilities in nats.

    Attributes:
        votes: the term of each vote: shape (n_voters, n_labels voted, n_labels true).
        offset: the score without any vote: shape (n_labels,).
        class_balance: the class balance in the offset: shape (n_labels,).
    """

    votes: Floats
    offset: Floats
    class_balance: Floats

    def scores(self, table: Patterns | PackedVotes) -> Floats:
        """Return the log-probability of each label, up to a constant of the row."""
        scores: Floats = table.sums(self.votes)
        scores += self.offset
        return scores

    def posterior(self, table: Patterns | PackedVotes, scale: float = 1.0) -> Floats:
        """Return the probability of each label, log-odds divided by `scale`: (n_rows, n_labels)."""
        if len(self.offset) > 2:
            return softmax_rows(self.scores(table) / scale)
        odds = table.sums(self.votes[:, :, 1:] - self.votes[:, :, :1])[:, 0]
        odds += self.offset[1] - self.offset[0]
        if scale != 1:
            odds /= scale
        posterior = np.empty((len(odds), 2), order="F")  # EM runs along its columns
        second = posterior[:, 1]
        # Half the time of `expit`, the most of a step; beyond 700 nats either is 0 or 1.
        np.minimum(np.negative(odds, out=odds), 700, out=odds)
        np.exp(odds, out=odds)
        odds += 1
        np.reciprocal(odds, out=second)
        np.subtract(1, posterior[:, 1], out=posterior[:, 0])
        return posterior


@dataclass(frozen=True, slots=True, eq=False)
class IndependentFit:
    """A fitted model of independent voters.

    Attributes:
        evidence: the evidence of votes.
        posterior: of the patterns it was fitted on, shape (n_patterns, n_labels).
        steps: the number of EM steps made.
        converged: whether EM converged.
    """

    evidence: Evidence
    posterior: Floats
    steps: int
    converged: bool


def fit_em(
    patterns: Patterns,
    family: Family,
    class_balance: Floats | None = None,
    tolerance: float = TOLERANCE,
    steps: int | None = None,
) -> IndependentFit:
    """Return the model of a family with the highest likelihood, by EM from the vote shares.

    Args:
        patterns: the votes.
        family: which table each voter has.
        class_balance: if it is known; else it is learned.
        tolerance: converged when no probability changes by more than this; with more than 50 labels
            0.001 at least, and one row of votes in a thousand may still change.
        steps: the largest number of steps; `STEPS` where None.
    """
    steps = STEPS if steps is None else steps
    if patterns.n_labels > MANY_LABELS:
        tolerance = max(tolerance, ROUGH_TOLERANCE)
    if family == "one coin" and patterns.n_labels > 2:
        return _fit_one_coin(patterns, class_balance, tolerance, steps)
    if patterns.n_labels <= MANY_LABELS:
        return _fit_tables(patterns, family, class_balance, tolerance, steps)
    ordered = patterns.by_plurality()
    fit = _fit_tables(ordered, family, class_balance, tolerance, steps)
    return replace(fit, posterior=fit.posterior[ordered.pattern_of_row])


def _fit_tables(
    patterns: Patterns,
    family: Family,
    class_balance: Floats | None,
    tolerance: float,
    steps: int,
) -> IndependentFit:
    """Return the same fit, with a table of each voter's votes by label."""
    used = np.ones(len(patterns.counts), dtype=bool) if family == "abstaining" else patterns.covered
    weights = patterns.counts * used
    prior = pseudo_votes(patterns, family)
    n_votes = patterns.by_vote @ weights

    def maximise(posterior: Floats) -> Evidence:
        votes, n_of_label = expected_counts(patterns, posterior, weights, n_votes)
        balance = smoothed_balance(n_of_label) if class_balance is None else class_balance
        return m_step(votes, n_of_label, prior, family, balance)

    def change(before: Floats, after: Floats) -> float:
        if patterns.n_labels > MANY_LABELS:
            return change_of_most(before, after)
        # Of two labels one determines the other; silent patterns change with the balance alone.
        first = 1 if patterns.n_labels == 2 else 0
        return _largest_change(before[:, first:], after[:, first:], used)

    fit = run_em(
        vote_shares(patterns),
        maximise,
        lambda evidence: evidence.posterior(patterns),
        steps=steps,
        tolerance=tolerance,
        change=change,
    )
    return IndependentFit(fit.parameters, fit.posterior, fit.steps, fit.converged)


def _fit_one_coin(
    patterns: Patterns, class_balance: Floats | None, tolerance: float, steps: int
) -> IndependentFit:
    """Return the same fit of one accuracy a voter, without a table of all its confusions.

    A vote is evidence for its label alone: the log of how much more likely it is where it is right
    than where it is wrong.
    """
    k, m = patterns.n_labels, patterns.n_voters
    weights, weight = patterns.counts * patterns.covered, patterns.counts[patterns.row]
    n_votes = np.bincount(patterns.voter, weight, m)
    cell = patterns.row * k + patterns.vote

    def maximise(posterior: Floats) -> tuple[Floats, Floats]:
        right = np.bincount(patterns.voter, weight * posterior.ravel()[cell], m)
        accuracy = (right + k * RIGHT) / (n_votes + k * (RIGHT + WRONG))
        return np.clip(accuracy, 1e-6, 1 - 1e-6), (
            smoothed_balance(weights @ posterior) if class_balance is None else class_balance
        )

    def expect(parameters: tuple[Floats, Floats]) -> Floats:
        accuracy, balance = parameters
        odds = np.log(accuracy) - np.log((1 - accuracy) / (k - 1))
        scores = np.bincount(cell, odds[patterns.voter], len(weights) * k).reshape(-1, k)
        return softmax_rows(scores + np.log(balance))

    def change(before: Floats, after: Floats) -> float:
        if k > MANY_LABELS:
            return change_of_most(before, after)
        return _largest_change(before, after, patterns.covered)

    fit = run_em(
        np.ascontiguousarray(vote_shares(patterns)),
        maximise,
        expect,
        steps=steps,
        tolerance=tolerance,
        change=change,
    )
    accuracy, balance = fit.parameters
    evidence = np.log(one_coin_confusion(accuracy, k))  # symmetric
    return IndependentFit(
        Evidence(evidence, np.log(balance), balance), fit.posterior, fit.steps, fit.converged
    )


def _largest_change(before: Floats, after: Floats, used: npt.NDArray[np.bool_]) -> float:
    """Return the largest absolute change of a probability in the rows that are used."""
    moved = after - before
    if not used.all():
        moved = moved[used]
    return float(max(moved.max(initial=0.0), -moved.min(initial=0.0)))


def expected_counts(
    patterns: Patterns, posterior: Floats, weights: Floats, n_votes: Floats
) -> tuple[Floats, Floats]:
    """Return the expected votes (n_voters, n_labels true, voted), and samples of each label.

    Args:
        patterns: the votes.
        posterior: shape (n_patterns, n_labels).
        weights: the samples that count of each pattern: shape (n_patterns,).
        n_votes: their votes, `patterns.by_vote @ weights`: shape (n_voters * n_labels,).
    """
    if patterns.n_labels > 2:
        votes = expected_votes(patterns, posterior * weights[:, None])
        return votes, weights @ posterior
    of_second = posterior[:, 1] * weights  # what is not of the second label is of the first
    second, n_second = patterns.by_vote @ of_second, of_second.sum()
    votes = np.stack([n_votes - second, second]).reshape(2, patterns.n_voters, 2)
    return votes.transpose(1, 0, 2), np.array([weights.sum() - n_second, n_second])


def smoothed_balance(n_of_label: Floats) -> Floats:
    """Return the class balance of expected counts, shrunk to a uniform one."""
    balance: Floats = (n_of_label + BALANCE_SAMPLES / len(n_of_label)) / (
        n_of_label.sum() + BALANCE_SAMPLES
    )
    return balance


def pseudo_votes(patterns: Patterns, family: Family) -> Floats:
    """Return the prior, in votes: (n_voters, n_labels true, n_labels voted + 1 for abstaining)."""
    k = patterns.n_labels
    matrix = np.full((k, k), WRONG / (k - 1))
    np.fill_diagonal(matrix, RIGHT)
    if family != "abstaining":
        rows = np.column_stack([matrix, np.zeros(k)])
        return np.broadcast_to(rows, (patterns.n_voters, *rows.shape))
    rates = patterns.votes_for[:, None, :] / max(patterns.counts.sum(), 1.0)
    votes = matrix * rates
    vote_rate = rates.sum(axis=2, keepdims=True)
    votes *= vote_rate / np.maximum(votes.sum(axis=2, keepdims=True), 1e-300)
    shares = np.concatenate([votes, np.repeat(1 - vote_rate, k, axis=1)], axis=2)
    pseudo: Floats = shares * ABSTAINING_ROWS * k
    in_order_of_votes = np.ascontiguousarray(pseudo.transpose(0, 2, 1))  # as `m_step` reads them
    return in_order_of_votes.transpose(0, 2, 1)


def m_step(
    votes: Floats, n_of_label: Floats, prior: Floats, family: Family, class_balance: Floats
) -> Evidence:
    """Return the evidence by the expected votes.

    Args:
        votes: expected votes: shape (n_voters, n_labels true, n_labels voted).
        n_of_label: expected samples of each label: shape (n_labels,).
        prior: pseudo-votes, with one more column for abstaining.
        family: which table each voter has.
        class_balance: shape (n_labels,).
    """
    k = len(n_of_label)
    votes, pseudo = votes.transpose(0, 2, 1), prior[:, :, :k].transpose(0, 2, 1)
    table = votes + pseudo  # (n_voters, n_labels voted, n_labels true), the order of the evidence
    offset = np.log(class_balance)
    if family == "one coin":
        right = np.trace(table, axis1=1, axis2=2) / table.sum(axis=(1, 2))
        table = one_coin_confusion(right, k)
    elif family == "confusion":
        table /= table.sum(axis=1, keepdims=True)
    else:
        silent = n_of_label - votes.sum(axis=1) + prior[:, :, k]
        rows = table.sum(axis=1) + silent
        silent = np.maximum(silent, 1e-9)
        offset = offset + np.log(silent / rows).sum(axis=0)
        voter, vote = np.nonzero(~(table.sum(axis=2) > 0))
        table /= silent[:, None, :]
        table[voter, vote] = one_coin_confusion(np.array(UNUSED_ACCURACY), k)[vote]
    np.maximum(table, 1e-300, out=table)
    return Evidence(np.log(table, out=table), offset, class_balance)
