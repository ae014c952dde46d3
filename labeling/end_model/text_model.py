"""A linear classifier of texts that learns from probabilities: TF-IDF and logistic regression."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax

from labeling.errors import DataError

Floats = npt.NDArray[np.float64]

STRENGTH = 5.0  # C of the logistic regression: little regularisation, as votes are plenty


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Words and pairs of words with their weights; fitted once, on all texts of the pool."""

    terms: tuple[str, ...]
    idf: Floats

    @classmethod
    def of(cls, texts: list[str]) -> Vocabulary:
        """Return the vocabulary of texts; a term must occur in two of them."""
        vectorizer = _vectorizer(min_df=min(2, len(texts)))
        try:
            vectorizer.fit(texts)
        except ValueError as error:
            raise DataError(
                f"The texts must share some words to learn from. {len(texts)} texts have no word"
                " that occurs twice."
            ) from error
        return cls(tuple(vectorizer.get_feature_names_out().tolist()), vectorizer.idf_)

    def vectors(self, texts: list[str]) -> Any:
        """Return the texts as rows of a sparse matrix of shape (n_texts, n_terms)."""
        vectorizer = _vectorizer(vocabulary=self.terms)
        vectorizer.idf_ = self.idf
        return vectorizer.transform(texts)


def _vectorizer(**how: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    # A word is a run of letters or digits, or a run of other signs: emoticons count.
    pattern = r"(?u)\w+|[^\w\s]+"
    return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=pattern, **how)


@dataclass(frozen=True, slots=True, eq=False)
class LinearModel:
    """Log-odds as a linear function of text vectors: weights (n_terms, n_labels), offsets."""

    weights: Floats
    offsets: Floats

    @classmethod
    def fitted(cls, vectors: Any, targets: Floats, *, balanced: bool = False) -> LinearModel:
        """Return the logistic regression on soft targets.

        Args:
            vectors: sparse, shape (n, n_terms).
            targets: shape (n, n_labels); row i counts as n_labels samples weighted by its entries.
            balanced: whether each label weighs the same in sum.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        n, n_labels = targets.shape
        mass = targets.sum(axis=0)
        present = np.flatnonzero(mass > 1e-12)
        weights = np.zeros((vectors.shape[1], n_labels))
        offsets = np.full(n_labels, np.log(1e-4))
        if len(present) == 1:
            offsets[present] = 0.0
            return cls(weights, offsets)
        if balanced:
            targets = targets * (mass.sum() / (len(present) * np.maximum(mass, 1e-12)))
        rows = np.tile(np.arange(n), len(present))
        labels = np.repeat(present, n)
        shares = targets[:, present].T.ravel()
        used = shares > 1e-6
        with warnings.catch_warnings():
            # 200 steps are ample for log-odds; the last digits of a rough target are noise.
            warnings.simplefilter("ignore", category=ConvergenceWarning)
            model = LogisticRegression(C=STRENGTH, max_iter=200).fit(
                vectors[rows[used]], labels[used], sample_weight=shares[used]
            )
        coefficients, intercepts = model.coef_, model.intercept_
        if len(present) == 2:  # scikit-learn keeps one row for two labels
            coefficients = np.concatenate([-coefficients / 2, coefficients / 2])
            intercepts = np.concatenate([-intercepts / 2, intercepts / 2])
        weights[:, present] = coefficients.T
        offsets[present] = intercepts
        return cls(weights, offsets)

    def log_odds(self, vectors: Any) -> Floats:
        """Return centred log-probabilities, shape (n, n_labels)."""
        return centred_log(softmax(vectors @ self.weights + self.offsets, axis=1))


def centred_log(probabilities: Floats) -> Floats:
    """Return log-probabilities, cut off at 1e-4, less their mean over the labels."""
    logs = np.log(np.clip(probabilities, 1e-4, None))
    centred: Floats = logs - logs.mean(axis=1, keepdims=True)
    return centred
