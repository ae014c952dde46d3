"""The loop: one short method a verb; the only place where the rooms are wired together."""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Callable, Hashable, Iterator

import numpy as np
import pandas as pd

from labeling.adjudication import ReviewPolicy, review
from labeling.analysis import lf_summary
from labeling.config import Config, load_config
from labeling.datasets import TrainingSet, build_training_set
from labeling.end_model import EndModel
from labeling.engine import apply_to_frame
from labeling.errors import ConfigError, DataError, LabelingError, near, shown
from labeling.functions import load_labeling_functions, refuse_doubled_names
from labeling.label_models import MODELS, VoteModel
from labeling.project.rounds import Round
from labeling.query import STRATEGIES, select
from labeling.records import (
    Annotation,
    AnnotationPlatform,
    Batch,
    GoldLabel,
    LabelingFunction,
    LabelSchema,
    SoftLabels,
    Verdict,
    Votes,
    require_column,
    texts,
    whole_file,
)
from labeling.replay import Replay
from labeling.sources import read_samples, read_table

logger = logging.getLogger(__name__)

Progress = Callable[[int], object]
TRIED = 200  # samples that `check` tries the labeling functions on


class Project:
    """A labeling project: what its config says, done step by step.

    Each method starts from the files that the config names and may be repeated: the same files give
    the same result. What it writes goes to the folder `export.folder` of the config.

    Args:
        config_path: a YAML file; see `labeling.config.Config`.

    Raises:
        ConfigError: the config cannot be used.
    """

    def __init__(self, config_path: str | os.PathLike[str]) -> None:
        self.config: Config = load_config(config_path)
        for value, known, what in (
            (self.config.query.strategy, STRATEGIES, "query.strategy"),
            (self.config.label_model, MODELS, "label_model"),
        ):
            if value not in known:
                raise ConfigError(
                    f"{config_path}: {what} must be one of {shown(known, 10)}. Got {value!r}."
                    f"{near(value, known)}"
                )
        self.schema = LabelSchema(self.config.labels)
        try:
            self.policy = ReviewPolicy(self.config.review.min_votes, self.config.review.max_votes)
        except LabelingError as error:
            raise ConfigError(f"{config_path}: key 'review': {error}") from None
        self.folder = self.config.at(self.config.export.folder)

    @functools.cached_property
    def samples(self) -> pd.DataFrame:
        """The samples, index = ids."""
        samples = read_samples(self.config.at(self.config.data.path), self.config.data.id)
        texts(samples, self.config.data.text)
        return samples

    @functools.cached_property
    def labeling_functions(self) -> list[LabelingFunction]:
        """The labeling functions of all files that the config names, in order."""
        found = [
            lf
            for path in self.config.labeling_functions
            for lf in load_labeling_functions(self.config.at(path))
        ]
        refuse_doubled_names(found, "the project")
        return found

    def check(self) -> list[str]:
        """Try everything on a few samples, and return what was found, a sentence each."""
        samples, lfs = self.samples, self.labeling_functions
        few = samples.iloc[:TRIED]
        votes = apply_to_frame(lfs, few, self.schema)
        return [
            f"{len(samples)} samples with text in column {self.config.data.text!r}.",
            f"{len(lfs)} labeling functions for the labels {shown(self.schema.labels, 20)}.",
            f"On the first {len(few)} samples they cast {int((votes.to_array() >= 0).sum())} votes"
            f" without a fault and cover {votes.covered.mean():.0%} of them.",
        ]

    def apply(self, progress: Progress | None = None) -> Votes:
        """Apply the labeling functions, and write `votes.parquet`: a column each, label names."""
        votes = apply_to_frame(
            self.labeling_functions,
            self.samples,
            self.schema,
            workers=self.config.workers,
            progress=progress,
        )
        self._write(votes.to_frame().astype("str"), "votes.parquet")
        return votes

    def fit(self, votes: Votes | None = None) -> tuple[VoteModel, SoftLabels]:
        """Fit the label model, and write `soft_labels.parquet` and `label_model.npz`."""
        votes = self.apply() if votes is None else votes
        model, soft = self._fitted(votes, ())
        self._write(soft.to_frame().assign(covered=soft.covered), "soft_labels.parquet")
        model.save(self.folder / "label_model.npz")
        return model, soft

    def summary(self, votes: Votes | None = None) -> pd.DataFrame:
        """Return the table of the labeling functions."""
        return lf_summary(self.apply() if votes is None else votes)

    def query(self, votes: Votes | None = None) -> Batch:
        """Choose the samples most worth a human's time, and write `batch.parquet` with them."""
        votes = self.apply() if votes is None else votes
        start = self._start(votes)
        batch = self._select(start, votes, (), 1)
        chosen = batch.to_frame().join(self.samples)
        self._write(chosen, "batch.parquet")
        return batch

    def export(self, end: Round | None = None, votes: Votes | None = None) -> TrainingSet:
        """Build the training set; write it as Parquet, JSON lines and CSV with manifests.

        Args:
            end: where the loop stands; `None` goes through it with the recorded votes of the
                config, or takes what the labeling functions alone give where it has none.
            votes: the votes, if they are at hand.
        """
        votes = self.apply() if votes is None else votes
        if end is None:
            *_, end = self.rounds(votes) if self.config.replay else [self._start(votes)]
        train = build_training_set(
            self.samples,
            end.posterior,
            gold=end.gold,
            votes=votes,
            annotations=end.annotations,
            min_confidence=self.config.export.min_confidence,
        )
        self._make_folder()
        train.to_parquet(self.folder / "training_set.parquet")
        train.to_jsonl(self.folder / "training_set.jsonl")
        train.to_csv(
            self.folder / "training_set.csv",
            for_spreadsheet=self.config.export.for_spreadsheet,
        )
        self._write(train.dropped, "left_out.parquet")
        return train

    def rounds(
        self, votes: Votes, platform: AnnotationPlatform | None = None, count: int | None = None
    ) -> Iterator[Round]:
        """Yield where the loop stands before anybody is asked, and after each round of questions.

        Args:
            votes: the labeling functions' votes on the samples.
            platform: where people label; `None` takes the recorded votes of the config.
            count: rounds; `None` takes those of the config.
        """
        platform = self.recorded() if platform is None else platform
        if count is None:
            count = self.config.replay.rounds if self.config.replay else 1
        now = self._start(votes)
        asked: tuple[Hashable, ...] = ()
        yield now
        for number in range(1, count + 1):
            batch = self._select(now, votes, asked, number)
            if not len(batch):
                logger.info("no sample is left to ask about; the loop ends before round %d", number)
                return
            asked += tuple(batch.sample_ids)
            platform.push(batch, self.samples, now.soft)
            verdict, annotations = self._settled(platform, now.soft)
            now = self._learned(votes, number, batch, verdict, annotations)
            yield now

    def recorded(self) -> Replay:
        """Return the platform that plays the recorded votes of the config."""
        replay = self.config.replay
        if replay is None:
            raise ConfigError(
                "There is nobody to ask: the config has no `replay:` with recorded votes."
                " `labeling export` makes a training set without people."
            )
        votes = self._recorded_table(replay.votes)
        reviewer = None
        if replay.reviewer is not None:
            table = self._recorded_table(replay.reviewer)
            labels = table["label"].where(table["label"].notna(), None)
            reviewer = dict(zip(table["sample"], labels, strict=True))
        return Replay(
            votes,
            self.schema,
            reviewer=reviewer,
            votes_per_sample=self.policy.min_votes,
            rng=self.config.seed,
        )

    def _recorded_table(self, path: str) -> pd.DataFrame:
        """Return recorded votes, with names where a file's labels look like numbers: 1 is "1"."""
        table = read_table(self.config.at(path))
        for column in ("sample", "label"):
            require_column(table, column, f"recorded votes in {path}")
        known = {label: label for label in self.schema}
        labels = [known.get(str(label), label) for label in table["label"].tolist()]
        return table.assign(label=pd.Series(labels, index=table.index, dtype=object))

    def _start(self, votes: Votes) -> Round:
        return self._learned(votes, 0, None, Verdict((), (), ()), ())

    def _learned(
        self,
        votes: Votes,
        number: int,
        batch: Batch | None,
        verdict: Verdict,
        annotations: tuple[Annotation, ...],
    ) -> Round:
        started = time.perf_counter()
        model, soft = self._fitted(votes, verdict.gold)
        end = EndModel(self.config.data.text).fit(
            self.samples, soft, gold=verdict.gold, votes=votes
        )
        posterior = end.predict_proba(self.samples, soft=soft, votes=votes)
        logger.info(
            "round %d: fitted with %d gold labels in %.1f s",
            *(number, len(verdict.gold), time.perf_counter() - started),
        )
        return Round(number, batch, verdict, annotations, model, end, soft, posterior)

    def _fitted(self, votes: Votes, gold: tuple[GoldLabel, ...]) -> tuple[VoteModel, SoftLabels]:
        model = MODELS[self.config.label_model]().fit(votes, gold=gold)
        return model, model.predict_proba(votes)

    def _select(self, now: Round, votes: Votes, asked: tuple[Hashable, ...], number: int) -> Batch:
        return select(
            self.samples,
            votes=votes,
            soft=now.soft,
            end=now.posterior,
            exclude=asked,
            n=self.config.query.n,
            strategy=self.config.query.strategy,
            rng=np.random.default_rng([self.config.seed, number]),
            text=self.config.data.text,
        )

    def _settled(
        self, platform: AnnotationPlatform, soft: SoftLabels
    ) -> tuple[Verdict, tuple[Annotation, ...]]:
        """Ask again and escalate until the platform has no more to say."""
        known = -1
        while True:
            annotations = platform.pull()
            verdict = review(annotations, self.schema, policy=self.policy, soft=soft)
            if len(annotations) == known:
                return verdict, annotations
            known = len(annotations)
            if verdict.pending:
                platform.ask_again(verdict.pending)
            if verdict.escalations:
                platform.escalate(verdict.escalations, self.samples)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"The folder {str(self.folder)!r} cannot be made: {error}") from error

    def _write(self, frame: pd.DataFrame, name: str) -> None:
        self._make_folder()
        with whole_file(self.folder / name) as unfinished:
            frame.to_parquet(unfinished)
