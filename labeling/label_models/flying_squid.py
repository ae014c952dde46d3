"""FlyingSquid: accuracies in closed form, from the agreement of any three voters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import log_expit, logit, softmax

from labeling.label_models.base import VoteModel
from labeling.label_models.patterns import Floats, Patterns
from labeling.label_models.settings import (
    balance_told,
    check_setting,
    even_shares,
    gold_not_used,
    votes_cast,
    what_votes_cannot_say,
)

Flags = npt.NDArray[np.bool_]


class FlyingSquid(VoteModel):
    """Triplets: three voters, independent given the label, reveal each other's accuracy.

    For one label against the rest, let λ_j be +1 for a vote for it, -1 for any other vote and 0 for
    an abstention, and y be ±1. With a_j = E[λ_j y], independence gives E[λ_i λ_j] = a_i a_j, hence

        |a_i| = sqrt(|E[λ_i λ_j] E[λ_i λ_k] / E[λ_j λ_k]|)    for any two others j and k,

    and voter i, who votes with probability c_i, is right with probability (1 + a_i / c_i) / 2. The
    median over all pairs is taken. Triplets are *refused*, and counted in `report_`, where one of
    the three moments is within `least` standard errors of zero, or where the ratio is out of range
    (|a_i| > c_i: more accurate than always right). A voter without a sound triplet is taken to be
    as accurate as the median of those that have one.

    Signs: voters are better than chance, unless a voter that uses both sides disagrees with the
    others of that kind more than it agrees; most of these are taken to be better than chance. (A
    labeling function that only ever votes for one label shows no sign.)

    With more labels than two the posteriors of one-against-the-rest are scaled to sum to one.

    Args:
        least: standard errors that a moment must be away from zero, 0 or more.
        prior_accuracy: the accuracy of all where no triplet is sound, above 0.5, below 1.

    Attributes:
        accuracy_: P(voter is right | it votes) for each label against the rest, shape (n_labels,
            n_voters), by place in labels_ and voters_.
        sound_: which of them have a sound triplet; same shape.
        class_balance_: the labels' shares that were given, or equal ones.

    Source: D. Fu, M. Chen, F. Sala, S. Hooper, K. Fatahalian, C. Ré, "Fast and three-rious: speeding
    up weak supervision with triplet methods", ICML 2020.

    >>> from labeling.records import LabelSchema, Votes
    >>> votes = Votes.from_array(
    ...     [[0, 0, 0], [1, 1, 1], [1, 1, 1], [1, 0, 0], [0, 1, 0], [1, 1, 0]] * 9,
    ...     schema=LabelSchema(["a", "b"]),
    ... )
    >>> FlyingSquid().fit(votes).accuracy_[1].round(2).tolist()  # each two agree 2 in 3 times
    [0.79, 0.79, 0.79]
    """

    accuracy_: Floats
    sound_: Flags
    class_balance_: Floats

    def __init__(self, *, least: float = 1.0, prior_accuracy: float = 0.7) -> None:
        self.least = least
        self.prior_accuracy = prior_accuracy

    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        check_setting(self, "least", at_least=0)
        check_setting(self, "prior_accuracy", above=0.5, below=1)
        self.class_balance_ = even_shares(patterns, class_shares)
        speaking = np.flatnonzero(votes_cast(patterns) > 0)
        shape = (patterns.n_labels, patterns.n_voters)
        self.accuracy_ = np.full(shape, self.prior_accuracy)
        self.sound_ = np.zeros(shape, dtype=bool)
        # Of two labels, one is the other's rest.
        n_sides = 1 if patterns.n_labels == 2 else patterns.n_labels
        refused = triplets = 0
        for label in range(n_sides):
            sides = one_against_rest(patterns, label)[:, speaking]
            found = Triplets(sides, patterns.counts, self.least)
            self.accuracy_[label, speaking] = found.accuracies(self.prior_accuracy)
            self.sound_[label, speaking] = found.sound
            refused, triplets = refused + found.n_refused, triplets + found.n_triplets
        self.accuracy_[n_sides:], self.sound_[n_sides:] = self.accuracy_[0], self.sound_[0]
        sound, accuracy = self.sound_[:n_sides, speaking], self.accuracy_[:n_sides, speaking]
        self.report_ = (
            f"{refused} of {triplets} triplets refused: a moment within {self.least:g} standard"
            " errors of zero, or a ratio out of range.",
            f"{(~sound).sum()} of {sound.size} accuracies have no sound triplet and are the median of"
            " the others"
            + ("." if sound.any() else f" (there is none: {self.prior_accuracy:.0%})."),
            f"{(accuracy < 0.5).sum()} accuracies are worse than chance.",
            balance_told(class_shares),
            *gold_not_used(patterns),
            *what_votes_cannot_say(patterns),
        )

    def _posterior(self, patterns: Patterns) -> Floats:
        weight, prior = logit(self.accuracy_), logit(self.class_balance_)
        scores = np.empty((len(patterns.counts), patterns.n_labels))
        for label in range(patterns.n_labels):
            side = np.where(patterns.vote == label, 1.0, -1.0)
            votes = side * weight[label, patterns.voter]
            sums = np.bincount(patterns.row, weights=votes, minlength=len(scores))
            scores[:, label] = log_expit(sums + prior[label])
        posterior: Floats = softmax(scores, axis=1)
        return posterior


def one_against_rest(patterns: Patterns, label: int) -> Floats:
    """Return λ: +1 for a vote for the label, -1 for another, 0 for none: (n_patterns, n_voters)."""
    sides = np.zeros((len(patterns.counts), patterns.n_voters))
    sides[patterns.row, patterns.voter] = np.where(patterns.vote == label, 1.0, -1.0)
    return sides


class Triplets:
    """The triplets of voters of one label against the rest.

    Args:
        sides: λ, shape (n_patterns, n_voters); each voter votes at least once.
        counts: how many samples show each pattern.
        least: standard errors that a moment must be away from zero.

    Attributes:
        sound: which voters have a sound triplet, shape (n_voters,).
        n_triplets: how many (voter, pair of others) there are in which all three overlap.
        n_refused: how many of them are not sound.

    >>> exact = Triplets(np.array([[1, 1, 1], [1, 1, -1.0]]), np.array([30.0, 10.0]), least=1)
    >>> exact.n_triplets, exact.n_refused, exact.sound.tolist()
    (3, 0, [True, True, True])
    """

    def __init__(self, sides: Floats, counts: Floats, least: float) -> None:
        weighted = sides * counts[:, None]
        self._agreement = sides.T @ weighted  # n E[λ_i λ_j], a whole number
        overlap = np.abs(sides).T @ np.abs(weighted)
        self._n_votes = overlap.diagonal().copy()
        self._total = float(counts.sum())
        np.fill_diagonal(overlap, 0)
        self._overlaps = overlap > 0
        self._usable = self._overlaps & (np.abs(self._agreement) > least * np.sqrt(overlap))
        self._both: Flags = np.logical_and((sides > 0).any(axis=0), (sides < 0).any(axis=0))
        self.n_triplets = self.n_refused = 0
        squares = np.array([self._median_square(one) for one in range(len(self._n_votes))])
        self.sound = np.isfinite(squares)
        self._sizes = np.sqrt(np.where(self.sound, squares, 0.0))

    def _median_square(self, one: int) -> float:
        """Return the median of (a_i / c_i)² over the sound pairs of others, NaN without any."""
        others = np.flatnonzero(self._overlaps[one])
        pairs = np.triu(self._overlaps[np.ix_(others, others)], 1)
        n_pairs = int(pairs.sum())
        usable = np.flatnonzero(self._usable[one])
        first, second = np.nonzero(np.triu(self._usable[np.ix_(usable, usable)], 1))
        with_one, among = self._agreement[one, usable], self._agreement[np.ix_(usable, usable)]
        ratios = np.abs(with_one[first] * with_one[second] / among[first, second])
        ratios *= self._total / self._n_votes[one] ** 2
        sound = ratios[ratios <= 1 + 1e-9]
        self.n_triplets += n_pairs
        self.n_refused += n_pairs - len(sound)
        return float(np.median(sound)) if len(sound) else np.nan

    def accuracies(self, otherwise: float) -> Floats:
        """Return P(right | votes) of each voter: shape (n_voters,).

        Args:
            otherwise: the accuracy of all where no triplet is sound.
        """
        usual = np.median(self._sizes[self.sound]) if self.sound.any() else 2 * otherwise - 1
        sizes = np.where(self.sound, self._sizes, usual)
        # n votes cannot show an accuracy above (n + 1) / (n + 2)
        sizes = np.minimum(sizes, self._n_votes / (self._n_votes + 2))
        accuracies: Floats = (1 + self._signs() * sizes) / 2
        return accuracies

    def _signs(self) -> Floats:
        """Return +1 for better than chance, -1 for worse."""
        signs: Floats = np.ones(len(self._both))
        known = np.flatnonzero(self._both)
        if len(known) < 3:
            return signs
        agree = np.where(self._usable, self._agreement, 0.0)[np.ix_(known, known)]
        own: Floats = np.ones(len(known))
        for _ in range(len(known)):
            turned = np.where(agree @ own < 0, -1.0, 1.0)
            if (turned == own).all():
                break
            own = turned
        signs[known] = own if own.sum() >= 0 else -own
        return signs
