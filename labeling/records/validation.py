"""What every door of a room checks first."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from labeling.errors import LabelingError

Kind = TypeVar("Kind")

HOW_MADE = {
    "LabelSchema": 'write LabelSchema(["name", ...])',
    "SoftLabels": "it comes from a label model's predict_proba(votes)",
    "Votes": "make them with apply(...), Votes.from_array(...) or Votes.from_triples(...)",
}


def expect(value: object, kind: type[Kind], what: str) -> Kind:
    """Return a value after checking its type.

    >>> expect(["ham", "spam"], int, "`n`")
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: `n` must be of type int. Got a list.
    """
    if not isinstance(value, kind):
        hint = f"; {HOW_MADE[kind.__name__]}" if kind.__name__ in HOW_MADE else ""
        raise LabelingError(
            f"{what} must be of type {kind.__name__}. Got a {type(value).__name__}{hint}."
        )
    return value


def generator_of(rng: Any) -> np.random.Generator:
    """Return the generator of a seed; `None` is refused, since it would never give the same again.

    >>> generator_of("zero")
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: `rng` must be a whole number from 0 or a NumPy Generator. Got
    'zero'.
    """
    try:
        if rng is not None and not isinstance(rng, bool):
            return np.random.default_rng(rng)
    except (TypeError, ValueError):
        pass
    raise LabelingError(f"`rng` must be a whole number from 0 or a NumPy Generator. Got {rng!r}.")


def share_of_one(value: Any, what: str) -> float:
    """Return a number from 0 to 1 after checking that it is one."""
    if (
        isinstance(value, (int, float, np.number))
        and not isinstance(value, bool)
        and 0 <= value <= 1
    ):
        return float(value)
    raise LabelingError(f"{what} must be between 0 and 1. Got {value!r}.")
