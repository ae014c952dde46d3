"""Matrix completion: what voters say of each label, from how often each two say the same."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from labeling.label_models.base import VoteModel
from labeling.label_models.patterns import Floats, Patterns, sum_of_evidence
from labeling.label_models.settings import (
    balance_told,
    check_setting,
    even_shares,
    gold_not_used,
    what_votes_cannot_say,
)


class MatrixCompletion(VoteModel):
    """MeTaL's moments: voters independent given the label leave a matrix of low rank.

    With ψ the indicators of "voter j says v", μ = E[ψ | y] and P = diag(p(y)), every block of two
    *different* voters of the matrix of second moments is a product, and the mean is linear:

        O = E[ψ ψ^T],   O_(j,l) = μ_j P μ_l^T for j ≠ l,   E[ψ] = μ p

    so μ is the one that matches the blocks off the diagonal best. Each moment is weighted by the
    inverse of its sampling variance (that of two independent voters, E[ψ_r] E[ψ_s] / n), as rare
    votes would else not count at all. p(y) is given, or equal shares. L-BFGS starts from voters who
    are right with `prior_accuracy` (so that labels are not exchanged), to which μ is shrunk, also by
    a share of the samples: the class balance and the independence are assumptions that more samples
    do not make true. The posterior is naive Bayes over the votes; abstentions carry no evidence.

    Args:
        prior_accuracy: the accuracy to start from, above 1/n_labels, below 1.
        prior_samples: how many samples it counts as, 0 or more.
        prior_share: and which share of the samples is added to them, 0 or more; from 0.1 to 1 it
            hardly matters on real votes, near 0 a wrong class balance does harm.
        steps: L-BFGS steps at the most.

    Attributes:
        mu_: μ, P(voter says v | y), shape (n_voters, n_labels voted, n_labels true); 1 (no evidence)
            for what a voter never said.
        class_balance_: the labels' shares that were given, or equal ones.
        misfit_: the mean squared error of the moments in units of their sampling variance: near 1
            where voters are independent, far above it where they are not.
        converged_: whether L-BFGS came to rest within `steps`.

    Source: A. Ratner, B. Hancock, J. Dunnmon, F. Sala, S. Pandey, C. Ré, "Training complex models
    with multi-task weak supervision", AAAI 2019.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array(
    ...     [[0, 0, -1], [1, 1, 1], [0, -1, 0], [-1, 1, 1]], schema=LabelSchema(["ham", "spam"])
    ... )
    >>> MatrixCompletion().fit(votes).predict_proba(votes).to_labels().tolist()
    ['ham', 'spam', 'ham', 'spam']
    """

    mu_: Floats
    class_balance_: Floats
    misfit_: float
    converged_: bool

    def __init__(
        self,
        *,
        prior_accuracy: float = 0.7,
        prior_samples: float = 20.0,
        prior_share: float = 0.1,
        steps: int = 1000,
    ) -> None:
        self.prior_accuracy = prior_accuracy
        self.prior_samples = prior_samples
        self.prior_share = prior_share
        self.steps = steps

    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        n_labels = patterns.n_labels
        check_setting(self, "prior_accuracy", above=1 / n_labels, below=1)
        check_setting(self, "prior_samples", at_least=0)
        check_setting(self, "prior_share", at_least=0)
        check_setting(self, "steps", at_least=1, whole=True)
        self.class_balance_ = even_shares(patterns, class_shares)
        moments, used = second_moments(patterns)
        n_samples = max(float(patterns.counts.sum()), 1.0)
        with threadpool_limits(
            limits=1
        ):  # the same sums on any machine, and faster: they are small
            found, steps = self._solve(moments, used, n_samples)
        mu = np.ones((patterns.n_voters * n_labels, n_labels))
        mu[used] = np.clip(found, 1 / (n_samples + 2), 1 - 1 / (n_samples + 2))
        self.mu_ = mu.reshape(-1, n_labels, n_labels)
        if not self.converged_:
            warnings.warn(
                f"MatrixCompletion did not come to rest in {self.steps} steps; raise `steps` if its"
                " last digits matter.",
                stacklevel=3,
            )
        self.report_ = (
            f"L-BFGS {'converged' if self.converged_ else 'stopped'} after {steps} steps.",
            f"The moments are missed by {self.misfit_:.1f} times their sampling variance"
            + (": voters are not independent given the label." if self.misfit_ > 3 else "."),
            balance_told(class_shares),
            *gold_not_used(patterns),
            *what_votes_cannot_say(patterns),
        )

    def _solve(
        self, moments: Floats, used: npt.NDArray[np.intp], n_samples: float
    ) -> tuple[Floats, int]:
        """Return μ of the used indicators, shape (n_used, n_labels), and the steps it took."""
        from scipy.optimize import minimize  # as slow to import as all the rest together

        balance = self.class_balance_
        n_labels, mean = len(balance), np.diag(moments).copy()
        start = self._start(mean, used % n_labels)
        if not len(used):
            self.converged_, self.misfit_ = True, 0.0
            return start, 0
        voter = used // n_labels
        off_block = voter[:, None] != voter
        # half of each, as a block and its transpose are the same moments
        weight = np.where(off_block, n_samples / (np.outer(mean, mean) + 1 / n_samples), 0.0) / 2
        of_mean = n_samples / np.maximum(mean, 1 / n_samples)
        strength = self.prior_samples + self.prior_share * n_samples
        of_prior = strength * balance / (start + 1 / n_samples)

        def loss(flat: Floats) -> tuple[float, Floats]:
            mu = flat.reshape(start.shape)
            joint = mu * balance
            miss, miss_mean = joint @ mu.T - moments, joint.sum(axis=1) - mean
            pull, weighted = mu - start, weight * miss
            value = (weighted * miss).sum() + (of_mean * miss_mean**2).sum()
            slope = 4 * weighted @ joint + 2 * np.outer(of_mean * miss_mean, balance)
            total = value + (of_prior * pull**2).sum()
            return float(total), (slope + 2 * of_prior * pull).ravel()

        done = minimize(
            loss,
            start.ravel(),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, 1.0)] * start.size,
            options={"maxiter": self.steps, "maxfun": 2 * self.steps, "ftol": 1e-10, "gtol": 1e-6},
        )
        mu: Floats = done.x.reshape(start.shape)
        miss = (mu * balance) @ mu.T - moments
        self.converged_ = bool(done.success)
        self.misfit_ = float((weight * miss**2).sum() / max(off_block.sum() / 2, 1))
        return mu, int(done.nit)

    def _start(self, mean: Floats, label: npt.NDArray[np.intp]) -> Floats:
        """Return the μ of voters for whom P(v | v) : P(v | y) is as if right with `prior_accuracy`.

        It matches the means, whatever the class balance.
        """
        n_labels = len(self.class_balance_)
        right = np.full((n_labels, n_labels), (1 - self.prior_accuracy) / (n_labels - 1))
        np.fill_diagonal(right, self.prior_accuracy)
        of_vote = right[label]
        start: Floats = np.minimum(of_vote * (mean / (of_vote @ self.class_balance_))[:, None], 1.0)
        return start

    def _posterior(self, patterns: Patterns) -> Floats:
        prior = np.log(self.class_balance_)
        posterior: Floats = softmax(sum_of_evidence(patterns, np.log(self.mu_), prior), axis=1)
        return posterior


def second_moments(patterns: Patterns) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Return E[ψ ψ^T] over the indicators that occur, and which these are.

    Args:
        patterns: the votes.

    Returns:
        The moments, shape (n_used, n_used), and the place of each indicator in
        voter * n_labels + vote, ascending.
    """
    place = patterns.voter * patterns.n_labels + patterns.vote
    used, column = np.unique(place, return_inverse=True)
    psi = np.zeros((len(patterns.counts), len(used)))
    psi[patterns.row, column] = 1.0
    total = max(float(patterns.counts.sum()), 1.0)
    moments: Floats = psi.T @ (psi * patterns.counts[:, None]) / total
    return moments, used.astype(np.intp)
