"""Which of many tests are significant."""

from __future__ import annotations

from collections.abc import Sequence

FALSE_DISCOVERIES = 0.05
"""Share of false alarms among annotators, and among label pairs, that are named."""


def significant(p_values: Sequence[float], rate: float = FALSE_DISCOVERIES) -> list[int]:
    """Return the positions of the tests that are significant at a false discovery rate.

    Source: Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", Journal of the Royal
    Statistical Society B 57 (1995).

    >>> significant([0.001, 0.04, 0.03, 0.9])
    [0]
    >>> significant([0.001, 0.02, 0.03, 0.9])
    [0, 1, 2]
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    count = max(
        (
            rank
            for rank, position in enumerate(order, 1)
            if p_values[position] <= rate * rank / len(p_values)
        ),
        default=0,
    )
    return sorted(order[:count])
