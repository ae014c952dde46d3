"""What the default label model did and why, in sentences with numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labeling.errors import counted, literal, noun, shown
from labeling.label_models.default.model_selection import (
    LEAST_VOTERS,
    MOST,
    OWN_LABEL,
    VOTERS_OF_A_LABEL,
    VOTERS_TO_LEARN_ALL,
    Choice,
    Trial,
    labels_voted_for,
)
from labeling.label_models.default.stacking import LEAST_GOLD, Stack
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns

FEW = 10  # samples that a voter shares with others, below which nothing can be said of it
MODEL_NAMES = {
    "confusion": "independent voters with a confusion matrix each",
    "abstaining": "independent voters whose abstentions are evidence as well",
}


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """What the sentences are about.

    Attributes:
        voters: their names, sorted.
        labels: their names, sorted.
        alike: which voters say nearly always the same: shape (n_voters,).
        group: which voters count as one: shape (n_voters,).
        n_samples: how many samples there were.
        joined: what was learned from, copies merged.
    """

    voters: tuple[str, ...]
    labels: tuple[str, ...]
    alike: npt.NDArray[np.intp]
    group: npt.NDArray[np.intp]
    n_samples: int
    joined: Patterns

    @property
    def n_groups(self) -> int:
        """How many voters are left who are no copies and ever voted."""
        return len(np.unique(self.joined.voter))

    @property
    def partial(self) -> int:
        """How many voters never vote for a label that others vote for (or for all but one label)."""
        used = np.asarray(self.joined.hot.sum(axis=0)).reshape(self.joined.n_voters, -1) > 0
        named = labels_voted_for(self.joined)
        if named.sum() > 1:
            used = used[:, named]
        return int((used.any(axis=1) & ~used.all(axis=1)).sum())

    @property
    def use_every_label(self) -> bool:
        """Whether nearly all voters vote for every label."""
        return self.n_groups - self.partial >= MOST * self.n_groups

    def members(self, number: int) -> list[str]:
        """Return the names of the voters who count as this one."""
        return self.named(self.group, number)

    def named(self, group: npt.NDArray[np.intp], number: int) -> list[str]:
        """Return the names of the voters of a group."""
        return [self.voters[voter] for voter in np.flatnonzero(group == number)]


def sentences(
    account: Account, choice: Choice, scale: float, stack: Stack | None, balance_given: bool
) -> tuple[str, ...]:
    """Return what was done and why."""
    lines = [_data(account), _copies(account), *_untried(account, choice)]
    lines += map(_trial, choice.trials)
    lines += [_model(account, choice, scale), *_balance(choice, balance_given)]
    lines += [_gold(account, stack), *_unsupported(account, choice)]
    if stack is None:
        lines += _rare(account, choice, balance_given)
    return tuple(lines)


def _data(account: Account) -> str:
    joined = account.joined
    n = joined.counts.sum()
    several = joined.counts[joined.n_votes >= 2].sum()
    drawn = "" if n > account.n_samples - 0.5 else f", learned from {n:,.0f} drawn by their votes"
    share = several / n if n else 0.0
    return (
        f"{counted(account.n_samples, 'sample')}, {counted(len(account.voters), 'voter')}{drawn}; {share:.0%} of the"
        " samples have two votes or more, from which voters can be compared."
    )


def _copies(account: Account) -> str:
    numbers = range(int(account.alike.max(initial=-1)) + 1)
    groups = [account.named(account.alike, number) for number in numbers]
    copies = [names for names in groups if len(names) > 1]
    if not copies:
        return "No voters were found that copy each other."
    listed = "; ".join(shown(names, 6) for names in copies)
    groups_say = counted(len(copies), "group of voters says", "groups of voters say")
    found = f"{groups_say} nearly always the same, far more often than their"
    if account.alike.max() != account.group.max():
        return (
            f"{found} quality explains, but fewer than {VOTERS_TO_LEARN_ALL} voters would be left to tell"
            f" that by, and none are merged: {listed}."
        )
    return f"{found} quality explains; {'it' if len(copies) == 1 else 'each'} counts as one, which leaves {account.n_groups}: {listed}."


def _untried(account: Account, choice: Choice) -> list[str]:
    """Return why models were not tried."""
    if account.n_groups < LEAST_VOTERS:
        return []
    joined, tried = account.joined, {one.kind for one in choice.trials}
    used = joined.uses
    lines = []
    if not account.use_every_label and "confusion" not in tried:
        lines.append(
            f"{account.partial} of {counted(account.n_groups, 'voter')} never vote for some label: a model that passes"
            " over abstentions would take them for proof that all samples are theirs, and is not"
            " tried."
        )
    least = int(used.sum(axis=0).argmin())
    if choice.method == "naive Bayes" and "abstaining" not in tried:
        lines.append(
            f"{account.n_groups} voters, of whom {int(used[:, least].sum())} ever vote for"
            f" {literal(account.labels[least])}: abstentions are taken for evidence only with"
            f" {VOTERS_TO_LEARN_ALL} or more, {VOTERS_OF_A_LABEL} for each label."
        )
    return lines


def _trial(trial: Trial) -> str:
    halves = trial.halves
    balance = "labels' shares as given" if trial.given else "learned shares of the labels"
    verdict = "so the votes bear it out" if trial.passed else "so the votes do not bear it out"
    return (
        f"Tried: {MODEL_NAMES[trial.kind]}, {balance}. Halves of the voters, fitted apart, share"
        f" {halves.ratio:.2f} of what they should ({trial.accepted[0]} to {trial.accepted[1]} is accepted), and their shares of"
        f" the labels differ by {halves.disagreement:.2f} in the logarithm (at most"
        f" {trial.most_apart} is; {halves.n} halvings){_own_label(trial)}, {verdict}."
    )


def _own_label(trial: Trial) -> str:
    if trial.kind != "abstaining":
        return ""
    return (
        f"; {trial.own_label:.0%} of the votes are taken to speak for the label they name (at least"
        f" {OWN_LABEL:.0%} must)"
    )


def _model(account: Account, choice: Choice, scale: float) -> str:
    if choice.method == "majority vote" and account.n_groups < LEAST_VOTERS:
        return (
            f"Majority vote: there {'is' if account.n_groups == 1 else 'are'}"
            f" {counted(account.n_groups, 'voter')}, and with fewer than"
            f" {LEAST_VOTERS} nothing that is assumed of them can be checked. {_rough(scale)}"
        )
    if choice.method == "majority vote":
        return (
            f"Majority vote: {account.n_groups} voters who use every label are too few to find out how"
            f" common the labels are, and with fewer than {VOTERS_TO_LEARN_ALL} a rare label would"
            f" mislead whoever weighs them. {_rough(scale)}"
        )
    if choice.method == "naive Bayes":
        return f"Leave-one-out naive Bayes, from equal shares of the labels. {_rough(scale)}"
    shares = _listed(account.labels, choice.evidence.balance)
    of_all = account.n_samples / max(
        account.joined.counts.sum(), 1.0
    )  # where a draw was learned from
    left_out = (
        f" About {choice.unseen * of_all:,.0f} samples without any vote are taken to have been left out."
        if choice.method == "abstaining" and choice.unseen
        else ""
    )
    came = "came to rest" if choice.converged else "did not come to rest"
    return (
        f"Dawid-Skene, {MODEL_NAMES[choice.method]}; labels' shares"
        f" {'as given' if choice.given else 'learned'}: {shares}. EM {came} after {choice.steps} steps."
        f"{left_out} Its probabilities rest on votes alone."
    )


def _rough(scale: float) -> str:
    return (
        f"Log-probabilities, each less their mean over the labels, are divided by {scale:.2f}, so that"
        " their mean size is one: the order of the probabilities counts, their size is rough."
    )


def _listed(labels: tuple[str, ...], shares: Floats) -> str:
    pairs = [f"{label} {share:.3f}" for label, share in zip(labels, shares, strict=True)]
    return ", ".join(pairs[:12]) + (f" and {len(pairs) - 12} more" if len(pairs) > 12 else "")


def _balance(choice: Choice, given: bool) -> list[str]:
    if not given or choice.given:
        return []
    return ["The class balance that was given is not used: the votes do not bear it out."]


def _gold(account: Account, stack: Stack | None) -> str:
    known = int(account.joined.gold.sum())
    covered = int(account.joined.gold[account.joined.covered].sum())
    if stack is None:
        if not known:
            return "No gold labels: probabilities from votes alone are rough."
        of_all = f" (of {known:,} in all)" if known > covered else ""
        return (
            f"{counted(covered, 'gold label')} on covered samples{of_all}"
            f" {'is' if covered == 1 else 'are'} fewer than the {LEAST_GOLD} that the label model"
            " learns from: its answer is that of the votes alone, and its probabilities are rough."
            " An end model learns from every gold label."
        )
    own, majority, abstaining = stack.weights
    corrections = (
        f"each vote corrected, with a ridge of {stack.ridge:g}"
        if np.isfinite(stack.ridge)
        else "no vote corrected by itself"
    )
    return (
        f"{stack.n_gold} gold labels on covered samples: log-loss {stack.loss:.3f} cross-validated"
        f" (the answer without gold: {stack.loss_without:.3f}). Of 8 stacks this one predicts best:"
        f" weights {own:.2f} for the answer without gold, {majority:.2f} for majority vote,"
        f" {abstaining:.2f} for the model of abstentions; {corrections}."
    )


def _unsupported(account: Account, choice: Choice) -> list[str]:
    joined = account.joined
    weights = np.where(joined.n_votes >= 2, joined.counts, 0.0)
    shared = np.bincount(joined.voter, weights[joined.row], minlength=joined.n_voters)
    alone = [name for number in np.flatnonzero(shared < FEW) for name in account.members(number)]
    lines = []
    if alone and choice.method != "majority vote":
        lines.append(
            f"{counted(len(alone), 'voter meets', 'voters meet')} others on fewer than {FEW} samples; what {'it is' if len(alone) == 1 else 'they are'} worth is"
            f" assumed, not found: {shown(alone, 8)}."
        )
    unnamed = np.flatnonzero(~labels_voted_for(joined)) if account.n_groups else ()
    if len(unnamed):
        names = shown([account.labels[label] for label in unnamed], 8)
        lines.append(f"Nobody votes for {names}: what has such a label, votes cannot tell.")
    return lines


def _rare(account: Account, choice: Choice, balance_given: bool) -> list[str]:
    """Return what would help where votes alone cannot tell how common the labels are."""
    if choice.method not in ("naive Bayes", "majority vote"):
        return []
    gold = account.joined.gold
    there = int(gold[account.joined.covered].sum())
    if gold.sum():
        advice = (
            f"the label model learns it from {LEAST_GOLD} gold labels on covered samples on (there"
            f" {noun(there, 'is', 'are')} {there}), or from the shares"
        )
    else:
        advice = f"give {LEAST_GOLD} gold labels, or the shares"
    if account.n_groups >= LEAST_VOTERS and account.use_every_label and not balance_given:
        advice += " of the labels if you know them"
    else:
        advice = advice.rpartition(", or")[0]
    return [
        f"How common the labels are cannot be found from these votes: if some label is rare, {advice}."
    ]
