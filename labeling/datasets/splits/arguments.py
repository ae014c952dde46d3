"""The arguments of `split` as arrays: earlier splits, used rows, times and strata."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.splits.assignment import SPLITS
from labeling.datasets.splits.clusters import BoolArray, group_values
from labeling.datasets.splits.near_duplicates import Ints
from labeling.datasets.training_set import TrainingSet
from labeling.errors import DataError, LabelingError, listed, quoted
from labeling.records import LabelSource, checked_fraction, require_column

HUMAN = (LabelSource.AGREEMENT.value, LabelSource.REVIEW.value, LabelSource.GIVEN.value)
"""Sources of labels that people gave."""

Used = Collection[Hashable] | Mapping[str, Collection[Hashable]]
"""Ids of rows that must not be in test; or for each reason such ids."""


def checked_shares(test: float, dev: float) -> None:
    """Raise a LabelingError unless test and dev are shares that leave rows to train on."""
    checked_fraction(test, "`test`")
    checked_fraction(dev, "`dev`")
    if test + dev >= 1:
        raise LabelingError(
            "`test` and `dev` are shares of the rows, and must sum to less than 1, so that rows are"
            f" left to train on. Got {test!r} and {dev!r}."
        )


def names_of_groups(group: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the columns of groups."""
    if group is None:
        return ()
    if isinstance(group, str):
        return (group,)
    if not isinstance(group, Sequence):
        raise LabelingError(f"`group` must be the name of a column, or several. Got {group!r}.")
    return tuple(group)


def split_codes(previous: Any, ids: pd.Index) -> Ints:
    """Return the code of the earlier split of each row, -1 for rows that had none: shape (n,).

    Args:
        previous: a Series or mapping from id to split, a training set with splits, or a release.
        ids: the rows; earlier ones that are no longer there are ignored.

    Raises:
        DataError: there are no splits in it, or splits of other names.
    """
    if previous is None:
        return np.full(len(ids), -1, dtype=np.int64)
    series = splits_of(previous)
    check_id_type(series.index, ids, "the splits")
    codes = {name: code for code, name in enumerate(SPLITS)}
    values = [None if pd.isna(value) else value for value in series.tolist()]
    unknown = sorted({repr(value) for value in values if value is not None} - {*map(repr, SPLITS)})
    if unknown:
        raise DataError(f"Splits must be {listed(SPLITS)} or missing. Got {', '.join(unknown)}.")
    known = pd.Series([codes.get(str(value), -1) for value in values], series.index)
    result: Ints = known.reindex(ids, fill_value=-1).to_numpy().astype(np.int64)
    return result


def splits_of(data: Any) -> pd.Series:
    """Return the splits of a Series, a mapping, a training set or a release, index = ids.

    Raises:
        DataError: there are none.
    """
    train = getattr(data, "train", data)
    if isinstance(train, TrainingSet):
        if "split" not in train.columns:
            raise DataError("This training set has no splits: make them with `split(train)`.")
        return train.added_column("split")
    if isinstance(train, pd.Series):
        series = train
    elif isinstance(train, Mapping):
        series = pd.Series(list(train.values()), pd.Index(list(train)), dtype=object)
    else:
        raise DataError(
            "Splits must be a Series or dict from id to split, a training set that has splits, or a"
            f" release. Got a {type(data).__name__}."
        )
    if not series.index.is_unique:
        doubled = series.index[series.index.duplicated()].unique()
        raise DataError(f"Each id must have one split. Given more than once: {listed(doubled)}.")
    return series


def check_id_type(given: pd.Index, ids: pd.Index, what: str) -> None:
    """Raise a DataError if ids cannot be found since they are of another type, such as texts."""
    if not len(given) or given.isin(ids).any():
        return
    types = [type(index.tolist()[0]).__name__ for index in (given, ids)]
    if types[0] != types[1]:
        raise DataError(
            f"The ids of {what} must be of the same type as those of the samples. Got"
            f" {listed(given)} ({types[0]}) for {listed(ids)} ({types[1]}), and none is the same."
        )


def used_rows(used: Used, ids: pd.Index) -> tuple[dict[str, int], BoolArray]:
    """Return how many ids of each reason are among the rows, and which rows those are."""
    reasons = used if isinstance(used, Mapping) else {"used": used}
    rows = np.zeros(len(ids), dtype=bool)
    counts = {}
    for reason, given in reasons.items():
        if isinstance(given, str) or not isinstance(given, Collection):
            raise LabelingError(
                "`used` must be a collection of ids, or a dict from reason to ids. Got"
                f" {quoted(given)}."
            )
        named = pd.Index(list(given), dtype=object, tupleize_cols=False)
        check_id_type(named, ids, "`used`")
        is_used = ids.isin(named)
        counts[str(reason)] = int(is_used.sum())
        rows |= is_used
    return counts, rows


def times_of(frame: pd.DataFrame, column: str | None) -> npt.NDArray[np.generic] | None:
    """Return a column of times, or of numbers that grow with time: shape (n,).

    Raises:
        DataError: there is no such column, a time is missing, or a value is no time.
    """
    if column is None:
        return None
    require_column(frame, column, "time")
    values = frame[column]
    missing = values.isna().to_numpy()
    if missing.any():
        raise DataError(
            f"Column {column!r} must have a time in each row to split by time. It is missing in"
            f" {int(missing.sum()):,} of {len(values):,} rows: {listed(frame.index[missing])}."
        )
    kinds = pd.api.types
    is_number = kinds.is_numeric_dtype(values) and not kinds.is_complex_dtype(values)
    if is_number and not kinds.is_bool_dtype(values):
        return values.to_numpy(np.float64)
    try:
        times = pd.to_datetime(values, utc=True, format=_format_of(values))
    except (ValueError, TypeError) as error:
        raise DataError(
            f"Column {column!r} must hold times (dates, or texts such as 2026-01-31T10:00), or"
            f" numbers. {str(error).split(' You might')[0].splitlines()[0]}"
        ) from error
    # Not as nanoseconds, which wrap around in 2262: the newest rows would be the oldest.
    result: npt.NDArray[np.generic] = times.dt.tz_localize(None).to_numpy()
    return result


def _format_of(values: pd.Series) -> str | None:
    return "ISO8601" if pd.api.types.infer_dtype(values) == "string" else None


def strata_of(frame: pd.DataFrame, column: str) -> Ints:
    """Return the code of each row's stratum, -1 where it is missing; codes are in order of name."""
    values = [None if value is None else str(value) for value in group_values(frame, column)]
    names = sorted({value for value in values if value is not None})
    codes = {name: code for code, name in enumerate(names)}
    return np.array([-1 if value is None else codes[value] for value in values], dtype=np.int64)
