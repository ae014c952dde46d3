"""The table that tells an expert how labeling functions (or annotators) behave."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labeling.analysis.estimates import proportion
from labeling.records import ABSTAIN, Gold, Votes, expect, gold_codes


def lf_summary(votes: Votes, gold: Gold | None = None) -> pd.DataFrame:
    """Return one row a voter: what it votes, how often, and how it stands to the others.

    Args:
        votes: of labeling functions or of people.
        gold: labels known to be true for some of the samples.

    Returns:
        A frame with the voters' names as index and the columns
        `polarity` (the labels it voted for), `votes` (how many it cast), and as shares of all
        samples `coverage` (it voted), `overlaps` (so did another voter), `conflicts` (another
        voter said something else); `faults`, where it failed and abstained; with gold labels
        also `correct` and `incorrect` (counts), `accuracy` and its 95 % Wilson interval
        `accuracy_low`, `accuracy_high` over correct + incorrect samples.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array(
    ...     [[0, 0], [1, 0], [1, -1], [-1, -1]],
    ...     schema=LabelSchema(["ham", "spam"]),
    ...     voters=["a", "b"],
    ... )
    >>> table = lf_summary(votes, gold=pd.Series({0: "ham", 1: "ham", 2: "spam"}))
    >>> table[["coverage", "overlaps", "conflicts", "correct", "incorrect"]]
       coverage  overlaps  conflicts  correct  incorrect
    a      0.75       0.5       0.25        2          1
    b      0.50       0.5       0.25        2          0
    """
    codes = expect(votes, Votes, "`votes`").to_array()
    n = max(len(codes), 1)
    cast = codes != ABSTAIN
    several = cast.sum(axis=1) >= 2
    highest = np.where(cast, codes, ABSTAIN).max(axis=1, initial=ABSTAIN)
    lowest = np.where(cast, codes, len(votes.schema)).min(axis=1, initial=len(votes.schema))
    disputed = highest > lowest
    labels = np.array(votes.schema.labels, dtype=object)
    failed = [fault.labeling_function for fault in votes.faults]
    table = pd.DataFrame(
        {
            "polarity": [
                ", ".join(labels[np.unique(column[there])])
                for column, there in zip(codes.T, cast.T, strict=True)
            ],
            "votes": cast.sum(axis=0),
            "coverage": cast.sum(axis=0) / n,
            "overlaps": (cast & several[:, None]).sum(axis=0) / n,
            "conflicts": (cast & disputed[:, None]).sum(axis=0) / n,
            "faults": [failed.count(name) for name in votes.voters],
        },
        index=pd.Index(votes.voters, name="voter", dtype=object),
    ).rename_axis(None)
    if gold is None:
        return table
    truth = gold_codes(gold, votes.sample_ids, votes.schema)[:, None]
    known = cast & (truth != ABSTAIN)
    table["correct"] = (known & (codes == truth)).sum(axis=0)
    table["incorrect"] = (known & (codes != truth)).sum(axis=0)
    estimates = [
        proportion(right, right + wrong)
        for right, wrong in zip(table["correct"].tolist(), table["incorrect"].tolist(), strict=True)
    ]
    table["accuracy"] = [estimate.value for estimate in estimates]
    table["accuracy_low"] = [estimate.low for estimate in estimates]
    table["accuracy_high"] = [estimate.high for estimate in estimates]
    return table
