"""Votes one by one: the long form, for tables in which nearly everybody abstains nearly everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import UnknownLabelError, VotesError, shown
from labeling.records.samples import require_column
from labeling.records.schema import ABSTAIN, LabelSchema

Places = npt.NDArray[np.intp]

MANY_CELLS = 1_000_000
"""Up to so many cells a table takes a few MB at the most, and stays a table."""
BYTES_A_VOTE = 16
"""Where fewer cells than one in so many hold a vote, a list of votes takes less memory."""


@dataclass(frozen=True, slots=True, eq=False)
class CastVotes:
    """The votes that were cast, row by row, and in a row column by column; no cell twice.

    Attributes:
        row: of each vote, ascending: shape (n_cast,).
        column: of each vote: shape (n_cast,).
        code: its label, from 0: shape (n_cast,).
        shape: how many rows and columns the table has.
    """

    row: Places
    column: Places
    code: npt.NDArray[Any]
    shape: tuple[int, int]

    @classmethod
    def of(
        cls, row: Places, column: Places, code: npt.NDArray[Any], shape: tuple[int, int]
    ) -> Self:
        """Return votes in order; those that abstain are left out."""
        cast = np.flatnonzero(code != ABSTAIN)
        cast = cast[np.lexsort((column[cast], row[cast]))]
        found = cls(row[cast], column[cast], code[cast], shape)
        for part in (found.row, found.column, found.code):
            part.flags.writeable = False
        return found

    def __len__(self) -> int:
        return len(self.code)

    def to_array(self) -> npt.NDArray[Any]:
        """Return the table: codes, -1 = abstained, column by column in memory."""
        array = np.full(self.shape, ABSTAIN, dtype=self.code.dtype, order="F")
        array[self.row, self.column] = self.code
        return array

    def of_rows(self, rows: Places) -> CastVotes:
        """Return some rows, in this order; each once at the most."""
        place = np.full(self.shape[0], -1, dtype=np.intp)
        place[rows] = np.arange(len(rows))
        there = place[self.row] >= 0
        return CastVotes.of(
            *(place[self.row[there]], self.column[there], self.code[there]),
            (len(rows), self.shape[1]),
        )

    def of_columns(self, columns: Places) -> CastVotes:
        """Return some columns, in this order; each once at the most."""
        place = np.full(self.shape[1], -1, dtype=np.intp)
        place[columns] = np.arange(len(columns))
        there = place[self.column] >= 0
        return CastVotes.of(
            *(self.row[there], place[self.column[there]], self.code[there]),
            (self.shape[0], len(columns)),
        )


class Triples(NamedTuple):
    """What a table with one row a vote says.

    Attributes:
        ids: the samples, in the order of their first row.
        voters: the voters, likewise.
        codes: shape (n_samples, n_voters): a table, or the votes one by one where they are few.
    """

    ids: pd.Index
    voters: tuple[str, ...]
    codes: npt.NDArray[Any] | CastVotes


def read_triples(
    frame: pd.DataFrame, schema: LabelSchema, sample: str, voter: str, label: str
) -> Triples:
    """Return the votes of a table with one row a vote; see `Votes.from_triples`."""
    for column, purpose in ((sample, "sample"), (voter, "voter"), (label, "label")):
        require_column(frame, column, purpose)
    codes = _codes(frame[label], schema)
    rows, ids = pd.factorize(pd.Index(frame[sample]))
    columns, people = pd.factorize(pd.Index(frame[voter]))
    for column, found in ((sample, rows), (voter, columns)):
        if (found < 0).any():
            where = np.flatnonzero(found < 0).tolist()
            raise VotesError(f"Column {column!r} must not be missing in rows {shown(where)}.")
    shape = (len(ids), len(people))
    few = len(codes) * BYTES_A_VOTE < shape[0] * shape[1] > MANY_CELLS
    place = _places(rows, columns, shape) if few else rows * shape[1] + columns
    last = np.full(len(codes) if few else shape[0] * shape[1], ABSTAIN, dtype=schema.code_type)
    last[place] = codes
    clash = np.flatnonzero(last[place] != codes)
    if len(clash):
        raise _says_several(frame[[sample, voter]].iloc[[clash[0]]], len(clash))
    names = tuple(map(str, people))
    if not few:
        return Triples(ids, names, last.reshape(shape))
    first = np.unique(place, return_index=True)[1]
    return Triples(ids, names, CastVotes.of(rows[first], columns[first], codes[first], shape))


def _places(rows: Places, columns: Places, shape: tuple[int, int]) -> Places:
    """Return a number for each cell that is named, the same wherever it is."""
    place: Places = np.unique(rows * shape[1] + columns, return_inverse=True)[1]
    return place


def _says_several(first: pd.DataFrame, count: int) -> VotesError:
    what, who = (first[column].tolist()[0] for column in first)
    return VotesError(
        f"A voter must say one thing of a sample. {who!r} says several of {what!r}, and {count} rows"
        " clash so; keep the vote that counts."
    )


def _codes(labels: pd.Series, schema: LabelSchema) -> npt.NDArray[Any]:
    """Return the code of each label given by name or code; -1 = abstained."""
    found, values = pd.factorize(labels.astype(object), use_na_sentinel=True)
    if (found < 0).any():
        where = labels.index[found < 0].tolist()
        raise UnknownLabelError(
            f"A label must not be missing in rows {shown(where)}; leave out the row, or write -1,"
            " where a voter abstained."
        )
    # To a hash table 1, True and 1.0 are one value: look at one of each type as it stands.
    kinds = {type(value): value for value in labels.tolist()} if labels.dtype == object else {}
    for value in kinds.values():
        _code(value, schema)
    codes = [_code(value, schema) for value in values]
    return np.array(codes, dtype=schema.code_type)[found]


def _code(value: object, schema: LabelSchema) -> int:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return ABSTAIN if whole and value == ABSTAIN else schema.index(value)
