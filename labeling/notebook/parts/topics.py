"""Topics of texts: the features by which suggestions for one of several labels are judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from labeling.notebook.suggestions.candidates import Builder
from labeling.notebook.suggestions.evidence import Floats
from labeling.notebook.suggestions.features import features_of, table_features
from labeling.records import random_order

TOPICS = 100
"""Dimensions that are kept of the words of texts."""
LEAST_TEXTS, MOST_SHARE = 3, 0.3
"""A word of fewer texts, or of a larger share of them, tells no topic."""


def topic_features(builder: Builder) -> Any:
    """Return features of all samples: sparse by rows, shape (n_samples, n_features).

    A label of several has few samples in a dev set, and these few hold few of its words. Which
    words occur together is known from all texts: by latent semantic analysis (Deerwester et al.,
    1990) a classifier learns topics, and knows words that the dev set has not.
    """
    from scipy import sparse

    topics = topics_of(builder.texts, builder.samples.index) if builder.words else None
    if topics is None:
        return features_of(builder)
    return sparse.hstack([sparse.csr_matrix(topics), *table_features(builder)]).tocsr()


def topics_of(texts: list[str], ids: pd.Index) -> Floats | None:
    """Return the topics of texts, each of length 1 or 0; `None` where the texts are too few.

    Args:
        texts: of all samples.
        ids: of all samples; the result does not depend on the order of the rows.

    Returns:
        An array of shape (n_samples, n_topics).
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    order = random_order(ids, np.random.default_rng(0))
    vectorizer = TfidfVectorizer(
        token_pattern=r"(?u)\w\w+", sublinear_tf=True, min_df=LEAST_TEXTS, max_df=MOST_SHARE
    )
    try:
        words = vectorizer.fit_transform([texts[row] for row in order])
    except ValueError:  # no word is left
        return None
    n_topics = min(TOPICS, min(words.shape) - 1)
    if n_topics < 2:
        return None
    topics = np.empty((len(texts), n_topics))
    topics[order] = TruncatedSVD(n_topics, random_state=0).fit_transform(words)
    lengths = np.linalg.norm(topics, axis=1, keepdims=True)
    scaled: Floats = np.round(topics / np.maximum(lengths, 1e-9), 9)
    return scaled
