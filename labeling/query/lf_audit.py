"""A random draw that measures each labeling function, more where its accuracy is uncertain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labeling.query.pool import Pool
from labeling.records import ABSTAIN

Floats = npt.NDArray[np.float64]

LEAST, MOST = 0.05, 0.95  # assumed accuracies: an extreme estimate would leave a voter unmeasured
UNKNOWN = 0.75  # the assumed accuracy of a voter without a posterior to compare with


def audit_weights(pool: Pool) -> Floats:
    """Return the weight of each sample in an audit of all voters: shape (n_samples,).

    Of n samples, voter j should get n_j in proportion to N_j sqrt(a_j (1 - a_j)), where N_j counts
    its votes and a_j is its accuracy by the posterior (Neyman 1934). A sample stands for all who
    vote on it, so its weight is the sum of n_j / N_j over them; a sample without votes has none.
    """
    cast = pool.expect_votes("lf_audit") != ABSTAIN
    accuracy = np.clip(_accuracies(pool), LEAST, MOST)
    spread = np.sqrt(accuracy * (1 - accuracy))
    # Sorted, so that neither the order of voters nor rounding changes a weight.
    weights: Floats = np.sort(cast * spread, axis=1).sum(axis=1)
    return weights.round(9)


def _accuracies(pool: Pool) -> Floats:
    votes = pool.expect_votes("lf_audit")
    if pool.posterior is None:
        return np.full(votes.shape[1], UNKNOWN)
    cast = votes != ABSTAIN
    rows = np.arange(len(votes))[:, None]
    agreed = np.where(cast, pool.posterior.to_array()[rows, np.maximum(votes, 0)], 0.0)
    total: Floats = np.sort(agreed, axis=0).sum(axis=0) / np.maximum(cast.sum(axis=0), 1)
    return total
