"""`crowd`: past annotations as labeling functions, one per annotator."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import pandas as pd

from labeling.errors import DataError
from labeling.functions.known_values import KnownValues
from labeling.functions.row_access import Vote, is_missing, may_be_label, reader
from labeling.records import ABSTAIN, LabelingFunction, expect, require_column


def crowd(
    table: pd.DataFrame,
    *,
    by: str,
    sample: str = "sample",
    annotator: str = "annotator",
    label: str = "label",
) -> list[LabelingFunction]:
    """Return a labeling function for each annotator, which votes as that person annotated.

    It abstains on samples that the person did not annotate or gave no label.

    Args:
        table: recorded annotations, one per row.
        by: the column of the *samples* that holds their ids, or the name of their index.
        sample: the column of `table` with sample ids, compared with those by value.
        annotator: the column with the annotator.
        label: the column with label names or codes; a missing one is a skip.

    Returns:
        labeling functions with the names `crowd_<annotator>`, sorted by name.

    Raises:
        DataError: a column is missing, an annotator or id is missing, a label is invalid, or a
            person gave the same sample two labels.

    >>> from types import SimpleNamespace
    >>> annotations = pd.DataFrame({"sample": [1, 2, 1], "annotator": ["ann", "ann", "bob"]})
    >>> annotations["label"] = ["spam", "ham", "ham"]
    >>> lfs = crowd(annotations, by="comment_id")
    >>> lfs
    [LabelingFunction('crowd_ann'), LabelingFunction('crowd_bob')]
    >>> [lf(SimpleNamespace(comment_id=2)) for lf in lfs]
    ['ham', -1]
    """
    expect(table, pd.DataFrame, "The table of a crowd")
    for column in (sample, annotator, label):
        require_column(table, column, "the table of a crowd")
    votes_by_annotator: dict[Hashable, dict[Hashable, Vote]] = {}
    columns = (table[column].astype(object).tolist() for column in (annotator, sample, label))
    for person, sample_id, vote in zip(*columns, strict=True):
        _check(person, sample_id, vote)
        votes = votes_by_annotator.setdefault(person, {})
        if not is_absent(vote) and votes.setdefault(sample_id, vote) != vote:
            raise DataError(
                f"Annotator {person!r} must give sample {sample_id!r} one label. Got"
                f" {votes[sample_id]!r} and {vote!r}; use the last one, or decide between them."
            )
    return [
        _labeling_function(name, person, votes_by_annotator[person], by)
        for name, person in unique_names(votes_by_annotator, "crowd")
    ]


def is_absent(value: object) -> bool:
    """Whether a value of a table is missing."""
    return is_missing(value) or value is pd.NA or value is pd.NaT


def _check(annotator: object, sample_id: object, vote: object) -> None:
    if is_absent(annotator) or is_absent(sample_id):
        raise DataError(
            f"Each recorded annotation must have an annotator and a sample. Got {annotator!r} and"
            f" {sample_id!r}."
        )
    if not (is_absent(vote) or may_be_label(vote)):
        raise DataError(
            f"Annotator {annotator!r} must have given sample {sample_id!r} a label name or code."
            f" Got {vote!r} ({type(vote).__name__}); codes in a column of floats need"
            " .astype('Int64')."
        )


def unique_names(annotators: Iterable[Hashable], prefix: str) -> list[tuple[str, Hashable]]:
    """Return unique names: the annotators 1 and "1" become `crowd_1` and `crowd_1_2`.

    Args:
        annotators: people or taggers.
        prefix: of all names.
    """
    annotator_by_name: dict[str, Hashable] = {}
    for annotator in sorted(annotators, key=lambda value: (str(value), type(value).__name__)):
        name, number = f"{prefix}_{annotator}", 1
        while name in annotator_by_name:
            number += 1
            name = f"{prefix}_{annotator}_{number}"
        annotator_by_name[name] = annotator
    return list(annotator_by_name.items())


def _labeling_function(
    name: str, annotator: Hashable, votes: dict[Hashable, Vote], by: str
) -> LabelingFunction:
    read = reader(by)
    # The case of ids counts: "A1" and "a1" may be two samples.
    find = KnownValues(votes.items(), f"The crowd's {name!r}", by, str.__str__).finder()

    def vote(x: Any) -> Vote:
        label: Vote | None = find(read(x))
        return ABSTAIN if label is None else label

    vote.__doc__ = f"Votes what annotator {annotator!r} said of {len(votes)} samples."
    vote.__name__ = vote.__qualname__ = name
    return LabelingFunction(name, vote, reads=[by])
