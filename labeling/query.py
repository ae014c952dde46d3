"""Which samples deserve a human's time: strategies as plain functions, and their mixture."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import entr

from labeling.errors import LabelingError, near, shown
from labeling.records import (
    ABSTAIN,
    Batch,
    Gold,
    MissingText,
    SoftLabels,
    Table,
    Votes,
    checked_missing_text,
    expect,
    generator_of,
    gold_series,
    identified,
    order_by_chance,
    positions,
    texts,
    with_texts,
)

Floats = npt.NDArray[np.float64]

CANDIDATES = 5  # the most uncertain 5n samples compete for n places
TOPICS = 40  # dimensions of the texts in which they are spread


class Predictor(Protocol):
    """What is needed of an end model to ask it for its posterior."""

    def predict_proba(
        self, data: pd.DataFrame, *, soft: SoftLabels | None = None, votes: Votes | None = None
    ) -> SoftLabels:
        """Return the final posterior of samples."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The eligible samples and what is known of them, row by row."""

    ids: pd.Index
    samples: pd.DataFrame
    votes: npt.NDArray[np.integer] | None
    posterior: SoftLabels | None
    text: str | None


def entropy(pool: Pool) -> Floats:
    """Score the entropy of the posterior, as a share of the greatest possible."""
    shares = _posterior(pool, "entropy").to_array()
    # Sorted, so that equal shares of other labels have the very same sum.
    score: Floats = entr(np.sort(shares, axis=1)).sum(axis=1) / np.log(shares.shape[1])
    return score


def margin(pool: Pool) -> Floats:
    """Score how near the two most probable labels are: 1 - (p1 - p2)."""
    ranked = np.sort(_posterior(pool, "margin").to_array(), axis=1)
    score: Floats = 1 - (ranked[:, -1] - ranked[:, -2])
    return score


def lf_conflict(pool: Pool) -> Floats:
    """Score how evenly the votes on a sample are split: their entropy; 0 for fewer than two."""
    votes = _votes(pool, "lf_conflict")
    n_labels = int(votes.max(initial=0)) + 1
    counts = np.stack([(votes == label).sum(axis=1) for label in range(n_labels)], axis=1)
    total = counts.sum(axis=1, keepdims=True)
    score: Floats = entr(np.sort(counts / np.maximum(total, 1), axis=1)).sum(axis=1)
    return score


def uncovered(pool: Pool) -> Floats:
    """Score 1 for samples that no voter spoke of, else 0."""
    score: Floats = (_votes(pool, "uncovered") == ABSTAIN).all(axis=1).astype(np.float64)
    return score


SCORES: dict[str, Callable[[Pool], Floats]] = {
    "entropy": entropy,
    "lf_conflict": lf_conflict,
    "margin": margin,
    "uncovered": uncovered,
}
"""The strategies that rank samples; a new one is a function and a line here."""

STRATEGIES = (*SCORES, "random", "mixture")


def select(
    data: Table,
    *,
    id: str | None = None,
    votes: Votes | None = None,
    soft: SoftLabels | None = None,
    end: SoftLabels | Predictor | None = None,
    gold: Gold | None = None,
    exclude: Collection[Hashable] = (),
    n: int,
    strategy: str = "mixture",
    rng: np.random.Generator | int,
    text: str = "text",
    missing_text: MissingText = "drop",
) -> Batch:
    """Return the samples most worth a human's time, and why each was chosen.

    The default mixture draws one half at random, which is an unbiased audit sample, and fills the
    other with those whose two most probable labels are nearest to each other in the final posterior
    (that of `end`, else of `soft`), spread over the clusters of their texts, or over vote patterns
    where there is no `end`. Equal scores are put in order by chance, never by position.

    Args:
        data: the samples, index = ids; or another table in memory, see `read_samples`.
        id: the column of the ids; `None` takes the index.
        votes: votes on all of them, for strategies that look at votes.
        soft: the label model's soft labels for all of them.
        end: the end model's for all of them, or a fitted end model; they take the place of `soft`.
        gold: labels that are known; these samples are not eligible.
        exclude: more ids that are not eligible, such as those that people work on already.
        n: how many; fewer come back only where fewer are eligible.
        strategy: one of `STRATEGIES`.
        rng: the seed or generator that draws and breaks ties.
        text: the column in which samples are spread, where there is such a column.
        missing_text: whether samples whose text is missing there (null) are not eligible, since
            nobody can label them (`"drop"`), eligible as empty texts (`"empty"`), or refused
            (`"error"`).

    Raises:
        LabelingError: an unknown strategy, one that lacks what it needs, or n below 1.
        DataError: unknown ids, or samples without votes or soft labels.

    >>> data = pd.DataFrame({"text": ["a", "b", "c", "d"]})
    >>> batch = select(data, n=2, rng=0, exclude=[0])
    >>> len(batch), batch.to_frame()["propensity"].round(2).tolist()
    (2, [0.67, 0.67])
    """
    check_request(n, strategy)
    data = identified(data, id)
    if end is not None and hasattr(end, "predict_proba"):
        end = end.predict_proba(data, soft=soft, votes=None if soft is None else votes)
    generator = generator_of(rng)
    pool = _pool(data, votes, soft, end, gold, exclude, text, checked_missing_text(missing_text))
    by_chance = order_by_chance(pool.ids, generator)
    n = min(int(n), len(pool.ids))
    if strategy == "mixture" and pool.posterior is not None:
        return _mixture(pool, by_chance, n, generator)
    if strategy in ("mixture", "random"):
        return _batch(pool, [_drawn(by_chance[:n], len(by_chance))])
    score = SCORES[strategy](pool)
    chosen = by_chance[_best_first(score[by_chance])[:n]]
    return _batch(pool, [_ranked(chosen, strategy, score, _WHY[strategy])])


def check_request(n: int, strategy: str) -> None:
    """Raise a LabelingError unless so many samples can be chosen by this strategy."""
    if strategy not in STRATEGIES:
        raise LabelingError(
            f"A strategy must be one of {shown(STRATEGIES, 10)}. Got {strategy!r}."
            f"{near(strategy, STRATEGIES)}"
        )
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise LabelingError(f"`n` must be a whole number from 1. Got {n!r}.")


_WHY = {
    "entropy": "the posterior is most uncertain",
    "lf_conflict": "the labeling functions disagree most",
    "margin": "the two most probable labels are nearest to each other",
    "uncovered": "no labeling function votes on it",
}


def _pool(
    data: pd.DataFrame,
    votes: Votes | None,
    soft: SoftLabels | None,
    end: SoftLabels | None,
    gold: Gold | None,
    exclude: Collection[Hashable],
    text: str,
    missing_text: MissingText,
) -> Pool:
    samples, ids = data, data.index
    taken = np.zeros(len(ids), dtype=bool)
    if text in samples.columns and (end is not None or samples[text].isna().any()):
        used, there = with_texts(samples, text, missing_text)
        taken |= ~there
        samples = used if there.all() else samples
    for given, what in (
        (pd.Index([]) if gold is None else gold_series(gold).index, "the gold labels"),
        (pd.Index(list(exclude)), "`exclude`"),
    ):
        if len(given):
            taken[positions(ids, given, what, "the samples")] = True
    free = ids[~taken]
    posterior = soft if end is None else end
    return Pool(
        ids=free,
        samples=samples[~taken],
        votes=None
        if votes is None
        else expect(votes, Votes, "`votes`").of_samples(free).to_array(),
        posterior=None
        if posterior is None
        else expect(posterior, SoftLabels, "`soft`" if end is None else "`end`").of_samples(free),
        text=text if end is not None and text in samples.columns else None,
    )


def _mixture(
    pool: Pool, by_chance: npt.NDArray[np.intp], n: int, rng: np.random.Generator
) -> Batch:
    audit, rest = by_chance[: -(-n // 2)], by_chance[-(-n // 2) :]
    score = margin(pool)
    ranked = rest[_best_first(score[rest])]
    chosen = _spread(pool, ranked[: CANDIDATES * (n // 2)], n // 2, score, rng)
    why = "the two most probable labels are near each other, unlike others in the batch"
    return _batch(pool, [_drawn(audit, len(by_chance)), _ranked(chosen, "margin", score, why)])


def _spread(
    pool: Pool,
    candidates: npt.NDArray[np.intp],
    n: int,
    score: Floats,
    rng: np.random.Generator,
) -> npt.NDArray[np.intp]:
    """Return n of the candidates, which come best first, from as many different groups."""
    if n == 0 or len(candidates) <= n:
        return candidates[:n]
    if pool.text is not None:
        return candidates[_text_centres(pool, candidates, n, rng)]
    if pool.votes is None:
        return candidates[:n]
    # The best of each vote pattern first, then the second best of each, and so on.
    _, pattern = np.unique(pool.votes[candidates], axis=0, return_inverse=True)
    turn = pd.Series(pattern.ravel()).groupby(pattern.ravel()).cumcount().to_numpy()
    return candidates[np.argsort(turn, kind="stable")[:n]]


def _text_centres(
    pool: Pool, candidates: npt.NDArray[np.intp], n: int, rng: np.random.Generator
) -> npt.NDArray[np.intp]:
    """Return the places of the candidates that are nearest to the centres of n clusters of texts."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize
    from threadpoolctl import threadpool_limits

    written = texts(pool.samples.iloc[candidates], str(pool.text))
    seed = int(rng.integers(2**31))
    words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\S+").fit_transform(
        [one if one.strip() else "(empty)" for one in written]
    )
    size = min(TOPICS, words.shape[1] - 1, len(candidates) - 1)
    points = (
        words.toarray() if size < 2 else TruncatedSVD(size, random_state=seed).fit_transform(words)
    )
    points = normalize(points)
    distinct = len(np.unique(points.round(9), axis=0))
    with threadpool_limits(limits=1):  # the same sums on any machine
        clusters = KMeans(min(n, distinct), n_init=1, random_state=seed).fit(points)
    chosen = dict.fromkeys(clusters.transform(points).argmin(axis=0).tolist())
    for place in range(len(candidates)):  # where one row is nearest to two centres: the best left
        if len(chosen) >= n:
            break
        chosen.setdefault(place)
    return np.array(list(chosen), dtype=np.intp)


def _drawn(rows: npt.NDArray[np.intp], eligible: int) -> pd.DataFrame:
    chance = len(rows) / max(eligible, 1)
    return pd.DataFrame(
        {
            "row": rows,
            "stratum": "random",
            "score": np.nan,
            "reason": f"drawn at random, {len(rows)} of {eligible} eligible samples",
            "propensity": chance,
        }
    )


def _best_first(score: Floats) -> npt.NDArray[np.intp]:
    """Return the order of falling scores; those that rounding alone tells apart are equal."""
    return np.argsort(-score.round(9), kind="stable")


def _ranked(rows: npt.NDArray[np.intp], stratum: str, score: Floats, reason: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "row": rows,
            "stratum": stratum,
            "score": score[rows],
            "reason": np.where(score[rows] > 0, reason, "no sample left scores above 0"),
            "propensity": np.nan,
        }
    )


def _batch(pool: Pool, strata: list[pd.DataFrame]) -> Batch:
    table = pd.concat([part for part in strata if len(part)] or strata[:1])
    rows = table.pop("row").to_numpy(dtype=np.intp)
    return Batch(table.set_index(pool.ids[rows]))


def _posterior(pool: Pool, strategy: str) -> SoftLabels:
    if pool.posterior is None:
        raise LabelingError(f"Strategy {strategy!r} needs soft labels: give `soft` or `end`.")
    return pool.posterior


def _votes(pool: Pool, strategy: str) -> npt.NDArray[np.integer]:
    if pool.votes is None:
        raise LabelingError(f"Strategy {strategy!r} needs votes: give `votes`.")
    return pool.votes
