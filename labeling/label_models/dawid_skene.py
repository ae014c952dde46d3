"""Dawid-Skene: a confusion matrix for every voter, found by expectation-maximisation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import reduce
from typing import NamedTuple

import numpy as np

from labeling.errors import LabelingError
from labeling.label_models.base import VoteModel
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    expected_votes,
    sum_of_evidence,
    vote_shares,
)


class DawidSkene(VoteModel):
    """Voters err independently, each with a confusion matrix of its own (Dawid & Skene 1979).

    P(vote v by j | true y) = T_j[y, v]; abstentions carry no evidence. EM from the vote shares, with
    a Dirichlet prior on the rows of T (`right` pseudo-votes on the diagonal, `wrong` off it). Made
    for people who use all labels; for labeling functions that vote for a single label, `LabelModel`
    is the better choice, because a voter who never says anything else looks uninformative here.

    Args:
        right: pseudo-votes for the true label.
        wrong: pseudo-votes for each other label.
        steps: EM steps at the most.
        tolerance: it has converged when no probability moves by more than this.

    Attributes:
        confusion_: T, shape (n_voters, n_labels true, n_labels voted).
        class_balance_: estimated shares of the labels, or those given.
        converged_: whether EM came to rest within `steps`.

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

    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        check_settings(self, self.steps, self.right, self.wrong)
        prior = np.full((patterns.n_labels, patterns.n_labels), self.wrong)
        np.fill_diagonal(prior, self.right)

        def confusion_of(votes: Floats) -> Floats:
            counts = votes + prior
            confusion: Floats = counts / counts.sum(axis=2, keepdims=True)
            return confusion

        found = expectation_maximisation(
            patterns, confusion_of, class_shares, steps=self.steps, tolerance=self.tolerance
        )
        self.confusion_, self.class_balance_, step, self.converged_ = found
        if not self.converged_:
            warnings.warn(
                f"DawidSkene did not come to rest in {self.steps} steps; raise `steps` if its last"
                " digits matter.",
                stacklevel=3,
            )
        self.report_ = (f"EM {'converged' if self.converged_ else 'stopped'} after {step} steps.",)

    def _posterior(self, patterns: Patterns) -> Floats:
        return posterior_of(patterns, self.confusion_, self.class_balance_)


class Found(NamedTuple):
    """What expectation-maximisation came to.

    Attributes:
        confusion: shape (n_voters, n_labels true, n_labels voted).
        balance: shares of the labels, shape (n_labels,).
        steps: how many it took.
        converged: whether it came to rest.
    """

    confusion: Floats
    balance: Floats
    steps: int
    converged: bool


def expectation_maximisation(
    patterns: Patterns,
    confusion_of: Callable[[Floats], Floats],
    class_shares: Floats | None,
    *,
    steps: int,
    tolerance: float,
) -> Found:
    """Alternate between what is true and who says what of it, starting from the vote shares.

    Args:
        patterns: the votes; samples with a gold label count as known.
        confusion_of: from expected votes to matrices, both (n_voters, n_labels true, voted).
        class_shares: the shares of the labels; learned where None.
        steps: how many steps at the most, 1 or more.
        tolerance: it has converged when no probability moves by more than this.
    """
    posterior = with_gold(vote_shares(patterns), patterns)
    for step in range(1, steps + 1):  # noqa: B007  # read after the loop
        before, mass = posterior, posterior * patterns.counts[:, None]
        confusion = confusion_of(expected_votes(patterns, mass))
        share = mass[patterns.covered].sum(axis=0) + 1
        balance = share / share.sum() if class_shares is None else class_shares
        posterior = with_gold(posterior_of(patterns, confusion, balance), patterns)
        converged = bool(np.abs(posterior - before).max(initial=0.0) < tolerance)
        if converged:
            break
    return Found(confusion, balance, step, converged)


def posterior_of(patterns: Patterns, confusion: Floats, balance: Floats) -> Floats:
    """Return the probabilities given matrices and shares of the labels: (n_patterns, n_labels)."""
    evidence = np.log(confusion).transpose(0, 2, 1)
    scores = sum_of_evidence(patterns, evidence, np.log(balance))
    # Column by column: reducing many short rows takes most of a step's time.
    scores -= reduce(np.maximum, scores.T)[:, None]
    np.exp(scores, out=scores)
    scores /= reduce(np.add, scores.T)[:, None]
    return scores


def with_gold(posterior: Floats, patterns: Patterns) -> Floats:
    """Return probabilities in which the samples with a gold label count as known.

    A pattern's row becomes the mean of its samples: certain ones and those the posterior is about.
    """
    known = patterns.gold.sum(axis=1, keepdims=True)
    total = patterns.counts[:, None]
    mixed: Floats = (posterior * (total - known) + patterns.gold) / total
    return mixed


def check_settings(model: VoteModel, steps: int, right: float, wrong: float) -> None:
    """Raise a LabelingError unless there is a step and each pseudo-vote is above 0."""
    if steps < 1 or min(right, wrong) <= 0:
        raise LabelingError(
            f"{type(model).__name__} must have at least 1 step, and `right` and `wrong` above 0."
            f" Got {steps}, {right} and {wrong}."
        )
