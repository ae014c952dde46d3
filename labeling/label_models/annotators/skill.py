"""Skill of each annotator with a credible interval, and verdicts on spammers and adversaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.special import softmax
from scipy.stats import chi2

from labeling.label_models.patterns import Floats, Patterns

Indices = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

NUMBERS_AT_A_TIME = 1 << 18  # that are computed for each vote and label
CERTAINTY = 0.95  # that a spammer has low competence; two more tests must agree
LIKENESS = 0.02  # intraclass correlation of the errors in a person's votes, see `_intervals`
PRIOR_VOTES = 2.0  # the number of votes that the pooled skill counts as
CELLS = 40  # near the estimate, as many where shared errors may take it, and in all from 0 to 1
REACH = 6.0  # how near: in standard errors of a skill on samples whose truth is known
COMPETENCE = np.arange(-20, 21) / 20
# Nine of ten try, and are anything from poor to perfect; one of twenty has no competence at all.
PRIOR_ON_COMPETENCE = np.select([COMPETENCE > 0, COMPETENCE < 0], [0.9 / 20, 0.05 / 20], 0.05)
POPULATION_VOTES = 10.0  # the number of annotators that prior counts as
SLIP_RATE = 0.02  # nobody is perfectly right or wrong: the share of votes by the marginal alone
ABLE = 0.2  # the usual competence is the median of those who have at least this much
LOW_COMPETENCE = 0.7  # of the usual competence: a spammer has less
INVERTED = -0.12  # votes of a competence below this, more likely than not, are informative inverted


class ObservedVotes(NamedTuple):
    """Cast votes, each with the label of its sample according to the others.

    Attributes:
        voter: index into the sorted names: shape (n_observed,).
        vote: the label, index into the sorted names: shape (n_observed,).
        weight: the number of samples it represents: shape (n_observed,).
        truth: the probability of each label without this vote: shape (n_observed, n_labels).
        is_gold: whether the truth is a gold label: shape (n_observed,).
    """

    voter: Indices
    vote: Indices
    weight: Floats
    truth: Floats
    is_gold: Bools

    def expectation(self, tables: Floats) -> Floats:
        """Return sum_y truth[y] * table of the voter[y, vote] of each vote: shape (n_observed,).

        Args:
            tables: shape (n_voters, n_labels true, n_labels voted).
        """
        by_vote = np.ascontiguousarray(tables.transpose(0, 2, 1))
        sums = np.empty(len(self.vote))
        for some in self._parts():
            rows = by_vote[self.voter[some], self.vote[some]]
            np.einsum("iy,iy->i", self.truth[some], rows, out=sums[some])
        return sums

    def truth_by_voter(self, tables: Floats) -> Floats:
        """Return the expected samples of each true label of each voter: shape (n_voters, n_labels).

        Args:
            tables: P(vote | label), shape (n_voters, n_labels true, n_labels voted).
        """
        by_vote = np.ascontiguousarray(tables.transpose(0, 2, 1))
        totals: Floats = np.zeros(tables.shape[:2])
        for some in self._parts():
            joint = self.truth[some] * by_vote[self.voter[some], self.vote[some]]
            joint /= np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
            place = (self.voter[some], np.arange(len(joint)))
            weights = sparse.csr_matrix((self.weight[some], place), shape=(len(totals), len(joint)))
            totals += weights @ joint
        return totals

    def _parts(self) -> Iterator[slice]:
        """Return parts of the votes whose rows of labels fit the processor's cache."""
        step = max(1, NUMBERS_AT_A_TIME // max(self.truth.shape[1], 1))
        return (slice(start, start + step) for start in range(0, len(self.vote), step))

    def sum_by_voter(self, values: Floats, n_voters: int) -> Floats:
        """Return the sum of values over the votes of each voter: shape (n_voters,)."""
        totals: Floats = np.bincount(self.voter, values, n_voters).astype(np.float64)
        return totals


class VoterTotals(NamedTuple):
    """The votes of each voter, summed up.

    Attributes:
        n_votes: shape (n_voters,).
        vote_marginal: the share of each label among the votes: shape (n_voters, n_labels).
        label_exposure: the share of each true label among the samples: shape (n_voters, n_labels).
    """

    n_votes: Floats
    vote_marginal: Floats
    label_exposure: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Skills:
    """The estimates for the annotators, in the order of the sorted names.

    Attributes:
        n_votes: the number of votes of each.
        skill: the share of right votes, the mean of its posterior.
        interval: its central 95 %, errors that people share included: shape (n_voters, 2).
        chance: the share of right votes if they were independent of the truth.
        verdicts: "adversary", "spammer", "fine" or "unsure".
    """

    n_votes: Floats
    skill: Floats
    interval: Floats
    chance: Floats
    verdicts: tuple[str, ...]


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


def estimate_skills(patterns: Patterns, components: Sequence[Component]) -> Skills:
    """Return the skills and verdicts; differences of the components widen the intervals."""
    n_voters, n_labels = patterns.n_voters, patterns.n_labels
    confusion = sum(
        (component.weight * component.confusion for component in components), start=np.zeros(())
    )
    by_others = np.zeros((len(patterns.row), n_labels))
    for component in components:
        by_others += component.weight * component.by_others
    observed = _observed_votes(patterns, by_others)
    n_votes = observed.sum_by_voter(observed.weight, n_voters)
    votes = _votes_by_label(observed, (n_voters, n_labels))
    truth = observed.truth_by_voter(confusion)
    totals = VoterTotals(n_votes, _shrunk_shares(votes), _shrunk_shares(truth))
    skill, interval, plain = _intervals(patterns, components, totals)
    chance: Floats = (totals.vote_marginal * totals.label_exposure).sum(axis=1)
    is_blind = _is_independent_of_truth(observed, components, totals)
    is_spammer = is_blind & _has_low_competence(observed, totals)
    verdicts = _verdicts(is_spammer, plain, chance)
    return Skills(n_votes, skill, interval, chance, verdicts)


def _observed_votes(patterns: Patterns, by_others: Floats) -> ObservedVotes:
    """Return the cast votes; on samples with a gold label the truth is the gold label."""
    n_gold = patterns.gold.sum(axis=1)
    n_without_gold = (patterns.counts - n_gold)[patterns.row]
    if not n_gold.any():
        is_gold = np.zeros(len(by_others), dtype=bool)
        return ObservedVotes(patterns.voter, patterns.vote, n_without_gold, by_others, is_gold)
    free = np.flatnonzero(n_without_gold > 0)
    with_gold = np.flatnonzero(n_gold[patterns.row])
    gold = patterns.gold[patterns.row[with_gold]]
    number, label = np.nonzero(gold)
    cast = with_gold[number]
    return ObservedVotes(
        voter=np.concatenate([patterns.voter[free], patterns.voter[cast]]),
        vote=np.concatenate([patterns.vote[free], patterns.vote[cast]]),
        weight=np.concatenate([n_without_gold[free], gold[number, label]]),
        truth=np.concatenate([by_others[free], np.eye(patterns.n_labels)[label]]),
        is_gold=np.repeat([False, True], [len(free), len(cast)]),
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
    patterns: Patterns, components: Sequence[Component], totals: VoterTotals
) -> tuple[Floats, Floats, Floats]:
    """Return the mean, the central 95 % and the plain 95 % of the share of right votes of a voter.

    The plain interval takes errors as independent. On real samples people err together: where a
    sample is hard the others are wrong as well, and agreeing with them looks like skill. No vote
    shows that, so the interval adds the variance rho a (1 - a) of a share a whose votes have an
    intraclass correlation rho (the design effect of survey sampling, L. Kish, *Survey Sampling*,
    1965): votes on known truths count as 1 / rho = 50 at most. To that end the log-likelihood of
    the votes without gold is discounted; gold labels tell the truth, and votes on them count fully.
    """
    n_votes, exposure = totals.n_votes, totals.label_exposure
    estimates = [_skill_by(component, exposure) for component in components]
    edges = _grid_edges(estimates, n_votes)
    width, grid = np.diff(edges, axis=0), (edges[1:] + edges[:-1]) / 2
    pooled = ((estimates[-1] * n_votes).sum() + 1) / (n_votes.sum() + 2)
    inside = np.clip(grid, 1e-12, 1 - 1e-12)
    prior = PRIOR_VOTES * (pooled * np.log(inside) + (1 - pooled) * np.log(1 - inside))
    prior += np.log(np.maximum(width, 1e-300))
    posterior, plain = np.zeros_like(grid), np.zeros_like(grid)
    for component in components:
        free, gold = _log_likelihood(patterns, component, exposure, grid)
        discounted = _discount(softmax(free + prior, axis=0), grid) * free
        posterior += component.weight * softmax(discounted + gold + prior, axis=0)
        plain += component.weight * softmax(free + gold + prior, axis=0)
    return (posterior * grid).sum(axis=0), _central(posterior, edges), _central(plain, edges)


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
    patterns: Patterns, component: Component, exposure: Floats, grid: Floats
) -> tuple[Floats, Floats]:
    """Return the log-likelihood of each skill on the grid: twice shape (n_cells, n_voters).

    First that of the votes on samples without a gold label, then that of the others.

    The likelihood of a skill a is that of the votes with the truth as uncertain as the others leave
    it: P(v) = sum_y q(y) T_a[y, v]. T_a moves the voter's matrix towards all right (R = 0) or all
    wrong (r = 0), so that its mean diagonal is a:
    P(v) = q(v) + R (m - q(v)) above the estimate and e + r (m - e) below it, where m is P(v) by the
    matrix itself, e by its errors alone, R = (1 - a) / (1 - estimate) and r = a / estimate.
    """
    observed = _observed_votes(patterns, component.by_others)
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


def _is_independent_of_truth(
    observed: ObservedVotes, components: Sequence[Component], totals: VoterTotals
) -> Bools:
    """Return whose votes are compatible with independence of the truth: a likelihood-ratio test.

    The alternative is the confusion matrix of the better component.
    """
    n_voters, n_labels = totals.vote_marginal.shape
    by_marginal = np.log(totals.vote_marginal[observed.voter, observed.vote])
    gains = []
    for component in components:
        by_matrix = observed.expectation(component.confusion)
        gain = observed.weight * (np.log(by_matrix) - by_marginal)
        gains.append(observed.sum_by_voter(gain, n_voters))
    ratio = 2 * np.max(gains, axis=0)
    is_independent: Bools = ratio < chi2.ppf(0.99, (n_labels - 1) ** 2)
    return is_independent


def _verdicts(is_spammer: Bools, interval: Floats, chance: Floats) -> tuple[str, ...]:
    """Return a word for each voter, "unsure" where the tests below do not decide.

    The interval is the plain one: errors that people share make those who know something look
    better than they are, but nobody who clicks at random.

    *adversary*: the interval of the skill lies below chance. *spammer*: it contains the chance
    level, the votes are compatible with independence of the truth, and the competence is far below
    the usual one. *fine*: it lies above chance, and the two other tests do not contradict; they may
    where there are many labels, because an interval is then slightly too high.
    """
    verdicts = np.full(len(chance), "unsure", dtype="<U9")
    is_above = interval[:, 0] > chance
    verdicts[is_above & ~is_spammer] = "fine"
    verdicts[interval[:, 1] < chance] = "adversary"
    verdicts[(verdicts == "unsure") & is_spammer & ~is_above] = "spammer"
    return tuple(verdicts.tolist())


def _has_low_competence(observed: ObservedVotes, totals: VoterTotals) -> Bools:
    """Return who certainly has far less than the usual competence, and no clearly negative one.

    Competence c: P(v | y) = u(v) + c ([v = y] - s(v)), where u is the vote marginal and s the label
    exposure: the truth with probability c, else a guess, u unchanged whatever c is (below 0: rather
    the opposite). The distribution of c is learned from all voters.
    """
    n_votes = totals.n_votes
    likelihood = _competence_likelihood(observed, totals)
    scaled = np.exp(likelihood - likelihood.max(axis=0))
    share, is_active = PRIOR_ON_COMPETENCE, n_votes > 0
    for _ in range(30):
        n_people = share * (scaled @ (is_active / (share @ scaled)))
        share = n_people + POPULATION_VOTES * PRIOR_ON_COMPETENCE
        share = share / share.sum()
    posterior = scaled * share[:, None] / (share @ scaled)
    able = np.where(COMPETENCE >= ABLE, share, 0).cumsum()
    usual = COMPETENCE[np.searchsorted(able, able[-1] / 2)]
    is_low = posterior[LOW_COMPETENCE * usual > COMPETENCE].sum(axis=0) >= CERTAINTY
    is_inverted = posterior[COMPETENCE < INVERTED].sum(axis=0) >= 0.5
    low: Bools = is_low & ~is_inverted
    return low


def _competence_likelihood(observed: ObservedVotes, totals: VoterTotals) -> Floats:
    """Return the log-likelihood of each competence of each voter: shape (n_cells, n_voters).

    Where u is incompatible with a competence, P(v | y) is clipped, and each row of it normalised.
    Such a row has one kind of term where v = y and another for each other v, so that
    P(v) = sum_y q(y) P(v | y) needs no table of all v and y.
    """
    n_voters = len(totals.n_votes)
    if_right = observed.truth[np.arange(len(observed.vote)), observed.vote]
    by_voter = np.argsort(observed.voter, kind="stable")
    ends = np.cumsum(np.bincount(observed.voter, minlength=n_voters)).tolist()
    likelihood = np.zeros((len(COMPETENCE), n_voters))
    for voter, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        rows = by_voter[start:end]
        vote = observed.vote[rows]
        marginal = totals.vote_marginal[voter][:, None]
        guessed = COMPETENCE * totals.label_exposure[voter][:, None]
        wrong = np.maximum(marginal - guessed, SLIP_RATE * marginal)
        right = np.maximum(marginal - guessed + COMPETENCE, SLIP_RATE * marginal)
        more = right - wrong
        total = wrong.sum(axis=0) + more
        probability = observed.truth[rows] @ (1 / total)
        probability *= wrong[vote]
        probability += if_right[rows][:, None] * (more / total)[vote]
        likelihood[:, voter] = observed.weight[rows] @ np.log(probability)
    return likelihood
