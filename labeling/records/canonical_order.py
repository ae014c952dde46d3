"""Canonical order: of labels by name, whatever the order in a schema, and of rows, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.records.schema import LabelSchema


def label_order(schema: LabelSchema) -> npt.NDArray[np.intp]:
    """Return the codes of a schema's labels, sorted by label name.

    >>> label_order(LabelSchema(["spam", "ham", "other"])).tolist()
    [1, 2, 0]
    """
    return np.array(sorted(range(len(schema)), key=lambda code: schema.labels[code]), dtype=np.intp)


def label_ranks(schema: LabelSchema) -> npt.NDArray[np.intp]:
    """Return the rank of the label of each code among the sorted names.

    >>> label_ranks(LabelSchema(["spam", "ham", "other"])).tolist()
    [2, 0, 1]
    """
    ranks = np.empty(len(schema), dtype=np.intp)
    ranks[label_order(schema)] = np.arange(len(schema))
    return ranks


def repeats(columns: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.bool_]:
    """Return whether each row of a sorted table equals the row before it.

    Args:
        columns: of equal length, at least one.

    >>> repeats([np.array([1, 1, 1, 2]), np.array([7, 7, 8, 8])]).tolist()
    [False, True, False, False]
    """
    same = np.zeros(len(columns[0]), dtype=bool)
    same[1:] = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    return same
