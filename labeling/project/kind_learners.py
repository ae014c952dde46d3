"""Fits the models of projects whose samples have several labels, or spans."""

from __future__ import annotations

import functools
import logging
import time
from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.project.base_learner import BaseLearner, Gold, SomeSoft, SomeVotes
from labeling.project.fit_warnings import WARNINGS, FitWarnings, collected_warnings
from labeling.project.gold import HumanLabels, teaching_gold
from labeling.project.models import Learner
from labeling.project.posteriors import FittedModels, Posteriors
from labeling.records import SetVotes, SoftSets, SoftSpans, SpanVotes, Votes

if TYPE_CHECKING:
    from labeling.label_models import SetModel, SpanModel


logger = logging.getLogger(__name__)


class KindLearner(BaseLearner[SomeVotes, SomeSoft], Generic[SomeVotes, SomeSoft]):
    """Fits the label model of a kind of labels, and caches it and its soft labels.

    There is no end model yet: the posterior is that of the label model.
    """

    @abstractmethod
    def _new_model(self) -> Any:
        """Return the label model, not fitted yet."""

    def fit_label_model(self, gold: Gold) -> tuple[Any, SomeSoft, FitWarnings]:
        """Return the label model, fitted with these gold labels, its soft labels and warnings.

        It learns from given gold labels and from those settled by people, see `for_label_model`.
        """
        started = time.perf_counter()
        gold = self.for_label_model(gold)
        with self.store.stage("fitting the label model"), collected_warnings() as found:
            model = self._new_model().fit(self.votes, gold=gold)
            soft = model.predict(self.votes)
        seconds = time.perf_counter() - started
        logger.info("fitted the label model with %d gold labels in %.1f s", len(gold), seconds)
        return model, soft, found

    def label_model(self, settled: Gold) -> tuple[Any, SomeSoft]:
        """Fit the label model, cache it and its soft labels, and return both."""
        model, soft, warned = self.fit_label_model(teaching_gold(self.data.dev, settled))
        people = HumanLabels(settled)
        self._cache_model("label_model", model, people, {WARNINGS: warned.beside([])})
        self._cache_soft("soft_labels", soft, people)
        return model, soft

    def cached_label_model(self, settled: Gold) -> Any | None:
        """Return the cached label model that was fitted with these gold labels, if there is one."""
        return self._cached_model("label_model", HumanLabels(settled), self._new_model().load)

    def fitted_soft(self, gold: Gold) -> SomeSoft:
        """Return the soft labels of a label model with these gold labels; nothing is stored."""
        return self.fit_label_model(gold)[1]

    def end_model(self, soft: SomeSoft, people: HumanLabels) -> None:
        """Return `None`: there is no end model of this kind of labels yet."""

    def final_posterior(self, soft: SomeSoft, models: FittedModels) -> SomeSoft:
        """Return the label model's posterior."""
        return soft

    def posteriors(self, people: HumanLabels) -> Posteriors:
        """Return the soft labels; what is not cached is fitted."""
        models = FittedModels(self, people)
        soft: Any = self.cached("soft_labels", people)
        self.store.artifacts.renew("label_model", self._digest(people.settled))
        if soft is None:
            soft = models.soft
        return Posteriors(soft, soft, self._measured(people), models)

    def _fit_without(self, held_out: pd.Index, people: HumanLabels) -> SomeSoft:
        excluded, gold = set(held_out), teaching_gold(self.data.dev, people.settled)
        rest = tuple(label for label in gold if label.sample_id not in excluded)
        part: Any = self.fitted_soft(rest).of_samples(held_out)
        return cast(SomeSoft, part)


class SpanLearner(KindLearner[SpanVotes, SoftSpans]):
    """Fits the models of spans."""

    def _new_model(self) -> SpanModel:
        from labeling.label_models import SpanModel

        return SpanModel()

    def _joined(
        self, parts: list[SoftSpans], ids: pd.Index, folds: npt.NDArray[np.intp]
    ) -> SoftSpans:
        rows = [np.flatnonzero(folds == fold) for fold in np.unique(folds)]
        sample = np.concatenate([of[part.sample] for of, part in zip(rows, parts, strict=True)])
        order = np.argsort(sample, kind="stable")
        joined = functools.partial(_concatenated, parts)
        covered = np.empty(len(ids), dtype=bool)
        covered[np.concatenate(rows)] = joined("covered")
        return SoftSpans(
            joined("array")[order],
            sample[order],
            joined("start")[order],
            joined("end")[order],
            joined("chosen")[order],
            ids,
            self.votes.schema,
            covered,
        )


class SetLearner(KindLearner[SetVotes, SoftSets]):
    """Fits the models of sets of labels."""

    def _new_model(self) -> SetModel:
        from labeling.label_models import SetModel

        return SetModel(exclusive=self.config.exclusive, implies=dict(self.config.implies))

    def _joined(
        self, parts: list[SoftSets], ids: pd.Index, folds: npt.NDArray[np.intp]
    ) -> SoftSets:
        rows = np.concatenate([np.flatnonzero(folds == fold) for fold in np.unique(folds)])
        order = np.argsort(rows, kind="stable")
        array, covered, chosen = (
            _concatenated(parts, name)[order] for name in ("array", "covered", "chosen")
        )
        return SoftSets(array, ids, self.votes.schema, covered, chosen)


AnyLearner = Learner | SpanLearner | SetLearner


@functools.singledispatch
def learner_of(votes: object) -> Callable[..., AnyLearner]:
    """Return the learner of votes of this type."""
    raise TypeError(f"There are no votes of type {type(votes).__name__}.")


@learner_of.register
def _(votes: Votes) -> Callable[..., AnyLearner]:
    return Learner


@learner_of.register
def _(votes: SpanVotes) -> Callable[..., AnyLearner]:
    return SpanLearner


@learner_of.register
def _(votes: SetVotes) -> Callable[..., AnyLearner]:
    return SetLearner


def _concatenated(parts: list[Any], name: str) -> npt.NDArray[Any]:
    return np.concatenate([getattr(part, name) for part in parts])
