"""Whether a model is as often right as it says: confidence against what turned out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError
from labeling.records.estimates import Estimate, mean_of

Floats = npt.NDArray[np.float64]

PER_BIN = 30  # fewer samples a bin give intervals so wide that they say nothing
MOST = 8


@dataclass(frozen=True, slots=True)
class Bin:
    """Samples of like confidence.

    Attributes:
        low: their lowest confidence.
        high: their highest.
        said: their mean confidence.
        right: the share whose label is right.
    """

    low: float
    high: float
    said: float
    right: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """How confidence stands to being right, in all and bin by bin.

    Attributes:
        said: the mean confidence of all samples.
        right: the share of them whose label is right.
        bins: from the least confident to the most.
    """

    said: float
    right: Estimate
    bins: tuple[Bin, ...]

    @property
    def leaning(self) -> str:
        """`over` where the model says more than is true, `under` where less, else empty."""
        if self.said > self.right.high:
            return "over"
        return "under" if self.said < self.right.low else ""


def calibration(confidence: Floats, right: Floats) -> Calibration:
    """Return how confidence stands to being right, in bins of about equal size.

    Args:
        confidence: the probability of each sample's label: shape (n,).
        right: 1 where the label turned out right, 0 where not; a tie's share in between.

    Raises:
        LabelingError: of different lengths.

    >>> found = calibration(np.array([0.6, 0.6, 0.9, 0.9]), np.array([1.0, 0.0, 1.0, 1.0]))
    >>> len(found.bins), found.said, found.right.value, found.leaning
    (1, 0.75, 0.75, '')
    """
    if len(confidence) != len(right):
        raise LabelingError(
            "There must be a confidence for each sample that is right or not. Got"
            f" {len(confidence)} and {len(right)}."
        )
    if not len(confidence):
        return Calibration(np.nan, mean_of(right), ())
    count = int(np.clip(len(confidence) // PER_BIN, 1, MOST))
    edges = np.unique(np.quantile(confidence, np.linspace(0, 1, count + 1)[1:-1]))
    place = np.searchsorted(edges, confidence, side="right")
    bins = tuple(_bin(confidence[place == one], right[place == one]) for one in np.unique(place))
    return Calibration(float(np.sort(confidence).mean()), mean_of(right), bins)


def _bin(confidence: Floats, right: Floats) -> Bin:
    ordered = np.sort(confidence)  # sums depend on no order of samples
    return Bin(float(ordered[0]), float(ordered[-1]), float(ordered.mean()), mean_of(right))
