"""Label shares of predictions: offsets with which the mean posterior has given shares.

The offset of each label in a score decides how often the label is predicted, and votes say little
about it: weak evidence summed over many like voters can shift nearly all samples to one label. It
is therefore set from outside where votes cannot support it: from the shares of majority vote as far
as voters are damped as families, or from a class balance that is declared.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp, softmax

from labeling.label_models.packed_votes import Floats
from labeling.label_models.patterns import Patterns, vote_shares
from labeling.records import shared_wins

DIRECT_STEPS = 20  # of Newton's method; where they do not match, it starts at a high temperature
STEPS = 100  # at each temperature
SMOOTH = 16.0  # largest log-odds, in units of the temperature, that Newton's method can start with
TOLERANCE = 1e-12  # of the mean posterior; a single row may be off by as much times their number
SMALLEST_SHARE = 1e-9
DAMPING = 1e-9  # of Newton's steps: the offsets have one degree of freedom too many
LEAST_SILENT_SHARE = 0.5  # of a label among samples without a vote, relative to all samples


def matching_offsets(scores: Floats, weights: Floats, shares: Floats, scale: float) -> Floats:
    """Return offsets b, with which the mean of softmax((scores + b) / scale) has these shares.

    The offsets minimise a convex function, mean logsumexp - shares * offsets, by Newton's method,
    where it fails at ever lower temperatures.

    Args:
        scores: shape (n_rows, n_labels), nats.
        weights: of the rows, at least one above 0: shape (n_rows,).
        shares: shape (n_labels,), in sum 1.
        scale: temperature of the softmax, above 0.

    >>> b = matching_offsets(
    ...     np.array([[0.0, 1.0], [0.0, 3.0]]), np.ones(2), np.array([0.5, 0.5]), 1
    ... )
    >>> softmax(np.array([[0.0, 1.0], [0.0, 3.0]]) + b, axis=1).mean(axis=0).round(6).tolist()
    [0.5, 0.5]
    """
    used = weights > 0
    logits, weights = scores[used] / scale, weights[used] / weights[used].sum()
    shares = np.maximum(shares, SMALLEST_SHARE)
    shares = shares / shares.sum()
    start = _log_shares_gap(logits, weights, shares)
    offsets, is_matched = _newton(logits, weights, shares, start, DIRECT_STEPS)
    if not is_matched:
        offsets = _cooled(logits, weights, shares)
    centred: Floats = (offsets - offsets.mean()) * scale
    return centred


def _cooled(logits: Floats, weights: Floats, shares: Floats) -> Floats:
    """Return matching offsets, found at ever lower temperatures, each from the one before.

    Where log-odds are large the objective is nearly piecewise linear, and its curvature at one
    place says nothing about the next: Newton's method alone goes astray.
    """
    largest = float(np.ptp(logits, axis=1).max())
    n_halvings = max(int(np.ceil(np.log2(max(largest, 1.0) / SMOOTH))), 0)
    offsets = _log_shares_gap(logits / 2**n_halvings, weights, shares)
    for halving in range(n_halvings, -1, -1):
        # Offsets in units of the temperature: those of half the temperature are twice as large.
        offsets, _ = _newton(logits / 2**halving, weights, shares, offsets, STEPS)
        offsets = offsets * 2 if halving else offsets
    return offsets


def _newton(
    logits: Floats, weights: Floats, shares: Floats, start: Floats, steps: int
) -> tuple[Floats, bool]:
    """Return the offsets after Newton's steps, and whether they match the shares."""
    offsets, value = start, _objective(logits, weights, shares, start)
    for _ in range(steps):
        posterior = softmax(logits + offsets, axis=1)
        mean = weights @ posterior
        gradient = mean - shares
        if np.abs(gradient).max() < TOLERANCE:
            return offsets, True
        hessian = np.diag(mean + DAMPING) - posterior.T @ (posterior * weights[:, None])
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        found = _line_search(logits, weights, shares, (offsets, value), step, gradient)
        if found is None:
            break
        offsets, value = found
    return offsets, False


def _log_shares_gap(logits: Floats, weights: Floats, shares: Floats) -> Floats:
    """Return the first offsets to try: one step of iterative scaling, which never overshoots."""
    mean = weights @ softmax(logits, axis=1)
    start: Floats = np.log(shares / np.maximum(mean, SMALLEST_SHARE))
    return start


def _objective(logits: Floats, weights: Floats, shares: Floats, offsets: Floats) -> float:
    return float(weights @ logsumexp(logits + offsets, axis=1) - shares @ offsets)


def _line_search(
    logits: Floats,
    weights: Floats,
    shares: Floats,
    current: tuple[Floats, float],
    step: Floats,
    gradient: Floats,
) -> tuple[Floats, float] | None:
    """Return offsets of a lower value in the direction of a step, halved until it is; or None."""
    offsets, value = current
    slope = float(gradient @ step)
    for halving in range(40):
        size = 0.5**halving
        candidate = offsets - size * step
        lower = _objective(logits, weights, shares, candidate)
        if lower <= value - 1e-4 * size * slope:
            return candidate, lower
    return None


def majority_shares(patterns: Patterns) -> Floats:
    """Return the label shares that majority vote predicts on covered samples, ties divided."""
    return predicted_shares(vote_shares(patterns), patterns)


def predicted_shares(scores: Floats, patterns: Patterns) -> Floats:
    """Return the shares of the labels of highest score on covered samples, ties divided."""
    weights = patterns.counts * patterns.covered
    shares: Floats = weights @ shared_wins(scores) / max(weights.sum(), 1.0)
    return shares


def covered_balance(expected: Floats, balance: Floats, silent: float) -> Floats:
    """Return the label shares of covered samples that agree with a declared class balance.

    Covered samples may have other shares than all: functions are often written for one label. Their
    shares are those that the votes suggest, as far as samples without a vote could make up for the
    difference: of each label these must have half its declared share or more, and of all other
    labels together as well.

    Args:
        expected: shares of covered samples by the votes: shape (n_labels,).
        balance: the declared balance of all samples: shape (n_labels,).
        silent: the share of samples without a vote, at least 0 and below 1; with 0 the result is
            the declared balance.

    >>> covered_balance(np.array([0.8, 0.2]), np.array([0.5, 0.5]), 0.5).round(3).tolist()
    [0.75, 0.25]
    """
    if silent <= 0:
        return balance
    rest = 1 - silent
    most_silent = 1 - LEAST_SILENT_SHARE * (1 - balance)
    lowest = np.maximum((balance - silent * most_silent) / rest, 0.0)
    highest = balance * (1 - LEAST_SILENT_SHARE * silent) / rest
    logs = np.log(np.maximum(expected, SMALLEST_SHARE))
    low, high = -100.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2
        total = np.clip(np.exp(logs + middle), lowest, highest).sum()
        low, high = (middle, high) if total < 1 else (low, middle)
    shares = np.clip(np.exp(logs + high), lowest, highest)
    normalised: Floats = shares / shares.sum()
    return normalised


def silent_balance(covered: Floats, balance: Floats, silent: float) -> Floats:
    """Return the label shares that a declared balance leaves for samples without a vote.

    Args:
        covered: the shares of covered samples: shape (n_labels,).
        balance: the declared balance of all samples: shape (n_labels,).
        silent: the share of samples without a vote; with 0 the result is the declared balance.
    """
    if silent <= 0:
        return balance
    shares = np.maximum((balance - (1 - silent) * covered) / silent, 0.0)
    normalised: Floats = shares / shares.sum()
    return normalised
