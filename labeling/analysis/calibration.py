"""Calibration: confidence of a model compared with its accuracy, in bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError
from labeling.records.estimates import Estimate, mean_of

Floats = npt.NDArray[np.float64]

PER_BIN = 30  # samples; with fewer the intervals are too wide to be of use
MAX_BINS = 8


@dataclass(frozen=True, slots=True)
class Bin:
    """Samples of similar confidence.

    Attributes:
        low: lowest confidence.
        high: highest confidence.
        confidence: mean confidence.
        accuracy: share of correct labels.
    """

    low: float
    high: float
    confidence: float
    accuracy: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """Confidence compared with accuracy, overall and by bin.

    Attributes:
        confidence: mean confidence of all samples.
        accuracy: share of correct labels.
        bins: in increasing order of confidence.
    """

    confidence: float
    accuracy: Estimate
    bins: tuple[Bin, ...]

    @property
    def bias(self) -> str:
        """`over` where the model is over-confident, `under` where under-confident, else empty."""
        if self.confidence > self.accuracy.high:
            return "over"
        return "under" if self.confidence < self.accuracy.low else ""


def calibration(confidence: Floats, right: Floats) -> Calibration:
    """Return the calibration of confidences, in bins of about equal size.

    Args:
        confidence: the probability of each sample's label: shape (n,).
        right: 1 where the label is correct, 0 where not; in between for a tie.

    Raises:
        LabelingError: the arrays differ in length.

    >>> found = calibration(np.array([0.6, 0.6, 0.9, 0.9]), np.array([1.0, 0.0, 1.0, 1.0]))
    >>> len(found.bins), found.confidence, found.accuracy.value, found.bias
    (1, 0.75, 0.75, '')
    """
    if len(confidence) != len(right):
        raise LabelingError(
            "`confidence` and `right` must have the same length. Got"
            f" {len(confidence)} and {len(right)}."
        )
    if not len(confidence):
        return Calibration(np.nan, mean_of(right), ())
    count = int(np.clip(len(confidence) // PER_BIN, 1, MAX_BINS))
    edges = np.unique(np.quantile(confidence, np.linspace(0, 1, count + 1)[1:-1]))
    bin_of = np.searchsorted(edges, confidence, side="right")
    bins = tuple(
        _bin(confidence[bin_of == number], right[bin_of == number]) for number in np.unique(bin_of)
    )
    return Calibration(float(np.sort(confidence).mean()), mean_of(right), bins)


def _bin(confidence: Floats, right: Floats) -> Bin:
    ordered = np.sort(confidence)  # so that sums do not depend on the order of samples
    return Bin(float(ordered[0]), float(ordered[-1]), float(ordered.mean()), mean_of(right))
