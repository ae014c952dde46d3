"""What the models of a project share: which gold labels teach them, fingerprints, and the cache."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.config import Config
from labeling.errors import ModelFileError
from labeling.project.data import ProjectData
from labeling.project.fingerprints import digest_of_code, digest_of_folder
from labeling.project.fit_warnings import label_model_warnings
from labeling.project.gold import HumanLabels, folds_of, teaching_gold
from labeling.project.kinds import covered_samples
from labeling.project.parquet import read_soft, write_soft
from labeling.records import (
    Annotation,
    AnySoft,
    AnyVotes,
    GoldLabel,
    LabelSource,
    Stratum,
    encode_label,
)
from labeling.rendering import Displayed
from labeling.store import Store, now

if TYPE_CHECKING:
    from labeling.project.posteriors import FittedModels, Posteriors

Kind = Literal["soft_labels", "posterior", "measured"]
ModelKind = Literal["label_model", "end_model"]
END_MODEL = "EndModel"
OF_LABEL_MODEL = ("label_model", "soft_labels")
Model = TypeVar("Model")
SomeVotes = TypeVar("SomeVotes", bound=AnyVotes)
SomeSoft = TypeVar("SomeSoft", bound=AnySoft)
Gold = tuple[GoldLabel, ...]

MEASURING = "measuring on gold labels, by models that learn from others"

logger = logging.getLogger(__name__)


class BaseLearner(Displayed, ABC, Generic[SomeVotes, SomeSoft]):
    """Fits the models of a config, and caches them and their soft labels in the store.

    In the methods, `settled` are the gold labels of people. A subclass fits the models of one kind
    of labels.

    Args:
        config: names the models.
        data: the project's samples and gold labels.
        votes: the votes on these samples.
        inputs: a fingerprint of samples and votes.
        store: the cache; may only be written while the project is locked.
        drawn: the samples with a settled label that were drawn at random; `None` takes those that
            the store has chosen so.
    """

    kinds: ClassVar[tuple[str, str] | None] = None
    """The names of label model and end model, where the config does not name them."""

    def __init__(
        self,
        config: Config,
        data: ProjectData,
        votes: SomeVotes,
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

    @abstractmethod
    def label_model(self, settled: Gold) -> tuple[Any, SomeSoft]:
        """Fit the label model, cache it and its soft labels, and return both.

        What it warned of is stored beside it, see `warnings_of`.
        """

    @abstractmethod
    def cached_label_model(self, settled: Gold) -> Any:
        """Return the cached label model that was fitted with these gold labels, if there is one."""

    @abstractmethod
    def posteriors(self, people: HumanLabels) -> Posteriors:
        """Return the soft labels of both models; only what is not cached is fitted."""

    @abstractmethod
    def end_model(self, soft: SomeSoft, people: HumanLabels) -> Any:
        """Return the cached end model; fit and cache it if there is none."""

    @abstractmethod
    def final_posterior(self, soft: SomeSoft, models: FittedModels) -> SomeSoft:
        """Return the posterior of all samples, by the end model where there is one."""

    @abstractmethod
    def fitted_soft(self, gold: Gold) -> SomeSoft:
        """Return the soft labels of a label model with these gold labels; nothing is stored."""

    @abstractmethod
    def _fit_without(self, held_out: pd.Index, people: HumanLabels) -> SomeSoft:
        """Return the posterior of held-out samples by models fitted without their gold labels."""

    @abstractmethod
    def _joined(
        self, parts: list[SomeSoft], ids: pd.Index, folds: npt.NDArray[np.intp]
    ) -> SomeSoft:
        """Return the soft labels of the folds as those of all their samples, in this order."""

    @property
    def label_model_kind(self) -> str:
        """The name of the label model, for manifests."""
        return self.config.label_model if self.kinds is None else self.kinds[0]

    @property
    def end_model_kind(self) -> str:
        """The name of the end model's class, for manifests."""
        return END_MODEL if self.kinds is None else self.kinds[1]

    def warnings_of(self, settled: Gold) -> tuple[str, ...]:
        """Return what the label model warned of when it was fitted with these gold labels."""
        return label_model_warnings(self.store, self._digest(settled))

    def _measured(self, people: HumanLabels) -> SomeSoft | None:
        """Return the posterior of each dev sample by models that did not learn its gold label."""
        ids = self.data.dev.index
        if not len(ids):
            return None
        measured = self.cached("measured", people)
        if measured is not None:
            return measured
        folds, parts = folds_of(ids), []
        with self.store.stage(MEASURING, len(np.unique(folds))) as advance:
            for fold in np.unique(folds):
                held_out = ids[folds == fold]
                logger.info("%s: %d of them", MEASURING, len(held_out))
                parts.append(self._fit_without(held_out, people))
                advance(1)
        measured = self._joined(parts, ids, folds)
        self._cache_soft("measured", measured, people)
        return measured

    @abstractmethod
    def is_enough(self, settled: Gold) -> bool:
        """Return whether the label model may learn from labels that people settled.

        Args:
            settled: those of samples drawn at random.
        """

    @abstractmethod
    def lacking_gold(self, gold: Gold, soft: SomeSoft) -> str:
        """Return what gold the label model still lacks to learn from it; empty if it lacks none.

        Args:
            gold: all gold labels that may teach.
            soft: its soft labels.
        """

    def for_label_model(self, gold: Gold) -> Gold:
        """Return the given gold labels, and the settled ones of samples drawn at random, if enough.

        Those chosen because a model was unsure of them would make every vote look doubtful.
        """
        given = tuple(label for label in gold if label.source == LabelSource.GIVEN)
        settled = self.settled_at_random(gold)
        return given + settled if self.is_enough(settled) else given

    def settled_at_random(self, gold: Gold) -> Gold:
        """Return the gold labels that people settled on samples drawn at random."""
        drawn = self._drawn
        if drawn is None:
            chosen = self.store.batches.frame()
            drawn = set(chosen.index[chosen["stratum"] == Stratum.RANDOM.value])
        return tuple(
            label
            for label in gold
            if label.source != LabelSource.GIVEN and label.sample_id in drawn
        )

    def _open_votes(self, people: HumanLabels) -> tuple[Annotation, ...]:
        """Return the votes that teach the end model: of samples without any gold label."""
        return tuple(
            vote for vote in people.open_votes if vote.sample_id not in self.data.dev.index
        )

    def digest(self, settled: Gold) -> str:
        """Return a fingerprint of all that the label model depends on."""
        return self._digest(settled)

    def _digest(self, settled: Gold, open_votes: tuple[Annotation, ...] = ()) -> str:
        """Return a fingerprint of all that fitted models depend on."""
        teaching, config = teaching_gold(self.data.dev, settled), self.config
        drawn = {label.sample_id for label in self.for_label_model(teaching)}
        gold = sorted(
            (repr(label.sample_id), encode_label(label.label), label.sample_id in drawn)
            for label in teaching
        )
        votes = sorted((repr(vote.sample_id), _text_of(vote)) for vote in open_votes)
        inputs: list[object] = [self.inputs, config.label_model, config.data.text, gold]
        inputs += [config.class_balance, config.embeddings, self._digest_of_embeddings]
        inputs += [votes, digest_of_code()]
        if config.exclusive or config.implies:
            inputs += [config.exclusive, config.implies]
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

    def _cache_soft(self, kind: Kind, soft: SomeSoft, people: HumanLabels) -> None:
        about = {"samples": len(soft.sample_ids), "covered": covered_samples(soft)}
        self._cache_file(kind, functools.partial(write_soft, soft), about, people)

    def _cache_model(
        self,
        kind: ModelKind,
        model: Any,
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

    def cached(self, kind: Kind, people: HumanLabels) -> SomeSoft | None:
        """Return the cached soft labels of models that learned this from people, if any."""
        path = self.store.artifacts.find(kind, self._digest_of(kind, people))
        return None if path is None else cast(SomeSoft, read_soft(path, self.votes.schema))


def _text_of(vote: Annotation) -> str:
    return "None" if vote.label is None else encode_label(vote.label)
