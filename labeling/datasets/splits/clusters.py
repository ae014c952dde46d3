"""Clusters: rows that must stay together, by equal or nearly equal texts and by groups."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.splits.near_duplicates import Ints, components, near_duplicates, text_hashes
from labeling.datasets.splits.shingles import UInt64, mixed, normal_text, words_of
from labeling.errors import DataError, LabelingError, quoted
from labeling.records import is_number, require_column

NO_PAIRS = np.empty((0, 2), dtype=np.int64)
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which rows must stay together: the components of exact, near and group links.

    Attributes:
        code: a number for each row, equal in a cluster: shape (n,).
        keys: a hash of each row's group, else of its text, else of its id: shape (n,).
        exact: rows whose text is that of another row in its normal form: shape (n,).
        near: pairs of rows (the first of each text) that near-duplicates link: shape (n_pairs, 2).
        similarity: the Jaccard index of each pair of `near`.
        not_compared: how many texts were in too large buckets of similar ones.
        without: how many rows have no value, by column; a missing value links nothing.
    """

    code: Ints
    keys: UInt64
    exact: BoolArray
    near: Ints
    similarity: npt.NDArray[np.float64]
    not_compared: int
    without: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return int(self.code.max()) + 1 if len(self.code) else 0

    @property
    def near_rows(self) -> int:
        """How many rows have a text that is nearly that of another row."""
        return len(np.unique(self.near))


def clusters_of(
    frame: pd.DataFrame,
    text: str | None,
    groups: Sequence[str],
    near: float | None,
) -> Clusters:
    """Return the clusters of rows.

    Args:
        frame: index = ids.
        text: the column of texts; `None` links no texts.
        groups: columns; rows of equal value are linked.
        near: the smallest Jaccard index that links two texts; `None` links equal ones only.

    >>> frame = pd.DataFrame({"text": ["Hi!", "hi!", "bye"], "by": ["ann", "bob", "ann"]})
    >>> clusters_of(frame, "text", [], None).code.tolist()
    [0, 0, 1]
    >>> clusters_of(frame, "text", ["by"], None).code.tolist()
    [0, 0, 0]
    """
    texts = TextLinks.of(frame, text, near)
    links = [texts.links]
    keys = texts.keys.copy()
    bare = np.flatnonzero(texts.first < 0)
    keys[bare] = mixed(text_hashes([str(sample_id) for sample_id in frame.index[bare].tolist()]))
    without = {} if text is None else {text: int((texts.first < 0).sum())}
    for column in reversed(groups):  # the first group decides on the key
        first = first_of_equal(group_values(frame, column))
        rows = np.flatnonzero(first >= 0)
        links.append(np.column_stack((rows, first[rows])))
        hashed = text_hashes([group_text(value) for value in frame[column].iloc[rows].tolist()])
        keys[rows] = mixed(hashed)
        without[column] = len(frame) - len(rows)
    code = components(len(frame), np.concatenate(links))
    return Clusters(
        code, keys, texts.exact, texts.near, texts.similarity, texts.not_compared, without
    )


@dataclass(frozen=True, slots=True)
class TextLinks:
    """The links between rows by their texts.

    Attributes:
        first: the first row of the same text, -1 = no text: shape (n,).
        keys: a hash of each row's text; 0 without one.
        exact: whether another row has the same text.
        links: pairs of rows of equal or nearly equal texts.
        near: those of nearly equal texts.
        similarity: the Jaccard index of each pair of `near`.
        not_compared: see `NearDuplicates`.
    """

    first: Ints
    keys: UInt64
    exact: BoolArray
    links: Ints
    near: Ints
    similarity: npt.NDArray[np.float64]
    not_compared: int

    @classmethod
    def of(cls, frame: pd.DataFrame, text: str | None, near: float | None) -> TextLinks:
        """Return the links between the rows of a table."""
        normal = normal_texts(frame, text)
        first = first_of_equal(normal)
        rows = np.flatnonzero(first == np.arange(len(frame)))
        unique = [str(normal[row]) for row in rows.tolist()]
        keys = np.zeros(len(frame), dtype=np.uint64)
        keys[rows] = mixed(text_hashes(unique))
        has_text = first >= 0
        keys[has_text] = keys[first[has_text]]
        sizes = np.bincount(first[has_text], minlength=len(frame))
        exact = has_text & (sizes[first] > 1)
        equal = np.column_stack((np.flatnonzero(has_text), first[has_text]))
        if near is None or len(unique) < 2:
            return cls(first, keys, exact, equal, NO_PAIRS, np.empty(0), 0)
        pairs, similarity, not_compared = _similar(unique, near)
        pairs = rows[pairs].reshape(-1, 2)
        links = np.concatenate((equal, pairs))
        return cls(first, keys, exact, links, pairs, similarity, not_compared)


def _similar(unique: Sequence[str], near: float) -> tuple[Ints, npt.NDArray[np.float64], int]:
    """Return pairs of different texts that are nearly equal, their similarity, and what is open.

    Signs do not count: for a short text one more of them would be much.
    """
    words = [words_of(text) for text in unique]
    first = first_of_equal(words)
    other = np.flatnonzero(first != np.arange(len(words)))
    equal = np.column_stack((first[other], other))
    distinct = np.flatnonzero(first == np.arange(len(words)))
    similar = near_duplicates([words[row] for row in distinct.tolist()], near)
    pairs = distinct[similar.pairs].reshape(-1, 2)
    similarity = np.concatenate((np.ones(len(equal)), similar.similarity))
    return np.concatenate((equal, pairs)), similarity, similar.not_compared


def normal_texts(frame: pd.DataFrame, text: str | None) -> list[str | None]:
    """Return each row's text in its normal form; `None` where it is missing.

    Raises:
        DataError: there is no such column, or a value is not a text.
    """
    if text is None:
        return [None] * len(frame)
    require_column(frame, text, "text; `text=None` compares no texts")
    result: list[str | None] = []
    for sample_id, value in zip(frame.index, frame[text].tolist(), strict=True):
        if isinstance(value, str):
            result.append(normal_text(value))
        elif is_missing(value):
            result.append(None)
        else:
            raise DataError(
                f"Column {text!r} must hold texts. Sample {sample_id!r} has {quoted(value)}"
                f" ({type(value).__name__}); name another column, or `text=None`."
            )
    return result


def group_values(frame: pd.DataFrame, column: str) -> list[Hashable]:
    """Return each row's group; `None` where it is missing.

    Raises:
        DataError: there is no such column, or a value is a list or another one without a hash.
    """
    require_column(frame, column, "group")
    values: list[Hashable] = []
    for sample_id, value in zip(frame.index, frame[column].tolist(), strict=True):
        if not isinstance(value, Hashable):
            raise DataError(
                f"Column {column!r} must hold single values to be a group. Sample {sample_id!r} has"
                f" {quoted(value)}."
            )
        values.append(None if is_missing(value) else value)
    return values


def group_text(value: object) -> str:
    """Return the text of a group that its split depends on.

    Whole numbers are floats as soon as one is missing in the column: no row must move by that.

    >>> group_text(7.0), group_text(7), group_text("7a")
    ('7', '7', '7a')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def is_missing(value: object) -> bool:
    """Whether a value is `None`, NaN, `pd.NA` or `pd.NaT`."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return bool(pd.api.types.is_scalar(value) and value != value)  # of an array each part would be


def first_of_equal(values: Sequence[Hashable]) -> Ints:
    """Return the first row of each row's value, -1 for missing ones.

    >>> first_of_equal(["a", "b", None, "a"]).tolist()
    [0, 1, -1, 0]
    """
    first: dict[Hashable, int] = {}
    rows = [
        -1 if value is None else first.setdefault(value, row) for row, value in enumerate(values)
    ]
    return np.array(rows, dtype=np.int64)


def checked_threshold(near: object) -> float | None:
    """Return the threshold of near-duplicates after checking its range."""
    if near is None:
        return None
    if is_number(near) and 0.3 <= near <= 1:
        return float(near)
    raise LabelingError(
        "`near_duplicates` must be a Jaccard index from 0.3 to 1 (0.8 links texts that share four"
        f" of five runs of characters), or None for equal texts only. Got {near!r}."
    )


def cluster_draws(clusters: Clusters, salt: int) -> npt.NDArray[np.float64]:
    """Return a uniform number from 0 to 1 for each cluster: shape (n_clusters,).

    It is a hash of the smallest salted key of the cluster's rows. So it does not depend on other
    clusters, nor on how many rows have a key: a further row of the same group, or without groups of
    the same text, changes nothing. A row with a new key does with probability 1 in the number of
    keys.
    """
    salted = mixed(clusters.keys ^ mixed(np.array([salt], dtype=np.uint64))[0])
    smallest = np.full(clusters.count, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(smallest, clusters.code, salted)
    return mixed(smallest) / 2.0**64
