"""Robust PCA: what voters have in common is of low rank, what single pairs share besides is sparse.

Given the true label, independent voters co-vary by it alone. With k labels the covariance of all their
values (each label and the abstention) is then a matrix of rank k - 1, but for the blocks of a voter with
itself; a dependence adds to the block of its pair. Both are told apart as in robust PCA: by fitting the
low rank while what is large is taken out.

Source: P. Varma, F. Sala, A. He, A. Ratner, C. Ré, "Learning Dependency Structures for Weak
Supervision Models" (ICML 2019); alternating projections: P. Netrapalli et al., "Non-convex Robust PCA"
(NIPS 2014). Varma et al. decompose the inverse covariance; the covariance is used here, since copies,
which are to be found, make it singular.
"""

from __future__ import annotations

import numpy as np

from labeling.analysis.dependency.counts import Bools, Counted, Explained, Floats

MOST_STEPS = 500
LEAST_EXPECTED = 0.02  # samples on which two values stand together
FEW = 5  # samples by which rare values are made less rare, whose co-occurrence is noise
LEFT_OUT = 2.0  # medians of what is left, beyond which a pair tells nothing of what is common
LEAST_PARTNERS = 3  # that are not nearly the same, without whom a voter's own pairs must tell
REST = 0.01  # of the standard error of a value: how little the last step may change


def explained_by_low_rank(counted: Counted) -> Explained:
    """Return what a common true label explains, and the rest as Cramér's V of each pair: 0 to 1.

    With p the shares of values, P those of pairs of values, s = sqrt(p + few / n):

        Z = (P - p p') / s s'                      standardised covariance, a block per pair
        R = Z - L,  N_jl = |R_jl| / sqrt(d_j d_l)  what is left per block; d = values of a voter - 1
        S_jl = R_jl max(0, 1 - median(N) / N_jl)   sparse part: soft thresholding of blocks
        L = the r largest eigenvalues of Z - S     low-rank part; own blocks come from L itself

    are repeated until L rests, then with S_jl = R_jl where N_jl > 2 median(N), else 0, so that what
    depends tells nothing of what is common; and a second time with the latter alone. Of both results
    the one counts that leaves fewer pairs unexplained: dependencies are few. Pairs that say nearly
    always the same are in S from the start: many copies of a voter would else pass for the label.
    """
    n = counted.n
    shares = counted.counts / n
    p = np.diag(shares)
    scale = np.sqrt(p + FEW / n)
    z = (shares - np.outer(p, p)) / np.outer(scale, scale)
    low, steps, converged = _low_rank(counted, z)
    # A count below zero is none; one of zero would make any co-occurrence infinitely rare.
    expected = np.maximum(n * (np.outer(p, p) + low * np.outer(scale, scale)), LEAST_EXPECTED)
    kinds = counted.kinds
    # A block's norm is at most the root of the smaller number; `_norms` divided by that of both.
    larger = np.sqrt(np.maximum(kinds[:, None], kinds[None, :]))
    strength = np.minimum(_norms(counted, z - low) * larger, 1.0)
    both, same = counted.both(expected), counted.same(expected)
    return Explained(strength, both, same, steps, converged)


def _rank(counted: Counted) -> int:
    used = len(np.unique(counted.value[counted.value >= 0]))
    return max(1, min(used, counted.n_labels - 1))


def _low_rank(counted: Counted, z: Floats) -> tuple[Floats, int, bool]:
    """Return the part of low rank, after how many steps, and whether it came to rest."""
    apart = counted.owner[:, None] != counted.owner[None, :]
    runs = [_run(counted, z, apart, hard) for hard in (False, True)]
    norms = [_norms(counted, (z - low) * apart) for low, _, _ in runs]
    pairs = np.triu_indices(len(counted.voters), 1)
    least = min(float(np.median(one[pairs])) for one in norms)
    bound = LEFT_OUT * max(least, counted.noise)
    unexplained = [np.minimum((one[pairs] / bound) ** 2, 1).sum() for one in norms]
    return runs[int(np.argmin(unexplained))]


def _run(counted: Counted, z: Floats, apart: Bools, hard: bool) -> tuple[Floats, int, bool]:
    """Return the low rank that is found with soft thresholds first, or with hard ones throughout."""
    near = _left_out(counted.near())
    pairs = np.triu(~near, 1)
    rank = _rank(counted)
    low, basis = np.zeros_like(z), None
    for step in range(1, MOST_STEPS + 1):
        rest = (z - low) * apart
        norms = _norms(counted, rest)
        bound = max(float(np.median(norms[pairs])), counted.noise)
        kept = norms <= LEFT_OUT * bound if hard else np.minimum(1, bound / norms)
        kept = np.where(near, 0.0, kept)
        target = low + rest * kept[np.ix_(counted.owner, counted.owner)]
        if basis is None:
            basis = np.linalg.eigh(target)[1][:, -rank:]
        basis, values = _turned(target, basis)
        before, low = low, (basis * values) @ basis.T
        if np.abs(low - before).max() < REST * counted.noise:
            if hard:
                return low, step, True
            hard = True
        hard = hard or step == MOST_STEPS // 2
    return low, MOST_STEPS, False


def _turned(target: Floats, basis: Floats) -> tuple[Floats, Floats]:
    """Return the leading eigenvectors and values, one step of orthogonal iteration nearer."""
    basis, _ = np.linalg.qr(target @ basis)
    values, turn = np.linalg.eigh(basis.T @ target @ basis)
    return basis @ turn, np.maximum(values, 0)


def _norms(counted: Counted, rest: Floats) -> Floats:
    """Return the norms of blocks; chance alone makes each about the standard error of a value."""
    kinds = counted.kinds
    norms: Floats = np.sqrt(counted.per_pair(rest * rest) / np.outer(kinds, kinds) + 1e-30)
    return norms


def _left_out(near: Bools) -> Bools:
    """Return the near pairs of voters who are left enough others to be known by."""
    enough = len(near) - 1 - near.sum(axis=1) >= LEAST_PARTNERS
    found: Bools = near & enough[:, None] & enough[None, :]
    return found
