"""Cross-fitting: no sample is scored by a model that was trained on its own label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import infer_dtype, is_integer_dtype

from labeling.end_model.linear_model import Floats, LinearModel
from labeling.records import uniform_by_id

Rows = npt.NDArray[np.intp]

SALT = 20_261_130  # differs from those of other draws by id, so that they are independent


def draws_by_id(ids: pd.Index) -> Floats:
    """Return a number from 0 to 1 for each sample that decides its fold: shape (n_samples,).

    It depends on the id alone: so nothing must be stored about a sample to find its fold again,
    and a sample whose text was edited is not scored by a model that was trained on it before. Ids
    that are equal have the same number whatever their column is stored as: 1, 1.0, and 1 beside
    texts; dates in seconds or in nanoseconds.

    >>> bool(draws_by_id(pd.Index([1, "a"]))[0] == draws_by_id(pd.Index([1]))[0])
    True
    """
    if isinstance(ids, pd.DatetimeIndex):
        ids = ids.as_unit("us")
    draws = uniform_by_id(ids, SALT)
    kind = infer_dtype(ids, skipna=False)
    if not is_integer_dtype(ids.dtype) and ("integer" in kind or kind == "floating"):
        whole = [row for row, sample_id in enumerate(ids.tolist()) if _is_int64(sample_id)]
        as_integers = pd.Index([int(ids[row]) for row in whole], dtype=np.int64)
        draws[whole] = uniform_by_id(as_integers, SALT)
    return draws


def _is_int64(sample_id: object) -> bool:
    if not isinstance(sample_id, (int, float, np.integer, np.floating)):
        return False
    return bool(-(2**63) <= sample_id < 2**63) and sample_id == int(sample_id)


@dataclass(frozen=True, slots=True, eq=False)
class CrossFitted:
    """One linear model per fold, trained on the samples of the other folds.

    Attributes:
        models: the models, by fold; a single one scores all samples (models of earlier versions).
    """

    models: tuple[LinearModel, ...]

    @classmethod
    def untrained(cls, n_features: int, n_labels: int) -> CrossFitted:
        """Return the model with equal probabilities."""
        return cls((LinearModel.untrained(n_features, n_labels),))

    @classmethod
    def fitted(
        cls,
        vectors: Any,
        targets: Floats,
        rows: Rows,
        draws: Floats,
        n_folds: int,
        kept: Callable[[Floats, Rows], npt.NDArray[np.bool_]] | None = None,
        **settings: Any,
    ) -> CrossFitted:
        """Return the models of all folds.

        Args:
            vectors: features, shape (n, n_features).
            targets: shape (n, n_labels).
            rows: the samples to train on.
            draws: by id, see `draws_by_id`: shape (n,).
            n_folds: the number of folds.
            kept: returns which of the samples of the other folds to train on, by the targets of all
                and these rows; `None` for all.
            settings: further arguments of `LinearModel.fitted`.
        """
        folds = folds_of(draws[rows], n_folds)
        is_known = targets[rows].sum(axis=0) > 1e-12
        models = []
        for fold in range(n_folds):
            training = rows[folds != fold]
            if kept is not None:
                training = training[kept(targets, training)]
            model = LinearModel.fitted(vectors[training], targets[training], **settings)
            models.append(_with_missing_labels(model, targets[training], is_known))
        return cls(tuple(models))

    def log_odds(self, vectors: Any, draws: Floats) -> Floats:
        """Return centred log-probabilities, shape (n, n_labels): each by the model of its fold.

        Args:
            vectors: features, shape (n, n_features).
            draws: by id, shape (n,).
        """
        if len(self.models) == 1:
            return self.models[0].log_odds(vectors)
        log_odds = np.zeros((vectors.shape[0], len(self.models[0].offsets)))
        folds = folds_of(draws, len(self.models))
        for fold, model in enumerate(self.models):
            rows = np.flatnonzero(folds == fold)
            log_odds[rows] = model.log_odds(vectors[rows])
        return log_odds


def folds_of(draws: Floats, n_folds: int) -> Rows:
    """Return the fold of each sample, 0 to n_folds - 1, by its draw: shape (n,)."""
    return (draws * n_folds).astype(np.intp)


def _with_missing_labels(
    model: LinearModel, targets: Floats, is_known: npt.NDArray[np.bool_]
) -> LinearModel:
    """Return the model with the offset of the rarest label for labels that only its fold has.

    That a label has no other sample is chance, and no evidence against it.
    """
    is_trained = targets.sum(axis=0) > 1e-12
    if not is_trained.any() or (is_trained == is_known).all():
        return model
    offsets = np.where(is_known & ~is_trained, model.offsets[is_trained].min(), model.offsets)
    return replace(model, offsets=offsets)
