"""How unsure a model is of the spans, or of the set of labels, of each sample."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import entr

from labeling.records import SetVotes, SoftSets, SoftSpans, SpanVotes

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]

LN_2 = float(np.log(2))


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """How unsure a model is of each eligible sample.

    Attributes:
        score: 0 or above: shape (n,).
        reasons: of each sample, in words: shape (n,).
        pattern: numbers over which a batch is spread, shape (n,); `None` if it is not.
    """

    score: Floats
    reasons: npt.NDArray[np.object_]
    pattern: Ints | None = None


@functools.singledispatch
def uncertainty_of(soft: object, ids: pd.Index) -> Uncertainty | None:
    """Return how unsure probabilities are of these samples; votes alone do not say it: `None`."""
    return None


@uncertainty_of.register
def _(soft: SoftSpans, ids: pd.Index) -> Uncertainty:
    """Return the sum of the entropy of each sample's candidates, which longer texts have more of.

    The sum is an upper measure of the errors to be expected, of which the reason tells the number.
    """
    part = soft.of_samples(ids)
    # Sorted, so that the sum is exactly the same for permuted labels.
    entropy = entr(np.sort(part.array, axis=1)).sum(axis=1)
    errors = 1 - part.array.max(axis=1, initial=0.0)
    n = len(ids)
    total = np.bincount(part.sample, entropy, minlength=n).astype(np.float64)
    expected = np.bincount(part.sample, errors, minlength=n)
    candidates = np.bincount(part.sample, minlength=n)
    reasons = [
        f"{wrong:.1f} errors are expected among {number} candidate span{'s'[: number != 1]}"
        for wrong, number in zip(expected.tolist(), candidates.tolist(), strict=True)
    ]
    return Uncertainty(total, np.array(reasons, dtype=object))


@uncertainty_of.register
def _(soft: SoftSets, ids: pd.Index) -> Uncertainty:
    """Return the mean entropy of each sample's labels, a rare label weighing more.

    A label weighs 1 / sqrt(its frequency), the mean of its probabilities over all samples. The
    batch is spread over the labels of the highest weighted entropy.
    """
    names = soft.schema.labels
    by_name = sorted(range(len(names)), key=names.__getitem__)  # whatever the schema's order
    probabilities = soft.of_samples(ids).array[:, by_name]
    frequency = np.sort(soft.array[:, by_name], axis=0).sum(axis=0) / max(len(soft), 1)
    weight = 1 / np.sqrt(np.maximum(frequency, 1 / max(len(soft), 1)))
    entropy = (entr(probabilities) + entr(1 - probabilities)) / LN_2
    weighted = entropy * weight / weight.sum()
    top = weighted.round(12).argmax(axis=1)
    reasons = [
        f"most unsure of the label {names[by_name[code]]!r}, with a probability of {p:.2f}"
        for code, p in zip(top.tolist(), probabilities[np.arange(len(ids)), top], strict=True)
    ]
    return Uncertainty(weighted.sum(axis=1), np.array(reasons, dtype=object), top)


@functools.singledispatch
def covered(votes_or_soft: object, ids: pd.Index) -> Bools:
    """Return of which samples any voter said anything: shape (n,)."""
    raise TypeError(f"there is no coverage of a {type(votes_or_soft).__name__}")


@covered.register(SpanVotes)
@covered.register(SoftSpans)
def _(given: SpanVotes | SoftSpans, ids: pd.Index) -> Bools:
    return given.of_samples(ids).covered


@covered.register(SetVotes)
@covered.register(SoftSets)
def _(given: SetVotes | SoftSets, ids: pd.Index) -> Bools:
    return np.asarray(given.of_samples(ids).covered.any(axis=1))
