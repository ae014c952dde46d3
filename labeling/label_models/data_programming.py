"""Data programming: a generative model of votes and abstentions, by maximum likelihood."""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, softmax

from labeling.label_models.base import VoteModel
from labeling.label_models.dawid_skene import clamp_to_gold
from labeling.label_models.expectation_maximisation import run_em
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    expected_votes,
    n_votes_by_voter,
    sum_of_evidence,
    vote_shares,
)
from labeling.label_models.report_sentences import (
    convergence_sentence,
    identifiability_sentences,
    warn_not_converged,
)
from labeling.label_models.settings import check_setting


class DataProgramming(VoteModel):
    """The generative model of data programming: each voter has a propensity and an accuracy.

    Given the label y, voter j votes with probability beta_j(y), its *propensity*, and then votes v
    with probability alpha_j(v | y), its *accuracy* where v = y; voters are independent given y:

        P(votes, y) = p(y) * Π_j { beta_j(y) alpha_j(v_j | y)  if j votes v_j
                                 { 1 - beta_j(y)               if j abstains

    In the paper beta_j and alpha_j do not depend on y; here they do, so that abstentions of a
    labeling function that only votes "spam" are evidence. The marginal likelihood of all samples is
    maximised by EM from the vote shares. Propensities and accuracies are shrunk to the voter's
    average over all labels, that is towards no evidence, by `smoothing` samples a label; a label
    that a voter never used carries no evidence.

    It works best where voters are many and vote densely. Where they are sparse, abstentions depend
    more on topics than on labels, and where they are few and dependent, the likelihood may prefer
    clusters other than the labels: use `LabelModel` there.

    Args:
        smoothing: samples of each label that the shrinkage counts as, above 0.
        steps: EM steps at most.
        tolerance: converged when no probability changes by more than this.

    Attributes:
        propensity_: beta, shape (n_voters, n_labels true).
        silence_: 1 - beta, stored as well because it may be tiny; 0 for a voter who never abstains.
        accuracy_: alpha, shape (n_voters, n_labels true, n_labels voted); 0 where never voted.
        class_balance_: the estimated class balance, or the one given.
        log_likelihood_: of the votes of a sample, mean over all samples, nats.
        converged_: whether EM converged within `steps`.

    Source: A. Ratner, C. De Sa, S. Wu, D. Selsam, C. Ré, "Data programming: creating large training
    sets, quickly", NeurIPS 2016.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array(
    ...     [[0, -1, -1], [0, -1, 1], [-1, 1, 1], [-1, 1, 1]], schema=LabelSchema(["ham", "spam"])
    ... )
    >>> model = DataProgramming().fit(votes)
    >>> model.predict_proba(votes).to_labels().tolist()
    ['ham', 'ham', 'spam', 'spam']
    """

    propensity_: Floats
    silence_: Floats
    accuracy_: Floats
    class_balance_: Floats
    log_likelihood_: float
    converged_: bool

    def __init__(
        self, *, smoothing: float = 1.0, steps: int = 1000, tolerance: float = 1e-5
    ) -> None:
        self.smoothing = smoothing
        self.steps = steps
        self.tolerance = tolerance

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        check_setting(self, "smoothing", above=0)
        check_setting(self, "steps", at_least=1, whole=True)
        check_setting(self, "tolerance", above=0)
        fit = run_em(
            clamp_to_gold(vote_shares(patterns), patterns),
            lambda posterior: self._m_step(patterns, posterior, class_balance),
            lambda _: clamp_to_gold(self._posterior(patterns), patterns),
            steps=self.steps,
            tolerance=self.tolerance,
        )
        self.converged_ = fit.converged
        if not self.converged_:
            warn_not_converged(self, self.steps)
        self.log_likelihood_ = self._mean_log_likelihood(patterns)
        self.report_ = self._report(patterns, fit.steps, class_balance is not None)

    def _m_step(self, patterns: Patterns, posterior: Floats, class_balance: Floats | None) -> None:
        mass = posterior * patterns.counts[:, None]
        n_of_label = mass.sum(axis=0)
        votes = expected_votes(patterns, mass)
        total = max(float(patterns.counts.sum()), 1.0)
        marginal = votes.sum(axis=1) / total  # P(the voter votes v)
        smoothed_total = n_of_label + self.smoothing
        joint = (votes + self.smoothing * marginal[:, None, :]) / smoothed_total[:, None]
        abstained = np.maximum(n_of_label - votes.sum(axis=2), 0)
        abstain_rate = (1 - n_votes_by_voter(patterns) / total)[:, None]  # 0 if it never abstains
        smoothed = (abstained + self.smoothing * abstain_rate) / smoothed_total
        self.silence_ = np.where(abstain_rate > 0, smoothed, 0.0)
        self.propensity_ = 1 - self.silence_
        self.accuracy_ = joint / np.maximum(joint.sum(axis=2, keepdims=True), 1e-300)
        balance = n_of_label + 1
        self.class_balance_ = balance / balance.sum() if class_balance is None else class_balance

    def _scores(self, patterns: Patterns) -> Floats:
        """Return log P(votes, y): with all voters abstaining, plus the log-ratio of each vote."""
        joint = self.propensity_[:, :, None] * self.accuracy_
        silence = _log_if_used(self.silence_)
        evidence = (_log_if_used(joint) - silence[:, :, None]).transpose(0, 2, 1)
        prior = np.log(self.class_balance_) + silence.sum(axis=0)
        return sum_of_evidence(patterns, evidence, prior)

    def _posterior(self, patterns: Patterns) -> Floats:
        posterior: Floats = softmax(self._scores(patterns), axis=1)
        return posterior

    def _mean_log_likelihood(self, patterns: Patterns) -> float:
        log_likelihoods = logsumexp(self._scores(patterns), axis=1)
        return float(patterns.counts @ log_likelihoods / max(float(patterns.counts.sum()), 1.0))

    def _report(self, patterns: Patterns, step: int, is_balance_given: bool) -> tuple[str, ...]:
        n_gold = int(patterns.gold.sum())
        balance = ", ".join(
            f"{label} {share:.1%}"
            for label, share in zip(self.labels_, self.class_balance_, strict=True)
        )
        return (
            convergence_sentence(self.converged_, step).removesuffix(".")
            + f" at a mean log-likelihood of {self.log_likelihood_:.4f} nats a sample.",
            f"Class balance {'given' if is_balance_given else 'estimated'}: {balance}.",
            f"{n_gold} gold labels are used as known labels." if n_gold else "No gold labels.",
            *identifiability_sentences(patterns),
        )


def _log_if_used(probability: Floats) -> Floats:
    """Return the logarithm, and 0 where the probability is 0: no evidence."""
    is_used = probability > 0
    logs: Floats = np.where(is_used, np.log(np.where(is_used, probability, 1.0)), 0.0)
    return logs
