"""Split-half reliability of votes: how far a text model can be expected to correct them.

Two halves of the voters agree as far as both follow the label, or err together. Where most samples
have votes in both halves and these agree closely, the votes are known to be reliable: then a text
model that was trained on them can add little, and its label shares are not corrected by theirs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labeling.end_model.linear_model import Floats

N_SPLITS = 8
# Share of the samples with a vote that have one in both halves: up to the first nothing is known,
# from the second on the votes count as reliable as their halves show.
FEW_COMPARED, ENOUGH_COMPARED = 0.25, 0.5
LEAST_SAMPLES = 20  # to compare two halves on


def vote_reliability(one_hot: Any, n_labels: int) -> float:
    """Return how reliable the votes are known to be, 0 to 1.

    The correlation r of the vote shares of random halves of the voters, stepped up to all of them,
    2 r / (1 + r) (Spearman 1910, Brown 1910), times the degree to which halves can be compared.

    Args:
        one_hot: votes, sparse, shape (n, n_voters * n_labels), the labels of a voter side by side.
        n_labels: the number of labels.

    >>> from scipy.sparse import csr_matrix
    >>> label = np.tile([0, 1, 1], 20)
    >>> one_hot = np.zeros((60, 4, 2))
    >>> one_hot[np.arange(60)[:, None], np.arange(4), label[:, None]] = 1  # four voters agree
    >>> vote_reliability(csr_matrix(one_hot.reshape(60, 8)), 2)
    1.0
    """
    n_votes = np.asarray(one_hot.sum(axis=0)).reshape(-1, n_labels).sum(axis=1)
    voters = np.flatnonzero(n_votes)
    n_covered = int((np.diff(one_hot.indptr) > 0).sum())
    if len(voters) < 2 or n_covered < LEAST_SAMPLES:
        return 0.0
    random = np.random.default_rng(0)
    correlations, shares_compared = [], []
    for _ in range(N_SPLITS):
        shuffled = random.permutation(voters)
        middle = len(shuffled) // 2
        first, second = (
            _votes_by_label(one_hot, half, n_labels)
            for half in (shuffled[:middle], shuffled[middle:])
        )
        is_compared = (first.sum(axis=1) > 0) & (second.sum(axis=1) > 0)
        shares_compared.append(is_compared.sum() / n_covered)
        correlations.append(_correlation(first[is_compared], second[is_compared]))
    correlation = max(float(np.mean(correlations)), 0.0)
    compared = (float(np.mean(shares_compared)) - FEW_COMPARED) / (ENOUGH_COMPARED - FEW_COMPARED)
    return 2 * correlation / (1 + correlation) * float(np.clip(compared, 0.0, 1.0))


def _votes_by_label(one_hot: Any, voters: Any, n_labels: int) -> Floats:
    """Return the number of votes of these voters for each label: shape (n, n_labels)."""
    from scipy.sparse import csr_matrix

    columns = (voters[:, None] * n_labels + np.arange(n_labels)).ravel()
    labels = np.tile(np.arange(n_labels), len(voters))
    shape = (one_hot.shape[1], n_labels)
    votes: Floats = (
        one_hot @ csr_matrix((np.ones(len(columns)), (columns, labels)), shape)
    ).toarray()
    return votes


def _correlation(first: Floats, second: Floats) -> float:
    """Return the correlation of the vote shares of two halves, all labels taken together."""
    if len(first) < LEAST_SAMPLES:
        return 0.0
    centred = []
    for votes in (first, second):
        shares = votes / votes.sum(axis=1, keepdims=True)
        centred.append(shares - shares.mean(axis=0))
    variances = [float((half**2).sum()) for half in centred]
    if min(variances) < 1e-9:
        return 0.0
    return float((centred[0] * centred[1]).sum() / np.sqrt(variances[0] * variances[1]))
