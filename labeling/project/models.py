"""Fits the label model and the end model of a project, and caches them and their soft labels."""

from __future__ import annotations

import contextlib
import copy
import functools
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.config import Config
from labeling.errors import LabelingError, counted
from labeling.project.base_learner import BaseLearner, Gold
from labeling.project.class_balance import (
    class_balance_warnings,
    most_probable_counts,
    random_draws,
)
from labeling.project.fit_warnings import (
    LACKING_GOLD,
    WARNINGS,
    FitWarnings,
    collected_warnings,
)
from labeling.project.gold import HumanLabels, teaching_gold
from labeling.project.posteriors import FittedModels, Posteriors
from labeling.records import Annotation, SoftLabels, Votes, single_label_votes

if TYPE_CHECKING:
    from labeling.end_model import EndModel, NamedEmbedding
    from labeling.label_models import VoteModel

logger = logging.getLogger(__name__)

# Labels that few annotators settled have errors (on the tweets one in nine), and fewer than this
# made the label model worse by a point or more in one draw of seven. Experts' gold labels did not.
LEAST_SETTLED = 100


def embedding_of(config: Config) -> NamedEmbedding | None:
    """Return the embedding of texts that a config names, if it names one."""
    from labeling.end_model import NamedEmbedding

    if config.embeddings is None:
        return None
    folder = config.embeddings_folder
    if folder is None and Path(config.embeddings).expanduser().is_dir():
        # Of the working directory: where a command is run must not decide what a config means.
        folder = config.at(config.embeddings)
    return NamedEmbedding(config.embeddings, folder)


class LabelModelFit(NamedTuple):
    """A fitted label model, its soft labels, and what it warned of."""

    model: VoteModel
    soft: SoftLabels
    warnings: FitWarnings


class Learner(BaseLearner[Votes, SoftLabels]):
    """Fits the models of a config, and caches them and their soft labels in the store.

    Both models learn from the gold labels that people settled and from the given ones that are not
    locked; the end model also from the votes on samples that are not settled. Given gold labels
    measure them by cross-fitting: each is compared with models that learned from all gold labels
    but its fold.
    """

    def label_model(self, settled: Gold) -> tuple[VoteModel, SoftLabels]:
        """Fit the label model, cache it and its soft labels, and return both.

        What it warned of is stored beside it, see `warnings_of`.
        """
        gold = teaching_gold(self.data.dev, settled)
        fit = self.fit_label_model(gold)
        about = {
            WARNINGS: fit.warnings.beside(self._odd_balance(fit.soft, settled)),
            LACKING_GOLD: self.lacking_gold(gold, fit.soft),
        }
        people = HumanLabels(settled)
        self._cache_model("label_model", fit.model, people, about)
        self._cache_soft("soft_labels", fit.soft, people)
        return fit.model, fit.soft

    def is_enough(self, settled: Gold) -> bool:
        """Return whether people settled so many labels that their errors do no harm."""
        return len(settled) >= LEAST_SETTLED

    def lacking_gold(self, gold: Gold, soft: SoftLabels) -> str:
        """Return how many more settled labels the label model needs to learn from them."""
        settled = self.settled_at_random(gold)
        if not settled or self.is_enough(settled):
            return ""
        return (
            "The label model learns from labels that people settled on samples drawn at random"
            f" from {LEAST_SETTLED} on: {counted(len(settled), 'is', 'are')} there,"
            f" {counted(LEAST_SETTLED - len(settled), 'more is', 'more are')} needed."
        )

    def _odd_balance(self, soft: SoftLabels, settled: Gold) -> list[str]:
        """Return a warning for each random draw of which the soft labels have not the balance."""
        covered = soft.sample_ids[soft.covered]
        draws = random_draws(self.data.dev, settled, self.store.batches.frame())
        return class_balance_warnings(
            "the label model's labels",
            most_probable_counts(soft),
            {name: drawn[drawn.index.isin(covered)] for name, drawn in draws.items()},
            is_declared=self.config.class_balance is not None,
        )

    @functools.cached_property
    def embeddings(self) -> NamedEmbedding | None:
        """The embedding of texts that the config names, if it names one."""
        return embedding_of(self.config)

    def cached_label_model(self, settled: Gold) -> VoteModel | None:
        """Return the cached label model that was fitted with these gold labels, if there is one."""
        from labeling.label_models import MODELS

        load = MODELS[self.config.label_model].load
        return self._cached_model("label_model", HumanLabels(settled), load)

    def fitted_soft(self, gold: Gold) -> SoftLabels:
        """Return the soft labels of a label model with these gold labels; nothing is stored."""
        return self.fit_label_model(gold).soft

    def _joined(
        self, parts: list[SoftLabels], ids: pd.Index, folds: npt.NDArray[np.intp]
    ) -> SoftLabels:
        """Return the soft labels of the folds as those of all their samples, in this order."""
        array = np.empty((len(ids), len(self.votes.schema)))
        for fold, part in zip(np.unique(folds), parts, strict=True):
            array[folds == fold] = part.to_array()
        return SoftLabels(array, ids, self.votes.schema, np.ones(len(ids), dtype=bool))

    def fit_label_model(self, gold: Gold) -> LabelModelFit:
        """Return the config's label model, fitted with these gold labels, and its soft labels.

        It learns from given gold labels and from those settled by people, see
        `for_label_model`; the end model learns from all.
        """
        from labeling.label_models import MODELS

        started = time.perf_counter()
        gold = self.for_label_model(gold)
        with self.store.stage("fitting the label model"), collected_warnings() as found:
            model = MODELS[self.config.label_model]().fit(
                self.votes, gold=gold, class_balance=self.config.class_balance
            )
            soft = model.predict_proba(self.votes)
        seconds = time.perf_counter() - started
        logger.info("fitted the label model with %d gold labels in %.1f s", len(gold), seconds)
        return LabelModelFit(model, soft, found)

    def posteriors(self, people: HumanLabels) -> Posteriors:
        """Return the soft labels of both models; only what is not cached is fitted."""
        models = FittedModels(self, people)
        soft: SoftLabels | None = self.cached("soft_labels", people)
        posterior = self.cached("posterior", people)
        self.store.artifacts.renew(
            "label_model", self._digest(people.settled)
        )  # status shows its warnings
        if soft is None or posterior is None:
            soft, _ = models.soft, models.end_model  # fitted before the stage that follows
            with self.store.stage("labeling all samples by the end model"):
                posterior = self.final_posterior(soft, models)
            self._cache_soft("posterior", posterior, people)
        return Posteriors(soft, posterior, self._measured(people), models)

    def final_posterior(self, soft: SoftLabels, models: FittedModels) -> SoftLabels:
        """Return the end model's posterior of all samples."""
        posterior: SoftLabels = models.end_model.predict_proba(
            self.samples, soft=soft, votes=self.votes
        )
        return posterior

    def end_model(self, soft: SoftLabels, people: HumanLabels) -> EndModel:
        """Return the cached end model; fit and cache it if there is none."""
        from labeling.end_model import EndModel

        load = functools.partial(EndModel.load, embeddings=self.embeddings)
        end = self._cached_model("end_model", people, load)
        if end is None:
            gold = teaching_gold(self.data.dev, people.settled)
            end = self._fit_end_model(soft, gold, self._open_votes(people))
            self._cache_model("end_model", end, people)
        return end

    def _fit_end_model(
        self, soft: SoftLabels, gold: Gold, open_votes: tuple[Annotation, ...] = ()
    ) -> EndModel:
        started = time.perf_counter()
        by_people = single_label_votes(open_votes, self.votes.schema) if open_votes else None
        with self.store.stage("fitting the end model"), contextlib.ExitStack() as inner:

            def begin(stage: str) -> None:
                inner.close()
                inner.enter_context(self.store.stage(stage))

            # A copy, since what an earlier fit learned without gold labels is used again.
            model = copy.copy(self._end_model_before)
            end = model.fit(
                self.samples,
                soft,
                gold=gold,
                annotations=by_people,
                votes=self.votes,
                class_balance=self.config.class_balance,
                progress=begin,
            )
        logger.info("fitted the end model in %.1f s", time.perf_counter() - started)
        self._end_model_before = end
        return end

    @functools.cached_property
    def _end_model_before(self) -> EndModel:
        """The end model that was fitted last, with whatever gold labels; else a new one."""
        from labeling.end_model import EndModel

        text = self.config.data.text
        latest = self.store.artifacts.latest("end_model")
        path = None if latest is None else self.store.artifacts.verified_path(latest)
        if path is not None:
            # A file of another version of this package, or a model with other embeddings.
            with contextlib.suppress(LabelingError):
                before = EndModel.load(path, embeddings=self.embeddings)
                if (before.text, before.embeddings) == (text, self.embeddings):
                    return before
        return EndModel(text, embeddings=self.embeddings)

    def _fit_without(self, held_out: pd.Index, people: HumanLabels) -> SoftLabels:
        """Return the posterior of held-out samples by models fitted without their gold labels."""
        excluded, gold = set(held_out), teaching_gold(self.data.dev, people.settled)
        rest = tuple(label for label in gold if label.sample_id not in excluded)
        soft = self.fit_label_model(rest).soft
        return self.cross_fitted(held_out, soft, rest, self._open_votes(people))

    def cross_fitted(
        self,
        sample_ids: pd.Index,
        soft: SoftLabels,
        gold: Gold,
        open_votes: tuple[Annotation, ...] = (),
    ) -> SoftLabels:
        """Return the posterior of samples by an end model; it heard none of their own gold labels.

        Args:
            sample_ids: the samples.
            soft: the label model's soft labels of all samples.
            gold: the labels that it learns from.
            open_votes: people's votes on samples without a gold label that it learns from, too.
        """
        own_soft = soft.of_samples(sample_ids)
        if not soft.covered.any() and not gold and not open_votes:
            return own_soft  # nothing was left to learn from
        end = self._fit_end_model(soft, gold, open_votes)
        return end.predict_proba(
            self.samples.loc[sample_ids],
            soft=own_soft,
            votes=self.votes.of_samples(sample_ids),
        )
