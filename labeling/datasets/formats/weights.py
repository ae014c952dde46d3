"""Weights of labels in training: by their confidence, by the expected loss, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError, near
from labeling.records import LabelSource

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

WEIGHTS = ("confidence", "expected", "none")
Floats = npt.NDArray[np.float64]


def weighted(train: TrainingSet, weights: str) -> TrainingSet:
    """Return a copy with other weights; see `TrainingSet.weighted`."""
    confidence = train.added_column("confidence").to_numpy(dtype=np.float64)
    models = [LabelSource.VOTES.value, LabelSource.END_MODEL.value]
    is_given = ~train.added_column("source").isin(models).to_numpy(dtype=bool)
    has_label = train.has_label
    weight = label_weights(confidence, len(train.schema), weights)
    weight = np.where(has_label, np.where(is_given, 1.0, weight), 0.0)
    return train.with_columns(weight=weight).with_origin({"weights": weights})


def label_weights(confidence: Floats, n_labels: int, weights: str) -> Floats:
    """Return the weight of each label of a model.

    `expected`: with symmetric loss (the losses of all labels have a constant sum) and the rest of
    the probability spread over the other labels, the expected loss under the probabilities differs
    only by a constant from the loss of the label times (k p - 1) / (k - 1), for k labels and
    confidence p: 1 for a certain label, 0 for one at chance. (Natarajan et al., "Learning with
    Noisy Labels", NIPS 2013; Ghosh et al., "Robust Loss Functions under Label Noise for Deep Neural
    Networks", AAAI 2017.)

    Args:
        confidence: the probability of each label, shape (n,).
        n_labels: how many labels there are.
        weights: `confidence`, `expected` or `none`.

    Raises:
        LabelingError: there are no such weights.

    >>> label_weights(np.array([1.0, 0.75, 0.5]), 2, "expected").tolist()
    [1.0, 0.5, 0.0]
    """
    if weights == "confidence":
        return confidence
    if weights == "expected":
        return np.clip((n_labels * confidence - 1) / (n_labels - 1), 0.0, 1.0)
    if weights == "none":
        return np.ones(len(confidence))
    raise LabelingError(
        f"`weights` must be 'confidence', 'expected' or 'none'. Got {weights!r}."
        f"{near(weights, WEIGHTS)}"
    )
