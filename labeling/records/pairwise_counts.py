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
    counts: Floats = (marks.T @ marks.multiply(weights[:, None]).tocsr()).toarray()
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
