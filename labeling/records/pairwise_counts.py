"""Pairwise counts of votes, and the rule by which two voters are near-copies of each other.

The label model, which merges near-copies, and the analysis of dependencies, which lists them, both
use this rule, so that a report never contradicts the model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MOST_DENSE_COLUMNS = 256
DENSE_GAIN = 128  # how many cells of a product of dense rows take the time of one of sparse rows
LARGEST_EXACT = 1 << 24  # the largest whole number up to which numbers of 32 bits hold all
ROWS_AT_A_TIME = 4096

LEAST_OVERLAP = 10
"""Samples that both must vote on; nothing can be concluded from fewer."""
LEAST_JACCARD = 0.8
"""Votes that agree, of the samples on which either votes."""
LEAST_AGREEMENT_ONE_LABEL = 0.9
"""Agreement where both vote, for two voters who use one label each."""
LEAST_AGREEMENT = 0.95
"""Agreement where both vote, for others: they have more ways to differ."""


def co_occurrence(marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return in how many rows each two columns are both marked; exact for up to 2^24 rows.

    >>> co_occurrence(np.array([[True, True], [True, False]])).tolist()
    [[2, 1], [1, 1]]
    """
    numbers = marks.astype(np.float32)
    return (numbers.T @ numbers).astype(np.int64)


def weighted_co_occurrence(marks: Any, weights: Floats) -> Floats:
    """Return the weight of the rows in which each two columns are both marked.

    Args:
        marks: sparse matrix of ones, shape (n_rows, n_columns).
        weights: how many samples each row stands for, shape (n_rows,).
    """
    from scipy.sparse import csr_matrix  # slow to import

    rows = marks.tocsr()
    if _is_dense(rows, weights):
        return _dense_co_occurrence(rows, weights)
    weight_of_mark = np.repeat(weights, np.diff(rows.indptr))
    weighted = csr_matrix((weight_of_mark, rows.indices, rows.indptr), shape=rows.shape)
    counts: Floats = (rows.T @ weighted).toarray()
    return counts


def _is_dense(rows: Any, weights: Floats) -> bool:
    """Return whether counting in dense arrays is faster, and exact in numbers of 32 bits."""
    n, n_columns = rows.shape
    if n_columns > MOST_DENSE_COLUMNS:
        return False
    if DENSE_GAIN * float(rows.nnz) ** 2 < (float(n) * n_columns) ** 2:
        return False
    counted = weights[np.diff(rows.indptr) > 0]
    return bool(counted.sum() < LARGEST_EXACT and (counted == np.rint(counted)).all())


def _dense_co_occurrence(rows: Any, weights: Floats) -> Floats:
    """Return the same counts by products of dense blocks of rows."""
    n_columns = rows.shape[1]
    counts = np.zeros((n_columns, n_columns))
    for start in range(0, len(weights), ROWS_AT_A_TIME):
        starts = rows.indptr[start : start + ROWS_AT_A_TIME + 1]
        n_marks = np.diff(starts)
        weight = np.where(n_marks, weights[start : start + len(n_marks)], 1).astype(np.float32)
        block = np.zeros((len(n_marks), n_columns), dtype=np.float32)
        places = np.repeat(np.arange(len(n_marks)) * n_columns, n_marks)
        places += rows.indices[starts[0] : starts[-1]]
        block.ravel()[places] = 1
        # The product of an array and itself is symmetric, and computed in half the time.
        is_plain = (weight == 1).all()
        counts += block.T @ (block if is_plain else block * weight[:, None])
    return counts


def near_copies(both: Floats, same: Floats, uses: Bools) -> Bools:
    """Return which two voters vote nearly always alike: shape (n_voters, n_voters).

    Args:
        both: on how many samples both vote, own votes on the diagonal: (n_voters, n_voters).
        same: on how many of them both vote for the same label.
        uses: whether each voter ever votes for each label: shape (n_voters, n_labels).
    """
    votes = np.diag(both)
    either = votes[:, None] + votes[None, :] - both
    one_label = uses.sum(axis=1) == 1
    least_agreement = np.where(
        one_label[:, None] & one_label[None, :], LEAST_AGREEMENT_ONE_LABEL, LEAST_AGREEMENT
    )
    near: Bools = same >= LEAST_JACCARD * either
    near &= (same >= least_agreement * both) & (both >= LEAST_OVERLAP)
    np.fill_diagonal(near, False)
    return near
