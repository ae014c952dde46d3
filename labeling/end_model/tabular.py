"""Encoding of columns: numbers standardised, categories one-hot, missing values as features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from labeling.end_model.linear_model import Floats
from labeling.errors import DataError
from labeling.records import require_column

LEAST_OCCURRENCES = 2  # of a category: one that occurs once is no evidence


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The encoding of columns, fitted on all samples of the pool.

    Attributes:
        means: of each column of numbers.
        scales: their standard deviations.
        gaps: the columns of numbers that had missing values; a missing value is a feature itself.
        categories: the values of each other column.
    """

    means: Mapping[str, float]
    scales: Mapping[str, float]
    gaps: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, samples: pd.DataFrame, names: tuple[str, ...]) -> Columns:
        """Return the encoding of these columns; a DataError where one has no usable values."""
        from sklearn.preprocessing import StandardScaler

        means: dict[str, float] = {}
        scales: dict[str, float] = {}
        categories: dict[str, tuple[str, ...]] = {}
        gaps = []
        for name in names:
            require_column(samples, name, "a column to learn from")
            if not _is_measure(samples[name]):
                categories[name] = _categories(samples[name])
                continue
            values = _numbers(samples, name)
            missing = np.isnan(values)
            if missing.all():
                raise DataError(f"Column {name!r} must hold values to learn from. All are missing.")
            scaler = StandardScaler().fit(values[:, None])
            means[name], scales[name] = float(scaler.mean_[0]), float(scaler.scale_[0])
            gaps += [name] if missing.any() else []
        return cls(means, scales, tuple(gaps), categories)

    def vectors(self, samples: pd.DataFrame) -> Any:
        """Return the columns as a sparse matrix, shape (n_samples, n_features)."""
        from scipy.sparse import csr_matrix, hstack

        parts = []
        for name, mean in self.means.items():
            values = _numbers(samples, name)
            missing = np.isnan(values)
            # Missing values are replaced by the mean, which is no evidence.
            parts.append(csr_matrix(np.where(missing, 0, (values - mean) / self.scales[name])).T)
            if name in self.gaps:
                parts.append(csr_matrix(missing.astype(float)).T)
        for name, categories in self.categories.items():
            require_column(samples, name, "a column to learn from")
            parts.append(_encoder(categories).transform(_as_text(samples[name])[:, None]))
        return hstack(parts, format="csr")


def rows_as_text(samples: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    """Return the values of columns as one text per sample."""
    for name in names:
        require_column(samples, name, "a column to learn from")
    columns = [
        # 1 and 1.0 are equal: new rows may turn a column of ints into floats.
        (_numbers(samples, name).tolist() if _is_measure(samples[name]) else samples[name].tolist())
        for name in names
    ]
    columns = [[repr(value) for value in column] for column in columns]
    return ["\x1f".join(row) for row in zip(*columns, strict=True)] if columns else []


def _is_measure(values: pd.Series) -> bool:
    return is_numeric_dtype(values.dtype) and not is_bool_dtype(values.dtype)


def _numbers(samples: pd.DataFrame, name: str) -> Floats:
    require_column(samples, name, "a column to learn from")
    if not _is_measure(samples[name]):
        raise DataError(
            f"Column {name!r} must hold numbers, as it did when the model was fitted. Its type is"
            f" {samples[name].dtype}."
        )
    values = samples[name].to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(values).any():
        first = samples.index[np.isinf(values)].tolist()[0]
        raise DataError(
            f"Column {name!r} must hold finite numbers, or none where a value is missing. Sample"
            f" {first!r} has an infinite one."
        )
    return values


def _as_text(values: pd.Series) -> npt.NDArray[np.object_]:
    """Return values as text; a missing value is a category that equals no text."""
    return np.array(
        [
            "missing" if is_missing else f"={value}"
            for is_missing, value in zip(values.isna().to_numpy(), values, strict=True)
        ],
        dtype=object,
    )


def _categories(values: pd.Series) -> tuple[str, ...]:
    distinct, counts = np.unique(_as_text(values).astype(str), return_counts=True)
    frequent = distinct[counts >= min(LEAST_OCCURRENCES, len(values))].tolist()
    if not frequent:
        raise DataError(
            f"Column {values.name!r} must hold categories, each in several samples. Its"
            f" {len(distinct)} values occur once each; is it an id, or a text?"
        )
    return tuple(frequent)


def _encoder(categories: tuple[str, ...]) -> Any:
    """Return the one-hot encoder of these categories; any other value is all 0."""
    from sklearn.preprocessing import OneHotEncoder

    values = np.array(categories, dtype=object)
    encoder = OneHotEncoder(categories=[values], handle_unknown="ignore")
    return encoder.fit(values[:, None])
