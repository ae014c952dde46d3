"""What push, pull, review and run would do: found out by doing it, and then taken back."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from labeling.config import Config
from labeling.project.annotation_loop import AnnotationLoop, count_outstanding
from labeling.project.data import ProjectData
from labeling.project.results import DryRun, Pulled, Pushed
from labeling.records import AnnotationPlatform
from labeling.replay import Replay
from labeling.store import Store


def preview_push(
    people: AnnotationLoop, platform: AnnotationPlatform, samples: pd.DataFrame
) -> Pushed:
    """Return what a push would ask, after checking that the platform could take it.

    Raises:
        PlatformError: it could not.
    """
    test = getattr(platform, "check", None)
    if test is not None:
        test(samples)
    store = people.store
    number, state = store.batches.last() if store.ready() else (0, "pushed")
    if state == "pushed":
        return Pushed(0, 0)
    count_outstanding(
        platform
    )  # before people are asked for the first time a check finds no project missing
    waiting = store.outbox.waiting("ask")
    ids = store.batches.batch(number).sample_ids
    if state == "pushing":
        ids = pd.Index([one.sample_id for one in waiting], dtype=object)
    asked = int((samples.index.get_indexer(ids) >= 0).sum())
    sent = store.outbox.of_batch(number) - len(waiting)
    return Pushed(number, asked, sent, begun=sum(one.begun for one in waiting))


def preview_pull(people: AnnotationLoop, platform: AnnotationPlatform) -> Pulled:
    """Return what a pull would bring."""
    with _trying(people, platform) as trial:
        return trial.pull(platform)


def preview_review(
    people: AnnotationLoop, platform: AnnotationPlatform, samples: pd.DataFrame
) -> DryRun:
    """Return what a review would come to."""
    with _trying(people, platform) as trial:
        return _decided(trial, platform, samples)


def preview_run(
    people: AnnotationLoop, platform: AnnotationPlatform, data: ProjectData, config: Config
) -> DryRun:
    """Return what a run would do until it asks people, as far as it can be known before."""
    with _trying(people, platform) as trial:
        pulled = trial.pull(platform)
        found = dataclasses.replace(_decided(trial, platform, data.samples), pulled=pulled)
        number, state = trial.store.batches.last()
        if state == "pushing":
            return dataclasses.replace(found, pushes=number)
        rounds = number - (state != "pushed")
        chooses = 0 if _ends(trial, platform, config, rounds) else _to_choose(trial, data, config)
        return dataclasses.replace(found, chooses=chooses)


def _ends(trial: AnnotationLoop, platform: AnnotationPlatform, config: Config, rounds: int) -> bool:
    """Return whether a run would choose nothing: recorded votes are played for a number of rounds."""
    if isinstance(platform, Replay):
        return config.replay is not None and rounds >= config.replay.rounds
    return trial.awaited() > 0


def _to_choose(trial: AnnotationLoop, data: ProjectData, config: Config) -> int:
    known = trial.met(trial.said(data.samples)) | set(data.dev.index)
    left = len(data.samples) - int(data.samples.index.isin(list(known)).sum())
    return min(config.query.n, left)


def _decided(trial: AnnotationLoop, platform: AnnotationPlatform, samples: pd.DataFrame) -> DryRun:
    verdict = trial.decide(platform, samples)
    return DryRun(
        verdict,
        ask_again=len(trial.store.outbox.waiting("ask again")),
        escalate=len(trial.store.outbox.waiting("escalate")),
        unanswered=trial.store.batches.counts()["asked"],
        awaited=trial.awaited(),
    )


@contextlib.contextmanager
def _trying(people: AnnotationLoop, platform: AnnotationPlatform) -> Iterator[AnnotationLoop]:
    """Give push, pull and review over a store that is afterwards as it was before."""
    try:
        if people.store.ready():
            with people.store.rolled_back():
                yield dataclasses.replace(people, is_trial=True)
            return
        # Nothing is remembered: it is tried in an empty store elsewhere, so that none is made here.
        with tempfile.TemporaryDirectory(prefix="labeling-") as folder:
            store = Store(Path(folder), people.store.project)
            with store.locked("try"):
                yield dataclasses.replace(people, store=store, is_trial=True)
    finally:
        getattr(platform, "unread", lambda: None)()  # what was tried comes again
