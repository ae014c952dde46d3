"""`model`: a classifier, or any function that labels many samples at once, as labeling function."""

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
"""How far above 1 a probability may be, since sums in single precision are inexact."""


def model(
    name: str,
    predictor: Any,
    *,
    column: str | Sequence[str] = "text",
    threshold: float = 0.0,
    labels: Mapping[Any, Vote | None] | None = None,
    reason: str | None = None,
) -> LabelingFunction:
    """Return a labeling function that votes as a model predicts, if it is confident enough.

    It abstains if the model is not, and if two classes are equally probable.

    Args:
        name: its name.
        predictor: a fitted scikit-learn classifier with `predict_proba`, or a function from a list
            of values to a `(label, confidence)` pair for each (a label alone if `threshold` is 0).
        column: the column whose values the model gets as a list; or several columns, which it gets
            as a DataFrame.
        threshold: the least confidence with which it votes, 0 to 1.
        labels: from the model's classes to labels of the schema; `None` for "abstain".
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
    predict = _predict_function(name, predictor, threshold)
    has_one_column = isinstance(column, str)
    columns = [column] if isinstance(column, str) else list(column)
    readers = [reader(name) for name in columns]

    def votes(rows: Sequence[Any]) -> list[Vote | None]:
        values = [list(map(read, rows)) for read in readers]
        if has_one_column:
            pairs = predict(values[0])
        else:
            pairs = predict(pd.DataFrame(dict(zip(columns, values, strict=True))))
        check_count(name, pairs, rows)
        return [vote_of(name, label, confidence, threshold, labels) for label, confidence in pairs]

    def vote(x: Any) -> Vote | None:
        return votes([x])[0]

    model_name = getattr(predictor, "__name__", type(predictor).__name__)
    vote.__doc__ = reason or f"Votes as {model_name} predicts, from confidence {threshold:g}."
    vote.__name__ = vote.__qualname__ = name
    return LabelingFunction(name, vote, batch=votes, reads=columns)


def check_threshold(name: str, threshold: float) -> None:
    """Raise a LabelingFunctionError if a threshold is not between 0 and 1."""
    if not 0 <= threshold <= 1:
        raise LabelingFunctionError(
            f"The threshold of {name!r} must be between 0 and 1. Got {threshold!r}."
        )


def vote_of(
    name: str,
    label: Any,
    confidence: float,
    threshold: float,
    labels: Mapping[Any, Vote | None] | None,
) -> Vote | None:
    """Return the vote for an answer: ABSTAIN if its confidence is below the threshold."""
    if label is None or confidence < threshold:
        return ABSTAIN
    if labels is None:
        return label  # type: ignore[no-any-return]  # checked against the schema by the engine
    if label not in labels:
        raise LabelingFunctionError(
            f"`labels` of {name!r} must say what {label!r} means. It has {list(labels)!r}."
        )
    return labels[label]


def _predict_function(
    name: str, predictor: Any, threshold: float
) -> Callable[[Any], list[tuple[Any, float]]]:
    """Return a function from values to (label, confidence) pairs."""
    if hasattr(predictor, "predict_proba") and hasattr(predictor, "classes_"):
        return lambda values: _predict_pairs(name, predictor, values)
    if hasattr(predictor, "predict_proba"):
        raise LabelingFunctionError(f"The estimator of {name!r} must be fitted before it is used.")
    if callable(predictor):
        return lambda values: pairs_of_answers(name, predictor(values), threshold)
    raise LabelingFunctionError(
        f"The model of {name!r} must be a fitted classifier with `predict_proba`, or a function"
        f" from values to labels. Got {predictor!r}."
    )


def skipping_missing(
    name: str, predict: Callable[[list[Any]], list[tuple[Any, float]]]
) -> Callable[[list[Any]], list[tuple[Any, float]]]:
    """Return a predictor that abstains on missing values, and predicts only for the others."""

    def predict_present(values: list[Any]) -> list[tuple[Any, float]]:
        present = [value for value in values if not is_missing(value)]
        pairs = predict(present) if present else []
        check_count(name, pairs, present)
        remaining = iter(pairs)
        return [(None, 1.0) if is_missing(value) else next(remaining) for value in values]

    return predict_present


def check_count(name: str, answers: Sequence[Any], samples: Sequence[Any]) -> None:
    """Raise a LabelingFunctionError unless there is an answer for each sample."""
    if len(answers) != len(samples):
        raise LabelingFunctionError(
            f"The model of {name!r} must answer for each of {len(samples)} samples."
            f" It gave {len(answers)} answers."
        )


def _predict_pairs(name: str, estimator: Any, values: Any) -> list[tuple[Any, float]]:
    """Return label and probability for each value; the label is `None` if two are as probable."""
    probabilities = np.asarray(estimator.predict_proba(values), dtype=float)
    for value in probabilities[~((probabilities >= 0) & (probabilities <= 1))].tolist():
        confidence_of(name, "a class", value)
    highest = probabilities.max(axis=1)
    is_tied = (probabilities == highest[:, None]).sum(axis=1) > 1
    classes = np.asarray(estimator.classes_)[probabilities.argmax(axis=1)].tolist()
    return [
        (None if tied else label, probability)
        for label, probability, tied in zip(
            classes, highest.tolist(), is_tied.tolist(), strict=True
        )
    ]


def confidence_of(name: str, label: Any, value: Any) -> float:
    """Return a confidence as a float.

    Raises:
        LabelingFunctionError: it is not a number from 0 to 1.
    """
    is_number = isinstance(value, (numbers.Real, np.number)) and not isinstance(value, bool)
    confidence = float(value) if is_number else math.nan
    if not 0 <= confidence <= 1 + ROUNDING:
        hint = " Divide percentages by 100." if 1 < confidence <= 100 else ""
        raise LabelingFunctionError(
            f"The confidence of {name!r} in {label!r:.200} must be a number from 0 to 1. Got"
            f" {value!r:.200}.{hint}"
        )
    return min(confidence, 1.0)


def pairs_of_answers(name: str, answers: Any, threshold: float) -> list[tuple[Any, float]]:
    """Return answers as (label, confidence); a label alone is certain if there is no threshold."""
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
