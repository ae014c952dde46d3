"""TF-IDF vectors of texts: of words, and of character n-grams where texts are short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeling.end_model.linear_model import Floats
from labeling.end_model.piece_counts import PieceTerms, count_pieces
from labeling.end_model.word_counts import (
    WordTerms,
    count_words,
    inverse_document_frequency,
    tf_idf,
)
from labeling.errors import DataError

PIECES = (2, 4)  # characters of n-grams
SHORT = 200  # mean length in characters up to which texts need character n-grams
# Texts and labels, above which words occur often enough, or n-grams cost more than they help.
FEW = 20_000
FEW_LABELS = 50
# Mean characters of a word from which on texts are of a language without spaces (or codes, or
# addresses), and words alone are too rare. In languages with spaces it is 4 to 8.
LONG_WORDS = 12.0
MOST_WEIGHTS = 2_000_000  # of terms times labels, for each kind of terms
RARE = 20_000  # a term must occur in one of this number of texts, and in two at least


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Terms of one or both kinds with their weights; fitted once, on all texts of the pool.

    Attributes:
        words: words and pairs of words; none where no word is frequent enough.
        pieces: character n-grams within words; none where words are enough.
        idf: the weights of the terms of each kind, `words` and `pieces`: shape (n_terms,) each.
    """

    words: WordTerms
    pieces: PieceTerms
    idf: Mapping[str, Floats]

    @classmethod
    def of(cls, texts: list[str], n_labels: int) -> tuple[Vocabulary, Any]:
        """Return the vocabulary of texts, and the vectors of the texts.

        Args:
            texts: the texts.
            n_labels: for very many labels only the most frequent terms are used, and n-grams only
                where words are of no use.
        """
        most = MOST_WEIGHTS // n_labels
        min_df = min(len(texts), max(2, len(texts) // RARE))
        words, counts = count_words(texts, min_df, most)
        parts, idf, pieces = [], {}, PieceTerms((), PIECES)
        if words.terms:
            idf["words"] = inverse_document_frequency(counts)
            parts.append(tf_idf(counts, idf["words"]))
        if not parts or _need_pieces(texts, n_labels):
            pieces, counts = count_pieces(texts, PIECES, min_df, most)
        if pieces.terms:
            idf["pieces"] = inverse_document_frequency(counts)
            parts.append(tf_idf(counts, idf["pieces"]))
        if not parts:
            raise DataError(
                f"The texts must share some words to learn from. {len(texts)} texts have no word"
                " that occurs twice."
            )
        return cls(words, pieces, idf), _hstack(parts)

    def vectors(self, texts: list[str]) -> Any:
        """Return the texts as rows of a sparse matrix of shape (n_texts, n_terms)."""
        parts = []
        if self.words.terms:
            parts.append(tf_idf(self.words.counts(texts), self.idf["words"]))
        if self.pieces.terms:
            parts.append(tf_idf(self.pieces.counts(texts), self.idf["pieces"]))
        return _hstack(parts)

    @property
    def terms(self) -> dict[str, tuple[str, ...]]:
        """Return the terms of each kind that there are."""
        kinds = {"words": self.words.terms, "pieces": self.pieces.terms}
        return {kind: terms for kind, terms in kinds.items() if terms}

    def __len__(self) -> int:
        return len(self.words.terms) + len(self.pieces.terms)


def _need_pieces(texts: list[str], n_labels: int) -> bool:
    """Return whether texts are short and few, or their words, between spaces, long on average."""
    is_short = sum(map(len, texts)) <= SHORT * len(texts)
    if is_short and len(texts) <= FEW and n_labels <= FEW_LABELS:
        return True
    n_characters = n_words = 0
    for text in texts:
        words = text.split()
        n_words += len(words)
        n_characters += sum(map(len, words))
    return n_characters > LONG_WORDS * n_words


def _hstack(parts: list[Any]) -> Any:
    """Return the parts in one matrix with rows of length 1."""
    from scipy.sparse import hstack

    return parts[0] if len(parts) == 1 else hstack(parts, format="csr") / np.sqrt(len(parts))
