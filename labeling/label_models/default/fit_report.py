"""Report on the fit of the default label model: what was done and why, with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labeling.errors import counted, listed, literal, noun
from labeling.label_models.default.balancing import damping_degree
from labeling.label_models.default.model_selection import (
    LEAST_OWN_LABEL_SHARE,
    LEAST_SHARE_USING_ALL_LABELS,
    LEAST_VOTERS,
    LEAST_VOTERS_PER_LABEL,
    LEAST_VOTERS_TO_LEARN_ALL,
    LEAST_WEIGHT,
    ROUGH_METHODS,
    Choice,
    ModelCheck,
    labels_voted_for,
)
from labeling.label_models.default.stacking import LEAST_GOLD, Stack
from labeling.label_models.expectation_maximisation import MANY_LABELS
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns
from labeling.label_models.report_sentences import convergence_sentence
from labeling.records import VoterFamilies

LEAST_SHARED_SAMPLES = 10  # of a voter with others, to estimate its accuracy
NO_GOLD = "No gold labels: probabilities from votes alone are rough."
UNKNOWN_SHARES = "How common the labels are cannot be estimated from these votes"
MODEL_NAMES = {
    "confusion": "independent voters with a confusion matrix each",
    "abstaining": "independent voters whose abstentions are evidence as well",
}


@dataclass(frozen=True, slots=True, eq=False)
class FitContext:
    """The input of the fit that the sentences report on.

    Attributes:
        voters: their names, sorted.
        labels: their names, sorted.
        duplicates: the group of near-duplicates of each voter: shape (n_voters,).
        group: which voters are merged: shape (n_voters,).
        n_samples: the number of samples.
        merged: the patterns that were fitted, duplicates merged.
        families: the families among the voters, duplicates merged.
        is_balance_given: whether a class balance was given.
    """

    voters: tuple[str, ...]
    labels: tuple[str, ...]
    duplicates: npt.NDArray[np.intp]
    group: npt.NDArray[np.intp]
    n_samples: int
    merged: Patterns
    families: VoterFamilies
    is_balance_given: bool

    @property
    def n_groups(self) -> int:
        """The number of voters who ever voted, duplicates merged."""
        return len(self.merged.active)

    @property
    def n_partial(self) -> int:
        """The number of voters who never vote for a label that others vote for."""
        uses = self.merged.uses
        is_voted_for = labels_voted_for(self.merged)
        if is_voted_for.sum() > 1:
            uses = uses[:, is_voted_for]
        return int((uses.any(axis=1) & ~uses.all(axis=1)).sum())

    @property
    def use_every_label(self) -> bool:
        """Whether nearly all voters vote for every label."""
        return self.n_groups - self.n_partial >= LEAST_SHARE_USING_ALL_LABELS * self.n_groups

    def members(self, number: int) -> list[str]:
        """Return the names of the voters that are merged into this one."""
        return self.names_in(self.group, number)

    def names_in(self, group: npt.NDArray[np.intp], number: int) -> list[str]:
        """Return the names of the voters of a group."""
        return [self.voters[voter] for voter in np.flatnonzero(group == number)]


def report_sentences(
    context: FitContext,
    choice: Choice,
    scale: float,
    stack: Stack | None,
    warning: str | None,
) -> tuple[str, ...]:
    """Return what was done and why."""
    sentences = [
        _data(context),
        _duplicates(context),
        *_families(context),
        *_models_not_checked(context, choice),
        *(_model_check(check) for check in choice.checks),
        _model(context, choice, scale),
        *_offset(context, choice),
        _gold(context, stack),
        *_unsupported(context, choice),
    ]
    if warning is not None:
        sentences.append(warning)
    if stack is None:
        sentences += _advice(context, choice)
    return tuple(sentences)


def about_votes(report: Sequence[str]) -> list[str]:
    """Return the sentences of a report but those on gold labels and a class balance.

    A model that has this one within it takes neither of them for it.
    """
    return [line for line in report if line != NO_GOLD and not line.startswith(UNKNOWN_SHARES)]


def _data(context: FitContext) -> str:
    merged = context.merged
    n = merged.counts.sum()
    n_compared = merged.counts[merged.n_votes >= 2].sum()
    is_subset = n <= context.n_samples - 0.5
    drawn = f", fitted on {n:,.0f} samples drawn by their votes" if is_subset else ""
    return (
        f"{counted(context.n_samples, 'sample')}, {counted(len(context.voters), 'voter')}{drawn};"
        f" {n_compared / n if n else 0.0:.0%} of the samples have two votes or more, from which"
        " voters can be compared."
    )


def _duplicates(context: FitContext) -> str:
    numbers = range(int(context.duplicates.max(initial=-1)) + 1)
    groups = [context.names_in(context.duplicates, number) for number in numbers]
    duplicates = [names for names in groups if len(names) > 1]
    if not duplicates:
        return "No near-duplicate voters were found."
    names_of_groups = "; ".join(listed(names, 6) for names in duplicates)
    n = len(duplicates)
    agree = (
        f"{counted(n, 'group')} of near-duplicate voters {noun(n, 'agrees', 'agree')} far more"
        f" often than {noun(n, 'its', 'their')} accuracies explain"
    )
    if context.duplicates.max() != context.group.max():
        return (
            f"{agree}, but fewer than {LEAST_VOTERS_TO_LEARN_ALL} voters would be left to estimate"
            f" these from, so none are merged: {names_of_groups}."
        )
    return (
        f"{agree}; {noun(n, 'it', 'each')} counts as one voter, which leaves {context.n_groups}:"
        f" {names_of_groups}."
    )


def _families(context: FitContext) -> list[str]:
    """Return which voters count as fewer than they are, and why."""
    families = context.families
    strong = [family for family in families.families if family.is_strong]
    if not strong:
        return []
    parts = [
        f"{len(family.voters)} for {literal(context.labels[family.label])} count as"
        f" {family.effective:.1f} (mean correlation {family.correlation:+.2f}):"
        f" {listed([name for voter in family.voters for name in context.members(voter)], 6)}"
        for family in strong
    ]
    return [
        f"{context.n_groups} voters count as {_effective(context):.1f}, because voters for one"
        " label vote together more often than the vote shares explain, on"
        f" {counted(round(families.n_samples), 'covered sample')}, as prompts of one language model"
        f" or templates of one idea do: {'; '.join(parts)}."
    ]


def _effective(context: FitContext) -> float:
    """Return how many independent voters those who vote count as."""
    return float(context.families.weights[context.merged.active].sum())


def _models_not_checked(context: FitContext, choice: Choice) -> list[str]:
    """Return why models were not checked."""
    if context.n_groups < LEAST_VOTERS:
        return []
    checked = {check.candidate.family for check in choice.checks}
    uses = context.merged.uses
    sentences = []
    if not context.use_every_label and "confusion" not in checked:
        sentences.append(
            f"{context.n_partial} of {counted(context.n_groups, 'voter')} never vote for some"
            " label: a model that ignores abstentions would take these voters as evidence that all"
            " samples have their label, and is not tried."
        )
    rarest = int(uses.sum(axis=0).argmin())
    if context.families.mean_weight < LEAST_WEIGHT:
        sentences.append(
            f"Abstentions are no evidence: a vote weighs {context.families.mean_weight:.2f} on"
            f" average, and below {LEAST_WEIGHT} halves of a family agree by their common cause,"
            " not by the label."
        )
    elif choice.method == "naive Bayes" and "abstaining" not in checked:
        sentences.append(
            f"{context.n_groups} voters, of whom {int(uses[:, rarest].sum())} ever vote for"
            f" {literal(context.labels[rarest])}: abstentions are used as evidence only with"
            f" {LEAST_VOTERS_TO_LEARN_ALL} voters or more, {LEAST_VOTERS_PER_LABEL} for each label."
        )
    return sentences


def _model_check(check: ModelCheck) -> str:
    candidate, split_half = check.candidate, check.split_half
    lowest, highest = candidate.accepted_ratios
    return (
        f"Tried: {MODEL_NAMES[candidate.family]},"
        f" {'given' if check.uses_given_balance else 'learned'} class balance. Split-half check"
        f" {'passed' if check.passed else 'failed'}: observed/expected covariance"
        f" {split_half.ratio:.2f} (accepted {lowest}-{highest}); class balances differ by"
        f" {split_half.balance_gap:.2f} in log (limit {candidate.largest_balance_gap};"
        f" {split_half.n_splits} splits){_own_label(check)}."
    )


def _own_label(check: ModelCheck) -> str:
    if check.candidate.family != "abstaining":
        return ""
    return (
        f"; {check.own_label_share:.0%} of the votes are evidence for the label they name (at least"
        f" {LEAST_OWN_LABEL_SHARE:.0%})"
    )


def _model(context: FitContext, choice: Choice, scale: float) -> str:
    if choice.method == "majority vote" and context.n_groups < LEAST_VOTERS:
        return (
            f"Majority vote: there {noun(context.n_groups, 'is', 'are')}"
            f" {counted(context.n_groups, 'voter')}, and with fewer than {LEAST_VOTERS} no model"
            f" can be checked. {_rough(context, scale)}"
        )
    if choice.method == "majority vote":
        return (
            f"Majority vote: {context.n_groups} voters who use every label are too few to estimate"
            f" the class balance, and with fewer than {LEAST_VOTERS_TO_LEARN_ALL} a rare label"
            f" would bias any weighting. {_rough(context, scale)}"
        )
    if choice.method == "naive Bayes":
        return f"Leave-one-out naive Bayes with a uniform class balance. {_rough(context, scale)}"
    return (
        f"Dawid-Skene, {MODEL_NAMES[choice.method]}; class balance"
        f" {'given' if choice.uses_given_balance else 'learned'}:"
        f" {_listed(context.labels, choice.evidence.class_balance)}."
        f" {convergence_sentence(choice.converged, choice.steps)}"
        f"{_left_out(context, choice)} Its probabilities depend on the votes"
        f"{' and the class balance' if context.is_balance_given else ''} alone."
    )


def _left_out(context: FitContext, choice: Choice) -> str:
    if choice.method != "abstaining" or not choice.n_left_out:
        return ""
    # Where a subset was fitted, scaled to all samples.
    scale = context.n_samples / max(context.merged.counts.sum(), 1.0)
    return (
        f" About {choice.n_left_out * scale:,.0f} samples without any vote are estimated to have"
        " been left out."
    )


def _rough(context: FitContext, scale: float) -> str:
    if context.is_balance_given:
        return "Use its probabilities to rank; their size is rough but for their mean."
    return (
        f"Log-probabilities, centred over the labels, are divided by {scale:.2f} to a mean size of"
        " one: use its probabilities to rank; their size is rough."
    )


def _listed(labels: tuple[str, ...], class_balance: Floats) -> str:
    pairs = [f"{label} {share:.3f}" for label, share in zip(labels, class_balance, strict=True)]
    return ", ".join(pairs[:12]) + (f" and {len(pairs) - 12} more" if len(pairs) > 12 else "")


def _offset(context: FitContext, choice: Choice) -> list[str]:
    """Return how the shares of the labels were set from outside, if they were."""
    if context.is_balance_given:
        if len(context.labels) > MANY_LABELS and choice.method not in ROUGH_METHODS:
            return ["The class balance that was given is the prior of the model."]
        return [
            "The class balance that was given is obeyed: it is the mean posterior over all samples"
            " it was fitted on."
        ]
    degree = damping_degree(context.families)
    if not degree or choice.method != "naive Bayes":
        return []
    return [
        f"The label shares are drawn to those of majority vote, by {degree:.0%}: as far as voters"
        " are damped."
    ]


def _gold(context: FitContext, stack: Stack | None) -> str:
    n_gold = int(context.merged.gold.sum())
    n_covered = int(context.merged.gold[context.merged.covered].sum())
    if stack is None:
        if not n_gold:
            return NO_GOLD
        of_all = f" (of {n_gold:,} in all)" if n_gold > n_covered else ""
        return (
            f"{counted(n_covered, 'gold label')} on covered samples{of_all}"
            f" {noun(n_covered, 'is', 'are')} fewer than the {LEAST_GOLD} that the label model"
            " needs: its result does not depend on them, and its probabilities are rough. An"
            " end model uses every gold label."
        )
    without_gold, majority, abstaining = stack.weights
    return (
        f"{stack.n_gold} gold labels on covered samples: log-loss {stack.loss:.3f} cross-validated"
        f" (without gold: {stack.loss_without_gold:.3f}). Mean of {stack.n_stacks} stacks by their"
        f" loss: weights {without_gold:.2f} for the model without gold, {majority:.2f} for majority"
        f" vote, {abstaining:.2f} for the model of abstentions; stacks that correct each vote have"
        f" {stack.corrected:.0%} of the weight. Their mean weighs {stack.trust:.2f}, the model"
        f" without gold {1 - stack.trust:.2f}."
    )


def _unsupported(context: FitContext, choice: Choice) -> list[str]:
    """Return what is assumed rather than estimated, for want of votes."""
    merged = context.merged
    weights = np.where(merged.n_votes >= 2, merged.counts, 0.0)
    n_shared = np.bincount(merged.voter, weights[merged.row], minlength=merged.n_voters)
    lonely = np.flatnonzero(n_shared < LEAST_SHARED_SAMPLES)
    names = [name for number in lonely for name in context.members(number)]
    sentences = []
    if names and choice.method != "majority vote":
        sentences.append(
            f"{counted(len(names), 'voter shares', 'voters share')} fewer than"
            f" {LEAST_SHARED_SAMPLES} samples with others;"
            f" {noun(len(names), 'its accuracy is', 'their accuracies are')} assumed, not"
            f" estimated: {listed(names, 8)}."
        )
    unused = np.flatnonzero(~labels_voted_for(merged)) if context.n_groups else ()
    if len(unused):
        labels = listed([context.labels[label] for label in unused], 8)
        sentences.append(
            f"Nobody votes for {labels}: votes cannot identify samples with such a label."
        )
    return sentences


def _advice(context: FitContext, choice: Choice) -> list[str]:
    """Return what would help where votes alone cannot identify the class balance."""
    if choice.method not in ROUGH_METHODS or context.is_balance_given:
        return []
    gold = context.merged.gold
    n_covered = int(gold[context.merged.covered].sum())
    there_are = f" (there {noun(n_covered, 'is', 'are')} {n_covered})" if gold.sum() else ""
    return [
        f"{UNKNOWN_SHARES}: if some label is rare,"
        f" give {LEAST_GOLD} gold labels on covered samples{there_are}, or the class balance if you"
        " know it."
    ]
