"""What a declared class balance tells, and what the text then tells about the voters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from labeling.end_model.linear_model import Floats

ROWS = 20_000  # samples that a shift is measured on; their order is by chance
STEPS = 60
COOLING = (1.0, 0.3, 0.1)
SMOOTHING = 10.0  # what a vote is worth before it is seen, in samples of the declared balance
TEXT_WEIGHT = 2.0


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


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """How the text model's log-odds are read: scale * (log-odds + shift)."""

    scale: float
    shift: Floats

    @classmethod
    def of(cls, logs: Floats, shares: Floats | None) -> Calibration:
        """Return the one that brings log-odds to a mean size of 1, and to declared shares.

        With shares declared the text counts twice: what is left to the votes then is measured.
        """
        if shares is None:
            return cls(1 / _size(logs), np.zeros(logs.shape[1]))
        shift = shift_to(logs, shares)
        return cls(TEXT_WEIGHT / _size(logs + shift), shift)

    def of_logs(self, logs: Floats) -> Floats:
        """Return log-odds as they count."""
        return self.scale * (logs + self.shift)


def _size(logs: Floats) -> float:
    size = float(np.abs(logs).mean())
    return size if size > 1e-9 else 1.0
