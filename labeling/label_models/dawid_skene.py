"""Dawid-Skene: a confusion matrix for every voter, found by expectation-maximisation."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import softmax

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
        if self.steps < 1 or min(self.right, self.wrong) <= 0:
            raise LabelingError(
                "DawidSkene must have at least 1 step, and `right` and `wrong` above 0."
                f" Got {self.steps}, {self.right} and {self.wrong}."
            )
        posterior = with_gold(vote_shares(patterns), patterns)
        self.converged_ = False
        for step in range(1, self.steps + 1):  # noqa: B007  # read after the loop
            before = posterior
            self._m_step(patterns, posterior, class_shares)
            posterior = with_gold(self._posterior(patterns), patterns)
            if np.abs(posterior - before).max(initial=0.0) < self.tolerance:
                self.converged_ = True
                break
        if not self.converged_:
            warnings.warn(
                f"DawidSkene did not come to rest in {self.steps} steps; raise `steps` if its last"
                " digits matter.",
                stacklevel=3,
            )
        self.report_ = (f"EM {'converged' if self.converged_ else 'stopped'} after {step} steps.",)

    def _m_step(self, patterns: Patterns, posterior: Floats, class_shares: Floats | None) -> None:
        mass = posterior * patterns.counts[:, None]
        n_labels = patterns.n_labels
        prior = np.full((n_labels, n_labels), self.wrong)
        np.fill_diagonal(prior, self.right)
        counts = expected_votes(patterns, mass) + prior
        self.confusion_ = counts / counts.sum(axis=2, keepdims=True)
        share = mass[patterns.covered].sum(axis=0) + 1
        self.class_balance_ = share / share.sum() if class_shares is None else class_shares

    def _posterior(self, patterns: Patterns) -> Floats:
        evidence = np.log(self.confusion_).transpose(0, 2, 1)
        posterior: Floats = softmax(
            sum_of_evidence(patterns, evidence, np.log(self.class_balance_)), axis=1
        )
        return posterior


def with_gold(posterior: Floats, patterns: Patterns) -> Floats:
    """Return probabilities in which the samples with a gold label count as known.

    A pattern's row becomes the mean of its samples: certain ones and those the posterior is about.
    """
    known = patterns.gold.sum(axis=1, keepdims=True)
    total = patterns.counts[:, None]
    mixed: Floats = (posterior * (total - known) + patterns.gold) / total
    return mixed
