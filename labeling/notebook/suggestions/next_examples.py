"""The sample that is most worth writing a rule for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import counted
from labeling.notebook.suggestions.words import Mask
from labeling.records import SoftLabels, random_order
from labeling.rendering import DisplayedAlike, Excerpt, View
from labeling.rendering.views import Part

REFERENCE = 1_000
"""Samples that candidates are compared with: the first of a hash of the ids."""
LIKE = 0.3
"""Cosine of TF-IDF vectors from which texts are about the same."""
FEW = 0.05
"""A smaller share of samples without a vote is no longer what matters most."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NextExample(DisplayedAlike):
    """A sample to write a rule for.

    Attributes:
        sample_id: its id.
        text: its text.
        reason: why it is offered.
        n_like: about how many samples of the same kind are like it.
        words: words that they share, most telling first.
        position: its row among the samples.
    """

    sample_id: object
    text: str
    reason: str
    n_like: int
    words: tuple[str, ...]
    position: int

    def _view(self) -> View:
        marks = tuple(
            found.span()
            for word in self.words
            for found in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", self.text, re.IGNORECASE)
        )
        parts: list[Part] = [Excerpt(self.text, marks), self.reason]
        if self.words:
            parts.append(f"They share: {', '.join(self.words)}.")
        return View(f"Sample {self.sample_id}", tuple(parts))


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The samples that need a rule.

    Attributes:
        rows: their positions.
        what: what they are, such as "without a vote".
    """

    rows: npt.NDArray[np.intp]
    what: str


def pool_of(votes: npt.NDArray[Any], soft: SoftLabels | None, n: int) -> Pool:
    """Return the samples without a vote; where they are few, those in conflict, or in doubt.

    Args:
        votes: shape (n_samples, n_functions).
        soft: posteriors of the label model, if there are functions.
        n: the number of samples.
    """
    votes = votes.astype(np.int64)
    cast = votes >= 0
    uncovered = np.flatnonzero(~cast.any(axis=1)) if votes.shape[1] else np.arange(n)
    if len(uncovered) >= FEW * n:
        return Pool(uncovered, "without a vote")
    high = np.where(cast, votes, -1).max(axis=1)
    low = np.where(cast, votes, np.iinfo(np.int64).max).min(axis=1)
    conflicts = np.flatnonzero(cast.any(axis=1) & (high != low))
    if len(conflicts) > len(uncovered):
        return Pool(conflicts, "on which functions disagree")
    if len(uncovered) or soft is None:
        return Pool(uncovered, "without a vote")
    doubt = 1 - soft.to_array().max(axis=1)
    return Pool(np.flatnonzero(doubt >= np.quantile(doubt, 0.9)), "of which the label model doubts")


def next_example(
    texts: Sequence[str], ids: pd.Index, pool: Pool, passed: Collection[int]
) -> NextExample | None:
    """Return the sample of a pool that is like most others, which no earlier one is like.

    Args:
        texts: of all samples.
        ids: of all samples.
        pool: the samples that need a rule.
        passed: positions of samples that were offered before, or are to be skipped.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    order = pool.rows[random_order(ids[pool.rows], np.random.default_rng(0))]
    open_rows = order[~np.isin(order, list(passed))]
    if not len(open_rows):
        return None
    vectorizer = TfidfVectorizer(token_pattern=r"(?u)\w+", sublinear_tf=True, min_df=2)
    try:
        vectors = vectorizer.fit_transform([texts[row] for row in order])
    except ValueError:  # no words at all
        row = int(open_rows[0])
        reason = f"One of {counted(len(order), 'sample')} {pool.what}."
        return NextExample(_id_at(ids, row), texts[row], reason, 0, (), row)
    reference = vectors[: min(REFERENCE, len(order))]
    done = _like_passed(vectorizer, texts, passed, reference)
    is_open = ~np.isin(order, list(passed))
    like = (vectors @ reference.T) >= LIKE
    gains = np.asarray(like[:, np.flatnonzero(~done)].sum(axis=1)).ravel() * is_open
    best = int(np.argmax(np.where(is_open, gains, -1)))
    row = int(order[best])
    n_like = round(float(gains[best]) * len(order) / reference.shape[0])
    words = _shared_words(vectors, reference, like[best], best, vectorizer.get_feature_names_out())
    what = counted(n_like, "other sample is", "other samples are")
    reason = f"One of {len(order):,} samples {pool.what}; about {what} like it."
    return NextExample(_id_at(ids, row), texts[row], reason, n_like, words, row)


def _id_at(ids: pd.Index, row: int) -> object:
    """Return an id as a value of Python, which functions made from the sample show."""
    (sample_id,) = ids[[row]].tolist()
    return sample_id


def _like_passed(
    vectorizer: Any, texts: Sequence[str], passed: Collection[int], reference: Any
) -> Mask:
    """Return which of the reference samples are like one that was offered before."""
    if not passed:
        return np.zeros(reference.shape[0], dtype=bool)
    before = vectorizer.transform([texts[row] for row in sorted(passed)])
    like = (reference @ before.T) >= LIKE
    done: Mask = np.asarray(like.sum(axis=1)).ravel() > 0
    return done


def _shared_words(vectors: Any, reference: Any, like: Any, row: int, names: Any) -> tuple[str, ...]:
    """Return up to five words of a sample that weigh most in those like it."""
    others = reference[like.nonzero()[1]]
    weights = np.asarray(others.multiply(vectors[row]).sum(axis=0)).ravel()
    order = np.lexsort((np.arange(len(weights)), -np.round(weights, 9)))[:5]
    return tuple(str(names[column]) for column in order if weights[column] > 0)
