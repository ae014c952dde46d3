"""The samples on which people disagree most."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from labeling.records import Votes, expect


def low_agreement(votes: Votes) -> pd.DataFrame:
    """Return the samples with votes for several labels, those of most disagreement first.

    The table is to be filtered: `low_agreement(votes).query("distance >= 2")`.

    Returns:
        A row for each such sample: `votes`, their number; `agreement`, the share of pairs of votes
        that are equal; `distance`, the mean distance of two votes, in steps if the labels are
        ordered (1 against 5 is 4, 4 against 5 is 1), else 0 for equal ones and 1 for others;
        `labels`, the votes in words. Of equal distances those with more votes come first, then they
        are in the order of their ids as text.

    >>> from labeling.records import LabelSchema
    >>> stars = LabelSchema(["1", "2", "3", "4", "5"], ordered=True)
    >>> votes = Votes.from_array([[3, 4], [0, 4], [2, 2]], schema=stars, sample_ids=["a", "b", "c"])
    >>> low_agreement(votes)[["distance", "labels"]]
           distance        labels
    sample
    b           4.0  1 x 1, 1 x 5
    a           1.0  1 x 4, 1 x 5
    """
    schema = expect(votes, Votes, "`votes`").schema
    counts = votes.label_counts()
    split = np.flatnonzero((counts > 0).sum(axis=1) >= 2)
    counts = counts[split]
    sizes = counts.sum(axis=1)
    pairs = sizes * (sizes - 1) / 2
    same = (counts * (counts - 1)).sum(axis=1) / 2 / pairs
    distance = 1 - same
    if schema.ordered:
        # Two votes are as far apart as there are gaps between labels that separate them.
        below = np.cumsum(counts, axis=1)[:, :-1]
        distance = (below * (sizes[:, None] - below)).sum(axis=1) / pairs
    ids = votes.sample_ids[split]
    table = pd.DataFrame(
        {
            "votes": sizes,
            "agreement": same,
            "distance": distance,
            "labels": [_in_words(row, schema.labels) for row in counts.tolist()],
        },
        index=pd.Index(ids, name="sample"),
    )
    names: list[Hashable] = ids.tolist()
    order = sorted(
        range(len(table)),
        key=lambda row: (-distance[row], -sizes[row], str(names[row]), str(type(names[row]))),
    )
    return table.iloc[order]


def _in_words(counts: list[int], labels: tuple[str, ...]) -> str:
    return ", ".join(
        f"{count} x {label}" for count, label in zip(counts, labels, strict=True) if count
    )
