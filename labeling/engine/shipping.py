"""Packs batches of samples for worker processes: Arrow buffers, and pickles of what has no such."""

from __future__ import annotations

import pickle
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import cloudpickle
import numpy as np
import pandas as pd
import pyarrow as pa

from labeling.engine.batches import SampleBatch
from labeling.engine.values import arrow_values, series_of


@dataclass(frozen=True, slots=True, eq=False)
class PackedBatch:
    """The samples of a batch in a form that costs little to send to another process.

    Attributes:
        names: the columns, in order.
        table: the columns that have an Arrow form, as an Arrow stream; their names are numbers.
        others: the other columns, which are pickled value by value; index = ids. Their values may
            be of classes that a notebook or script defines.
    """

    names: tuple[Hashable, ...]
    table: bytes
    others: pd.DataFrame

    @classmethod
    def of(cls, samples: pd.DataFrame) -> PackedBatch:
        """Pack samples, the result of `with_plain_objects` or some of its rows."""
        arrays = {
            str(number): array
            for number, (_, column) in enumerate(samples.items())
            if (array := arrow_values(column)) is not None
        }
        batch = pa.RecordBatch.from_pydict(arrays)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as stream:
            stream.write_batch(batch)
        has_array = np.array([str(number) in arrays for number in range(samples.shape[1])], bool)
        others = samples.loc[:, ~has_array]
        return cls(tuple(samples.columns), sink.getvalue().to_pybytes(), others)

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (self.names, self.table, cloudpickle.dumps(self.others))

    def unpacked(self, reads: frozenset[Hashable] | None = None) -> SampleBatch:
        """Return the samples; functions get the same values of them as of the original ones.

        Args:
            reads: as in `SampleBatch`.
        """
        with pa.ipc.open_stream(self.table) as stream:
            table = stream.read_all()
        left = (column for _, column in self.others.reset_index(drop=True).items())
        columns = {}
        for number in range(len(self.names)):
            name = str(number)
            is_packed = name in table.column_names
            columns[number] = series_of(table[name].combine_chunks()) if is_packed else next(left)
        frame = pd.DataFrame(columns, index=pd.RangeIndex(len(self.others)), copy=False)
        frame = frame.set_axis(self.others.index, axis=0).set_axis(list(self.names), axis=1)
        return SampleBatch(frame, reads)


def _received(names: tuple[Hashable, ...], table: bytes, others: bytes) -> PackedBatch:
    return PackedBatch(names, table, pickle.loads(others))
