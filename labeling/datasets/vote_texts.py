"""Votes on samples as JSON texts, made column by column."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Fragment = Callable[[str, str | None], str]


def texts_of_votes(
    column: pa.ListArray, fragment: Fragment, start: str, end: str
) -> pa.LargeStringArray:
    """Return the votes of each sample as text: `start`, their fragments with commas, `end`.

    Args:
        column: lists of structs (voter, label).
        fragment: the text of a vote, of its voter and label (`None` is a skip); it is called once
            for each pair that occurs.
        start: the text before the first vote.
        end: the text after the last one.

    >>> kind = pa.list_(pa.struct([("voter", pa.string()), ("label", pa.string())]))
    >>> column = pa.array([[{"voter": "a", "label": "x"}], []], kind)
    >>> texts_of_votes(column, lambda voter, label: f"{voter}={label}", "<", ">").to_pylist()
    ['<a=x>', '<>']
    """
    lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(column) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    cells = column.flatten()
    voters, labels = (cells.field(place).dictionary_encode() for place in (0, 1))
    n_labels = len(labels.dictionary) + 1
    label_codes = pc.fill_null(labels.indices, n_labels - 1).to_numpy(zero_copy_only=False)
    pairs = voters.indices.to_numpy(zero_copy_only=False).astype(np.int64) * n_labels + label_codes
    codes, occurring = pd.factorize(pairs)
    voter_names, label_names = voters.dictionary.to_pylist(), [*labels.dictionary.to_pylist(), None]
    fragments = [
        fragment(voter_names[pair // n_labels], label_names[pair % n_labels])
        for pair in occurring.tolist()
    ]
    spread = pa.array(fragments, pa.large_string()).take(pa.array(codes))
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), spread), large(", "))
    return join_columns([large(start), joined, large(end)])


def large(text: str) -> pa.Scalar:
    """Return a text as Arrow's type without a limit of 2 GB."""
    return pa.scalar(text, pa.large_string())


def join_columns(parts: Sequence[pa.Array | pa.Scalar]) -> pa.LargeStringArray:
    """Return the texts of columns, row by row one after the other."""
    return pc.binary_join_element_wise(*parts, large(""))
