"""Vote patterns of votes in parts: counted in each part, and merged.

Counts are whole numbers and patterns are sorted, so that the merged patterns are to the byte those
of all votes in one table, whatever the parts.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, counted, listed
from labeling.label_models.patterns import Floats, Patterns, patterns_of
from labeling.records import (
    ABSTAIN,
    Gold,
    LabelSchema,
    VoteParts,
    Votes,
    checked_ids,
    gold_codes,
    gold_series,
)


class CountedRows(NamedTuple):
    """Rows of votes with the number of samples that have them.

    Attributes:
        codes: ranks of the labels by name, -1 = abstained: shape (n_rows, n_voters).
        counts: the number of samples of each row: shape (n_rows,).
        gold: the number of gold labels of each, labels sorted by name: shape (n_rows, n_labels).
        found: which gold labels are of samples of these parts: shape (n_gold,).
    """

    codes: npt.NDArray[Any]
    counts: Floats
    gold: Floats
    found: npt.NDArray[np.bool_]

    def of_voters(self, voters: Sequence[int], n_voters: int) -> Self:
        """Return the same rows with more columns: these are columns `voters`, others abstain."""
        if len(voters) == n_voters:
            return self
        codes = np.full((len(self.codes), n_voters), ABSTAIN, dtype=self.codes.dtype)
        codes[:, voters] = self.codes
        return self._replace(codes=codes)

    def patterns(self) -> Patterns:
        """Return the patterns of these rows."""
        return Patterns.from_codes(self.codes, self.counts, self.gold)


def checked_gold(gold: Gold | None, schema: LabelSchema) -> pd.Series:
    """Return gold labels as codes by sample id, after checking ids and labels."""
    if gold is None:
        return pd.Series([], dtype=np.intp)
    series = gold_series(gold)
    ids = checked_ids(series.index, "The ids of gold labels")
    return pd.Series(gold_codes(series, ids, schema), index=ids)


def gold_in(votes: Votes, gold: pd.Series) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Return the gold code of each sample of a part, -1 = none, and which gold labels these are."""
    codes = np.full(len(votes), ABSTAIN, dtype=np.intp)
    rows = votes.sample_ids.get_indexer(gold.index) if len(gold) else np.empty(0, dtype=np.intp)
    found = rows >= 0
    codes[rows[found]] = gold.to_numpy()[found]
    return codes, found


def counted_rows(voters: tuple[str, ...], gold: pd.Series, votes: Votes) -> CountedRows:
    """Return the distinct rows of the votes of a part, with their counts."""
    codes, found = gold_in(votes, gold)
    patterns = patterns_of(votes, voters, codes)
    rows = patterns.codes().astype(votes.schema.code_type)
    return CountedRows(rows, patterns.counts, patterns.gold, found)


def merged_rows(parts: Iterable[CountedRows], *, distinct: bool = True) -> CountedRows:
    """Return the rows of several parts as one; with `distinct`, equal ones only once.

    Only the merged rows and those of one part are held at a time.
    """
    merged: CountedRows | None = None
    for part in parts:
        if merged is None:
            merged = part
            continue
        codes = np.concatenate([merged.codes, part.codes])
        counts = np.concatenate([merged.counts, part.counts])
        gold, found = np.concatenate([merged.gold, part.gold]), merged.found | part.found
        if distinct:
            patterns = Patterns.from_codes(codes, counts, gold)
            codes, counts, gold = patterns.codes(), patterns.counts, patterns.gold
        merged = CountedRows(codes.astype(part.codes.dtype), counts, gold, found)
    if merged is None:
        raise DataError("There must be at least one part of votes. Got none.")
    return merged


def patterns_of_parts(votes: VoteParts, voters: tuple[str, ...], gold: pd.Series) -> Patterns:
    """Return the patterns of all votes, those of `patterns_of` for all parts in one table.

    Raises:
        DataError: a gold label is of a sample that no part has.
    """
    count = functools.partial(counted_rows, voters, gold)
    rows = merged_rows(votes.map(count))
    check_found(gold, rows.found)
    return rows.patterns()


def check_found(gold: pd.Series, found: npt.NDArray[np.bool_]) -> None:
    """Raise a DataError about gold labels of samples that no part has."""
    unknown = gold.index[~found]
    if len(unknown):
        raise DataError(
            f"{counted(len(unknown), 'id')} of the gold labels must be among the samples of the"
            f" votes: {listed(unknown)}."
        )
