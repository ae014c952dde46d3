"""Expectation-maximisation: the loop of all models that estimate tables and labels in turn.

Source: A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via the
EM algorithm", JRSS B 39 (1977).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from labeling.label_models.patterns import Floats

MANY_LABELS = 50  # a voter's k² confusions are mostly unknown then,
ROUGH_TOLERANCE = 1e-3  # and waiting for the last rows of thousands to settle changes no label
ROWS_EACH_MOVING = 1000  # of as many rows one may still move
ROWS_AT_A_TIME = 512

Parameters = TypeVar("Parameters")


@dataclass(frozen=True, slots=True, eq=False)
class EMFit(Generic[Parameters]):
    """The result of expectation-maximisation.

    Attributes:
        parameters: those of the last M-step.
        posterior: the posterior of each row by these parameters: shape (n_rows, n_labels).
        steps: the number of steps made.
        converged: whether the last step changed the posterior by less than the tolerance.
    """

    parameters: Parameters
    posterior: Floats
    steps: int
    converged: bool


def largest_change(before: Floats, after: Floats) -> float:
    """Return the largest absolute change of a probability, 0 if there is none to compare."""
    return float(np.abs(after - before).max(initial=0.0))


def change_of_most(before: Floats, after: Floats) -> float:
    """Return the largest absolute change of a probability in all rows but one of each thousand."""
    moved = np.empty(len(after))
    for start in range(0, len(after), ROWS_AT_A_TIME):
        some = slice(start, start + ROWS_AT_A_TIME)
        moved[some] = np.abs(after[some] - before[some]).max(axis=1, initial=0.0)
    n_moving = len(moved) // ROWS_EACH_MOVING
    if not len(moved):
        return 0.0
    return float(np.partition(moved, len(moved) - 1 - n_moving)[len(moved) - 1 - n_moving])


def run_em(
    start: Floats,
    m_step: Callable[[Floats], Parameters],
    e_step: Callable[[Parameters], Floats],
    *,
    steps: int,
    tolerance: float,
    change: Callable[[Floats, Floats], float] = largest_change,
) -> EMFit[Parameters]:
    """Alternate M-steps and E-steps until the posterior settles.

    Args:
        start: the posterior to start from: shape (n_rows, n_labels).
        m_step: from a posterior to the parameters; an array it is given must stay as it is.
        e_step: from parameters to a new array, the posterior.
        steps: the largest number of steps, 1 or more.
        tolerance: converged when `change` is below it.
        change: how far two successive posteriors are apart.

    >>> fit = run_em(
    ...     np.array([[0.5]]),
    ...     lambda posterior: posterior,
    ...     lambda half: half / 2,
    ...     steps=9,
    ...     tolerance=0.1,
    ... )
    >>> fit.posterior.tolist(), fit.steps, fit.converged
    ([[0.0625]], 3, True)
    """
    posterior = start
    for step in range(1, steps + 1):  # noqa: B007  # read after the loop
        before = posterior
        parameters = m_step(before)
        posterior = e_step(parameters)
        converged = change(before, posterior) < tolerance
        if converged:
            break
    return EMFit(parameters, posterior, step, converged)
