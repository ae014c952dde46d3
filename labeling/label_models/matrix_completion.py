"""Matrix completion: P(vote | label) of each voter from the second moments of pairs of voters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from labeling.label_models.base import VoteModel
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    balance_or_uniform,
    sum_of_evidence,
)
from labeling.label_models.report_sentences import (
    balance_sentence,
    convergence_sentence,
    gold_unused_sentences,
    identifiability_sentences,
    warn_not_converged,
)
from labeling.label_models.settings import check_setting


class MatrixCompletion(VoteModel):
    """MeTaL's method of moments: voters independent given the label leave a matrix of low rank.

    With ψ the indicators of "voter j votes v", μ = E[ψ | y] and P = diag(p(y)), every block of two
    *different* voters of the matrix of second moments is a product, and the mean is linear:

        O = E[ψ ψ^T],   O_(j,l) = μ_j P μ_l^T for j ≠ l,   E[ψ] = μ p

    so μ is the one that fits the off-diagonal blocks best. Each moment is weighted by the inverse
    of its sampling variance (that of two independent voters, E[ψ_r] E[ψ_s] / n), since rare votes
    would not count otherwise. p(y) is given, or uniform. L-BFGS starts from voters who are right
    with `prior_accuracy` (which fixes the order of the labels); μ is shrunk to that start, also by
    a share of the samples, because more samples do not make the assumptions (class balance,
    independence) true. The posterior is naive Bayes over the votes; abstentions carry no evidence.

    Args:
        prior_accuracy: the accuracy to start from, above 1/n_labels, below 1.
        prior_samples: the number of samples it counts as, 0 or more.
        prior_share: the share of the samples that is added to them, 0 or more; from 0.1 to 1 it
            hardly matters on real votes, near 0 a wrong class balance does harm.
        steps: L-BFGS steps at most.

    Attributes:
        mu_: μ, P(voter votes v | y), shape (n_voters, n_labels voted, n_labels true); 1 (no
            evidence) for a label a voter never voted for.
        class_balance_: the class balance that was given, or a uniform one.
        misfit_: the mean squared error of the moments in units of their sampling variance: near 1
            where voters are independent, far above it where they are not.
        converged_: whether L-BFGS converged within `steps`.

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

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        n_labels = patterns.n_labels
        check_setting(self, "prior_accuracy", above=1 / n_labels, below=1)
        check_setting(self, "prior_samples", at_least=0)
        check_setting(self, "prior_share", at_least=0)
        check_setting(self, "steps", at_least=1, whole=True)
        self.class_balance_ = balance_or_uniform(patterns, class_balance)
        moments, used = second_moments(patterns)
        n_samples = max(float(patterns.counts.sum()), 1.0)
        # One thread: the same sums on any machine, and faster, as the matrices are small.
        with threadpool_limits(limits=1):
            fitted_mu, steps = self._solve(moments, used, n_samples)
        mu = np.ones((patterns.n_voters * n_labels, n_labels))
        mu[used] = np.clip(fitted_mu, 1 / (n_samples + 2), 1 - 1 / (n_samples + 2))
        self.mu_ = mu.reshape(-1, n_labels, n_labels)
        if not self.converged_:
            warn_not_converged(self, self.steps)
        dependent = ": voters are not independent given the label" if self.misfit_ > 3 else ""
        self.report_ = (
            convergence_sentence(self.converged_, steps, "L-BFGS"),
            f"The mean squared error of the moments is {self.misfit_:.1f} times their sampling"
            f" variance{dependent}.",
            balance_sentence(class_balance),
            *gold_unused_sentences(patterns),
            *identifiability_sentences(patterns),
        )

    def _solve(
        self, moments: Floats, used: npt.NDArray[np.intp], n_samples: float
    ) -> tuple[Floats, int]:
        """Return μ of the used indicators, shape (n_used, n_labels), and the number of steps."""
        from scipy.optimize import minimize  # as slow to import as all the rest together

        n_labels, mean = len(self.class_balance_), np.diag(moments).copy()
        start = self._start(mean, used % n_labels)
        if not len(used):
            self.converged_, self.misfit_ = True, 0.0
            return start, 0
        strength = self.prior_samples + self.prior_share * n_samples
        problem = _MomentProblem(
            moments=moments,
            balance=self.class_balance_,
            start=start,
            weight=_moment_weights(used // n_labels, mean, n_samples),
            mean_weight=n_samples / np.maximum(mean, 1 / n_samples),
            prior_weight=strength * self.class_balance_ / (start + 1 / n_samples),
        )
        result = minimize(
            problem.loss,
            start.ravel(),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, 1.0)] * start.size,
            options={"maxiter": self.steps, "maxfun": 2 * self.steps, "ftol": 1e-10, "gtol": 1e-6},
        )
        mu: Floats = result.x.reshape(start.shape)
        self.converged_ = bool(result.success)
        self.misfit_ = problem.misfit(mu)
        return mu, int(result.nit)

    def _start(self, mean: Floats, label: npt.NDArray[np.intp]) -> Floats:
        """Return μ with the ratios P(v | v) : P(v | y) of voters of accuracy `prior_accuracy`.

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


@dataclass(frozen=True, slots=True, eq=False)
class _MomentProblem:
    """The weighted least squares of the moments, with a ridge towards the start.

    Attributes:
        moments: E[ψ ψ^T], shape (n_used, n_used).
        balance: p(y), shape (n_labels,).
        start: μ to start from, shape (n_used, n_labels).
        weight: of each second moment, 0 within a voter: shape (n_used, n_used).
        mean_weight: of each mean, shape (n_used,).
        prior_weight: of the ridge, shape (n_used, n_labels).
    """

    moments: Floats
    balance: Floats
    start: Floats
    weight: Floats
    mean_weight: Floats
    prior_weight: Floats

    def loss(self, flat: Floats) -> tuple[float, Floats]:
        """Return the loss of μ and its gradient."""
        mu = flat.reshape(self.start.shape)
        joint = mu * self.balance
        error = joint @ mu.T - self.moments
        mean_error = joint.sum(axis=1) - np.diag(self.moments)
        shift, weighted = mu - self.start, self.weight * error
        value = (weighted * error).sum() + (self.mean_weight * mean_error**2).sum()
        slope = 4 * weighted @ joint + 2 * np.outer(self.mean_weight * mean_error, self.balance)
        total = value + (self.prior_weight * shift**2).sum()
        return float(total), (slope + 2 * self.prior_weight * shift).ravel()

    def misfit(self, mu: Floats) -> float:
        """Return the mean squared error of the moments in units of their sampling variance."""
        error = (mu * self.balance) @ mu.T - self.moments
        n_moments = max((self.weight > 0).sum() / 2, 1)
        return float((self.weight * error**2).sum() / n_moments)


def _moment_weights(voter: npt.NDArray[np.intp], mean: Floats, n_samples: float) -> Floats:
    """Return half the inverse sampling variance of the moments of two different voters, else 0.

    Half, as a block and its transpose are the same moments.
    """
    off_block = voter[:, None] != voter
    weights: Floats = (
        np.where(off_block, n_samples / (np.outer(mean, mean) + 1 / n_samples), 0.0) / 2
    )
    return weights


def second_moments(patterns: Patterns) -> tuple[Floats, npt.NDArray[np.intp]]:
    """Return E[ψ ψ^T] over the indicators that occur, and which these are.

    Args:
        patterns: the votes.

    Returns:
        The moments, shape (n_used, n_used), and the index of each used indicator,
        voter * n_labels + vote, ascending.
    """
    indicator = patterns.voter * patterns.n_labels + patterns.vote
    used, column = np.unique(indicator, return_inverse=True)
    psi = np.zeros((len(patterns.counts), len(used)))
    psi[patterns.row, column] = 1.0
    total = max(float(patterns.counts.sum()), 1.0)
    moments: Floats = psi.T @ (psi * patterns.counts[:, None]) / total
    return moments, used.astype(np.intp)
