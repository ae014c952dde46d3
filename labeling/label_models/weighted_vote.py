"""Weighted vote: the log-odds of a label are the sum of the weights of its voters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import softmax

from labeling.errors import LabelingError, listed, near
from labeling.label_models.base import VoteModel
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    balance_or_uniform,
    expected_votes,
    sum_of_evidence,
)
from labeling.label_models.report_sentences import balance_sentence
from labeling.label_models.settings import check_setting
from labeling.records import is_number


class WeightedVote(VoteModel):
    """Each vote adds its voter's weight, in nats, to the log-odds of its label.

    P(y | votes) ∝ p(y) exp(sum of w_j over the voters j who voted y), with p the class balance
    (uniform unless given). The optimal weight of a voter who is right with probability a, and
    otherwise wrong in any of the k - 1 ways, is w = ln(a (k - 1) / (1 - a)).

    A weight is given by the user, or computed from the accuracy on gold labels, shrunk to
    `prior_accuracy`: a_j = (right_j + prior_votes * prior_accuracy) / (n_j + prior_votes). Without
    gold labels and weights all voters have the same weight.

    Args:
        weights: from voter names to weights, in nats: 0 = ignored, below 0 = more often wrong than
            right. The weights of other voters are computed as above.
        prior_accuracy: the accuracy of a voter without gold labels, above 1/n_labels, below 1.
        prior_votes: the number of votes that prior counts as, above 0.

    Attributes:
        weights_: the weight of each voter, nats, shape (n_voters,), in the order of voters_.
        class_balance_: the class balance that was given, or a uniform one.

    Source: S. Nitzan, J. Paroush, "Optimal decision rules in uncertain dichotomous choice
    situations", International Economic Review 23 (1982).

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array(
    ...     [[0, 1, 1]], schema=LabelSchema(["ham", "spam"]), voters=["expert", "lf", "other lf"]
    ... )
    >>> model = WeightedVote(weights={"expert": 3, "lf": 1, "other lf": 1}).fit(votes)
    >>> model.predict_proba(votes).to_array().round(2).tolist()
    [[0.73, 0.27]]
    """

    weights_: Floats
    class_balance_: Floats

    def __init__(
        self,
        *,
        weights: Mapping[str, float] | None = None,
        prior_accuracy: float = 0.7,
        prior_votes: float = 10.0,
    ) -> None:
        self.weights = weights
        self.prior_accuracy = prior_accuracy
        self.prior_votes = prior_votes

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        n_labels = patterns.n_labels
        check_setting(self, "prior_accuracy", above=1 / n_labels, below=1)
        check_setting(self, "prior_votes", above=0)
        given = self._given_weights()
        votes = expected_votes(patterns, patterns.gold)
        right, total = np.trace(votes, axis1=1, axis2=2), votes.sum(axis=(1, 2))
        accuracy = (right + self.prior_votes * self.prior_accuracy) / (total + self.prior_votes)
        estimated = np.log(accuracy * (n_labels - 1) / (1 - accuracy))
        self.weights_ = np.array(
            [given.get(name, weight) for name, weight in zip(self.voters_, estimated, strict=True)]
        )
        self.class_balance_ = balance_or_uniform(patterns, class_balance)
        self.report_ = self._report(total, len(given), balance_sentence(class_balance))

    def _given_weights(self) -> Mapping[str, float]:
        """Return the weights that the user gave, by name, after checking them."""
        if self.weights is None:
            return {}
        # A dict of plain numbers can be saved as JSON.
        if not isinstance(self.weights, dict) or not all(map(_is_number, self.weights.values())):
            raise LabelingError(
                "`weights` of WeightedVote must be a dict from a voter's name to a finite int or"
                f" float. Got {self.weights!r}."
            )
        unknown = [name for name in self.weights if name not in set(self.voters_)]
        if unknown:
            raise LabelingError(
                f"`weights` of WeightedVote must name voters of the votes: {listed(self.voters_)}."
                f" Got {listed(unknown)}.{near(unknown[0], self.voters_)}"
            )
        return self.weights

    def _report(self, n_gold: Floats, n_given: int, balance: str) -> tuple[str, ...]:
        n_with_gold, n_voters = int((n_gold > 0).sum()), len(self.voters_)
        return (
            f"{n_given} of {n_voters} weights were given; {n_with_gold} voters have votes on"
            f" samples with gold labels ({n_gold.sum():.0f} votes in all).",
            f"Other voters have the weight of an accuracy of {self.prior_accuracy:.0%}; weights are"
            f" {self.weights_.min():.2f} to {self.weights_.max():.2f} nats.",
            balance,
        )

    def _posterior(self, patterns: Patterns) -> Floats:
        evidence = self.weights_[:, None, None] * np.eye(patterns.n_labels)
        scores = sum_of_evidence(patterns, evidence, np.log(self.class_balance_))
        posterior: Floats = softmax(scores, axis=1)
        return posterior


def _is_number(value: object) -> bool:
    return is_number(value) and bool(np.isfinite(value))
