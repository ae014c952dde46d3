"""`Marks`: marked spans as columns."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Marks(NamedTuple):
    """Marked spans as columns of equal length, one row per span and voter.

    Attributes:
        sample: row of the sample: int64.
        start: index of the first code point: int64.
        end: index after the last code point: int64.
        label: label code, or -1 where the voter says that nothing is there: int64.
        voter: column of the voter: int64.
        words: number of words in the span, or 0 where it is unknown: int64.
    """

    sample: Ints
    start: Ints
    end: Ints
    label: Ints
    voter: Ints
    words: Ints

    def take(self, rows: npt.NDArray[Any]) -> Marks:
        """Return these rows, in this order."""
        return Marks(*(column[rows] for column in self))

    @classmethod
    def empty(cls) -> Marks:
        """Return no marks."""
        return cls(*(np.zeros(0, dtype=np.int64) for _ in cls._fields))
