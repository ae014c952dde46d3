"""Calibration: confidence of a model compared with its accuracy, in bins."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError
from labeling.records.estimates import Estimate, clustered_share, mean_of, undefined
from labeling.rendering import Displayed

Floats = npt.NDArray[np.float64]

PER_BIN = 30  # samples; with fewer the intervals are too wide to be of use
MAX_BINS = 8
Z = 1.959963984540054  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Bin(Displayed):
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
class Calibration(Displayed):
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

    @property
    def error(self) -> Estimate:
        """The root mean square of confidence less accuracy over the bins, debiased, 0 to 1.

        The usual expected calibration error is above 0 for a perfect model as well, the more so the
        fewer samples it is measured on, since the accuracy of each bin has noise. Here the expected
        square of the noise is subtracted from the square of each difference (Kumar, Liang and Ma,
        "Verified uncertainty calibration", 2019). The interval is that of the mean square, by
        the normal approximation. Differences within a bin are not seen, so that the true error may
        be greater.
        """
        n = self.accuracy.n
        counted = [group for group in self.bins if group.accuracy.n > 1]
        if not counted:
            return undefined(n, "fewer than two samples")
        square, variance = 0.0, 0.0
        for group in counted:
            share, gap = group.accuracy.n / n, group.confidence - group.accuracy.value
            noise = _noise(group.accuracy.value, group.accuracy.n)
            square += share * (gap**2 - noise)
            variance += share**2 * (4 * gap**2 * noise + 2 * noise**2)
        reach = Z * math.sqrt(variance)
        return Estimate(_root(square), _root(square - reach), _root(square + reach), n)


def calibration(
    confidence: Floats, right: Floats, sample: npt.NDArray[np.int64] | None = None
) -> Calibration:
    """Return the calibration of confidences, in bins of about equal size.

    Args:
        confidence: the probability of each sample's label: shape (n,).
        right: 1 where the label is correct, 0 where not; in between for a tie.
        sample: where a sample has several labels or spans, a number of each one's sample: intervals
            then allow for their dependence, see `clustered_share`. `None`: all are independent.

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
    everything = np.ones(len(right), dtype=bool)
    count = int(np.clip(len(confidence) // PER_BIN, 1, MAX_BINS))
    edges = np.unique(np.quantile(confidence, np.linspace(0, 1, count + 1)[1:-1]))
    bin_of = np.searchsorted(edges, confidence, side="right")
    bins = tuple(
        _bin(confidence[bin_of == number], _accuracy(right, bin_of == number, sample))
        for number in np.unique(bin_of)
    )
    accuracy = _accuracy(right, everything, sample)
    return Calibration(float(np.sort(confidence).mean()), accuracy, bins)


def _bin(confidence: Floats, accuracy: Estimate) -> Bin:
    ordered = np.sort(confidence)  # so that sums do not depend on the order of samples
    return Bin(float(ordered[0]), float(ordered[-1]), float(ordered.mean()), accuracy)


def _accuracy(
    right: Floats, rows: npt.NDArray[np.bool_], sample: npt.NDArray[np.int64] | None
) -> Estimate:
    if sample is None:
        return mean_of(right[rows])
    part: Floats = np.bincount(sample[rows], right[rows]).astype(np.float64)
    return clustered_share(part, np.bincount(sample[rows]).astype(np.float64))


def _root(square: float) -> float:
    return math.sqrt(max(square, 0.0))


def _noise(accuracy: float, n: int) -> float:
    """Return the variance of a bin's accuracy, above 0 also where all labels are correct."""
    smooth = (accuracy * n + 1) / (n + 2)
    return smooth * (1 - smooth) / (n - 1)
