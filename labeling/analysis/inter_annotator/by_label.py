"""Agreement on each label, and which labels people confuse with each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labeling.analysis.inter_annotator.coefficients import NO_PAIR, alpha_of
from labeling.analysis.inter_annotator.units import Ints, units_of_counts
from labeling.records import Votes, expect
from labeling.records.estimates import Estimate, undefined

BY_LABEL = ("votes", "samples", "specific", "alpha", "low", "high", "note")


def agreement_by_label(votes: Votes, *, seed: int = 0) -> pd.DataFrame:
    """Return how well voters agree on each label, against all other labels together.

    Args:
        votes: of people.
        seed: of the bootstrap.

    Returns:
        A row for each label in the order of the schema: `votes` for it on samples with two votes or
        more; `samples`, on how many samples; `specific`, its specific agreement: the probability
        that another voter gives it too where one gave it; `alpha`, Krippendorff's alpha of the
        label against the rest, `low` and `high`, its 95 % interval; `note`, why it is undefined.

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
        others = (of_label * (of_label - 1) / np.maximum(sizes - 1, 1)).sum()
        specific = others / n_votes if n_votes else np.nan
        rows.append((n_votes, n_samples, specific, alpha.value, alpha.low, alpha.high, alpha.note))
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


def confused_labels(votes: Votes) -> pd.DataFrame:
    """Return which two labels people gave to the same samples, the most frequent pair first.

    A pair that is confused far more often than others points to a gap in the guidelines.

    Returns:
        A row for each two labels that two voters gave to the same sample: `first` and `second`, in
        the order of the schema; `pairs`, the pairs of votes; `samples`, on how many samples;
        `share` of all pairs of unequal votes; `lift`, the share divided by what it would be if
        people confused labels in proportion to how often they give them; `distance`, in steps if
        the labels are ordered, else 1. Pairs of equal frequency are in the order of their names.

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
    frequency = counts.sum(axis=0).astype(np.float64)
    by_chance = np.outer(frequency, frequency)
    n_pairs, expected = pairs[first, second], by_chance[first, second]
    total, all_expected = max(n_pairs.sum(), 1), np.triu(by_chance, 1).sum()
    table = pd.DataFrame(
        {
            "first": names[first],
            "second": names[second],
            "pairs": n_pairs,
            "samples": samples[first, second],
            "share": n_pairs / total,
            "lift": n_pairs / total / np.maximum(expected / max(all_expected, 1.0), 1e-300),
            "distance": second - first if votes.schema.ordered else np.ones_like(first),
        }
    )
    order = ["pairs", "samples", "first", "second"]
    ranked = table.sort_values(order, ascending=[False, False, True, True], kind="stable")
    return ranked.reset_index(drop=True)


def _paired_counts(votes: Votes) -> Ints:
    """Return the votes for each label on the samples with two votes or more."""
    counts = votes.label_counts()
    paired: Ints = counts[counts.sum(axis=1) >= 2]
    return paired
