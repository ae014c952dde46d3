"""`select`: chooses the samples for people to label."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Hashable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, listed, near
from labeling.query.audit import LF_AUDIT
from labeling.query.batches import batch_of, copies_part, drawn_part, ranked_part
from labeling.query.by_uncertainty import (
    SPAN_STRATEGIES,
    Beliefs,
    is_by_uncertainty,
    parts_by_uncertainty,
)
from labeling.query.lf_audit import audit_weights
from labeling.query.mixtures import mixture, random_part
from labeling.query.modal import ModalStrategy, from_modal, modal_parts
from labeling.query.modal_import import NAMES, PREFIX, check_name
from labeling.query.near_duplicates import first_of_each
from labeling.query.pool import TEXT, Inputs, Pool, pool_of
from labeling.query.random_draws import draw_rows
from labeling.query.scores import SCORES
from labeling.query.spreading import CANDIDATES, best_first, over_patterns, over_texts
from labeling.records import (
    AnySoft,
    AnyVotes,
    Batch,
    Gold,
    MissingText,
    Stratum,
    Table,
    checked_missing_text,
    generator_of,
    random_order,
    whole_number,
    with_id_index,
)

Ints = npt.NDArray[np.intp]

STRATEGIES = (*SCORES, LF_AUDIT, Stratum.RANDOM.value, "mixture")
"""The strategies without packages of others; each name of `MODAL_STRATEGIES` is another."""
MODAL_STRATEGIES = tuple(f"{PREFIX}{name}" for name in NAMES)


class Predictor(Protocol):
    """An end model that returns the final posterior."""

    def predict_proba(self, data: pd.DataFrame, *, soft: Any = None, votes: Any = None) -> Any:
        """Return the final posterior of samples."""
        ...


def select(
    data: Table,
    *,
    id: str | None = None,
    votes: AnyVotes | None = None,
    soft: AnySoft | None = None,
    end: AnySoft | Predictor | None = None,
    gold: Gold | None = None,
    exclude: Collection[Hashable] = (),
    n: int,
    strategy: str | ModalStrategy = "mixture",
    rng: np.random.Generator | int,
    text: str = TEXT,
    missing_text: MissingText = "drop",
) -> Batch:
    """Return the samples that are most informative to annotate, and why each was selected.

    The default mixture draws one half at random, which is an unbiased audit sample. The other half
    has the smallest margin between the two most probable labels in the final posterior (that of
    `end`, else of `soft`), diversified over clusters of texts, or over vote patterns without `end`.
    While a label is rare (see `rare_labels`) it has thirds: one drawn at random, one drawn in
    proportion to the squared margin with an equal share of each predicted label, and one as the
    second half. Ties are broken at random, never by position.

    With votes or probabilities of spans or of sets of labels, the second half has the highest
    entropy: summed over the candidate spans of a sample, or the mean over its labels, where a rare
    one weighs more, spread over labels. A part of it, as large as their share of the samples and at
    most half, are samples that no voter said anything of. The score is then a share of the highest
    one. People's cost is reading: `mixture_per_word` and `entropy_per_word` divide the entropy of
    spans by the words of `text`.

    Near-duplicates, texts that differ only by case, signs and white space, are asked about once:
    the others are taken only where no other sample is left, in a stratum of their own. They are as
    likely to be drawn as other samples.

    Args:
        data: the samples, index = ids; or another table in memory, see `read_samples`.
        id: the column of the ids; `None` takes the index.
        votes: votes on all samples, for strategies that use votes.
        soft: the label model's soft labels for all samples.
        end: the end model's soft labels for all samples, or a fitted end model; replaces `soft`.
            All three are of one kind: for labels, spans, or sets of labels.
        gold: known labels; these samples are not eligible, nor near-duplicates of them.
        exclude: more ids that are not eligible, such as samples in annotation.
        n: the number of samples; fewer are returned only if fewer are eligible (`lf_audit` draws
            only samples with a vote).
        strategy: one of `STRATEGIES` or `MODAL_STRATEGIES`, or what `from_modal` returns; of spans
            one of `SPAN_STRATEGIES`, and of sets of labels one of `SET_STRATEGIES`.
        rng: the seed or generator for random draws and ties.
        text: the column of the texts for clustering and near-duplicates; "text" may be missing.
        missing_text: whether samples whose text is missing there (null) are not eligible, since
            nobody can label them (`"drop"`), eligible as empty texts (`"empty"`), or refused
            (`"error"`).

    Raises:
        LabelingError: an unknown strategy, missing inputs of a strategy, or n below 1.
        DataError: unknown ids, samples without votes or soft labels, or no column `text`.

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
    beliefs = Beliefs(votes, soft, end)
    is_other_kind = is_by_uncertainty(beliefs)
    said: tuple[Any, Any, Any] = (None, None, None) if is_other_kind else (votes, soft, end)
    pool = pool_of(Inputs(data, *said, gold, exclude, text, checked_missing_text(missing_text)))
    if is_other_kind:
        pool = dataclasses.replace(pool, has_end=end is not None)
        shuffled = random_order(pool.ids, generator)
        parts = parts_by_uncertainty(pool, beliefs, shuffled, int(n), strategy, generator)
    else:
        parts = _parts(pool, int(n), strategy, generator)
    return batch_of(_filled(pool, parts, int(n), generator), data.index.name)


def _parts(
    pool: Pool, n: int, strategy: str | ModalStrategy, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Return the parts of a batch without near-duplicates."""
    shuffled = random_order(pool.ids, rng)
    if isinstance(strategy, str) and strategy.startswith(PREFIX):
        strategy = from_modal(strategy)
    if isinstance(strategy, ModalStrategy):
        return modal_parts(strategy, pool, shuffled, n, rng)
    if strategy not in STRATEGIES:
        raise LabelingError(f"Strategy {strategy!r} is for spans: give SpanVotes or SoftSpans.")
    n = min(n, len(np.unique(pool.groups)))
    if strategy == "mixture" and pool.posterior is not None:
        return mixture(pool, shuffled, n, rng)
    if strategy in ("mixture", Stratum.RANDOM):
        return [random_part(pool, shuffled, n, rng)]
    if strategy == LF_AUDIT:
        draw = draw_rows(audit_weights(pool), pool.groups, n, shuffled, rng)
        reason = "drawn at random to measure the labeling functions"
        return [drawn_part(pool, draw, LF_AUDIT, reason)]
    return [_scored(pool, shuffled, n, strategy, rng)]


def _scored(
    pool: Pool, shuffled: Ints, n: int, strategy: str, rng: np.random.Generator
) -> pd.DataFrame:
    rule = SCORES[strategy]
    score = rule.score(pool)
    ranked = first_of_each(pool.groups, shuffled[best_first(score[shuffled])])
    chosen = ranked[:n]
    if rule.spread == "vote patterns":
        chosen = over_patterns(pool, ranked, n)
    elif rule.spread == "clusters" and pool.documents is not None:
        candidates = ranked[score[ranked] > 0][: CANDIDATES * n]
        if len(candidates) > n:
            chosen = over_texts(pool, candidates, n, rng)
    return ranked_part(pool, chosen, strategy, score, rule.reason)


def _filled(
    pool: Pool, parts: list[pd.DataFrame], n: int, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Fill a batch up with near-duplicates where no other sample is left."""
    chosen = pd.Index([sample_id for part in parts for sample_id in part["id"]])
    rest = pool.ids[~pool.ids.isin(chosen)].append(pool.copies)
    is_exhausted = len(np.unique(pool.groups)) == len(chosen)
    if len(chosen) >= n or not len(rest) or not is_exhausted:
        return parts
    ids = rest[random_order(rest, rng)[: n - len(chosen)]]
    return [*parts, copies_part(ids, len(chosen))]


def check_request(n: int, strategy: str | ModalStrategy) -> None:
    """Raise a LabelingError unless the number of samples and the strategy are valid."""
    check_strategy(strategy)
    whole_number(n, "`n`")


def check_strategy(strategy: str | ModalStrategy) -> None:
    """Raise a LabelingError unless a strategy is one of those that can be named."""
    if isinstance(strategy, ModalStrategy):
        return
    if isinstance(strategy, str) and strategy.startswith(PREFIX):
        check_name(strategy.removeprefix(PREFIX))
    elif strategy not in (*STRATEGIES, *SPAN_STRATEGIES):
        names = (*STRATEGIES, *SPAN_STRATEGIES, *MODAL_STRATEGIES)
        raise LabelingError(
            f"A strategy must be one of {listed(STRATEGIES, 10)}, or a query function of modAL such"
            f" as {MODAL_STRATEGIES[0]!r}. Got {strategy!r}.{near(strategy, names)}"
        )
