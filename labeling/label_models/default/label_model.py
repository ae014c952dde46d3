"""The default label model for labeling functions: it checks what the votes support first."""

from __future__ import annotations

import functools
import logging
import warnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import softmax

from labeling.errors import LabelSharesWarning
from labeling.label_models.base import VoteModel
from labeling.label_models.default.balancing import (
    Scoring,
    anchored,
    balanced_offsets,
    declared,
    declared_calibrated,
    undeclared,
)
from labeling.label_models.default.duplicate_voters import (
    duplicate_groups,
    merge_columns,
    merge_duplicates,
)
from labeling.label_models.default.fit_report import FitContext, report_sentences
from labeling.label_models.default.independent_voters import Evidence, fit_em
from labeling.label_models.default.leave_one_out import mean_log_odds
from labeling.label_models.default.model_selection import (
    LEAST_VOTERS_TO_LEARN_ALL,
    ROUGH_METHODS,
    Choice,
    select_model,
)
from labeling.label_models.default.share_check import odd_balance, odd_share, share_warning
from labeling.label_models.default.stacking import LEAST_GOLD, Stack, centred_logs, fit_stack
from labeling.label_models.default.subsampling import (
    is_large,
    training_patterns,
    training_patterns_of_parts,
)
from labeling.label_models.expectation_maximisation import MANY_LABELS
from labeling.label_models.packed_votes import Floats, PackedVotes
from labeling.label_models.patterns import (
    Patterns,
    patterns_of_columns,
    vote_shares,
    voter_columns,
)
from labeling.label_models.report_sentences import warn_not_converged
from labeling.records import VoteParts, VoterFamilies, Votes, find_families, label_ranks

logger = logging.getLogger(__name__)


class LabelModel(VoteModel):
    """The default label model: it checks what the votes support before it relies on it.

    1. *Near-duplicate voters* (which agree far more than their accuracies explain) are merged into
       one voter, who abstains where they tie.
    2. *Split-half check*: a model of independent voters is fitted to random halves of the voters
       separately, and their posteriors must agree. If they do, Dawid-Skene, with or without the
       evidence of abstentions, estimates the confusion matrix of each voter and the class balance.
    3. If not, *leave-one-out naive Bayes* with a uniform class balance, about as robust as majority
       vote. Its log-odds (log-probabilities less their mean over the labels) are scaled to a mean
       size of one; its probabilities are rough.
    4. With fewer than four voters nothing can be checked, and fewer than six who use every label
       cannot identify a rare one: *majority vote*, log-odds scaled in the same way.
    5. *Families*: voters for one label who vote together more often than the vote shares explain,
       such as prompts of one language model, are damped: each vote counts by the voter's weight.
       The offset of naive Bayes is drawn to majority vote's label shares by the degree of damping,
       and abstentions are no evidence where families are strong.
    6. A *class balance* that is given is obeyed: the mean posterior over all samples is that
       balance. Samples without a vote have the shares that are left for them. (Of more than 50
       labels it is the prior of a model that passed its check: each label has few samples.)
    7. With 25 gold labels or more on covered samples, *stacks* learn from them how much to trust
       each model and each vote. n gold labels weigh n / (n + 25) against the model without them, in
       log-probabilities. They must be of samples drawn at random: those chosen because a model was
       unsure of them make every vote look doubtful.

    `report_` tells which of these happened, with numbers. `fit` warns where the predicted share of
    a label differs, by more than chance, from that of majority vote or of the gold labels.

    Of more than 50,000 samples of which hardly two have equal votes a random subset is used.

    Attributes:
        method_: the model without gold labels: "majority vote", "naive Bayes", "confusion" or
            "abstaining".
        group_: which voters are merged: shape (n_voters,).
        evidence_: the evidence of each vote, nats: shape (n_groups, n_labels voted, n_labels).
        offset_: the score without any vote, nats: shape (n_labels,).
        balance_: the class balance in the offset: shape (n_labels,).
        converged_: whether EM converged; True where the model needs none.
        scale_: what log-odds are divided by.
        weights_: the factor of each voter's evidence, 1 for voters in no family: (n_groups,).
        silent_: what a class balance that was given leaves for samples without a vote: shape
            (n_labels,); empty where none was given.
        stack_weights_: the weights of the model without gold labels, majority vote, and the model
            of abstentions: shape (3,); empty where there are too few gold labels.
        stack_offset_: the offset of each label in the stack, nats: shape (n_labels,).
        stack_corrections_: the correction of each vote, nats: shape (n_groups, n_labels voted,
            n_labels).
        abstaining_evidence_: the evidence of each vote in the model of abstentions in the stack,
            nats: shape (n_groups, n_labels voted, n_labels); no rows where there is no stack.
        abstaining_offset_: its score without any vote, nats: shape (n_labels,).
        n_samples_: the number of samples it was fitted on.
        is_subset_: whether it was fitted on a random subset of them.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array(
    ...     [[0, 0, -1], [1, 1, 1], [0, -1, 0], [-1, 1, 1]], schema=LabelSchema(["ham", "spam"])
    ... )
    >>> model = LabelModel().fit(votes)
    >>> model.predict_proba(votes).to_labels().tolist(), model.method_
    (['ham', 'spam', 'ham', 'spam'], 'majority vote')
    """

    method_: str
    group_: npt.NDArray[np.intp]
    evidence_: Floats
    offset_: Floats
    balance_: Floats
    converged_: bool
    scale_: float
    weights_: Floats
    silent_: Floats = np.zeros(0)  # models that were saved before there was one have none
    stack_weights_: Floats
    stack_offset_: Floats
    stack_corrections_: Floats
    abstaining_evidence_: Floats
    abstaining_offset_: Floats
    n_samples_: int
    is_subset_: bool

    def _patterns(self, votes: Votes, gold: npt.NDArray[np.intp]) -> Patterns:
        self.n_samples_ = len(votes.sample_ids)
        patterns = training_patterns(votes, self.voters_, gold)
        self.is_subset_ = bool(patterns.counts.sum() <= self.n_samples_ - 0.5)
        return patterns

    def _patterns_of_parts(self, votes: VoteParts, gold: pd.Series) -> Patterns:
        self.n_samples_ = len(votes)
        patterns = training_patterns_of_parts(votes, self.voters_, gold)
        self.is_subset_ = bool(patterns.counts.sum() <= self.n_samples_ - 0.5)
        return patterns

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        duplicates = duplicate_groups(patterns)
        # With too few others, duplicates cannot be told from accurate voters: none are merged.
        n_groups = len(np.unique(duplicates[patterns.active]))
        is_merged = n_groups >= LEAST_VOTERS_TO_LEARN_ALL
        self.group_ = duplicates if is_merged else np.arange(patterns.n_voters)
        merged = merge_duplicates(patterns, self.group_)
        families = find_families(merged.one_hot, merged.counts, merged.n_labels)
        self.weights_ = families.weights
        choice = select_model(merged, class_balance, families)
        self._set_scoring(choice, _scoring(choice, merged, families, class_balance))
        if not self.converged_:
            warn_not_converged(self, choice.steps)
        stack = self._fit_gold(merged, class_balance)
        warning = self._share_warning(choice, merged, class_balance)
        context = FitContext(
            voters=self.voters_,
            labels=self.labels_,
            duplicates=duplicates,
            group=self.group_,
            n_samples=self.n_samples_,
            merged=merged,
            families=families,
            is_balance_given=class_balance is not None,
        )
        self.report_ = report_sentences(context, choice, self.scale_, stack, warning)
        if warning is not None:
            warnings.warn(warning, LabelSharesWarning, stacklevel=3)

    def _share_warning(
        self, choice: Choice, merged: Patterns, class_balance: Floats | None
    ) -> str | None:
        """Return a warning of a label whose share is odd, if there is one."""
        is_given = class_balance is not None
        odd = odd_share(self._posterior(merged), merged, is_balance_given=is_given)
        if odd is None and class_balance is not None and _is_contradicted(choice):
            odd = odd_balance(class_balance, choice.evidence.class_balance, merged)
        return None if odd is None else share_warning(odd, self.labels_, is_balance_given=is_given)

    def _set_scoring(self, choice: Choice, scoring: Scoring) -> None:
        self.method_, self.converged_ = choice.method, choice.converged
        self.evidence_, self.offset_ = scoring.evidence.votes, scoring.evidence.offset
        self.balance_ = scoring.evidence.class_balance
        self.scale_, self.silent_ = scoring.scale, scoring.silent

    def _fit_gold(self, merged: Patterns, class_balance: Floats | None) -> Stack | None:
        k = merged.n_labels
        self.stack_weights_, self.stack_offset_ = np.zeros(0), np.zeros(k)
        self.stack_corrections_ = self.abstaining_evidence_ = np.zeros((0, k, k))
        self.abstaining_offset_ = np.zeros(k)
        if merged.gold[merged.covered].sum() < LEAST_GOLD:
            return None
        abstaining = fit_em(merged, "abstaining").evidence
        self.abstaining_evidence_, self.abstaining_offset_ = abstaining.votes, abstaining.offset
        stack = fit_stack(merged, self._stacked_posteriors(merged))
        blend = stack.blended()
        self.stack_weights_, self.stack_offset_ = blend.weights, blend.offsets
        self.stack_corrections_ = blend.corrections
        if class_balance is not None and self._matches_balance:
            weights = merged.counts * merged.covered
            self._balance(self._scores(merged), weights, merged.counts.sum(), class_balance)
        return stack

    def _adjust_to_all(self, votes: Votes | VoteParts, class_balance: Floats | None) -> None:
        if class_balance is not None and self.is_subset_ and self._matches_balance:
            if isinstance(votes, Votes):
                table, _ = self._table(votes)
            else:
                table = self._packed_table(votes)
            weights = table.covered.astype(np.float64)
            self._balance(self._scores(table), weights, len(weights), class_balance)

    @property
    def _matches_balance(self) -> bool:
        """Whether the mean posterior is a declared balance exactly; see `declared_calibrated`."""
        is_rough = self.method_ in ROUGH_METHODS and not len(self.stack_weights_)
        return is_rough or len(self.labels_) <= MANY_LABELS

    def _balance(
        self, scores: Floats, weights: Floats, n_samples: float, class_balance: Floats
    ) -> None:
        """Shift the posterior until its mean over all samples is the declared balance."""
        n_covered = float(weights.sum())
        if not n_covered:
            return
        offsets, self.silent_ = balanced_offsets(
            scores,
            weights,
            1.0,
            weights @ softmax(scores, axis=1) / n_covered,
            1 - n_covered / n_samples,
            class_balance,
        )
        if len(self.stack_weights_):
            self.stack_offset_ = self.stack_offset_ + offsets
        else:
            self.offset_ = self.offset_ + self.scale_ * offsets

    def _predict(
        self, votes: Votes
    ) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.intp] | slice]:
        table, row_of_sample = self._table(votes)
        posterior = self._posterior(table)
        has_vote = table.covered
        if len(self.silent_):  # duplicates that tie abstain, which may leave a sample without votes
            posterior[~has_vote] = self.silent_
        has_merged = len(self.evidence_) < len(self.voters_)
        covered = has_vote[row_of_sample] if not has_merged else votes.covered
        return posterior[row_of_sample], covered, slice(None)

    def _table(self, votes: Votes) -> tuple[Patterns | PackedVotes, npt.NDArray[np.intp] | slice]:
        """Return the votes with duplicates merged, and the row of each sample."""
        columns = merge_columns(voter_columns(votes, self.voters_), self.group_, len(votes.schema))
        n = len(votes.sample_ids)
        if is_large(votes):
            return PackedVotes.of(columns, n, label_ranks(votes.schema)), slice(None)
        patterns = patterns_of_columns(columns, n, votes.schema)
        return patterns, patterns.pattern_of_row

    def _packed_table(self, votes: VoteParts) -> PackedVotes:
        """Return all votes in parts, gathered and packed: the mean over all samples needs them."""
        pack = functools.partial(_packed_rows, self.voters_, self.group_)
        rows = np.concatenate([*votes.map(pack)], axis=1)
        logger.info(
            "gathered the packed votes of %d samples, %d bytes, to match the class balance",
            len(votes),
            rows.nbytes,
        )
        return PackedVotes(rows, int(self.group_.max()) + 1, label_ranks(votes.schema))

    def _uncovered(self) -> Floats:
        return self.silent_ if len(self.silent_) else super()._uncovered()

    def _posterior(self, table: Patterns | PackedVotes) -> Floats:
        if not len(self.stack_weights_):
            return self._posterior_without_gold(table)
        posterior: Floats = softmax(self._scores(table), axis=1)
        return posterior

    def _scores(self, table: Patterns | PackedVotes) -> Floats:
        """Return the log-probabilities of the labels, up to a constant of the row."""
        if not len(self.stack_weights_):
            evidence = Evidence(self.evidence_, self.offset_, self.balance_)
            return evidence.scores(table) / self.scale_
        scores = table.sums(self.stack_corrections_) + self.stack_offset_
        stacked = zip(self.stack_weights_, self._stacked_posteriors(table), strict=True)
        for weight, posterior in stacked:
            scores += weight * centred_logs(posterior)
        return scores

    def _stacked_posteriors(self, table: Patterns | PackedVotes) -> list[Floats]:
        """Return the posteriors of the models in the stack."""
        abstaining = Evidence(self.abstaining_evidence_, self.abstaining_offset_, self.balance_)
        return [
            self._posterior_without_gold(table),
            vote_shares(table),
            abstaining.posterior(table),
        ]

    def _posterior_without_gold(self, table: Patterns | PackedVotes) -> Floats:
        evidence = Evidence(self.evidence_, self.offset_, self.balance_)
        return evidence.posterior(table, self.scale_)


def _packed_rows(
    voters: tuple[str, ...], group: npt.NDArray[np.intp], votes: Votes
) -> npt.NDArray[np.uint8]:
    """Return the packed votes of a part, near-duplicates merged: shape (n_bytes, n_samples)."""
    columns = merge_columns(voter_columns(votes, voters), group, len(votes.schema))
    return PackedVotes.of(columns, len(votes), label_ranks(votes.schema)).rows


def _is_contradicted(choice: Choice) -> bool:
    """Return whether the votes support a model, but not with the class balance that was given."""
    return choice.method not in ROUGH_METHODS and not choice.uses_given_balance


def _scoring(
    choice: Choice, merged: Patterns, families: VoterFamilies, class_balance: Floats | None
) -> Scoring:
    """Return how the votes are scored without gold labels."""
    evidence = choice.evidence
    if choice.method not in ROUGH_METHODS:
        if class_balance is None:
            return undeclared(evidence, 1.0)
        return declared_calibrated(evidence, merged, class_balance)
    if class_balance is not None:
        return declared(evidence, merged, families, class_balance)
    if choice.method == "naive Bayes":
        evidence = anchored(evidence, merged, families)
    weights = merged.counts * merged.covered
    return undeclared(evidence, mean_log_odds(evidence.scores(merged), weights))
