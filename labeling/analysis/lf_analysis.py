"""Summary table of labeling functions (or annotators): coverage, conflicts, accuracy."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.kind_summaries import set_summary, span_summary
from labeling.records import (
    ABSTAIN,
    CastVotes,
    Gold,
    SetVotes,
    SpanVotes,
    Votes,
    expect,
    gold_codes,
)
from labeling.records.estimates import proportion

Ints = npt.NDArray[np.int64]


def lf_summary(votes: Votes | SetVotes | SpanVotes, gold: Gold | None = None) -> pd.DataFrame:
    """Return a row for each voter: labels, coverage, overlaps, conflicts, faults, accuracy.

    Args:
        votes: of labeling functions or of people.
        gold: gold labels of some of the samples: of sets, sets of labels; of spans, lists of
            `(start, end, label)`.

    Returns:
        A frame with the voters' names as index and the columns
        `polarity` (the labels it voted for), `votes` (how many it cast), and as shares of all
        samples `coverage` (it voted), `overlaps` (another voter voted too), `conflicts` (another
        voter voted differently); `faults`, where it failed and abstained; with gold labels
        also `correct` and `incorrect` (counts), `accuracy` and its 95 % Wilson interval
        `accuracy_low`, `accuracy_high` over correct + incorrect samples.

        For `SpanVotes`, `votes` counts spans and `no` the parts marked as nothing; `samples` and
        `coverage` are those it marked anything in; and as shares of its spans `overlaps` (another
        voter marked something that overlaps it) and `conflicts` (another voter gives it another
        label, or marks a longer or crossing part instead); `trimmed` counts spans that were dropped
        since they overlap its own. With gold spans, of its spans in samples with gold: `correct`
        (edges and label are right), `incorrect`, `precision` with its interval; as shares `exact`
        (its edges are right), `inside`, `around` or `crossing` a gold span, and `elsewhere`; and
        `recall`, the share of gold spans that it marked correctly.

        For `SetVotes`, `votes` counts labels said yes to and `no` those said no to; `overlaps` and
        `conflicts` are shares of both, by label. With gold sets `correct`, `incorrect` and
        `precision` are of its yes, `no_correct` and `no_incorrect` of its no.

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
    if isinstance(votes, SpanVotes):
        return span_summary(votes, gold)
    if isinstance(votes, SetVotes):
        return set_summary(votes, gold)
    n = max(len(expect(votes, Votes, "`votes`")), 1)
    truth = None if gold is None else gold_codes(gold, votes.sample_ids, votes.schema)
    counts = _counted(votes, truth)
    labels = np.array(votes.schema.labels, dtype=object)
    failed = Counter(fault.labeling_function for fault in votes.faults)
    table = pd.DataFrame(
        {
            "polarity": [", ".join(labels[codes]) for codes in counts.polarity],
            "votes": counts.votes,
            "coverage": counts.votes / n,
            "overlaps": counts.overlaps / n,
            "conflicts": counts.conflicts / n,
            "faults": [failed[name] for name in votes.voters],
        },
        index=pd.Index(votes.voters, name="voter", dtype=object),
    ).rename_axis(None)
    if gold is None:
        return table
    table["correct"], table["incorrect"] = counts.correct, counts.incorrect
    estimates = [
        proportion(right, right + wrong)
        for right, wrong in zip(table["correct"].tolist(), table["incorrect"].tolist(), strict=True)
    ]
    table["accuracy"] = [estimate.value for estimate in estimates]
    table["accuracy_low"] = [estimate.low for estimate in estimates]
    table["accuracy_high"] = [estimate.high for estimate in estimates]
    return table


def voted_labels(votes: Votes) -> list[list[str]]:
    """Return the labels that each voter votes for at least once, in the order of the schema.

    >>> from labeling.records import LabelSchema
    >>> schema = LabelSchema(["ham", "spam"])
    >>> voted_labels(Votes.from_array([[1, 0], [1, 1]], schema=schema))
    [['spam'], ['ham', 'spam']]
    """
    labels = expect(votes, Votes, "`votes`").schema.labels
    return [[labels[code] for code in codes] for codes in _counted(votes, None).polarity]


class _Counts(NamedTuple):
    """Counts of each voter, as arrays of shape (n_voters,), and the labels it voted for."""

    polarity: list[npt.NDArray[Any]]
    votes: Ints
    overlaps: Ints
    conflicts: Ints
    correct: Ints
    incorrect: Ints


def _counted(votes: Votes, truth: npt.NDArray[np.intp] | None) -> _Counts:
    if votes.long is None:
        return _counts_of_array(votes.array, truth)
    return _counts_of_long(votes.long, truth)


def _counts_of_array(codes: npt.NDArray[Any], truth: npt.NDArray[np.intp] | None) -> _Counts:
    cast = codes != ABSTAIN
    several = cast.sum(axis=1) >= 2
    top = np.iinfo(codes.dtype).max
    highest = codes.max(axis=1, initial=ABSTAIN)
    lowest = np.where(cast, codes, top).min(axis=1, initial=top)
    disputed = highest > lowest
    correct = has_gold = np.zeros((len(codes), 1), dtype=bool)
    if truth is not None:
        has_gold, correct = (truth != ABSTAIN)[:, None], codes == truth[:, None]
    return _Counts(
        [np.unique(column[has_vote]) for column, has_vote in zip(codes.T, cast.T, strict=True)],
        cast.sum(axis=0),
        (cast & several[:, None]).sum(axis=0),
        (cast & disputed[:, None]).sum(axis=0),
        (cast & has_gold & correct).sum(axis=0),
        (cast & has_gold & ~correct).sum(axis=0),
    )


def _counts_of_long(votes: CastVotes, truth: npt.NDArray[np.intp] | None) -> _Counts:
    n, m = votes.shape
    several = (np.bincount(votes.row, minlength=n) >= 2)[votes.row]
    highest, lowest = np.full(n, ABSTAIN), np.full(n, np.iinfo(votes.code.dtype).max)
    np.maximum.at(highest, votes.row, votes.code)
    np.minimum.at(lowest, votes.row, votes.code)
    disputed = (highest > lowest)[votes.row]
    has_gold = correct = np.zeros(len(votes), dtype=bool)
    if truth is not None:
        has_gold, correct = (truth != ABSTAIN)[votes.row], truth[votes.row] == votes.code

    def of_voters(marked: npt.NDArray[np.bool_]) -> Ints:
        return np.bincount(votes.column[marked], minlength=m)

    size = int(votes.code.max(initial=0)) + 1
    used = np.unique(votes.column * size + votes.code)
    return _Counts(
        np.split(used % size, np.searchsorted(used, np.arange(1, m) * size)),
        *map(of_voters, (np.ones(len(votes), dtype=bool), several, disputed)),
        *map(of_voters, (has_gold & correct, has_gold & ~correct)),
    )
