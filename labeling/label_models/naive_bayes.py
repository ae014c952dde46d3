"""The default model for labeling functions: what the other voters say of each vote."""

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
    votes_by_truth,
)


class LabelModel(VoteModel):
    """Leave-one-out naive Bayes: the default label model for labeling functions.

    A vote v of voter j is evidence A[j, v, y] for each label y: how often samples with that vote are
    y *according to the other voters* (so that no voter confirms itself), each label weighing the
    same however often the voter meets it. Evidence is shrunk to a prior accuracy, abstentions carry none, and
    the posterior starts from equal shares of the labels. Probabilities are finally scaled so that
    their mean log-odds is one; without gold labels they are rough.

    Gold labels enter as counts of what each vote was right about, never as the answer for their own
    samples. A class balance is not used: with accuracies estimated without gold labels it swamps
    the votes (measured); a warning and `report_` say so.

    Args:
        prior_accuracy: what a vote is worth before anything is known, above 1/n_labels, below 1.
        prior_votes: how many votes that prior counts as.
        prior_share: and which share of a voter's own votes is added to them, 0 or more.
        gold_prior: how many gold labels the estimate without gold counts as.
        steps: how often the evidence is estimated, half of each step kept.

    Attributes:
        evidence_: A, shape (n_voters, n_labels voted, n_labels true); sums to 1 over the last axis.
        scale_: the mean absolute log-odds that probabilities are divided by.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array(
    ...     [[0, 0, -1], [1, 1, 1], [0, -1, 0], [-1, 1, 1]], schema=LabelSchema(["ham", "spam"])
    ... )
    >>> LabelModel().fit(votes).predict_proba(votes).to_labels().tolist()
    ['ham', 'spam', 'ham', 'spam']
    """

    evidence_: Floats
    scale_: float

    def __init__(
        self,
        *,
        prior_accuracy: float = 0.6,
        prior_votes: float = 20.0,
        prior_share: float = 0.3,
        gold_prior: float = 20.0,
        steps: int = 12,
    ) -> None:
        self.prior_accuracy = prior_accuracy
        self.prior_votes = prior_votes
        self.prior_share = prior_share
        self.gold_prior = gold_prior
        self.steps = steps

    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        n_labels = patterns.n_labels
        if not 1 / n_labels < self.prior_accuracy < 1:
            raise LabelingError(
                f"`prior_accuracy` of {n_labels} labels must be above {1 / n_labels:.2f} and below 1."
                f" Got {self.prior_accuracy}."
            )
        prior = np.full((n_labels, n_labels), (1 - self.prior_accuracy) / (n_labels - 1))
        np.fill_diagonal(prior, self.prior_accuracy)
        self.scale_ = 1.0
        self.evidence_ = np.tile(prior, (patterns.n_voters, 1, 1))
        for _ in range(self.steps):
            self.evidence_ = (self.evidence_ + self._estimate(patterns, prior)) / 2
        n_gold = int(patterns.gold.sum())
        if n_gold:
            self.evidence_ = self._corrected(patterns)
        covered = patterns.covered
        log_odds = _centred(self._scores(patterns)[covered])
        if len(log_odds):
            counts = patterns.counts[covered]
            self.scale_ = float(np.average(np.abs(log_odds).mean(axis=1), weights=counts)) or 1.0
        self.report_ = self._report(patterns, n_gold, class_shares is not None)

    def _estimate(self, patterns: Patterns, prior: Floats) -> Floats:
        """Return the evidence of each vote according to the other voters, shrunk to the prior."""
        several = patterns.n_votes >= 2
        counts = np.where(several, patterns.counts, 0.0)[:, None]
        scores = self._scores(patterns)
        balance = (softmax(scores, axis=1) * counts).sum(axis=0) + 1e-9
        balance *= self.prior_votes / balance.sum()
        own = np.log(self.evidence_)[patterns.voter, patterns.vote]
        others = softmax(scores[patterns.row] - own, axis=1) * counts[patterns.row]
        found = votes_by_truth(patterns, others).transpose(0, 2, 1)
        precision = found / (found.sum(axis=1, keepdims=True) + balance)  # labels weigh the same
        precision /= np.maximum(precision.sum(axis=2, keepdims=True), 1e-300)
        votes = found.sum(axis=2, keepdims=True)
        strength = self.prior_votes + self.prior_share * votes.sum(axis=1, keepdims=True)
        estimate: Floats = (votes * precision + strength * prior) / (votes + strength)
        return estimate

    def _corrected(self, patterns: Patterns) -> Floats:
        """Return the evidence with the gold labels counted in, each label weighing the same."""
        counts = expected_votes(patterns, patterns.gold).transpose(0, 2, 1)
        total = patterns.gold.sum(axis=0)
        balanced = counts * (total.sum() / (len(total) * np.maximum(total, 1)))
        known = balanced.sum(axis=2, keepdims=True)
        mixed: Floats = (self.gold_prior * self.evidence_ + balanced) / (self.gold_prior + known)
        return mixed

    def _scores(self, patterns: Patterns) -> Floats:
        even = np.zeros(patterns.n_labels)
        return sum_of_evidence(patterns, np.log(self.evidence_), even)

    def _posterior(self, patterns: Patterns) -> Floats:
        posterior: Floats = softmax(_centred(self._scores(patterns)) / self.scale_, axis=1)
        return posterior

    def _report(self, patterns: Patterns, n_gold: int, balance_given: bool) -> tuple[str, ...]:
        rows = patterns.counts.sum()
        several = patterns.counts[patterns.n_votes >= 2].sum()
        lines = [
            f"Leave-one-out naive Bayes over {patterns.n_voters} voters and {rows:.0f}"
            f" samples, of which {several:.0f} have the two votes or more it can learn from.",
            f"{n_gold} gold labels are counted in."
            if n_gold
            else "No gold labels: the probabilities are rough.",
        ]
        if several == 0:
            lines.append("No sample has two votes, so every voter counts the same: majority vote.")
        if balance_given:
            lines.append("The class balance that was given is not used by this model.")
            warnings.warn(
                "LabelModel does not use class_balance: without gold labels it would swamp the"
                " votes. Use DawidSkene, or give gold labels.",
                stacklevel=4,
            )
        return tuple(lines)


def _centred(scores: Floats) -> Floats:
    centred: Floats = scores - scores.mean(axis=1, keepdims=True)
    return centred
