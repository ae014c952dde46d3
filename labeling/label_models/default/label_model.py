"""The default label model for labeling functions: it checks what the votes bear out, and says so."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.label_models.base import VoteModel
from labeling.label_models.default.duplicate_voters import (
    copy_groups,
    merged_columns,
    without_copies,
)
from labeling.label_models.default.fit_report import Account, sentences
from labeling.label_models.default.independent_voters import Evidence, fitted
from labeling.label_models.default.leave_one_out import mean_log_odds
from labeling.label_models.default.model_selection import VOTERS_TO_LEARN_ALL, Choice, chosen
from labeling.label_models.default.stacking import LEAST_GOLD, Stack, centred_logs, fit_stack
from labeling.label_models.default.subsampling import is_large, patterns_to_learn_from
from labeling.label_models.packed_votes import Floats, PackedVotes
from labeling.label_models.patterns import (
    Patterns,
    columns_of,
    label_ranks,
    patterns_of_columns,
    vote_shares,
)
from labeling.records import Votes

BALANCE_IGNORED = "LabelModel does not use class_balance: the votes do not bear it out"
WITHOUT_GOLD = (
    ". A balance that the votes do not bear out would swamp them. Give at least 100 gold labels, or"
    " use DawidSkene, which takes any balance."
)
WITH_GOLD = ", and the gold labels tell how common the labels are."


class LabelModel(VoteModel):
    """The label model to begin with: it looks at the votes before it believes in them.

    1. *Copies* (voters who agree far more than their quality explains) are merged into one voter,
       who abstains where they tie.
    2. *Do the votes bear a model out?* Random halves of the voters, fitted apart, must confirm each
       other. If they do, voters err independently, and Dawid-Skene, with or without the evidence of
       abstentions, finds each voter's confusions and the labels' shares.
    3. If not, *leave-one-out naive Bayes* from equal shares of the labels, about as robust as
       majority vote. Its log-odds (log-probabilities less their mean over the labels) are scaled to
       a mean size of one; its probabilities are rough.
    4. With fewer than four voters nothing can be checked, and fewer than six who use every label
       cannot tell a rare one: *majority vote*, log-odds scaled in the same way.
    5. With 100 gold labels or more on covered samples, a *stack* learns from them how far to trust
       each answer and each vote, and its probabilities are calibrated. Fewer are not used. They
       must be of samples drawn at random: those that were chosen for being doubtful make every vote
       look doubtful.

    `report_` says which of these happened, and by how much. A class balance that is given takes the
    place of the learned one where the votes bear it out; else it is ignored with a warning, because
    with accuracies that nobody can check it swamps the votes.

    Of more than 50,000 samples of which hardly two have equal votes a draw is learned from.

    Attributes:
        method_: the answer without gold labels: "majority vote", "naive Bayes", "confusion" or
            "abstaining".
        group_: which voters count as one: shape (n_voters,).
        evidence_: what each vote adds, nats: shape (n_groups, n_labels voted, n_labels).
        offset_: what stands there before any vote, nats: shape (n_labels,).
        balance_: the labels' shares behind that: shape (n_labels,).
        scale_: what log-odds are divided by.
        stack_weights_: how far gold labels trust the answer without them, majority vote, and the
            model of abstentions: shape (3,); empty where there are too few.
        stack_offset_: what they add to each label, nats: shape (n_labels,).
        stack_corrections_: and to each vote, nats: shape (n_groups, n_labels voted, n_labels).
        abstaining_evidence_: what each vote adds in the model of abstentions that the stack listens
            to, nats: shape (n_groups, n_labels voted, n_labels); no rows where there is no stack.
        abstaining_offset_: what stands there before any vote, nats: shape (n_labels,).
        n_samples_: how many samples it was fitted on.

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
        return patterns_to_learn_from(votes, self.voters_, gold)

    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        alike = copy_groups(patterns)
        # Too few others to tell copies from voters who are right together: none are merged.
        few = len(np.unique(alike[patterns.voter])) < VOTERS_TO_LEARN_ALL
        self.group_ = np.arange(patterns.n_voters) if few else alike
        joined = without_copies(patterns, self.group_)
        choice = chosen(joined, class_shares)
        self._keep(choice, joined)
        stack = self._learn_gold(joined)
        account = Account(self.voters_, self.labels_, alike, self.group_, self.n_samples_, joined)
        given = class_shares is not None
        self.report_ = sentences(account, choice, self.scale_, stack, given)
        if given and not choice.given:
            advice = WITHOUT_GOLD if stack is None else WITH_GOLD
            warnings.warn(BALANCE_IGNORED + advice, stacklevel=3)

    def _keep(self, choice: Choice, joined: Patterns) -> None:
        self.method_ = choice.method
        evidence = choice.evidence
        self.evidence_, self.offset_, self.balance_ = (
            evidence.votes,
            evidence.offset,
            evidence.balance,
        )
        self.scale_ = 1.0
        if choice.method in ("naive Bayes", "majority vote"):
            counts = joined.counts * joined.covered
            self.scale_ = mean_log_odds(evidence.scores(joined), counts)

    def _learn_gold(self, joined: Patterns) -> Stack | None:
        k = joined.n_labels
        self.stack_weights_, self.stack_offset_ = np.zeros(0), np.zeros(k)
        self.stack_corrections_ = self.abstaining_evidence_ = np.zeros((0, k, k))
        self.abstaining_offset_ = np.zeros(k)
        if joined.gold[joined.covered].sum() < LEAST_GOLD:
            return None
        heard = fitted(joined, "abstaining").evidence
        self.abstaining_evidence_, self.abstaining_offset_ = heard.votes, heard.offset
        stack = fit_stack(joined, self._answers_without_gold(joined))
        self.stack_weights_, self.stack_offset_ = stack.weights, stack.offsets
        self.stack_corrections_ = stack.corrections
        return stack

    def _answers(
        self, votes: Votes
    ) -> tuple[Floats, npt.NDArray[np.bool_], npt.NDArray[np.intp] | slice]:
        columns = merged_columns(columns_of(votes, self.voters_), self.group_, len(votes.schema))
        n = len(votes.sample_ids)
        if is_large(votes):
            packed = PackedVotes.of(columns, n, label_ranks(votes.schema))
            merged = len(columns) < len(self.voters_)
            covered = votes.covered if merged else packed.covered
            return self._posterior(packed), covered, slice(None)
        patterns = patterns_of_columns(columns, n, votes.schema)
        # Copies who tie are silent together, and their samples covered nevertheless.
        return self._posterior(patterns)[patterns.of_row], votes.covered, slice(None)

    def _posterior(self, table: Patterns | PackedVotes) -> Floats:
        if not len(self.stack_weights_):
            return self._answer_without_gold(table)
        scores = table.sums(self.stack_corrections_) + self.stack_offset_
        for weight, posterior in zip(
            self.stack_weights_, self._answers_without_gold(table), strict=True
        ):
            scores += weight * centred_logs(posterior)
        found: Floats = softmax(scores, axis=1)
        return found

    def _answers_without_gold(self, table: Patterns | PackedVotes) -> list[Floats]:
        heard = Evidence(self.abstaining_evidence_, self.abstaining_offset_, self.balance_)
        return [self._answer_without_gold(table), vote_shares(table), heard.posterior(table)]

    def _answer_without_gold(self, table: Patterns | PackedVotes) -> Floats:
        evidence = Evidence(self.evidence_, self.offset_, self.balance_)
        return evidence.posterior(table, self.scale_)
