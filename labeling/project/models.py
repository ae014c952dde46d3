"""What is learned from votes and people's decisions: label model, end model, the next batch."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import re
import time
import warnings
from collections.abc import Callable, Collection, Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import pandas as pd

from labeling.config import Config, QuerySection
from labeling.errors import ModelFileError
from labeling.project.data import ProjectData
from labeling.project.fingerprints import digest_of_text
from labeling.project.gold import folds_of, teaching_gold
from labeling.project.parquet import read_soft, write_soft
from labeling.project.snapshots import Round
from labeling.records import Batch, GoldLabel, SoftLabels, Votes
from labeling.store import Store, now

if TYPE_CHECKING:
    from labeling.end_model import EndModel
    from labeling.label_models import VoteModel

Kind = Literal["soft_labels", "posterior", "measured"]
ModelKind = Literal["label_model", "end_model"]
Model = TypeVar("Model")

MEASURING = "measuring on gold labels, by models that learn from others"

logger = logging.getLogger(__name__)


class Learner:
    """Fits the models of a config, and remembers their soft labels.

    The models learn from what people settled and from the gold labels that were given and are not
    locked. The same gold labels measure them by cross-fitting: each is held against models that
    learned from all but its fold.

    Args:
        config: says which models.
        data: the project's samples and gold labels.
        votes: on these samples.
        inputs: a fingerprint of samples and votes.
        store: remembers; may only be written while it is held.
    """

    def __init__(
        self, config: Config, data: ProjectData, votes: Votes, inputs: str, store: Store
    ) -> None:
        self.config = config
        self.data = data
        self.samples = data.samples
        self.votes = votes
        self.inputs = inputs
        self.store = store

    def label_model(self, people: tuple[GoldLabel, ...]) -> tuple[VoteModel, SoftLabels]:
        """Return the config's label model, fitted, and its soft labels, which are remembered.

        Args:
            people: what people settled.
        """
        model, soft = self.fit_label_model(teaching_gold(self.data.dev, people))
        self._keep_model("label_model", model, people)
        self._keep("soft_labels", soft, people)
        return model, soft

    def remembered_label_model(self, people: tuple[GoldLabel, ...]) -> VoteModel | None:
        """Return the label model that was fitted with what people settled, if it is remembered."""
        from labeling.label_models import MODELS

        return self._remembered_model("label_model", people, MODELS[self.config.label_model].load)

    def fit_label_model(self, gold: tuple[GoldLabel, ...]) -> tuple[VoteModel, SoftLabels]:
        """Return the config's label model, fitted with these gold labels, and its soft labels.

        It learns from given gold labels, and from those that people settled of samples that were
        drawn at random: those chosen because a model was unsure of them would make every vote look
        doubtful. The end model learns from all.
        """
        from labeling.label_models import MODELS
        from labeling.label_models.default.label_model import BALANCE_IGNORED

        started = time.perf_counter()
        learned, balance = self.drawn_at_random(gold), self.config.class_balance
        with (
            self.store.stage("fitting the label model"),
            warnings.catch_warnings(),  # the model's report says it as well
        ):
            warnings.filterwarnings("ignore", message=re.escape(BALANCE_IGNORED))
            model = MODELS[self.config.label_model]().fit(
                self.votes, gold=learned, class_balance=balance
            )
            soft = model.predict_proba(self.votes)
        spent = time.perf_counter() - started
        logger.info("fitted the label model with %d gold labels in %.1f s", len(learned), spent)
        return model, soft

    def drawn_at_random(self, gold: tuple[GoldLabel, ...]) -> tuple[GoldLabel, ...]:
        """Return the gold labels that were given, and those of samples drawn at random for people."""
        chosen = self.store.batches.frame()
        drawn = set(chosen.index[chosen["stratum"] == "random"])
        return tuple(one for one in gold if one.source == "given" or one.sample_id in drawn)

    def posteriors(
        self, people: tuple[GoldLabel, ...]
    ) -> tuple[SoftLabels, SoftLabels, Callable[[], tuple[VoteModel, EndModel]], SoftLabels | None]:
        """Return the soft labels of label model and end model, what gives both models, and what
        cross-fitted models say of the samples with a given gold label; `None` without such.
        """
        fitted = functools.cache(functools.partial(self._fitted, people))
        soft = self.remembered("soft_labels", people)
        posterior = self.remembered("posterior", people)
        if soft is None or posterior is None:
            _, end, soft = fitted()
            with self.store.stage("labeling all samples by the end model"):
                posterior = end.predict_proba(self.samples, soft=soft, votes=self.votes)
            self._keep("posterior", posterior, people)
        return soft, posterior, lambda: fitted()[:2], self._measured(people)

    def _fitted(self, people: tuple[GoldLabel, ...]) -> tuple[VoteModel, EndModel, SoftLabels]:
        from labeling.end_model import EndModel

        model, soft = self.remembered_label_model(people), self.remembered("soft_labels", people)
        if model is None or soft is None:
            model, soft = self.label_model(people)
        end = self._remembered_model("end_model", people, EndModel.load)
        if end is None:
            end = self._fit_end_model(soft, teaching_gold(self.data.dev, people))
            self._keep_model("end_model", end, people)
        return model, end, soft

    def _fit_end_model(self, soft: SoftLabels, gold: tuple[GoldLabel, ...]) -> EndModel:
        from labeling.end_model import EndModel

        started = time.perf_counter()
        with self.store.stage("fitting the end model"):
            end = EndModel(self.config.data.text).fit(
                *(self.samples, soft),
                gold=gold,
                votes=self.votes,
                class_balance=self.config.class_balance,
            )
        logger.info("fitted the end model in %.1f s", time.perf_counter() - started)
        return end

    def _measured(self, people: tuple[GoldLabel, ...]) -> SoftLabels | None:
        """Return the posterior of each dev sample by models that did not learn its gold label."""
        ids = self.data.dev.index
        if not len(ids):
            return None
        measured = self.remembered("measured", people)
        if measured is not None:
            return measured
        gold, folds = teaching_gold(self.data.dev, people), folds_of(ids)
        array = np.empty((len(ids), len(self.votes.schema)))
        with self.store.stage(MEASURING, len(np.unique(folds))) as advance:
            for fold in np.unique(folds):
                held_out = ids[folds == fold]
                logger.info("%s: %d of them", MEASURING, len(held_out))
                array[folds == fold] = self._without(held_out, gold).to_array()
                advance(1)
        measured = SoftLabels(array, ids, self.votes.schema, np.ones(len(ids), dtype=bool))
        self._keep("measured", measured, people)
        return measured

    def _without(self, held_out: pd.Index, gold: tuple[GoldLabel, ...]) -> SoftLabels:
        """Return the posterior of some samples by models that learned no gold label of theirs."""
        away = set(held_out)
        rest = tuple(one for one in gold if one.sample_id not in away)
        _, soft = self.fit_label_model(rest)
        own, votes = soft.of_samples(held_out), self.votes.of_samples(held_out)
        if not soft.covered.any() and not rest:
            return own  # nothing was left to learn from
        end = self._fit_end_model(soft, rest)
        return end.predict_proba(self.samples.loc[held_out], soft=own, votes=votes)

    def _fingerprint(self, people: tuple[GoldLabel, ...]) -> str:
        gold = teaching_gold(self.data.dev, people)
        known = sorted((repr(one.sample_id), one.label, one.source == "given") for one in gold)
        config = self.config
        said = [self.inputs, config.label_model, config.data.text, known, config.class_balance]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def _keep(self, kind: Kind, soft: SoftLabels, people: tuple[GoldLabel, ...]) -> None:
        about = {"samples": len(soft.sample_ids), "covered": int(soft.covered.sum())}
        self._keep_file(kind, functools.partial(write_soft, soft), about, people)

    def _keep_model(
        self, kind: ModelKind, model: VoteModel | EndModel, people: tuple[GoldLabel, ...]
    ) -> None:
        self._keep_file(kind, model.save, {"model": type(model).__name__}, people)

    def _keep_file(
        self,
        kind: Kind | ModelKind,
        write: Callable[[Path], object],
        about: dict[str, Any],
        people: tuple[GoldLabel, ...],
    ) -> None:
        self.store.files.keep(
            kind,
            write,
            inputs=self._fingerprint(people),
            about={**about, "gold": len(teaching_gold(self.data.dev, people))},
            made_at=now(),
        )

    def _remembered_model(
        self, kind: ModelKind, people: tuple[GoldLabel, ...], load: Callable[[Path], Model]
    ) -> Model | None:
        path = self.store.files.find(kind, self._fingerprint(people))
        if path is None:
            return None
        try:
            return load(path)
        except ModelFileError as error:  # one of another version of this package
            logger.info("the %s is fitted again: %s", kind.replace("_", " "), error)
            return None

    def remembered(self, kind: Kind, people: tuple[GoldLabel, ...]) -> SoftLabels | None:
        """Return soft labels that were learned with what people settled, if they are remembered."""
        path = self.store.files.find(kind, self._fingerprint(people))
        return None if path is None else read_soft(path, self.votes.schema)

    def choose(
        self, here: Round, exclude: Collection[Hashable], number: int, how: QuerySection
    ) -> Batch:
        """Return the batch of this number: the same for the same answers so far."""
        from labeling.query import select

        return select(
            self.samples,
            votes=self.votes,
            soft=here.soft,
            end=here.posterior,
            exclude=exclude,
            n=how.n,
            strategy=how.strategy,
            rng=np.random.default_rng([self.config.seed, number]),
            text=self.config.data.text,
        )

    def remember(self, batch: Batch, here: Round, number: int, how: QuerySection) -> None:
        """Remember a batch of this number, in the place of one that was not pushed."""
        if not len(batch):
            self.store.batches.forget(number)
            return
        before = here.posterior.of_samples(batch.sample_ids)
        labels = zip(before.to_labels().tolist(), before.confidence().tolist(), strict=True)
        texts = self.samples.loc[batch.sample_ids, self.config.data.text].tolist()
        self.store.batches.choose(
            number,
            batch,
            dict(zip(batch.sample_ids, labels, strict=True)),
            dict(zip(batch.sample_ids, map(digest_of_text, texts), strict=True)),
            strategy=how.strategy,
            seed=self.config.seed,
            made_at=now(),
        )
        logger.info("chose batch %d: %s", number, batch)
