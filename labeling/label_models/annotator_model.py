"""The default model for people: two views of their skill, weighed by how plausible each is."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from labeling.label_models.base import VoteModel
from labeling.label_models.dawid_skene import with_gold
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    expected_votes,
    sum_of_evidence,
    vote_shares,
)

VIEWS = ("one coin", "own confusion")


class AnnotatorModel(VoteModel):
    """The default for people: one-coin and Dawid-Skene, weighted by how far each shifts the labels.

    *One coin* gives each annotator one skill; *own confusion* a confusion matrix that is shrunk to
    the matrix of the annotator's own skill by `pseudo_votes` a row. Either fails by distorting how
    common the labels are, so each is weighted by exp(-d / `tolerance`), with d the total variation
    between its shares of the labels and those of the votes.

    Args:
        pseudo_votes: strength of the shrinkage, in votes a row.
        tolerance: distance of the shares at which a view loses weight, 0 to 1.
        steps: EM steps at the most.

    Attributes:
        confusion_: shape (2 views, n_voters, n_labels true, n_labels voted).
        class_balance_: shape (2 views, n_labels).
        weights_: the weight of each view.
        skill_: each annotator's share of right votes, shape (n_voters,), in the order of voters_.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array(
    ...     [[0, 0, 1], [1, 1, 1], [0, 0, 0]],
    ...     schema=LabelSchema(["a", "b"]),
    ...     voters=["ann", "bob", "cem"],
    ... )
    >>> model = AnnotatorModel().fit(votes)
    >>> model.predict_proba(votes).to_labels().tolist()
    ['a', 'b', 'a']
    >>> model.voters_[model.skill_.argmin()]
    'cem'
    """

    confusion_: Floats
    class_balance_: Floats
    weights_: Floats
    skill_: Floats

    def __init__(
        self, *, pseudo_votes: float = 5.0, tolerance: float = 0.1, steps: int = 60
    ) -> None:
        self.pseudo_votes = pseudo_votes
        self.tolerance = tolerance
        self.steps = steps

    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        views = [self._em(patterns, view, class_shares) for view in VIEWS]
        self.confusion_ = np.stack([confusion for confusion, _ in views])
        self.class_balance_ = np.stack([balance for _, balance in views])
        covered = patterns.covered
        counts = patterns.counts * covered
        votes = counts @ vote_shares(patterns) / max(counts.sum(), 1.0)
        shares = [counts @ view / max(counts.sum(), 1.0) for view in self._views(patterns)]
        distance = np.array([0.5 * np.abs(share - votes).sum() for share in shares])
        weights = np.exp(-distance / self.tolerance)
        self.weights_ = weights / weights.sum()
        posterior = with_gold(self._posterior(patterns), patterns)
        self.skill_ = self._skills(patterns, posterior * patterns.counts[:, None])
        self.report_ = tuple(
            f"View {name!r}: weight {weight:.2f}; its shares of the labels are {far:.3f} from those"
            " of the votes."
            for name, weight, far in zip(VIEWS, self.weights_, distance, strict=True)
        )

    def _em(
        self, patterns: Patterns, view: str, class_shares: Floats | None
    ) -> tuple[Floats, Floats]:
        posterior = with_gold(vote_shares(patterns), patterns)
        covered = patterns.covered
        for _ in range(self.steps):
            before = posterior
            mass = posterior * patterns.counts[:, None]
            confusion = self._confusion(patterns, mass, view)
            share = mass[covered].sum(axis=0) + 1
            balance = share / share.sum() if class_shares is None else class_shares
            posterior = with_gold(_posterior_of(patterns, confusion, balance), patterns)
            if np.abs(posterior - before).max(initial=0.0) < 1e-6:
                break
        return confusion, balance

    def _confusion(self, patterns: Patterns, mass: Floats, view: str) -> Floats:
        n_labels = patterns.n_labels
        votes = expected_votes(patterns, mass)
        right, total = np.trace(votes, axis1=1, axis2=2), votes.sum(axis=(1, 2))
        if view == "one coin":
            skill = (right + 4) / (total + 4 + n_labels - 1)
            return _one_coin(skill, n_labels)
        own = votes + self.pseudo_votes * _one_coin(self._skills(patterns, mass), n_labels)
        confusion: Floats = own / own.sum(axis=2, keepdims=True)
        return confusion

    def _skills(self, patterns: Patterns, mass: Floats) -> Floats:
        """Return each annotator's share of right votes, shrunk to that of all by five votes."""
        votes = expected_votes(patterns, mass)
        right, total = np.trace(votes, axis1=1, axis2=2), votes.sum(axis=(1, 2))
        pooled = (right.sum() + 4) / (total.sum() + 5)
        skill: Floats = (right + 5 * pooled) / (total + 5)
        return skill

    def _views(self, patterns: Patterns) -> list[Floats]:
        return [
            _posterior_of(patterns, confusion, balance)
            for confusion, balance in zip(self.confusion_, self.class_balance_, strict=True)
        ]

    def _posterior(self, patterns: Patterns) -> Floats:
        return sum(
            (w * view for w, view in zip(self.weights_, self._views(patterns), strict=True)),
            start=np.zeros((len(patterns.counts), patterns.n_labels)),
        )


def _one_coin(skill: Floats, n_labels: int) -> Floats:
    skill = np.clip(skill, 1e-6, 1 - 1e-6)
    off = ((1 - skill) / (n_labels - 1))[:, None, None]
    eye = np.eye(n_labels)
    matrix: Floats = eye * skill[:, None, None] + (1 - eye) * off
    return matrix


def _posterior_of(patterns: Patterns, confusion: Floats, balance: Floats) -> Floats:
    evidence = np.log(confusion).transpose(0, 2, 1)
    posterior: Floats = softmax(sum_of_evidence(patterns, evidence, np.log(balance)), axis=1)
    return posterior
