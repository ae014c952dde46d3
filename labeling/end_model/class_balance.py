"""Calibration of log-odds to a declared class balance, and the evidence of votes given the text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.end_model.linear_model import Floats
from labeling.records import shared_wins

Bools = npt.NDArray[np.bool_]

ROWS = 20_000  # samples used to estimate offsets; they are in random order
CELLS = 200_000  # of samples and labels used at most, but no fewer samples than
FEWEST_ROWS = 2_000
STEPS = 60
SETTLED = 1e-4  # of the log of shares: no further step is taken
TEMPERATURES = (1.0, 0.3, 0.1)
SMOOTHING = 10.0  # pseudo-samples of the declared balance for the evidence of a vote
ENOUGH_AGREEMENT = 0.5  # of text and votes, beyond chance, for full trust in the text
TEXT_WEIGHT = 0.5  # of a text that agrees with the votes by chance only, relative to the votes
# Added for good agreement: a + b / n_labels, as more labels need more text; and in full only with
# good agreement: a text that contradicts the votes must not correct them.
GAIN = (1.0, 4.0)
RELIABLE_GAIN = 0.5  # instead, beside votes that are known to be reliable
GOOD_AGREEMENT = 0.6
# Share of covered samples from which on the label shares of their votes are taken for those that a
# text model should predict there; below, in proportion: covered samples may be of a kind of their
# own, and the shift also moves all the others.
ENOUGH_COVERAGE = 0.25


def balance_offsets(log_odds: Floats, class_balance: Floats) -> Floats:
    """Return offsets, shape (n_labels,), with which the predicted labels have this class balance.

    The posterior is shifted until its mean is the declared balance (as in Saerens, Latinne and
    Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", Neural
    Computation 2002), at decreasing temperatures: so the balance is that of the predicted labels,
    whatever the scale of the log-odds. A model of noisy votes ranks samples far better than its
    probabilities are calibrated.

    Args:
        log_odds: shape (n, n_labels), rows in random order.
        class_balance: shares of the labels, above 0, in sum 1.

    >>> scores = np.array([[0.0, 3.0], [0.0, 1.0], [0.0, 2.0], [0.0, 4.0]])
    >>> balance_offsets(scores, np.array([0.5, 0.5])).round(3).tolist()
    [1.25, -1.25]
    """
    n_labels = log_odds.shape[1]
    log_odds = log_odds[: min(ROWS, max(CELLS // n_labels, FEWEST_ROWS))]
    spread = float(np.abs(log_odds - log_odds.mean(axis=1, keepdims=True)).mean())
    offsets: Floats = np.zeros(n_labels)
    if spread < 1e-9:
        return offsets
    for temperature in TEMPERATURES:
        for _ in range(STEPS):
            scaled = (log_odds + offsets) / (temperature * spread)
            current = softmax(scaled, axis=1).mean(axis=0)
            step = np.log(class_balance / np.maximum(current, 1e-9))
            offsets += 0.5 * temperature * spread * step
            if np.abs(step).max() < SETTLED:
                break
    centred: Floats = offsets - offsets.mean()
    return centred


def vote_evidence(one_hot: Floats, posterior: Floats) -> Floats:
    """Return the evidence of each vote given the text: log-odds, shape (n_votes, n_labels).

    The log-ratio of the frequency of a label where the vote was cast and overall. The posterior is
    that of a text model that has not seen the votes of the samples.

    Args:
        one_hot: votes, shape (n, n_votes).
        posterior: shape (n, n_labels).
    """
    prior = posterior.mean(axis=0)
    counts = one_hot.T @ posterior + SMOOTHING * prior
    logs = np.log(counts / counts.sum(axis=1, keepdims=True)) - np.log(prior)
    log_odds: Floats = logs - logs.mean(axis=1, keepdims=True)
    return log_odds


def kappa(scores: Floats, targets: Floats) -> float:
    """Return Cohen's kappa (1960) of the labels two tables predict, 0 where it is negative.

    Args:
        scores: of the first, shape (n, n_labels).
        targets: of the second.

    >>> kappa(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.8, 0.2], [0.1, 0.9]]))
    1.0
    """
    if not len(scores):
        return 0.0
    predicted, target = shared_wins(scores), shared_wins(targets)
    by_chance = float(predicted.mean(axis=0) @ target.mean(axis=0))
    agreement = float((predicted * target).sum(axis=1).mean())
    if by_chance > 1 - 1e-9:
        return 0.0
    return max((agreement - by_chance) / (1 - by_chance), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Calibration of the log-odds of the text model: scale * (log-odds + shift).

    Attributes:
        scale: the weight of the text over the mean size of its log-odds.
        shift: towards the declared class balance, or the label shares of the votes: (n_labels,).
        trust: in the text, from 0 to 1.
    """

    scale: float
    shift: Floats
    trust: float

    @classmethod
    def of(
        cls,
        log_odds: Floats,
        targets: Floats,
        covered: Bools,
        class_balance: Floats | None,
        reliability: float,
    ) -> Calibration:
        """Return the calibration of cross-fitted log-odds: their weight grows with the agreement.

        Without a declared class balance the text is shifted until the labels it predicts for
        covered samples have the shares of the labels of the votes there. The more reliable the
        votes are known to be, the less the text corrects them, and the less it is shifted: what
        makes it name frequent labels too often is noise in the votes it learned from.

        Args:
            log_odds: of the text model, cross-fitted: shape (n, n_labels).
            targets: soft labels: shape (n, n_labels).
            covered: which of them have a vote: shape (n,).
            class_balance: shape (n_labels,), if one is declared.
            reliability: of the votes, 0 to 1; of no effect with a declared balance.
        """
        n_labels = log_odds.shape[1]
        noise = 1.0
        if class_balance is None:
            noise = 1 - reliability
            shift = noise * _shift_to_votes(log_odds, targets, covered)
        else:
            shift = balance_offsets(log_odds, class_balance)
        shifted = log_odds + shift
        agreement = kappa(shifted[covered], targets[covered])
        trust = min(agreement / ENOUGH_AGREEMENT, 1.0)
        gain = noise * (GAIN[0] + GAIN[1] / n_labels) + (1 - noise) * RELIABLE_GAIN
        weight = TEXT_WEIGHT + gain * min(agreement / GOOD_AGREEMENT, 1.0) ** 2
        size = float(np.abs(shifted).mean())
        return cls(weight / size if size > 1e-9 else weight, shift, trust)

    def calibrate(self, log_odds: Floats) -> Floats:
        """Return calibrated log-odds."""
        return self.scale * (log_odds + self.shift)


def _shift_to_votes(log_odds: Floats, targets: Floats, covered: Bools) -> Floats:
    """Return the shift after which text and votes predict labels in the same shares.

    A linear model of noisy labels predicts the frequent ones too often, the more the noisier they
    are: where votes for one label are somewhat more, it names that label nearly everywhere.
    """
    shift: Floats = np.zeros(log_odds.shape[1])
    if not covered.any():
        return shift
    shares = shared_wins(targets[covered]).mean(axis=0)
    voted = np.flatnonzero(shares > 0)
    if len(voted) > 1:
        offsets = balance_offsets(log_odds[np.ix_(covered, voted)], shares[voted])
        shift[voted] = min(float(covered.mean()) / ENOUGH_COVERAGE, 1.0) * offsets
    return shift
