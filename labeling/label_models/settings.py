"""Checks of the models' hyper-parameters, one shape for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from labeling.errors import LabelingError, listed, near


def check_setting(
    model: object,
    name: str,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    at_least: float = -math.inf,
    at_most: float = math.inf,
    whole: bool = False,
) -> None:
    """Check that a model's hyper-parameter is a finite number in a range.

    Args:
        model: the model that has it as an attribute.
        name: the name of the attribute.
        above: it must be greater than this.
        below: and less than this.
        at_least: and this or more.
        at_most: and this or less.
        whole: whether it must be an int.

    Raises:
        LabelingError: it is of another type, not finite, or out of the range.

    >>> class Model:
    ...     steps = 0
    >>> check_setting(Model(), "steps", at_least=1, whole=True)
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: `steps` of Model must be a whole number from 1. Got 0.
    """
    value: Any = getattr(model, name)
    kind = int if whole else (int, float)  # the types of JSON, so that the model can be saved
    is_number = isinstance(value, kind) and not isinstance(value, bool)
    if (
        is_number
        and above < value < below
        and at_least <= value <= at_most
        and math.isfinite(value)
    ):
        return
    bounds = {"above": above, "from": at_least, "below": below, "at most": at_most}
    limits = [f" {word} {limit:g}" for word, limit in bounds.items() if math.isfinite(limit)]
    raise LabelingError(
        f"`{name}` of {type(model).__name__} must be a {'whole ' if whole else ''}number"
        f"{' and'.join(limits)}. Got {value!r}."
    )


def check_choice(model: object, name: str, choices: Sequence[str]) -> None:
    """Check that a model's hyper-parameter is one of some words.

    Args:
        model: the model that has it as an attribute.
        name: the name of the attribute.
        choices: the words.

    Raises:
        LabelingError: it is none of them.

    >>> class Model:
    ...     balance = "uniforn"
    >>> check_choice(Model(), "balance", ("learned", "uniform"))
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: `balance` of Model must be one of 'learned', 'uniform'. Got
    'uniforn'. Did you mean 'uniform'?
    """
    value: Any = getattr(model, name)
    if not isinstance(value, str) or value not in choices:
        raise LabelingError(
            f"`{name}` of {type(model).__name__} must be one of {listed(choices)}. Got {value!r}."
            f"{near(value, choices)}"
        )
