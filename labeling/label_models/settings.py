"""What the models of the family share: checks of their settings, and what votes cannot say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from labeling.errors import LabelingError
from labeling.label_models.patterns import Floats, Patterns


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
        name: what it is called.
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
    kind = int if whole else (int, float)  # as JSON has them, so that the model can be saved
    fits = isinstance(value, kind) and not isinstance(value, bool)
    if fits and above < value < below and at_least <= value <= at_most and math.isfinite(value):
        return
    bounds = {"above": above, "from": at_least, "below": below, "at most": at_most}
    limits = [f" {word} {limit:g}" for word, limit in bounds.items() if math.isfinite(limit)]
    raise LabelingError(
        f"`{name}` of {type(model).__name__} must be a {'whole ' if whole else ''}number"
        f"{' and'.join(limits)}. Got {value!r}."
    )


def even_shares(patterns: Patterns, class_shares: Floats | None) -> Floats:
    """Return the class balance that was given, or equal shares: shape (n_labels,)."""
    if class_shares is not None:
        return class_shares
    return np.full(patterns.n_labels, 1 / patterns.n_labels)


def votes_cast(patterns: Patterns) -> Floats:
    """Return how many votes each voter cast, over all samples: shape (n_voters,)."""
    weights = patterns.counts[patterns.row]
    found = np.bincount(patterns.voter, weights=weights, minlength=patterns.n_voters)
    return found.astype(np.float64)


def what_votes_cannot_say(patterns: Patterns) -> tuple[str, ...]:
    """Return sentences about what no model of independent voters can learn from these votes."""
    speaking = int((votes_cast(patterns) > 0).sum())
    lines = []
    if speaking < patterns.n_voters:
        silent = patterns.n_voters - speaking
        lines.append(f"{silent} of {patterns.n_voters} voters never vote and carry no evidence.")
    if speaking < 3:
        lines.append(
            f"Only {speaking} of the voters vote: without gold labels it takes three to tell how"
            " accurate each is, so what was assumed before counts more than the votes."
        )
    several = float(patterns.counts[patterns.n_votes >= 2].sum())
    lines.append(
        f"{several:.0f} of {patterns.counts.sum():.0f} samples have the two votes or more that show"
        " who agrees with whom."
    )
    return tuple(lines)


def gold_not_used(patterns: Patterns) -> tuple[str, ...]:
    """Return the sentence of a model that has no place for gold labels, if there are any."""
    known = int(patterns.gold.sum())
    return (f"{known} gold labels were checked; this model does not use them.",) if known else ()


def balance_told(class_shares: Floats | None) -> str:
    """Return the sentence about the class balance of a model that cannot estimate it."""
    if class_shares is None:
        return "No class balance was given: all labels are taken to be equally common."
    return "The class balance that was given is used."
