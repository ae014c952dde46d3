"""The default model for people: two views of their skill, weighed by how plausible each is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import softmax

from labeling.errors import LabelingError, NotFittedError
from labeling.label_models.annotators.fit_report import (
    of_annotators,
    of_labels,
    of_sharpness,
    of_steps,
    of_views,
)
from labeling.label_models.annotators.skill import View, skills_of
from labeling.label_models.base import VoteModel
from labeling.label_models.dawid_skene import expectation_maximisation, posterior_of
from labeling.label_models.default.independent_voters import coins
from labeling.label_models.one_coin import coin_skill
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    sum_of_evidence,
    vote_shares,
)
from labeling.records import shared_wins

VIEWS = ("one coin", "own confusion")
SHARPNESS = 0.5 ** (np.arange(25) / 4)  # from 1 down to 1/64
SHARP_PRIOR = 1.0  # what a sharpness other than 1 costs, in log-loss at e times or 1/e
GOLD_WORTH = 50.0  # gold labels that say as much of a view as its shares of the labels do


class AnnotatorModel(VoteModel):
    """The default for people: one-coin and Dawid-Skene, weighted by how far each shifts the labels.

    *One coin* gives each annotator one skill; *own confusion* a confusion matrix that is shrunk to
    the matrix of the annotator's own skill by `pseudo_votes` a row. Either fails by distorting how
    common the labels are, so each is weighted by exp(-d / `tolerance`), with d the total variation
    between its shares of the labels and those of the votes (or the class balance that was given).
    Gold labels enter both views as known truths, and n of them turn d into
    (50 d + n e) / (50 + n), with e the view's share of errors on them, and `tolerance` into
    `tolerance` / sqrt(1 + n / 50). They also show how sure to be. Without them the intervals and
    probabilities hold as far as people err independently: mistakes that all share on hard samples
    are invisible in votes.

    Args:
        pseudo_votes: strength of the shrinkage, in votes a row.
        tolerance: distance of the shares at which a view loses weight, 0 to 1.
        steps: EM steps at the most.

    Attributes:
        confusion_: shape (2 views, n_voters, n_labels true, n_labels voted).
        class_balance_: shape (2 views, n_labels).
        weights_: the weight of each view.
        sharpness_: the power that probabilities are raised to, 1 without gold labels: people err
            together on hard samples, which makes the plain model too sure, and only gold shows it.
        n_votes_: how many votes each annotator cast, shape (n_voters,), in the order of voters_.
        skill_: each annotator's share of right votes: the mean of what the votes leave open.
        skill_interval_: its central 95 %, shape (n_voters, 2).
        chance_: the share that would be right if an annotator's votes, as common as they are, had
            nothing to do with the truth.
        verdict_: a word for each annotator; see `skills`.

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
    sharpness_: float
    n_votes_: Floats
    skill_: Floats
    skill_interval_: Floats
    chance_: Floats
    verdict_: tuple[str, ...]

    def __init__(
        self, *, pseudo_votes: float = 5.0, tolerance: float = 0.1, steps: int = 60
    ) -> None:
        self.pseudo_votes = pseudo_votes
        self.tolerance = tolerance
        self.steps = steps

    def skills(self) -> pd.DataFrame:
        """Return a row for each annotator: what is known of them, and a verdict.

        Columns: `n_votes`; `skill`, the share of right votes; `low` and `high`, its central 95 %;
        `chance`, what votes without any relation to the truth would reach; `verdict`, which says
        more than "unsure" only with 95 % certainty:

        - "fine": better than chance.
        - "spammer": the votes pass for independent of the truth, and there are enough of them to
          tell that apart from 0.6 of the competence that is usual here. Leave them out, or ask
          again; this model already gives them next to no weight.
        - "adversary": worse than chance, so the votes say something, turned round. That may be a
          misread instruction as well as ill will; this model turns them by itself.
        - "unsure": too few votes to tell.

        Raises:
            NotFittedError: `fit` was not called.

        >>> from labeling.records import LabelSchema, Votes
        >>> votes = Votes.from_array([[0, 0], [1, 1]], schema=LabelSchema(["a", "b"]))
        >>> AnnotatorModel().fit(votes).skills().columns.tolist()
        ['n_votes', 'skill', 'low', 'high', 'chance', 'verdict']
        """
        if not hasattr(self, "labels_"):
            raise NotFittedError("This AnnotatorModel is not fitted yet; call fit(votes) first.")
        columns = {
            "n_votes": self.n_votes_.astype(np.int64),
            "skill": self.skill_,
            "low": self.skill_interval_[:, 0],
            "high": self.skill_interval_[:, 1],
            "chance": self.chance_,
            "verdict": list(self.verdict_),
        }
        return pd.DataFrame(columns, index=pd.Index(self.voters_, name="annotator"))

    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        if self.steps < 1 or min(self.pseudo_votes, self.tolerance) <= 0:
            raise LabelingError(
                "AnnotatorModel must have at least 1 step, and `pseudo_votes` and `tolerance` above"
                f" 0. Got {self.steps}, {self.pseudo_votes} and {self.tolerance}."
            )
        found = [
            expectation_maximisation(
                patterns, matrices, class_shares, steps=self.steps, tolerance=1e-6
            )
            for matrices in (self._one_coin, self._own_confusion)
        ]
        self.confusion_ = np.stack([view.confusion for view in found])
        self.class_balance_ = np.stack([view.balance for view in found])
        distance, errors = self._weigh(patterns, class_shares)
        self.sharpness_ = _sharpness(self._mixture(patterns), patterns)
        skills = skills_of(patterns, self._accounts(patterns))
        self.n_votes_, self.chance_ = skills.n_votes, skills.chance
        self.skill_, self.skill_interval_ = skills.skill, skills.interval
        self.verdict_ = skills.verdicts
        self.report_ = (
            *of_views(VIEWS, self.weights_, distance, errors, patterns, class_shares),
            *of_steps(VIEWS, found),
            *of_sharpness(self.sharpness_),
            *of_labels(self.labels_, patterns, self._mixture(patterns)),
            *of_annotators(self.voters_, skills),
        )

    @staticmethod
    def _one_coin(votes: Floats) -> Floats:
        return coins(coin_skill(votes, 4, 1), votes.shape[1])

    def _own_confusion(self, votes: Floats) -> Floats:
        right, total = np.trace(votes, axis1=1, axis2=2), votes.sum(axis=(1, 2))
        pooled = (right.sum() + 4) / (total.sum() + 5)
        skill = (right + 5 * pooled) / (total + 5)
        counts = votes + self.pseudo_votes * coins(skill, votes.shape[1])
        confusion: Floats = counts / counts.sum(axis=2, keepdims=True)
        return confusion

    def _weigh(self, patterns: Patterns, class_shares: Floats | None) -> tuple[Floats, Floats]:
        """Set the views' weights; return the distances of their shares and their gold errors."""
        counts = patterns.counts * patterns.covered
        expected = counts @ vote_shares(patterns) / max(counts.sum(), 1.0)
        if class_shares is not None:
            expected = class_shares
        views = self._views(patterns)
        shares = [counts @ view / max(counts.sum(), 1.0) for view in views]
        distance = np.array([0.5 * np.abs(share - expected).sum() for share in shares])
        known = patterns.gold * patterns.covered[:, None]
        n_known = known.sum()
        errors = np.array(
            [1 - (known * shared_wins(view)).sum() / max(n_known, 1.0) for view in views]
        )
        mixed = (GOLD_WORTH * distance + n_known * errors) / (GOLD_WORTH + n_known)
        sharp = np.sqrt(1 + n_known / GOLD_WORTH) / self.tolerance
        self.weights_ = softmax(-mixed * sharp)
        return distance, errors

    def _views(self, patterns: Patterns) -> list[Floats]:
        return [
            posterior_of(patterns, confusion, balance)
            for confusion, balance in zip(self.confusion_, self.class_balance_, strict=True)
        ]

    def _accounts(self, patterns: Patterns) -> list[View]:
        """Return the views with what they say of each cast vote's sample by the other votes."""
        views = []
        for weight, confusion, balance in zip(
            self.weights_, self.confusion_, self.class_balance_, strict=True
        ):
            evidence = np.log(confusion).transpose(0, 2, 1)
            scores = sum_of_evidence(patterns, evidence, np.log(balance))[patterns.row]
            own = evidence[patterns.voter, patterns.vote]
            views.append(View(float(weight), confusion, softmax(scores - own, axis=1)))
        return views

    def _posterior(self, patterns: Patterns) -> Floats:
        return _sharpened(self._mixture(patterns), self.sharpness_)

    def _mixture(self, patterns: Patterns) -> Floats:
        return sum(
            (w * view for w, view in zip(self.weights_, self._views(patterns), strict=True)),
            start=np.zeros((len(patterns.counts), patterns.n_labels)),
        )


def _sharpness(mixture: Floats, patterns: Patterns) -> float:
    """Return the power of the probabilities that suits the gold labels best; near 1 if few."""
    known = patterns.gold * patterns.covered[:, None]
    losses = [
        SHARP_PRIOR * np.log(power) ** 2
        - (known * np.log(np.maximum(_sharpened(mixture, power), 1e-12))).sum()
        for power in SHARPNESS
    ]
    return float(SHARPNESS[int(np.argmin(losses))])


def _sharpened(mixture: Floats, power: float) -> Floats:
    if power == 1:
        return mixture
    sharpened: Floats = softmax(power * np.log(np.maximum(mixture, 1e-300)), axis=1)
    return sharpened
