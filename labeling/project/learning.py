"""What is learned from votes and people's decisions: label model, end model, the next batch."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import time
from collections.abc import Callable, Collection, Hashable
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from labeling.config import Config, QuerySection
from labeling.project.files import digest_of_text
from labeling.project.kept import read_soft, write_soft
from labeling.project.rounds import Round
from labeling.records import Batch, GoldLabel, SoftLabels, Votes
from labeling.store import Store, now

if TYPE_CHECKING:
    from labeling.end_model import EndModel
    from labeling.label_models import VoteModel

logger = logging.getLogger(__name__)


class Learner:
    """Fits the models of a config, and remembers their soft labels.

    Args:
        config: says which models.
        samples: the project's.
        votes: on these samples.
        inputs: a fingerprint of samples and votes.
        store: remembers; may only be written while it is held.
    """

    def __init__(
        self, config: Config, samples: pd.DataFrame, votes: Votes, inputs: str, store: Store
    ) -> None:
        self.config = config
        self.samples = samples
        self.votes = votes
        self.inputs = inputs
        self.store = store

    def label_model(self, gold: tuple[GoldLabel, ...]) -> tuple[VoteModel, SoftLabels]:
        """Return the config's label model, fitted, and its soft labels.

        It learns from the gold labels of samples that were drawn at random: those chosen because a
        model was unsure of them would make every vote look doubtful. The end model hears them all.
        """
        from labeling.label_models import MODELS

        started = time.perf_counter()
        model = MODELS[self.config.label_model]().fit(self.votes, gold=self.drawn_at_random(gold))
        soft = model.predict_proba(self.votes)
        spent = time.perf_counter() - started
        logger.info("fitted the label model with %d gold labels in %.1f s", len(gold), spent)
        self._keep("soft_labels", soft, gold)
        return model, soft

    def drawn_at_random(self, gold: tuple[GoldLabel, ...]) -> tuple[GoldLabel, ...]:
        """Return the gold labels of samples that were drawn at random for people."""
        chosen = self.store.batches.frame()
        drawn = set(chosen.index[chosen["stratum"] == "random"])
        return tuple(one for one in gold if one.sample_id in drawn)

    def beliefs(
        self, gold: tuple[GoldLabel, ...]
    ) -> tuple[SoftLabels, SoftLabels, Callable[[], tuple[VoteModel, EndModel]]]:
        """Return the soft labels of label model and end model, and what gives both models."""
        fitted = functools.cache(functools.partial(self._fitted, gold))
        soft, posterior = self.remembered("soft_labels", gold), self.remembered("posterior", gold)
        if soft is None or posterior is None:
            _, end, soft = fitted()
            posterior = end.predict_proba(self.samples, soft=soft, votes=self.votes)
            self._keep("posterior", posterior, gold)
        return soft, posterior, lambda: fitted()[:2]

    def _fitted(self, gold: tuple[GoldLabel, ...]) -> tuple[VoteModel, EndModel, SoftLabels]:
        from labeling.end_model import EndModel

        model, soft = self.label_model(gold)
        started = time.perf_counter()
        end = EndModel(self.config.data.text).fit(self.samples, soft, gold=gold, votes=self.votes)
        logger.info("fitted the end model in %.1f s", time.perf_counter() - started)
        return model, end, soft

    def _fingerprint(self, gold: tuple[GoldLabel, ...]) -> str:
        known = sorted((repr(one.sample_id), one.label) for one in gold)
        said = [self.inputs, self.config.label_model, self.config.data.text, known]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def _keep(self, kind: str, soft: SoftLabels, gold: tuple[GoldLabel, ...]) -> None:
        about = {"samples": len(soft.sample_ids), "covered": int(soft.covered.sum())}
        self.store.files.keep(
            kind,
            functools.partial(write_soft, soft),
            inputs=self._fingerprint(gold),
            about={**about, "gold": len(gold)},
            made_at=now(),
        )

    def remembered(
        self, kind: Literal["soft_labels", "posterior"], gold: tuple[GoldLabel, ...]
    ) -> SoftLabels | None:
        """Return soft labels that were learned with these gold labels, if they are remembered."""
        path = self.store.files.find(kind, self._fingerprint(gold))
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
