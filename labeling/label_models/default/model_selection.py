"""Which model the votes bear out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from labeling.label_models.default.independent_voters import (
    BALANCE,
    UNSEEN,
    Evidence,
    Fit,
    Kind,
    coins,
    fitted,
)
from labeling.label_models.default.leave_one_out import leave_one_out
from labeling.label_models.default.split_half import Halves, held_against_each_other
from labeling.label_models.default.uncovered_samples import with_unseen
from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns
from labeling.records import ABSTAIN

LEAST_VOTERS = 4

# The simplest first: what stands for a model while halves are compared, what is fitted if they
# confirm it, what they must share at least and may at most, over what they should (abstentions are
# more easily taken for evidence), and how far their balances may differ (nats).
TRIED: tuple[tuple[Kind, Kind, tuple[float, float], float], ...] = (
    ("one coin", "confusion", (0.8, 1.25), 0.4),
    ("abstaining", "abstaining", (0.93, 1.15), 0.6),
)
VOTERS_TO_LEARN_ALL = 6
VOTERS_OF_A_LABEL = 4
MOST = 0.8
OWN_LABEL = 0.95  # of the votes must speak for the label they name


@dataclass(frozen=True, slots=True)
class Trial:
    """How a model fared when halves of the voters were held against each other.

    Attributes:
        kind: of the model.
        given: whether the labels' shares were given, or learned.
        halves: what was found.
        accepted: what they must share at least and may at most, over what they should.
        most_apart: how far the balances of the halves may differ, nats.
        own_label: the share of the votes that, as the model has it, speak for the label they name
            more than for any other.
    """

    kind: Kind
    given: bool
    halves: Halves
    accepted: tuple[float, float]
    most_apart: float
    own_label: float

    @property
    def passed(self) -> bool:
        """Whether the halves confirm the model."""
        return (
            self.accepted[0] < self.halves.ratio < self.accepted[1]
            and self.halves.disagreement < self.most_apart
            and self.own_label >= OWN_LABEL
        )


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The model that was chosen.

    Attributes:
        method: "majority vote", "naive Bayes", "confusion" or "abstaining".
        evidence: what votes say in it.
        given: whether it uses the labels' shares that were given.
        trials: what was tried on the way.
        unseen: how many samples without a vote were taken to have been left out beforehand.
        steps: how many EM steps were made, 0 = none.
        converged: whether they came to rest.
    """

    method: str
    evidence: Evidence
    given: bool
    trials: tuple[Trial, ...]
    unseen: float = 0.0
    steps: int = 0
    converged: bool = True


def chosen(patterns: Patterns, shares: Floats | None) -> Choice:
    """Return the model that the votes bear out, or one that needs no such thing.

    Args:
        patterns: the votes of voters who are no copies of each other.
        shares: the labels' shares, where they are given.
    """
    speaking = np.unique(patterns.voter)
    if len(speaking) < LEAST_VOTERS:
        return Choice("majority vote", _counted(patterns), False, ())
    trials: list[Trial] = []
    named = labels_voted_for(patterns)
    if 2 <= named.sum() < patterns.n_labels:
        # A label without votes is free to explain whatever the others do not: without it first.
        part = None if shares is None else shares[named] / shares[named].sum()
        few = chosen(_of_labels(patterns, named), part)
        if few.method == "confusion":
            return replace(few, evidence=_of_all_labels(few, named, patterns, shares))
        if few.method == "majority vote":
            return replace(few, evidence=_counted(patterns))
        trials += [trial for trial in few.trials if trial.kind == "confusion"]
    seen, patterns = patterns, with_unseen(patterns)
    unseen = float(patterns.counts.sum() - seen.counts.sum())
    heard = Patterns.of_codes(patterns.codes()[:, speaking], patterns.counts, patterns.gold)
    spoken = heard
    if _use_every_label(heard) and not seen.covered.all():
        spoken = _as_silent_as_voters_are(heard)
    found = _borne_out(patterns, heard, spoken, shares, trials)
    if found is not None:
        kind, given, fit = found
        told = (tuple(trials), unseen, fit.steps, fit.converged)
        return Choice(kind, fit.evidence, given, *told)
    if heard.n_voters < VOTERS_TO_LEARN_ALL and _use_every_label(heard):
        return Choice("majority vote", _counted(patterns), False, tuple(trials))
    return Choice("naive Bayes", leave_one_out(seen), False, tuple(trials))


def labels_voted_for(patterns: Patterns) -> npt.NDArray[np.bool_]:
    """Return for which labels there is a vote at all: shape (n_labels,)."""
    found = np.zeros(patterns.n_labels, dtype=bool)
    found[patterns.vote] = True
    return found


def _of_labels(patterns: Patterns, named: npt.NDArray[np.bool_]) -> Patterns:
    """Return patterns that know only some of the labels, for all of which there are votes."""
    place = np.append(np.cumsum(named) - 1, ABSTAIN)
    return Patterns.of_codes(place[patterns.codes()], patterns.counts, patterns.gold[:, named])


def _of_all_labels(
    few: Choice, named: npt.NDArray[np.bool_], patterns: Patterns, shares: Floats | None
) -> Evidence:
    """Return evidence of some labels as evidence of all.

    A vote speaks against a label that nobody votes for as much as against any, and its share is what
    is assumed before there are samples.
    """
    k, inner = patterns.n_labels, few.evidence.votes
    votes = np.log(coins(np.full(len(inner), UNSEEN), k))
    votes[:, named] = inner.min(axis=2, keepdims=True)
    votes[np.ix_(np.arange(len(inner)), named, named)] = inner
    balance: Floats = np.full(k, BALANCE / k / (patterns.counts[patterns.covered].sum() + BALANCE))
    balance[named] = few.evidence.balance * (1 - balance[~named].sum())
    if few.given and shares is not None:
        balance = shares
    return Evidence(votes, np.log(balance), balance)


def _as_silent_as_voters_are(patterns: Patterns) -> Patterns:
    """Return patterns with as many samples without a vote as independent voters would leave.

    Halves of the voters share it if both are silent on many samples at a time, which is no error to
    a model that passes over abstentions: samples that nobody spoke of must not decide on it.
    """
    covered = patterns.covered
    codes, gold = patterns.codes()[covered], patterns.gold[covered]
    return with_unseen(Patterns.of_codes(codes, patterns.counts[covered], gold, ordered=True))


def _borne_out(
    whole: Patterns,
    heard: Patterns,
    spoken: Patterns,
    shares: Floats | None,
    trials: list[Trial],
) -> tuple[Kind, bool, Fit] | None:
    """Return the first kind of model that halves confirm, whether with given shares, and its fit.

    Shares that are given come before learned ones; but halves to which they are given can no longer
    disagree about them, so that abstentions are only believed if learned shares agree as well.

    Args:
        whole: the votes of all voters, to be fitted.
        heard: those of voters who ever vote, for the model of abstentions.
        spoken: the same, for models that pass over abstentions.
        shares: the labels' shares, where they are given.
        trials: to which what is tried is added.
    """
    for stand_in, kind, accepted, most_apart in TRIED:
        passed: dict[bool, Fit] = {}
        patterns = heard if kind == "abstaining" else spoken
        for balance in [None] if shares is None else [None, shares]:
            given = balance is not None
            if not _can_be_tried(patterns, stand_in, given):
                continue
            halves = held_against_each_other(patterns, stand_in, balance)
            fit = None if kind == "confusion" else fitted(whole, kind, balance)
            own = 1.0 if fit is None else _own_label(whole, fit.evidence)
            trials.append(Trial(kind, given, halves, accepted, most_apart, own))
            if trials[-1].passed:
                passed[given] = fit or fitted(whole, kind, balance)
        if True in passed and (False in passed or kind != "abstaining"):
            return kind, True, passed[True]
        if False in passed:
            return kind, False, passed[False]
    return None


def _can_be_tried(patterns: Patterns, kind: Kind, given: bool) -> bool:
    """Return whether the voters are of a kind, and as many, that a model of them can be checked.

    A half needs three voters to find out anything; where the labels' shares are given and each voter
    has one accuracy, two will do. To a model that passes over abstentions a voter who only ever votes
    for one label seems to say that all samples have it. To one that does not, a label that few voters
    name is what they all keep silent on: two of a label are needed in each half.
    """
    if kind == "abstaining":
        used = patterns.uses
        least = int(used.sum(axis=0).min())
        return patterns.n_voters >= VOTERS_TO_LEARN_ALL and least >= VOTERS_OF_A_LABEL
    return _use_every_label(patterns) and (given or patterns.n_voters >= VOTERS_TO_LEARN_ALL)


def _own_label(patterns: Patterns, evidence: Evidence) -> float:
    """Return the share of votes that a model takes for evidence of what they say."""
    table = evidence.votes
    best = table >= table.max(axis=2, keepdims=True)
    own = np.diagonal(best, axis1=1, axis2=2)
    votes = patterns.votes_for
    return float((votes * own).sum() / max(votes.sum(), 1.0))


def _counted(patterns: Patterns) -> Evidence:
    k = patterns.n_labels
    votes = np.tile(np.eye(k), (patterns.n_voters, 1, 1))
    return Evidence(votes, np.zeros(k), np.full(k, 1 / k))


def _use_every_label(patterns: Patterns) -> bool:
    """Return whether nearly all voters vote for every label.

    Weighing such voters from equal shares of the labels does harm where one label is rare, which
    few of them cannot tell; voters who stand for one label each do not have this trouble.
    """
    used = patterns.uses
    return bool(used.all(axis=1).mean() >= MOST)
