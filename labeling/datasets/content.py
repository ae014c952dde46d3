"""Digests of samples' own columns, so that a row without its columns can be compared."""

from __future__ import annotations

import json
import math

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.values import json_scalar, plain

MIX = tuple(map(np.uint64, (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)))


MISSING = "null"
"""What stands for a missing value; the text itself has the same digest."""


def content_digests(samples: pd.DataFrame) -> npt.NDArray[np.uint64]:
    """Return a digest of each row's columns, shape (n,); never 0.

    It depends on the names and values of the columns, not on their order or types, nor on other
    rows: it is the same before and after the samples were written as Parquet.

    >>> frame = pd.DataFrame({"text": ["a", "b", "a"], "n": [1, 2, 1]})
    >>> digests = content_digests(frame)
    >>> bool(digests[0] == digests[2]), bool(digests[0] == digests[1])
    (True, False)
    >>> bool((content_digests(frame[["n", "text"]]) == digests).all())
    True
    """
    total = np.zeros(len(samples), dtype=np.uint64)
    for position, name in enumerate(samples.columns):
        salt = pd.util.hash_array(np.array([str(name)], dtype=object))[0]
        total += _mixed(_hashed(samples.iloc[:, position]) ^ salt)
    total[total == 0] = 1
    return total


def _hashed(column: pd.Series) -> npt.NDArray[np.uint64]:
    """Return the hash of each value by its text in a file, whatever the type of the column."""
    texts = _texts(column)
    try:
        return _hash(texts)
    except UnicodeEncodeError:  # half a character
        whole = [str(text).encode("utf-8", "backslashreplace").decode() for text in texts]
        return _hash(np.array(whole, dtype=object))


def _texts(column: pd.Series) -> npt.NDArray[np.object_]:
    kind = column.dtype
    if isinstance(kind, pd.StringDtype):
        return column.to_numpy(dtype=object, na_value=MISSING)
    if isinstance(kind, np.dtype) and kind.kind in "biuf":
        column = column.astype(np.float64)
    return np.array([_text(value) for value in column.tolist()], dtype=object)


def _hash(array: npt.NDArray[np.object_]) -> npt.NDArray[np.uint64]:
    return np.asarray(pd.util.hash_array(array, categorize=False), dtype=np.uint64)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT or _is_nan(value):
        return MISSING
    if isinstance(value, (bool, int, float)):
        return repr(float(value))
    try:
        plain_value = plain(value, _scalar)
    except (ValueError, RecursionError):  # it cannot be written to any file
        return type(value).__name__
    return plain_value if isinstance(plain_value, str) else json.dumps(plain_value)


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _scalar(value: object) -> str:
    try:
        return json_scalar(value)
    except TypeError:
        return str(value)


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return values with their bits mixed (splitmix64), so that sums of columns do not cancel."""
    mixed = values + MIX[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * MIX[1]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * MIX[2]
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)
