"""FlyingSquid: accuracies in closed form, from the agreement of triplets of voters."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import log_expit, logit, softmax

from labeling.label_models.base import VoteModel
from labeling.label_models.patterns import (
    Floats,
    Patterns,
    balance_or_uniform,
    n_votes_by_voter,
)
from labeling.label_models.report_sentences import (
    balance_sentence,
    gold_unused_sentences,
    identifiability_sentences,
)
from labeling.label_models.settings import check_setting

Flags = npt.NDArray[np.bool_]


class FlyingSquid(VoteModel):
    """The triplet method: three voters, independent given the label, identify their accuracies.

    For one label against the rest, let λ_j be +1 for a vote for it, -1 for any other vote and 0 for
    an abstention, and y be ±1. With a_j = E[λ_j y], independence gives E[λ_i λ_j] = a_i a_j, hence

        |a_i| = sqrt(|E[λ_i λ_j] E[λ_i λ_k] / E[λ_j λ_k]|)    for any two others j and k,

    and voter i, who votes with probability c_i, is right with probability (1 + a_i / c_i) / 2. The
    median over all pairs is taken. Triplets are *refused*, and counted in `report_`, where one of
    the three moments is within `least` standard errors of zero, or where the ratio is out of range
    (|a_i| > c_i: an accuracy above 1). A voter without a sound triplet gets the median accuracy of
    those that have one.

    Signs: voters are assumed better than chance, except a voter that votes on both sides and
    disagrees with the other voters of that kind more than it agrees; the majority of these is
    assumed better than chance. (The sign of a labeling function that votes for a single label is
    not identifiable.)

    With more than two labels, the one-against-the-rest posteriors are scaled to sum to one.

    Args:
        least: the least distance of a moment from zero, in standard errors, 0 or more.
        prior_accuracy: the accuracy of all where no triplet is sound, above 0.5, below 1.

    Attributes:
        accuracy_: P(voter is right | it votes) for each label against the rest, shape (n_labels,
            n_voters), in the order of labels_ and voters_.
        sound_: which of them have a sound triplet; same shape.
        class_balance_: the class balance that was given, or a uniform one.

    Source: D. Fu, M. Chen, F. Sala, S. Hooper, K. Fatahalian, C. Ré, "Fast and three-rious:
    speeding up weak supervision with triplet methods", ICML 2020.

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

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        check_setting(self, "least", at_least=0)
        check_setting(self, "prior_accuracy", above=0.5, below=1)
        self.class_balance_ = balance_or_uniform(patterns, class_balance)
        active = np.flatnonzero(n_votes_by_voter(patterns) > 0)
        shape = (patterns.n_labels, patterns.n_voters)
        self.accuracy_ = np.full(shape, self.prior_accuracy)
        self.sound_ = np.zeros(shape, dtype=bool)
        # Of two labels, each is the rest of the other.
        n_splits = 1 if patterns.n_labels == 2 else patterns.n_labels
        n_refused = n_triplets = 0
        for label in range(n_splits):
            signs = one_against_rest(patterns, label)[:, active]
            triplets = Triplets(signs, patterns.counts, self.least)
            self.accuracy_[label, active] = triplets.accuracies(self.prior_accuracy)
            self.sound_[label, active] = triplets.sound
            n_refused += triplets.n_refused
            n_triplets += triplets.n_triplets
        self.accuracy_[n_splits:], self.sound_[n_splits:] = self.accuracy_[0], self.sound_[0]
        self.report_ = (
            f"{n_refused} of {n_triplets} triplets refused: a moment within {self.least:g} standard"
            " errors of zero, or a ratio out of range.",
            *self._accuracy_sentences(
                self.sound_[:n_splits, active], self.accuracy_[:n_splits, active]
            ),
            balance_sentence(class_balance),
            *gold_unused_sentences(patterns),
            *identifiability_sentences(patterns),
        )

    def _accuracy_sentences(self, sound: Flags, accuracy: Floats) -> tuple[str, str]:
        default = "" if sound.any() else f" (there is none: {self.prior_accuracy:.0%})"
        return (
            f"{(~sound).sum()} of {sound.size} accuracies have no sound triplet and are the median"
            f" of the others{default}.",
            f"{(accuracy < 0.5).sum()} accuracies are worse than chance.",
        )

    def _posterior(self, patterns: Patterns) -> Floats:
        weight, prior = logit(self.accuracy_), logit(self.class_balance_)
        scores = np.empty((len(patterns.counts), patterns.n_labels))
        for label in range(patterns.n_labels):
            signs = np.where(patterns.vote == label, 1.0, -1.0)
            votes = signs * weight[label, patterns.voter]
            sums = np.bincount(patterns.row, weights=votes, minlength=len(scores))
            scores[:, label] = log_expit(sums + prior[label])
        posterior: Floats = softmax(scores, axis=1)
        return posterior


def one_against_rest(patterns: Patterns, label: int) -> Floats:
    """Return λ: +1 for a vote for the label, -1 for another, 0 for none: (n_patterns, n_voters)."""
    signs = np.zeros((len(patterns.counts), patterns.n_voters))
    signs[patterns.row, patterns.voter] = np.where(patterns.vote == label, 1.0, -1.0)
    return signs


class Triplets:
    """The triplets of voters of one label against the rest.

    Args:
        signs: λ, shape (n_patterns, n_voters); each voter votes at least once.
        counts: the number of samples of each pattern.
        least: the least distance of a moment from zero, in standard errors.

    Attributes:
        sound: which voters have a sound triplet, shape (n_voters,).
        n_triplets: the number of (voter, pair of others) in which all three overlap.
        n_refused: the number of them that are not sound.

    >>> exact = Triplets(np.array([[1, 1, 1], [1, 1, -1.0]]), np.array([30.0, 10.0]), least=1)
    >>> exact.n_triplets, exact.n_refused, exact.sound.tolist()
    (3, 0, [True, True, True])
    """

    def __init__(self, signs: Floats, counts: Floats, least: float) -> None:
        weighted = signs * counts[:, None]
        self._agreement = signs.T @ weighted  # n E[λ_i λ_j], a whole number
        overlap = np.abs(signs).T @ np.abs(weighted)
        self._n_votes = overlap.diagonal().copy()
        self._total = float(counts.sum())
        np.fill_diagonal(overlap, 0)
        self._overlaps = overlap > 0
        self._usable = self._overlaps & (np.abs(self._agreement) > least * np.sqrt(overlap))
        self._both_signs: Flags = np.logical_and((signs > 0).any(axis=0), (signs < 0).any(axis=0))
        self.n_triplets = self.n_refused = 0
        squares = np.array([self._median_square(voter) for voter in range(len(self._n_votes))])
        self.sound = np.isfinite(squares)
        self._sizes = np.sqrt(np.where(self.sound, squares, 0.0))

    def _median_square(self, voter: int) -> float:
        """Return the median of (a_i / c_i)² over the sound pairs of others, NaN without any."""
        others = np.flatnonzero(self._overlaps[voter])
        pairs = np.triu(self._overlaps[np.ix_(others, others)], 1)
        n_pairs = int(pairs.sum())
        usable = np.flatnonzero(self._usable[voter])
        first, second = np.nonzero(np.triu(self._usable[np.ix_(usable, usable)], 1))
        with_voter = self._agreement[voter, usable]
        among = self._agreement[np.ix_(usable, usable)]
        ratios = np.abs(with_voter[first] * with_voter[second] / among[first, second])
        ratios *= self._total / self._n_votes[voter] ** 2
        sound = ratios[ratios <= 1 + 1e-9]
        self.n_triplets += n_pairs
        self.n_refused += n_pairs - len(sound)
        return float(np.median(sound)) if len(sound) else np.nan

    def accuracies(self, prior_accuracy: float) -> Floats:
        """Return P(right | votes) of each voter: shape (n_voters,).

        Args:
            prior_accuracy: the accuracy of all where no triplet is sound.
        """
        default = np.median(self._sizes[self.sound]) if self.sound.any() else 2 * prior_accuracy - 1
        sizes = np.where(self.sound, self._sizes, default)
        # n votes cannot prove an accuracy above (n + 1) / (n + 2)
        sizes = np.minimum(sizes, self._n_votes / (self._n_votes + 2))
        accuracies: Floats = (1 + self._signs() * sizes) / 2
        return accuracies

    def _signs(self) -> Floats:
        """Return +1 for better than chance, -1 for worse."""
        signs: Floats = np.ones(len(self._both_signs))
        candidates = np.flatnonzero(self._both_signs)
        if len(candidates) < 3:
            return signs
        agreement = np.where(self._usable, self._agreement, 0.0)[np.ix_(candidates, candidates)]
        current: Floats = np.ones(len(candidates))
        for _ in range(len(candidates)):
            updated = np.where(agreement @ current < 0, -1.0, 1.0)
            if (updated == current).all():
                break
            current = updated
        signs[candidates] = current if current.sum() >= 0 else -current
        return signs
