"""Which rows of two training sets are of the same sample, by id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labeling.errors import DataError

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where a training set has some samples.

    Attributes:
        rows: shape (n,): the row among the kept rows followed by those that were left out; -1 for
            a sample that is neither.
        n_kept: how many rows the training set keeps.
    """

    rows: IntArray
    n_kept: int

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_kept(self) -> BoolArray:
        """Whether each sample is in the training set."""
        return (self.rows >= 0) & (self.rows < self.n_kept)

    @property
    def is_left_out(self) -> BoolArray:
        """Whether each sample was left out of the training set."""
        return self.rows >= self.n_kept

    @property
    def is_absent(self) -> BoolArray:
        """Whether each sample was not among the data at all."""
        return self.rows < 0

    def take(self, chosen: IntArray) -> Places:
        """Return the places of some of the samples."""
        return Places(self.rows[chosen], self.n_kept)


def check_training_sets(**sets: TrainingSet) -> None:
    """Check that arguments are training sets.

    Raises:
        DataError: one is something else; it is named.
    """
    for name, train in sets.items():
        if not hasattr(train, "dropped_columns"):
            raise DataError(
                f"`{name}` must be a TrainingSet, as `build_training_set` and `TrainingSet.read`"
                f" return it. Got a {type(train).__name__}."
            )


def all_ids(train: TrainingSet) -> pd.Index:
    """Return the ids of a training set: of the kept rows, then of those that were left out."""
    left_out = train.dropped.index
    return train.sample_ids.append(left_out) if len(left_out) else train.sample_ids


def aligned(*sets: TrainingSet) -> tuple[pd.Index, list[Places]]:
    """Return the ids of all samples, in order of first appearance, and where each set has them.

    >>> import labeling as lb
    >>> data = pd.DataFrame({"text": ["a", "b"]}, index=["x", "y"])
    >>> soft = lb.SoftLabels([[0.9, 0.1]] * 2, data.index, lb.LabelSchema(["n", "p"]), [True] * 2)
    >>> train = lb.build_training_set(data, soft)
    >>> ids, places = aligned(train, lb.build_training_set(data[1:], soft.of_samples(["y"])))
    >>> ids.tolist(), places[1].rows.tolist()
    (['x', 'y'], [-1, 0])
    """
    indexes = [all_ids(train) for train in sets]
    ids = indexes[0]
    for others in indexes[1:]:
        if not same_ids(ids, others):
            ids = ids.append(others[positions_in(others, ids) < 0])
    places = [
        Places(positions_in(ids, left), len(train))
        for left, train in zip(indexes, sets, strict=True)
    ]
    return ids, places


def same_ids(left: pd.Index, right: pd.Index) -> bool:
    """Return whether two indexes hold the same ids in the same order."""
    if len(left) != len(right):
        return False
    arrays = _arrow(left), _arrow(right)
    if arrays[0] is None or arrays[1] is None or arrays[0].type != arrays[1].type:
        return left.equals(right)
    return bool(arrays[0].equals(arrays[1]))


def positions_in(ids: pd.Index, among: pd.Index) -> IntArray:
    """Return the position of each id among others; -1 where it is not one of them."""
    if same_ids(ids, among):
        return np.arange(len(ids), dtype=np.int64)
    arrays = _arrow(ids), _arrow(among)
    if arrays[0] is None or arrays[1] is None or arrays[0].type != arrays[1].type:
        return among.get_indexer(ids).astype(np.int64)
    matches = pc.index_in(arrays[0], value_set=arrays[1])
    rows: IntArray = pc.fill_null(matches, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return rows


def _arrow(ids: pd.Index) -> pa.Array | None:
    """Return ids as Arrow texts or integers; `None` for ids of other or several types."""
    try:
        array = pa.Array.from_pandas(ids)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return None
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_large_string(array.type):
        array = array.cast(pa.string()) if array.nbytes < 2**31 else array
    is_plain = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    return array if is_plain or pa.types.is_integer(array.type) else None
