"""What the verbs of a project share: config, store, data, votes, models and platform."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Callable, Collection, Hashable, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, overload

import pandas as pd

import labeling
from labeling.config import Config, load_config
from labeling.errors import ConfigError
from labeling.project.annotation_loop import AnnotationLoop
from labeling.project.annotator_skills import labels_without_people
from labeling.project.checking import check_names
from labeling.project.class_balance import random_draws, warn_of_class_balance
from labeling.project.data import DataFiles, ProjectData
from labeling.project.fit_warnings import label_model_warnings
from labeling.project.kind_learners import AnyLearner, SetLearner, SpanLearner, learner_of
from labeling.project.lf_loading import LabelingFunctionLoader
from labeling.project.model_voter import ModelVoter
from labeling.project.models import Learner
from labeling.project.platforms import (
    PlatformSetup,
    annotators_of,
    label_studio_of,
    platform_of,
    stored_state,
)
from labeling.project.policies import policy_of
from labeling.project.status import store_of
from labeling.project.vote_cache import Progress, VoteCache
from labeling.project.work_review import WorkReview
from labeling.records import (
    AnnotationPlatform,
    AnySoft,
    AnyVotes,
    LabelingFunction,
    SetVotes,
    SoftLabels,
    SpanVotes,
    Verdict,
    Votes,
    expect,
)
from labeling.rendering import Displayed, View
from labeling.store import Run

if TYPE_CHECKING:
    from labeling.label_studio import LabelStudio

logger = logging.getLogger(__name__)


class BaseProject(Displayed):
    """The parts of a project, wired together; `Project` adds the verbs."""

    def __init__(
        self,
        config_path: str | os.PathLike[str],
        *,
        platform: AnnotationPlatform | None = None,
        on_wait: Callable[[str], object] | None = None,
        waits: Callable[[str], object] | None = None,
    ) -> None:
        self.config: Config = load_config(config_path)
        check_names(self.config)
        self.schema = self.config.label_schema
        try:
            policy = policy_of(self.config)
        except ConfigError as error:
            raise ConfigError(f"{config_path}: {error}") from None
        self.folder = self.config.at(self.config.export.folder)
        self.store = store_of(self.config, on_wait or waits)
        self.store.update()
        if platform is not None:
            expect(platform, AnnotationPlatform, "`platform`")  # type: ignore[type-abstract]  # not called
        self._platform = platform
        # What reviews judge people by, fitted once for the same votes and gold labels.
        self._reference: tuple[tuple[object, ...], AnySoft] | None = None
        self.people = AnnotationLoop(
            self.store,
            self.schema,
            policy,
            self.config.data.text,
            annotators=functools.cache(lambda: annotators_of(self.config, self.schema)),
            raw_texts=lambda: self.data.raw_texts,
            work=self._work_review(),
            model_voter=ModelVoter(self._learner, self.schema, self.store),
        )
        self._lf_loader = LabelingFunctionLoader(self.config)
        self._data_files = DataFiles(self.config, self.schema, self.store)
        self.vote_cache = VoteCache(
            self.config, self.schema, self.store, self._data_files.read, self._lf_loader
        )

    def __repr__(self) -> str:
        return f"Project({self.config.name!r}, labels {', '.join(map(repr, self.schema))})"

    def _view(self) -> View:
        from labeling.project.project_view import project_view

        return project_view(self)

    @property
    def data(self) -> ProjectData:
        """The samples, the given gold labels, and the locked test split."""
        return self._data_files.read()

    @property
    def samples(self) -> pd.DataFrame:
        """The samples to label, index = ids; without those of the locked test split."""
        return self.data.samples

    def load_samples(self) -> pd.DataFrame:
        """Return `samples`; for verbs that read them only if there is something to send."""
        return self.samples

    @property
    def labeling_functions(self) -> list[LabelingFunction]:
        """The labeling functions of all files that the config names, in order."""
        return self._lf_loader.load()

    def apply(self, progress: Progress | None = None) -> AnyVotes:
        """Apply the labeling functions, and write `votes.parquet`: a column each, label names."""
        for notice in self.data.notices:
            logger.warning("%s", notice)
        with self._locked("apply") as run:
            return self.vote_cache.compute(run, progress)

    def votes(self, progress: Progress | None = None) -> AnyVotes:
        """Return the cached votes; apply the labeling functions where they or the data changed."""
        cached = self.vote_cache.cached()
        return self.apply(progress) if cached is None else cached

    @overload
    def learner(self, votes: Votes) -> Learner: ...

    @overload
    def learner(self, votes: SpanVotes) -> SpanLearner: ...

    @overload
    def learner(self, votes: SetVotes) -> SetLearner: ...

    def learner(self, votes: AnyVotes) -> AnyLearner:
        """Return a learner, which fits the config's models and caches their soft labels."""
        digest = self.vote_cache.votes_digest(votes)
        return learner_of(votes)(self.config, self.data, votes, digest, self.store)

    def _work_review(self) -> WorkReview:
        section, seed = self.config.annotators, self.config.seed
        return WorkReview(
            self.store,
            section,
            seed,
            given_gold=lambda: self.data.dev,
            reference=self._labels_without_people,
        )

    def _labels_without_people(self) -> SoftLabels | None:
        """Return what the labeling functions say of one label per sample.

        `None` before they were first applied, and where samples have several labels or spans:
        people are then judged by each other alone.
        """
        if self.store.artifacts.latest("votes") is None:
            return None
        learner = self._learner()
        basis = (learner.inputs, tuple(learner.data.dev.items()))
        if self._reference is None or self._reference[0] != basis:
            self._reference = basis, labels_without_people(learner)
        reference = self._reference[1]
        return reference if isinstance(reference, SoftLabels) else None

    def _learner(self) -> AnyLearner:
        return self.learner(self.votes())

    def platform(self) -> AnnotationPlatform:
        """Return the annotation platform: the one given, or that of the config.

        Raises:
            ConfigError: the config has none.
        """
        platform = self._platform or platform_of(self._platform_setup())
        if self._platform is not None:
            platform.state = stored_state(self.store)
        platform.inform((), self.people.work.paused_names())
        return platform

    def label_studio(self) -> LabelStudio:
        """Return the Label Studio client of the config.

        Raises:
            ConfigError: the config has none.
        """
        return label_studio_of(self._platform_setup())

    def _platform_setup(self) -> PlatformSetup:
        return PlatformSetup(self.config, self.schema, self.store, self._vote_reasons)

    def _vote_reasons(self, sample_ids: Collection[Hashable]) -> dict[Hashable, tuple[str, ...]]:
        """Return why the labeling functions vote as they do on some samples."""
        from labeling.analysis import vote_reasons

        return vote_reasons(self.votes(), self.labeling_functions, sample_ids)

    def _warn_of_class_balance(
        self,
        what: str,
        counts: Mapping[str, int],
        verdict: Verdict,
    ) -> None:
        """Warn where the class balance is not that of a random draw."""
        draws = self._random_draws(verdict)
        is_declared = self.config.class_balance is not None
        warn_of_class_balance(what, counts, draws, is_declared=is_declared)

    def _log_fit_warnings(self) -> None:
        """Log what the label model warned of when it was fitted."""
        for sentence in label_model_warnings(self.store):
            logger.warning("%s", sentence)

    def _random_draws(self, verdict: Verdict) -> dict[str, pd.Series]:
        return random_draws(self.data.dev, verdict.gold, self.store.batches.frame())

    def _locked(self, verb: str) -> AbstractContextManager[Run]:
        """Lock the project for one verb, which is written into the run log."""
        return self.store.locked(
            verb,
            config_hash=self.config.digest,
            code_version=labeling.__version__,
            seed=self.config.seed,
        )
