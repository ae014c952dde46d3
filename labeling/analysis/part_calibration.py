"""Probabilities of candidate spans, or of labels of a set, beside gold: are they calibrated?"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.analysis.calibration import Calibration, calibration
from labeling.records import Label, SoftSets, SoftSpans, Span

PARTS = {SoftSpans: "candidate spans", SoftSets: "labels of samples"}
"""What has a probability of its own, by the type of the soft labels."""


@functools.singledispatch
def part_calibration(soft: Any, gold: Mapping[Hashable, Label]) -> Calibration:
    """Return the calibration of the parts of soft labels: candidate spans, or labels of sets.

    Of spans it is that of the most probable label of each candidate, which is right if a gold span
    has its edges and label; of sets that of each label of which anything was said. Parts are not
    taken as independent within a sample.

    Args:
        soft: soft labels of at least the samples with gold.
        gold: the true spans, or the true set, of some samples; only these are compared.

    >>> import pandas as pd
    >>> from labeling.records import LabelSchema
    >>> soft = SoftSets(
    ...     [[0.9, 0.4]],
    ...     pd.Index(["a"]),
    ...     LabelSchema(["joy", "anger"], kind="several"),
    ...     covered=[[True, True]],
    ...     chosen=[[True, False]],
    ... )
    >>> found = part_calibration(soft, {"a": frozenset({"joy"})})
    >>> round(found.confidence, 2), found.accuracy.value, found.accuracy.n
    (0.65, 0.5, 2)
    """
    raise TypeError(f"There is no calibration of parts of type {type(soft).__name__}.")


@part_calibration.register
def _(soft: SoftSpans, gold: Mapping[Hashable, tuple[Span, ...]]) -> Calibration:
    part = soft.of_samples(list(gold))
    best, ids = part.best_labels, part.sample_ids.tolist()
    truth = {sample_id: set(spans) for sample_id, spans in gold.items()}
    names = part.schema.labels
    columns = (part.sample.tolist(), part.start.tolist(), part.end.tolist(), best.tolist())
    right = [
        Span(start, end, names[code]) in truth[ids[row]]
        for row, start, end, code in zip(*columns, strict=True)
    ]
    return calibration(part.array[np.arange(len(best)), best], _as_floats(right), part.sample)


@part_calibration.register
def _(soft: SoftSets, gold: Mapping[Hashable, frozenset[str]]) -> Calibration:
    part = soft.of_samples(list(gold))
    rows, labels = np.nonzero(part.covered)
    ids, names = part.sample_ids.tolist(), part.schema.labels
    right = [
        names[label] in gold[ids[row]]
        for row, label in zip(rows.tolist(), labels.tolist(), strict=True)
    ]
    return calibration(part.array[rows, labels], _as_floats(right), rows.astype(np.int64))


def _as_floats(values: list[bool]) -> npt.NDArray[np.float64]:
    return np.array(values, dtype=np.float64)
