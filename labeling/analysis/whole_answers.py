"""Whether whole answers of samples are right, where a sample has several labels or spans."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError
from labeling.records import Gold, SoftSets, SoftSpans, gold_sets, gold_spans, read_label

Floats = npt.NDArray[np.float64]


@functools.singledispatch
def whole_confidence(soft: SoftSpans | SoftSets) -> Floats:
    """Return the probability that the whole answer of each sample is right, 0 without one.

    It is the product over what was decided, as if that were independent: each chosen span has its
    label, and nothing is where a candidate that overlaps none of them was not chosen; of sets each
    label of which anything was said is as decided. It need not be calibrated.
    """
    raise TypeError(f"Answers of {type(soft).__name__} have no parts.")


@whole_confidence.register
def _(soft: SoftSets) -> Floats:
    chosen, covered = np.asarray(soft.chosen), np.asarray(soft.covered)
    p = np.where(covered, np.where(chosen, soft.array, 1 - soft.array), 1.0)
    product: Floats = np.sort(p, axis=1).prod(axis=1)  # sorted: the order of labels is no matter
    return np.where(covered.any(axis=1), product, 0.0)


@whole_confidence.register
def _(soft: SoftSpans) -> Floats:
    rows = np.arange(len(soft.sample))
    p = np.where(soft.chosen, soft.array[rows, soft.best_labels], soft.array[:, -1])
    p[~np.asarray(soft.chosen) & _overlapped(soft)] = 1.0
    product = np.ones(len(soft))
    np.multiply.at(product, soft.sample, p)
    return np.where(soft.covered, product, 0.0)


def _overlapped(soft: SoftSpans) -> npt.NDArray[np.bool_]:
    """Return which candidates a chosen one overlaps."""
    length = int(soft.end.max(initial=0)) + 1  # samples one after the other on one axis
    start, end = soft.start + soft.sample * length, soft.end + soft.sample * length
    starts, ends = np.sort(start[soft.chosen]), np.sort(end[soft.chosen])
    n_before_end = np.searchsorted(starts, end, side="left")
    n_ended = np.searchsorted(ends, start, side="right")
    return np.asarray(n_before_end > n_ended)


def whole_answers(
    soft: SoftSpans | SoftSets, gold: Gold, labels: pd.Series | None
) -> tuple[pd.Series, Floats]:
    """Return which samples with gold have exactly the gold answer, and the confidence of all.

    Args:
        soft: of all samples.
        gold: true answers of some of them.
        labels: the answers in question, of all samples; `None` takes those of `soft`.

    Raises:
        DataError: no sample has gold, or `labels` lacks a sample.
    """
    known: Mapping[Hashable, Any] = _KNOWN[type(soft)](gold, soft.sample_ids, soft.schema)
    if not known:
        raise DataError("Some samples must have gold. None has.")
    answers, confidence = soft.to_labels(), whole_confidence(soft)
    if labels is not None:
        if not soft.sample_ids.isin(labels.index).all():
            raise DataError("`labels` must have each sample of `soft`; `None` is no label.")
        given = labels.reindex(soft.sample_ids)
        pairs = zip(answers.tolist(), given.tolist(), strict=True)
        is_other = [answer != read_label(other, soft.schema) for answer, other in pairs]
        answers, confidence = given, np.where(is_other, 1 - confidence, confidence)
    by_id = dict(zip(answers.index.tolist(), answers.tolist(), strict=True))
    right = [
        float(read_label(by_id[sample_id], soft.schema) == truth)
        for sample_id, truth in known.items()
    ]
    return pd.Series(right, pd.Index(list(known), dtype=object)), confidence


_KNOWN: dict[type, Any] = {SoftSpans: gold_spans, SoftSets: gold_sets}
