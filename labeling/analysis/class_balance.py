"""Whether the shares of the labels are those of a random draw, as far as its size can tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from labeling.records.estimates import LEVEL, Estimate, proportion


@dataclass(frozen=True, slots=True)
class ShareGap:
    """A label whose share is not what a random draw says.

    Attributes:
        label: the label.
        share: its share of the labels in question.
        drawn: its share in the random draw, with interval and n.
    """

    label: str
    share: float
    drawn: Estimate


@dataclass(frozen=True, slots=True)
class LabelShare:
    """How common a label is, beside what random draws say.

    Attributes:
        label: the label.
        count: how often it is given.
        n: how many labels there are in all.
        drawn: its share in each random draw that has samples, by what the draw is.
    """

    label: str
    count: int
    n: int
    drawn: Mapping[str, Estimate]

    @property
    def share(self) -> float:
        """Its share of all labels, 0 to 1; NaN where there are none."""
        return self.count / self.n if self.n else math.nan


def compared_shares(
    counts: Mapping[str, int], draws: Mapping[str, pd.Series]
) -> tuple[LabelShare, ...]:
    """Return for each label its share, and that in each random draw; empty draws are left out.

    Args:
        counts: how often each label of the schema is given.
        draws: the labels of random draws, by what they are.

    >>> drawn = pd.Series(["ham"] * 3 + ["spam"] * 2)
    >>> ham, _ = compared_shares({"ham": 9, "spam": 1}, {"draw": drawn, "none": drawn[:0]})
    >>> ham.label, ham.share, [f"{name}: {share}" for name, share in ham.drawn.items()]
    ('ham', 0.9, ['draw: 0.600 [0.231, 0.882], n = 5'])
    """
    total = sum(counts.values())
    return tuple(
        LabelShare(
            *(label, count, total),
            {
                name: proportion(int((drawn == label).sum()), len(drawn))
                for name, drawn in draws.items()
                if len(drawn)
            },
        )
        for label, count in counts.items()
    )


def share_gaps(counts: Mapping[str, int], drawn: pd.Series) -> tuple[ShareGap, ...]:
    """Return the labels whose share lies outside the 95 % interval of a random draw, widest first.

    With many labels some lie outside by chance. So a label is returned only where an exact binomial
    test, corrected for the number of labels (Bonferroni), rejects its share as well.

    Args:
        counts: how often each label of the schema is given.
        drawn: the labels of a random draw of samples.

    >>> (gap, _) = share_gaps({"ham": 90, "spam": 10}, pd.Series(["ham"] * 20 + ["spam"] * 20))
    >>> gap.label, gap.share, str(gap.drawn)
    ('ham', 0.9, '0.500 [0.352, 0.648], n = 40')
    >>> share_gaps({"ham": 90, "spam": 10}, pd.Series(["ham", "spam"]))
    ()
    """
    from scipy.stats import binomtest

    n, total = len(drawn), sum(counts.values())
    if not n or not total:
        return ()
    most_by_chance = (1 - LEVEL) / max(len(counts) - 1, 1)  # shares sum to one: one is not free
    found = []
    for label, count in counts.items():
        share, times = count / total, int((drawn == label).sum())
        estimate = proportion(times, n)
        inside = estimate.low <= share <= estimate.high
        if not inside and binomtest(times, n, share).pvalue < most_by_chance:
            found.append(ShareGap(label, share, estimate))
    return tuple(sorted(found, key=lambda gap: (-abs(gap.share - gap.drawn.value), gap.label)))
