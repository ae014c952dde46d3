"""Pairs of voters: on how many samples both vote, agree and conflict."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from labeling.records import ABSTAIN, CastVotes, Votes, co_occurrence, expect

CHUNK = 100_000  # rows counted at once: their sums are exact as float32


def pairs_of(votes: Votes) -> pd.DataFrame:
    """Return one row for each pair of voters who voted on the same sample at least once.

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
    """Return the pairs with a common sample, on how many both vote, and on how many alike."""
    n, m = votes.shape
    ones = np.ones(len(votes), dtype=np.int64)
    is_vote = sparse.csr_matrix((ones, (votes.row, votes.column)), shape=(n, m))
    size = int(votes.code.max(initial=0)) + 1
    is_label = sparse.csr_matrix(
        (ones, (votes.row * size + votes.code, votes.column)), shape=(n * size, m)
    )
    both, alike = (_pair_counts(marks) for marks in (is_vote, is_label))
    same = np.zeros(len(both.data), dtype=np.int64)
    same[np.searchsorted(both.row * m + both.col, alike.row * m + alike.col)] = alike.data
    return both.row, both.col, both.data, same


def _pair_counts(marks: Any) -> Any:
    """Return in how many rows each two columns are marked, the pairs in order."""
    counts = sparse.triu(marks.T @ marks, 1).tocsr()
    counts.sort_indices()
    pairs = counts.tocoo()
    pairs.row, pairs.col = pairs.row.astype(np.int64), pairs.col.astype(np.int64)
    return pairs


def _counts(
    codes: npt.NDArray[np.integer], n_labels: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return on how many samples each two voters both vote, and on how many alike."""
    m = codes.shape[1]
    both, same = np.zeros((m, m), np.int64), np.zeros((m, m), np.int64)
    for start in range(0, len(codes), CHUNK):
        part = codes[start : start + CHUNK]
        both += co_occurrence(part != ABSTAIN)
        for label in range(n_labels):
            same += co_occurrence(part == label)
    return both, same
