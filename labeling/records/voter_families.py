"""Families of voters: voters for one label who vote together more often than the label explains.

Prompts of one language model, or templates of one idea, share the errors of their common cause. To
a model of independent voters they confirm each other, so that a large family outvotes all others.

What the label explains is estimated without gold labels by the vote shares Q of each sample:

    cov_jl = mean(f_j f_l) - sum over labels y of mean(f_j Q_y) mean(f_l Q_y) / mean(Q_y)

with f_j = 1 where voter j votes. Among rules that were written one by one the mean correlation r of
all pairs is near zero or negative (they divide the samples among themselves); among like prompts it
is positive. Single pairs of good rules correlate as well, so that only the mean of a label's voters
decides whether they are a family.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.records.pairwise_counts import weighted_co_occurrence

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FULL_CORRELATION = 0.05
"""Mean correlation of a label's voters from which on they are damped in full."""
NOISE = 2.0
"""Standard errors of a correlation, 1 / sqrt(n), that are taken for chance."""
STRONG_SHARE = 0.9
"""Share of their number that voters count as at most, to be named as a family to people."""
SMALLEST_VARIANCE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The voters who vote for one label only, if they vote together beyond what it explains.

    Attributes:
        label: the position of the label.
        voters: the positions of the voters, ascending.
        correlation: mean correlation over all pairs, -1 to 1, that the label does not explain.
        effective: how many independent voters they count as, above 0 and at most their number.
    """

    label: int
    voters: tuple[int, ...]
    correlation: float
    effective: float

    @property
    def is_strong(self) -> bool:
        """Whether they are damped so far that people should know."""
        return self.effective <= STRONG_SHARE * len(self.voters)


@dataclass(frozen=True, slots=True, eq=False)
class VoterFamilies:
    """The families among voters, and the weight of each voter's votes.

    Attributes:
        weights: the factor of the evidence of each voter's votes: shape (n_voters,), above 0, 1
            for voters in no family.
        mean_weight: the mean weight of all votes cast, above 0; 1 where there is no family or no
            vote.
        families: the families, in the order of labels.
        n_samples: the number of samples with a vote.
    """

    weights: Floats
    mean_weight: float
    families: tuple[Family, ...]
    n_samples: float

    @property
    def effective(self) -> float:
        """How many independent voters all voters count as."""
        return float(self.weights.sum())


def find_families(one_hot: Any, counts: Floats, n_labels: int) -> VoterFamilies:
    """Return the families among the voters, found in the votes alone.

    A voter's weight is 1 / (1 + g * sum of max(r - 2 / sqrt(n), 0) over the other voters for its
    label), with g = min(mean r / 0.05, 1), and 0 where the mean is negative.

    Args:
        one_hot: sparse matrix of ones, shape (n_rows, n_voters * n_labels): whether each voter
            votes for each label, the labels of a voter side by side.
        counts: how many samples each row stands for: shape (n_rows,).
        n_labels: the number of labels.

    >>> from scipy.sparse import csr_matrix
    >>> alike, rule = np.repeat([1, 0], 50), np.tile([1, 0], 50)
    >>> votes = np.zeros((100, 4, 2))  # three voters for label 0, of whom two are alike
    >>> votes[:, 0, 0] = votes[:, 1, 0] = alike
    >>> votes[:, 2, 0], votes[:, 3, 1] = rule, 1 - rule
    >>> found = find_families(csr_matrix(votes.reshape(100, 8)), np.ones(100), 2)
    >>> found.weights.round(2).tolist()
    [0.56, 0.56, 1.0, 1.0]
    """
    rows = one_hot.tocsr()
    n_voters = rows.shape[1] // n_labels
    votes_for = np.asarray(rows.T @ counts).reshape(n_voters, n_labels)
    n = float(counts[np.diff(rows.indptr) > 0].sum())
    uses = votes_for > 0
    has_one_label = uses.sum(axis=1) == 1
    weights: Floats = np.ones(n_voters)
    if (uses[has_one_label].sum(axis=0) < 2).all():
        return VoterFamilies(weights, 1.0, (), n)
    columns, shares = rows.tocsc(), _vote_shares(rows, n_labels)
    families = []
    for label in range(n_labels):
        voters = np.flatnonzero(has_one_label & uses[:, label])
        if len(voters) < 2:
            continue
        fires = columns[:, voters * n_labels + label]
        correlation = _unexplained_correlation(fires, shares, counts / max(n, 1.0))
        mean = float(correlation.sum() / (len(voters) * (len(voters) - 1)))
        strength = min(max(mean / FULL_CORRELATION, 0.0), 1.0)
        excess = np.maximum(correlation - NOISE / np.sqrt(n), 0.0).sum(axis=1)
        weights[voters] = 1 / (1 + strength * excess)
        effective = float(weights[voters].sum())
        if effective < len(voters):
            families.append(Family(label, tuple(voters.tolist()), mean, effective))
    total = votes_for.sum()
    mean_weight = float(votes_for.sum(axis=1) @ weights / total) if total else 1.0
    return VoterFamilies(weights, mean_weight, tuple(families), n)


def _vote_shares(one_hot: Any, n_labels: int) -> Any:
    """Return the share of each label among the votes of a row, sparse; none where nobody voted."""
    from scipy.sparse import csr_matrix  # slow to import

    rows = one_hot.tocsr()
    n_votes = np.diff(rows.indptr)
    share_of_vote = 1.0 / np.repeat(n_votes, n_votes)
    shape = (rows.shape[0], n_labels)
    # A copy: summing duplicates changes the arrays in place.
    shares = csr_matrix((share_of_vote, rows.indices % n_labels, rows.indptr.copy()), shape=shape)
    shares.sum_duplicates()
    return shares


def _unexplained_correlation(fires: Any, shares: Any, weights: Floats) -> Floats:
    """Return the correlation of voters that vote shares do not explain, 0 on the diagonal.

    Args:
        fires: sparse, whether each of these voters votes: shape (n_rows, n_voters).
        shares: sparse vote shares: shape (n_rows, n_labels).
        weights: the share of each row among the samples with a vote: shape (n_rows,).
    """
    weighted = shares.multiply(weights[:, None]).tocsr()
    balance = np.asarray(weighted.sum(axis=0)).ravel()
    joint = (fires.T @ weighted).toarray()
    explained = (joint / np.maximum(balance, SMALLEST_VARIANCE)) @ joint.T
    covariance = weighted_co_occurrence(fires, weights) - explained
    deviation = np.sqrt(np.maximum(np.diag(covariance), SMALLEST_VARIANCE))
    correlation: Floats = covariance / np.outer(deviation, deviation)
    np.fill_diagonal(correlation, 0.0)
    return correlation
