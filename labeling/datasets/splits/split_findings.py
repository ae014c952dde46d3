"""What to look at after a split: its size, rows that were used, clusters that are too large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.datasets.findings import Finding, example_ids
from labeling.datasets.splits.assignment import DEV, SPLITS, TEST, Assignment, SplitInput
from labeling.datasets.splits.clusters import BoolArray
from labeling.errors import counted
from labeling.records.estimates import proportion

LEAST_ROWS = 100
"""Rows of a test split below which an accuracy of 90 % has an interval of more than 12 points."""


@dataclass(frozen=True, slots=True)
class SplitOutcome:
    """A split and what it was made of.

    Attributes:
        ids: of the rows.
        given: what the assignment depended on.
        done: the assignment.
        used: how many rows were used, by reason.
    """

    ids: pd.Index
    given: SplitInput
    done: Assignment
    used: Mapping[str, int]


def findings_of(outcome: SplitOutcome) -> tuple[Finding, ...]:
    """Return the findings of a split."""
    return (
        *_sizes(outcome),
        *_used(outcome),
        *_joined(outcome),
        *_large(outcome),
        *_without(outcome),
        *_not_compared(outcome),
    )


def _sizes(outcome: SplitOutcome) -> Iterator[Finding]:
    given = outcome.given
    for code, share in ((TEST, given.test), (DEV, given.dev)):
        name = SPLITS[code]
        may = given.eligible & ~given.used if code == TEST else given.eligible
        n_eligible = int(may.sum())
        if not share:
            continue
        n = int((outcome.done.codes == code).sum())
        drawn = f"{counted(n, 'row')} of {n_eligible:,} that may be in it ({share:.0%} asked for)"
        if n == 0:
            hint = "give more rows" if may.all() else "label more samples by people"
            yield Finding(
                f"{name}_size",
                "failed",
                f"The {name} split is empty: {drawn}; {hint}, or raise `{name}`.",
                n=n_eligible,
                value=0.0,
                limit=float(LEAST_ROWS),
            )
            continue
        interval = proportion(round(0.9 * n), n)
        yield Finding(
            f"{name}_size",
            "warning" if n < LEAST_ROWS else "passed",
            f"The {name} split has {drawn}: an accuracy of 90 % measured on it has a 95 % interval"
            f" from {interval.low:.0%} to {interval.high:.0%}.",
            n=n_eligible,
            value=float(n),
            limit=float(LEAST_ROWS),
        )


def _used(outcome: SplitOutcome) -> Iterator[Finding]:
    if not outcome.used:
        return
    n = sum(outcome.used.values())
    reasons = "; ".join(f"{reason}: {count:,}" for reason, count in sorted(outcome.used.items()))
    in_test = outcome.given.used & (outcome.done.codes == TEST)
    kept = outcome.done.kept_from_test
    if in_test.any():
        sentence = (
            f"{counted(int(in_test.sum()), 'row')} that rules or models were made with"
            f" {_are(in_test)} in test, since they were there earlier ({reasons}): quality measured"
            " on them is too good. Leave them out of `previous`."
        )
        yield _of_rows("used_rows", "failed", sentence, outcome.ids, in_test, n)
    elif kept.any():
        sentence = (
            f"{counted(int(kept.sum()), 'row')} that rules or models were made with would have been"
            f" in test, and {_are(kept)} not ({reasons})."
        )
        yield _of_rows("used_rows", "warning", sentence, outcome.ids, kept, n)
    else:
        sentence = f"No row that rules or models were made with was drawn for test ({reasons})."
        yield Finding("used_rows", "passed", sentence, n=n, value=0.0, limit=0.0)


def _are(rows: BoolArray) -> str:
    return "is" if int(rows.sum()) == 1 else "are"


def _joined(outcome: SplitOutcome) -> Iterator[Finding]:
    """Rows that were in different splits earlier, and are in one cluster now."""
    is_old = outcome.given.previous >= 0
    if not is_old.any():
        return
    joined = outcome.done.joined
    rows = joined[outcome.given.clusters.code] & is_old
    n_old = int(is_old.sum())
    if not joined.any():
        sentence = f"All {counted(n_old, 'row')} of the earlier splits are where they were."
        yield Finding("joined_splits", "passed", sentence, n=n_old, value=0.0, limit=0.0)
        return
    n_new = int((joined[outcome.given.clusters.code] & ~is_old).sum())
    sentence = (
        f"{counted(int(joined.sum()), 'cluster has', 'clusters have')} rows of several earlier"
        f" splits, {counted(int(rows.sum()), 'row')} in all, which stay where they were;"
        f" {counted(n_new, 'new row')} that link them are in no split. Where two of the old ones"
        " are alike themselves, `find_leaks` says so."
    )
    yield _of_rows("joined_splits", "warning", sentence, outcome.ids, rows, n_old)


def _large(outcome: SplitOutcome) -> Iterator[Finding]:
    clusters = outcome.given.clusters
    large = outcome.done.too_large
    sizes = np.bincount(clusters.code, minlength=clusters.count)
    largest = int(sizes.max())
    n = len(outcome.ids)
    if large.any():
        rows = large[clusters.code]
        sentence = (
            f"{counted(int(large.sum()), 'cluster is', 'clusters are')} larger than the split they"
            f" were drawn for, and so in train: {counted(int(rows.sum()), 'row')}. The largest"
            f" cluster has {largest:,} of {n:,} rows: raise `near_duplicates`, or use finer groups."
        )
        yield _of_rows("large_clusters", "warning", sentence, outcome.ids, rows, n)
        return
    sentence = f"The largest cluster has {largest:,} of {n:,} rows."
    yield Finding("large_clusters", "passed", sentence, n=n, value=largest / n)


def _without(outcome: SplitOutcome) -> Iterator[Finding]:
    missing = {name: count for name, count in outcome.given.clusters.without.items() if count}
    if missing:
        total = sum(missing.values())
        described = ", ".join(f"{count:,} in {name!r}" for name, count in sorted(missing.items()))
        yield Finding(
            "missing_values",
            "warning",
            f"{counted(total, 'value is', 'values are')} missing ({described}): nothing links such"
            " rows to others.",
            n=len(outcome.ids),
            value=float(total),
            limit=0.0,
            n_samples=total,
        )


def _not_compared(outcome: SplitOutcome) -> Iterator[Finding]:
    count = outcome.given.clusters.not_compared
    if count:
        yield Finding(
            "not_compared",
            "warning",
            f"{counted(count, 'text has', 'texts have')} so many similar ones that each was"
            " compared with its nearest only: some near-duplicates may be missing.",
            n=len(outcome.ids),
            value=float(count),
            n_samples=count,
        )


def _of_rows(
    name: str, status: str, sentence: str, ids: pd.Index, rows: BoolArray, n: int
) -> Finding:
    count = int(rows.sum())
    return Finding(
        name,
        "failed" if status == "failed" else "warning",
        sentence,
        n=n,
        value=float(count),
        limit=0.0,
        sample_ids=example_ids(ids[rows]),
        n_samples=count,
    )
