"""One-coin model: a single accuracy for each voter, estimated by expectation-maximisation."""

from __future__ import annotations

import numpy as np

from labeling.label_models.base import VoteModel
from labeling.label_models.dawid_skene import (
    check_em_settings,
    expectation_maximisation,
    label_posterior,
)
from labeling.label_models.patterns import Floats, Patterns
from labeling.label_models.report_sentences import convergence_sentence, warn_not_converged
from labeling.label_models.settings import check_choice

BALANCES = ("learned", "uniform")


class OneCoin(VoteModel):
    """Voters err independently, each right with one probability, whatever the label.

    P(vote v by j | true y) = s_j where v = y, and (1 - s_j) / (k - 1) for each of the k - 1 other
    labels; abstentions carry no evidence. EM starts from the vote shares, with
    s_j = (expected right votes + `right`) / (votes + `right` + (k - 1) `wrong`). One skill needs
    far fewer votes than a matrix of k² cells (`DawidSkene`); but voters who are biased towards one
    label violate the model, and the more so where the class balance is learned.

    Args:
        right: pseudo-votes for the true label.
        wrong: pseudo-votes for each other label.
        balance: "learned", or "uniform": each label is as common. A class balance given to `fit`
            takes precedence.
        steps: EM steps at most.
        tolerance: converged when no probability changes by more than this; with more than 50 labels
            0.001 at least, and one row of votes in a thousand may still change.

    Attributes:
        skill_: s, shape (n_voters,), in the order of voters_.
        class_balance_: the class balance: estimated, uniform or the one given.
        converged_: whether EM converged within `steps`.

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

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        check_em_settings(self)
        check_choice(self, "balance", BALANCES)
        is_given = class_balance is not None
        if class_balance is None and self.balance == "uniform":
            class_balance = np.full(patterns.n_labels, 1 / patterns.n_labels)
        result = expectation_maximisation(
            patterns,
            self._estimate_confusion,
            class_balance,
            steps=self.steps,
            tolerance=self.tolerance,
        )
        self.skill_ = np.ascontiguousarray(result.confusion[:, 0, 0])
        self.class_balance_, self.converged_ = result.class_balance, result.converged
        if not self.converged_:
            warn_not_converged(self, self.steps)
        self.report_ = (
            convergence_sentence(self.converged_, result.steps),
            f"The class balance was {'given' if is_given else self.balance}.",
        )

    def _estimate_confusion(self, votes: Floats) -> Floats:
        return one_coin_confusion(one_coin_skill(votes, self.right, self.wrong), votes.shape[1])

    def _posterior(self, patterns: Patterns) -> Floats:
        confusion = one_coin_confusion(self.skill_, patterns.n_labels)
        return label_posterior(patterns, confusion, self.class_balance_)


def one_coin_skill(votes: Floats, right: float, wrong: float) -> Floats:
    """Return the smoothed share of right votes of each voter: shape (n_voters,).

    Args:
        votes: expected votes, shape (n_voters, n_labels true, n_labels voted).
        right: pseudo-votes for the true label.
        wrong: pseudo-votes for each other label.
    """
    n_right, total = np.trace(votes, axis1=1, axis2=2), votes.sum(axis=(1, 2))
    skill: Floats = (n_right + right) / (total + right + (votes.shape[1] - 1) * wrong)
    return skill


def one_coin_confusion(accuracy: Floats, n_labels: int) -> Floats:
    """Return confusion matrices whose errors are spread evenly over the wrong labels.

    Args:
        accuracy: of each voter, any shape.
        n_labels: the number of labels.

    Returns:
        Matrices of shape (*accuracy.shape, n_labels, n_labels).
    """
    accuracy = np.clip(accuracy, 1e-6, 1 - 1e-6)[..., None, None]
    eye = np.eye(n_labels)
    confusion: Floats = eye * accuracy + (1 - eye) * (1 - accuracy) / (n_labels - 1)
    return confusion
