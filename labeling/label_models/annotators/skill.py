"""Skill of each annotator with a credible interval, and on how many gold labels it was right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from labeling.label_models.annotators.observed_votes import ObservedVotes, observe
from labeling.label_models.annotators.reference import Signals
from labeling.label_models.annotators.verdicts import Evidence, VoterTotals, weigh_evidence
from labeling.label_models.patterns import Floats, Patterns

LIKENESS = 0.02  # intraclass correlation of the errors in a person's votes, see `_intervals`
PRIOR_VOTES = 2.0  # the number of votes that the pooled skill counts as
CELLS = 40  # near the estimate, as many where shared errors may take it, and in all from 0 to 1
REACH = 6.0  # how near: in standard errors of a skill on samples whose truth is known


@dataclass(frozen=True, slots=True, eq=False)
class Skills:
    """The estimates for the annotators, in the order of the sorted names.

    Attributes:
        n_votes: the number of votes of each.
        skill: the share of right votes, the mean of its posterior.
        interval: its central 95 %, errors that people share included: shape (n_voters, 2).
        chance: the share of right votes if they were independent of the truth.
        evidence: the likelihood ratios that the verdicts follow from.
        on_gold: the number of right votes on gold labels, and of all: shape (n_voters, 2).
    """

    n_votes: Floats
    skill: Floats
    interval: Floats
    chance: Floats
    evidence: Evidence
    on_gold: Floats


class Component(NamedTuple):
    """A model in the mixture.

    Attributes:
        weight: those of all components sum to 1.
        confusion: its matrices, shape (n_voters, n_labels true, n_labels voted).
        by_others: for each cast vote the probabilities according to all other votes of its sample,
            shape (n_cast, n_labels): no vote confirms itself.
    """

    weight: float
    confusion: Floats
    by_others: Floats


def estimate_skills(
    patterns: Patterns, components: Sequence[Component], signals: Signals
) -> Skills:
    """Return the skills and the evidence; differences of the components widen the intervals."""
    n_voters, n_labels = patterns.n_voters, patterns.n_labels
    confusion = sum(
        (component.weight * component.confusion for component in components), start=np.zeros(())
    )
    by_others = np.zeros((len(patterns.row), n_labels))
    for component in components:
        by_others += component.weight * component.by_others
    observed = observe(patterns, by_others, signals)
    n_votes = observed.sum_by_voter(observed.weight, n_voters)
    votes = _votes_by_label(observed, (n_voters, n_labels))
    truth = observed.truth_by_voter(confusion)
    totals = VoterTotals(n_votes, _shrunk_shares(votes), _shrunk_shares(truth))
    judged = [observe(patterns, component.by_others, signals) for component in components]
    skill, interval = _intervals(components, judged, totals)
    chance: Floats = (totals.vote_marginal * totals.label_exposure).sum(axis=1)
    evidence = weigh_evidence(observed, totals)
    return Skills(n_votes, skill, interval, chance, evidence, _on_gold(observed, n_voters))


def _on_gold(observed: ObservedVotes, n_voters: int) -> Floats:
    """Return the number of right votes on gold labels of each voter, and of all: (n_voters, 2)."""
    if_right = observed.truth[np.arange(len(observed.vote)), observed.vote]
    weight = observed.weight * observed.is_gold
    return np.stack(
        [observed.sum_by_voter(n, n_voters) for n in (weight * if_right, weight)], axis=1
    )


def _votes_by_label(observed: ObservedVotes, shape: tuple[int, int]) -> Floats:
    """Return the number of votes by voter and label voted for."""
    cell = observed.voter * shape[1] + observed.vote
    votes = np.bincount(cell, observed.weight, shape[0] * shape[1]).astype(np.float64)
    return votes.reshape(shape)


def _shrunk_shares(counts: Floats) -> Floats:
    """Return the shares of each row, shrunk by one vote to the pooled shares."""
    pooled = counts.sum(axis=0) + 1e-9
    mixed = counts + pooled / pooled.sum()
    shares: Floats = mixed / mixed.sum(axis=1, keepdims=True)
    return shares


def _intervals(
    components: Sequence[Component], judged: Sequence[ObservedVotes], totals: VoterTotals
) -> tuple[Floats, Floats]:
    """Return the mean and the central 95 % of the share of right votes of each voter.

    On real samples people err together: where a sample is hard the others are wrong as well, and
    agreeing with them looks like skill. No vote shows that, so the interval adds the variance
    rho a (1 - a) of a share a whose votes have an intraclass correlation rho (the design effect of
    survey sampling, L. Kish, *Survey Sampling*, 1965): votes on known truths count as 1 / rho = 50
    at most. To that end the log-likelihood of the votes without gold is discounted; gold labels
    tell the truth, and votes on them count fully.
    """
    n_votes, exposure = totals.n_votes, totals.label_exposure
    estimates = [_skill_by(component, exposure) for component in components]
    edges = _grid_edges(estimates, n_votes)
    width, grid = np.diff(edges, axis=0), (edges[1:] + edges[:-1]) / 2
    pooled = ((estimates[-1] * n_votes).sum() + 1) / (n_votes.sum() + 2)
    inside = np.clip(grid, 1e-12, 1 - 1e-12)
    prior = PRIOR_VOTES * (pooled * np.log(inside) + (1 - pooled) * np.log(1 - inside))
    prior += np.log(np.maximum(width, 1e-300))
    posterior = np.zeros_like(grid)
    for component, observed in zip(components, judged, strict=True):
        free, gold = _log_likelihood(observed, component, exposure, grid)
        discounted = _discount(softmax(free + prior, axis=0), grid) * free
        posterior += component.weight * softmax(discounted + gold + prior, axis=0)
    return (posterior * grid).sum(axis=0), _central(posterior, edges)


def _discount(posterior: Floats, grid: Floats) -> Floats:
    """Return what log-likelihoods are multiplied by to add the variance of shared errors."""
    mean = (posterior * grid).sum(axis=0)
    variance = (posterior * (grid - mean) ** 2).sum(axis=0)
    discount: Floats = variance / (variance + LIKENESS * mean * (1 - mean) + 1e-12)
    return discount


def _central(posterior: Floats, edges: Floats) -> Floats:
    """Return the central 95 % of the posterior of each voter on a grid: shape (n_voters, 2)."""
    n_voters = posterior.shape[1]
    cumulative = np.concatenate([np.zeros((1, n_voters)), posterior.cumsum(axis=0)])
    ends = [
        np.interp((0.025, 0.975), cumulative[:, voter], edges[:, voter])
        for voter in range(n_voters)
    ]
    return np.array(ends).reshape(-1, 2)


def _grid_edges(estimates: Sequence[Floats], n_votes: Floats) -> Floats:
    """Return edges of cells from 0 to 1 for each voter, dense where the skill is likely to be."""
    cells = [np.repeat(np.linspace(0, 1, CELLS + 1)[:, None], len(n_votes), axis=1)]
    for n in (n_votes, np.minimum(n_votes, 1 / LIKENESS)):
        upper = [
            skill + REACH * np.sqrt((skill * (1 - skill) + 0.25 / (n + 1)) / (n + 1))
            for skill in estimates
        ]
        low = np.clip(2 * np.min(estimates, axis=0) - np.max(upper, axis=0), 0, 1)
        high = np.clip(np.max(upper, axis=0), 0, 1)
        cells.append(low + (high - low) * np.linspace(0, 1, CELLS + 1)[:, None])
    edges: Floats = np.sort(np.concatenate(cells), axis=0)
    return edges


def _skill_by(component: Component, exposure: Floats) -> Floats:
    """Return the share of right votes of each voter by its confusion matrix."""
    right = np.clip(np.diagonal(component.confusion, axis1=1, axis2=2), 1e-6, 1 - 1e-6)
    skill: Floats = (exposure * right).sum(axis=1)
    return skill


def _log_likelihood(
    observed: ObservedVotes, component: Component, exposure: Floats, grid: Floats
) -> tuple[Floats, Floats]:
    """Return the log-likelihood of each skill on the grid: twice shape (n_cells, n_voters).

    First that of the votes on samples without a gold label, then that of the others.

    The likelihood of a skill a is that of the votes with the truth as uncertain as the others leave
    it: P(v) = sum_y q(y) T_a[y, v]. T_a moves the voter's matrix towards all right (R = 0) or all
    wrong (r = 0), so that its mean diagonal is a:
    P(v) = q(v) + R (m - q(v)) above the estimate and e + r (m - e) below it, where m is P(v) by the
    matrix itself, e by its errors alone, R = (1 - a) / (1 - estimate) and r = a / estimate.
    """
    estimate = _skill_by(component, exposure)
    right = np.clip(np.diagonal(component.confusion, axis1=1, axis2=2), 1e-6, 1 - 1e-6)
    cast = np.arange(len(observed.vote))
    if_right = observed.truth[cast, observed.vote]
    own = if_right * component.confusion[observed.voter, observed.vote, observed.vote]
    own /= 1 - right[observed.voter, observed.vote]
    by_matrix = observed.expectation(component.confusion)
    by_error = observed.expectation(component.confusion / (1 - right)[:, :, None]) - own
    parts = (~observed.is_gold, observed.is_gold)
    has_part = [bool(is_part.any()) for is_part in parts]
    free_and_gold = np.zeros((2, *grid.shape))
    for cell, skill in enumerate(grid):
        up = ((1 - skill) / (1 - estimate))[observed.voter]
        down = (skill / estimate)[observed.voter]
        probability = np.where(
            up < 1,
            if_right + up * (by_matrix - if_right),
            by_error + down * (by_matrix - by_error),
        )
        log = np.log(np.maximum(probability, 1e-12)) * observed.weight
        for part, is_part in enumerate(parts):
            if has_part[part]:
                free_and_gold[part, cell] = observed.sum_by_voter(log * is_part, len(estimate))
    return free_and_gold[0], free_and_gold[1]
