"""The default model for people: two views of their skill, weighed by how plausible each is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import softmax

from labeling.errors import LabelingError, NotFittedError, shown
from labeling.label_models.annotator_skill import View, skills_of
from labeling.label_models.base import VoteModel
from labeling.label_models.dawid_skene import Found, expectation_maximisation, posterior_of
from labeling.label_models.one_coin import coin_matrix, coin_skill
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    sum_of_evidence,
    vote_shares,
)

VIEWS = ("one coin", "own confusion")
WHY = {
    "spammer": "the votes pass for independent of the truth",
    "adversary": "the votes are right less often than by chance",
}
FEW_VOTES = 12  # an annotator's votes, below which not even a single skill is known to ±.2
VANISHED = 20.0  # a label with so many times more votes than samples is worth a warning
GOLD_WORTH = 50.0  # gold labels that say as much of a view as its shares of the labels do


class AnnotatorModel(VoteModel):
    """The default for people: one-coin and Dawid-Skene, weighted by how far each shifts the labels.

    *One coin* gives each annotator one skill; *own confusion* a confusion matrix that is shrunk to
    the matrix of the annotator's own skill by `pseudo_votes` a row. Either fails by distorting how
    common the labels are, so each is weighted by exp(-d / `tolerance`), with d the total variation
    between its shares of the labels and those of the votes (or the class balance that was given).
    Gold labels sharpen both views, and n of them turn d into (50 d + n e) / (50 + n), with e the
    view's share of errors on them, and `tolerance` into `tolerance` / sqrt(1 + n / 50).

    Args:
        pseudo_votes: strength of the shrinkage, in votes a row.
        tolerance: distance of the shares at which a view loses weight, 0 to 1.
        steps: EM steps at the most.

    Attributes:
        confusion_: shape (2 views, n_voters, n_labels true, n_labels voted).
        class_balance_: shape (2 views, n_labels).
        weights_: the weight of each view.
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
        skills = skills_of(patterns, self._accounts(patterns))
        self.n_votes_, self.chance_ = skills.n_votes, skills.chance
        self.skill_, self.skill_interval_ = skills.skill, skills.interval
        self.verdict_ = skills.verdicts
        self.report_ = (
            *_of_views(self.weights_, distance, errors, patterns, class_shares is not None),
            *_of_steps(found),
            *self._of_labels(patterns),
            *self._of_annotators(),
        )

    @staticmethod
    def _one_coin(votes: Floats) -> Floats:
        return coin_matrix(coin_skill(votes, 4, 1), votes.shape[1])

    def _own_confusion(self, votes: Floats) -> Floats:
        right, total = np.trace(votes, axis1=1, axis2=2), votes.sum(axis=(1, 2))
        pooled = (right.sum() + 4) / (total.sum() + 5)
        skill = (right + 5 * pooled) / (total + 5)
        counts = votes + self.pseudo_votes * coin_matrix(skill, votes.shape[1])
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
        errors = np.array([1 - (known * _tops(view)).sum() / max(n_known, 1.0) for view in views])
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
        return sum(
            (w * view for w, view in zip(self.weights_, self._views(patterns), strict=True)),
            start=np.zeros((len(patterns.counts), patterns.n_labels)),
        )

    def _of_labels(self, patterns: Patterns) -> list[str]:
        """Return a warning of each label that is voted for and yet hardly ever found true."""
        counts = patterns.counts * patterns.covered
        votes, found = (
            counts @ one / max(counts.sum(), 1.0)
            for one in (vote_shares(patterns), self._posterior(patterns))
        )
        return [
            f"Label {label!r} has {said:.1%} of the votes, but is found true of {true:.1%} of the"
            " samples: either the votes for it are slips, or the model took the wrong turn. A few"
            " gold labels, or `class_balance`, decide that."
            for label, said, true in zip(self.labels_, votes, found, strict=True)
            if true < said / VANISHED
        ]

    def _of_annotators(self) -> list[str]:
        heard = self.n_votes_ > 0
        n_heard = int(heard.sum())
        if not n_heard:
            return ["Nobody has voted."]
        median = np.median(self.n_votes_[heard])
        lines = [
            f"{n_heard} annotators with {median:.0f} votes in the median; median skill"
            f" {np.median(self.skill_[heard]):.2f}, where chance is"
            f" {np.median(self.chance_[heard]):.2f}."
        ]
        for verdict, why in WHY.items():
            words = zip(self.voters_, self.verdict_, strict=True)
            if who := [name for name, word in words if word == verdict]:
                lines.append(
                    f"Verdict {verdict!r} on {len(who)} of {n_heard}: {shown(who)}; {why}."
                )
        if unsure := self.verdict_.count("unsure") - int((~heard).sum()):
            lines.append(
                f"No verdict on {unsure} of {n_heard}: their votes do not suffice for one."
            )
        if median < FEW_VOTES:
            lines.append(
                f"Half of the annotators have {median:.0f} votes or fewer. Below {FEW_VOTES} a"
                " skill is hardly known: read the intervals, not the skills."
            )
        return lines


def _of_steps(found: Sequence[Found]) -> list[str]:
    return [
        f"EM of view {name!r} {'converged' if view.converged else 'stopped'} after {view.steps}"
        " steps."
        for name, view in zip(VIEWS, found, strict=True)
    ]


def _tops(view: Floats) -> Floats:
    """Return 1 for the most probable label of each row, shared out among equals."""
    top = view >= view.max(axis=1, keepdims=True) - 1e-9
    shares: Floats = top / top.sum(axis=1, keepdims=True)
    return shares


def _of_views(
    weights: Floats, distance: Floats, errors: Floats, patterns: Patterns, given: bool
) -> list[str]:
    n_known = int(patterns.gold[patterns.covered].sum())
    against = "the class balance that was given" if given else "those of the votes"
    gold = [
        f", and it errs on {error:.0%} of {n_known} gold labels" if n_known else ""
        for error in errors
    ]
    return [
        f"View {name!r}: weight {weight:.2f}; its shares of the labels are {far:.3f} from"
        f" {against}{told}."
        for name, weight, far, told in zip(VIEWS, weights, distance, gold, strict=True)
    ]
