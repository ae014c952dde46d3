"""Noisy-or: a sample has a label unless each voter who says yes to it is wrong.

Source: J. Pearl, "Probabilistic Reasoning in Intelligent Systems" (1988), section 4.3.2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.label_models.patterns import Floats
from labeling.records import ABSTAIN, Answers
from labeling.records.decisions import TIE

Bools = npt.NDArray[np.bool_]

PRECISION = 0.6  # of a yes or a no before any gold label
PSEUDO_VOTES = 5.0  # that this counts as
MOST_MISSED = 0.4  # share of a label where nothing was said of it; below that of a single yes


class NoisyOr(NamedTuple):
    """What is known of voters and labels; voters and labels sorted by name.

    Attributes:
        precision: P(the sample has the label | the voter says yes): shape (n_voters, n_labels).
        no_ratio: P(the voter says no | label) / P(... | not): shape (n_voters, n_labels).
        missed: the probability of a label where nothing was said of it: shape (n_labels,).
    """

    precision: Floats
    no_ratio: Floats
    missed: Floats


class Cells(NamedTuple):
    """What was said of each label of each sample: shape (n_samples, n_labels).

    Attributes:
        p: the probability of the label.
        yes: whether somebody says yes.
        no: whether somebody says no.
    """

    p: Floats
    yes: Bools
    no: Bools


def fit_noisy_or(answers: Answers, gold: npt.NDArray[np.int8], n_voters: int) -> NoisyOr:
    """Return the estimates from votes and gold labels.

    A precision is (right + 5 x 0.6) / (votes on gold samples + 5). Where nothing was said of a
    label, as many samples are taken to have it as the votes find, until gold samples tell.

    Args:
        answers: with codes of voters and labels by sorted names.
        gold: 1 where a sample has the label, 0 where not, -1 without gold: (n_samples, n_labels).
        n_voters: the number of voters.
    """
    n, k = gold.shape
    shape = (n_voters, k)
    pair = answers.voter * k + answers.label
    truth = gold[answers.sample, answers.label]

    def tally(rows: Bools) -> Floats:
        return np.bincount(pair[rows], minlength=n_voters * k).reshape(shape).astype(np.float64)

    right, wrong = tally(answers.says & (truth == 1)), tally(answers.says & (truth == 0))
    precision = (right + PSEUDO_VOTES * PRECISION) / (right + wrong + PSEUDO_VOTES)
    n_with, n_without = (gold == 1).sum(axis=0), (gold == 0).sum(axis=0)
    no_with, no_without = tally(~answers.says & (truth == 1)), tally(~answers.says & (truth == 0))
    of_with = (no_with + PSEUDO_VOTES * (1 - PRECISION)) / (n_with + PSEUDO_VOTES)
    of_without = (no_without + PSEUDO_VOTES * PRECISION) / (n_without + PSEUDO_VOTES)
    no_ratio = np.minimum(of_with / of_without, 1.0)
    cells = cells_of(answers, NoisyOr(precision, no_ratio, np.zeros(k)), n)
    return NoisyOr(precision, no_ratio, _missed(cells, gold))


def cells_of(answers: Answers, noisy_or: NoisyOr, n_samples: int) -> Cells:
    """Return the probability of each label of each sample.

    It is 1 - prod(1 - precision) over the voters who say yes, or what is known of cells of which
    nothing was said; each no multiplies its odds.

    Args:
        answers: with codes of voters and labels by sorted names.
        noisy_or: the estimates.
        n_samples: the number of samples.
    """
    k = len(noisy_or.missed)
    # In one order, so that the sums do not depend on the order of voters.
    answers = answers.take(np.lexsort((answers.voter, answers.label, answers.sample)))
    cell = answers.sample * k + answers.label

    def summed(rows: Bools, logs: Floats) -> Floats:
        values = logs[answers.voter[rows], answers.label[rows]]
        sums = np.bincount(cell[rows], values, minlength=n_samples * k).astype(np.float64)
        return sums.reshape(n_samples, k)

    yes = np.zeros((n_samples, k), dtype=bool)
    no = np.zeros((n_samples, k), dtype=bool)
    yes.reshape(-1)[cell[answers.says]] = True
    no.reshape(-1)[cell[~answers.says]] = True
    p = -np.expm1(summed(answers.says, np.log1p(-noisy_or.precision)))
    p = np.where(yes, p, noisy_or.missed)
    if no.any():
        ratio = np.exp(summed(~answers.says, np.log(noisy_or.no_ratio)))
        p = p * ratio / (1 - p + p * ratio)
    return Cells(np.clip(p, 0.0, 1.0), yes, no)


def outvoted(cells: Cells) -> Bools:
    """Return which yes the noes outvote: shape (n_samples, n_labels).

    A yes and a no that count the same leave the yes.
    """
    result: Bools = cells.yes & cells.no & (cells.p < 0.5 - TIE)
    return result


def _missed(cells: Cells, gold: npt.NDArray[np.int8]) -> Floats:
    """Return the share of samples with the label among those of which nothing was said of it."""
    silent = ~(cells.yes | cells.no)
    found = np.sort(np.where(cells.yes, cells.p, 0.0), axis=0).sum(axis=0)
    guess = np.minimum(found / np.maximum(silent.sum(axis=0), 1), MOST_MISSED)
    known = silent & (gold != ABSTAIN)
    n_with = (known & (gold == 1)).sum(axis=0)
    missed: Floats = (n_with + PSEUDO_VOTES * guess) / (known.sum(axis=0) + PSEUDO_VOTES)
    return missed
