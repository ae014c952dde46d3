"""The rule "posterior": settle the most probable label, ask on or escalate where it is doubtful."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.adjudication.cases import Case, Outcome
from labeling.adjudication.policy import ReviewPolicy
from labeling.records import (
    ABSTAIN,
    GoldLabel,
    LabelSchema,
    LabelSource,
    SoftLabels,
    uniform_by_id,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TIE_SALT = 20_261_130
"""Of the hash by which equally doubtful samples are ordered."""

DIGITS = 9
"""Decimals that distinguish probabilities, so that the order of summation decides nothing."""

SPENT_AT_ONCE = 0.5
"""Share of the votes left that a budget spends at a time: the rest waits for what they change."""

LEAST_AT_ONCE = 20
"""But one in so many samples at least, so that the last votes do not take many rounds."""

RIGHT, WRONG = 4.0, 1.0
"""Pseudo-votes of the confusion matrix of all people, as in `DawidSkene`."""


@dataclass(frozen=True, slots=True)
class Doubts:
    """What the rule decides from: arrays with an entry for each case.

    Attributes:
        probabilities: of the labels, shape (n_cases, n_labels); zeros where nobody voted.
        counts: votes for each label, shape (n_cases, n_labels).
        label: code of the most probable label; -1 where there is none, or several are tied.
        top: its probability.
        n_votes: the number of votes.
        has_enough: whether these are `min_votes` or more.
        left: how many more can be asked for.
        is_agreed: whether `escalate` allows the label with these votes.
        can_agree: whether it may allow it with the votes that are left.
    """

    probabilities: Floats
    counts: Floats
    label: npt.NDArray[np.intp]
    top: Floats
    n_votes: npt.NDArray[np.intp]
    has_enough: Bools
    left: npt.NDArray[np.intp]
    is_agreed: Bools
    can_agree: Bools


def decide_by_posterior(
    cases: Sequence[Case],
    policy: ReviewPolicy,
    posterior: SoftLabels,
    *,
    n_reviewed: int,
    votes_on_reviewed: int,
) -> list[Outcome]:
    """Return the outcome of each case.

    Args:
        cases: the annotated samples that no reviewer has decided on.
        policy: with its defaults filled in.
        posterior: probabilities of the labels of these samples by people's votes.
        n_reviewed: the number of samples that reviewers decided on.
        votes_on_reviewed: the number of votes on these.
    """
    doubts = _doubts(cases, policy, posterior)
    order = _most_doubtful_first(cases, doubts)
    asks = ~doubts.has_enough & (doubts.left > 0)
    missing = np.minimum(policy.min_votes - doubts.n_votes, doubts.left)[asks].sum()
    budget = (len(cases) + n_reviewed) * (policy.budget or 0)
    votes_left = budget - doubts.n_votes.sum() - votes_on_reviewed - missing
    can_ask = doubts.has_enough & (doubts.left > 0) & doubts.can_agree
    asks |= can_ask & _worth_asking(doubts, policy, order[can_ask[order]], float(votes_left))
    escalates = _escalates(doubts, policy, order[~asks[order]], n_reviewed)
    outcomes: list[Outcome] = []
    for row, case in enumerate(cases):
        if asks[row]:
            outcomes.append(case.ask(max(policy.min_votes - case.n_votes, 1)))
        elif escalates[row]:
            outcomes.append(case.escalated(_reason(case, doubts, row, policy, posterior.schema)))
        else:
            label = posterior.schema.labels[doubts.label[row]]
            source, probability = LabelSource.AGREEMENT.value, float(doubts.top[row])
            outcomes.append(GoldLabel(case.sample_id, label, source, case.votes, probability))
    return outcomes


def _doubts(cases: Sequence[Case], policy: ReviewPolicy, posterior: SoftLabels) -> Doubts:
    schema = posterior.schema
    rows = posterior.sample_ids.get_indexer(_ids_of(cases))
    counts = np.array(
        [[case.tally[label] for label in schema.labels] for case in cases], dtype=np.float64
    ).reshape(len(cases), len(schema))
    n_votes = counts.sum(axis=1).astype(np.intp)
    left = np.array([case.left for case in cases], dtype=np.intp)
    known = (rows >= 0) & (n_votes > 0)
    probabilities = np.zeros(counts.shape)
    probabilities[known] = posterior.to_array()[rows[known]]
    label = np.full(len(cases), ABSTAIN, dtype=np.intp)
    label[known] = posterior.codes()[rows[known]]
    agreed, can_agree = np.ones(len(cases), dtype=bool), np.ones(len(cases), dtype=bool)
    if policy.escalate is not None:
        # The label of the posterior must have these votes; any label may get them by further ones.
        for row, (cast, more) in enumerate(zip(n_votes.tolist(), left.tolist(), strict=True)):
            votes_for = int(counts[row, label[row]]) if label[row] != ABSTAIN else 0
            agreed[row] = cast > 0 and policy.accepts(votes_for, cast)
            can_agree[row] = policy.accepts(int(counts[row].max()) + more, cast + more)
    return Doubts(
        probabilities=probabilities,
        counts=counts,
        label=label,
        top=probabilities.max(axis=1, initial=0),
        n_votes=n_votes,
        has_enough=n_votes >= policy.min_votes,
        left=left,
        is_agreed=agreed,
        can_agree=can_agree,
    )


def _ids_of(cases: Sequence[Case]) -> pd.Index:
    ids = pd.Series([case.sample_id for case in cases], dtype=object).infer_objects()
    index: pd.Index = pd.Index(ids)
    return index


def _most_doubtful_first(cases: Sequence[Case], doubts: Doubts) -> npt.NDArray[np.intp]:
    """Return the rows by probability, equal ones by a hash of their ids."""
    by_hash = uniform_by_id(_ids_of(cases), TIE_SALT) if cases else np.empty(0)
    order: npt.NDArray[np.intp] = np.lexsort((by_hash, np.round(doubts.top, DIGITS)))
    return order


def _worth_asking(
    doubts: Doubts, policy: ReviewPolicy, order: npt.NDArray[np.intp], votes_left: float
) -> Bools:
    """Return which cases are worth one more vote.

    Args:
        doubts: of the cases.
        policy: says when a vote is worth it.
        order: the rows of those that can be asked about, the most doubtful first.
        votes_left: those of a budget that are not spent yet.
    """
    if policy.error_cost is not None:
        is_worth: Bools = _expected_gain(doubts) * policy.error_cost > policy.prices["vote"]
        return np.logical_or(is_worth, ~doubts.is_agreed)
    if policy.budget is not None:
        whole = math.floor(max(votes_left, 0) + 1e-9)
        count = max(math.ceil(whole * SPENT_AT_ONCE), min(whole, len(doubts.top) // LEAST_AT_ONCE))
        chosen = np.zeros(len(doubts.top), dtype=bool)
        chosen[order[:count]] = True
        return chosen
    is_sure = np.round(doubts.top, DIGITS) >= (policy.accept or 0)
    doubtful: Bools = ~(is_sure & (doubts.label != ABSTAIN) & doubts.is_agreed)
    return doubtful


def _expected_gain(doubts: Doubts) -> Floats:
    """Return how much one more vote is expected to raise the probability of the best label.

    It is the expected value of sample information (Raiffa and Schlaifer, *Applied Statistical
    Decision Theory*, 1961): sum over votes v of max over y of P(y) P(v | y), minus max P(y). The
    vote is that of an average person, whose P(v | y) is that of all people by the posterior.
    """
    n_labels = doubts.counts.shape[1]
    expected = doubts.probabilities.T @ doubts.counts + WRONG + (RIGHT - WRONG) * np.eye(n_labels)
    confusion = expected / expected.sum(axis=1, keepdims=True)
    after = np.zeros(len(doubts.top))
    for vote in range(n_labels):
        after += (doubts.probabilities * confusion[:, vote]).max(axis=1)
    gain: Floats = after - doubts.top
    return gain


def _escalates(
    doubts: Doubts, policy: ReviewPolicy, order: npt.NDArray[np.intp], n_reviewed: int
) -> Bools:
    """Return which of the cases that are not asked about go to a reviewer.

    Args:
        doubts: of all cases.
        policy: has the threshold, the costs, and the quota.
        order: the rows of the cases that are not asked about, the most doubtful first.
        n_reviewed: the number of samples that reviewers decided on.
    """
    has_label = (doubts.label != ABSTAIN) & doubts.has_enough & doubts.is_agreed
    escalated = np.zeros(len(doubts.top), dtype=bool)
    escalated[order] = ~has_label[order]
    if policy.error_cost is not None:
        is_doubtful = (1 - doubts.top) * policy.error_cost > policy.prices["expert"]
    else:
        is_doubtful = np.round(doubts.top, DIGITS) < (policy.expert_below or 0)
    n_samples = len(doubts.top) + n_reviewed
    quota = math.floor(n_samples * (policy.expert_quota or 0) + 1e-9)
    free = max(quota - n_reviewed - int(escalated.sum()), 0)
    escalated[order[(is_doubtful & ~escalated)[order]][:free]] = True
    return escalated


def _reason(case: Case, doubts: Doubts, row: int, policy: ReviewPolicy, schema: LabelSchema) -> str:
    """Return why a sample is escalated, and its votes."""
    if not case.n_votes:
        return "no vote"
    if not doubts.has_enough[row]:
        return f"too few votes, {case.n_votes} of {policy.min_votes}: {case.counts()}"
    if doubts.label[row] == ABSTAIN:
        return f"tie of the most probable labels: {case.counts()}"
    doubtful = (
        f"{schema.labels[doubts.label[row]]!r} has a probability of only {doubts.top[row]:.2f}:"
        f" {case.counts()}"
    )
    if doubts.is_agreed[row]:
        return doubtful
    if policy.escalate == "any_conflict" and len(case.tally) > 1:
        return f"conflict: {case.counts()}"
    return f"too few votes for it, {doubtful}"
