"""Training sets as JSON objects, one a sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from labeling.datasets.canonical import with_ids
from labeling.datasets.columns import VOTER_OF
from labeling.datasets.values import plain_column

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet


def json_rows(train: TrainingSet) -> Iterator[dict[str, Any]]:
    """Yield the samples as objects of plain values; see `labeling.datasets.values`."""
    frame = with_ids(train.frame, train)
    ids = train.sample_ids
    voter_of = _voter_of(train)
    columns: dict[str, list[Any]] = {}
    of_form = _of_form(train)
    for name, column in frame.items():
        if str(name) in of_form:
            columns[str(name)] = of_form[str(name)]
            continue
        voter = voter_of.get(str(name))
        columns[str(name)] = plain_column(column, ids) if voter is None else _objects(column, voter)
    probabilities = train.own_columns["probabilities"]
    if probabilities not in of_form:
        columns[probabilities] = [
            dict(zip(train.schema.labels, row, strict=True)) for row in columns[probabilities]
        ]
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def _of_form(train: TrainingSet) -> dict[str, list[Any]]:
    """Return the added columns that the kind of labels has a form of its own for, by name."""
    forms = (
        (train.own_columns[name], train.form.plain_column(name, column, train.schema))
        for name, column in train.columns.items()
    )
    return {name: values for name, values in forms if values is not None}


def _voter_of(train: TrainingSet) -> dict[str, str]:
    """Return `VOTER_OF` by the actual column names of a training set."""
    return {train.own_columns[name]: voter for name, voter in VOTER_OF.items()}


def _objects(column: pd.Series, voter: str) -> list[list[dict[str, Any]]]:
    """Return votes as lists of objects with the same keys for all voters."""
    return [
        [{voter: name, "label": label} for name, label in votes.items()] for votes in column
    ]  # fmt: skip
