"""What a declared class balance tells, and what the text then tells about the voters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.end_model.linear_model import Floats
from labeling.records import shared_wins

Bools = npt.NDArray[np.bool_]

ROWS = 20_000  # samples that a shift is measured on; their order is by chance
STEPS = 60
COOLING = (1.0, 0.3, 0.1)
SMOOTHING = 10.0  # what a vote is worth before it is seen, in samples of the declared balance
ENOUGH_AGREEMENT = 0.5  # of text and votes, beyond chance, at which the text can judge the votes
TEXT_WEIGHT = 0.5  # of a text that agrees with the votes by chance only
GAIN = 0.5  # what agreement adds to it
# With a declared balance a + b / n_labels, as more labels need more text; and that in full only if
# they agree well: a text that says something else than the votes must not judge them.
DECLARED_GAIN = (1.0, 4.0)
GOOD_AGREEMENT = 0.6


def shift_to(logs: Floats, shares: Floats) -> Floats:
    """Return offsets, shape (n_labels,), with which the labels decided on have these shares.

    The posterior is moved until its mean is the declared balance (as in Saerens, Latinne and
    Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori Probabilities", Neural
    Computation 2002), and that again while it is sharpened: so the shares are those of the labels
    decided on, whatever the scale of the log-odds. A model of noisy votes knows the order of the
    samples far better than how sure it may be.

    Args:
        logs: log-odds, shape (n, n_labels), rows in an order by chance.
        shares: of the labels, above 0, in sum 1.

    >>> shift_to(np.array([[0.0, 3.0], [0.0, 1.0], [0.0, 2.0], [0.0, 4.0]]), np.array([0.5, 0.5]))
    array([ 1.25, -1.25])
    """
    logs = logs[:ROWS]
    spread = float(np.abs(logs - logs.mean(axis=1, keepdims=True)).mean())
    offsets: Floats = np.zeros(logs.shape[1])
    if spread < 1e-9:
        return offsets
    for heat in COOLING:
        for _ in range(STEPS):
            found = softmax((logs + offsets) / (heat * spread), axis=1).mean(axis=0)
            offsets += 0.5 * heat * spread * np.log(shares / np.maximum(found, 1e-9))
    centred: Floats = offsets - offsets.mean()
    return centred


def evidence(hot: Floats, posterior: Floats) -> Floats:
    """Return what each vote says, as the text sees it: log-odds, shape (n_votes, n_labels).

    The log of how much more often a label stands where the vote was cast than elsewhere. The
    posterior is that of a text model that has not seen the samples' own votes.

    Args:
        hot: one-hot votes, shape (n, n_votes).
        posterior: shape (n, n_labels).
    """
    prior = posterior.mean(axis=0)
    counts = hot.T @ posterior + SMOOTHING * prior
    logs = np.log(counts / counts.sum(axis=1, keepdims=True)) - np.log(prior)
    told: Floats = logs - logs.mean(axis=1, keepdims=True)
    return told


def agreement_beyond_chance(logs: Floats, targets: Floats) -> float:
    """Return the kappa (Cohen 1960) of what two tables decide, 0 where it is negative.

    Args:
        logs: scores of the one, shape (n, n_labels).
        targets: of the other.

    >>> agreement_beyond_chance(
    ...     np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.8, 0.2], [0.1, 0.9]])
    ... )
    1.0
    """
    if not len(logs):
        return 0.0
    said, voted = shared_wins(logs), shared_wins(targets)
    by_chance = float(said.mean(axis=0) @ voted.mean(axis=0))
    agreement = float((said * voted).sum(axis=1).mean())
    if by_chance > 1 - 1e-9:
        return 0.0
    return max((agreement - by_chance) / (1 - by_chance), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How the text model's log-odds are read: scale * (log-odds + shift).

    Attributes:
        scale: what a mean size of 1 is brought to, over the size.
        shift: towards declared shares, shape (n_labels,).
        trust: how far the text can be believed, from 0 to 1.
    """

    scale: float
    shift: Floats
    trust: float

    @classmethod
    def of(
        cls, logs: Floats, targets: Floats, covered: Bools, shares: Floats | None
    ) -> Calibration:
        """Return how to read cross-fitted log-odds: the more, the more they agree with votes.

        With shares declared the text counts more: it then also says what the votes are worth.
        """
        shift: Floats = np.zeros(logs.shape[1]) if shares is None else shift_to(logs, shares)
        moved = logs + shift
        kappa = agreement_beyond_chance(moved[covered], targets[covered])
        trust = min(kappa / ENOUGH_AGREEMENT, 1.0)
        weight = TEXT_WEIGHT + GAIN * trust
        if shares is not None:
            gain = DECLARED_GAIN[0] + DECLARED_GAIN[1] / logs.shape[1]
            weight = TEXT_WEIGHT + gain * min(kappa / GOOD_AGREEMENT, 1.0) ** 2
        size = float(np.abs(moved).mean())
        return cls(weight / size if size > 1e-9 else weight, shift, trust)

    def of_logs(self, logs: Floats) -> Floats:
        """Return log-odds as they count."""
        return self.scale * (logs + self.shift)
