"""Columns of gold labels that labeling functions read: known ones, and copies of the label."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from labeling.datasets.findings import Finding, skipped
from labeling.datasets.splits.giveaways import LabeledRows
from labeling.errors import counted, listed

LEAST_REPEATS = 20
"""Rows from which on a column is said to repeat the label."""


def gold_column_finding(
    rows: LabeledRows | None,
    gold_columns: frozenset[str],
    reads: Mapping[str, frozenset[str] | None] | None,
) -> Finding:
    """Return whether a labeling function reads a column of gold labels, or one that equals it.

    Args:
        rows: rows with labels that people gave; `None` where there are none.
        gold_columns: columns that are known to hold gold labels.
        reads: the columns that each function reads; `None` where it may read any.
    """
    name = "gold_columns"
    if reads is None:
        return skipped(name, "it is not known which columns labeling functions read")
    repeating = frozenset() if rows is None else repeating_columns(rows)
    suspect = gold_columns | repeating
    readers = {
        lf: sorted(columns & suspect)
        for lf, columns in reads.items()
        if columns is not None and columns & suspect
    }
    unknown = sorted(lf for lf, columns in reads.items() if columns is None)
    rest = f" Of {listed(unknown)} it is not known what they read." if unknown else ""
    if readers:
        told = "; ".join(f"{lf} reads {listed(columns)}" for lf, columns in sorted(readers.items()))
        sentence = (
            f"{counted(len(readers), 'labeling function reads', 'labeling functions read')} the"
            f" labels themselves: {told}. Take the column out of the data of labeling functions."
        )
    else:
        columns_told = f" (the columns {listed(sorted(suspect))})" if suspect else ""
        sentence = (
            f"None of {counted(len(reads), 'labeling function')} is known to read the"
            f" labels{columns_told}."
        )
    return Finding(
        name,
        "failed" if readers else "passed",
        sentence + rest,
        n=len(reads),
        value=float(len(readers)),
        limit=0.0,
    )


def repeating_columns(rows: LabeledRows) -> frozenset[str]:
    """Return the columns that hold the label itself, by name or code, in 99 % of the rows."""
    if len(rows.codes) < LEAST_REPEATS:
        return frozenset()
    labels = [rows.names[code].casefold() for code in rows.codes.tolist()]
    codes = rows.codes.tolist()
    names = set()
    for name in rows.frame.columns:
        values = rows.frame[name].tolist()
        by_name = [str(value).casefold() for value in values]
        for wanted, given in ((labels, by_name), (codes, values)):
            if np.mean([is_equal(*pair) for pair in zip(wanted, given, strict=True)]) >= 0.99:
                names.add(str(name))
    return frozenset(names)


def is_equal(label: object, value: object) -> bool:
    """Whether a value is the label; values that cannot be compared, such as arrays, are not."""
    return isinstance(value, (str, int, float)) and value == label
