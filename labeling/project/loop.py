"""The project loop: one short method for each verb of the CLI."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from labeling.project.batch_selection import choose_batch, default_query
from labeling.project.checking import check_project, query_section
from labeling.project.class_balance import label_counts, label_shares, most_probable_counts
from labeling.project.decision_records import freeze
from labeling.project.dry_run import preview_review, preview_run
from labeling.project.evaluation import evaluate_test_split
from labeling.project.exporting import (
    write_soft_labels,
    write_training_set,
)
from labeling.project.gold import (
    FOR_LABEL_MODEL,
    TAUGHT_BY_OPEN_VOTES,
    GoldCounts,
    HumanLabels,
    teaching_gold,
)
from labeling.project.lineage_verbs import LineageVerbs
from labeling.project.results import Chosen, DryRun, Round
from labeling.project.rounds import run_rounds
from labeling.project.splitting import leaks_of
from labeling.project.status import Status, status_of
from labeling.project.summaries import summary_table
from labeling.project.training_sets import project_training_set
from labeling.records import (
    AnnotationPlatform,
    AnySoft,
    AnyVotes,
    Batch,
    SoftLabels,
)

if TYPE_CHECKING:
    from labeling.analysis import ClassProportion, Estimate
    from labeling.datasets import Finding, TrainingSet


class Project(LineageVerbs):
    """A labeling project with memory: it runs the steps of its config one by one.

    Each method may be killed anywhere and called again, and ends in the same state. No annotation
    is lost, and no question is asked twice. One process at a time works on a project; others wait.

    Args:
        config_path: a YAML file; see `labeling.config.Config`.
        platform: where people label; `None` takes the platform of the config.
        on_wait: called with who holds the lock when the project must be waited for; `None` logs a
            warning.
        waits: deprecated name of `on_wait`.

    Raises:
        ConfigError: the config cannot be used.

    Attributes:
        config: the settings of the file.
        schema: the labels.
        store: what is stored between runs.
        folder: where results are written for people and programs to read.
        people: push, pull and review.
        vote_cache: the cached votes.
    """

    def check(self) -> list[str]:
        """Try everything on a few samples, and return the findings, a sentence each."""
        has_platform = self._platform is not None or self.config.asks_people
        return check_project(self, self.platform() if has_platform else None)

    def fit(self, votes: AnyVotes | None = None) -> tuple[Any, AnySoft]:
        """Fit the label model on votes and gold labels; write it and its soft labels.

        Returns:
            Of one label per sample the config's `VoteModel` and `SoftLabels`, of several a
            `SetModel` and `SoftSets`, of spans a `SpanModel` and `SoftSpans`.
        """
        with self._locked("fit"):
            votes = self.votes() if votes is None else votes
            verdict = self.people.verdict(self.people.current_annotations(self.samples))
            model, soft = self.learner(votes).label_model(verdict.gold)
            self._log_fit_warnings()
            write_soft_labels(soft, self.folder)
            model.save(self.folder / "label_model.npz")
        return model, soft

    def summary(self, votes: AnyVotes | None = None) -> pd.DataFrame:
        """Return the table of the labeling functions, with accuracy where gold labels are."""
        return summary_table(self.votes() if votes is None else votes, self.data.dev)

    def query(
        self, votes: AnyVotes | None = None, *, n: int | None = None, strategy: str | None = None
    ) -> Batch:
        """Choose the samples most worth a human's time, and write `batch.parquet` with them.

        A batch that was not pushed yet is replaced; `choose` returns more details.

        Args:
            votes: the votes, if they are at hand.
            n: how many samples; `None` takes `query.n` of the config.
            strategy: how they are chosen; `None` takes `query.strategy` of the config.

        Raises:
            LabelingError: n below 1, or a strategy that does not exist.
        """
        return self.choose(votes, n=n, strategy=strategy).batch

    def choose(
        self, votes: AnyVotes | None = None, *, n: int | None = None, strategy: str | None = None
    ) -> Chosen:
        """Choose a batch as `query` does, and return it with its texts and most probable labels."""
        query = query_section(self.config.query, n, strategy)
        with self._locked("query"):
            votes = self.votes() if votes is None else votes
            return choose_batch(self, self.snapshot(votes), votes, query)

    def preview(self, platform: AnnotationPlatform | None = None, *, pulls: bool = True) -> DryRun:
        """Return what a run would do next, or a review where nothing is pulled; nothing changes."""
        platform = platform or self.platform()
        if not pulls:
            return preview_review(self.people, platform, self.samples)
        config = self.config.model_copy(update={"query": default_query(self)})
        result = preview_run(self.people, platform, self.data, config)
        return dataclasses.replace(result, applies=self.vote_cache.cached() is None)

    def export(self, end: Round | None = None, votes: AnyVotes | None = None) -> TrainingSet:
        """Build the training set; write it as Parquet, JSON lines and CSV.

        Args:
            end: the state of the loop; `None` takes the current one.
            votes: the votes, if they are at hand.
        """
        with self._locked("export") as run:
            votes = self.votes() if votes is None else votes
            end = self.snapshot(votes) if end is None else end
            with self.store.stage("writing the training set"):
                train = project_training_set(self, end, votes)
                write_training_set(self.config, self.store, train)
                policy = self.people.policy_in_force()
                freeze(self.store, end.verdict, policy, train.manifest()["fingerprint"])
            if isinstance(end.posterior, SoftLabels):
                self._compare_with_draws(train, end, end.posterior)
            run.outcome |= {"samples": len(train), "left_out": len(train.dropped)}
        return train

    def _compare_with_draws(self, train: TrainingSet, end: Round, posterior: SoftLabels) -> None:
        """Warn where the class balance of a training set, or of all labels, is odd."""
        counts = label_counts(train.added_column("label"), self.schema)
        self._warn_of_class_balance("the training set", counts, end.verdict)
        counts = most_probable_counts(posterior, teaching_gold(self.data.dev, end.gold))
        self._warn_of_class_balance("all labels as they are now", counts, end.verdict)

    def class_balance(self, train: TrainingSet) -> tuple[ClassProportion, ...]:
        """Return the class balance of a training set, beside that of random draws.

        Random draws are the samples that `query` drew at random and people settled, and the given
        gold labels. Several labels of a sample, and spans, are counted, and not compared.

        Args:
            train: what `export` returned.
        """
        verdict = self.people.verdict(self.people.current_annotations(self.samples))
        draws = self._random_draws(verdict)
        return label_shares(train.added_column("label"), self.schema, draws)

    def find_leaks(self, train: TrainingSet) -> tuple[Finding, ...]:
        """Return what leaks labels or the test split, with what the labeling functions read.

        Args:
            train: what `export` returned.
        """
        return leaks_of(train, self.labeling_functions, self.config.data.text)

    def rounds(
        self,
        votes: AnyVotes | None = None,
        platform: AnnotationPlatform | None = None,
        count: int | None = None,
    ) -> Iterator[Round]:
        """Yield the state of the loop, and again after each further round of annotation.

        It continues an interrupted loop, and ends when annotations are awaited, after `count`
        rounds, or when no sample is left to ask about.

        Args:
            votes: the labeling functions' votes, if they are at hand.
            platform: where people label; `None` takes that of the config.
            count: rounds in all; `None` takes those of the config.
        """
        with self._locked("run"):
            votes = self.votes() if votes is None else votes
            platform = self.platform() if platform is None else platform
            if count is None:
                count = self.config.replay.rounds if self.config.replay else None
            self.take_checks(platform)
            yield from run_rounds(self, votes, platform, count)
            self.ask_checks(platform)

    def evaluate_test_split(self, votes: AnyVotes | None = None) -> tuple[int, dict[str, Estimate]]:
        """Measure accuracy on the locked test split; return how often it was, and the result."""
        with self._locked("look"):
            current = self.snapshot(votes)
            return evaluate_test_split(self.config, self.data, current, self.vote_cache, self.store)

    def status(self) -> Status:
        """Return the state of every sample, and what to do next."""
        return status_of(self.config, self.store, self._platform)

    def gold_counts(self) -> GoldCounts:
        """Return how many gold labels and votes teach the models, measure them, or are locked."""
        dev, people = self.data.dev, HumanLabels()
        if self.store.ready():
            annotations = self.people.current_annotations(self.samples)
            people = HumanLabels.of(self.people.verdict(annotations), annotations)
        n_settled = len(teaching_gold(dev, people.settled)) - len(dev)
        open_votes = people.open_votes if self.config.task in TAUGHT_BY_OPEN_VOTES else ()
        n_votes = sum(vote.sample_id not in dev.index for vote in open_votes)
        words = FOR_LABEL_MODEL[self.config.task]
        return GoldCounts(len(dev), len(self.data.test_gold), n_settled, n_votes, words)

    def standing(self, votes: AnyVotes | None = None, *, verb: str = "learn") -> Round:
        """Deprecated name of `snapshot`."""
        return self.snapshot(votes, verb=verb)

    def foresee(self, platform: AnnotationPlatform | None = None, *, pulls: bool = True) -> DryRun:
        """Deprecated name of `preview`."""
        return self.preview(platform, pulls=pulls)

    def label_shares(self, train: TrainingSet) -> tuple[ClassProportion, ...]:
        """Deprecated name of `class_balance`."""
        return self.class_balance(train)

    def look(self, votes: AnyVotes | None = None) -> tuple[int, dict[str, Estimate]]:
        """Deprecated name of `evaluate_test_split`."""
        return self.evaluate_test_split(votes)
