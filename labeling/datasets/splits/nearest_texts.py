"""Test rows with a train row of the same words, whatever their order: cosine of TF-IDF."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.findings import Finding, example_ids, skipped
from labeling.datasets.splits.assignment import TEST, TRAIN
from labeling.datasets.splits.clusters import BoolArray
from labeling.datasets.splits.near_duplicates import Ints
from labeling.errors import counted
from labeling.records import random_order
from labeling.records.estimates import proportion

MOST_TEST_ROWS = 500
MOST_TRAIN_ROWS = 100_000
"""Rows that are compared, drawn by a hash of the id."""
SAME_WORDS = 0.95
"""Cosine from which on two texts have nearly the same words as often."""
MOST_SHARE = 0.01
"""Share of test rows with such a train row that happens with short texts by chance."""


def nearest_texts(frame: pd.DataFrame, codes: Ints, text: str, known: BoolArray) -> Finding:
    """Return how similar the words of test rows are to those of their nearest train rows.

    Args:
        frame: index = ids.
        codes: of the splits: shape (n,).
        text: the column of texts.
        known: rows that are near-duplicates across splits, which are not counted again.
    """
    name = "nearest_texts"
    has_text = frame[text].map(lambda value: isinstance(value, str)).to_numpy(bool)
    test = _drawn(frame.index, np.flatnonzero((codes == TEST) & has_text), MOST_TEST_ROWS)
    train = _drawn(frame.index, np.flatnonzero((codes == TRAIN) & has_text), MOST_TRAIN_ROWS)
    if not len(test) or not len(train):
        return skipped(name, "there are no texts in train and test", len(frame))
    nearest = _cosines(frame[text], train, test)
    if nearest is None:
        return skipped(name, "the texts have no words", len(test))
    is_same = (nearest >= SAME_WORDS) & ~known[test]
    share = proportion(int(is_same.sum()), len(test))
    leaks = share.low > MOST_SHARE
    have = "has" if is_same.sum() == 1 else "have"
    sentence = (
        f"{counted(int(is_same.sum()), 'test row')} of {len(test):,} compared"
        f" ({share.value:.1%} [{share.low:.1%}, {share.high:.1%}])"
        f" {have} the words of a train row (cosine of TF-IDF from {SAME_WORDS}) beside those with"
        f" nearly equal texts; up to {MOST_SHARE:.0%} is usual. The median test row has"
        f" {np.median(nearest):.2f} with its nearest train row."
    )
    return Finding(
        name,
        "warning" if leaks else "passed",
        sentence,
        n=len(test),
        value=share.value,
        limit=MOST_SHARE,
        effect=float(np.median(nearest)),
        low=share.low,
        high=share.high,
        sample_ids=example_ids(frame.index[test[is_same]]),
        n_samples=int(is_same.sum()),
    )


def _drawn(ids: pd.Index, rows: Ints, most: int) -> Ints:
    """Return at most so many rows, drawn by a hash of the id, in the order of the hash."""
    order = random_order(ids[rows], np.random.default_rng(0))[:most]
    return rows[order]


def _cosines(column: pd.Series, train: Ints, test: Ints) -> npt.NDArray[np.float64] | None:
    """Return the greatest cosine of each test row with any train row; `None` without words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b", sublinear_tf=True)
    texts = column.iloc[np.concatenate((train, test))].tolist()
    try:
        vectors = vectorizer.fit_transform(texts)  # of both, so that words of test alone count too
    except ValueError:
        return None
    of_train, of_test = vectors[: len(train)], vectors[len(train) :]
    greatest = np.zeros(len(test))
    for begin in range(0, len(test), 100):
        part = slice(begin, begin + 100)
        greatest[part] = (of_test[part] @ of_train.T).max(axis=1).toarray().ravel()
    return greatest
