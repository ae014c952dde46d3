"""`Uncovered`: samples without a vote, in clusters of similar texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, counted
from labeling.notebook.moment import BaseMoment, RowNumbers
from labeling.records import ABSTAIN, is_whole_number
from labeling.rendering import DisplayedAlike, Excerpt, Share, Table, View
from labeling.rendering.formatting import clipped
from labeling.rendering.views import Cell

MOST_SAMPLES = 20_000
"""Texts that are read for the clusters' words; of more, a subset by a hash of the ids."""
MOST_CLUSTERED = 4_000
"""Texts to which clusters are fitted; the others are assigned to them."""
LONGEST = 1_000
"""Characters of a text that are read."""
MOST_WORDS = 4_000
WORDS = 6
EXAMPLES = 3
DIMENSIONS = 50

Counts = Any  # a sparse matrix: texts in rows, words in columns, one where the word occurs


@dataclass(frozen=True, slots=True, eq=False)
class Cluster:
    """Uncovered samples with similar texts.

    Attributes:
        number: from 1, the largest cluster first.
        words: those that tell it most from all other samples.
        at: the samples' positions, the most typical first.
    """

    number: int
    words: tuple[str, ...]
    at: RowNumbers

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, eq=False, repr=False)
class Uncovered(DisplayedAlike):
    """Samples on which no function votes, in clusters by their texts.

    Attributes:
        moment: what the workbench held.
        clusters: the largest first.
    """

    moment: BaseMoment
    clusters: tuple[Cluster, ...]

    def __len__(self) -> int:
        return sum(map(len, self.clusters))

    def to_frame(self) -> pd.DataFrame:
        """Return all uncovered samples, the ids as index: `cluster`, `gold`, `text`."""
        moment = self.moment
        at = np.concatenate([np.empty(0, dtype=np.intp), *(one.at for one in self.clusters)])
        numbers = [one.number for one in self.clusters for _ in range(len(one))]
        index = moment.samples.index[at]
        return pd.DataFrame(
            {
                "cluster": np.array(numbers, dtype=np.intp),
                "gold": pd.Series(moment.gold_names(at), index, dtype=object),
                "text": pd.Series(moment.texts_of(at), index, dtype=object),
            },
            index=index,
        )

    def _view(self) -> View:
        moment, n = self.moment, len(self)
        title = f"{counted(n, 'sample')} of {len(moment):,} without a vote"
        if not n:
            return View(title)
        headings = ("cluster", "samples", "share", "words", "examples")
        rows = []
        for cluster in self.clusters:
            at = cluster.at[:EXAMPLES]
            examples = " / ".join(clipped(" ".join(t.split()), 90) for t in moment.texts_of(at))
            row: list[Cell] = [
                cluster.number,
                len(cluster),
                Share(len(cluster) / n),
                ", ".join(cluster.words),
            ]
            rows.append((*row, Excerpt(examples)))
        sentence = "Words are those that occur more often here than in all other samples."
        if moment.text is None:
            sentence = "There is no column of texts: Workbench(..., text=...) makes clusters of it."
        return View(title, (sentence, Table(headings, tuple(rows))))


def uncovered_of(moment: BaseMoment, n_clusters: int) -> Uncovered:
    """Return the samples without a vote in clusters; meaning is that of `Workbench.uncovered`."""
    if not is_whole_number(n_clusters) or n_clusters < 1:
        raise DataError(f"`n_clusters` must be a whole number from 1. Got {n_clusters!r}.")
    at = np.flatnonzero((moment.array == ABSTAIN).all(axis=1))
    if not len(at):
        return Uncovered(moment, ())
    if moment.text is None:
        return Uncovered(moment, (Cluster(1, (), moment.ordered(at)),))
    return Uncovered(moment, _clusters(moment, at, int(n_clusters)))


def _clusters(moment: BaseMoment, at: RowNumbers, n_clusters: int) -> tuple[Cluster, ...]:
    # Sorted by content, so that the order of the table decides nothing.
    texts = np.array([text[:LONGEST] for text in moment.texts_of(np.arange(len(moment)))], object)
    at = at[np.lexsort((moment.rank[at], texts[at]))]
    others = np.setdiff1d(np.arange(len(moment)), at)
    others = others[np.argsort(moment.rank[others])][:MOST_SAMPLES]
    fitted, words = _word_counts(texts[at].tolist(), texts[others].tolist())
    here, elsewhere = fitted[: len(at)], fitted[len(at) :]
    labels, closeness = _grouped(here, n_clusters, moment.rank[at])
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    groups.sort(key=lambda group: (-len(group), str(texts[at[group[0]]])))
    totals = np.asarray(here.sum(axis=0)).ravel() + np.asarray(elsewhere.sum(axis=0)).ravel()
    return tuple(
        Cluster(
            number,
            _telling(
                np.asarray(here[group].sum(axis=0)).ravel(), len(group), totals, fitted, words
            ),
            moment.ordered(at[group], -np.round(closeness[group], 6)),
        )
        for number, group in enumerate(groups, start=1)
    )


def _word_counts(here: Sequence[str], elsewhere: Sequence[str]) -> tuple[Counts, list[str]]:
    """Return which words occur in which texts, and the words; no columns where there is none."""
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import CountVectorizer

    texts = [*here, *elsewhere]
    counter = CountVectorizer(
        binary=True,
        min_df=2 if len(texts) >= 20 else 1,
        max_features=MOST_WORDS,
        token_pattern=r"(?u)\b\w[\w']+\b",
        dtype=np.float64,
    )
    try:
        counts = counter.fit_transform(texts)
    except ValueError:  # there are no words
        return csr_matrix((len(texts), 0)), []
    return counts, counter.get_feature_names_out().tolist()


def _grouped(
    counts: Counts, n_clusters: int, rank: RowNumbers
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Return the cluster of each text, and how close it is to the cluster's centre.

    K-means on TF-IDF in a latent space (LSA) of unit length, as is usual for short texts.
    """
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.preprocessing import normalize

    n, n_words = counts.shape
    sample = np.sort(np.argsort(rank)[:MOST_CLUSTERED])
    if n_words < 2 or n <= n_clusters or n_clusters == 1:
        return np.zeros(n, dtype=np.intp), np.zeros(n)
    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    if n_words > DIMENSIONS:
        reduce = TruncatedSVD(DIMENSIONS, n_iter=2, random_state=0).fit(weighted[sample])
        points = reduce.transform(weighted)
    else:
        points = weighted.toarray()
    points = np.round(normalize(points), 9)
    distinct = len(np.unique(points[sample], axis=0))
    model = KMeans(min(n_clusters, distinct), n_init=1, max_iter=50, random_state=0)
    model.fit(points[sample])
    labels = model.predict(points).astype(np.intp)
    return labels, -np.linalg.norm(points - model.cluster_centers_[labels], axis=1)


def _telling(
    inside: npt.NDArray[np.float64],
    n_inside: int,
    totals: npt.NDArray[np.float64],
    counts: Counts,
    words: Sequence[str],
) -> tuple[str, ...]:
    """Return the words that tell the texts of a cluster most from all others.

    By the z-score of the log-odds with a prior of half a text (Monroe, Colaresi and Quinn,
    "Fightin' Words", 2008); a word of one text tells nothing.
    """
    n_outside = counts.shape[0] - n_inside
    outside = totals - inside
    odds_in = np.log((inside + 0.5) / (n_inside - inside + 0.5))
    odds_out = np.log((outside + 0.5) / (n_outside - outside + 0.5))
    variance = 1 / (inside + 0.5) + 1 / (outside + 0.5)
    scores = np.round((odds_in - odds_out) / np.sqrt(variance), 9)
    least = 2 if n_inside > 2 else 1
    order = np.lexsort((np.array(words, dtype=object).astype(str), -scores)) if words else ()
    telling = (i for i in order if inside[i] >= least and scores[i] > 0)
    return tuple(words[i] for i, _ in zip(telling, range(WORDS), strict=False))
