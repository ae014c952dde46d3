"""The default label model for labeling functions: it checks what the votes support first."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.label_models.base import VoteModel
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
    Choice,
    select_model,
)
from labeling.label_models.default.stacking import LEAST_GOLD, Stack, centred_logs, fit_stack
from labeling.label_models.default.subsampling import is_large, training_patterns
from labeling.label_models.packed_votes import Floats, PackedVotes
from labeling.label_models.patterns import (
    Patterns,
    patterns_of_columns,
    vote_shares,
    voter_columns,
)
from labeling.records import Votes, label_ranks

BALANCE_IGNORED = "LabelModel does not use class_balance: the votes do not support it"
WITHOUT_GOLD = (
    ". An unsupported balance would outweigh the votes. Give at least 100 gold labels, or use"
    " DawidSkene, which accepts any balance."
)
WITH_GOLD = ", and the gold labels determine the class balance."


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
    5. With 100 gold labels or more on covered samples, a *stack* learns from them how much to trust
       each model and each vote, and its probabilities are calibrated. Fewer are not used. They must
       be of samples drawn at random: those chosen because a model was unsure of them make every
       vote look doubtful.

    `report_` tells which of these happened, with numbers. A class balance that is given replaces
    the learned one where the votes support it; otherwise it is ignored with a warning, because with
    accuracies that cannot be checked it would outweigh the votes.

    Of more than 50,000 samples of which hardly two have equal votes a random subset is used.

    Attributes:
        method_: the model without gold labels: "majority vote", "naive Bayes", "confusion" or
            "abstaining".
        group_: which voters are merged: shape (n_voters,).
        evidence_: the evidence of each vote, nats: shape (n_groups, n_labels voted, n_labels).
        offset_: the score without any vote, nats: shape (n_labels,).
        balance_: the class balance in the offset: shape (n_labels,).
        scale_: what log-odds are divided by.
        stack_weights_: the weights of the model without gold labels, majority vote, and the model
            of
            abstentions: shape (3,); empty where there are too few gold labels.
        stack_offset_: the offset of each label in the stack, nats: shape (n_labels,).
        stack_corrections_: the correction of each vote, nats: shape (n_groups, n_labels voted,
            n_labels).
        abstaining_evidence_: the evidence of each vote in the model of abstentions in the stack,
            nats: shape (n_groups, n_labels voted, n_labels); no rows where there is no stack.
        abstaining_offset_: its score without any vote, nats: shape (n_labels,).
        n_samples_: the number of samples it was fitted on.

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
    scale_: float
    stack_weights_: Floats
    stack_offset_: Floats
    stack_corrections_: Floats
    abstaining_evidence_: Floats
    abstaining_offset_: Floats
    n_samples_: int

    def _patterns(self, votes: Votes, gold: npt.NDArray[np.intp]) -> Patterns:
        self.n_samples_ = len(votes.sample_ids)
        return training_patterns(votes, self.voters_, gold)

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        duplicates = duplicate_groups(patterns)
        # With too few others, duplicates cannot be told from accurate voters: none are merged.
        n_groups = len(np.unique(duplicates[patterns.voter]))
        is_merged = n_groups >= LEAST_VOTERS_TO_LEARN_ALL
        self.group_ = duplicates if is_merged else np.arange(patterns.n_voters)
        merged = merge_duplicates(patterns, self.group_)
        choice = select_model(merged, class_balance)
        self._set_choice(choice, merged)
        stack = self._fit_gold(merged)
        context = FitContext(
            voters=self.voters_,
            labels=self.labels_,
            duplicates=duplicates,
            group=self.group_,
            n_samples=self.n_samples_,
            merged=merged,
            is_balance_given=class_balance is not None,
        )
        self.report_ = report_sentences(context, choice, self.scale_, stack)
        if context.is_balance_given and not choice.uses_given_balance:
            advice = WITHOUT_GOLD if stack is None else WITH_GOLD
            warnings.warn(BALANCE_IGNORED + advice, stacklevel=3)

    def _set_choice(self, choice: Choice, merged: Patterns) -> None:
        evidence = choice.evidence
        self.method_ = choice.method
        self.evidence_, self.offset_ = evidence.votes, evidence.offset
        self.balance_ = evidence.class_balance
        self.scale_ = 1.0
        if choice.method in ("naive Bayes", "majority vote"):
            counts = merged.counts * merged.covered
            self.scale_ = mean_log_odds(evidence.scores(merged), counts)

    def _fit_gold(self, merged: Patterns) -> Stack | None:
        k = merged.n_labels
        self.stack_weights_, self.stack_offset_ = np.zeros(0), np.zeros(k)
        self.stack_corrections_ = self.abstaining_evidence_ = np.zeros((0, k, k))
        self.abstaining_offset_ = np.zeros(k)
        if merged.gold[merged.covered].sum() < LEAST_GOLD:
            return None
        abstaining = fit_em(merged, "abstaining").evidence
        self.abstaining_evidence_, self.abstaining_offset_ = abstaining.votes, abstaining.offset
        stack = fit_stack(merged, self._stacked_posteriors(merged))
        self.stack_weights_, self.stack_offset_ = stack.weights, stack.offsets
        self.stack_corrections_ = stack.corrections
        return stack

    def _predict(
        self, votes: Votes
    ) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.intp] | slice]:
        columns = merge_columns(voter_columns(votes, self.voters_), self.group_, len(votes.schema))
        n = len(votes.sample_ids)
        if is_large(votes):
            packed = PackedVotes.of(columns, n, label_ranks(votes.schema))
            has_merged = len(columns) < len(self.voters_)
            covered = votes.covered if has_merged else packed.covered
            return self._posterior(packed), covered, slice(None)
        patterns = patterns_of_columns(columns, n, votes.schema)
        # Where duplicates tie, they abstain, but their samples are covered.
        return self._posterior(patterns)[patterns.pattern_of_row], votes.covered, slice(None)

    def _posterior(self, table: Patterns | PackedVotes) -> Floats:
        if not len(self.stack_weights_):
            return self._posterior_without_gold(table)
        scores = table.sums(self.stack_corrections_) + self.stack_offset_
        stacked = zip(self.stack_weights_, self._stacked_posteriors(table), strict=True)
        for weight, posterior in stacked:
            scores += weight * centred_logs(posterior)
        result: Floats = softmax(scores, axis=1)
        return result

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
