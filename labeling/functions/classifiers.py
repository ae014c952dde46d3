"""Labeling functions made of models: anything that labels many samples at once."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from labeling.errors import LabelingFunctionError
from labeling.functions.row_access import Vote, is_missing, reader
from labeling.records import ABSTAIN, LabelingFunction

ROUNDING = 1e-6
"""How far above 1 a probability may be, as it is where single precision adds up."""


def model(
    name: str,
    predictor: Any,
    *,
    column: str | Sequence[str] = "text",
    threshold: float = 0.0,
    labels: Mapping[Any, Vote | None] | None = None,
    reason: str | None = None,
) -> LabelingFunction:
    """Return a labeling function that votes as a model predicts, where it is sure enough.

    It abstains where the model is not, and where two classes are equally probable.

    Args:
        name: its name.
        predictor: a fitted scikit-learn classifier with `predict_proba`, or a function from a list
            of values to a `(label, confidence)` pair for each (just a label, where `threshold`
            is 0).
        column: the column whose values the model gets as a list; or several, which it gets as a
            DataFrame.
        threshold: the confidence from which on it votes, 0 to 1.
        labels: what the model's own classes are called in the schema; `None` for "abstain".
        reason: why it is to be trusted, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: the predictor is neither, or the threshold is out of range.

    >>> from types import SimpleNamespace
    >>> loud = model(
    ...     "loud", lambda texts: [("spam", t.count("!") / 3) for t in texts], threshold=0.9
    ... )
    >>> loud(SimpleNamespace(text="Buy!!!")), loud(SimpleNamespace(text="Hi!"))
    ('spam', -1)
    """
    check_threshold(name, threshold)
    predict = _pairs_of(name, predictor, threshold)
    several = None if isinstance(column, str) else list(column)
    columns = [column] if isinstance(column, str) else list(column)
    readers = [reader(one) for one in columns]

    def votes(rows: Sequence[Any]) -> list[Vote | None]:
        values = [list(map(read, rows)) for read in readers]
        given = (
            values[0] if several is None else pd.DataFrame(dict(zip(columns, values, strict=True)))
        )
        pairs = predict(given)
        check_count(name, pairs, rows)
        return [vote_of(name, label, sure, threshold, labels) for label, sure in pairs]

    def vote(x: Any) -> Vote | None:
        return votes([x])[0]

    who = getattr(predictor, "__name__", type(predictor).__name__)
    vote.__doc__ = reason or f"Votes as {who} predicts, from confidence {threshold:g}."
    vote.__name__ = vote.__qualname__ = name
    return LabelingFunction(name, vote, batch=votes, reads=columns)


def check_threshold(name: str, threshold: float) -> None:
    """Raise where a confidence to vote from is none."""
    if not 0 <= threshold <= 1:
        raise LabelingFunctionError(
            f"The threshold of {name!r} must be between 0 and 1. Got {threshold!r}."
        )


def vote_of(
    name: str, label: Any, sure: float, threshold: float, labels: Mapping[Any, Vote | None] | None
) -> Vote | None:
    """Return the vote that an answer stands for, where it is sure enough."""
    if label is None or sure < threshold:
        return ABSTAIN
    if labels is None:
        return label  # type: ignore[no-any-return]  # checked against the schema by the engine
    if label not in labels:
        raise LabelingFunctionError(
            f"`labels` of {name!r} must say what {label!r} means. It knows {list(labels)!r}."
        )
    return labels[label]


def _pairs_of(
    name: str, predictor: Any, threshold: float
) -> Callable[[Any], list[tuple[Any, float]]]:
    if hasattr(predictor, "predict_proba") and hasattr(predictor, "classes_"):
        return lambda values: _estimated(name, predictor, values)
    if hasattr(predictor, "predict_proba"):
        raise LabelingFunctionError(f"The estimator of {name!r} must be fitted before it is used.")
    if callable(predictor):
        return lambda values: pairs_of_answers(name, predictor(values), threshold)
    raise LabelingFunctionError(
        f"The model of {name!r} must be a fitted classifier with `predict_proba`, or a function"
        f" from values to labels. Got {predictor!r}."
    )


def where_there(
    name: str, predict: Callable[[list[Any]], list[tuple[Any, float]]]
) -> Callable[[list[Any]], list[tuple[Any, float]]]:
    """Return a predictor that is asked only for values that are there, and abstains on others."""

    def answers(values: list[Any]) -> list[tuple[Any, float]]:
        there = [value for value in values if not is_missing(value)]
        pairs = predict(there) if there else []
        check_count(name, pairs, there)
        given = iter(pairs)
        return [(None, 1.0) if is_missing(value) else next(given) for value in values]

    return answers


def check_count(name: str, answers: Sequence[Any], asked: Sequence[Any]) -> None:
    """Raise where there is not an answer for each sample."""
    if len(answers) != len(asked):
        raise LabelingFunctionError(
            f"The model of {name!r} must answer for each of {len(asked)} samples."
            f" It gave {len(answers)} answers."
        )


def _estimated(name: str, estimator: Any, values: Any) -> list[tuple[Any, float]]:
    probabilities = np.asarray(estimator.predict_proba(values), dtype=float)
    for value in probabilities[~((probabilities >= 0) & (probabilities <= 1))].tolist():
        confidence_of(name, "a class", value)
    top = probabilities.max(axis=1)
    tied = (probabilities == top[:, None]).sum(axis=1) > 1  # two labels at once are no vote
    classes = np.asarray(estimator.classes_)[probabilities.argmax(axis=1)].tolist()
    return [
        (None if tie else label, sure)
        for label, sure, tie in zip(classes, top.tolist(), tied.tolist(), strict=True)
    ]


def confidence_of(name: str, label: Any, value: Any) -> float:
    """Return a confidence as a float.

    Raises:
        LabelingFunctionError: it is no number from 0 to 1.
    """
    is_number = isinstance(value, (numbers.Real, np.number)) and not isinstance(value, bool)
    sure = float(value) if is_number else math.nan
    if not 0 <= sure <= 1 + ROUNDING:
        hint = " Divide percentages by 100." if 1 < sure <= 100 else ""
        raise LabelingFunctionError(
            f"The confidence of {name!r} in {label!r:.200} must be a number from 0 to 1. Got"
            f" {value!r:.200}.{hint}"
        )
    return min(sure, 1.0)


def pairs_of_answers(name: str, answers: Any, threshold: float) -> list[tuple[Any, float]]:
    """Return answers as (label, confidence); a label alone is sure, where no threshold asks."""
    pairs = []
    for answer in list(answers):
        if isinstance(answer, tuple) and len(answer) == 2:
            pairs.append((answer[0], confidence_of(name, *answer)))
        elif threshold == 0:
            pairs.append((answer, 1.0))
        else:
            raise LabelingFunctionError(
                f"The model of {name!r} must give (label, confidence) pairs, since it has a"
                f" threshold. Got {answer!r}."
            )
    return pairs
