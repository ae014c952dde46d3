"""Class balancing of the rows that are trained on: by weights, under- or oversampling."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from labeling.datasets.columns import CONTENT, OWN_TYPES
from labeling.datasets.content import content_digests
from labeling.datasets.formats.learning_rows import learning_rows
from labeling.errors import LabelingError, near
from labeling.records import generator_of, random_order

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

HOW = ("weights", "undersample", "oversample")
"""What `TrainingSet.balanced` can do."""


def balanced(train: TrainingSet, how: str, rng: int | np.random.Generator) -> TrainingSet:
    """Return a copy in which all labels count alike; see `TrainingSet.balanced`."""
    if how not in HOW:
        raise LabelingError(
            f"`how` must be 'weights', 'undersample' or 'oversample'. Got {how!r}.{near(how, HOW)}"
        )
    rows = learning_rows(train, None)
    codes = train.codes[rows]
    if how == "weights":
        weight = train.added_column("weight").to_numpy(dtype=np.float64).copy()
        weight[rows] *= _factors(weight[rows], codes, len(train.schema))[codes]
        result = train.with_columns(weight=weight)
    else:
        order = random_order(train.sample_ids[rows], generator_of(rng))
        counts = np.bincount(codes, minlength=len(train.schema))
        present = counts[counts > 0]
        wanted = int(present.min() if how == "undersample" else present.max()) if len(rows) else 0
        drawn = rows[_drawn(codes, order, wanted)]
        others = np.setdiff1d(np.arange(len(train)), rows)
        result = taken(train, np.sort(np.concatenate([others, drawn])), "left out by undersampling")
    return result.with_origin({"balance": _report(train, result, how)})


def taken(train: TrainingSet, rows: Rows, reason: str) -> TrainingSet:
    """Return a copy with some rows; the others are listed in `dropped` with a reason."""
    left = np.setdiff1d(np.arange(len(train)), rows)
    result = train.take(rows)
    if not len(left):
        return result
    out = train.take(left)
    dropped = pd.DataFrame({"reason": reason}, out.sample_ids)
    n_before = len(train.dropped)
    columns = {}
    now_known = {**out.columns, CONTENT: pa.array(content_digests(out.samples))}
    for name, kind in {**OWN_TYPES, CONTENT: pa.uint64()}.items():
        before = train.dropped_columns.get(name, pa.nulls(n_before, kind))
        now = now_known.get(name, pa.nulls(len(left), kind))
        if name in train.dropped_columns or name in now_known:
            columns[name] = pa.concat_arrays([before, now])
    return dataclasses.replace(
        result, dropped=pd.concat([train.dropped, dropped]), dropped_columns=columns
    )


def _factors(weight: Floats, codes: npt.NDArray[Any], n_labels: int) -> Floats:
    """Return the factor of each label: all get an equal share of the total weight."""
    mass = np.array([math.fsum(weight[codes == code]) for code in range(n_labels)])
    present = mass > 0
    share = math.fsum(mass) / max(int(present.sum()), 1)
    factors: Floats = np.divide(share, mass, out=np.ones(n_labels), where=present)
    return factors


def _drawn(codes: npt.NDArray[Any], order: Rows, wanted: int) -> Rows:
    """Return the positions of `wanted` rows of each label: drawn, or all and some more than once.

    Args:
        codes: the label of each row, shape (n,).
        order: a random order of the rows.
        wanted: how many rows of each label.
    """
    drawn = []
    for code in np.unique(codes):
        of_label = order[codes[order] == code]
        drawn.append(np.resize(of_label, wanted))  # repeats the order as often as it takes
    return np.concatenate(drawn) if drawn else np.empty(0, dtype=np.intp)


def effective_size(weights: Floats) -> float:
    """Return Kish's effective sample size: (sum of weights)² / sum of their squares.

    As many samples of equal weight give a mean of the same variance (Kish, *Survey Sampling*,
    1965).

    >>> effective_size(np.array([1.0, 1.0, 1.0])), effective_size(np.array([1.0, 0.0]))
    (3.0, 1.0)
    """
    squares = math.fsum(weights * weights)
    return math.fsum(weights) ** 2 / squares if squares > 0 else 0.0


def _report(before: TrainingSet, after: TrainingSet, how: str) -> dict[str, Any]:
    """Return how many rows each label had and has, and their effective number."""
    old, new = _sizes(before), _sizes(after)
    by_label = {
        label: {"before": old[label][0], "after": new[label][0], "effective": new[label][1]}
        for label in before.schema
    }
    return {"how": how, "labels": by_label, "effective": new[None][1]}


def _sizes(train: TrainingSet) -> Mapping[str | None, tuple[int, float]]:
    """Return rows and effective size of each label, and of all (`None`).

    A row that is there several times counts as one of so many times its weight: copies tell a
    learner nothing new.
    """
    rows = learning_rows(train, None)
    codes = train.codes[rows]
    weight = train.added_column("weight").to_numpy(dtype=np.float64)[rows]
    sample, first = np.unique(train.sample_ids[rows].factorize()[0], return_inverse=True)
    summed: Floats = np.bincount(first, weights=weight, minlength=len(sample)).astype(np.float64)
    code_of = np.empty(len(sample), dtype=np.intp)
    code_of[first] = codes
    sizes: dict[str | None, tuple[int, float]] = {
        label: (int((codes == code).sum()), effective_size(summed[code_of == code]))
        for code, label in enumerate(train.schema)
    }
    sizes[None] = (len(rows), effective_size(summed))
    return sizes
