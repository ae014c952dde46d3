"""Counts of character n-grams within words: scikit-learn's `char_wb`, each distinct word once.

The n-grams of a text are those of its words, and there are far fewer distinct words than words:
so the counts are a product of two sparse matrices, words of texts times n-grams of words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.end_model.word_counts import most_frequent, with_columns

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PieceTerms:
    """The n-grams that are counted, within words between spaces, with a space at either end.

    Attributes:
        terms: the n-grams.
        sizes: the least and the greatest number of characters.

    >>> PieceTerms(("ab", " a"), (2, 3)).counts(["ab cab", "a"]).toarray().tolist()
    [[2.0, 1.0], [0.0, 1.0]]
    """

    terms: tuple[str, ...]
    sizes: tuple[int, int]

    def counts(self, texts: Sequence[str]) -> Any:
        """Return how often each n-gram occurs in each text: sparse, shape (n_texts, n_terms)."""
        words, of_words = _words_of(texts)
        codes = {term: code for code, term in enumerate(self.terms)}
        return _sorted(of_words @ _pieces_of(words, self.sizes, codes, len(codes)))


def count_pieces(
    texts: Sequence[str], sizes: tuple[int, int], min_df: int, most: int
) -> tuple[PieceTerms, Any]:
    """Return the n-grams of texts, and how often each occurs in each text.

    Args:
        texts: the texts.
        sizes: the least and the greatest number of characters.
        min_df: an n-gram must occur in this number of texts.
        most: of more n-grams than this, those that occur in fewest texts are left out, and with
            them all that occur in as few.
    """
    words, of_words = _words_of(texts)
    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    of_pieces = _pieces_of(words, sizes, ids, None)
    # One that occurs less often than that occurs in fewer texts.
    occurrences = of_pieces.T @ np.asarray(of_words.sum(axis=0)).ravel()
    names = list(ids)
    often = np.flatnonzero(occurrences >= min_df)
    often = often[np.argsort([names[code] for code in often], kind="stable")]
    counts = of_words @ with_columns(of_pieces, often)
    kept = most_frequent(np.bincount(counts.indices, minlength=len(often)), min_df, most)
    terms = tuple(names[code] for code in often[kept])
    return PieceTerms(terms, sizes), _sorted(with_columns(counts, kept))


def _sorted(counts: Any) -> Any:
    """Return counts in ascending order of the columns: a product of sparse matrices has another.

    So the sums over a text are the same to the last bit, however its counts were found.
    """
    counts.sort_indices()
    return counts


def _words_of(texts: Sequence[str]) -> tuple[list[str], Any]:
    """Return the distinct words, and how often each occurs in each text."""
    from scipy.sparse import csr_matrix

    ids: defaultdict[str, int] = defaultdict()
    ids.default_factory = ids.__len__
    code = ids.__getitem__
    codes: list[int] = []
    ends = np.zeros(len(texts) + 1, dtype=np.int64)
    for row, text in enumerate(texts):
        codes.extend(map(code, text.lower().split()))
        ends[row + 1] = len(codes)
    indices = np.array(codes, dtype=np.int64)
    counts = csr_matrix((np.ones(len(indices)), indices, ends), shape=(len(texts), len(ids)))
    counts.sum_duplicates()
    return list(ids), counts


def _pieces_of(
    words: Sequence[str], sizes: tuple[int, int], codes: Mapping[str, int], n_pieces: int | None
) -> Any:
    """Return how often each n-gram occurs in each word: sparse, shape (n_words, n_pieces).

    Args:
        words: the words.
        sizes: the least and the greatest number of characters.
        codes: of n-grams. Others are not counted, if `n_pieces` is given; else they get a code.
        n_pieces: how many codes there are.
    """
    from scipy.sparse import csr_matrix

    is_fixed = n_pieces is not None
    found: list[int] = []
    ends = np.zeros(len(words) + 1, dtype=np.int64)
    for row, word in enumerate(words):
        pieces = _pieces(f" {word} ", sizes)
        if is_fixed:
            found.extend([codes[piece] for piece in pieces if piece in codes])
        else:
            found.extend(map(codes.__getitem__, pieces))
        ends[row + 1] = len(found)
    indices = np.array(found, dtype=np.int64)
    shape = (len(words), len(codes))
    counts = csr_matrix((np.ones(len(indices)), indices, ends), shape=shape)
    counts.sum_duplicates()
    return counts


def _pieces(padded: str, sizes: tuple[int, int]) -> list[str]:
    """Return the n-grams of a word; one shorter than them is a single n-gram, counted once.

    >>> _pieces(" ab ", (3, 6))
    [' ab', 'ab ', ' ab ']
    """
    least, greatest = sizes
    length = len(padded)
    if length <= least:
        return [padded]
    return [
        padded[start : start + size]
        for size in range(least, min(greatest, length) + 1)
        for start in range(length - size + 1)
    ]
