"""The loop: one short method a verb; the only place where the rooms are wired together."""

from __future__ import annotations

import dataclasses
import functools
import json
import logging
import os
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pandas as pd

import labeling
from labeling.annotation_files import read_annotations
from labeling.config import Config, QuerySection, load_config
from labeling.errors import ConfigError
from labeling.project.annotation_loop import AnnotationLoop
from labeling.project.batch_table import batch_table
from labeling.project.checking import check_names, check_platform, checked, query_section
from labeling.project.class_balance import counts_of, label_counts, random_draws, share_sentences
from labeling.project.data import DataFiles, ProjectData
from labeling.project.dry_run import (
    preview_pull,
    preview_push,
    preview_review,
    preview_run,
)
from labeling.project.evaluation import looked_at, remember_standing
from labeling.project.exporting import training_set_of, write_training_set
from labeling.project.gold import GoldCounts, teaching_gold
from labeling.project.imported_gold import remember_gold
from labeling.project.importing import Imported, found_on_server, imported, known_to
from labeling.project.lf_loading import LabelingFunctionLoader
from labeling.project.links import work_links
from labeling.project.manual_decisions import decision_on
from labeling.project.models import Learner
from labeling.project.output_folder import with_samples, write_frame
from labeling.project.platforms import (
    annotators_of,
    label_studio_of,
    platform_of,
    remember_owner,
    required_label_studio,
)
from labeling.project.policies import policy_of, review_sentences
from labeling.project.results import Chosen, DryRun, Pulled, Pushed, Reviewed
from labeling.project.snapshots import Round
from labeling.project.status import Status, status_of, store_of
from labeling.project.vote_cache import Progress, VoteCache
from labeling.records import (
    Annotation,
    AnnotationPlatform,
    Batch,
    LabelingFunction,
    LabelSchema,
    SoftLabels,
    Verdict,
    Votes,
)
from labeling.store import Run

if TYPE_CHECKING:
    from labeling.analysis import Estimate, LabelShare
    from labeling.datasets import TrainingSet
    from labeling.label_models import VoteModel
    from labeling.label_studio import LabelStudio
    from labeling.label_studio.project_setup import ProjectSetup

logger = logging.getLogger(__name__)

ASKED_FOR = "query"  # key of how the last batch was asked for: its size and strategy


class Project:
    """A labeling project with memory: what its config says, done step by step.

    Each method may be killed anywhere and called again, and ends in the same state. What people said
    is never lost or asked twice. One process at a time works on a project; another waits.

    Args:
        config_path: a YAML file; see `labeling.config.Config`.
        waits: told who holds the project when it must be waited for; `None` logs a warning.

    Raises:
        ConfigError: the config cannot be used.

    Attributes:
        config: what the file says.
        schema: the labels.
        store: what is remembered.
        folder: where results are written for people and programs to read.
        people: push, pull and review.
    """

    def __init__(
        self,
        config_path: str | os.PathLike[str],
        *,
        waits: Callable[[str], object] | None = None,
    ) -> None:
        self.config: Config = load_config(config_path)
        check_names(self.config)
        self.schema = LabelSchema(self.config.labels, self.config.label_descriptions)
        try:
            policy = policy_of(self.config)
        except ConfigError as error:
            raise ConfigError(f"{config_path}: {error}") from None
        self.folder = self.config.at(self.config.export.folder)
        self.store = store_of(self.config, waits)
        self.store.update()
        annotators = functools.cache(functools.partial(annotators_of, self.config, self.schema))
        self.people = AnnotationLoop(
            *(self.store, self.schema, policy, self.config.data.text),
            annotators=annotators,
            raw_texts=lambda: self.data.raw_texts,
        )
        self._rules = LabelingFunctionLoader(self.config)
        self._data = DataFiles(self.config, self.schema, self.store)
        self._voting = VoteCache(
            *(self.config, self.schema, self.store), self._data.read, self._rules
        )

    def __repr__(self) -> str:
        return f"Project({self.config.name!r}, labels {', '.join(map(repr, self.schema))})"

    @property
    def data(self) -> ProjectData:
        """The samples, the gold labels that were given, and the locked test split."""
        return self._data.read()

    @property
    def samples(self) -> pd.DataFrame:
        """The samples to label, index = ids; those of the locked test split are not among them."""
        return self.data.samples

    @property
    def labeling_functions(self) -> list[LabelingFunction]:
        """The labeling functions of all files that the config names, in order."""
        return self._rules.load()

    def check(self) -> list[str]:
        """Try everything on a few samples, and return what was found, a sentence each."""
        found = checked(self.config, self.schema, self.data, self.labeling_functions)
        if self.config.asks_people:
            found += review_sentences(self.config, self.schema, self.store)
            found += check_platform(self.platform(), self.samples)
        return found

    def apply(self, progress: Progress | None = None) -> Votes:
        """Apply the labeling functions, and write `votes.parquet`: a column each, label names."""
        for notice in self.data.notices:
            logger.warning("%s", notice)
        with self._held("apply") as run:
            return self._voting.cast(run, progress)

    def votes(self, progress: Progress | None = None) -> Votes:
        """Return the votes: remembered ones, or cast anew where samples or rules have changed."""
        found = self._voting.remembered()
        return self.apply(progress) if found is None else found

    def fit(self, votes: Votes | None = None) -> tuple[VoteModel, SoftLabels]:
        """Fit the label model on votes and what people decided; write it and its soft labels."""
        with self._held("fit"):
            votes = self.votes() if votes is None else votes
            verdict = self.people.verdict(self.people.said(self.samples))
            model, soft = self.learner(votes).label_model(verdict.gold)
            covered_ids = soft.sample_ids[soft.covered]
            self._warn_of_shares(
                "the label model's labels", counts_of(soft), verdict, among=covered_ids
            )
            covered = "covered" if "covered" not in self.schema.labels else "covered_by_votes"
            frame = soft.to_frame().assign(**{covered: soft.covered})
            write_frame(frame, self.folder, "soft_labels.parquet")
            model.save(self.folder / "label_model.npz")
        return model, soft

    def summary(self, votes: Votes | None = None) -> pd.DataFrame:
        """Return the table of the labeling functions, with accuracy where gold labels are."""
        from labeling.analysis import lf_summary

        votes = self.votes() if votes is None else votes
        return lf_summary(votes, self.data.dev if len(self.data.dev) else None)

    def query(
        self, votes: Votes | None = None, *, n: int | None = None, strategy: str | None = None
    ) -> Batch:
        """Choose the samples most worth a human's time, and write `batch.parquet` with them.

        A batch that was not pushed yet is chosen again; `choose` tells more.

        Args:
            votes: the votes, if they are at hand.
            n: how many samples; `None` takes `query.n` of the config.
            strategy: how they are chosen; `None` takes `query.strategy` of the config.

        Raises:
            LabelingError: n below 1, or a strategy that does not exist.
        """
        return self.choose(votes, n=n, strategy=strategy).batch

    def choose(
        self, votes: Votes | None = None, *, n: int | None = None, strategy: str | None = None
    ) -> Chosen:
        """Choose a batch as `query` does, and return it with its texts and most probable labels."""
        how = query_section(self.config.query, n, strategy)
        with self._held("query"):
            votes = self.votes() if votes is None else votes
            here = self.standing(votes)
            waited = self.store.batches.waiting()
            batch = self._choose(here, votes, how)
            number, state = self.store.batches.last()
            replaced = None if waited == (len(batch), how.strategy) else waited
            return Chosen(
                batch,
                table=batch_table(batch, self.samples[self.config.data.text], here.posterior),
                number=number,
                replaced=replaced,
                is_half_pushed=state == "pushing",
            )

    def push(self, platform: AnnotationPlatform | None = None, *, dry_run: bool = False) -> Pushed:
        """Ask people about the batch that waits; one that was pushed is not asked twice.

        Args:
            platform: where people label; `None` takes that of the config.
            dry_run: whether only to say what would be asked, after checking the platform.
        """
        if dry_run:
            return preview_push(self.people, platform or self.platform(), self.samples)
        with self._held("push"):
            platform = platform or self.platform()
            pushed = self.people.push(
                platform, lambda: self.samples, soft=lambda: self.standing().soft
            )
        where = self._asked_at(platform, ["annotators"]) if pushed.batch else ()
        return dataclasses.replace(pushed, where=where)

    def pull(self, platform: AnnotationPlatform | None = None, *, dry_run: bool = False) -> Pulled:
        """Fetch what people said since; with `dry_run` nothing of it is kept."""
        if dry_run:
            return preview_pull(self.people, platform or self.platform())
        with self._held("pull") as run:
            pulled = self.people.pull(platform or self.platform())
            run.outcome |= {"new": len(pulled.news), "problems": len(pulled.problems)}
        return pulled

    def add_annotations(self, annotations: Collection[Annotation]) -> int:
        """Append annotations from anywhere to the ledger, and return how many were new.

        Raises:
            UnknownLabelError: a label that the schema does not have; then nothing is appended.
            DataError: a sample that the project does not have, or an annotator without a name.
        """
        with self._held("add annotations"):
            return len(self.people.add(list(annotations), self.samples))

    def decide(self, sample_id: Hashable, label: str, *, by: str, reason: str) -> Annotation:
        """Append a reviewer's decision on a sample, whatever its state, and return it.

        It is a way on where nobody else can be asked, or where reviewers contradict each other: of
        several reviewers' labels the one that more than half of them gave counts.

        Args:
            sample_id: the sample.
            label: the label that it shall have.
            by: who decides; not somebody who voted on the sample.
            reason: why; it is kept as the `reason` of the annotation.

        Raises:
            UnknownLabelError: a label that the schema does not have.
            DataError: no such sample, or nobody who may decide on it.
        """
        with self._held("decide"):
            found = decision_on(self.people, self.samples, sample_id, label, by=by, reason=reason)
            self.people.add_decision(found, self.samples)
        return found

    def import_annotations(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        by: str | None = None,
        by_text: bool = False,
        format: str | None = None,
        project: str | int | None = None,
        control: str | None = None,
        annotator: str | None = None,
        authors: Mapping[str, str] | None = None,
        dry_run: bool = False,
    ) -> Imported:
        """Take annotations that were made elsewhere: votes of their authors, and gold labels.

        Those marked as ground truth become gold labels. Doing it twice brings nothing new.

        Args:
            path: a file of Label Studio (JSON), doccano (JSONL) or Prodigy (JSONL); `None` reads a
                project on the Label Studio server of the config.
            by: the field that holds the sample's id; `None` takes one that is called as the samples'
                id column.
            by_text: whether samples are found by their exact text instead.
            format: `"label-studio"`, `"doccano"` or `"prodigy"`; `None` tells it by the file.
            project: the title or id of the server's project; `None` is the annotators' one.
            control: whose labels are meant, where several controls offer labels of the schema.
            annotator: who made those whose source does not say.
            authors: who is meant by a name of the source, such as `{"user 3": "ann@example.com"}`.
            dry_run: whether only to tell what would be taken.

        Raises:
            DataError: the file cannot be read, or it cannot be told which field or control is meant.
            PlatformError: there is no such project on the server.
        """
        found = read_annotations(path, format) if path else found_on_server(self, project)
        asked: dict[str, Any] = {"by": by, "by_text": by_text, "control": control}
        asked |= {"annotator": annotator, "authors": authors}
        if dry_run:
            return imported(found, known_to(self), **asked)
        with self._held("import"):
            result = imported(found, known_to(self), **asked)
            with self.store.database.writing():
                self.people.add(result.votes, self.samples)
                remember_gold(self.store, result.gold)
        return result

    def review(
        self, platform: AnnotationPlatform | None = None, *, dry_run: bool = False
    ) -> Verdict:
        """Decide on what was said: settle, ask again, or escalate to a reviewer.

        With `dry_run` nothing is asked or kept; `foresee` tells more.
        """
        if dry_run:
            return self.foresee(platform, pulls=False).verdict
        return self.settle(platform).verdict

    def settle(self, platform: AnnotationPlatform | None = None) -> Reviewed:
        """Decide as `review` does, and return as well where people find what they are asked now."""
        with self._held("review"):
            platform = platform or self.platform()
            verdict = self.people.review(platform, lambda: self.samples)
        asked = {"annotators": verdict.pending, "reviewers": verdict.escalations}
        people = [who for who, questions in asked.items() if questions]
        return Reviewed(verdict, self._asked_at(platform, people))

    def _asked_at(self, platform: AnnotationPlatform, people: Collection[str]) -> tuple[str, ...]:
        """Return where people find what they were asked last: files, or their project's address."""
        written = getattr(platform, "written", None)
        if written is not None:
            return tuple(written)
        links = work_links(self.config, self.store)
        return tuple(links[who] for who in people if who in links)

    def foresee(self, platform: AnnotationPlatform | None = None, *, pulls: bool = True) -> DryRun:
        """Return what a run would do next, or a review where nothing is pulled; nothing is changed."""
        platform = platform or self.platform()
        if not pulls:
            return preview_review(self.people, platform, self.samples)
        config = self.config.model_copy(update={"query": self._query_section()})
        found = preview_run(self.people, platform, self.data, config)
        return dataclasses.replace(found, applies=self._voting.remembered() is None)

    def init_platform(
        self, *, adopt: bool = False, dry_run: bool = False
    ) -> tuple[ProjectSetup, ProjectSetup]:
        """Make the projects of annotators and reviewers in Label Studio, or bring them up to date.

        Args:
            adopt: whether projects may be used that were not made for this project.
            dry_run: whether only to say what would be done.

        Returns:
            Of the annotators' and the reviewers' project what was done, setting by setting.

        Raises:
            ConfigError: the config has no Label Studio.
            PlatformError: a project that is there cannot be used, or is not ours.
        """
        if dry_run:
            return self.label_studio().init(adopt=adopt, dry_run=True)
        with self._held("studio init"):
            remember_owner(self.store)
            platform = self.label_studio()
            done = platform.init(adopt=adopt)
            self.people.keep_memory(platform)
        return done

    def label_studio(self) -> LabelStudio:
        """Return the Label Studio of the config.

        Raises:
            ConfigError: it has none.
        """
        section = required_label_studio(self.config)
        return label_studio_of(self.config, section, self.schema, self.store, self._reasons)

    def export(self, end: Round | None = None, votes: Votes | None = None) -> TrainingSet:
        """Build the training set of all that is known; write Parquet, JSON lines and CSV.

        Args:
            end: where the loop stands; `None` takes what is remembered.
            votes: the votes, if they are at hand.
        """
        with self._held("export") as run:
            votes = self.votes() if votes is None else votes
            end = self.standing(votes) if end is None else end
            with self.store.stage("writing the training set"):
                train = training_set_of(self.config, self.data, end, votes)
                write_training_set(self.config, self.store, train)
            counts = label_counts(train.own("label"), self.schema)
            self._warn_of_shares("the training set", counts, end.verdict)
            counts = counts_of(end.posterior, teaching_gold(self.data.dev, end.gold))
            self._warn_of_shares("all labels as they are now", counts, end.verdict)
            run.outcome |= {"samples": len(train), "left_out": len(train.dropped)}
        return train

    def _warn_of_shares(
        self,
        what: str,
        counts: Mapping[str, int],
        verdict: Verdict,
        among: pd.Index | None = None,
    ) -> None:
        """Warn where labels are more or less common than in a random draw, perhaps among some."""
        draws = self._random_draws(verdict)
        if among is not None:
            draws = {name: drawn[drawn.index.isin(among)] for name, drawn in draws.items()}
        declared = self.config.class_balance is not None
        for sentence in share_sentences(what, counts, draws, is_declared=declared):
            logger.warning("%s", sentence)

    def _random_draws(self, verdict: Verdict) -> dict[str, pd.Series]:
        return random_draws(self.data.dev, verdict.gold, self.store.batches.frame())

    def label_shares(self, train: TrainingSet) -> tuple[LabelShare, ...]:
        """Return how common each label is in a training set, beside what random draws say of it.

        Random draws are the samples that `query` drew at random, where people settled them, and the
        gold labels that were given (which may be none).

        Args:
            train: what `export` returned.
        """
        from labeling.analysis import compared_shares

        verdict = self.people.verdict(self.people.said(self.samples))
        return compared_shares(
            label_counts(train.own("label"), self.schema), self._random_draws(verdict)
        )

    def standing(self, votes: Votes | None = None, *, verb: str = "learn") -> Round:
        """Return where the loop stands with all that people said so far.

        Args:
            votes: the votes, if they are at hand.
            verb: what the run log calls it.
        """
        with self._held(verb):
            votes = self.votes() if votes is None else votes
            said = self.people.said(self.samples)
            verdict = self.people.verdict(said)
            number = self._number() - 1
            batch = self.store.batches.batch(number) if number else None
            posteriors = self.learner(votes).posteriors(verdict.gold)
            end = Round(number, batch, verdict, said, *posteriors)
            remember_standing(self.store, self.data, end)
        return end

    def rounds(
        self,
        votes: Votes | None = None,
        platform: AnnotationPlatform | None = None,
        count: int | None = None,
    ) -> Iterator[Round]:
        """Yield where the loop stands, and again after each further round of questions.

        It goes on where it was left, and ends when people have not answered yet, when there were
        `count` rounds, or when no sample is left to ask about.

        Args:
            votes: the labeling functions' votes, if they are at hand.
            platform: where people label; `None` takes that of the config.
            count: rounds in all; `None` takes those of the config.
        """
        from labeling.replay import Replay

        with self._held("run"):
            votes = self.votes() if votes is None else votes
            platform = self.platform() if platform is None else platform
            if count is None:
                count = self.config.replay.rounds if self.config.replay else None
            self.people.settle_all(platform, lambda: self.samples)
            here = self.standing(votes)
            yield here
            while count is None or here.number < count:
                if self.people.awaited() and not isinstance(platform, Replay):
                    return  # who was asked may still answer; recorded votes have said all
                if not len(self._choose(here, votes)):
                    logger.info("no sample is left to ask about: the loop ends")
                    return
                self.people.push(platform, lambda: self.samples, here.believed)
                self.people.settle_all(platform, lambda: self.samples)
                here = self.standing(votes)
                yield here

    def look(self, votes: Votes | None = None) -> tuple[int, dict[str, Estimate]]:
        """Measure on the locked test split; return how many looks there were, and what is seen."""
        with self._held("look"):
            here = self.standing(votes)
            return looked_at(self.config, self.data, here, self._voting, self.store)

    def status(self) -> Status:
        """Return where every sample stands, and what to do next."""
        return status_of(self.config, self.store)

    def to_push(self) -> int:
        """Return how many samples are in a batch that is not pushed; 0 where none waits."""
        if not self.store.ready():
            return 0
        number, state = self.store.batches.last()
        return 0 if state == "pushed" else len(self.store.batches.batch(number))

    def platform(self) -> AnnotationPlatform:
        """Return where people label, as the config says.

        Raises:
            ConfigError: it names nobody to ask.
        """
        return platform_of(self.config, self.schema, self.store, self._reasons)

    def _reasons(self, sample_ids: Collection[Hashable]) -> dict[Hashable, tuple[str, ...]]:
        """Return why the labeling functions vote as they do on some samples."""
        from labeling.analysis import vote_reasons

        return vote_reasons(self.votes(), self.labeling_functions, sample_ids)

    def _held(self, verb: str) -> AbstractContextManager[Run]:
        return self.store.held(
            verb,
            config_hash=self.config.digest,
            code_version=labeling.__version__,
            seed=self.config.seed,
        )

    def learner(self, votes: Votes) -> Learner:
        """Return what fits the models of the config on votes, and remembers their soft labels."""
        fingerprint = self._voting.fingerprint(votes)
        return Learner(self.config, self.data, votes, fingerprint, self.store)

    def gold_counts(self) -> GoldCounts:
        """Return how many gold labels teach the models, measure them, and are locked."""
        dev, people = self.data.dev, 0
        if self.store.ready():
            settled = self.people.verdict(self.people.said(self.samples)).gold
            people = len(teaching_gold(dev, settled)) - len(dev)
        return GoldCounts(len(dev), len(self.data.test_gold), people)

    def _number(self) -> int:
        """Return the number of the batch that is chosen next, or was and is not pushed yet."""
        number, state = self.store.batches.last()
        return number + (state == "pushed")

    def _query_section(self) -> QuerySection:
        """Return how the next batch is chosen where nobody says it: as the waiting one was."""
        text = self.store.history.get(ASKED_FOR) if self.store.ready() else None
        asked = json.loads(text or "{}")
        if not asked or asked["batch"] != self._number() or not self.store.batches.waiting():
            return self.config.query
        return QuerySection(n=asked["n"], strategy=asked["strategy"])

    def _choose(self, here: Round, votes: Votes, how: QuerySection | None = None) -> Batch:
        self.people.take_back()
        number, state = self.store.batches.last()
        if state == "pushing":  # people may have some of it already
            return self.store.batches.batch(number)
        number = self._number()
        how = how or self._query_section()
        known = self.people.met(here.annotations) | set(self.data.dev.index)
        exclude = self.samples.index[self.samples.index.isin(list(known))]
        learner = self.learner(votes)
        with self.store.stage("choosing samples"):
            batch = learner.choose(here, list(exclude), number, how)
        write_frame(with_samples(batch, self.samples), self.folder, "batch.parquet")
        learner.remember(batch, here, number, how)
        self.store.history.put(ASKED_FOR, json.dumps({"batch": number, **how.model_dump()}))
        return batch
