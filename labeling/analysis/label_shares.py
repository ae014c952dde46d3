"""Whether the shares of the labels are those of a random draw, as far as its size can tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from labeling.analysis.estimates import LEVEL, Estimate, proportion


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
