"""modAL's query functions on posteriors that are fitted already; its `teach` and `fit` are unused.

modAL's `ActiveLearner` and `Committee` are built around estimators that look posteriors up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError
from labeling.query.batches import picked_part, ranked_part
from labeling.query.modal_calls import (
    call,
    committee_of,
    committee_scores,
    estimator_of,
    learner_of,
)
from labeling.query.modal_import import (
    COMMITTEE,
    FEATURES,
    PREFIX,
    check_name,
    modal_function,
    modal_module,
)
from labeling.query.near_duplicates import first_of_each
from labeling.query.pool import Pool
from labeling.query.ranked_batch import information_density, rank_batch
from labeling.query.spreading import best_first
from labeling.records import SoftLabels, text_points
from labeling.rendering import Displayed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

Estimator: TypeAlias = Any
"""A fitted classifier with `classes_` and `predict_proba`, or `SoftLabels`."""

MOST_PAIRED = 20_000  # samples of which all pairs are compared: 10 s or so


@dataclass(frozen=True, slots=True, eq=False)
class ModalStrategy(Displayed):
    """A query function of modAL as a strategy of `select`; `from_modal` makes one.

    Attributes:
        name: the name of the function, which names the stratum after `modal:`.
        function: called as `function(learner, X, n_instances=n)`.
        learner: what it is called with; `None` builds one around the posterior.
        committee: soft labels of the members of a committee; empty builds one of the votes.
        features: the features of samples, index = sample ids; `None` takes their texts.
    """

    name: str
    function: Callable[..., Any]
    learner: Any = None
    committee: tuple[SoftLabels, ...] = ()
    features: pd.DataFrame | None = None

    @property
    def stratum(self) -> str:
        """The name of the stratum in a batch."""
        return f"{PREFIX}{self.name}"


def from_modal(
    query: str | Callable[..., Any],
    estimator: Estimator | None = None,
    *,
    committee: Sequence[Estimator] | None = None,
    features: pd.DataFrame | None = None,
) -> ModalStrategy:
    """Return a query function of modAL as a strategy of `select`.

    Nothing is fitted: modAL's `teach` and `fit` fail with today's scikit-learn and are not called.
    Ties, which modAL breaks by position, are broken at random, since it is given the samples in a
    random order; near-duplicates are left out beforehand.

    Args:
        query: the name of a query function, the function, another one with the same signature
            `function(learner, X, n_instances)`, or an `ActiveLearner` or `Committee` of modAL,
            whose own `query_strategy` is asked.
        estimator: a fitted classifier, which needs `features`, or soft labels of the samples;
            `None` takes the posterior that `select` is given.
        committee: the members of a committee, all soft labels or all classifiers; `None` takes, for
            the functions that ask a committee, the labeling functions that vote on a sample, or
            without votes the label model and the end model.
        features: numbers by which samples are compared and classified, index = sample ids.

    Raises:
        LabelingError: modAL cannot be imported, a function that cannot work here (the message says
            why, and what to use), or an estimator without features.

    >>> from labeling.records import LabelSchema
    >>> from labeling.query import select
    >>> data = pd.DataFrame({"text": ["win", "hi", "so"]}, index=["a", "b", "c"])
    >>> soft = SoftLabels(
    ...     [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]],
    ...     data.index,
    ...     LabelSchema(["ham", "spam"]),
    ...     [True] * 3,
    ... )
    >>> select(data, soft=soft, n=1, strategy=from_modal("margin_sampling"), rng=0)
    Batch(1 samples: 1 modal:margin_sampling)
    """
    if isinstance(query, str):
        name = query.removeprefix(PREFIX)
        return ModalStrategy(
            check_name(name),
            modal_function(name),
            _learner(estimator, committee, features),
            _soft_members(committee),
            features,
        )
    models = modal_module("models")
    if isinstance(query, (models.ActiveLearner, models.Committee)):
        function = query.query_strategy
        _require_features(features, "An `ActiveLearner` or `Committee` of modAL")
        return ModalStrategy(_name_of(function), function, query, (), features)
    if not callable(query):
        raise LabelingError(
            "A query of modAL must be a name, a function, an ActiveLearner or a Committee. Got a"
            f" {type(query).__name__}."
        )
    learner = _learner(estimator, committee, features)
    return ModalStrategy(_name_of(query), query, learner, _soft_members(committee), features)


def modal_parts(
    strategy: ModalStrategy, pool: Pool, shuffled: Ints, n: int, rng: np.random.Generator
) -> list[pd.DataFrame]:
    """Return the part of a batch that a query function of modAL picks."""
    rows = first_of_each(pool.groups, shuffled)
    n = min(n, len(rows))
    if n == 0:
        return [picked_part(pool, rows[:0], strategy.stratum, np.nan, "")]
    if strategy.name in FEATURES and strategy.learner is None:
        return [_by_features(strategy, pool, rows, n, rng)]
    reason = f"picked by modAL's {strategy.name}"
    if strategy.name in COMMITTEE and strategy.learner is None:
        members = strategy.committee or _model_members(pool)
        score = committee_scores(strategy, pool, rows, members)
        chosen = best_first(score)[:n]
        spread = np.full(len(pool.ids), np.nan)
        spread[rows] = score
        return [ranked_part(pool, rows[chosen], strategy.stratum, spread, reason)]
    learner, inputs = _learner_and_inputs(strategy, pool, rows)
    picks, measure = call(strategy, learner, inputs, n, rng)
    return [picked_part(pool, rows[picks], strategy.stratum, measure, reason)]


def _learner_and_inputs(strategy: ModalStrategy, pool: Pool, rows: Ints) -> tuple[Any, Any]:
    """Return what a function is called with: a learner, and the samples as it reads them."""
    if strategy.learner is not None:
        if isinstance(strategy.learner, SoftLabels):
            soft = strategy.learner.of_samples(pool.ids)
            return learner_of(estimator_of(soft)), rows[:, None].astype(np.float64)
        return strategy.learner, _features(strategy, pool, rows)
    if strategy.committee:
        members = [estimator_of(member.of_samples(pool.ids)) for member in strategy.committee]
        return committee_of(members), rows[:, None].astype(np.float64)
    posterior = pool.expect_posterior(strategy.stratum)
    return learner_of(estimator_of(posterior)), rows[:, None].astype(np.float64)


def _by_features(
    strategy: ModalStrategy, pool: Pool, rows: Ints, n: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the samples that a function of modAL picks that compares samples with each other."""
    posterior = pool.expect_posterior(strategy.stratum).to_array()[rows]
    points, labeled = _points(strategy, pool, rows, rng)
    is_ranked = strategy.name == "uncertainty_batch_sampling"
    if len(rows) > MOST_PAIRED and not (is_ranked and len(labeled)):
        raise LabelingError(
            f"Strategy {strategy.stratum!r} compares all pairs of samples"
            f"{' before the first is labeled' if is_ranked else ''}, so there may be at most"
            f" {MOST_PAIRED:,}. Got {len(rows):,}; select from a part of them, or use 'mixture'."
        )
    uncertainty = 1 - posterior.max(axis=1)
    if is_ranked:
        picks = rank_batch(points, uncertainty, n, labeled)
        reason = (
            "uncertain, and unlike samples that are known or in the batch (modAL's ranked batch)"
        )
        return picked_part(pool, rows[picks], strategy.stratum, uncertainty[picks], reason)
    score = np.full(len(pool.ids), np.nan)
    score[rows] = information_density(points) * uncertainty
    picks = best_first(score[rows])[:n]
    reason = "uncertain, and like many other samples (modAL's information density)"
    return ranked_part(pool, rows[picks], strategy.stratum, score, reason)


def _points(
    strategy: ModalStrategy, pool: Pool, rows: Ints, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return the features of the rows and of the samples that were asked about before."""
    if strategy.features is not None:
        asked = pool.asked_ids[pool.asked_ids.isin(strategy.features.index)]
        known = _numbers(strategy.features.loc[asked])
        return _features(strategy, pool, rows), known
    documents = pool.expect_texts(strategy.stratum)
    asked_texts = sorted(pool.asked or [])  # in an order that is not that of the table
    points = text_points(
        [*(documents[row] for row in rows), *asked_texts], int(rng.integers(2**31))
    )
    return points[: len(rows)], points[len(rows) :]


def _features(strategy: ModalStrategy, pool: Pool, rows: Ints) -> Floats:
    assert strategy.features is not None
    ids = pool.ids[rows]
    missing = ids[~ids.isin(strategy.features.index)]
    if len(missing):
        raise LabelingError(
            f"`features` must have a row for each eligible sample. {len(missing)} are missing, the"
            f" first is {missing.tolist()[0]!r}."
        )
    return _numbers(strategy.features.loc[ids])


def _numbers(features: pd.DataFrame) -> Floats:
    try:
        numbers: Floats = features.to_numpy(dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise LabelingError(f"`features` must hold numbers: {error}.") from None
    return numbers


def _model_members(pool: Pool) -> tuple[SoftLabels, ...]:
    """Return the label model and the end model as members; none where votes are the members."""
    if pool.votes is not None:
        return ()
    members = (pool.soft, pool.posterior)
    given = tuple(member for member in members if member is not None)
    if len(given) < 2 or not pool.has_end:
        raise LabelingError(
            "A committee needs two members: give `votes`, both `soft` and `end`, or"
            " from_modal(..., committee=[...])."
        )
    return given


def _learner(
    estimator: Estimator | None,
    committee: Sequence[Estimator] | None,
    features: pd.DataFrame | None,
) -> Any:
    """Return modAL's learner of fitted estimators, soft labels as they are, or `None`."""
    if estimator is not None and committee is not None:
        raise LabelingError("Give an estimator or a committee, not both.")
    if committee is not None:
        if len(committee) < 2:
            raise LabelingError(f"A committee needs two members or more. Got {len(committee)}.")
        kinds = {isinstance(member, SoftLabels) for member in committee}
        if len(kinds) > 1:
            raise LabelingError(
                "The members of a committee must be all soft labels, or all fitted classifiers. Got"
                " both."
            )
        if kinds == {True}:
            return None
        _require_features(features, "A committee of estimators")
        for member in committee:
            _require_fitted(member)
        return committee_of(committee)
    if estimator is None or isinstance(estimator, SoftLabels):
        return estimator
    _require_fitted(estimator)
    _require_features(features, "An estimator")
    return learner_of(estimator)


def _require_fitted(estimator: Estimator) -> None:
    """Raise a LabelingError for an unfitted classifier, for which modAL would pick any samples."""
    if not hasattr(estimator, "predict_proba") or not hasattr(estimator, "classes_"):
        raise LabelingError(
            "An estimator must be fitted already and have `predict_proba` and `classes_`, or be"
            f" SoftLabels. Got a {type(estimator).__name__}."
        )


def _soft_members(committee: Sequence[Estimator] | None) -> tuple[SoftLabels, ...]:
    members = committee or ()
    return tuple(member for member in members if isinstance(member, SoftLabels))


def _require_features(features: pd.DataFrame | None, what: str) -> None:
    if not isinstance(features, pd.DataFrame):
        raise LabelingError(
            f"{what} needs `features`: a DataFrame of numbers, index = sample ids. Got a"
            f" {type(features).__name__}."
        )


def _name_of(function: Callable[..., Any]) -> str:
    """Return the name of a function; one of modAL that cannot be used is refused."""
    from labeling.query.modal_import import UNUSABLE

    name = str(getattr(function, "__name__", type(function).__name__))
    is_modal = str(getattr(function, "__module__", "")).partition(".")[0] == "modAL"
    if is_modal and name in UNUSABLE:
        check_name(name)
    return name
