"""Verdicts on annotators that may be read after every round: e-values of guessing and inverting."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from scipy.stats import beta

from labeling.label_models.annotators.observed_votes import ObservedVotes
from labeling.label_models.patterns import Floats

ALPHA = 0.05  # the chance that an honest annotator is ever called a spammer, over all looks
COMPETENCE = np.arange(-20, 21) / 20
IS_HONEST, IS_INVERTED = COMPETENCE > 0, COMPETENCE < 0
GUESSING = int(np.flatnonzero(COMPETENCE == 0)[0])
# The competence of the honest is Beta(m s, (1 - m) s) with unknown m and s, a priori even over m
# and over the logarithm of s. Its density has no pole at 0 (m s >= 1): that would be guessing. Yet
# it need not vanish there, as in crowds where many honest people are hardly competent.
MEANS = np.arange(2, 10) / 10
STRENGTHS = (3.0, 6.0, 12.0, 25.0, 50.0)
LEAST_FIRST = 1.0  # m s at least
ODD = 0.02  # the share of the honest who are unlike all others, at least
KINDS = np.array([0.9, 0.05, 0.05])  # honest, guessing, inverting: their prior shares
PRIOR_PEOPLE = 10.0  # the number of annotators that these count as
SHARE_STEPS = 20  # of EM
HARDLY = 0.5  # as likely under inverting as under guessing, or less: of a spammer
SLIP_RATE = 0.02  # nobody is perfectly right or wrong: the share of votes by the marginal alone
TINY = 1e-300  # a likelihood is at least this share of the highest one


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


class Evidence(NamedTuple):
    """Likelihood ratios of each voter, shape (n_voters,) each.

    Attributes:
        guessing: of votes that are independent of the truth against honest ones.
        inverting: of votes that are wrong more often than by chance, against guessing or honest
            ones, whichever explains the votes better.
    """

    guessing: Floats
    inverting: Floats

    def verdicts(self) -> tuple[str, ...]:
        """Return a word for each voter, "unsure" where no ratio has reached 1 / `ALPHA`."""
        words = np.full(len(self.guessing), "unsure", dtype="<U9")
        is_hardly_inverted = self.inverting < HARDLY
        words[(self.guessing >= 1 / ALPHA) & is_hardly_inverted] = "spammer"
        words[self.guessing <= ALPHA] = "fine"
        words[self.inverting >= 1 / ALPHA] = "adversary"
        return tuple(words.tolist())


def weigh_evidence(observed: ObservedVotes, totals: VoterTotals) -> Evidence:
    """Return how far the votes of each voter speak for guessing, and for inverting.

    Competence c: P(v | y) = u(v) + c ([v = y] - s(v)), where u is the vote marginal and s the label
    exposure: the truth with probability c, else a guess, u unchanged whatever c is (below 0: rather
    the opposite). A guesser has c = 0, who is honest c > 0, distributed as among the other
    annotators. The likelihood of guessing over the mean likelihood of the honest is an e-value:
    while an honest annotator votes on, it is a nonnegative martingale that starts at 1, so the
    chance that it ever reaches 1 / a is at most a, whenever and however often one looks (J. Ville,
    1939; Ramdas et al., *Game-Theoretic Statistics and Safe Anytime-Valid Inference*, 2023). Its
    reciprocal is the same for a guesser who might be called honest. It is a function of all votes,
    in any order. What is estimated beside it, the truth by the others' votes, u, and the
    distribution of c, is taken as known; so the bound is checked on real people as well.
    """
    likelihood = _competence_likelihood(observed, totals)
    scaled = np.exp(likelihood - likelihood.max(axis=0))
    guess, inverted = scaled[GUESSING], scaled[IS_INVERTED].mean(axis=0)
    honest = _likelihood_of_honest(scaled, guess, inverted, totals.n_votes > 0)
    return Evidence(_ratio(guess, honest), _ratio(inverted, np.maximum(guess, honest)))


def _ratio(one: Floats, other: Floats) -> Floats:
    logs = np.log(np.maximum([one, other], TINY))
    ratio: Floats = np.exp(logs[0] - logs[1])
    return ratio


def _likelihood_of_honest(
    scaled: Floats, guess: Floats, inverted: Floats, is_active: npt.NDArray[np.bool_]
) -> Floats:
    """Return the mean likelihood of each voter's votes if it is honest as others are: (n_voters,).

    Each candidate distribution of honest competences is weighted by how well it explains the votes
    of all others, honest, guessing or inverting in shares that EM learns. After n people the next
    one is unlike all of them with probability 1 / (n + 1) (the rule of succession; P. S. Laplace,
    *Essai philosophique sur les probabilites*, 1814): then any competence above 0 is as likely as
    another. So where few are known, weak people need more evidence against them. What the prior
    knows of people counts as `PRIOR_PEOPLE`; however many are known, `ODD` of them are odd.

    Args:
        scaled: the likelihood of each competence: shape (n_cells, n_voters).
        guess: that of guessing: shape (n_voters,).
        inverted: the mean of those below 0: shape (n_voters,).
        is_active: who has voted: shape (n_voters,).
    """
    of_honest = scaled[IS_HONEST]
    n_people = max(np.count_nonzero(is_active), 1)  # the others and this one
    odd = max(1 / (n_people + PRIOR_PEOPLE), ODD)
    honest = (1 - odd) * (_candidates() @ of_honest) + odd * of_honest.mean(axis=0)
    kinds = np.stack([honest, *(np.broadcast_to(one, honest.shape) for one in (guess, inverted))])
    shares = np.repeat(KINDS[:, None], len(honest), axis=1)
    for _ in range(SHARE_STEPS):
        parts = shares[:, :, None] * kinds
        parts *= is_active / np.maximum(parts.sum(axis=0), TINY)
        shares = parts.sum(axis=2) + PRIOR_PEOPLE * KINDS[:, None]
        shares /= shares.sum(axis=0)
    mixture = (shares[:, :, None] * kinds).sum(axis=0)
    log_fit = np.log(np.maximum(mixture, TINY)) * is_active
    weight_by_others = softmax(log_fit.sum(axis=1, keepdims=True) - log_fit, axis=0)
    mean: Floats = (weight_by_others * honest).sum(axis=0)
    return mean


@functools.cache
def _candidates() -> Floats:
    """Return distributions over the competences above 0: shape (n_candidates, n_honest)."""
    cells = COMPETENCE[IS_HONEST]
    edges = np.concatenate([[0.0], (cells[1:] + cells[:-1]) / 2, [1.0]])
    pairs = [(m * s, (1 - m) * s) for m in MEANS.tolist() for s in STRENGTHS]
    found = [np.diff(beta.cdf(edges, a, b)) for a, b in pairs if a >= LEAST_FIRST]
    return np.array([share / share.sum() for share in found])


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
