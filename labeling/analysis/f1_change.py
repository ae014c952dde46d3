"""Change in F1 of spans or sets of labels, with an interval of paired samples."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping

import numpy as np
import numpy.typing as npt

from labeling.errors import DataError
from labeling.records.estimates import LEAST_RESAMPLED, RESAMPLES, Estimate

Answers = Mapping[Hashable, Collection[object] | None]
Counts = npt.NDArray[np.float64]


def f1_change(before: Answers, after: Answers, gold: Answers, seed: int = 0) -> Estimate:
    """Return by how much F1 changed from one answer to another, on the samples with gold.

    F1 is 2 right / (answered + gold), over the parts of all samples: spans, each with its ends and
    label, or the labels of a set. The interval is a percentile bootstrap over samples, in which
    both answers of a sample stay together.

    Args:
        before: sample id -> its spans or labels; `None` and missing samples have none.
        after: the other answer.
        gold: the true ones.
        seed: of the resamples.

    Raises:
        DataError: no sample has gold.

    >>> gold = {"a": {"joy"}, "b": {"joy", "fear"}}
    >>> f1_change({"a": {"joy"}}, {"a": {"joy"}, "b": {"fear"}}, gold).value.__round__(3)
    0.3
    """
    if not gold:
        raise DataError("There must be gold of at least one sample to compare two answers.")
    counts = np.array(
        [
            [*_counts(before.get(sample_id), truth), *_counts(after.get(sample_id), truth)]
            for sample_id, truth in gold.items()
        ],
        dtype=np.float64,
    )
    n = len(counts)
    value = float(_change(counts.sum(axis=0, keepdims=True))[0])
    if n < LEAST_RESAMPLED:
        return Estimate(value, math.nan, math.nan, n, f"no interval: fewer than {LEAST_RESAMPLED}")
    distinct, times = np.unique(counts, axis=0, return_counts=True)  # sorted: order is no matter
    drawn = np.random.default_rng(seed).multinomial(n, times / n, RESAMPLES)
    low, high = np.percentile(_change(drawn @ distinct), [2.5, 97.5])
    return Estimate(value, float(low), float(high), n)


def _counts(
    answer: Collection[object] | None, truth: Collection[object] | None
) -> tuple[int, int, int]:
    parts, true_parts = set(answer or ()), set(truth or ())
    return len(parts & true_parts), len(parts), len(true_parts)


def _change(totals: Counts) -> Counts:
    """Return the change in F1 of totals of shape (n, 6)."""
    f1: list[Counts] = []
    for right, answered, gold in (totals[:, :3].T, totals[:, 3:].T):
        whole = answered + gold
        f1.append(np.divide(2 * right, whole, out=np.ones_like(whole), where=whole > 0))
    return f1[1] - f1[0]
