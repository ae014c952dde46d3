"""One coin: a single skill for every voter, found by expectation-maximisation."""

from __future__ import annotations

import numpy as np

from labeling.errors import LabelingError
from labeling.label_models.base import VoteModel
from labeling.label_models.dawid_skene import (
    check_settings,
    expectation_maximisation,
    posterior_of,
)
from labeling.label_models.default.independent_voters import coins
from labeling.label_models.patterns import Floats, Patterns

BALANCES = ("learned", "uniform")


class OneCoin(VoteModel):
    """Voters err independently, each right with one probability, whatever the label.

    P(vote v by j | true y) = s_j where v = y, and (1 - s_j) / (k - 1) for each of the k - 1 other
    labels; abstentions carry no evidence. EM from the vote shares, where
    s_j = (expected right votes + `right`) / (votes + `right` + (k - 1) `wrong`). One skill is known
    from far fewer votes than a matrix of k² cells (`DawidSkene`); but voters who lean to one label
    mislead this model, and may mislead it altogether where the class balance is learned.

    Args:
        right: pseudo-votes for the true label.
        wrong: pseudo-votes for each other label.
        balance: "learned", or "uniform": each label is as common. Shares given to `fit` win.
        steps: EM steps at the most.
        tolerance: it has converged when no probability moves by more than this.

    Attributes:
        skill_: s, shape (n_voters,), in the order of voters_.
        class_balance_: shares of the labels: estimated, uniform or those given.
        converged_: whether EM came to rest within `steps`.

    Source: Y. Zhang, X. Chen, D. Zhou, M. I. Jordan, "Spectral methods meet EM: a provably optimal
    algorithm for crowdsourcing", JMLR 17 (2016), whose one-coin model this is.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array(
    ...     [[0, 0, 1], [1, 1, 1], [0, 0, 0]],
    ...     schema=LabelSchema(["a", "b"]),
    ...     voters=["ann", "bob", "cem"],
    ... )
    >>> model = OneCoin().fit(votes)
    >>> model.predict_proba(votes).to_labels().tolist()
    ['a', 'b', 'a']
    >>> model.skill_.round(2).tolist()
    [0.87, 0.87, 0.75]
    """

    skill_: Floats
    class_balance_: Floats
    converged_: bool

    def __init__(
        self,
        *,
        right: float = 4.0,
        wrong: float = 1.0,
        balance: str = "learned",
        steps: int = 200,
        tolerance: float = 1e-6,
    ) -> None:
        self.right = right
        self.wrong = wrong
        self.balance = balance
        self.steps = steps
        self.tolerance = tolerance

    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        check_settings(self, self.steps, self.right, self.wrong)
        if self.balance not in BALANCES:
            raise LabelingError(f"`balance` must be one of {BALANCES}. Got {self.balance!r}.")
        given = class_shares is not None
        if class_shares is None and self.balance == "uniform":
            class_shares = np.full(patterns.n_labels, 1 / patterns.n_labels)
        found = expectation_maximisation(
            patterns,
            lambda votes: coins(coin_skill(votes, self.right, self.wrong), patterns.n_labels),
            class_shares,
            steps=self.steps,
            tolerance=self.tolerance,
        )
        self.skill_ = np.ascontiguousarray(found.confusion[:, 0, 0])
        self.class_balance_, self.converged_ = found.balance, found.converged
        self.report_ = (
            f"EM {'converged' if self.converged_ else 'stopped'} after {found.steps} steps.",
            f"The class balance was {'given' if given else self.balance}.",
        )

    def _posterior(self, patterns: Patterns) -> Floats:
        return posterior_of(patterns, coins(self.skill_, patterns.n_labels), self.class_balance_)


def coin_skill(votes: Floats, right: float, wrong: float) -> Floats:
    """Return each voter's share of right votes with so many pseudo-votes: shape (n_voters,).

    Args:
        votes: expected votes, shape (n_voters, n_labels true, n_labels voted).
        right: pseudo-votes for the true label.
        wrong: pseudo-votes for each other label.
    """
    n_right, total = np.trace(votes, axis1=1, axis2=2), votes.sum(axis=(1, 2))
    skill: Floats = (n_right + right) / (total + right + (votes.shape[1] - 1) * wrong)
    return skill
