"""Inter-annotator agreement: percent agreement and Krippendorff's alpha."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labeling.records import Votes, expect
from labeling.records.estimates import LEVEL, RESAMPLES, Estimate, mean_of, undefined


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of voters on the samples that two or more of them labeled.

    Attributes:
        percent: the share of pairs of votes on one sample that are equal, averaged over samples.
        alpha: Krippendorff's alpha for nominal data: 1 = perfect, 0 = agreement at chance level.
        n_samples: samples with two votes or more.
        n_votes: their votes.
    """

    percent: Estimate
    alpha: Estimate
    n_samples: int
    n_votes: int

    def __str__(self) -> str:
        return f"percent agreement {self.percent}; Krippendorff's alpha {self.alpha}"


def agreement(votes: Votes, *, seed: int = 0) -> Agreement:
    """Return the agreement of voters, with 95 % bootstrap intervals over samples.

    Where alpha is undefined (no sample has two votes, or all votes are equal) it is NaN, and its
    note gives the reason.

    Args:
        votes: of people; see `annotation_votes` for how annotations become votes.
        seed: of the bootstrap.

    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011).

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, 1], [0, 1]], schema=LabelSchema(["ham", "spam"]))
    >>> found = agreement(votes)
    >>> round(found.percent.value, 3), round(found.alpha.value, 3), found.n_samples
    (0.667, 0.444, 3)
    """
    labels = [expect(votes, Votes, "`votes`").schema.index(name) for name in sorted(votes.schema)]
    counts = votes.label_counts()[:, labels]
    counts = counts[np.lexsort(counts.T)]  # so that resampling does not depend on sample order
    total = counts.sum(axis=1)
    counts, total = counts[total >= 2], total[total >= 2]
    if not len(counts):
        none = undefined(0, "no sample has two votes")
        return Agreement(none, none, 0, 0)
    same = (counts * (counts - 1)).sum(axis=1) / (total * (total - 1))
    return Agreement(mean_of(same, seed), _alpha_of(counts, seed), len(counts), int(total.sum()))


def _alpha_of(counts: npt.NDArray[np.intp], seed: int) -> Estimate:
    from scipy.stats import DegenerateDataWarning, bootstrap

    n = len(counts)
    if (counts.sum(axis=0) > 0).sum() < 2:
        return undefined(n, "all votes are equal, so chance agreement cannot be estimated")
    value = _alpha(counts)
    if n < 2:
        return Estimate(value, np.nan, np.nan, n, "an interval needs more than one sample")

    def of_rows(rows: npt.NDArray[np.intp]) -> float:
        drawn = counts[rows]
        return _alpha(drawn) if (drawn.sum(axis=0) > 0).sum() >= 2 else np.nan

    with warnings.catch_warnings():
        # Resamples without an alpha are counted below; scipy can only warn about them.
        warnings.simplefilter("ignore", DegenerateDataWarning)
        drawn = bootstrap(
            (np.arange(n),),
            of_rows,
            n_resamples=RESAMPLES,
            vectorized=False,
            method="percentile",
            rng=seed,
        ).bootstrap_distribution
    usable = drawn[~np.isnan(drawn)]  # resamples whose votes are all equal have no alpha
    low, high = np.quantile(usable, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    left_out = len(drawn) - len(usable)
    note = f"{left_out} of {len(drawn)} resamples had equal votes only" if left_out else ""
    return Estimate(value, float(low), float(high), n, note)


def _alpha(counts: npt.NDArray[np.intp]) -> float:
    """Return alpha for nominal data: 1 - observed disagreement / disagreement by chance.

    In the coincidence matrix a sample with m votes adds 1 / (m - 1) for each ordered pair of them,
    so that the matrix sums to the number of votes. Only its off-diagonal part is needed, and it is
    summed in integers first: perfect agreement is exactly 1, in any order of samples.

    Args:
        counts: votes for each label, shape (samples, labels); two or more votes a sample, and two
            or more labels with votes.
    """
    sizes = counts.sum(axis=1)
    unequal = np.bincount(sizes, weights=sizes**2 - np.square(counts).sum(axis=1))
    pairs_of = np.arange(len(unequal)) - 1  # each vote has m - 1 others
    of_label = counts.sum(axis=0)
    n = int(of_label.sum())
    observed = float((unequal[2:] / pairs_of[2:]).sum()) / n
    expected = (n**2 - int(np.square(of_label).sum())) / (n * (n - 1))
    return 1 - observed / expected
