"""Robust PCA: what all voters share is of low rank, what single pairs share is sparse.

Given the true label, independent voters co-vary by it alone. With k labels the covariance of all
their values (each label and the abstention) is then a matrix of rank k - 1, except for the blocks
of a voter with itself; a dependence adds to the block of its pair. Both are separated as in robust
PCA: the low rank is fitted while large residuals are removed.

Source: P. Varma, F. Sala, A. He, A. Ratner, C. Ré, "Learning Dependency Structures for Weak
Supervision Models" (ICML 2019); alternating projections: P. Netrapalli et al., "Non-convex Robust
PCA" (NIPS 2014). Varma et al. decompose the inverse covariance; the covariance is used here, since
copies, which are to be found, make it singular.
"""

from __future__ import annotations

import numpy as np

from labeling.analysis.dependency.counts import Bools, Explained, Floats, VoteCounts

MOST_STEPS = 500
LEAST_EXPECTED = 0.02  # samples with two values
SMOOTHING = 5  # samples added to rare values, whose co-occurrence is noise
OUTLIER = 2.0  # medians of the residual norm, above which a pair is left out of the low rank
LEAST_PARTNERS = 3  # other than near-copies, needed to leave out the near-copies of a voter
TOLERANCE = 0.01  # of the last step, in standard errors of a value


def explained_by_low_rank(counts: VoteCounts) -> Explained:
    """Return what a common true label explains, and Cramér's V of each residual: 0 to 1.

    With p the shares of values, P those of pairs of values, s = sqrt(p + few / n):

        Z = (P - p p') / s s'                      standardised covariance, a block per pair
        R = Z - L,  N_jl = |R_jl| / sqrt(d_j d_l)  residual per block; d = values of a voter - 1
        S_jl = R_jl max(0, 1 - median(N) / N_jl)   sparse part: soft thresholding of blocks
        L = the r largest eigenvalues of Z - S     low-rank part; diagonal blocks come from L itself

    are repeated until L converges, then with S_jl = R_jl where N_jl > 2 median(N), else 0, so that
    dependent pairs have no influence on the low rank; and a second time with the latter alone. The
    result that leaves fewer pairs unexplained is used: dependencies are few. Near-copies are in S
    from the start: many copies of a voter would otherwise look like the label.
    """
    n = counts.n
    shares = counts.counts / n
    p = np.diag(shares)
    scale = np.sqrt(p + SMOOTHING / n)
    z = (shares - np.outer(p, p)) / np.outer(scale, scale)
    low, steps, converged = _low_rank(counts, z)
    # Counts are positive: with zero expected, any co-occurrence would be infinitely surprising.
    expected = np.maximum(n * (np.outer(p, p) + low * np.outer(scale, scale)), LEAST_EXPECTED)
    freedom = counts.degrees_of_freedom
    # The norm of a block is at most the root of the smaller number; `_block_norms` divides by both.
    larger = np.sqrt(np.maximum(freedom[:, None], freedom[None, :]))
    strength = np.minimum(_block_norms(counts, z - low) * larger, 1.0)
    both, same = counts.both(expected), counts.same(expected)
    return Explained(strength, both, same, steps, converged)


def _rank(counts: VoteCounts) -> int:
    used = len(np.unique(counts.value[counts.value >= 0]))
    return max(1, min(used, counts.n_labels - 1))


def _low_rank(counts: VoteCounts, z: Floats) -> tuple[Floats, int, bool]:
    """Return the low-rank part, the number of steps, and whether it converged."""
    off_block = counts.owner[:, None] != counts.owner[None, :]
    runs = [_alternate_projections(counts, z, off_block, is_hard) for is_hard in (False, True)]
    norms = [_block_norms(counts, (z - low) * off_block) for low, _, _ in runs]
    pairs = np.triu_indices(len(counts.voters), 1)
    least = min(float(np.median(of_run[pairs])) for of_run in norms)
    bound = OUTLIER * max(least, counts.standard_error)
    unexplained = [np.minimum((of_run[pairs] / bound) ** 2, 1).sum() for of_run in norms]
    return runs[int(np.argmin(unexplained))]


def _alternate_projections(
    counts: VoteCounts, z: Floats, off_block: Bools, is_hard: bool
) -> tuple[Floats, int, bool]:
    """Return the low-rank part by soft thresholds, then hard ones, or by hard ones throughout."""
    near = _removable(counts.near_copies())
    pairs = np.triu(~near, 1)
    rank = _rank(counts)
    low, basis = np.zeros_like(z), None
    for step in range(1, MOST_STEPS + 1):
        residual = (z - low) * off_block
        norms = _block_norms(counts, residual)
        bound = max(float(np.median(norms[pairs])), counts.standard_error)
        weight = norms <= OUTLIER * bound if is_hard else np.minimum(1, bound / norms)
        weight = np.where(near, 0.0, weight)
        target = low + residual * weight[np.ix_(counts.owner, counts.owner)]
        if basis is None:
            basis = np.linalg.eigh(target)[1][:, -rank:]
        basis, values = _orthogonal_iteration(target, basis)
        before, low = low, (basis * values) @ basis.T
        if np.abs(low - before).max() < TOLERANCE * counts.standard_error:
            if is_hard:
                return low, step, True
            is_hard = True
        is_hard = is_hard or step == MOST_STEPS // 2
    return low, MOST_STEPS, False


def _orthogonal_iteration(target: Floats, basis: Floats) -> tuple[Floats, Floats]:
    """Return the leading eigenvectors and values after one step of orthogonal iteration."""
    basis, _ = np.linalg.qr(target @ basis)
    values, rotation = np.linalg.eigh(basis.T @ target @ basis)
    return basis @ rotation, np.maximum(values, 0)


def _block_norms(counts: VoteCounts, residual: Floats) -> Floats:
    """Return the norms of blocks; by chance each is about the standard error of a value."""
    freedom = counts.degrees_of_freedom
    squares = counts.sum_by_pair(residual * residual)
    norms: Floats = np.sqrt(squares / np.outer(freedom, freedom) + 1e-30)
    return norms


def _removable(near: Bools) -> Bools:
    """Return the near-copies of voters with enough other partners to be estimated from."""
    has_partners = len(near) - 1 - near.sum(axis=1) >= LEAST_PARTNERS
    removable: Bools = near & has_partners[:, None] & has_partners[None, :]
    return removable
