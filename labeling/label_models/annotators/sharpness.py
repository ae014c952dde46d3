"""Calibration by gold labels: probabilities raised to a power."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from labeling.label_models.patterns import Floats, Patterns

POWERS = 0.5 ** (np.arange(25) / 4)  # from 1 down to 1/64
POWER_PRIOR = 1.0  # penalty of a power other than 1, in log-loss at e times or 1/e


def best_power(mixture: Floats, patterns: Patterns) -> float:
    """Return the power of the probabilities that fits the gold labels best; near 1 if few."""
    has_gold = patterns.covered & patterns.gold.any(axis=1)
    mixture, gold = mixture[has_gold], patterns.gold[has_gold]
    losses = [
        POWER_PRIOR * np.log(power) ** 2
        - (gold * np.log(np.maximum(with_power(mixture, power), 1e-12))).sum()
        for power in POWERS
    ]
    return float(POWERS[int(np.argmin(losses))])


def with_power(mixture: Floats, power: float) -> Floats:
    """Return probabilities raised to a power, summing to 1 again."""
    if power == 1:
        return mixture
    result: Floats = softmax(power * np.log(np.maximum(mixture, 1e-300)), axis=1)
    return result
