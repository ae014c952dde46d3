"""TF-IDF vectors of texts: of words, and of character n-grams where texts are short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeling.end_model.linear_model import Floats
from labeling.errors import DataError

# A word is a run of letters or digits, or a run of other signs: emoticons count.
WORDS = {"ngram_range": (1, 2), "token_pattern": r"(?u)\w+|[^\w\s]+"}
PIECES = {"analyzer": "char_wb", "ngram_range": (2, 5)}
KINDS: Mapping[str, dict[str, Any]] = {"words": WORDS, "pieces": PIECES}
SHORT = 200  # mean length in characters up to which texts need character n-grams
FEW = 20_000  # texts, above which words occur often enough, and n-grams cost more than they help
RARE = 20_000  # a term must occur in one of this number of texts, and in two at least


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Terms of one or both kinds with their weights; fitted once, on all texts of the pool.

    Attributes:
        terms: the terms of each kind.
        idf: their weights, shape (n_terms,) each.
    """

    terms: Mapping[str, tuple[str, ...]]
    idf: Mapping[str, Floats]

    @classmethod
    def of(cls, texts: list[str]) -> tuple[Vocabulary, Any]:
        """Return the vocabulary of texts, and the vectors of the texts."""
        is_short = len(texts) <= FEW and sum(map(len, texts)) <= SHORT * len(texts)
        words = _fit("words", texts)
        parts = {} if words is None else {"words": words}
        if is_short or not parts:
            pieces = _fit("pieces", texts)
            parts |= {} if pieces is None else {"pieces": pieces}
        if not parts:
            raise DataError(
                f"The texts must share some words to learn from. {len(texts)} texts have no word"
                " that occurs twice."
            )
        terms = {
            kind: tuple(vectorizer.get_feature_names_out().tolist())
            for kind, (vectorizer, _) in parts.items()
        }
        idf = {kind: vectorizer.idf_ for kind, (vectorizer, _) in parts.items()}
        return cls(terms, idf), _hstack([vectors for _, vectors in parts.values()])

    def vectors(self, texts: list[str]) -> Any:
        """Return the texts as rows of a sparse matrix of shape (n_texts, n_terms)."""
        parts = []
        for kind, terms in self.terms.items():
            vectorizer = _vectorizer(kind, vocabulary=terms)
            vectorizer.idf_ = self.idf[kind]
            parts.append(vectorizer.transform(texts))
        return _hstack(parts)

    def __len__(self) -> int:
        return sum(map(len, self.terms.values()))


def _fit(kind: str, texts: list[str]) -> tuple[Any, Any] | None:
    """Return the vectorizer and the vectors; None where no term is frequent enough."""
    vectorizer = _vectorizer(kind, min_df=min(len(texts), max(2, len(texts) // RARE)))
    try:
        vectors = vectorizer.fit_transform(texts)
    except ValueError:  # scikit-learn's error for an empty vocabulary
        return None
    return vectorizer, vectors


def _vectorizer(kind: str, **options: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(sublinear_tf=True, **KINDS[kind], **options)


def _hstack(parts: list[Any]) -> Any:
    """Return the parts in one matrix with rows of length 1."""
    from scipy.sparse import hstack

    return parts[0] if len(parts) == 1 else hstack(parts, format="csr") / np.sqrt(len(parts))
