"""Samples as rows of a DataFrame indexed by unique ids: validation, lookup, random order."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, LabelingError, VotesError, listed, near
from labeling.records.frames import frame_of

Table = Any
"""Samples: a DataFrame, or any other table that `frame_of` takes."""


def id_index(ids: Any) -> pd.Index:
    """Return ids as an Index; tuples stay single values, and do not become several levels.

    >>> id_index([("a", 1), ("b", 2)]).tolist()
    [('a', 1), ('b', 2)]
    """
    return ids if isinstance(ids, pd.Index) else pd.Index(ids, tupleize_cols=False)


def checked_ids(ids: pd.Index | pd.Series | list[object], what: str = "The sample ids") -> pd.Index:
    """Return ids as an Index after checking that they are unique and not missing.

    >>> checked_ids(pd.Index(["a", "b", "a"]))
    Traceback (most recent call last):
    ...
    labeling.errors.DataError: The sample ids must be unique. Given more than once: 'a'.
    """
    index = id_index(ids)
    if isinstance(index, pd.MultiIndex):
        raise DataError(
            f"{what} must be single values. Got an index of {index.nlevels} levels; its tuples may"
            " be ids: index.to_flat_index()."
        )
    if index.dtype == object:  # a list does not raise below where it is larger than those before
        _check_hashable(index[:1].tolist(), what)
    missing = np.flatnonzero(index.isna())
    if len(missing):
        raise DataError(f"{what} must not be missing. Missing in rows {listed(missing.tolist())}.")
    try:
        is_unique = index.is_unique
    except TypeError:
        _check_hashable(index.tolist(), what)
        raise
    if not is_unique:
        doubled = index[index.duplicated()].unique()
        raise DataError(f"{what} must be unique. Given more than once: {listed(doubled)}.")
    return index


def with_id_index(data: Table, id: str | None = None) -> pd.DataFrame:
    """Return the samples of a table, indexed by their ids; the table itself is unchanged.

    Args:
        data: a table with one row per sample, of any kind that `frame_of` takes; without an index,
            rows are numbered.
        id: the column of the ids, which is kept; `None` takes the frame's index.

    Raises:
        DataError: not a table, no rows, two columns of one name, no such column, or ids that are
            missing or not unique.

    >>> with_id_index(
    ...     pd.DataFrame({"key": ["a", "b"], "text": ["x", "y"]}), id="key"
    ... ).index.tolist()
    ['a', 'b']
    """
    frame = frame_of(data)
    if not frame.columns.is_unique:
        doubled = frame.columns[frame.columns.duplicated()].unique()
        raise DataError(f"Columns must have different names. Given twice: {listed(doubled)}.")
    if not len(frame):
        raise DataError("There must be at least one sample. Got an empty table.")
    if id is None:
        checked_ids(frame.index)
        return frame
    require_column(frame, id, "id")
    return frame.set_index(checked_ids(pd.Index(frame[id]), f"The ids in column {id!r}"))


def require_column(data: pd.DataFrame, column: str, purpose: str) -> None:
    """Raise a DataError with similar column names unless the frame has this column."""
    if not isinstance(column, Hashable) or column not in data.columns:
        raise DataError(
            f"There is no column {column!r} (needed as {purpose}); the columns are"
            f" {listed(data.columns, 20)}.{near(column, data.columns)}"
        )


def texts(data: pd.DataFrame, column: str) -> list[str]:
    """Return a column's texts, one `str` per sample.

    Raises:
        DataError: there is no such column, or a value is not a text.

    >>> texts(pd.DataFrame({"text": ["a", 7]}, index=["s1", "s2"]), "text")
    Traceback (most recent call last):
    ...
    labeling.errors.DataError: Column 'text' must hold text in every row. 1 of 2 rows do not,
    the first is sample 's2': 7 (int).
    """
    require_column(data, column, "text")
    values = data[column].tolist()
    wrong = [i for i, value in enumerate(values) if not isinstance(value, str)]
    if wrong:
        first = values[wrong[0]]
        raise DataError(
            f"Column {column!r} must hold text in every row. {len(wrong)} of {len(values)} rows do"
            f" not, the first is sample {data.index.tolist()[wrong[0]]!r}: {first!r}"
            f" ({type(first).__name__})."
        )
    return values


def positions(ids: pd.Index, wanted: pd.Index, what: str, where: str) -> npt.NDArray[np.intp]:
    """Return the position of each wanted id in `ids`; an unknown id is a DataError."""
    indexer = ids.get_indexer(wanted)
    if (indexer < 0).any():
        unknown = wanted[indexer < 0]
        raise DataError(
            f"{len(unknown)} of {len(wanted)} ids of {what} are not among {where}:"
            f" {listed(unknown)}."
            f"{near(unknown[0], ids[:10_000]) if isinstance(unknown[0], str) else ''}"
        )
    return indexer


@contextlib.contextmanager
def refuse_unhashable(table: pd.DataFrame, columns: Iterable[str]) -> Iterator[None]:
    """Raise a VotesError for a value in these columns that pandas cannot group by, such as a list.

    The values are looked at only after pandas has failed.
    """
    try:
        yield
    except TypeError:
        for column in columns:
            _check_hashable(table[column].tolist(), f"Column {column!r}", VotesError)
        raise


def _check_hashable(values: list[Any], what: str, error: type[LabelingError] = DataError) -> None:
    for row, value in enumerate(values):
        try:
            hash(value)
        except TypeError:
            hint = "" if error is DataError else "; write a row for each value of a list"
            raise error(
                f"{what} must hold single values, such as texts or numbers. Got {value!r:.60}"
                f" ({type(value).__name__}) in row {row}{hint}."
            ) from None


def random_order(ids: pd.Index, rng: np.random.Generator) -> npt.NDArray[np.intp]:
    """Return a random order of ids that depends on the ids and `rng`, not on their positions.

    The ids are sorted by a hash of each with a number drawn from `rng`, so that a table in another
    order gives the same result.

    >>> ids = pd.Index(["a", "b", "c", "d"])
    >>> drawn = ids[random_order(ids, np.random.default_rng(0))]
    >>> backward = ids[::-1]
    >>> drawn.equals(backward[random_order(backward, np.random.default_rng(0))])
    True
    """
    if not len(ids):
        return np.empty(0, dtype=np.intp)
    salt = rng.integers(0, 2**63, dtype=np.uint64)
    return np.argsort(_hashed(ids, salt), kind="stable")


def uniform_by_id(ids: pd.Index, salt: int) -> npt.NDArray[np.float64]:
    """Return a uniform random number from 0 to 1 for each id, determined by the id and the salt.

    >>> drawn = uniform_by_id(pd.Index(["a", "b", "c"]), 1)
    >>> bool((drawn[:2] == uniform_by_id(pd.Index(["a", "b"]), 1)).all())
    True
    """
    return _hashed(ids, np.uint64(salt)) / 2.0**64


def _hashed(ids: pd.Index, salt: np.uint64) -> npt.NDArray[np.uint64]:
    """Return a uniform hash of each id and the salt."""
    hashed = pd.util.hash_pandas_object(pd.Series(ids), index=False)
    key: npt.NDArray[Any] = hashed.to_numpy(np.uint64) ^ salt
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # splitmix64
        key = (key ^ (key >> np.uint64(shift))) * np.uint64(factor)
    key ^= key >> np.uint64(31)
    return key
