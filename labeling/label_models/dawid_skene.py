"""Dawid-Skene: a confusion matrix for each voter, estimated by expectation-maximisation."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from labeling.label_models.base import VoteModel
from labeling.label_models.expectation_maximisation import (
    MANY_LABELS,
    ROUGH_TOLERANCE,
    change_of_most,
    largest_change,
    run_em,
)
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    expected_votes,
    softmax_rows,
    sum_of_evidence,
    vote_shares,
)
from labeling.label_models.report_sentences import convergence_sentence, warn_not_converged
from labeling.label_models.settings import check_setting


class DawidSkene(VoteModel):
    """Voters err independently, each with a confusion matrix of its own (Dawid & Skene 1979).

    P(vote v by j | true y) = T_j[y, v]; abstentions carry no evidence. EM starts from the vote
    shares, with a Dirichlet prior on the rows of T (`right` pseudo-votes on the diagonal, `wrong`
    off it). It suits people who use all labels; for labeling functions that vote for a single
    label, `LabelModel` is the better choice, because a voter with one label looks uninformative
    here.

    Args:
        right: pseudo-votes for the true label.
        wrong: pseudo-votes for each other label.
        steps: EM steps at most.
        tolerance: converged when no probability changes by more than this; with more than 50 labels
            0.001 at least, and one row of votes in a thousand may still change.

    Attributes:
        confusion_: T, shape (n_voters, n_labels true, n_labels voted).
        class_balance_: the estimated class balance, or the one given.
        converged_: whether EM converged within `steps`.

    Source: A. P. Dawid, A. M. Skene, "Maximum likelihood estimation of observer error-rates using
    the EM algorithm", Applied Statistics 28 (1979).

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array([[0, 0, 1], [1, 1, 1], [0, 0, 0]], schema=LabelSchema(["a", "b"]))
    >>> DawidSkene().fit(votes).predict_proba(votes).to_labels().tolist()
    ['a', 'b', 'a']
    """

    confusion_: Floats
    class_balance_: Floats
    converged_: bool

    def __init__(
        self, *, right: float = 4.0, wrong: float = 1.0, steps: int = 200, tolerance: float = 1e-6
    ) -> None:
        self.right = right
        self.wrong = wrong
        self.steps = steps
        self.tolerance = tolerance

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        check_em_settings(self)
        result = expectation_maximisation(
            patterns,
            self._estimate_confusion,
            class_balance,
            steps=self.steps,
            tolerance=self.tolerance,
        )
        self.confusion_, self.class_balance_ = result.confusion, result.class_balance
        self.converged_ = result.converged
        if not self.converged_:
            warn_not_converged(self, self.steps)
        self.report_ = (convergence_sentence(self.converged_, result.steps),)

    def _estimate_confusion(self, votes: Floats) -> Floats:
        prior = np.full(votes.shape[1:], self.wrong)
        np.fill_diagonal(prior, self.right)
        counts = votes + prior
        confusion: Floats = counts / counts.sum(axis=2, keepdims=True)
        return confusion

    def _posterior(self, patterns: Patterns) -> Floats:
        return label_posterior(patterns, self.confusion_, self.class_balance_)


class EMResult(NamedTuple):
    """The result of expectation-maximisation.

    Attributes:
        confusion: shape (n_voters, n_labels true, n_labels voted).
        class_balance: shape (n_labels,).
        steps: the number of steps made.
        converged: whether it converged.
    """

    confusion: Floats
    class_balance: Floats
    steps: int
    converged: bool


def expectation_maximisation(
    patterns: Patterns,
    estimate_confusion: Callable[[Floats], Floats],
    class_balance: Floats | None,
    *,
    steps: int,
    tolerance: float,
) -> EMResult:
    """Alternate M-steps (confusion matrices, class balance) and E-steps (posterior of the labels).

    Args:
        patterns: the votes; samples with a gold label have a known label.
        estimate_confusion: from expected votes to matrices, both (n_voters, n_labels true, voted).
        class_balance: learned where None.
        steps: the largest number of steps, 1 or more.
        tolerance: converged when no probability changes by more than this; with more than 50 labels
            0.001 at least, and one row of votes in a thousand may still change.
    """
    change = largest_change
    if patterns.n_labels > MANY_LABELS:
        patterns, tolerance = patterns.by_plurality(), max(tolerance, ROUGH_TOLERANCE)
        change = change_of_most
    fit = run_em(
        clamp_to_gold(vote_shares(patterns), patterns),
        lambda posterior: _m_step(patterns, posterior, estimate_confusion, class_balance),
        lambda tables: clamp_to_gold(label_posterior(patterns, *tables), patterns),
        steps=steps,
        tolerance=tolerance,
        change=change,
    )
    return EMResult(*fit.parameters, fit.steps, fit.converged)


def _m_step(
    patterns: Patterns,
    current: Floats,
    estimate_confusion: Callable[[Floats], Floats],
    class_balance: Floats | None,
) -> tuple[Floats, Floats]:
    """Return confusion matrices and class balance by the current posterior."""
    mass = current * patterns.counts[:, None]
    confusion = estimate_confusion(expected_votes(patterns, mass))
    if class_balance is not None:
        return confusion, class_balance
    total = mass[patterns.covered].sum(axis=0) + 1
    return confusion, total / total.sum()


def label_posterior(patterns: Patterns, confusion: Floats, class_balance: Floats) -> Floats:
    """Return P(y | votes) given confusion matrices and class balance: (n_patterns, n_labels)."""
    evidence = np.log(confusion).transpose(0, 2, 1)
    return softmax_rows(sum_of_evidence(patterns, evidence, np.log(class_balance)))


def clamp_to_gold(posterior: Floats, patterns: Patterns) -> Floats:
    """Return the posterior with samples that have a gold label set to it, itself if none has.

    The row of a pattern becomes the mean over its samples, with and without a gold label.
    """
    n_gold = patterns.gold.sum(axis=1, keepdims=True)
    if not n_gold.any():
        return posterior
    total = patterns.counts[:, None]
    clamped: Floats = (posterior * (total - n_gold) + patterns.gold) / total
    return clamped


def check_em_settings(model: VoteModel) -> None:
    """Raise a LabelingError unless `steps`, `tolerance`, `right` and `wrong` can be used."""
    check_setting(model, "steps", at_least=1, whole=True)
    check_setting(model, "tolerance", at_least=0)
    check_setting(model, "right", above=0)
    check_setting(model, "wrong", above=0)
