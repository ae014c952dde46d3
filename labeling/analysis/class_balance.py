"""Class balance of a set of labels, compared with that of random samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from labeling.records.estimates import LEVEL, Estimate, proportion


@dataclass(frozen=True, slots=True)
class ClassBalanceGap:
    """A label whose proportion differs from that in a random sample.

    Attributes:
        label: the label.
        proportion: its proportion of the labels in question.
        expected: its proportion in the random sample, with interval and n.
    """

    label: str
    proportion: float
    expected: Estimate


@dataclass(frozen=True, slots=True)
class ClassProportion:
    """The proportion of a label, and its proportions in random samples.

    Attributes:
        label: the label.
        count: how many samples have it.
        n: number of labels in all.
        in_draws: its proportion in each random sample that is not empty, by the sample's name.
    """

    label: str
    count: int
    n: int
    in_draws: Mapping[str, Estimate]

    @property
    def proportion(self) -> float:
        """Its proportion of all labels, 0 to 1; NaN where there are none."""
        return self.count / self.n if self.n else math.nan


def compare_class_balance(
    counts: Mapping[str, int], draws: Mapping[str, pd.Series]
) -> tuple[ClassProportion, ...]:
    """Return the proportion of each label, and that in each random sample; empty ones are left out.

    Args:
        counts: number of samples with each label of the schema.
        draws: labels of random samples, by name.

    >>> drawn = pd.Series(["ham"] * 3 + ["spam"] * 2)
    >>> ham, _ = compare_class_balance({"ham": 9, "spam": 1}, {"draw": drawn, "none": drawn[:0]})
    >>> ham.label, ham.proportion, [f"{name}: {found}" for name, found in ham.in_draws.items()]
    ('ham', 0.9, ['draw: 0.600 [0.231, 0.882], n = 5'])
    """
    total = sum(counts.values())
    return tuple(
        ClassProportion(
            label,
            count,
            total,
            {
                name: proportion(int((drawn == label).sum()), len(drawn))
                for name, drawn in draws.items()
                if len(drawn)
            },
        )
        for label, count in counts.items()
    )


def class_balance_gaps(counts: Mapping[str, int], drawn: pd.Series) -> tuple[ClassBalanceGap, ...]:
    """Return the labels whose proportion lies outside the 95 % interval of a random sample.

    With many labels some lie outside by chance. So a label is returned only where an exact binomial
    test, corrected for the number of labels (Bonferroni), rejects its proportion as well. The
    widest gaps come first.

    Args:
        counts: number of samples with each label of the schema.
        drawn: labels of a random sample.

    >>> counts = {"ham": 90, "spam": 10}
    >>> (gap, _) = class_balance_gaps(counts, pd.Series(["ham"] * 20 + ["spam"] * 20))
    >>> gap.label, gap.proportion, str(gap.expected)
    ('ham', 0.9, '0.500 [0.352, 0.648], n = 40')
    >>> class_balance_gaps({"ham": 90, "spam": 10}, pd.Series(["ham", "spam"]))
    ()
    """
    from scipy.stats import binomtest

    n, total = len(drawn), sum(counts.values())
    if not n or not total:
        return ()
    # Proportions sum to 1, so that one fewer than there are labels can vary freely.
    significance = (1 - LEVEL) / max(len(counts) - 1, 1)
    gaps = []
    for label, count in counts.items():
        share, successes = count / total, int((drawn == label).sum())
        expected = proportion(successes, n)
        is_inside = expected.low <= share <= expected.high
        if not is_inside and binomtest(successes, n, share).pvalue < significance:
            gaps.append(ClassBalanceGap(label, share, expected))
    return tuple(sorted(gaps, key=_widest_first))


def _widest_first(gap: ClassBalanceGap) -> tuple[float, str]:
    return -abs(gap.proportion - gap.expected.value), gap.label
