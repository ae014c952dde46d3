"""What a random draw measures of spans or sets of labels: precision, recall and F1."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from labeling.query.audit import AUDIT_STRATA, Floats, design_weights, wilson
from labeling.records import Batch
from labeling.records.estimates import LEAST_RESAMPLED, RESAMPLES, Estimate, undefined

Answers = Mapping[Hashable, Collection[object] | None]
SEED = 0


class PartQuality(NamedTuple):
    """How right the parts of all samples are: spans, or labels of sets.

    n is the number of samples that were drawn at random and have gold.
    """

    precision: Estimate
    recall: Estimate
    f1: Estimate


def part_quality(
    answers: Answers, gold: Answers, batches: Iterable[Batch], population: pd.Index
) -> PartQuality:
    """Return precision, recall and F1 of the answers on all samples, from the random strata.

    Each sample that was drawn at random and has gold weighs as `label_accuracy` weighs it; the
    scores are ratios of weighted sums of right, answered and gold parts. The intervals are
    percentile bootstraps over samples; with fewer than 8 samples, or equal ones only, Wilson's of
    a proportion for the effective number of samples, which is rough.

    Args:
        answers: the spans or labels of each sample that did not learn from this gold; `None` and
            missing samples have none.
        gold: those of samples of the batches, such as people settled.
        batches: in the order in which they were selected, with their propensities.
        population: all sample ids.

    >>> drawn = Batch(pd.DataFrame({"stratum": "random", "propensity": 0.5}, index=[0, 3]))
    >>> gold = {0: {"joy"}, 3: {"joy", "fear"}}
    >>> found = part_quality({0: {"joy"}, 3: {"joy"}}, gold, [drawn], pd.RangeIndex(4))
    >>> found.precision.value, round(found.recall.value, 3), found.f1.value
    (1.0, 0.667, 0.8)
    """
    known = pd.Index(pd.Series(list(gold), dtype=object).infer_objects())
    weights, n_drawn = design_weights(
        batches, known[known.isin(population)], population, AUDIT_STRATA
    )
    if not len(weights):
        nothing = undefined(0, "no sample drawn at random has a gold label yet")
        return PartQuality(nothing, nothing, nothing)
    rows = np.array(
        [
            (*_counts(answers.get(sample_id), gold.get(sample_id)), weight)
            for sample_id, weight in weights.items()
        ]
    )
    rows = rows[np.lexsort(rows.T)]  # so that the order of samples does not matter
    counts, weight = rows[:, :3], rows[:, 3:]
    drawn = np.random.default_rng(SEED).multinomial(
        len(rows), np.full(len(rows), 1 / len(rows)), RESAMPLES
    )
    totals, resampled = _scores((counts * weight).sum(axis=0)), _scores(drawn @ (counts * weight))
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    return PartQuality(
        *(
            _estimate(float(value), of_score, n_drawn, effective)
            for value, of_score in zip(totals, resampled.T, strict=True)
        )
    )


def _counts(
    answer: Collection[object] | None, truth: Collection[object] | None
) -> tuple[int, int, int]:
    """Return how many parts are right, were answered, and are true."""
    parts, true_parts = set(answer or ()), set(truth or ())
    return len(parts & true_parts), len(parts), len(true_parts)


def _scores(totals: Floats) -> Floats:
    """Return precision, recall and F1 of sums of right, answered and true parts: (..., 3)."""
    right, answered, true = totals[..., 0], totals[..., 1], totals[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        scores: Floats = np.stack(
            [right / answered, right / true, 2 * right / (answered + true)], axis=-1
        )
    return scores


def _estimate(value: float, resampled: Floats, n: int, effective: float) -> Estimate:
    if math.isnan(value):
        return undefined(0, "no such spans or labels in the samples drawn at random")
    resampled = resampled[~np.isnan(resampled)]
    if n < LEAST_RESAMPLED or np.ptp(resampled) == 0:
        return Estimate(value, *wilson(value, effective), n)
    low, high = np.percentile(resampled, [2.5, 97.5])
    return Estimate(value, float(low), float(high), n)
