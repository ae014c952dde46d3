"""Query strategies that score each sample: higher is asked sooner."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import entr

from labeling.query.pool import Pool
from labeling.records import ABSTAIN

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Spread = Literal["", "vote patterns", "clusters"]

SMOOTHING = 0.01  # of the share of a label in a vote pattern, divided by the pattern's size


def entropy(pool: Pool) -> Floats:
    """Score the entropy of the posterior, as a share of its maximum."""
    probabilities = pool.expect_posterior("entropy").to_array()
    # Sorted, so that the sum is exactly the same for permuted probabilities.
    score: Floats = entr(np.sort(probabilities, axis=1)).sum(axis=1) / np.log(
        probabilities.shape[1]
    )
    return score


def margin(pool: Pool) -> Floats:
    """Score how close the two most probable labels are: 1 - (p1 - p2)."""
    ranked = np.sort(pool.expect_posterior("margin").to_array(), axis=1)
    score: Floats = 1 - (ranked[:, -1] - ranked[:, -2])
    return score


def lf_conflict(pool: Pool) -> Floats:
    """Score the entropy of the votes on a sample; 0 for fewer than two votes."""
    votes = pool.expect_votes("lf_conflict")
    n_labels = int(votes.max(initial=0)) + 1
    counts = np.stack([(votes == label).sum(axis=1) for label in range(n_labels)], axis=1)
    total = counts.sum(axis=1, keepdims=True)
    score: Floats = entr(np.sort(counts / np.maximum(total, 1), axis=1)).sum(axis=1)
    return score


def uncovered(pool: Pool) -> Floats:
    """Score 1 for samples without votes, else 0."""
    votes = pool.expect_votes("uncovered")
    score: Floats = (votes == ABSTAIN).all(axis=1).astype(np.float64)
    return score


def vote_pattern(pool: Pool) -> Floats:
    """Score how far a vote pattern's mean posterior is from its gold labels, KL(q || p).

    The gold labels of a pattern are its share of each label; a pattern without any starts from its
    most probable label, so that it scores how unsure the posterior is of it. This is the maxKL rule
    of ActiveWeaSuL (Biegel et al. 2021). All samples of a pattern have the same score.
    """
    posterior = pool.expect_posterior("vote_pattern").to_array()
    votes = pool.expect_votes("vote_pattern")
    known = None if pool.known is None else pool.known.votes
    rows = votes if known is None else np.concatenate([votes, known])
    codes = np.unique(rows, axis=0, return_inverse=True)[1].ravel()
    pattern, n_labels = pd.Series(codes[: len(votes)]), posterior.shape[1]
    size = pattern.map(pattern.value_counts()).to_numpy(dtype=np.float64)[:, None]
    # Summed in the order of the values, so that the order of rows does not matter.
    of_pattern = pd.DataFrame(posterior).groupby(pattern).agg(_sorted_mean)
    mean = of_pattern.loc[pattern].to_numpy()
    top = mean.round(9) == mean.max(axis=1, keepdims=True).round(9)
    share = top / top.sum(axis=1, keepdims=True)
    if known is not None and pool.known is not None and len(known):
        gold = pd.crosstab(codes[len(votes) :], pool.known.codes)
        counts = gold.reindex(index=pattern, columns=range(n_labels), fill_value=0).to_numpy()
        total = counts.sum(axis=1, keepdims=True)
        share = np.where(total > 0, counts / np.maximum(total, 1), share)
    smooth = (share + SMOOTHING / size) / (1 + n_labels * SMOOTHING / size)
    gain = np.where(mean > 0, mean * np.log(np.maximum(mean, 1e-300) / smooth), 0.0)
    score: Floats = np.maximum(np.sort(gain, axis=1).sum(axis=1), 0.0)
    return score


def _sorted_mean(values: pd.Series) -> float:
    return float(np.sort(values.to_numpy()).sum() / len(values))


@dataclass(frozen=True, slots=True)
class Score:
    """A strategy that ranks samples.

    Attributes:
        score: from a pool to the score of each sample: shape (n_samples,).
        reason: why a sample is chosen.
        spread: over what the batch is spread: the best sample of each vote pattern first, or one
            sample from each cluster of texts among the candidates.
    """

    score: Callable[[Pool], Floats]
    reason: str
    spread: Spread = ""


SCORES: dict[str, Score] = {
    "entropy": Score(entropy, "the posterior is most uncertain"),
    "lf_conflict": Score(lf_conflict, "the labeling functions disagree most"),
    "margin": Score(margin, "the two most probable labels are nearest to each other"),
    "uncovered": Score(uncovered, "no labeling function votes on it", "clusters"),
    "vote_pattern": Score(
        vote_pattern,
        "the posterior of samples with these votes is farthest from what is known of them",
        "vote patterns",
    ),
}
"""The strategies that rank samples; to add one, write a function and list it here."""
