"""What a careful team does first: gold clamped into soft labels, a text classifier, its margin.

The classifier is TF-IDF of words and pairs of words, and logistic regression on probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling import SoftLabels
from tests.benchmarks.quality.scores import Codes, Floats

C = 5.0
SURE = 1 - 1e-3  # the probability of a clamped gold label


@dataclass(frozen=True, slots=True, eq=False)
class TextClassifier:
    """TF-IDF and logistic regression; fitted once on the texts, anew on each round's labels."""

    vectorizer: object
    vectors: object

    @classmethod
    def on(cls, texts: pd.Series) -> TextClassifier:
        """Return a classifier whose vocabulary is that of these texts."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
        return cls(vectorizer, vectorizer.fit_transform(texts))

    def predictions(self, soft: Floats, covered: Codes, texts: pd.Series) -> tuple[Floats, Floats]:
        """Fit on soft labels of covered rows; return probabilities of the pool and of `texts`."""
        from scipy.sparse import vstack
        from sklearn.linear_model import LogisticRegression

        k = soft.shape[1]
        rows = np.tile(covered, k)
        codes = np.repeat(np.arange(k), len(covered))
        weights = soft[covered].T.ravel()
        kept = weights > 1e-6
        model = LogisticRegression(C=C, max_iter=1000)
        model.fit(self.vectors[rows[kept]], codes[kept], sample_weight=weights[kept])  # type: ignore[index]
        test = self.vectorizer.transform(texts)  # type: ignore[attr-defined]
        everything = model.predict_proba(vstack([self.vectors, test]))
        array = np.full((len(everything), k), 1e-6)
        array[:, model.classes_] = everything
        n = len(soft)
        return array[:n], array[n:]


def clamped(soft: SoftLabels, gold: dict[object, str]) -> Floats:
    """Return soft labels in which gold labels replace predictions."""
    array = np.array(soft.to_array(), dtype=np.float64)
    rows = soft.sample_ids.get_indexer(pd.Index(list(gold)))
    codes = [soft.schema.index(label) for label in gold.values()]
    array[rows] = (1 - SURE) / (array.shape[1] - 1)
    array[rows, codes] = SURE
    return array


def product(first: Floats, second: Floats) -> Floats:
    """Return the product of two answers, normalised over labels."""
    both = np.clip(first, 1e-4, None) * np.clip(second, 1e-4, None)
    result: Floats = both / both.sum(axis=1, keepdims=True)
    return result
