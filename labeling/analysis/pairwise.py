"""Which two voters say the same, and which contradict each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from labeling.records import ABSTAIN, CastVotes, Votes, expect

AT_ONCE = 100_000  # rows counted at once: their sums are exact as float32


def pairs_of(votes: Votes) -> pd.DataFrame:
    """Return one row for each pair of voters who spoke of the same sample at least once.

    Returns:
        A frame with the columns `first`, `second` (in the order of the voters), `both` (samples
        that both voted on), `same` and `differ` (how many of them alike and not alike).

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array(
    ...     [[0, 0], [1, 0], [1, -1]], schema=LabelSchema(["ham", "spam"]), voters=["a", "b"]
    ... )
    >>> pairs_of(votes).values.tolist()
    [['a', 'b', 2, 1, 1]]
    """
    long = expect(votes, Votes, "`votes`").long
    if long is None:
        tables = _counts(votes.array, len(votes.schema))
        rows, columns = np.nonzero(np.triu(tables[0], 1))
        both, same = (table[rows, columns] for table in tables)
    else:
        rows, columns, both, same = _counts_of_long(long)
    names = np.array(votes.voters, dtype=object)
    return pd.DataFrame(
        {
            "first": names[rows],
            "second": names[columns],
            "both": both,
            "same": same,
            "differ": both - same,
        }
    )


def _counts_of_long(votes: CastVotes) -> tuple[npt.NDArray[np.int64], ...]:
    """Return the pairs who spoke of one sample, on how many they both spoke, and on how many alike."""
    n, m = votes.shape
    ones = np.ones(len(votes), dtype=np.int64)
    both = sparse.csr_matrix((ones, (votes.row, votes.column)), shape=(n, m))
    size = int(votes.code.max(initial=0)) + 1
    of_label = sparse.csr_matrix(
        (ones, (votes.row * size + votes.code, votes.column)), shape=(n * size, m)
    )
    spoke, alike = (_pairs_in(table) for table in (both, of_label))
    same = np.zeros(len(spoke.data), dtype=np.int64)
    same[np.searchsorted(spoke.row * m + spoke.col, alike.row * m + alike.col)] = alike.data
    return spoke.row, spoke.col, spoke.data, same


def _pairs_in(marks: Any) -> Any:
    """Return in how many rows each two columns are marked, the pairs in order."""
    found = sparse.triu(marks.T @ marks, 1).tocsr()
    found.sort_indices()
    pairs = found.tocoo()
    pairs.row, pairs.col = pairs.row.astype(np.int64), pairs.col.astype(np.int64)
    return pairs


def _counts(
    codes: npt.NDArray[np.integer], n_labels: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return on how many samples each two voters both spoke, and on how many alike."""
    m = codes.shape[1]
    both, same = np.zeros((m, m), np.int64), np.zeros((m, m), np.int64)
    for start in range(0, len(codes), AT_ONCE):
        part = codes[start : start + AT_ONCE]
        both += together(part != ABSTAIN)
        for label in range(n_labels):
            same += together(part == label)
    return both, same


def together(marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return in how many rows each two columns are marked; exact for up to 2^24 rows."""
    numbers = marks.astype(np.float32)
    return (numbers.T @ numbers).astype(np.int64)
