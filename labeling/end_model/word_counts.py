"""Counts of words and pairs of adjacent words: scikit-learn's TF-IDF, without a string per pair.

`TfidfVectorizer` makes a string of each pair of words of each text, which takes most of its time.
Here words become numbers, and pairs are numbers computed from theirs.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.end_model.linear_model import Floats

# A word is a run of letters or digits, or a run of other signs: emoticons count.
WORD = r"(?u)\w+|[^\w\s]+"

Codes = npt.NDArray[np.int64]


class _Known(dict[str, int]):
    """Codes of words; -1 for any other word."""

    def __missing__(self, word: str) -> int:
        return -1


@dataclass(frozen=True)
class WordTerms:
    """The words, and pairs of words joined by a space, that are counted.

    Attributes:
        terms: both words of a pair are terms themselves.

    >>> WordTerms(("a", "a b", "b")).counts(["b a b!"]).toarray().tolist()
    [[1.0, 1.0, 2.0]]
    """

    terms: tuple[str, ...]

    @functools.cached_property
    def _columns(self) -> tuple[_Known, Codes, pd.Index, Codes]:
        """Return the codes of words, their columns, and the codes of pairs with their columns."""
        words = _Known()
        word_columns = [column for column, term in enumerate(self.terms) if " " not in term]
        for code, column in enumerate(word_columns):
            words[self.terms[column]] = code
        pairs, pair_columns = [], []
        for column, term in enumerate(self.terms):
            if " " in term:
                first, second = term.split(" ")
                pairs.append(words[first] * len(words) + words[second])
                pair_columns.append(column)
        return (
            words,
            np.array(word_columns, dtype=np.int64),
            pd.Index(np.array(pairs, dtype=np.int64)),
            np.array(pair_columns, dtype=np.int64),
        )

    def counts(self, texts: Sequence[str]) -> Any:
        """Return how often each term occurs in each text: sparse, shape (n_texts, n_terms)."""
        words, word_columns, pairs, pair_columns = self._columns
        codes, lengths = _codes(texts, words)
        first, second, begins = _pairs(codes, lengths)
        found = pairs.get_indexer(pd.Index(first * len(words) + second))
        found[(first < 0) | (second < 0)] = -1
        columns = np.full((len(codes), 2), -1, dtype=np.int64)
        known = codes >= 0
        columns[known, 0] = word_columns[codes[known]]
        columns[begins, 1] = np.where(found >= 0, np.append(pair_columns, -1)[found], -1)
        return _matrix(columns, lengths, len(self.terms))


def count_words(texts: Sequence[str], min_df: int, most: int) -> tuple[WordTerms, Any]:
    """Return the terms of texts, and how often each occurs in each text.

    Args:
        texts: the texts.
        min_df: a term must occur in this number of texts.
        most: of more terms than this, those that occur in fewest texts are left out, and with them
            all that occur in as few.
    """
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    codes, lengths = _codes(texts, ids)
    # A word that occurs less often than that occurs in fewer texts, and so do its pairs.
    often = np.bincount(codes, minlength=len(ids)) >= min_df
    words = sorted(word for word, code in ids.items() if often[code])
    rank = np.full(len(ids), -1, dtype=np.int64)
    rank[[ids[word] for word in words]] = np.arange(len(words))
    codes = rank[codes]
    first, second, begins = _pairs(codes, lengths)
    is_counted = (first >= 0) & (second >= 0)
    keys = (first * len(words) + second)[is_counted]
    pair_codes, pairs = pd.factorize(keys, sort=True)
    columns = np.full((len(codes), 2), -1, dtype=np.int64)
    columns[:, 0] = codes
    columns[begins[is_counted], 1] = len(words) + pair_codes
    counts = _matrix(columns, lengths, len(words) + len(pairs))
    kept = most_frequent(np.bincount(counts.indices, minlength=counts.shape[1]), min_df, most)
    return WordTerms(_names(kept, words, np.asarray(pairs))), with_columns(counts, kept)


def tf_idf(counts: Any, idf: Floats) -> Any:
    """Return TF-IDF vectors: (1 + log count) times idf, each row of length 1."""
    vectors = counts.copy()
    vectors.data = (1 + np.log(vectors.data)) * idf[vectors.indices]
    row_of = np.repeat(np.arange(vectors.shape[0]), np.diff(vectors.indptr))
    lengths = np.sqrt(np.bincount(row_of, vectors.data**2, minlength=vectors.shape[0]))
    vectors.data /= lengths[row_of]
    return vectors


def inverse_document_frequency(counts: Any) -> Floats:
    """Return log((1 + n) / (1 + number of texts with the term)) + 1, shape (n_terms,)."""
    n_texts = np.bincount(counts.indices, minlength=counts.shape[1])
    idf: Floats = np.log((1 + counts.shape[0]) / (1 + n_texts)) + 1
    return idf


def _codes(texts: Sequence[str], words: Mapping[str, int]) -> tuple[Codes, Codes]:
    """Return the codes of the words of all texts, one after another, and how many each has."""
    find, code = re.compile(WORD).findall, words.__getitem__
    codes: list[int] = []
    lengths = np.empty(len(texts), dtype=np.int64)
    for row, text in enumerate(texts):
        found = find(text.lower())
        lengths[row] = len(found)
        codes.extend(map(code, found))
    return np.array(codes, dtype=np.int64), lengths


def _pairs(codes: Codes, lengths: Codes) -> tuple[Codes, Codes, Codes]:
    """Return the first and second word of each pair, and the position of the first."""
    is_last = np.zeros(len(codes), dtype=bool)
    is_last[(lengths.cumsum() - 1)[lengths > 0]] = True
    begins = np.flatnonzero(~is_last).astype(np.int64)
    return codes[begins], codes[begins + 1], begins


def _matrix(columns: Codes, lengths: Codes, n_columns: int) -> Any:
    """Return counts as a sparse matrix.

    Args:
        columns: of each word and pair, -1 = not counted: shape (n_words, n_kinds).
        lengths: the number of words of each text.
        n_columns: of the matrix.
    """
    from scipy.sparse import csr_matrix

    counted = columns >= 0
    before = np.append(0, counted.sum(axis=1).cumsum())
    indptr = before[np.append(0, lengths.cumsum())]
    indices = columns[counted]
    shape = (len(lengths), n_columns)
    matrix = csr_matrix((np.ones(len(indices)), indices, indptr), shape=shape)
    matrix.sum_duplicates()
    return matrix


def most_frequent(n_texts: Codes, min_df: int, most: int) -> Codes:
    """Return the columns that occur in enough texts, at most this number."""
    kept = np.flatnonzero(n_texts >= min_df)
    if len(kept) > most:
        limit = np.sort(n_texts[kept])[-most - 1]
        kept = np.flatnonzero(n_texts > limit)
    return kept


def _names(columns: Codes, words: list[str], pairs: Codes) -> tuple[str, ...]:
    """Return the terms of columns: first those of words, then those of pairs."""
    n_words = len(words)
    names = [words[column] for column in columns[columns < n_words]]
    for pair in pairs[columns[columns >= n_words] - n_words].tolist():
        names.append(f"{words[pair // n_words]} {words[pair % n_words]}")
    return tuple(names)


def with_columns(matrix: Any, kept: Codes) -> Any:
    """Return these columns of a matrix, in ascending order."""
    from scipy.sparse import csr_matrix

    place = np.full(matrix.shape[1], -1, dtype=np.int32)
    place[kept] = np.arange(len(kept))
    indices = place[matrix.indices]
    is_kept = indices >= 0
    indptr = np.append(0, is_kept.cumsum())[matrix.indptr]
    shape = (matrix.shape[0], len(kept))
    return csr_matrix((matrix.data[is_kept], indices[is_kept], indptr), shape=shape)
