"""The whole label of a sample of any kind, its probability, and whether it is the gold one."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records import (
    AnySoft,
    Label,
    LabelKind,
    LabelSchema,
    SoftLabels,
    SoftSets,
    SoftSpans,
    encode_label,
)

MATCH = LabelSchema(["right", "wrong"])
"""Whether a sample's label is the gold one, as labels of their own."""

EMPTY: dict[LabelKind, Label] = {LabelKind.SEVERAL: frozenset(), LabelKind.SPANS: ()}


@functools.singledispatch
def confidence(soft: AnySoft) -> npt.NDArray[np.float64]:
    """Return the probability of each sample's label: shape (n_samples,).

    Of sets and spans it is that of all decisions together, as if they were independent.
    """
    raise TypeError(f"There are no soft labels of type {type(soft).__name__}.")


@confidence.register
def _(soft: SoftLabels) -> npt.NDArray[np.float64]:
    return soft.confidence()


@confidence.register
def _(soft: SoftSets) -> npt.NDArray[np.float64]:
    return np.asarray(np.where(soft.chosen, soft.array, 1 - soft.array).prod(axis=1))


@confidence.register
def _(soft: SoftSpans) -> npt.NDArray[np.float64]:
    best = soft.array[np.arange(len(soft.start)), soft.best_labels]
    product = np.ones(len(soft))
    np.multiply.at(product, soft.sample, np.where(soft.chosen, best, soft.array[:, -1]))
    return product


@functools.singledispatch
def panel_codes(soft: AnySoft) -> npt.NDArray[np.int64]:
    """Return a number for each sample's label, the same for equal ones; -1 for none or a tie."""
    raise TypeError(f"There are no soft labels of type {type(soft).__name__}.")


@panel_codes.register
def _(soft: SoftLabels) -> npt.NDArray[np.int64]:
    return soft.codes().astype(np.int64)


@panel_codes.register
def _(soft: SoftSets | SoftSpans) -> npt.NDArray[np.int64]:
    numbers = [-1 if label is None else _number(label) for label in soft.to_labels()]
    return np.array(numbers, dtype=np.int64)


def matches(soft: AnySoft, gold: Mapping[Hashable, Label]) -> pd.Series:
    """Return whether the label of each gold sample is the gold one: "right" or "wrong".

    A sample of which nothing was said counts as one without labels.

    Args:
        soft: of these samples and others.
        gold: the gold label of each sample.
    """
    ids = pd.Index(pd.Series(list(gold), dtype=object).infer_objects())
    empty = EMPTY[soft.schema.kind]
    labels = soft.of_samples(ids).to_labels()
    words = [
        MATCH.labels[int((empty if label is None else label) != truth)]
        for label, truth in zip(labels, gold.values(), strict=True)
    ]
    return pd.Series(words, index=ids, dtype=object)


def all_right(sample_ids: pd.Index) -> SoftLabels:
    """Return soft labels that call each sample's label right; measured against `matches`."""
    array = np.tile([1.0, 0.0], (len(sample_ids), 1))
    return SoftLabels(array, sample_ids, MATCH, np.ones(len(sample_ids), dtype=bool))


def predicted(model: Any, votes: Any) -> AnySoft:
    """Return the soft labels of a fitted label model of any kind."""
    soft: AnySoft = (
        model.predict(votes) if hasattr(model, "predict") else model.predict_proba(votes)
    )
    return soft


def _number(label: Label) -> int:
    digest = hashlib.sha256(encode_label(label).encode()).digest()
    return int.from_bytes(digest[:4], "big")
