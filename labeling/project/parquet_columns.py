"""Parquet columns with a list of rows for each sample, such as its spans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Columns = Mapping[str, npt.NDArray[Any]]


def lists_of_rows(n_samples: int, columns: Columns, group: str) -> pa.Array:
    """Return a list of rows for each sample, as an Arrow array of lists of structs.

    Args:
        n_samples: number of samples; those without rows get an empty list.
        columns: columns of equal length.
        group: the one with each row's sample, from 0; rows of a sample keep their order.

    >>> lists_of_rows(2, {"sample": np.array([1, 1]), "start": np.array([4, 0])}, "sample")[1]
    <pyarrow.ListScalar: [{'start': 4}, {'start': 0}]>
    """
    of_sample = columns[group]
    order = np.argsort(of_sample, kind="stable")
    offsets = np.searchsorted(of_sample[order], np.arange(n_samples + 1))
    fields = {
        name: pa.array(np.ascontiguousarray(column[order]))
        for name, column in columns.items()
        if name != group
    }
    rows = pa.StructArray.from_arrays(list(fields.values()), names=list(fields))
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), rows)


def rows_of_lists(column: pa.ChunkedArray, group: str) -> dict[str, npt.NDArray[Any]]:
    """Return the columns that `lists_of_rows` wrote."""
    lists = column.combine_chunks()
    lengths = np.diff(lists.offsets.to_numpy())
    rows = lists.flatten()
    columns = {
        field.name: rows.field(position).to_numpy(zero_copy_only=False)
        for position, field in enumerate(rows.type)
    }
    return {group: np.repeat(np.arange(len(lengths)), lengths), **columns}


def pack_asked(asked: npt.NDArray[np.bool_]) -> pa.Array:
    """Return a list of bools for each row of a table of who was asked."""
    n_samples, n_voters = asked.shape
    offsets = np.arange(n_samples + 1, dtype=np.int32) * n_voters
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(asked.ravel()))


def unpack_asked(column: pa.ChunkedArray, n_voters: int) -> npt.NDArray[np.bool_]:
    """Return the table that `pack_asked` wrote: shape (n_samples, n_voters)."""
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    table: npt.NDArray[np.bool_] = flat.astype(bool).reshape(-1, n_voters)
    return table
