"""How good each annotator is, how sure that is, and who gives no information or the wrong one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from scipy.stats import chi2

from labeling.label_models.patterns import Floats, Patterns

Places = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

SURE = 0.95
PRIOR_VOTES = 2.0  # what the pooled skill counts as: with no vote, "unsure" is all that can be said
CELLS = 60  # near the estimate, and half as many in all from 0 to 1
REACH = 6.0  # how near: in standard errors of somebody whose samples' truth is known
COMPETENCE = np.arange(-20, 21) / 20
# Nine of ten try, and are anything from poor to perfect; one of twenty has no competence at all.
PRIOR_ON_COMPETENCE = np.select([COMPETENCE > 0, COMPETENCE < 0], [0.9 / 20, 0.05 / 20], 0.05)
POPULATION_VOTES = 10.0  # how many annotators that prior counts as
SLIPS = 0.02  # nobody is perfectly right or wrong: the share of votes given by habit alone
ABLE = 0.2  # the usual competence is the median of those who have at least this much
FEEBLE = 0.6  # of the usual competence: less than that is what a spammer has
CONTRARY = -0.12  # whoever is more likely than not below this says something, turned round


class Seen(NamedTuple):
    """Cast votes, each with what the others say of its sample.

    Attributes:
        voter: who, by place in the sorted names: shape (n_seen,).
        vote: the label, by place in the sorted names: shape (n_seen,).
        weight: how many samples it stands for: shape (n_seen,).
        others: the probability of each label without this vote: shape (n_seen, n_labels).
    """

    voter: Places
    vote: Places
    weight: Floats
    others: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Skills:
    """What is known of the annotators, in the order of the sorted names.

    Attributes:
        n_votes: how many votes each cast.
        skill: the share of right votes, the mean of its posterior.
        interval: its central 95 %: shape (n_voters, 2).
        chance: the share that would be right if their votes had nothing to do with the truth.
        verdicts: "adversary", "spammer", "fine" or "unsure".
    """

    n_votes: Floats
    skill: Floats
    interval: Floats
    chance: Floats
    verdicts: tuple[str, ...]


class View(NamedTuple):
    """One account of the votes.

    Attributes:
        weight: how plausible it is; those of all views sum to 1.
        confusion: its matrices, shape (n_voters, n_labels true, n_labels voted).
        others: for each cast vote the probabilities according to all other votes of its sample,
            shape (n_cast, n_labels): nobody confirms himself.
    """

    weight: float
    confusion: Floats
    others: Floats


def skills_of(patterns: Patterns, views: Sequence[View]) -> Skills:
    """Return the skills and verdicts of all voters; where views differ, that widens intervals."""
    n_voters, n_labels = patterns.n_voters, patterns.n_labels
    mean = View(
        1.0,
        sum((one.weight * one.confusion for one in views), start=np.zeros(())),
        sum((one.weight * one.others for one in views), start=np.zeros(())),
    )
    seen = _seen(patterns, mean.others)
    n_votes = _by_voter(seen, seen.weight, n_voters)
    said = _table(seen.voter, seen.vote, seen.weight, (n_voters, n_labels))
    now = seen.others * mean.confusion[seen.voter, :, seen.vote]
    now /= np.maximum(now.sum(axis=1, keepdims=True), 1e-300)
    true = np.stack([_by_voter(seen, seen.weight * column, n_voters) for column in now.T], axis=1)
    habit, met = _shares(said), _shares(true)
    skill, interval = _intervals(patterns, views, met, n_votes)
    chance: Floats = (habit * met).sum(axis=1)
    verdicts = _verdicts(seen, views, habit, met, n_votes, interval, chance)
    return Skills(n_votes, skill, interval, chance, verdicts)


def _seen(patterns: Patterns, others: Floats) -> Seen:
    """Return the cast votes, those on samples with a gold label apart: there the truth is known."""
    known = patterns.gold[patterns.row]
    unknown = patterns.counts[patterns.row] - known.sum(axis=1)
    free = np.flatnonzero(unknown > 0)
    cast, label = np.nonzero(known)
    return Seen(
        np.concatenate([patterns.voter[free], patterns.voter[cast]]),
        np.concatenate([patterns.vote[free], patterns.vote[cast]]),
        np.concatenate([unknown[free], known[cast, label]]),
        np.concatenate([others[free], np.eye(patterns.n_labels)[label]]),
    )


def _by_voter(seen: Seen, values: Floats, n_voters: int) -> Floats:
    total: Floats = np.bincount(seen.voter, values, n_voters).astype(np.float64)
    return total


def _table(rows: Places, columns: Places, weights: Floats, shape: tuple[int, int]) -> Floats:
    cell = rows * shape[1] + columns
    found = np.bincount(cell, weights, shape[0] * shape[1]).astype(np.float64)
    return found.reshape(shape)


def _shares(counts: Floats) -> Floats:
    """Return each voter's shares, shrunk by one vote to those of all."""
    pooled = counts.sum(axis=0) + 1e-9
    mixed = counts + pooled / pooled.sum()
    shares: Floats = mixed / mixed.sum(axis=1, keepdims=True)
    return shares


def _intervals(
    patterns: Patterns, views: Sequence[View], met: Floats, n_votes: Floats
) -> tuple[Floats, Floats]:
    """Return the posterior mean and the central 95 % of each voter's share of right votes."""
    estimates = [_skill_by(view, met) for view in views]
    edges = _edges(estimates, n_votes)
    width, grid = np.diff(edges, axis=0), (edges[1:] + edges[:-1]) / 2
    pooled = ((estimates[-1] * n_votes).sum() + 1) / (n_votes.sum() + 2)
    inside = np.clip(grid, 1e-12, 1 - 1e-12)
    prior = PRIOR_VOTES * (pooled * np.log(inside) + (1 - pooled) * np.log(1 - inside))
    prior += np.log(np.maximum(width, 1e-300))
    posterior = np.zeros_like(grid)
    for view in views:
        posterior += view.weight * softmax(_fit_of(patterns, view, met, grid) + prior, axis=0)
    below = np.concatenate([np.zeros((1, len(n_votes))), posterior.cumsum(axis=0)])
    ends = [np.interp((0.025, 0.975), below[:, one], edges[:, one]) for one in range(len(n_votes))]
    return (posterior * grid).sum(axis=0), np.array(ends).reshape(-1, 2)


def _edges(estimates: Sequence[Floats], n_votes: Floats) -> Floats:
    """Return edges of cells from 0 to 1 for each voter, dense where the skill is likely to be."""
    spread = [
        REACH * np.sqrt((one * (1 - one) + 0.25 / (n_votes + 1)) / (n_votes + 1))
        for one in estimates
    ]
    near = [one + far for one, far in zip(estimates, spread, strict=True)]
    low = np.clip(2 * np.min(estimates, axis=0) - np.max(near, axis=0), 0, 1)
    high = np.clip(np.max(near, axis=0), 0, 1)
    dense = low + (high - low) * np.linspace(0, 1, CELLS + 1)[:, None]
    wide = np.repeat(np.linspace(0, 1, CELLS // 2 + 1)[:, None], len(n_votes), axis=1)
    edges: Floats = np.sort(np.concatenate([dense, wide]), axis=0)
    return edges


def _skill_by(view: View, met: Floats) -> Floats:
    right = np.clip(np.diagonal(view.confusion, axis1=1, axis2=2), 1e-6, 1 - 1e-6)
    skill: Floats = (met * right).sum(axis=1)
    return skill


def _fit_of(patterns: Patterns, view: View, met: Floats, grid: Floats) -> Floats:
    """Return the log-likelihood of each skill on the grid: shape (n_cells, n_voters).

    The likelihood of a skill a is that of the votes when the truth is as unsure as the others leave
    it: P(v) = sum_y q(y) T_a[y, v]. T_a moves the voter's matrix towards all right (R = 0) or all
    wrong (r = 0), so that its mean diagonal is a:
    P(v) = q(v) + R (m - q(v)) above the estimate and e + r (m - e) below it, where m is P(v) by the
    matrix itself, e by its errors alone, R = (1 - a) / (1 - estimate) and r = a / estimate.
    """
    seen, estimate = _seen(patterns, view.others), _skill_by(view, met)
    right = np.clip(np.diagonal(view.confusion, axis1=1, axis2=2), 1e-6, 1 - 1e-6)
    cast = np.arange(len(seen.vote))
    here = seen.others[cast, seen.vote]
    columns = seen.others * view.confusion[seen.voter, :, seen.vote]
    by_matrix = columns.sum(axis=1)
    errors = columns / (1 - right[seen.voter])
    by_error = errors.sum(axis=1) - errors[cast, seen.vote]
    fit = np.empty_like(grid)
    for place, skill in enumerate(grid):
        up = ((1 - skill) / (1 - estimate))[seen.voter]
        down = (skill / estimate)[seen.voter]
        chance = np.where(
            up < 1, here + up * (by_matrix - here), by_error + down * (by_matrix - by_error)
        )
        log = np.log(np.maximum(chance, 1e-12)) * seen.weight
        fit[place] = _by_voter(seen, log, len(estimate))
    return fit


def _verdicts(
    seen: Seen,
    views: Sequence[View],
    habit: Floats,
    met: Floats,
    n_votes: Floats,
    interval: Floats,
    chance: Floats,
) -> tuple[str, ...]:
    """Return a word for each voter; each needs to be 95 % sure, else it is "unsure".

    *adversary*: the interval of the skill lies below chance. *spammer*: it holds the chance level,
    the votes pass for independent of the truth (likelihood ratio against the matrix of the better
    view), and the competence is far below what is usual here. *fine*: it lies above chance, and
    the two other tests do not say the opposite; they may where there are many labels, because an
    interval then lies a little high.
    """
    by_habit = np.log(habit[seen.voter, seen.vote])
    gains = []
    for view in views:  # whoever is told from chance by one account of them is told from chance
        by_matrix = (seen.others * view.confusion[seen.voter, :, seen.vote]).sum(axis=1)
        gains.append(_by_voter(seen, seen.weight * (np.log(by_matrix) - by_habit), len(n_votes)))
    ratio = 2 * np.max(gains, axis=0)
    blind = ratio < chi2.ppf(0.99, (habit.shape[1] - 1) ** 2)
    feeble = _feeble(seen, habit, met, n_votes)
    words = np.full(len(n_votes), "unsure", dtype="<U9")
    idle, above = blind & feeble, interval[:, 0] > chance
    words[above & ~idle] = "fine"
    words[interval[:, 1] < chance] = "adversary"
    words[(words == "unsure") & idle & ~above] = "spammer"
    return tuple(words.tolist())


def _feeble(seen: Seen, habit: Floats, met: Floats, n_votes: Floats) -> Bools:
    """Return who surely has far less than the usual competence, and no clearly negative one.

    Competence c: P(v | y) = u(v) + c ([v = y] - s(v)), where u is how often the voter says v and s
    how often v is true: the truth with probability c, a guess otherwise, u kept whatever c is
    (below 0: rather the opposite). How common each c is among the voters is learned from all.
    """
    fit = np.empty((len(COMPETENCE), len(n_votes)))
    gain = np.eye(habit.shape[1]) - met[:, None, :]
    for place, competence in enumerate(COMPETENCE):
        # Where u leaves no room for so much competence, rows are cut and made to sum to 1 again.
        matrix = np.maximum(habit[:, None, :] + competence * gain, SLIPS * habit[:, None, :])
        matrix /= matrix.sum(axis=2, keepdims=True)
        chance = (seen.others * matrix[seen.voter, :, seen.vote]).sum(axis=1)
        fit[place] = _by_voter(seen, np.log(chance) * seen.weight, len(n_votes))
    share, heard = PRIOR_ON_COMPETENCE, n_votes > 0
    for _ in range(30):
        posterior = softmax(fit + np.log(share)[:, None], axis=0)
        share = posterior[:, heard].sum(axis=1) + POPULATION_VOTES * PRIOR_ON_COMPETENCE
        share = share / share.sum()
    able = np.where(COMPETENCE >= ABLE, share, 0).cumsum()
    usual = COMPETENCE[np.searchsorted(able, able[-1] / 2)]
    feeble = posterior[FEEBLE * usual > COMPETENCE].sum(axis=0) >= SURE
    contrary = posterior[COMPETENCE < CONTRARY].sum(axis=0) >= 0.5
    found: Bools = feeble & ~contrary
    return found
