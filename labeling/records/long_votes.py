"""Sparse votes (row, column, code), for tables in which most voters abstain on most samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import UnknownLabelError, VotesError, listed
from labeling.records.samples import refuse_unhashable, require_column
from labeling.records.schema import ABSTAIN, LabelSchema
from labeling.records.validation import is_whole_number
from labeling.rendering import Displayed

Indexes = npt.NDArray[np.intp]

MANY_CELLS = 1_000_000
"""Tables of up to this many cells stay dense, since they take a few MB at most."""
BYTES_PER_VOTE = 16
"""A table with less than one vote in this many cells takes less memory as sparse votes."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CastVotes(Displayed):
    """The votes of a sparse table in row-major order; at most one per cell.

    Attributes:
        row: row of each vote, ascending: shape (n_cast,).
        column: column of each vote: shape (n_cast,).
        code: label code of each vote, from 0: shape (n_cast,).
        shape: number of rows and columns of the table.
    """

    row: Indexes
    column: Indexes
    code: npt.NDArray[Any]
    shape: tuple[int, int]

    @classmethod
    def of(
        cls, row: Indexes, column: Indexes, code: npt.NDArray[Any], shape: tuple[int, int]
    ) -> Self:
        """Return votes in row-major order, without abstentions."""
        cast = np.flatnonzero(code != ABSTAIN)
        cast = cast[np.lexsort((column[cast], row[cast]))]
        votes = cls(row[cast], column[cast], code[cast], shape)
        for part in (votes.row, votes.column, votes.code):
            part.flags.writeable = False
        return votes

    def __len__(self) -> int:
        return len(self.code)

    def to_array(self) -> npt.NDArray[Any]:
        """Return the dense table of codes, -1 = abstained, in column-major (Fortran) order."""
        array = np.full(self.shape, ABSTAIN, dtype=self.code.dtype, order="F")
        array[self.row, self.column] = self.code
        return array

    def of_rows(self, rows: Indexes) -> CastVotes:
        """Return these rows, in this order; each may be given once."""
        new_index = np.full(self.shape[0], -1, dtype=np.intp)
        new_index[rows] = np.arange(len(rows))
        selected = new_index[self.row] >= 0
        return CastVotes.of(
            new_index[self.row[selected]],
            self.column[selected],
            self.code[selected],
            (len(rows), self.shape[1]),
        )

    def of_columns(self, columns: Indexes) -> CastVotes:
        """Return these columns, in this order; each may be given once."""
        new_index = np.full(self.shape[1], -1, dtype=np.intp)
        new_index[columns] = np.arange(len(columns))
        selected = new_index[self.column] >= 0
        return CastVotes.of(
            self.row[selected],
            new_index[self.column[selected]],
            self.code[selected],
            (self.shape[0], len(columns)),
        )


class Triples(NamedTuple):
    """Votes read from a table with one row per vote.

    Attributes:
        ids: the samples, in the order of their first row.
        voters: the voters, in the order of their first row.
        codes: shape (n_samples, n_voters): dense, or sparse where votes are few.
    """

    ids: pd.Index
    voters: tuple[str, ...]
    codes: npt.NDArray[Any] | CastVotes


def read_triples(
    frame: pd.DataFrame, schema: LabelSchema, sample: str, voter: str, label: str
) -> Triples:
    """Return the votes of a table with one row per vote; see `Votes.from_triples`."""
    for column, purpose in ((sample, "sample"), (voter, "voter"), (label, "label")):
        require_column(frame, column, purpose)
    with refuse_unhashable(frame, (sample, voter, label)):
        codes = _codes(frame[label], schema)
        rows, ids = pd.factorize(pd.Index(frame[sample]))
        columns, voters = pd.factorize(pd.Index(frame[voter]))
    for column, codes_of_column in ((sample, rows), (voter, columns)):
        if (codes_of_column < 0).any():
            where = np.flatnonzero(codes_of_column < 0).tolist()
            raise VotesError(f"Column {column!r} must not be missing in rows {listed(where)}.")
    shape = (len(ids), len(voters))
    is_sparse = len(codes) * BYTES_PER_VOTE < shape[0] * shape[1] > MANY_CELLS
    cell = _cell_numbers(rows, columns, shape) if is_sparse else rows * shape[1] + columns
    n_cells = len(codes) if is_sparse else shape[0] * shape[1]
    last = np.full(n_cells, ABSTAIN, dtype=schema.code_type)
    last[cell] = codes
    conflicts = np.flatnonzero(last[cell] != codes)
    if len(conflicts):
        raise _conflict_error(frame[[sample, voter]].iloc[[conflicts[0]]], len(conflicts))
    names = tuple(map(str, voters))
    if not is_sparse:
        return Triples(ids, names, last.reshape(shape))
    first = np.unique(cell, return_index=True)[1]
    return Triples(ids, names, CastVotes.of(rows[first], columns[first], codes[first], shape))


def _cell_numbers(rows: Indexes, columns: Indexes, shape: tuple[int, int]) -> Indexes:
    """Number the distinct cells from 0, and return the number of each vote's cell."""
    cell: Indexes = np.unique(rows * shape[1] + columns, return_inverse=True)[1]
    return cell


def _conflict_error(first: pd.DataFrame, count: int) -> VotesError:
    sample, voter = (first[column].tolist()[0] for column in first)
    return VotesError(
        f"A voter must have one vote on a sample. {voter!r} has several different votes on"
        f" {sample!r}, and {count} rows conflict in this way; keep the vote that counts."
    )


def _codes(labels: pd.Series, schema: LabelSchema) -> npt.NDArray[Any]:
    """Return the code of each label given by name or code; -1 = abstained."""
    positions, values = pd.factorize(labels.astype(object), use_na_sentinel=True)
    if (positions < 0).any():
        where = labels.index[positions < 0].tolist()
        raise UnknownLabelError(
            f"A label must not be missing in rows {listed(where)}; leave out the row, or write -1,"
            " where a voter abstained."
        )
    # 1, True and 1.0 have equal hashes and are factorized as one value: check one of each type.
    kinds = {type(value): value for value in labels.tolist()} if labels.dtype == object else {}
    for value in kinds.values():
        _code(value, schema)
    codes = [_code(value, schema) for value in values]
    return np.array(codes, dtype=schema.code_type)[positions]


def _code(value: object, schema: LabelSchema) -> int:
    return ABSTAIN if is_whole_number(value) and value == ABSTAIN else schema.index(value)
