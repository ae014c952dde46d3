"""Dry runs of push, pull, review and run: executed in a transaction that is rolled back."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from labeling.config import Config
from labeling.project.annotation_loop import AnnotationLoop
from labeling.project.data import ProjectData
from labeling.project.label_quality import stop_reasons
from labeling.project.results import DryRun, Pulled, Pushed
from labeling.records import AnnotationPlatform, BatchState, MessageKind, SampleState
from labeling.store import Store


def preview_push(
    people: AnnotationLoop, platform: AnnotationPlatform, samples: pd.DataFrame
) -> Pushed:
    """Return what a push would ask, after checking that the platform could accept it.

    Raises:
        PlatformError: it could not.
    """
    platform.check(samples)
    store = people.store
    number, state = store.batches.last() if store.ready() else (0, BatchState.PUSHED)
    if state == BatchState.PUSHED:
        return Pushed(0, 0)
    platform.outstanding_votes()  # fails, unlike `check`, if a project is missing
    waiting = store.outbox.waiting(MessageKind.ASK)
    sample_ids = store.batches.batch(number).sample_ids
    if state == BatchState.PUSHING:
        sample_ids = pd.Index([message.sample_id for message in waiting], dtype=object)
    asked = int((samples.index.get_indexer(sample_ids) >= 0).sum())
    sent = store.outbox.count_in_batch(number) - len(waiting)
    return Pushed(number, asked, sent, begun=sum(message.begun for message in waiting))


def preview_pull(people: AnnotationLoop, platform: AnnotationPlatform) -> Pulled:
    """Return what a pull would fetch."""
    with _rolled_back(people, platform) as (loop, platform_copy):
        return loop.pull(platform_copy)


def preview_review(
    people: AnnotationLoop, platform: AnnotationPlatform, samples: pd.DataFrame
) -> DryRun:
    """Return what a review would decide."""
    with _rolled_back(people, platform) as (loop, platform_copy):
        return _reviewed(loop, platform_copy, samples)


def preview_run(
    people: AnnotationLoop, platform: AnnotationPlatform, data: ProjectData, config: Config
) -> DryRun:
    """Return what a run would do until it asks people, as far as it can be known in advance."""
    with _rolled_back(people, platform) as (loop, platform_copy):
        pulled = loop.pull(platform_copy)
        preview = dataclasses.replace(_reviewed(loop, platform_copy, data.samples), pulled=pulled)
        number, state = loop.store.batches.last()
        if state == BatchState.PUSHING:
            return dataclasses.replace(preview, pushes=number)
        rounds = number - (state != BatchState.PUSHED)
        is_over = _chooses_nothing(loop, platform, config, rounds)
        return dataclasses.replace(
            preview, chooses=0 if is_over else _to_choose(loop, data, config)
        )


def _chooses_nothing(
    loop: AnnotationLoop, platform: AnnotationPlatform, config: Config, rounds: int
) -> bool:
    """Return whether a run would choose no batch: people are awaited, or it is enough."""
    if not loop.store.batches.waiting() and stop_reasons(config, loop.store):
        return True
    if platform.answers_at_once:
        return config.replay is not None and rounds >= config.replay.rounds
    return loop.count_awaited() > 0


def _to_choose(loop: AnnotationLoop, data: ProjectData, config: Config) -> int:
    annotations = loop.current_annotations(data.samples)
    excluded = loop.asked_or_annotated(annotations) | set(data.dev.index)
    left = len(data.samples) - int(data.samples.index.isin(list(excluded)).sum())
    return min(config.query.n, left)


def _reviewed(loop: AnnotationLoop, platform: AnnotationPlatform, samples: pd.DataFrame) -> DryRun:
    verdict = loop.decide(platform, samples)
    return DryRun(
        verdict,
        ask_again=len(loop.store.outbox.waiting(MessageKind.ASK_AGAIN)),
        escalate=len(loop.store.outbox.waiting(MessageKind.ESCALATE)),
        unanswered=loop.store.batches.counts()[SampleState.ASKED],
        awaited=loop.count_awaited(),
    )


@contextlib.contextmanager
def _rolled_back(
    people: AnnotationLoop, platform: AnnotationPlatform
) -> Iterator[tuple[AnnotationLoop, AnnotationPlatform]]:
    """Yield the loop and a copy of the platform; afterwards store and platform are as before."""
    platform_copy = copy.copy(platform)
    if people.store.ready():
        with people.store.rolled_back():
            yield dataclasses.replace(people, is_dry_run=True), platform_copy
        return
    # There is no store yet: a temporary one is used, so that none is created here.
    with tempfile.TemporaryDirectory(prefix="labeling-") as folder:
        store = Store(Path(folder), people.store.project, kind=people.store.kind)
        with store.locked("try"):
            yield dataclasses.replace(people, store=store, is_dry_run=True), platform_copy
