"""What gold samples teach of sets of labels: a logistic regression on all votes for each label.

Its weights are drawn to the answer without it, noisy-or, by a ridge penalty: few gold samples
change little. Votes for other labels count as well, which a label may come with or exclude.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import expit, logit

from labeling.label_models.patterns import Floats
from labeling.label_models.sets.noisy_or import Bools, Cells
from labeling.records import Answers
from labeling.records.decisions import f1_decisions

RIDGE = 2.0  # penalty of the weight of a vote, and of the distance of noisy-or's weight from 1
RIDGE_OF_OFFSET = 0.2
HALF_TRUST = 30.0  # gold samples with a label, at which its threshold is half way
LEAST_P = 1e-6


class GoldStack(NamedTuple):
    """A logistic regression for each label; labels and voters sorted by name.

    Attributes:
        features: voter, label and yes (1) or no (0) of each kind of vote: shape (n_features, 3).
        weights: of noisy-or's log-odds, the offset, and the votes: shape (n_labels, n_features +
            2). (1, 0, 0, ...) where there is no gold sample with the label, or none without.
        trust: n / (n + 30) for n gold samples with the label: shape (n_labels,).
        best: the probability from which expected F1 is highest: shape (n_labels,).
    """

    features: npt.NDArray[np.int64]
    weights: Floats
    trust: Floats
    best: Floats


def no_stack(n_labels: int) -> GoldStack:
    """Return the stack where there is no gold: it changes nothing."""
    nothing = np.zeros(n_labels)
    weights = np.tile([1.0, 0.0], (n_labels, 1))
    return GoldStack(np.zeros((0, 3), dtype=np.int64), weights, nothing, nothing)


def fit_gold_stack(answers: Answers, cells: Cells, gold: npt.NDArray[np.int8]) -> GoldStack:
    """Return the stack of gold samples.

    Args:
        answers: with codes of voters and labels by sorted names.
        cells: what noisy-or makes of them.
        gold: 1 where a sample has the label, 0 where not, -1 without gold: (n_samples, n_labels).
    """
    rows = np.flatnonzero((gold >= 0).all(axis=1))
    if not len(rows):
        return no_stack(gold.shape[1])
    is_gold = np.zeros(len(gold), dtype=bool)
    is_gold[rows] = True
    triples = np.stack([answers.voter, answers.label, answers.says.astype(np.int64)], axis=1)
    features = np.unique(triples[is_gold[answers.sample]], axis=0)  # the others have no weight
    spoken = _indicators(answers, features, len(gold))
    # Equal rows together and in one order, so that no sum depends on the order of the samples.
    distinct, of_row = np.unique(spoken[rows], axis=0, return_inverse=True)
    of_row = of_row.reshape(-1)
    first = np.zeros(len(distinct), dtype=np.intp)
    first[of_row[::-1]] = rows[::-1]
    counts = np.bincount(of_row, minlength=len(distinct)).astype(np.float64)
    log_odds = _log_odds(cells.p)
    n_with = (gold[rows] == 1).sum(axis=0)
    weights = no_stack(gold.shape[1]).weights
    weights = np.pad(weights, ((0, 0), (0, len(features))))
    for label in np.flatnonzero((n_with > 0) & (n_with < len(rows))):
        has_label = (gold[rows, label] == 1).astype(np.float64)
        positive = np.bincount(of_row, has_label, minlength=len(distinct)).astype(np.float64)
        weights[label] = _regression(distinct, log_odds[first, label], positive, counts)
    stack = GoldStack(features, weights, n_with / (n_with + HALF_TRUST), np.zeros(len(n_with)))
    p = stacked(answers, cells, stack)
    best = np.array([_f1_threshold(column) for column in p.T])
    return stack._replace(best=best)


def stacked(answers: Answers, cells: Cells, stack: GoldStack) -> Floats:
    """Return the probability of each label of each sample; without a vote it stays as it is."""
    if not len(stack.features):
        return cells.p
    spoken = _indicators(answers, stack.features, len(cells.p))
    spoke = np.logical_or(cells.yes, cells.no).any(axis=1, keepdims=True)
    scores = stack.weights[:, 0] * _log_odds(cells.p) + stack.weights[:, 1]
    # One feature after the other, so that a row's sum does not depend on the rows beside it.
    for number in range(len(stack.features)):
        scores[spoken[:, number]] += stack.weights[:, number + 2]
    is_learned = np.any(stack.weights[:, 1:] != 0, axis=1)
    return np.where(spoke & is_learned, expit(scores), cells.p)


def decided_by_stack(cells: Cells, p: Floats, outvoted: Bools, stack: GoldStack) -> Bools:
    """Return which labels are chosen: the rule without gold, as far as gold does not overrule it.

    The best threshold on gold is t and the trust in it w. A label that some voter says yes to is
    chosen from w t on; one that nobody does from t / w on, if that is below 1.

    Args:
        cells: what noisy-or makes of the votes.
        p: the probabilities of the stack.
        outvoted: which yes the noes outvote.
        stack: the stack.
    """
    to_keep = stack.trust * stack.best
    to_add = stack.best / np.maximum(stack.trust, LEAST_P)
    by_votes = cells.yes & ~outvoted
    return np.where(by_votes, p >= to_keep - LEAST_P, p >= np.minimum(to_add, 1.0) + LEAST_P) & (
        by_votes | (stack.trust > 0)
    )


def _indicators(answers: Answers, features: npt.NDArray[np.int64], n_samples: int) -> Bools:
    """Return which kinds of votes each sample has: shape (n_samples, n_features)."""
    spoken = np.zeros((n_samples, len(features)), dtype=bool)
    if not len(features) or not len(answers.sample):
        return spoken
    n_labels = max(int(features[:, 1].max()), int(answers.label.max())) + 1
    known = (features[:, 0] * n_labels + features[:, 1]) * 2 + features[:, 2]  # ascending
    said = (answers.voter * n_labels + answers.label) * 2 + answers.says
    place = np.minimum(np.searchsorted(known, said), len(known) - 1)
    rows = np.flatnonzero(known[place] == said)
    spoken[answers.sample[rows], place[rows]] = True
    return spoken


def _log_odds(p: Floats) -> Floats:
    scores: Floats = logit(np.clip(p, LEAST_P, 1 - LEAST_P))
    return scores


def _regression(spoken: Bools, offset: Floats, positive: Floats, counts: Floats) -> Floats:
    """Return the weights for one label: of noisy-or's log-odds, the offset, and the votes.

    Args:
        spoken: distinct rows of votes: shape (n_rows, n_features).
        offset: noisy-or's log-odds: shape (n_rows,).
        positive: how many gold samples of each row have the label.
        counts: how many there are.
    """
    columns: Floats = np.column_stack([offset, np.ones(len(offset)), spoken]).astype(np.float64)
    n_weights = columns.shape[1]
    centre: Floats = np.zeros(n_weights)
    centre[0] = 1.0
    ridge: Floats = np.full(n_weights, RIDGE)
    ridge[1] = RIDGE_OF_OFFSET

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = columns @ weights
        away = weights - centre
        fit_to_gold = counts @ np.logaddexp(0, scores) - positive @ scores
        slope = columns.T @ (counts * expit(scores) - positive) + ridge * away
        return float(fit_to_gold + (ridge * away**2).sum() / 2), slope

    fit = minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    weights: Floats = fit.x
    return weights


def _f1_threshold(p: Floats) -> float:
    """Return the threshold with the highest expected F1: half of this F1 (Lipton et al. 2014)."""
    ranked = np.sort(p)
    positive = f1_decisions(ranked)
    if not positive.any():
        return 1.0
    return float(ranked[positive].sum() / (positive.sum() + ranked.sum()))
