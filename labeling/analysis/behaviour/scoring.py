"""Soft labels of texts before and after a change, from a model or a function."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from labeling.analysis.behaviour.perturbations import Perturbation
from labeling.errors import DataError, LabelingError
from labeling.records import SoftLabels, Table, texts, with_id_index


class SoftModel(Protocol):
    """A model of texts, such as an `EndModel`."""

    def predict_proba(self, data: pd.DataFrame, /) -> SoftLabels:
        """Return soft labels of samples."""


Model = SoftModel | Callable[[pd.DataFrame], SoftLabels]
"""A model, or a function from samples (index = ids) to their soft labels."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Samples whose text a perturbation changes.

    Attributes:
        ids: of the samples, in an order that depends on the ids alone.
        before: their texts.
        after: the changed texts.
        soft_before: soft labels of the samples as they are.
        soft_after: those of the changed samples.
        unchanged: how many samples the perturbation leaves as they are, which are not tested.
    """

    ids: tuple[Hashable, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    soft_before: SoftLabels
    soft_after: SoftLabels
    unchanged: int


def pairs_of(model: Model, data: Table, perturbation: Perturbation, text: str) -> Pairs:
    """Return the samples that a perturbation changes, scored before and after.

    The changed sample keeps its id, so that a cross-fitted model scores both by the same part.
    """
    samples = with_id_index(data)
    given = texts(samples, text)
    changed = [
        perturbation.of(each, sample_id)
        for each, sample_id in zip(given, samples.index.tolist(), strict=True)
    ]
    differs = np.array([one != other for one, other in zip(given, changed, strict=True)])
    if not differs.any():
        raise DataError(
            f"The perturbation {perturbation.name!r} must change some text. It changes none of"
            f" {len(given):,} texts in column {text!r}."
        )
    rows = np.flatnonzero(differs)
    before = samples.iloc[rows]
    after = before.assign(**{text: [changed[row] for row in rows]})
    return Pairs(
        tuple(before.index.tolist()),
        tuple(given[row] for row in rows),
        tuple(changed[row] for row in rows),
        scored(model, before),
        scored(model, after),
        len(given) - len(rows),
    )


def scored(model: Model, data: pd.DataFrame) -> SoftLabels:
    """Return a model's soft labels, in the order of the samples."""
    predict = getattr(model, "predict_proba", model)
    if not callable(predict):
        raise LabelingError(
            "`model` must have `predict_proba(data)`, or be a function from samples to SoftLabels."
            f" Got a {type(model).__name__}."
        )
    soft = predict(data)
    if not isinstance(soft, SoftLabels):
        raise LabelingError(
            "A model to be tested must return SoftLabels. Got a"
            f" {type(soft).__name__}; wrap an array: SoftLabels(array, data.index, schema,"
            " [True] * len(data))."
        )
    return soft.of_samples(data.index)


def decided(soft: SoftLabels) -> Sequence[str | None]:
    """Return the most probable labels, `None` for ties."""
    best = soft.winners()
    codes = np.where(best.sum(axis=1) == 1, best.argmax(axis=1), len(soft.schema))
    names = [*soft.schema.labels, None]
    return [names[code] for code in codes]
