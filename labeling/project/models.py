"""Fits the label model and the end model of a project, and caches them and their soft labels."""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import json
import logging
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from labeling.config import Config
from labeling.errors import LabelingError, ModelFileError
from labeling.project.class_balance import (
    class_balance_warnings,
    most_probable_counts,
    random_draws,
)
from labeling.project.data import ProjectData
from labeling.project.fingerprints import digest_of_code, digest_of_folder
from labeling.project.fit_warnings import (
    WARNINGS,
    FitWarnings,
    collected_warnings,
    label_model_warnings,
)
from labeling.project.gold import HumanLabels, folds_of, teaching_gold
from labeling.project.parquet import read_soft, write_soft
from labeling.project.posteriors import FittedModels, Posteriors
from labeling.records import (
    Annotation,
    GoldLabel,
    LabelSource,
    SoftLabels,
    Stratum,
    Votes,
    single_label_votes,
)
from labeling.store import Store, now

if TYPE_CHECKING:
    from labeling.end_model import EndModel, NamedEmbedding
    from labeling.label_models import VoteModel

Kind = Literal["soft_labels", "posterior", "measured"]
ModelKind = Literal["label_model", "end_model"]
OF_LABEL_MODEL = ("label_model", "soft_labels")
Model = TypeVar("Model")
Gold = tuple[GoldLabel, ...]

# Labels that few annotators settled have errors (on the tweets one in nine), and fewer than this
# made the label model worse by a point or more in one draw of seven. Experts' gold labels did not.
LEAST_SETTLED = 100
MEASURING = "measuring on gold labels, by models that learn from others"

logger = logging.getLogger(__name__)


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


class Learner:
    """Fits the models of a config, and caches them and their soft labels in the store.

    Both models learn from the gold labels that people settled and from the given ones that are not
    locked; the end model also from the votes on samples that are not settled. Given gold labels
    measure them by cross-fitting: each is compared with models that learned from all gold labels
    but its fold. In the methods, `settled` are the gold labels of people.

    Args:
        config: names the models.
        data: the project's samples and gold labels.
        votes: the votes on these samples.
        inputs: a fingerprint of samples and votes.
        store: the cache; may only be written while the project is locked.
        drawn: the samples with a settled label that were drawn at random; `None` takes those that
            the store has chosen so.
    """

    def __init__(
        self,
        config: Config,
        data: ProjectData,
        votes: Votes,
        inputs: str,
        store: Store,
        drawn: Collection[Hashable] | None = None,
    ) -> None:
        self.config = config
        self.data = data
        self.samples = data.samples
        self.votes = votes
        self.inputs = inputs
        self.store = store
        self._drawn = drawn
        self.embeddings = embedding_of(config)

    def label_model(self, settled: Gold) -> tuple[VoteModel, SoftLabels]:
        """Fit the label model, cache it and its soft labels, and return both.

        What it warned of is stored beside it, see `warnings_of`.
        """
        fit = self.fit_label_model(teaching_gold(self.data.dev, settled))
        about = {WARNINGS: fit.warnings.beside(self._odd_balance(fit.soft, settled))}
        people = HumanLabels(settled)
        self._cache_model("label_model", fit.model, people, about)
        self._cache_soft("soft_labels", fit.soft, people)
        return fit.model, fit.soft

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

    def cached_label_model(self, settled: Gold) -> VoteModel | None:
        """Return the cached label model that was fitted with these gold labels, if there is one."""
        from labeling.label_models import MODELS

        load = MODELS[self.config.label_model].load
        return self._cached_model("label_model", HumanLabels(settled), load)

    def warnings_of(self, settled: Gold) -> tuple[str, ...]:
        """Return what the label model warned of when it was fitted with these gold labels."""
        return label_model_warnings(self.store, self._digest(settled))

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

    def for_label_model(self, gold: Gold) -> Gold:
        """Return the given gold labels, and 100 or more settled ones of samples drawn at random.

        Those chosen because a model was unsure of them would make every vote look doubtful.
        """
        drawn = self._drawn
        if drawn is None:
            chosen = self.store.batches.frame()
            drawn = set(chosen.index[chosen["stratum"] == Stratum.RANDOM.value])
        given = tuple(label for label in gold if label.source == LabelSource.GIVEN)
        settled = tuple(
            label
            for label in gold
            if label.source != LabelSource.GIVEN and label.sample_id in drawn
        )
        return given + settled if len(settled) >= LEAST_SETTLED else given

    def posteriors(self, people: HumanLabels) -> Posteriors:
        """Return the soft labels of both models; only what is not cached is fitted."""
        models = FittedModels(self, people)
        soft = self.cached("soft_labels", people)
        posterior = self.cached("posterior", people)
        self.store.artifacts.renew(
            "label_model", self._digest(people.settled)
        )  # status shows its warnings
        if soft is None or posterior is None:
            soft, end = models.soft, models.end_model
            with self.store.stage("labeling all samples by the end model"):
                posterior = end.predict_proba(self.samples, soft=soft, votes=self.votes)
            self._cache_soft("posterior", posterior, people)
        return Posteriors(soft, posterior, self._measured(people), models)

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

    def _open_votes(self, people: HumanLabels) -> tuple[Annotation, ...]:
        """Return the votes that teach the end model: of samples without any gold label."""
        return tuple(
            vote for vote in people.open_votes if vote.sample_id not in self.data.dev.index
        )

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

    def _measured(self, people: HumanLabels) -> SoftLabels | None:
        """Return the posterior of each dev sample by models that did not learn its gold label."""
        ids = self.data.dev.index
        if not len(ids):
            return None
        measured = self.cached("measured", people)
        if measured is not None:
            return measured
        folds = folds_of(ids)
        array = np.empty((len(ids), len(self.votes.schema)))
        with self.store.stage(MEASURING, len(np.unique(folds))) as advance:
            for fold in np.unique(folds):
                held_out = ids[folds == fold]
                logger.info("%s: %d of them", MEASURING, len(held_out))
                array[folds == fold] = self._fit_without(held_out, people).to_array()
                advance(1)
        measured = SoftLabels(array, ids, self.votes.schema, np.ones(len(ids), dtype=bool))
        self._cache_soft("measured", measured, people)
        return measured

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

    def digest(self, settled: Gold) -> str:
        """Return a fingerprint of all that the label model depends on."""
        return self._digest(settled)

    def _digest(self, settled: Gold, open_votes: tuple[Annotation, ...] = ()) -> str:
        """Return a fingerprint of all that fitted models depend on."""
        teaching, config = teaching_gold(self.data.dev, settled), self.config
        drawn = {label.sample_id for label in self.for_label_model(teaching)}
        gold = sorted(
            (repr(label.sample_id), label.label, label.sample_id in drawn) for label in teaching
        )
        votes = sorted((repr(vote.sample_id), str(vote.label)) for vote in open_votes)
        inputs: list[object] = [self.inputs, config.label_model, config.data.text, gold]
        inputs += [config.class_balance, config.embeddings, self._digest_of_embeddings]
        inputs += [votes, digest_of_code()]
        return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()

    def _digest_of(self, kind: Kind | ModelKind, people: HumanLabels) -> str:
        """Return the fingerprint of a result; votes of people are no part of the label model's."""
        open_votes = () if kind in OF_LABEL_MODEL else self._open_votes(people)
        return self._digest(people.settled, open_votes)

    @functools.cached_property
    def _digest_of_embeddings(self) -> str | None:
        """A fingerprint of the embedding model's files; `None` if it is no folder.

        What a name on the hub stands for is not in it, as with all that is requested elsewhere.
        """
        folder = self.config.embeddings_folder
        return None if folder is None else digest_of_folder(folder)

    def _cache_soft(self, kind: Kind, soft: SoftLabels, people: HumanLabels) -> None:
        about = {"samples": len(soft.sample_ids), "covered": int(soft.covered.sum())}
        self._cache_file(kind, functools.partial(write_soft, soft), about, people)

    def _cache_model(
        self,
        kind: ModelKind,
        model: VoteModel | EndModel,
        people: HumanLabels,
        about: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self._cache_file(kind, model.save, {"model": type(model).__name__, **about}, people)

    def _cache_file(
        self,
        kind: Kind | ModelKind,
        write: Callable[[Path], object],
        about: dict[str, Any],
        people: HumanLabels,
    ) -> None:
        about = {**about, "gold": len(teaching_gold(self.data.dev, people.settled))}
        if kind not in OF_LABEL_MODEL:
            about["open_votes"] = len(self._open_votes(people))
        inputs = self._digest_of(kind, people)
        self.store.artifacts.save(kind, write, inputs=inputs, about=about, made_at=now())

    def _cached_model(
        self, kind: ModelKind, people: HumanLabels, load: Callable[[Path], Model]
    ) -> Model | None:
        path = self.store.artifacts.find(kind, self._digest_of(kind, people))
        if path is None:
            return None
        try:
            return load(path)
        except ModelFileError as error:  # saved by another version of this package
            logger.info("the %s is fitted again: %s", kind.replace("_", " "), error)
            return None

    def cached(self, kind: Kind, people: HumanLabels) -> SoftLabels | None:
        """Return the cached soft labels of models that learned this from people, if any."""
        path = self.store.artifacts.find(kind, self._digest_of(kind, people))
        return None if path is None else read_soft(path, self.votes.schema)
