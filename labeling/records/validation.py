"""Validation of arguments, shared by all public functions."""

from __future__ import annotations

from typing import Any, TypeGuard, TypeVar

import numpy as np

from labeling.errors import LabelingError

Type = TypeVar("Type")

HOW_TO_CREATE = {
    "AnnotationPlatform": "subclass labeling.records.AnnotationPlatform",
    "LabelSchema": 'write LabelSchema(["name", ...])',
    "SoftLabels": "it comes from a label model's predict_proba(votes)",
    "Votes": "create them with apply(...), Votes.from_array(...) or Votes.from_triples(...)",
}
"""Hints for error messages."""

MODELS_OF = {
    "PartitionedLists": "votes in parts are gathered with votes.read()",
    "PartitionedVotes": "votes in parts are gathered with votes.read()",
    "SetVotes": "votes on several labels a sample go to SetModel or AnnotatorModel",
    "SoftSets": "several labels a sample go to EndModel or build_training_set",
    "SoftSpans": "spans go to SpanTagger or build_training_set",
    "SpanVotes": "votes on spans go to SpanModel or AnnotatorModel",
    "Votes": "votes on whole samples go to LabelModel or AnnotatorModel",
}
"""Where values of the other kinds of labels belong."""

KINDS = frozenset({"SoftLabels", *MODELS_OF})
"""Types of votes and soft labels."""


def expect(value: object, kind: type[Type], what: str) -> Type:
    """Return a value after checking its type.

    >>> expect(["ham", "spam"], int, "`n`")
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: `n` must be of type int. Got a list.
    """
    if not isinstance(value, kind):
        got = type(value).__name__
        is_of_other_kind = kind.__name__ in KINDS and got in MODELS_OF
        hint = MODELS_OF[got] if is_of_other_kind else HOW_TO_CREATE.get(kind.__name__)
        raise LabelingError(
            f"{what} must be of type {kind.__name__}. Got a {got}{f'; {hint}' if hint else ''}."
        )
    return value


def generator_of(rng: Any) -> np.random.Generator:
    """Return the random generator of a seed; `None` is refused, since it is not reproducible.

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


def is_whole_number(value: object) -> TypeGuard[int]:
    """Return whether a value is an int, NumPy's included; a bool is not.

    >>> [is_whole_number(value) for value in (3, np.int8(3), True, 3.0, "3")]
    [True, True, False, False, False]
    """
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is an int or float, NumPy's included; a bool is not.

    >>> [is_number(value) for value in (3, 0.5, np.float32(0.5), True, "3")]
    [True, True, True, False, False]
    """
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def whole_number(value: object, what: str, *, minimum: int = 1) -> int:
    """Return a whole number as an int after checking its range.

    >>> whole_number(2.5, "`n`")
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: `n` must be a whole number from 1. Got 2.5.
    """
    if is_whole_number(value) and value >= minimum:
        return int(value)
    raise LabelingError(f"{what} must be a whole number from {minimum}. Got {value!r}.")


def checked_votes_per_sample(value: object) -> int:
    """Return a platform's `votes_per_sample` after checking that it is 1 or more."""
    votes = expect(value, int, "Votes")
    if isinstance(value, bool) or votes < 1:
        raise LabelingError(f"`votes_per_sample` must be 1 or more. Got {value!r}.")
    return votes


def checked_fraction(value: Any, what: str) -> float:
    """Return a number as a float after checking that it is from 0 to 1."""
    if is_number(value) and 0 <= value <= 1:
        return float(value)
    raise LabelingError(f"{what} must be between 0 and 1. Got {value!r}.")
