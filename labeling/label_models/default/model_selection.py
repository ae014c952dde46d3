"""Model selection: the first model family to pass the split-half check, or a robust fallback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.label_models.default.independent_voters import (
    BALANCE_SAMPLES,
    UNUSED_ACCURACY,
    Evidence,
    Family,
    IndependentFit,
    fit_em,
)
from labeling.label_models.default.leave_one_out import leave_one_out
from labeling.label_models.default.split_half import STEPS as HALVES_STEPS
from labeling.label_models.default.split_half import TOLERANCE as HALVES_TOLERANCE
from labeling.label_models.default.split_half import (
    Limits,
    SplitHalf,
    informative_subset,
    split_half_check,
)
from labeling.label_models.default.uncovered_samples import with_uncovered_samples
from labeling.label_models.one_coin import one_coin_confusion
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns
from labeling.records import ABSTAIN, VoterFamilies

ROUGH_METHODS = ("naive Bayes", "majority vote")  # their probabilities rank samples
LEAST_VOTERS = 4
LEAST_VOTERS_TO_LEARN_ALL = 6
LEAST_VOTERS_PER_LABEL = 4
LEAST_SHARE_USING_ALL_LABELS = 0.8  # of the voters
LEAST_OWN_LABEL_SHARE = 0.95  # of the votes
LEAST_SHARE_IN_SUBSET = 0.5  # and in a fit to a subset, where the votes are many
LEAST_WEIGHT = 0.9  # mean weight of votes, below which families of voters rule out "abstaining"


class Candidate(NamedTuple):
    """A model family to check.

    Attributes:
        proxy: the family that the halves are fitted with.
        family: the family that is fitted if they pass.
        accepted_ratios: lowest and highest observed over expected covariance of halves.
        largest_balance_gap: of the class balances of halves, nats.
    """

    proxy: Family
    family: Family
    accepted_ratios: tuple[float, float]
    largest_balance_gap: float


# The simplest first. The bounds are narrower for abstentions: they more easily pass for evidence.
CANDIDATES = (
    Candidate("one coin", "confusion", (0.8, 1.25), 0.4),
    Candidate("abstaining", "abstaining", (0.93, 1.15), 0.6),
)


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """The outcome of the split-half check of a model.

    Attributes:
        candidate: the model family and what is accepted.
        uses_given_balance: whether the class balance was given; else it was learned.
        split_half: the agreement of the halves.
        own_label_share: the share of the votes that, in the fitted model, are evidence for the
            label they name more than for any other; by a fit to a subset of the samples where that
            decides.
    """

    candidate: Candidate
    uses_given_balance: bool
    split_half: SplitHalf
    own_label_share: float

    @property
    def passed(self) -> bool:
        """Whether the check supports the model."""
        return self.halves_agree and self.own_label_share >= LEAST_OWN_LABEL_SHARE

    @property
    def halves_agree(self) -> bool:
        """Whether halves of the voters agree as the model says."""
        lowest, highest = self.candidate.accepted_ratios
        return (
            lowest < self.split_half.ratio < highest
            and self.split_half.balance_gap < self.candidate.largest_balance_gap
        )


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The selected model.

    Attributes:
        method: "majority vote", "naive Bayes", "confusion" or "abstaining".
        evidence: of the votes under it.
        uses_given_balance: whether it uses the class balance that was given.
        checks: the models that were checked on the way.
        n_left_out: the estimated number of samples without a vote that were left out beforehand.
        steps: the number of EM steps made, 0 = none.
        converged: whether EM converged.
    """

    method: str
    evidence: Evidence
    uses_given_balance: bool
    checks: tuple[ModelCheck, ...]
    n_left_out: float = 0.0
    steps: int = 0
    converged: bool = True


def select_model(
    patterns: Patterns,
    class_balance: Floats | None,
    families: VoterFamilies,
    *,
    fit_fallback: bool = True,
) -> Choice:
    """Return the first model that passes the split-half check, or a fallback that needs none.

    Args:
        patterns: the votes, duplicate voters merged.
        class_balance: if one is given.
        families: the families among these voters.
        fit_fallback: fit naive Bayes where it is chosen; else the evidence is that of majority
            vote, for a caller who will not use it.
    """
    active = patterns.active
    if len(active) < LEAST_VOTERS:
        return Choice("majority vote", _majority_evidence(patterns), False, ())
    checks: list[ModelCheck] = []
    is_voted_for = labels_voted_for(patterns)
    if 2 <= is_voted_for.sum() < patterns.n_labels:
        # A label without votes could explain any misfit of the others: first without it.
        smaller = _select_without_unused_labels(patterns, is_voted_for, class_balance, families)
        if smaller.method in ("confusion", "majority vote"):
            return smaller
        checks += [check for check in smaller.checks if check.candidate.family == "confusion"]
    choice = _select_checked(patterns, active, class_balance, families, checks)
    if choice.method == "naive Bayes" and fit_fallback:
        return replace(choice, evidence=leave_one_out(patterns, families.weights))
    return choice


def _select_checked(
    patterns: Patterns,
    active: npt.NDArray[np.intp],
    class_balance: Floats | None,
    families: VoterFamilies,
    earlier_checks: list[ModelCheck],
) -> Choice:
    """Return the first model that passes, or a fallback, of which naive Bayes is not fitted yet.

    `active` are the voters who ever vote.
    """
    completed = with_uncovered_samples(patterns)
    n_left_out = float(completed.counts.sum() - patterns.counts.sum())
    voting = completed.of_voters(active)
    voting_covered = voting
    if _use_every_label(voting) and not patterns.covered.all():
        voting_covered = _with_expected_uncovered(voting)
    candidates = CANDIDATES if families.mean_weight >= LEAST_WEIGHT else CANDIDATES[:1]
    passed, checks = _first_supported(candidates, completed, voting, voting_covered, class_balance)
    all_checks = (*earlier_checks, *checks)
    if passed is not None:
        check, fit = passed
        return Choice(
            method=check.candidate.family,
            evidence=fit.evidence,
            uses_given_balance=check.uses_given_balance,
            checks=all_checks,
            n_left_out=n_left_out,
            steps=fit.steps,
            converged=fit.converged,
        )
    if voting.n_voters < LEAST_VOTERS_TO_LEARN_ALL and _use_every_label(voting):
        return Choice("majority vote", _majority_evidence(patterns), False, all_checks)
    return Choice("naive Bayes", _majority_evidence(patterns), False, all_checks)


def labels_voted_for(patterns: Patterns) -> npt.NDArray[np.bool_]:
    """Return which labels have a vote at all: shape (n_labels,)."""
    is_voted_for = np.zeros(patterns.n_labels, dtype=bool)
    is_voted_for[patterns.vote] = True
    return is_voted_for


def _select_without_unused_labels(
    patterns: Patterns,
    is_voted_for: npt.NDArray[np.bool_],
    class_balance: Floats | None,
    families: VoterFamilies,
) -> Choice:
    """Return the model of the labels with votes, extended to all labels where it is final."""
    rank = np.append(np.cumsum(is_voted_for) - 1, ABSTAIN)
    smaller = Patterns.from_codes(
        rank[patterns.codes()], patterns.counts, patterns.gold[:, is_voted_for]
    )
    balance = None
    if class_balance is not None:
        balance = class_balance[is_voted_for] / class_balance[is_voted_for].sum()
    choice = select_model(smaller, balance, families, fit_fallback=False)
    if choice.method == "confusion":
        evidence = _extend_to_all_labels(choice, is_voted_for, patterns, class_balance)
        return replace(choice, evidence=evidence)
    if choice.method == "majority vote":
        return replace(choice, evidence=_majority_evidence(patterns))
    return choice


def _extend_to_all_labels(
    choice: Choice,
    is_voted_for: npt.NDArray[np.bool_],
    patterns: Patterns,
    class_balance: Floats | None,
) -> Evidence:
    """Return evidence for some labels as evidence for all.

    A vote is as much evidence against a label without votes as against any other, and the share of
    such a label is its prior share.
    """
    k, inner = patterns.n_labels, choice.evidence.votes
    votes = np.log(one_coin_confusion(np.full(len(inner), UNUSED_ACCURACY), k))
    votes[:, is_voted_for] = inner.min(axis=2, keepdims=True)
    votes[np.ix_(np.arange(len(inner)), is_voted_for, is_voted_for)] = inner
    n_covered = patterns.counts[patterns.covered].sum()
    balance: Floats = np.full(k, BALANCE_SAMPLES / k / (n_covered + BALANCE_SAMPLES))
    balance[is_voted_for] = choice.evidence.class_balance * (1 - balance[~is_voted_for].sum())
    if choice.uses_given_balance and class_balance is not None:
        balance = class_balance
    return Evidence(votes, np.log(balance), balance)


def _with_expected_uncovered(patterns: Patterns) -> Patterns:
    """Return patterns with as many samples without a vote as independent voters would leave.

    Halves of the voters co-vary if both abstain on many samples at a time, which is no misfit of a
    model that ignores abstentions: samples without any vote must not decide on it.
    """
    covered = patterns.covered
    only_covered = patterns.of_patterns(covered, patterns.counts[covered])
    return with_uncovered_samples(only_covered, HALVES_TOLERANCE)


def _first_supported(
    candidates: Sequence[Candidate],
    patterns: Patterns,
    voting: Patterns,
    voting_covered: Patterns,
    class_balance: Floats | None,
) -> tuple[tuple[ModelCheck, IndependentFit] | None, list[ModelCheck]]:
    """Return the first model that passes with its fit, if any, and all checks made.

    A given class balance is preferred to a learned one; but halves with a given balance cannot
    disagree about it, so that abstentions are only used if the learned balance passes as well.

    Args:
        candidates: the models to check. Halves of a family agree by their common cause, which the
            check of abstentions would take for the label: without it where there are families.
        patterns: the votes of all voters, to be fitted.
        voting: those of voters who ever vote, for the model of abstentions.
        voting_covered: the same, for models that ignore abstentions.
        class_balance: if one is given.
    """
    checks: list[ModelCheck] = []
    for candidate in candidates:
        halved = voting if candidate.family == "abstaining" else voting_covered
        results = _check_balances(candidate, patterns, halved, class_balance)
        checks += [check for check, _ in results]
        passed = {check.uses_given_balance: (check, fit) for check, fit in results if fit}
        if True in passed and (False in passed or candidate.family != "abstaining"):
            return passed[True], checks
        if False in passed:
            return passed[False], checks
    return None, checks


def _check_balances(
    candidate: Candidate, patterns: Patterns, halved: Patterns, class_balance: Floats | None
) -> list[tuple[ModelCheck, IndependentFit | None]]:
    """Return the checks with a given and a learned class balance, with the fits that passed.

    Where a model that ignores abstentions passes with the given balance, no other is checked.
    """
    balances: Sequence[Floats | None] = [None] if class_balance is None else [class_balance, None]
    results: list[tuple[ModelCheck, IndependentFit | None]] = []
    for balance in balances:
        is_given = balance is not None
        if not _can_be_checked(halved, candidate.proxy, is_given):
            continue
        limits = Limits(candidate.accepted_ratios, candidate.largest_balance_gap)
        split_half = split_half_check(halved, candidate.proxy, balance, limits)
        if candidate.family == "confusion":
            check = ModelCheck(candidate, is_given, split_half, own_label_share=1.0)
            fit = fit_em(patterns, candidate.family, balance) if check.passed else None
        else:
            check, fit = _check_abstaining(candidate, patterns, balance, split_half)
        results.append((check, fit if check.passed else None))
        if is_given and check.passed and candidate.family == "confusion":
            break
    return results


def _check_abstaining(
    candidate: Candidate, patterns: Patterns, class_balance: Floats | None, split_half: SplitHalf
) -> tuple[ModelCheck, IndependentFit | None]:
    """Return the check of a model of abstentions, and its fit to all samples if there is one.

    Where abstentions do not fit the model, EM may need a thousand steps. So of many votes a random
    subset, the one that halves were compared on, is fitted first, and no more where halves disagree
    or most votes of the subset are evidence for other labels.
    """
    is_given = class_balance is not None
    subset = informative_subset(patterns)
    if subset is not patterns:
        trial = fit_em(subset, candidate.family, class_balance, HALVES_TOLERANCE, HALVES_STEPS)
        share = _own_label_share(patterns, trial.evidence)
        check = ModelCheck(candidate, is_given, split_half, share)
        if not check.halves_agree or share < LEAST_SHARE_IN_SUBSET:
            return check, None
    fit = fit_em(patterns, candidate.family, class_balance)
    share = _own_label_share(patterns, fit.evidence)
    return ModelCheck(candidate, is_given, split_half, share), fit


def _can_be_checked(patterns: Patterns, family: Family, is_balance_given: bool) -> bool:
    """Return whether voters are many enough, and of a kind, that a model of them can be checked.

    A half needs three voters to be identifiable; with a given class balance and one accuracy a
    voter, two suffice. To a model that ignores abstentions a voter with a single label is evidence
    that all samples have it. To one that does not, all voters are silent on a label that few name:
    each half needs two voters for each label.
    """
    if family == "abstaining":
        least = int(patterns.uses.sum(axis=0).min())
        return patterns.n_voters >= LEAST_VOTERS_TO_LEARN_ALL and least >= LEAST_VOTERS_PER_LABEL
    return _use_every_label(patterns) and (
        is_balance_given or patterns.n_voters >= LEAST_VOTERS_TO_LEARN_ALL
    )


def _own_label_share(patterns: Patterns, evidence: Evidence) -> float:
    """Return the share of votes that a model takes as evidence for the label they name."""
    table = evidence.votes
    is_best = table >= table.max(axis=2, keepdims=True)
    is_own_best = np.diagonal(is_best, axis1=1, axis2=2)
    votes = patterns.votes_for
    return float((votes * is_own_best).sum() / max(votes.sum(), 1.0))


def _majority_evidence(patterns: Patterns) -> Evidence:
    k = patterns.n_labels
    votes = np.tile(np.eye(k), (patterns.n_voters, 1, 1))
    return Evidence(votes, np.zeros(k), np.full(k, 1 / k))


def _use_every_label(patterns: Patterns) -> bool:
    """Return whether nearly all voters vote for every label.

    Weighting few such voters from a uniform class balance does harm where one label is rare, since
    few voters cannot identify the balance; voters for one label each do not have this problem.
    """
    return bool(patterns.uses.all(axis=1).mean() >= LEAST_SHARE_USING_ALL_LABELS)
