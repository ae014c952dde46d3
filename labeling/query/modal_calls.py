"""Calls of modAL's query functions, and estimators that look posteriors up for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError, quoted
from labeling.query.modal_import import modal_module
from labeling.query.pool import Pool
from labeling.records import ABSTAIN, SoftLabels

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


class Named(Protocol):
    """A query function with the name of its stratum."""

    @property
    def function(self) -> Callable[..., Any]:
        """The function."""
        ...

    @property
    def stratum(self) -> str:
        """The name."""
        ...


class PosteriorEstimator:
    """A fitted classifier whose input is the row number of a sample: shape (n, 1).

    Attributes:
        classes_: the codes of the labels.
    """

    def __init__(self, probabilities: Floats) -> None:
        self._probabilities = probabilities
        self.classes_ = np.arange(probabilities.shape[1])

    def predict_proba(self, X: Floats) -> Floats:
        """Return the posterior of these rows."""
        rows: Floats = self._probabilities[np.asarray(X)[:, 0].astype(np.intp)]
        return rows

    def predict(self, X: Floats) -> Ints:
        """Return the most probable label of these rows."""
        codes: Ints = self.predict_proba(X).argmax(axis=1)
        return codes

    def fit(self, X: object, y: object, **kwargs: object) -> None:
        """Raise an error: the posterior is fitted already."""
        raise LabelingError(
            "A posterior that is handed to modAL cannot be fitted by it: `teach` and `fit` are not"
            " used. Fit the label model or the end model again, and select with its soft labels."
        )


def estimator_of(soft: SoftLabels) -> PosteriorEstimator:
    """Return soft labels as a fitted classifier of row numbers."""
    return PosteriorEstimator(soft.to_array())


def learner_of(estimator: Any) -> Any:
    """Return modAL's `ActiveLearner` of a fitted estimator; without data it fits nothing."""
    return modal_module("models").ActiveLearner(estimator=estimator)


def committee_of(estimators: Sequence[Any]) -> Any:
    """Return modAL's `Committee` of fitted estimators."""
    learners = [learner_of(estimator) for estimator in estimators]
    return modal_module("models").Committee(learner_list=learners)


def committee_scores(
    strategy: Named, pool: Pool, rows: Ints, members: Sequence[SoftLabels]
) -> Floats:
    """Return the disagreement of a committee on each of the rows: shape (len(rows),).

    Without members the committee of a sample is the labeling functions that vote on it, since
    modAL knows no abstention: it is called once for each set of labeling functions that vote on
    the same samples. Where fewer than two vote nobody can disagree, and the score is 0.
    """
    if members:
        estimators = [estimator_of(member.of_samples(pool.ids)) for member in members]
        return _disagreement(strategy, estimators, rows)
    votes = pool.expect_votes(strategy.stratum)
    size = int(votes.max(initial=0)) + 1
    who, of_row = np.unique(votes[rows] != ABSTAIN, axis=0, return_inverse=True)
    score = np.zeros(len(rows))
    for number, voters in enumerate(who):
        if voters.sum() < 2:
            continue
        here = np.flatnonzero(of_row.ravel() == number)
        estimators = [
            PosteriorEstimator(np.eye(size)[votes[rows[here], voter]])
            for voter in np.flatnonzero(voters)
        ]
        score[here] = _disagreement(strategy, estimators, np.arange(len(here)))
    return score


def _disagreement(strategy: Named, estimators: Sequence[PosteriorEstimator], rows: Ints) -> Floats:
    """Return modAL's measure of each row by a committee of these estimators."""
    committee = committee_of(estimators)
    inputs = rows[:, None].astype(np.float64)
    picks, measure = strategy.function(committee, inputs, n_instances=len(rows))
    score = np.empty(len(rows))
    score[picks] = measure
    return score


def call(
    strategy: Named, learner: Any, inputs: Any, n: int, rng: np.random.Generator
) -> tuple[Ints, Floats]:
    """Return the rows that a query function picks, and its measure of each (NaN without one).

    Raises:
        LabelingError: it fails, or does not return n different row numbers.
    """
    with _own_global_state(int(rng.integers(2**31))):
        try:
            result = strategy.function(learner, inputs, n_instances=n)
        except LabelingError:
            raise
        except Exception as error:
            raise LabelingError(
                f"Strategy {strategy.stratum!r} failed: {type(error).__name__}: {error}"
            ) from error
    # modAL itself unpacks any pair of picks; here a pair is picks and measures only if it looks so.
    is_pair = isinstance(result, tuple) and len(result) == 2 and np.ndim(result[0]) == 1
    picks = np.asarray(result[0] if is_pair else result).ravel()
    valid = np.issubdtype(picks.dtype, np.integer) and len(np.unique(picks)) == len(picks)
    if not valid or len(picks) != n or picks.min() < 0 or picks.max() >= len(inputs):
        raise LabelingError(
            f"Strategy {strategy.stratum!r} must return {n} different row numbers from 0 to"
            f" {len(inputs) - 1}, alone or in a pair with a measure of each. Got"
            f" {quoted(picks.tolist())}."
        )
    measure: Floats = np.full(n, np.nan)
    if is_pair and np.shape(result[1]) == picks.shape:
        try:
            measure = np.asarray(result[1], dtype=np.float64)
        except (TypeError, ValueError):
            raise LabelingError(
                f"Strategy {strategy.stratum!r} must return numbers as measures. Got"
                f" {quoted(np.asarray(result[1]).tolist())}."
            ) from None
    return picks.astype(np.intp), measure


@contextmanager
def _own_global_state(seed: int) -> Iterator[None]:
    """Seed NumPy's global generator, which some functions draw from, and restore it afterwards."""
    before = np.random.get_state()  # noqa: NPY002  # what must not be changed
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002
