"""Data programming: a generative model of votes and abstentions, by maximum likelihood."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import logsumexp, softmax

from labeling.label_models.base import VoteModel
from labeling.label_models.dawid_skene import with_gold
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    expected_votes,
    sum_of_evidence,
    vote_shares,
)
from labeling.label_models.settings import check_setting, votes_cast, what_votes_cannot_say


class DataProgramming(VoteModel):
    """The generative model of data programming: each voter has a propensity and an accuracy.

    Given the label y, voter j votes with probability beta_j(y), its *propensity*, and then says v
    with probability alpha_j(v | y), its *accuracy* where v = y; voters are independent given y:

        P(votes, y) = p(y) * Π_j { beta_j(y) alpha_j(v_j | y)  if j votes v_j
                                 { 1 - beta_j(y)               if j abstains

    In the paper beta_j and alpha_j do not depend on y; here they do, so that a labeling function
    that only ever says "spam" says something by its silence. The marginal likelihood of all samples
    is maximised by EM from the vote shares. Propensities and accuracies are shrunk to the voter's
    average over all labels, that is towards saying nothing, by `smoothing` samples a label; a
    symbol that a voter never used carries no evidence.

    It is at its best where voters are many and vote densely. Where they are sparse, silence says
    more about topics than about labels, and where they are few and not independent, the likelihood
    may prefer another division of the samples than that into labels: use `LabelModel` there.

    Args:
        smoothing: samples of each label that the shrinkage counts as, above 0.
        steps: EM steps at the most.
        tolerance: it has converged when no probability moves by more than this.

    Attributes:
        propensity_: beta, shape (n_voters, n_labels true).
        silence_: 1 - beta, kept beside it because it may be tiny; 0 for a voter who never abstains.
        accuracy_: alpha, shape (n_voters, n_labels true, n_labels voted); 0 where never voted.
        class_balance_: estimated shares of the labels, or those given.
        log_likelihood_: of the votes of a sample, mean over all samples, nats.
        converged_: whether EM came to rest within `steps`.

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

    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        check_setting(self, "smoothing", above=0)
        check_setting(self, "steps", at_least=1, whole=True)
        check_setting(self, "tolerance", above=0)
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
                f"DataProgramming did not come to rest in {self.steps} steps; raise `steps` if its"
                " last digits matter.",
                stacklevel=3,
            )
        self.log_likelihood_ = self._mean_log_likelihood(patterns)
        self.report_ = self._report(patterns, step, class_shares is not None)

    def _m_step(self, patterns: Patterns, posterior: Floats, class_shares: Floats | None) -> None:
        mass = posterior * patterns.counts[:, None]
        n_of_label = mass.sum(axis=0)
        votes = expected_votes(patterns, mass)
        total = max(float(patterns.counts.sum()), 1.0)
        usual = votes.sum(axis=1) / total  # how often the voter says v at all
        of_label = n_of_label + self.smoothing
        said = (votes + self.smoothing * usual[:, None, :]) / of_label[:, None]
        quiet = np.maximum(n_of_label - votes.sum(axis=2), 0)
        unsaid = (1 - votes_cast(patterns) / total)[:, None]  # exactly 0 for who never abstains
        self.silence_ = np.where(unsaid > 0, (quiet + self.smoothing * unsaid) / of_label, 0.0)
        self.propensity_ = 1 - self.silence_
        self.accuracy_ = said / np.maximum(said.sum(axis=2, keepdims=True), 1e-300)
        share = n_of_label + 1
        self.class_balance_ = share / share.sum() if class_shares is None else class_shares

    def _scores(self, patterns: Patterns) -> Floats:
        """Return log P(votes, y): the silence of all voters, and for each vote what it changes."""
        said = self.propensity_[:, :, None] * self.accuracy_
        silence = _log_if_used(self.silence_)
        evidence = (_log_if_used(said) - silence[:, :, None]).transpose(0, 2, 1)
        prior = np.log(self.class_balance_) + silence.sum(axis=0)
        return sum_of_evidence(patterns, evidence, prior)

    def _posterior(self, patterns: Patterns) -> Floats:
        posterior: Floats = softmax(self._scores(patterns), axis=1)
        return posterior

    def _mean_log_likelihood(self, patterns: Patterns) -> float:
        each = logsumexp(self._scores(patterns), axis=1)
        return float(patterns.counts @ each / max(float(patterns.counts.sum()), 1.0))

    def _report(self, patterns: Patterns, step: int, balance_given: bool) -> tuple[str, ...]:
        known = int(patterns.gold.sum())
        shares = ", ".join(
            f"{label} {share:.1%}"
            for label, share in zip(self.labels_, self.class_balance_, strict=True)
        )
        return (
            f"EM {'converged' if self.converged_ else 'stopped'} after {step} steps at a mean"
            f" log-likelihood of {self.log_likelihood_:.4f} nats a sample.",
            f"Class balance {'given' if balance_given else 'estimated'}: {shares}.",
            f"{known} gold labels count as known." if known else "No gold labels.",
            *what_votes_cannot_say(patterns),
        )


def _log_if_used(probability: Floats) -> Floats:
    """Return the logarithm, and 0 for what never happened: it is no evidence."""
    used = probability > 0
    found: Floats = np.where(used, np.log(np.where(used, probability, 1.0)), 0.0)
    return found
