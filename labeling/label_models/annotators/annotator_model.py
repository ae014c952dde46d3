"""The default label model for annotators: a mixture of the one-coin and the Dawid-Skene model."""

from __future__ import annotations

from typing import Self, overload

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import softmax

from labeling.errors import NotFittedError
from labeling.label_models.annotators.confusion import coins_of_spans, one_coin, own_confusion
from labeling.label_models.annotators.fit_report import (
    annotator_sentences,
    component_sentences,
    convergence_sentences,
    overconfidence_sentences,
    rare_label_sentences,
)
from labeling.label_models.annotators.observed_votes import NUMBERS_AT_A_TIME
from labeling.label_models.annotators.reference import Signals, count_signals, signal_codes
from labeling.label_models.annotators.set_answers import fit_details
from labeling.label_models.annotators.sharpness import best_power, with_power
from labeling.label_models.annotators.skill import Component, estimate_skills
from labeling.label_models.annotators.skill_table import skill_table
from labeling.label_models.annotators.span_answers import answers, votes_to_weigh
from labeling.label_models.base import VoteModel
from labeling.label_models.dawid_skene import expectation_maximisation, label_posterior
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    balance_or_uniform,
    softmax_rows,
    sum_of_evidence,
    vote_shares,
)
from labeling.label_models.report_sentences import warn_not_converged
from labeling.label_models.settings import check_setting
from labeling.records import (
    ClassBalance,
    Gold,
    SetVotes,
    SoftLabels,
    SoftSets,
    SoftSpans,
    SpanVotes,
    VoteParts,
    Votes,
    expect,
    shared_wins,
)

COMPONENTS = ("one coin", "own confusion")
GOLD_WORTH = 50.0  # gold labels that count as much as the class balance of a component
TOLERANCE = 1e-4  # of EM


class AnnotatorModel(VoteModel):
    """The default for annotators: one-coin and Dawid-Skene, weighted by how far each shifts labels.

    *One coin* gives each annotator one skill, shrunk by twice `pseudo_votes` to that of all, and
    takes all labels as equally common: a vote with learned weights, which may favour people but
    never a label. *Own confusion* gives each annotator a confusion matrix, which is shrunk by
    `pseudo_votes` a row to the matrix of the annotator's own skill, and by as many to the matrix of
    all annotators together. So people are alike until their votes show otherwise. Its class balance
    is that of the votes: learned from two or three votes a sample it may end with one label for
    nearly all samples, at a high confidence.

    Either fails by distorting the class balance, so each is weighted by exp(-d / `tolerance`), with
    d the total variation between the shares of its posteriors and those of the votes. A class
    balance that was given replaces all of these; where one label is far more common than its share
    of the votes, that gains much. Gold labels enter both components as known labels, and n of them
    turn d into (50 d + n e) / (50 + n), with e the error rate of the component on them, the shares
    of the votes s into (50 s + n g) / (50 + n), with g the shares of the gold labels, and
    `tolerance` into `tolerance` / sqrt(1 + n / 50). They also calibrate the probabilities. Without
    them probabilities hold if people err independently: errors that all share on hard samples are
    invisible in votes. Intervals of skills allow for such errors by a flat amount, an intraclass
    correlation of 0.02, as if votes without gold were 50 at most: on seven published crowds they
    then hold 94 % of the annotators' shares of right votes by gold (85 % without), but half of them
    where the majority is wrong on a third of the samples. Gold labels narrow them.

    Args:
        pseudo_votes: strength of the shrinkage, above 0, in votes.
        tolerance: distance of the label shares at which a component loses weight, above 0.
        steps: EM steps at most.

    Attributes:
        confusion_: shape (2 components, n_voters, n_labels true, n_labels voted).
        class_balance_: the class balance of each: a uniform one and that of the votes, or twice the
            one that was given: shape (2 components, n_labels).
        converged_: whether the EM of both components converged within `steps`.
        weights_: the weight of each component.
        sharpness_: the power that probabilities are raised to (an inverse temperature), 1 without
            gold labels: people err together on hard samples, which makes the plain model
            over-confident, and only gold labels reveal it.
        n_votes_: the number of votes of each annotator, shape (n_voters,), in the order of voters_.
        skill_: the share of right votes of each annotator: its posterior mean.
        skill_interval_: its central 95 %, errors that people share included, shape (n_voters, 2).
        chance_: the share of right votes if the votes of an annotator, with their marginal
            frequencies, were independent of the truth.
        on_gold_: the number of right votes of each annotator on gold labels, and of all votes on
            gold labels: shape (n_voters, 2).
        evidence_: `e_guessing` and `e_inverting` of each annotator: shape (n_voters, 2).
        verdict_: a word for each annotator; see `skills`.
        set_labels_: of votes on sets of labels, the labels sorted by name; then `labels_` are "no"
            and "yes".
        set_shares_: the share of samples with each of these labels, and that of all labels
            together: shape (n_labels + 1,).

    >>> from labeling.records import LabelSchema, Votes
    >>> ab = LabelSchema(["a", "b"])
    >>> votes = Votes.from_array(
    ...     [[0, 0, 1], [1, 1, 1], [0, 0, 0]], schema=ab, voters=["ann", "bob", "cem"]
    ... )
    >>> model = AnnotatorModel().fit(votes)
    >>> model.predict_proba(votes).to_labels().tolist()
    ['a', 'b', 'a']
    >>> model.voters_[model.skill_.argmin()]
    'cem'
    """

    confusion_: Floats
    class_balance_: Floats
    converged_: bool
    weights_: Floats
    sharpness_: float
    n_votes_: Floats
    skill_: Floats
    skill_interval_: Floats
    chance_: Floats
    on_gold_: Floats
    evidence_: Floats
    verdict_: tuple[str, ...]
    set_labels_: tuple[str, ...]
    set_shares_: Floats
    _reference: SoftLabels | None = None  # while it is fitted
    _nothing: str | None = None  # while it is fitted: the label that says that no span is there
    _needs_rows = True

    def __init__(
        self, *, pseudo_votes: float = 5.0, tolerance: float = 0.1, steps: int = 1000
    ) -> None:
        self.pseudo_votes = pseudo_votes
        self.tolerance = tolerance
        self.steps = steps

    def fit(
        self,
        votes: Votes | VoteParts | SpanVotes | SetVotes,
        *,
        gold: Gold | None = None,
        class_balance: ClassBalance | None = None,
        reference: SoftLabels | None = None,
    ) -> Self:
        """Fit the model to votes, and return the model itself.

        Args:
            votes: the votes of at least one annotator; those on spans become votes on candidates,
                `votes.units()`, and the one-coin component then lets annotators overlook spans
                more often than they take one for another. Votes on sets of labels become votes, yes
                or no, on each label of each sample: the annotators have one skill for all labels,
                and each label a share of its own (`set_shares_`).
            gold: true labels of some of the samples: a Series from id to label, or a collection of
                GoldLabel. Their source does not matter: given ones that annotators are asked about
                as well (hidden gold) tell most of their skill.
            class_balance: the share of each label in the data, if it is known.
            reference: soft labels of a model that has heard none of these annotators, such as a
                label model of labeling functions. It may be weak: how much its labels tell is
                learned. It tells the skills, not the labels: `predict_proba` is the same without.
                Soft labels of samples that have no vote are not used.

        Raises:
            LabelingError: votes without a voter, unusable gold labels, class balance or reference.

        >>> from labeling.records import LabelSchema, SoftLabels, Votes
        >>> votes = Votes.from_array([[0, 0], [1, 0]], schema=LabelSchema(["a", "b"]))
        >>> soft = SoftLabels([[0.9, 0.1], [0.2, 0.8]], votes.sample_ids, votes.schema, [True] * 2)
        >>> AnnotatorModel().fit(votes, reference=soft).skills()["n_votes"].tolist()
        [2, 2]
        """
        if reference is not None:
            expect(reference, SoftLabels, "`reference`")
        self._reference = reference
        weighed, of_weighed, self._nothing = votes_to_weigh(votes, gold)
        try:
            super().fit(weighed, gold=of_weighed, class_balance=class_balance)
            fit_details(votes, self, gold)
            return self
        finally:
            vars(self).pop("_nothing", None)
            vars(self).pop("_reference", None)
            vars(self).pop("_signals", None)

    @overload
    def predict(self, votes: SpanVotes) -> SoftSpans: ...

    @overload
    def predict(self, votes: SetVotes) -> SoftSets: ...

    def predict(self, votes: SpanVotes | SetVotes) -> SoftSpans | SoftSets:
        """Return the probabilities of candidate spans, or of each label of each sample.

        A sample has the labels of a probability above 0.5. A label that nobody was asked about is
        uncovered, and its probability is the share of samples with it.

        Of overlapping candidates those with the highest sum of log-odds are chosen; see
        `SpanModel`, which weighs labeling functions as well.

        Raises:
            NotFittedError: `fit` was not called.
            LabelingError: votes of other labels, of a voter the model was not fitted on, or of
                whole samples.
        """
        return answers(votes, self)

    def skills(self) -> pd.DataFrame:
        """Return a row for each annotator: skill, interval, evidence and a verdict.

        Columns:

        - `n_votes`; `skill`, the share of right votes; `low` and `high`, its central 95 %;
          `chance`, the share of right votes if they were independent of the truth.
        - `n_gold`, the number of votes on gold labels; `gold_skill`, the share of them that is
          right; `gold_low` and `gold_high`, its 95 % interval (Wilson); NaN without gold.
        - `e_guessing`: how many times as likely the votes are if they are independent of the truth
          than if they are honest, with a competence as the other annotators have it. The chance
          that it ever reaches 20 for somebody honest is 5 % at most, however often one looks (an
          e-value; Ville's inequality). So is the chance that it ever falls to 1/20 for somebody who
          guesses. Few honest people are hardly competent; these are at more risk. The fewer people
          are known, the more evidence is asked for.
        - `e_inverting`: the same for votes that are wrong more often than by chance, against
          guessing or honest ones, whichever explains the votes better.
        - `verdict`, which follows from these two. It depends on the votes, not on their order, and
          may be looked at after every round:

          - "spammer": `e_guessing` is 20 or more, and `e_inverting` is below 0.5. Exclude the
            annotator, or ask again; this model already gives such votes next to no weight.
          - "fine": `e_guessing` is 1/20 or less: better than chance.
          - "adversary": `e_inverting` is 20 or more, so the votes are informative when inverted.
            The cause may be a misread instruction as well as ill will; this model inverts them by
            itself.
          - "unsure": neither; more votes, gold labels or a `reference` help.

        The bound takes the others' votes as right as their model says they are. Where few people
        vote on few samples, or all err together, it is only about right.

        Raises:
            NotFittedError: `fit` was not called.

        >>> from labeling.records import LabelSchema, Votes
        >>> votes = Votes.from_array([[0, 0], [1, 1]], schema=LabelSchema(["a", "b"]))
        >>> AnnotatorModel().fit(votes).skills()[["n_votes", "verdict"]].values.tolist()
        [[2, 'unsure'], [2, 'unsure']]
        """
        if not hasattr(self, "labels_"):
            raise NotFittedError("This AnnotatorModel is not fitted yet; call fit(votes) first.")
        return skill_table(
            self.voters_,
            n_votes=self.n_votes_,
            skill=np.column_stack([self.skill_, self.skill_interval_]),
            chance=self.chance_,
            # Models that an earlier version saved have neither of the two.
            on_gold=getattr(self, "on_gold_", np.zeros((len(self.voters_), 2))),
            evidence=getattr(self, "evidence_", np.full((len(self.voters_), 2), np.nan)),
            verdicts=self.verdict_,
        )

    def _patterns(self, votes: Votes, gold: npt.NDArray[np.intp]) -> Patterns:
        patterns = super()._patterns(votes, gold)
        codes, n_signals = signal_codes(self._reference, votes)
        self._signals = count_signals(codes, n_signals, patterns, gold)
        return patterns

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        check_setting(self, "steps", at_least=1, whole=True)
        check_setting(self, "pseudo_votes", above=0)
        check_setting(self, "tolerance", above=0)
        shares = _label_shares(patterns) if class_balance is None else class_balance
        even = balance_or_uniform(patterns, class_balance)
        results = [
            expectation_maximisation(
                patterns, estimate, balance, steps=self.steps, tolerance=TOLERANCE
            )
            for estimate, balance in ((self._one_coin, even), (self._own_confusion, shares))
        ]
        self.confusion_ = np.stack([result.confusion for result in results])
        self.class_balance_ = np.stack([result.class_balance for result in results])
        self.converged_ = all(result.converged for result in results)
        if not self.converged_:
            warn_not_converged(self, self.steps, frames=5)  # its `fit` calls that of all models
        distances, errors = self._set_weights(patterns, shares)
        mixture = self._mixture(patterns)
        self.sharpness_ = best_power(mixture, patterns)
        signals: Signals = self._signals.with_likelihood(patterns, mixture)
        skills = estimate_skills(patterns, self._components(patterns), signals)
        self.n_votes_, self.chance_, self.on_gold_ = skills.n_votes, skills.chance, skills.on_gold
        self.skill_, self.skill_interval_ = skills.skill, skills.interval
        self.evidence_ = np.stack(skills.evidence, axis=1)
        self.verdict_ = skills.evidence.verdicts()
        self.report_ = (
            *component_sentences(
                COMPONENTS,
                self.weights_,
                distances,
                errors,
                n_gold=int(patterns.gold[patterns.covered].sum()),
                is_balance_given=class_balance is not None,
            ),
            *convergence_sentences(COMPONENTS, results),
            *overconfidence_sentences(self.sharpness_),
            *rare_label_sentences(self.labels_, patterns, mixture),
            *annotator_sentences(self.voters_, skills),
        )

    def _one_coin(self, votes: Floats) -> Floats:
        if self._nothing is None:
            return one_coin(votes, 2 * self.pseudo_votes)
        return coins_of_spans(votes, 2 * self.pseudo_votes, self.labels_.index(self._nothing))

    def _own_confusion(self, votes: Floats) -> Floats:
        return own_confusion(votes, self.pseudo_votes)

    def _set_weights(self, patterns: Patterns, shares: Floats) -> tuple[Floats, Floats]:
        """Set the component weights; return the distances of the balances and the gold errors."""
        counts = patterns.counts * patterns.covered
        total = max(counts.sum(), 1.0)
        posteriors = self._posteriors(patterns)
        balances = [counts @ posterior / total for posterior in posteriors]
        distances = np.array([0.5 * np.abs(balance - shares).sum() for balance in balances])
        gold = patterns.gold * patterns.covered[:, None]
        n_gold = gold.sum()
        errors = np.array(
            [
                1 - (gold * shared_wins(posterior)).sum() / max(n_gold, 1.0)
                for posterior in posteriors
            ]
        )
        mixed = (GOLD_WORTH * distances + n_gold * errors) / (GOLD_WORTH + n_gold)
        inverse_tolerance = np.sqrt(1 + n_gold / GOLD_WORTH) / self.tolerance
        self.weights_ = softmax(-mixed * inverse_tolerance)
        return distances, errors

    def _posteriors(self, patterns: Patterns) -> list[Floats]:
        """Return the posterior of each component."""
        return [
            label_posterior(patterns, confusion, balance)
            for confusion, balance in zip(self.confusion_, self.class_balance_, strict=True)
        ]

    def _components(self, patterns: Patterns) -> list[Component]:
        """Return the components with the posterior of each vote's sample by its other votes."""
        components = []
        for weight, confusion, balance in zip(
            self.weights_, self.confusion_, self.class_balance_, strict=True
        ):
            evidence = np.log(np.ascontiguousarray(confusion.transpose(0, 2, 1)))
            scores = sum_of_evidence(patterns, evidence, np.log(balance))
            by_others = _without_own_vote(patterns, scores, evidence)
            components.append(Component(float(weight), confusion, by_others))
        return components

    def _posterior(self, patterns: Patterns) -> Floats:
        return with_power(self._mixture(patterns), self.sharpness_)

    def _mixture(self, patterns: Patterns) -> Floats:
        weighted = zip(self.weights_, self._posteriors(patterns), strict=True)
        return sum(
            (weight * posterior for weight, posterior in weighted),
            start=np.zeros((len(patterns.counts), patterns.n_labels)),
        )


def _without_own_vote(patterns: Patterns, scores: Floats, evidence: Floats) -> Floats:
    """Return the posterior of each cast vote's sample without that vote: (n_cast, n_labels).

    Args:
        patterns: the votes.
        scores: of each pattern with all votes, nats: shape (n_patterns, n_labels).
        evidence: of each vote, nats: shape (n_voters, n_labels voted, n_labels true).
    """
    posterior = np.empty((len(patterns.row), patterns.n_labels))
    step = max(1, NUMBERS_AT_A_TIME // patterns.n_labels)
    for start in range(0, len(posterior), step):
        some = slice(start, start + step)
        own = evidence[patterns.voter[some], patterns.vote[some]]
        posterior[some] = softmax_rows(scores[patterns.row[some]] - own)
    return posterior


def _label_shares(patterns: Patterns) -> Floats:
    """Return the share of each label: of the votes, each sample counted once, and of gold labels.

    It is smoothed by one sample of each label.
    """
    counts = patterns.counts * patterns.covered
    mass = counts @ vote_shares(patterns) + 1
    gold = (patterns.gold * patterns.covered[:, None]).sum(axis=0)
    shares: Floats = (GOLD_WORTH * mass / mass.sum() + gold) / (GOLD_WORTH + gold.sum())
    return shares
