"""What a random draw measures: the accuracy of labels and of labeling functions, with intervals."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError
from labeling.records import (
    ABSTAIN,
    Batch,
    Gold,
    SoftLabels,
    Stratum,
    Votes,
    expect,
    gold_codes,
    gold_series,
    is_number,
    whole_number,
)
from labeling.records.estimates import Estimate, undefined

Floats = npt.NDArray[np.float64]

Z = 1.959963984540054  # of a 95 % interval
EXACT = 1e-12  # a variance below it is that of a mean of all samples, but for rounding
LF_AUDIT = "lf_audit"  # the strategy that measures labeling functions, and its stratum
AUDIT_STRATA = (Stratum.RANDOM.value,)
"""The strata that are drawn from all eligible samples, each with a known propensity."""
LF_STRATA = (*AUDIT_STRATA, LF_AUDIT)
"""The strata that are drawn from all eligible samples with a vote."""


def label_accuracy(soft: SoftLabels, gold: Gold, batches: Iterable[Batch]) -> Estimate:
    """Return the accuracy of the most probable labels of all samples, from the random strata.

    Of each batch the Horvitz-Thompson estimate (in its ratio form, Hajek 1971) of the samples that
    were eligible then is joined with what is known of the samples of earlier batches, which is
    unbiased in each batch; the mean over batches is weighted by their inverse variances (as Des
    Raj 1956). The interval is Wilson's for the effective sample size (Kish 1965), with the
    correction for finite populations (Cochran 1977, 2.6), so that it has no width where all samples
    have a gold label. Samples without a gold label yet are left out, and count as not drawn; if
    these are the doubtful ones, the estimate is too high.

    Args:
        soft: soft labels that did not learn from these gold labels, of all samples; a tie counts as
            a fraction.
        gold: gold labels of samples of the batches, such as those that people settled.
        batches: in the order in which they were selected, with their propensities.

    >>> from labeling.records import LabelSchema
    >>> ids = pd.RangeIndex(4)
    >>> soft = SoftLabels([[0.9, 0.1]] * 4, ids, LabelSchema(["ham", "spam"]), [True] * 4)
    >>> drawn = Batch(pd.DataFrame({"stratum": "random", "propensity": 0.5}, index=[0, 3]))
    >>> print(label_accuracy(soft, {0: "ham", 3: "spam"}, [drawn]))
    0.500 [0.150, 0.850], n = 2
    """
    expect(soft, SoftLabels, "`soft`")
    given = gold_series(gold)
    given = given[given.index.isin(soft.sample_ids)]
    codes = gold_codes(given, given.index, soft.schema)
    best = soft.of_samples(given.index).winners()
    score = best[np.arange(len(codes)), codes] / best.sum(axis=1)
    scores = pd.Series(score, given.index)
    return _design_estimate(_checked(batches), scores, soft.sample_ids, AUDIT_STRATA)


def lf_accuracy(votes: Votes, gold: Gold, batches: Iterable[Batch]) -> pd.DataFrame:
    """Return the accuracy of each labeling function where it votes, from the random strata.

    It is unbiased whatever the strategies were, since only samples with a known propensity count:
    those of the strategy `lf_audit`, which asks most about the functions whose accuracy is least
    certain, and the random samples of the mixture. See `label_accuracy` for how batches are joined.

    Args:
        votes: of the labeling functions on all samples.
        gold: gold labels of samples of the batches.
        batches: in the order in which they were selected.

    Returns:
        A frame with the voters' names as index and the columns `votes` (how many it cast), `n` (how
        many of them have a gold label and a propensity), `accuracy` and its 95 % interval
        `accuracy_low`, `accuracy_high` (NaN where n is 0).

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0], [0], [1], [-1]], schema=LabelSchema(["ham", "spam"]))
    >>> drawn = Batch(pd.DataFrame({"stratum": "lf_audit", "propensity": 0.67}, index=[0, 2]))
    >>> lf_accuracy(votes, {0: "ham", 2: "ham"}, [drawn])[["votes", "n", "accuracy"]]
          votes  n  accuracy
    voter_0      3  2       0.5
    """
    expect(votes, Votes, "`votes`")
    parts = _checked(batches)
    given = gold_series(gold)
    given = given[given.index.isin(votes.sample_ids)]
    codes = gold_codes(given, given.index, votes.schema)
    with_gold = votes.of_samples(given.index).to_array()
    rows = []
    for voter, column in enumerate(votes.to_array().T):
        cast = with_gold[:, voter] != ABSTAIN
        right = pd.Series((with_gold[cast, voter] == codes[cast]).astype(float), given.index[cast])
        voted = votes.sample_ids[column != ABSTAIN]
        found = _design_estimate(parts, right, voted, LF_STRATA)
        rows.append((len(voted), found.n, found.value, found.low, found.high))
    columns = ["votes", "n", "accuracy", "accuracy_low", "accuracy_high"]
    return pd.DataFrame(rows, index=pd.Index(votes.voters, dtype=object), columns=columns)


def _checked(batches: Iterable[Batch]) -> list[Batch]:
    """Return batches as a list; raise a LabelingError for anything else."""
    if isinstance(batches, (Batch, pd.DataFrame)) or not isinstance(batches, Iterable):
        raise LabelingError(
            f"`batches` must be several: give [batch]. Got a {type(batches).__name__}."
        )
    return [expect(batch, Batch, "each of `batches`") for batch in batches]


def batches_of(choices: pd.DataFrame) -> list[Batch]:
    """Return the batches of a table of chosen samples with a column `batch`, in order."""
    return [Batch(part.drop(columns="batch")) for _, part in choices.groupby("batch", sort=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Round:
    """The audit of one batch: scores and weights of its samples, and what was known before.

    Attributes:
        sample_ids: of the samples with a gold label.
        score: of these samples: shape (n,).
        share: the share of each of them in the mean over the eligible samples, summing to 1.
        drawn: how far the eligible samples were drawn with the probability of each of them; 1 where
            all are in the sample: shape (n,).
        known: what was asked about before.
    """

    sample_ids: pd.Index
    score: Floats
    share: Floats
    drawn: Floats
    known: _Known

    @property
    def variance(self) -> float:
        """The variance of the mean over the population, as a share of that of one sample."""
        of_eligible = float(np.sort(self.share**2 * (1 - self.drawn)).sum())
        known = self.known
        return (1 - known.share) ** 2 * of_eligible + known.share**2 * known.variance


@dataclass(frozen=True, slots=True)
class _Known:
    """The samples that were asked about before a batch.

    Attributes:
        share: of the population.
        mean: the mean score of those that have one.
        variance: of this mean, as a share of that of one sample; 0 where all have a score.
        sample_ids: those that have a score.
    """

    share: float = 0.0
    mean: float = 0.0
    variance: float = 0.0
    sample_ids: pd.Index = field(default_factory=lambda: pd.Index([]))


def _design_estimate(
    batches: Sequence[Batch], score: pd.Series, population: pd.Index, strata: Collection[str]
) -> Estimate:
    """Return the mean score of a population from the random strata of batches.

    Args:
        batches: in order.
        score: 0 to 1 of each sample of the population whose score is known, index = ids.
        population: all sample ids whose mean is wanted.
        strata: that are drawn from all of these samples that were eligible.
    """
    rounds = _rounds(batches, score, population, strata)
    if not rounds:
        return undefined(0, "no sample drawn at random has a gold label yet")
    weight = _weights([audit.variance for audit in rounds])
    unknown = weight * np.array([1 - audit.known.share for audit in rounds])
    scores = np.concatenate([audit.score for audit in rounds])
    drawn = np.concatenate([audit.drawn for audit in rounds])
    shares = np.concatenate(
        [factor * audit.share for factor, audit in zip(unknown, rounds, strict=True)]
    )
    total = float(unknown.sum())
    mean = float(scores[0])  # exactly, where all are equal
    if np.ptp(scores) > 0:
        mean = float(np.sort(shares * scores).sum()) / total
    below, above = _distances(mean, float(np.sort(shares**2 * (1 - drawn)).sum()) / total**2)
    # The ends of a sum of two means lie as far off as those of both together (Zou, Donner 2008).
    constant, known_below, known_above = _known_parts(rounds, weight)
    value = min(constant + total * mean, 1.0)
    low = value - math.hypot(total * below, known_below)
    high = value + math.hypot(total * above, known_above)
    return Estimate(value, max(low, 0.0), min(high, 1.0), len(scores))


def design_weights(
    batches: Iterable[Batch], known: pd.Index, population: pd.Index, strata: Collection[str]
) -> tuple[pd.Series, int]:
    """Return the weight of each sample in the mean over a population, and how many were drawn.

    The weights have ids as index, and sum to 1.

    With these weights the mean of known scores is the estimate of `label_accuracy`, which samples
    asked about before a batch enter as well, whatever stratum they were in.

    Args:
        batches: in order.
        known: the samples whose score is known.
        population: all sample ids whose mean is wanted.
        strata: that are drawn from all of these samples that were eligible.
    """
    rounds = _rounds(_checked(batches), pd.Series(0.0, known), population, strata)
    weights = pd.Series(0.0, known)
    if not rounds:
        return weights[:0], 0
    of_rounds = _weights([audit.variance for audit in rounds])
    for audit, of_round in zip(rounds, of_rounds, strict=True):
        weights.loc[audit.sample_ids] += of_round * (1 - audit.known.share) * audit.share
        before = audit.known.sample_ids
        if len(before):
            weights.loc[before] += of_round * audit.known.share / len(before)
    return weights[weights > 0], sum(len(audit.score) for audit in rounds)


def _weights(variances: Sequence[float]) -> Floats:
    """Return weights in inverse proportion to variances; those without any have all the weight."""
    variance = np.array(variances, dtype=np.float64)
    is_exact = variance < EXACT
    inverse = is_exact.astype(np.float64) if is_exact.any() else 1 / variance
    weights: Floats = inverse / inverse.sum()
    return weights


def _known_parts(rounds: Sequence[_Round], weight: Floats) -> tuple[float, float, float]:
    """Return what samples of earlier batches add to an estimate, and how far below and above.

    The rounds know much the same samples, so that their distances add up.
    """
    parts = np.zeros(3)
    for audit, of_round in zip(rounds, weight, strict=True):
        known = audit.known
        parts += (
            of_round * known.share * np.array([known.mean, *_distances(known.mean, known.variance)])
        )
    return float(parts[0]), float(parts[1]), float(parts[2])


def _distances(mean: float, variance: float) -> tuple[float, float]:
    """Return how far the ends of Wilson's interval are below and above a mean."""
    if variance < EXACT:
        return 0.0, 0.0
    low, high = wilson(mean, 1 / variance)
    return mean - low, high - mean


def _rounds(
    batches: Sequence[Batch], score: pd.Series, population: pd.Index, strata: Collection[str]
) -> list[_Round]:
    rounds: list[_Round] = []
    asked: list[pd.Index] = []
    counted: set[Hashable] = set()
    for batch in batches:
        frame = batch.to_frame()
        # A sample counts in its first batch: in a later one it was not eligible.
        frame = frame[frame.index.isin(population) & ~frame.index.isin(list(counted))]
        counted.update(frame.index.tolist())
        is_audit = frame["stratum"].isin(strata) & (frame["propensity"] > 0)
        audit = frame[is_audit & frame.index.isin(score.index)]
        if len(audit):
            propensity = np.minimum(audit["propensity"].to_numpy(dtype=np.float64), 1)
            total = float(np.sort(1 / propensity).sum())
            # Samples without a gold label, and those that came later, were not drawn.
            drawn = propensity * min(total / (len(population) - sum(map(len, asked))), 1.0)
            values = score.loc[audit.index].to_numpy(dtype=np.float64)
            known = _known(asked, score, len(population))
            rounds.append(_Round(audit.index, values, 1 / propensity / total, drawn, known))
        asked.append(frame.index)
    return rounds


def _known(asked: Collection[pd.Index], score: pd.Series, n_population: int) -> _Known:
    """Return what is known of the samples that were asked about; nothing without any score."""
    ids = {sample_id for index in asked for sample_id in index}
    known = score[score.index.isin(list(ids))]
    scores = known.to_numpy(dtype=np.float64)
    if not len(scores):
        return _Known()
    share = min(len(ids) / n_population, 1.0)
    variance = (1 - len(scores) / len(ids)) / len(scores)
    return _Known(share, float(np.sort(scores).mean()), variance, known.index)


def wilson(mean: float, n: float) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a mean from 0 to 1, for a sample size that may be odd.

    >>> [round(end, 3) for end in wilson(1.0, 3)]
    [0.439, 1.0]
    """
    centre = (mean + Z**2 / (2 * n)) / (1 + Z**2 / n)
    width = Z / (1 + Z**2 / n) * math.sqrt(mean * (1 - mean) / n + Z**2 / (4 * n**2))
    return max(centre - width, 0.0), min(centre + width, 1.0)


def is_between(value: object, low: float, high: float) -> bool:
    """Return whether a value is a number between two others, and neither of them.

    >>> is_between(0.02, 0, 0.5), is_between("0.02", 0, 0.5)
    (True, False)
    """
    return is_number(value) and bool(low < value < high)


def labels_needed(estimate: Estimate, half_width: float, left: int | None = None) -> int:
    """Return how many more audit labels bring the half-width of an interval to a target.

    Without any label yet the accuracy may be anything, so that it is 96 for 0.1, 2,401 for 0.02.

    Args:
        estimate: of the labels so far.
        half_width: the target, above 0 and below 0.5.
        left: how many samples can still be drawn. It is never more than these, and less than
            without an end, since a sample of most of a population says more (Cochran 1977, 4.4).
            `None` is a population without an end.

    Raises:
        LabelingError: a target that is none, or a negative number of samples.

    >>> labels_needed(Estimate(0.9, 0.86, 0.94, 200), 0.02)
    600
    >>> labels_needed(Estimate(0.9, 0.86, 0.94, 200), 0.02, left=800)
    300
    """
    if left is not None and whole_number(left, "`left`", minimum=0) == 0:
        return 0
    if not is_between(half_width, 0, 0.5):
        raise LabelingError(f"`half_width` must be above 0 and below 0.5. Got {half_width!r}.")
    if estimate.n == 0 or math.isnan(estimate.value):
        wanted = Z**2 * 0.25 / half_width**2
        return max(round(wanted if left is None else wanted * left / (wanted + left)), 1)
    ratio = (estimate.high - estimate.low) / 2 / half_width
    more = estimate.n * (ratio**2 - 1)
    if left is not None:  # n / (1 - n / (n + left)) must grow by the squared ratio
        more *= left / (left + estimate.n * ratio**2)
    return max(math.ceil(round(more, 6)), 0)
