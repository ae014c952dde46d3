"""`crowd`: what people said in the past, as labeling functions."""

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
    """Return a labeling function for each annotator, who votes what that person said.

    It abstains on samples that the person was not asked about or gave no label to.

    Args:
        table: recorded annotations, one a row.
        by: the column of the *samples* that holds their ids, or the name of their index.
        sample: the column of `table` with sample ids, compared with those by value.
        annotator: the column with who said it.
        label: the column with label names or codes; a missing one is a skip.

    Returns:
        labeling functions with the names `crowd_<annotator>`, sorted by name.

    Raises:
        DataError: a column is missing, an annotator or id is missing, a label is none, or a
            person says two things of one sample.

    >>> from types import SimpleNamespace
    >>> said = pd.DataFrame({"sample": [1, 2, 1], "annotator": ["ann", "ann", "bob"]})
    >>> said["label"] = ["spam", "ham", "ham"]
    >>> lfs = crowd(said, by="comment_id")
    >>> lfs
    [LabelingFunction('crowd_ann'), LabelingFunction('crowd_bob')]
    >>> [lf(SimpleNamespace(comment_id=2)) for lf in lfs]
    ['ham', -1]
    """
    expect(table, pd.DataFrame, "The table of a crowd")
    for column in (sample, annotator, label):
        require_column(table, column, "the table of a crowd")
    said: dict[Hashable, dict[Hashable, Vote]] = {}
    rows = (table[column].astype(object).tolist() for column in (annotator, sample, label))
    for who, key, vote in zip(*rows, strict=True):
        _check(who, key, vote)
        mine = said.setdefault(who, {})
        if not _absent(vote) and mine.setdefault(key, vote) != vote:
            raise DataError(
                f"Annotator {who!r} must say one thing of sample {key!r}. Got {mine[key]!r} and"
                f" {vote!r}; keep the last one, or settle it."
            )
    return [_voter(name, who, said[who], by) for name, who in _named(said)]


def _absent(value: object) -> bool:
    return is_missing(value) or value is pd.NA or value is pd.NaT


def _check(who: object, key: object, vote: object) -> None:
    if _absent(who) or _absent(key):
        raise DataError(
            f"Each recorded annotation must have an annotator and a sample. Got {who!r} and {key!r}."
        )
    if not (_absent(vote) or may_be_label(vote)):
        raise DataError(
            f"Annotator {who!r} must have given sample {key!r} a label name or code. Got {vote!r}"
            f" ({type(vote).__name__}); codes in a column of floats need .astype('Int64')."
        )


def _named(annotators: Iterable[Hashable]) -> list[tuple[str, Hashable]]:
    """Return different names: the annotators 1 and "1" become `crowd_1` and `crowd_1_2`."""
    named: dict[str, Hashable] = {}
    for who in sorted(annotators, key=lambda who: (str(who), type(who).__name__)):
        name, number = f"crowd_{who}", 1
        while name in named:
            number += 1
            name = f"crowd_{who}_{number}"
        named[name] = who
    return list(named.items())


def _voter(name: str, who: Hashable, said: dict[Hashable, Vote], by: str) -> LabelingFunction:
    read = reader(by)
    # Ids are never folded: "A1" and "a1" may be two samples.
    find = KnownValues(said.items(), f"The crowd's {name!r}", by, str.__str__).finder()

    def vote(x: Any) -> Vote:
        given: Vote | None = find(read(x))
        return ABSTAIN if given is None else given

    vote.__doc__ = f"Votes what annotator {who!r} said of {len(said)} samples."
    vote.__name__ = vote.__qualname__ = name
    return LabelingFunction(name, vote, reads=[by])
