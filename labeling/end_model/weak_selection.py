"""Which weak labels the text model is trained on: those that agree with their neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.end_model.latent_topics import LatentTopics
from labeling.end_model.linear_model import Floats
from labeling.records import Select, best_codes, cut_statistic, least_cut

Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class WeakSelection:
    """Selection of weak labels by the cut statistic, among the samples of the other folds.

    Attributes:
        select: see `EndModel`.
        points: the samples as latent topics of length 1, shape (n, n_topics).
        ids: of the samples.
    """

    select: Select
    points: Floats
    ids: pd.Index

    @classmethod
    def of(cls, select: Select, vectors: Any, ids: pd.Index) -> Self | None:
        """Return the selection, or `None` where all labels are trained on.

        Args:
            select: see `EndModel`.
            vectors: features, shape (n, n_features), rows in random order.
            ids: of the samples.
        """
        if select is None:
            return None
        points = LatentTopics.of(vectors).vectors(vectors)
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        return cls(select, points / np.maximum(lengths, 1e-12), ids)

    def kept(self, targets: Floats, rows: Rows) -> npt.NDArray[np.bool_]:
        """Return which of the rows are trained on: shape (n_rows,).

        They are compared with each other only, so that no model hears of its own fold. A tie is no
        label that could be cut off, and stays.

        Args:
            targets: soft labels of all samples, shape (n, n_labels).
            rows: the covered samples to train on.
        """
        codes = best_codes(targets[rows])
        decided = np.flatnonzero(codes >= 0)
        ids = self.ids[rows[decided]]
        statistic = cut_statistic(self.points[rows[decided]], codes[decided], ids)
        kept = np.ones(len(rows), dtype=bool)
        kept[decided] = least_cut(statistic, ids, self.select)
        return kept
