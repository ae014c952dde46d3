"""Cached votes of a project: of all labeling functions together, and behind that of each one."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

import labeling
from labeling.config import Config
from labeling.project.data import ProjectData
from labeling.project.exporting import write_frame
from labeling.project.kinds import covered_samples, vote_content, vote_table
from labeling.project.lf_loading import LabelingFunctionLoader
from labeling.project.parquet import read_votes, write_votes
from labeling.project.results import VotesSummary
from labeling.records import AnyVotes, LabelingFunction, LabelKind, LabelSchema
from labeling.store import Run, Store, now

if TYPE_CHECKING:
    from labeling.engine import CacheReport
    from labeling.engine.engine_report import HowRun

logger = logging.getLogger(__name__)

Progress = Callable[[int], object]


BY_FUNCTION = "votes_by_function"
"""The folder, within that of the store, with the votes of each labeling function."""


class VoteCache:
    """Applies a project's labeling functions, and caches their votes in the store.

    The table of all votes is valid while data, labeling functions and their imports are the same.
    If they are not, only the functions that changed are run, and the others on new samples.

    Args:
        config: the project's config.
        schema: its labels.
        store: caches the votes.
        data: returns the samples.
        lf_loader: loads the labeling functions.

    Attributes:
        how_run: how the last `compute` ran each labeling function; empty before.
        report: what it took from the cache, and why not more; `None` before.
    """

    how_run: tuple[HowRun, ...] = ()
    report: CacheReport | None = None

    def __init__(
        self,
        config: Config,
        schema: LabelSchema,
        store: Store,
        data: Callable[[], ProjectData],
        lf_loader: LabelingFunctionLoader,
    ) -> None:
        self.config = config
        self.schema = schema
        self.store = store
        self.data = data
        self.lf_loader = lf_loader

    def inputs_digest(self) -> str:
        """Return a fingerprint of all files and settings that votes depend on."""
        self.lf_loader.load()
        inputs = [
            self.data().digest,
            self.lf_loader.digest,
            _digest_of_ids(self.data().samples.index),
            self.config.data.model_dump(mode="json"),
            list(self.schema.labels),
            labeling.__version__,
        ]
        if self.schema.kind != LabelKind.ONE:
            inputs.append(self.schema.kind.value)
        if self.schema.has_number_names:
            inputs.append("numbers are names")  # recomputes votes from before numbers were names
        return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()

    def cached(self) -> AnyVotes | None:
        """Return the cached votes; `None` if there are none, or what they depend on has changed."""
        if not self.store.ready():
            return None
        path = self.store.artifacts.find("votes", self.inputs_digest())
        return None if path is None else read_votes(path, self.schema)

    def compute(self, run: Run, progress: Progress | None = None) -> AnyVotes:
        """Apply the labeling functions, cache the votes, and write `votes.parquet`."""
        # The cache entry is named by what was read, even if files change in the meantime.
        data, lfs, inputs = self.data(), self.lf_loader.load(), self.inputs_digest()
        self.store.facts.lock_samples(data.test.index)
        votes = self._apply(lfs, data.samples, progress)
        summary = VotesSummary(
            samples=len(data.samples),
            voters=len(votes.voters),
            covered=covered_samples(votes),
            locked=len(data.test),
            dev=len(data.dev),
            left_out=len(data.left_out),
        )
        with self.store.stage("writing the votes"):
            # The cache entry is written last: it marks the step as done.
            folder = self.config.at(self.config.export.folder)
            write_frame(vote_table(votes), folder, "votes.parquet")
            self.store.artifacts.save(
                "votes",
                functools.partial(write_votes, votes),
                inputs=inputs,
                about=dataclasses.asdict(summary),
                made_at=now(),
            )
        run.outcome["votes"] = summary.of_run()
        return votes

    def _apply(
        self, lfs: list[LabelingFunction], samples: pd.DataFrame, progress: Progress | None
    ) -> AnyVotes:
        from labeling.engine import VoteStore, apply_to_frame

        votes_by_function = VoteStore(self.store.folder / BY_FUNCTION)
        with self.store.stage("applying labeling functions", len(samples)) as advance:

            def report(rows: int) -> None:
                advance(rows)
                if progress is not None:
                    progress(rows)

            def keep(runs: tuple[HowRun, ...]) -> None:
                self.how_run = runs

            votes = apply_to_frame(
                lfs,
                samples,
                self.schema,
                workers=self.config.workers,
                timeout=self.config.timeout,
                progress=report,
                report=keep,
                cache=votes_by_function,
                text=self.config.data.text,
            )
        self.report = votes_by_function.report
        return votes

    def votes_digest(self, votes: AnyVotes) -> str:
        """Return a fingerprint of samples and votes."""
        return digest_of_votes(self.data(), votes)


def digest_of_votes(data: ProjectData, votes: AnyVotes) -> str:
    """Return a fingerprint of samples and votes."""
    names: list[object] = [labeling.__version__, list(votes.voters), list(votes.schema.labels)]
    digest = hashlib.sha256(json.dumps([data.digest, *names]).encode())
    digest.update(_digest_of_ids(votes.sample_ids).encode())
    for part in vote_content(votes):
        digest.update(part)
    return digest.hexdigest()


def _digest_of_ids(ids: pd.Index) -> str:
    hashed = pd.util.hash_pandas_object(pd.Series(ids), index=False)
    return hashlib.sha256(hashed.to_numpy().tobytes()).hexdigest()
