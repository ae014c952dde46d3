"""Fits the models of projects whose samples have several labels, or spans."""

from __future__ import annotations

import functools
import logging
import time
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import MissingExtraError, counted
from labeling.project.base_learner import BaseLearner, Gold, SomeSoft, SomeVotes
from labeling.project.fit_warnings import (
    LACKING_GOLD,
    WARNINGS,
    FitWarnings,
    collected_warnings,
)
from labeling.project.gold import HumanLabels, teaching_gold
from labeling.project.kinds import covered_samples
from labeling.project.models import Learner, embedding_of
from labeling.project.posteriors import FittedModels, Posteriors
from labeling.records import Annotation, SetVotes, SoftSets, SoftSpans, SpanVotes, Votes

if TYPE_CHECKING:
    from labeling.end_model import EndModel, SpanTagger
    from labeling.label_models import SetModel, SpanModel


logger = logging.getLogger(__name__)

MOST_LABELS = 5  # with few gold samples, that a sentence names


class KindLearner(BaseLearner[SomeVotes, SomeSoft], Generic[SomeVotes, SomeSoft]):
    """Fits the label model and the end model of a kind of labels, and caches what they say.

    Both learn from the gold labels that were given; the label model also from those that people
    settled on samples drawn at random, the end model from all that people settled.
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
        gold = teaching_gold(self.data.dev, settled)
        model, soft, warned = self.fit_label_model(gold)
        people = HumanLabels(settled)
        about = {WARNINGS: warned.beside([]), LACKING_GOLD: self.lacking_gold(gold, soft)}
        self._cache_model("label_model", model, people, about)
        self._cache_soft("soft_labels", soft, people)
        return model, soft

    def cached_label_model(self, settled: Gold) -> Any | None:
        """Return the cached label model that was fitted with these gold labels, if there is one."""
        return self._cached_model("label_model", HumanLabels(settled), self._new_model().load)

    def fitted_soft(self, gold: Gold) -> SomeSoft:
        """Return the soft labels of a label model with these gold labels; nothing is stored."""
        return self.fit_label_model(gold)[1]

    def is_enough(self, settled: Gold) -> bool:
        """Return `True`: these models weigh gold by its amount, or leave few samples unused."""
        return True

    @abstractmethod
    def _new_end_model(self) -> Any:
        """Return the end model, not fitted yet."""

    @abstractmethod
    def _load_end_model(self, path: Path) -> Any:
        """Return the end model of a file."""

    @abstractmethod
    def _final(self, end: Any, sample_ids: pd.Index, soft: SomeSoft) -> SomeSoft:
        """Return what the end model makes of the soft labels of samples."""

    def _open_votes(self, people: HumanLabels) -> tuple[Annotation, ...]:
        """Return no votes: people's votes on samples that are not settled teach nothing."""
        return ()

    def end_model(self, soft: SomeSoft, people: HumanLabels) -> Any:
        """Return the cached end model; fit and cache it if there is none.

        `None` if its extra is not installed, which is logged: then the label model stands alone.
        """
        end = self._cached_model("end_model", people, self._load_end_model)
        if end is None:
            end = self._fit_end_model(soft, teaching_gold(self.data.dev, people.settled))
            if end is not None:
                self._cache_model("end_model", end, people)
        return end

    def _fit_end_model(self, soft: SomeSoft, gold: Gold) -> Any:
        started = time.perf_counter()
        try:
            with self.store.stage("fitting the end model"):
                end = self._new_end_model().fit(self.samples, soft, gold=gold)
        except MissingExtraError as error:
            logger.warning("There is no end model, and the label model decides alone. %s", error)
            return None
        logger.info("fitted the end model in %.1f s", time.perf_counter() - started)
        return end

    def final_posterior(self, soft: SomeSoft, models: FittedModels) -> SomeSoft:
        """Return the posterior of all samples, by the end model where there is one."""
        return self._finished(models.end_model, self.samples.index, soft)

    def _finished(self, end: Any, sample_ids: pd.Index, soft: SomeSoft) -> SomeSoft:
        return soft if end is None else self._final(end, sample_ids, soft)

    def posteriors(self, people: HumanLabels) -> Posteriors:
        """Return the soft labels; what is not cached is fitted."""
        models = FittedModels(self, people)
        soft: Any = self.cached("soft_labels", people)
        posterior: Any = self.cached("posterior", people)
        self.store.artifacts.renew("label_model", self._digest(people.settled))
        if soft is None or posterior is None:
            soft, _ = models.soft, models.end_model  # fitted before the stage that follows
            with self.store.stage("labeling all samples by the end model"):
                posterior = self.final_posterior(soft, models)
            if models.end_model is not None:  # else it is cached once its extra is installed
                self._cache_soft("posterior", posterior, people)
        return Posteriors(soft, posterior, self._measured(people), models)

    def _fit_without(self, held_out: pd.Index, people: HumanLabels) -> SomeSoft:
        excluded, gold = set(held_out), teaching_gold(self.data.dev, people.settled)
        rest = tuple(label for label in gold if label.sample_id not in excluded)
        soft = self.fitted_soft(rest)
        part = cast(SomeSoft, soft.of_samples(held_out))
        if not covered_samples(soft) and not rest:
            return part  # nothing was left to learn from
        return self._finished(self._fit_end_model(soft, rest), held_out, part)


class SpanLearner(KindLearner[SpanVotes, SoftSpans]):
    """Fits the models of spans."""

    kinds = ("SpanModel", "SpanTagger")

    def _new_model(self) -> SpanModel:
        from labeling.label_models import SpanModel

        return SpanModel()

    def lacking_gold(self, gold: Gold, soft: SoftSpans) -> str:
        """Return how much gold is missing until the label model uses any of it."""
        from labeling.label_models.spans.gold_stack import LEAST_CANDIDATES, LEAST_SAMPLES

        ids = pd.Index([label.sample_id for label in self.for_label_model(gold)], dtype=object)
        has_gold = soft.sample_ids.isin(ids)
        n_samples, n_candidates = int(has_gold.sum()), int(has_gold[soft.sample].sum())
        missing = [
            counted(least - n, f"more {name}")
            for name, n, least in (
                ("sample", n_samples, LEAST_SAMPLES),
                ("candidate", n_candidates, LEAST_CANDIDATES),
            )
            if n < least
        ]
        if not missing:
            return ""
        return (
            f"The label model learns from gold of {LEAST_SAMPLES} samples with {LEAST_CANDIDATES}"
            " candidate spans, given or settled on samples drawn at random. There are"
            f" {counted(n_samples, 'sample')} with {counted(n_candidates, 'candidate')}: it needs"
            f" {' and '.join(missing)}."
        )

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
            _from_end_model(parts, order),
        )

    def _new_end_model(self) -> SpanTagger:
        from labeling.end_model import SpanTagger

        return SpanTagger(self.config.data.text)

    def _load_end_model(self, path: Path) -> SpanTagger:
        from labeling.end_model import SpanTagger

        return SpanTagger.load(path)

    def _final(self, end: SpanTagger, sample_ids: pd.Index, soft: SoftSpans) -> SoftSpans:
        return end.predict(
            self.samples.loc[sample_ids], soft=soft, votes=self.votes.of_samples(sample_ids)
        )


class SetLearner(KindLearner[SetVotes, SoftSets]):
    """Fits the models of sets of labels."""

    kinds = ("SetModel", "EndModel")

    def _new_model(self) -> SetModel:
        from labeling.label_models import SetModel

        return SetModel(exclusive=self.config.exclusive, implies=dict(self.config.implies))

    def lacking_gold(self, gold: Gold, soft: SoftSets) -> str:
        """Return which labels few gold samples have: what decides them hardly learns from gold."""
        from labeling.label_models.sets.gold_stack import HALF_TRUST

        teaching = self.for_label_model(gold)
        have = {name: sum(name in label.label for label in teaching) for name in soft.schema}
        few = sorted((n, name) for name, n in have.items() if n < HALF_TRUST)
        if not few:
            return ""
        shown = ", ".join(f"{name} {n}" for n, name in few[:MOST_LABELS])
        rest = f", and {len(few) - MOST_LABELS} more" if len(few) > MOST_LABELS else ""
        return (
            f"Of {counted(len(teaching), 'sample')} with gold that the label model learns from,"
            f" fewer than {HALF_TRUST:g} have these labels: {shown}{rest}. For them the votes count"
            " more than gold."
        )

    def _joined(
        self, parts: list[SoftSets], ids: pd.Index, folds: npt.NDArray[np.intp]
    ) -> SoftSets:
        rows = np.concatenate([np.flatnonzero(folds == fold) for fold in np.unique(folds)])
        order = np.argsort(rows, kind="stable")
        array, covered, chosen = (
            _concatenated(parts, name)[order] for name in ("array", "covered", "chosen")
        )
        return SoftSets(array, ids, self.votes.schema, covered, chosen, parts[0].constraints)

    def _new_end_model(self) -> EndModel:
        from labeling.end_model import EndModel

        return EndModel(self.config.data.text, embeddings=embedding_of(self.config))

    def _load_end_model(self, path: Path) -> EndModel:
        from labeling.end_model import EndModel

        return EndModel.load(path, embeddings=embedding_of(self.config))

    def _final(self, end: EndModel, sample_ids: pd.Index, soft: SoftSets) -> SoftSets:
        return end.predict(self.samples.loc[sample_ids], soft=soft)


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


def _from_end_model(
    parts: list[SoftSpans], order: npt.NDArray[np.intp]
) -> npt.NDArray[np.bool_] | None:
    """Return which candidates an end model added; `None` if there was none."""
    if all(part.from_end_model is None for part in parts):
        return None
    added = [
        np.zeros(len(part.start), dtype=bool)
        if part.from_end_model is None
        else part.from_end_model
        for part in parts
    ]
    joined: npt.NDArray[np.bool_] = np.concatenate(added)[order]
    return joined


def _concatenated(parts: list[Any], name: str) -> npt.NDArray[Any]:
    return np.concatenate([getattr(part, name) for part in parts])
