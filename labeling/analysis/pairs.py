"""Which two voters say the same, and which contradict each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records import ABSTAIN, Votes, expect

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
    codes = expect(votes, Votes, "`votes`").to_array()
    both, same = _counts(codes, len(votes.schema))
    rows, columns = np.nonzero(np.triu(both, 1))
    names = np.array(votes.voters, dtype=object)
    return pd.DataFrame(
        {
            "first": names[rows],
            "second": names[columns],
            "both": both[rows, columns],
            "same": same[rows, columns],
            "differ": (both - same)[rows, columns],
        }
    )


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
