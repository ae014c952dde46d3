"""Query strategies of active learning: which samples to select for annotation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import entr

from labeling.errors import LabelingError, listed, near
from labeling.records import (
    ABSTAIN,
    Batch,
    Gold,
    MissingText,
    SoftLabels,
    Stratum,
    Table,
    Votes,
    checked_missing_text,
    expect,
    generator_of,
    gold_series,
    positions,
    random_order,
    texts,
    whole_number,
    with_id_index,
    with_texts,
)

Floats = npt.NDArray[np.float64]

CANDIDATES = 5  # the 5n most uncertain samples are candidates for n
TOPICS = 40  # dimensions of the text embedding in which candidates are clustered


class Predictor(Protocol):
    """An end model that returns the final posterior."""

    def predict_proba(
        self, data: pd.DataFrame, *, soft: SoftLabels | None = None, votes: Votes | None = None
    ) -> SoftLabels:
        """Return the final posterior of samples."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The eligible samples with their votes and posterior, in the same order."""

    ids: pd.Index
    samples: pd.DataFrame
    votes: npt.NDArray[np.integer] | None
    posterior: SoftLabels | None
    text: str | None


def entropy(pool: Pool) -> Floats:
    """Score the entropy of the posterior, as a share of its maximum."""
    probabilities = _posterior(pool, "entropy").to_array()
    # Sorted, so that the sum is exactly the same for permuted probabilities.
    score: Floats = entr(np.sort(probabilities, axis=1)).sum(axis=1) / np.log(
        probabilities.shape[1]
    )
    return score


def margin(pool: Pool) -> Floats:
    """Score how close the two most probable labels are: 1 - (p1 - p2)."""
    ranked = np.sort(_posterior(pool, "margin").to_array(), axis=1)
    score: Floats = 1 - (ranked[:, -1] - ranked[:, -2])
    return score


def lf_conflict(pool: Pool) -> Floats:
    """Score the entropy of the votes on a sample; 0 for fewer than two votes."""
    votes = _votes(pool, "lf_conflict")
    n_labels = int(votes.max(initial=0)) + 1
    counts = np.stack([(votes == label).sum(axis=1) for label in range(n_labels)], axis=1)
    total = counts.sum(axis=1, keepdims=True)
    score: Floats = entr(np.sort(counts / np.maximum(total, 1), axis=1)).sum(axis=1)
    return score


def uncovered(pool: Pool) -> Floats:
    """Score 1 for samples without votes, else 0."""
    score: Floats = (_votes(pool, "uncovered") == ABSTAIN).all(axis=1).astype(np.float64)
    return score


SCORES: dict[str, Callable[[Pool], Floats]] = {
    "entropy": entropy,
    "lf_conflict": lf_conflict,
    "margin": margin,
    "uncovered": uncovered,
}
"""The strategies that rank samples; to add one, write a function and list it here."""

STRATEGIES = (*SCORES, Stratum.RANDOM.value, "mixture")


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
    """Return the samples that are most informative to annotate, and why each was selected.

    The default mixture draws one half at random, which is an unbiased audit sample. The other half
    has the smallest margin between the two most probable labels in the final posterior (that of
    `end`, else of `soft`), diversified over clusters of texts, or over vote patterns without `end`.
    Ties are broken at random, never by position.

    Args:
        data: the samples, index = ids; or another table in memory, see `read_samples`.
        id: the column of the ids; `None` takes the index.
        votes: votes on all samples, for strategies that use votes.
        soft: the label model's soft labels for all samples.
        end: the end model's soft labels for all samples, or a fitted end model; replaces `soft`.
        gold: known labels; these samples are not eligible.
        exclude: more ids that are not eligible, such as samples in annotation.
        n: the number of samples; fewer are returned only if fewer are eligible.
        strategy: one of `STRATEGIES`.
        rng: the seed or generator for random draws and ties.
        text: the column of the texts for clustering, if it exists.
        missing_text: whether samples whose text is missing there (null) are not eligible, since
            nobody can label them (`"drop"`), eligible as empty texts (`"empty"`), or refused
            (`"error"`).

    Raises:
        LabelingError: an unknown strategy, missing inputs of a strategy, or n below 1.
        DataError: unknown ids, or samples without votes or soft labels.

    >>> data = pd.DataFrame({"text": ["a", "b", "c", "d"]})
    >>> batch = select(data, n=2, rng=0, exclude=[0])
    >>> len(batch), batch.to_frame()["propensity"].round(2).tolist()
    (2, [0.67, 0.67])
    """
    check_request(n, strategy)
    data = with_id_index(data, id)
    if end is not None and hasattr(end, "predict_proba"):
        end = end.predict_proba(data, soft=soft, votes=None if soft is None else votes)
    generator = generator_of(rng)
    pool = _pool(data, votes, soft, end, gold, exclude, text, checked_missing_text(missing_text))
    shuffled = random_order(pool.ids, generator)
    n = min(int(n), len(pool.ids))
    if strategy == "mixture" and pool.posterior is not None:
        return _mixture(pool, shuffled, n, generator)
    if strategy in ("mixture", Stratum.RANDOM):
        return _batch(pool, [_random_part(shuffled[:n], len(shuffled))])
    score = SCORES[strategy](pool)
    chosen = shuffled[_best_first(score[shuffled])[:n]]
    return _batch(pool, [_ranked_part(chosen, strategy, score, _WHY[strategy])])


def check_request(n: int, strategy: str) -> None:
    """Raise a LabelingError unless the number of samples and the strategy are valid."""
    if strategy not in STRATEGIES:
        raise LabelingError(
            f"A strategy must be one of {listed(STRATEGIES, 10)}. Got {strategy!r}."
            f"{near(strategy, STRATEGIES)}"
        )
    whole_number(n, "`n`")


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
    is_excluded = np.zeros(len(ids), dtype=bool)
    if text in samples.columns and (end is not None or samples[text].isna().any()):
        used, has_text = with_texts(samples, text, missing_text)
        is_excluded |= ~has_text
        samples = used if has_text.all() else samples
    for given, what in (
        (pd.Index([]) if gold is None else gold_series(gold).index, "the gold labels"),
        (pd.Index(list(exclude)), "`exclude`"),
    ):
        if len(given):
            is_excluded[positions(ids, given, what, "the samples")] = True
    eligible = ids[~is_excluded]
    posterior = soft if end is None else end
    if votes is not None:
        votes = expect(votes, Votes, "`votes`").of_samples(eligible)
    if posterior is not None:
        expect(posterior, SoftLabels, "`soft`" if end is None else "`end`")
        posterior = posterior.of_samples(eligible)
    return Pool(
        ids=eligible,
        samples=samples[~is_excluded],
        votes=None if votes is None else votes.to_array(),
        posterior=posterior,
        text=text if end is not None and text in samples.columns else None,
    )


def _mixture(pool: Pool, shuffled: npt.NDArray[np.intp], n: int, rng: np.random.Generator) -> Batch:
    audit, rest = shuffled[: -(-n // 2)], shuffled[-(-n // 2) :]
    score = margin(pool)
    ranked = rest[_best_first(score[rest])]
    chosen = _spread(pool, ranked[: CANDIDATES * (n // 2)], n // 2, score, rng)
    reason = "the two most probable labels are near each other, unlike others in the batch"
    random_part = _random_part(audit, len(shuffled))
    return _batch(pool, [random_part, _ranked_part(chosen, "margin", score, reason)])


def _spread(
    pool: Pool,
    candidates: npt.NDArray[np.intp],
    n: int,
    score: Floats,
    rng: np.random.Generator,
) -> npt.NDArray[np.intp]:
    """Return n of the candidates, which are in order of score, from as many different groups."""
    if n == 0 or len(candidates) <= n:
        return candidates[:n]
    if pool.text is not None:
        return candidates[_text_centres(pool, candidates, n, rng)]
    if pool.votes is None:
        return candidates[:n]
    # The best of each vote pattern first, then the second best of each, and so on.
    _, pattern = np.unique(pool.votes[candidates], axis=0, return_inverse=True)
    rank = pd.Series(pattern.ravel()).groupby(pattern.ravel()).cumcount().to_numpy()
    return candidates[np.argsort(rank, kind="stable")[:n]]


def _text_centres(
    pool: Pool, candidates: npt.NDArray[np.intp], n: int, rng: np.random.Generator
) -> npt.NDArray[np.intp]:
    """Return the positions of the candidates closest to the centres of n clusters of texts."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize
    from threadpoolctl import threadpool_limits

    documents = texts(pool.samples.iloc[candidates], str(pool.text))
    seed = int(rng.integers(2**31))
    words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\S+").fit_transform(
        [document if document.strip() else "(empty)" for document in documents]
    )
    size = min(TOPICS, words.shape[1] - 1, len(candidates) - 1)
    points = (
        words.toarray() if size < 2 else TruncatedSVD(size, random_state=seed).fit_transform(words)
    )
    points = normalize(points)
    distinct = len(np.unique(points.round(9), axis=0))
    with threadpool_limits(limits=1):  # the same order of summation on any machine
        clusters = KMeans(min(n, distinct), n_init=1, random_state=seed).fit(points)
    chosen = dict.fromkeys(clusters.transform(points).argmin(axis=0).tolist())
    # If a candidate is closest to several centres, fill up with the best of the others.
    for candidate in range(len(candidates)):
        if len(chosen) >= n:
            break
        chosen.setdefault(candidate)
    return np.array(list(chosen), dtype=np.intp)


def _random_part(rows: npt.NDArray[np.intp], eligible: int) -> pd.DataFrame:
    propensity = len(rows) / max(eligible, 1)
    return pd.DataFrame(
        {
            "row": rows,
            "stratum": Stratum.RANDOM.value,
            "score": np.nan,
            "reason": f"drawn at random, {len(rows)} of {eligible} eligible samples",
            "propensity": propensity,
        }
    )


def _best_first(score: Floats) -> npt.NDArray[np.intp]:
    """Return the order of descending scores; those that differ only by rounding are equal."""
    return np.argsort(-score.round(9), kind="stable")


def _ranked_part(
    rows: npt.NDArray[np.intp], stratum: str, score: Floats, reason: str
) -> pd.DataFrame:
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
