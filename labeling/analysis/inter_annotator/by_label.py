"""Agreement on each label, and which labels people confuse with each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labeling.analysis.inter_annotator.coefficients import NO_PAIR, alpha_of
from labeling.analysis.inter_annotator.units import (
    Floats,
    Ints,
    Units,
    bootstrapped,
    label_columns,
    percentile_interval,
    resamples,
    share_interval,
    units_of,
    units_of_counts,
)
from labeling.records import Votes, expect
from labeling.records.estimates import Estimate, undefined

BY_LABEL = (
    "votes",
    "samples",
    "specific",
    "specific_low",
    "specific_high",
    "specific_note",
    "alpha",
    "low",
    "high",
    "note",
)
ALWAYS_ONE = "people gave these two labels only: it is always 1"


def agreement_by_label(votes: Votes, *, seed: int = 0) -> pd.DataFrame:
    """Return how well voters agree on each label, against all other labels together.

    Args:
        votes: of people.
        seed: of the bootstrap.

    Returns:
        A row for each label in the order of the schema: `votes` for it on samples with two votes or
        more; `samples`, on how many samples; `specific`, its specific agreement: the probability
        that another voter gives it too where one gave it, with its 95 % interval `specific_low` and
        `specific_high` (bootstrap over samples; Wilson's where all or none of them agree), and what
        to know of it, `specific_note`; `alpha`, Krippendorff's alpha of the label against the rest,
        `low` and `high`, its 95 % interval; `note`, why alpha or its interval is undefined.

    Source: M. Spitzer and J. Fleiss, "A re-analysis of the reliability of psychiatric diagnosis"
    (1974), for specific agreement.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, 1], [0, 1]], schema=LabelSchema(["ham", "spam"]))
    >>> agreement_by_label(votes)[["votes", "samples", "specific"]].round(3).values.tolist()
    [[3.0, 2.0, 0.667], [3.0, 2.0, 0.667]]
    """
    counts = _paired_counts(expect(votes, Votes, "`votes`"))
    sizes = counts.sum(axis=1)
    rows = []
    for label in range(len(votes.schema)):
        of_label = counts[:, label]
        n_votes, n_samples = int(of_label.sum()), int((of_label > 0).sum())
        alpha = _against_rest(of_label, sizes, seed)
        given = _specific(of_label, sizes, seed)
        of_given = (given.value, given.low, given.high, given.note)
        of_alpha = (alpha.value, alpha.low, alpha.high, alpha.note)
        rows.append((n_votes, n_samples, *of_given, *of_alpha))
    index = pd.Index(votes.schema.labels, name="label")
    return pd.DataFrame(rows, index, columns=list(BY_LABEL))


def _against_rest(of_label: Ints, sizes: Ints, seed: int) -> Estimate:
    if not len(sizes):
        return undefined(0, NO_PAIR)
    if not of_label.any():
        return undefined(len(sizes), "nobody gave this label")
    if (of_label == sizes).all():
        return undefined(len(sizes), "nobody gave another label")
    return alpha_of(units_of_counts(np.stack([of_label, sizes - of_label], axis=1)), seed)


def _specific(of_label: Ints, sizes: Ints, seed: int) -> Estimate:
    """Return the specific agreement of a label; its sample size is of samples with the label."""
    n = int((of_label > 0).sum())
    if not n:
        return undefined(0, "nobody gave this label")
    units = units_of_counts(np.stack([of_label, sizes - of_label], axis=1))
    return share_interval(bootstrapped(units, _given_again, seed, n, "lack this label"))


def _given_again(units: Units, weights: Floats) -> Floats:
    """Return the share of other votes that are for the label, where a vote is for it."""
    of_label, sizes = units.counts[:, 0], units.sizes
    given = weights @ of_label.astype(np.float64)
    again = weights @ (of_label * (of_label - 1) / (sizes - 1))
    share: Floats = np.full(len(given), np.nan)
    share[given > 0] = again[given > 0] / given[given > 0]
    return share


def label_coincidences(votes: Votes) -> pd.DataFrame:
    """Return how often one voter gave the label of a row, and another that of a column.

    Each pair of votes on a sample is counted in both directions, so that the table is symmetric and
    its sum is twice the number of pairs. Rows and columns are labels in the order of the schema.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, 1], [0, 1]], schema=LabelSchema(["ham", "spam"]))
    >>> label_coincidences(votes).values.tolist()
    [[2, 1], [1, 2]]
    """
    counts = _paired_counts(expect(votes, Votes, "`votes`"))
    pairs = counts.T @ counts - np.diag(counts.sum(axis=0))
    names = list(votes.schema.labels)
    return pd.DataFrame(pairs, index=pd.Index(names, name="label"), columns=names)


def confused_labels(votes: Votes, *, seed: int = 0) -> pd.DataFrame:
    """Return which two labels people gave to the same samples, the most frequent pair first.

    A pair that is confused far more often than others points to a gap in the guidelines.

    Args:
        votes: of people.
        seed: of the bootstrap.

    Returns:
        A row for each two labels that two voters gave to the same sample: `first` and `second`, in
        the order of the schema; `pairs`, the pairs of votes; `samples`, on how many samples;
        `share` of all pairs of unequal votes, with its 95 % interval `share_low` and `share_high`;
        `lift`, the share divided by what it would be if people confused labels in proportion to how
        often they give them, with `lift_low` and `lift_high`; `n`, the samples with unequal votes;
        `note`, why an interval is missing; `distance`, in steps if the labels are ordered, else 1.
        Pairs of equal frequency are in the order of their names. Intervals are bootstraps over the
        samples with two votes or more; that of a share of 1 is Wilson's.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 1], [2, 2], [1, 0]], schema=LabelSchema(["a", "b", "c"]))
    >>> confused_labels(votes)[["first", "second", "pairs", "samples", "share"]].values.tolist()
    [['a', 'b', 2, 2, 1.0]]
    """
    counts = _paired_counts(expect(votes, Votes, "`votes`"))
    given = (counts > 0).astype(np.int64)
    pairs, samples = counts.T @ counts, given.T @ given
    first, second = np.nonzero(np.triu(pairs, 1))
    names = np.array(votes.schema.labels, dtype=object)
    n = int((given.sum(axis=1) >= 2).sum())
    shares, lifts = _confusions(units_of(votes).with_votes(2), votes, (first, second), n, seed)
    table = pd.DataFrame(
        {
            "first": names[first],
            "second": names[second],
            "pairs": pairs[first, second],
            "samples": samples[first, second],
            **_columns("share", shares),
            **_columns("lift", lifts),
            "n": np.full(len(first), n),
            "note": [lift.note or share.note for share, lift in zip(shares, lifts, strict=True)],
            "distance": second - first if votes.schema.ordered else np.ones_like(first),
        }
    )
    order = ["pairs", "samples", "first", "second"]
    ranked = table.sort_values(order, ascending=[False, False, True, True], kind="stable")
    return ranked.reset_index(drop=True)


def _confusions(
    units: Units, votes: Votes, labels: tuple[Ints, Ints], n: int, seed: int
) -> tuple[list[Estimate], list[Estimate]]:
    """Return how often each two labels are confused: of all conflicts, and compared with chance.

    Args:
        units: of the samples with two votes or more.
        votes: whose labels the columns of the units are.
        labels: the two codes of each pair: shapes (n_pairs,).
        n: samples with unequal votes.
        seed: of the bootstrap.
    """
    if not n:
        return [], []
    place = np.argsort(label_columns(votes.schema))
    first, second = place[labels[0]], place[labels[1]]
    values = _share_and_lift(units, units.samples[None, :].astype(np.float64), first, second)
    drawn = [_share_and_lift(units, one, first, second) for one in resamples(units.samples, seed)]
    shares, lifts = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    where = "have no conflict"
    estimates = [
        (
            share_interval(percentile_interval(float(share), shares[:, pair], n, where)),
            percentile_interval(float(lift), lifts[:, pair], n, where),
        )
        for pair, (share, lift) in enumerate(zip(values[0][0], values[1][0], strict=True))
    ]
    if (units.votes_by_label > 0).sum() == 2:
        share, lift = estimates[0]
        return [share], [Estimate(lift.value, np.nan, np.nan, n, ALWAYS_ONE)]
    return [share for share, _ in estimates], [lift for _, lift in estimates]


def _share_and_lift(
    units: Units, weights: Floats, first: Ints, second: Ints
) -> tuple[Floats, Floats]:
    """Return the share of all conflicts, and the lift, of pairs: shapes (n_resamples, n_pairs)."""
    counts = units.counts.astype(np.float64)
    sizes = units.sizes
    pairs = weights @ (counts[:, first] * counts[:, second])
    conflicts = weights @ ((sizes**2 - np.square(counts).sum(axis=1)) / 2)
    frequency = weights @ counts
    by_chance = (frequency.sum(axis=1) ** 2 - np.square(frequency).sum(axis=1)) / 2
    share: Floats = np.full(pairs.shape, np.nan)
    lift: Floats = np.full(pairs.shape, np.nan)
    some = conflicts > 0
    share[some] = pairs[some] / conflicts[some, None]
    expected = frequency[:, first] * frequency[:, second]
    usual = some[:, None] & (expected > 0)
    lift[usual] = (share * by_chance[:, None])[usual] / expected[usual]
    return share, lift


def _columns(name: str, estimates: list[Estimate]) -> dict[str, list[float]]:
    return {
        name: [estimate.value for estimate in estimates],
        f"{name}_low": [estimate.low for estimate in estimates],
        f"{name}_high": [estimate.high for estimate in estimates],
    }


def _paired_counts(votes: Votes) -> Ints:
    """Return the votes for each label on the samples with two votes or more."""
    counts = votes.label_counts()
    paired: Ints = counts[counts.sum(axis=1) >= 2]
    return paired
