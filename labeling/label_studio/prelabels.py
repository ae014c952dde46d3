"""Prelabels: what the label model says of samples, as their tasks hold it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError
from labeling.records import Label, SoftLabels, SoftSets, SoftSpans

Floats = npt.NDArray[np.float64]
SoftAnswers = SoftLabels | SoftSets | SoftSpans


@dataclass(frozen=True, slots=True)
class Prelabel:
    """The label model's output for a sample.

    Attributes:
        label: `None` if no function votes or labels tie.
        confidence: from 0 to 1; the server serves the lowest first.
        item_fields: further fields of each item of the result, in the order of the label's parts.
    """

    label: Label | None
    confidence: float
    item_fields: tuple[Mapping[str, object], ...] = ()


@functools.singledispatch
def prelabels_of(soft: SoftAnswers, ids: Sequence[Hashable]) -> dict[Hashable, Prelabel]:
    """Return the prelabels of samples, without those that the soft labels do not have.

    Args:
        soft: soft labels, sets or spans.
        ids: the samples.
    """
    raise LabelingError(
        f"`soft` must be SoftLabels, SoftSets or SoftSpans. Got a {type(soft).__name__}."
    )


@prelabels_of.register
def _(soft: SoftLabels, ids: Sequence[Hashable]) -> dict[Hashable, Prelabel]:
    selected = soft.of_samples(_available(soft, ids))
    columns = zip(
        selected.sample_ids.tolist(),
        selected.to_labels().tolist(),
        selected.confidence().tolist(),
        selected.to_array().tolist(),
        selected.covered.tolist(),
        strict=True,
    )
    prelabels: dict[Hashable, Prelabel] = {}
    for sample_id, label, confidence, probabilities, is_covered in columns:
        names = zip(soft.schema.labels, probabilities, strict=True)
        rounded = {name: round(float(probability), 4) for name, probability in names}
        fields: dict[str, Any] = {
            "meta": {"probabilities": rounded},
            "score": float(confidence),
        }
        is_labeled = is_covered and isinstance(label, str)
        prelabels[sample_id] = Prelabel(
            label if is_labeled else None, float(confidence), (fields,) if is_labeled else ()
        )
    return prelabels


@prelabels_of.register
def _(soft: SoftSets, ids: Sequence[Hashable]) -> dict[Hashable, Prelabel]:
    selected = soft.of_samples(_available(soft, ids))
    p = selected.array
    entropies = np.where(selected.covered, _entropies(np.stack([p, 1 - p], axis=-1)), 0.0)
    is_covered: npt.NDArray[np.bool_] = np.asarray(selected.covered.any(axis=1))
    confidences = _confidences(entropies.sum(axis=1), is_covered)
    columns = zip(
        selected.sample_ids.tolist(),
        selected.to_labels().tolist(),
        confidences.tolist(),
        p.round(4).tolist(),
        strict=True,
    )
    prelabels: dict[Hashable, Prelabel] = {}
    for sample_id, label, confidence, probabilities in columns:
        fields = {
            "meta": {"probabilities": dict(zip(soft.schema.labels, probabilities, strict=True))},
            "score": confidence,
        }
        prelabels[sample_id] = Prelabel(label, confidence, (fields,) if label else ())
    return prelabels


@prelabels_of.register
def _(soft: SoftSpans, ids: Sequence[Hashable]) -> dict[Hashable, Prelabel]:
    selected = soft.of_samples(_available(soft, ids))
    entropies: Floats = np.zeros(len(selected))
    np.add.at(entropies, selected.sample, _entropies(selected.array))
    confidences = _confidences(entropies, selected.covered)
    scores: dict[Hashable, list[float]] = {}
    chosen = selected.to_spans()
    for sample_id, p in zip(chosen["sample"].tolist(), chosen["p"].tolist(), strict=True):
        scores.setdefault(sample_id, []).append(p)
    columns = zip(
        selected.sample_ids.tolist(),
        selected.to_labels().tolist(),
        confidences.tolist(),
        strict=True,
    )
    return {
        sample_id: Prelabel(
            label, confidence, tuple({"score": score} for score in scores.get(sample_id, ()))
        )
        for sample_id, label, confidence in columns
    }


def _available(soft: SoftAnswers, ids: Sequence[Hashable]) -> pd.Index:
    """Return those of the samples that there are soft labels of."""
    rows = soft.sample_ids.get_indexer(pd.Index(ids))
    return pd.Index(list(itertools.compress(ids, (rows >= 0).tolist())))


def _entropies(probabilities: Floats) -> Floats:
    """Return the entropies of distributions, which are along the last axis, in nats."""
    positive = np.where(probabilities > 0, probabilities, 1.0)
    entropies: Floats = -(positive * np.log(positive)).sum(axis=-1)
    return entropies


def _confidences(entropies: Floats, covered: npt.NDArray[np.bool_]) -> Floats:
    """Return exp(-entropy), 1 where all is certain; 0 for samples of which nothing was said."""
    confidences: Floats = np.where(covered, np.exp(-entropies), 0.0)
    return confidences
