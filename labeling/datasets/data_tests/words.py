"""Slices of samples that tests compare: the samples with a word, or with a value of a column."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from labeling.datasets.data_tests.tested import Tested

MOST_ROWS = 50_000
"""Samples of each set whose slices are counted, drawn by a hash of the id."""
MOST_VALUES = 50
"""Values of a column from which it is a text or an identifier, and no category."""
TOKEN = r"(?u)\w+"

Matrix = Any
"""A sparse matrix of SciPy, which has no types."""


def is_category(values: Sequence[Any]) -> bool:
    """Whether values are few texts or truth values, each often: categories, and no free text.

    >>> is_category(["a", "b"] * 10), is_category([f"id {n}" for n in range(20)])
    (True, False)
    """
    kinds = {type(value) for value in values if value is not None and value == value}
    if not kinds or not kinds <= {str, bool, np.bool_}:
        return False
    different = len({value for value in values if isinstance(value, (str, bool, np.bool_))})
    return different <= MOST_VALUES and 5 * different <= len(values)


def slices_of(
    sets: Sequence[Tested], text_column: str, ignore: Sequence[str], fewest: int
) -> tuple[list[str], list[Matrix]]:
    """Return the names of slices, and which samples of each set are in them.

    Args:
        sets: samples of one or more sets.
        text_column: the column of the texts.
        ignore: columns whose values make no slices.
        fewest: samples that a slice has in all sets together.

    Returns:
        names such as `word 'free'` or `source = 'web'`, and for each set a matrix of zeros and
        ones, shape (n_samples, n_slices).
    """
    names, blocks = _word_slices(sets, text_column, fewest)
    for column in sets[0].samples.columns:
        if column == text_column or column in ignore:
            continue
        more, columns = _value_slices(sets, column, fewest)
        names += more
        blocks = [[*block, part] for block, part in zip(blocks, columns, strict=True)]
    matrices = [sparse.csr_array(sparse.hstack(block, dtype=np.int32)) for block in blocks]
    return names, matrices


def _word_slices(
    sets: Sequence[Tested], column: str, fewest: int
) -> tuple[list[str], list[list[Matrix]]]:
    from sklearn.feature_extraction.text import CountVectorizer

    parts = [one.texts(column) for one in sets]
    empty = [[sparse.csr_array((len(one), 0), dtype=np.int32)] for one in sets]
    if any(part is None for part in parts):
        return [], empty
    texts = [text for part in parts for text in part or ()]
    vectorizer = CountVectorizer(binary=True, token_pattern=TOKEN, min_df=fewest, dtype=np.int32)
    try:
        matrix = sparse.csr_array(vectorizer.fit_transform(texts))
    except ValueError:  # no word is in so many samples
        return [], empty
    limits = np.cumsum([0, *map(len, sets)])
    blocks = [[matrix[begin:end]] for begin, end in itertools.pairwise(limits)]
    return [f"word {word!r}" for word in vectorizer.get_feature_names_out().tolist()], blocks


def _value_slices(
    sets: Sequence[Tested], column: str, fewest: int
) -> tuple[list[str], list[Matrix]]:
    parts = [
        one.samples[column].tolist() if column in one.samples.columns else [None] * len(one)
        for one in sets
    ]
    together = [value for part in parts for value in part]
    if not is_category(together):
        return [], [sparse.csr_array((len(one), 0), dtype=np.int32) for one in sets]
    counts = Counter(value for value in together if _is_key(value))
    values = sorted((value for value, count in counts.items() if count >= fewest), key=repr)
    code_of = {value: code for code, value in enumerate(values)}
    return [f"{column} = {value!r}" for value in values], [
        _indicator([code_of.get(value, -1) if _is_key(value) else -1 for value in part], values)
        for part in parts
    ]


def _is_key(value: Any) -> bool:
    return isinstance(value, (str, bool, np.bool_))


def _indicator(codes: Sequence[int], values: Sequence[Any]) -> Matrix:
    array = np.asarray(codes, dtype=np.intp)
    rows = np.flatnonzero(array >= 0)
    ones = np.ones(len(rows), dtype=np.int32)
    return sparse.csr_array((ones, (rows, array[rows])), shape=(len(array), len(values)))


def counts_by_label(
    slices: Matrix, codes: npt.NDArray[np.integer[Any]], n_labels: int
) -> npt.NDArray[np.int64]:
    """Return how many samples of each slice have each label, shape (n_slices, n_labels)."""
    rows = np.flatnonzero(codes >= 0)
    ones = np.ones(len(rows), dtype=np.int32)
    labels = sparse.csr_array((ones, (rows, codes[rows])), shape=(len(codes), n_labels))
    return np.asarray((slices.T @ labels).todense(), dtype=np.int64)
