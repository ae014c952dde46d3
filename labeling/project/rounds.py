"""Rounds of the loop: select, push, pull, review and fit again."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from labeling.project.base import BaseProject
from labeling.project.batch_selection import next_batch_number, select_batch
from labeling.project.evaluation import log_quality
from labeling.project.gold import HumanLabels
from labeling.project.label_quality import stop_reasons
from labeling.project.results import Round
from labeling.records import AnnotationPlatform, AnySoft, AnyVotes

logger = logging.getLogger(__name__)


def current_round(project: BaseProject, votes: AnyVotes) -> Round:
    """Return the state of the loop with all annotations so far, and log its quality."""
    annotations = project.people.current_annotations(project.samples)
    verdict = project.people.verdict(annotations)
    number = next_batch_number(project.store) - 1
    posteriors = project.learner(votes).posteriors(HumanLabels.of(verdict, annotations))
    current = Round(
        number=number,
        batch=project.store.batches.batch(number) if number else None,
        verdict=verdict,
        annotations=annotations,
        soft=posteriors.soft,
        posterior=posteriors.posterior,
        models=posteriors.models,
        measured=posteriors.measured,
    )
    log_quality(project.store, project.data, current)
    return current


def run_rounds(
    project: BaseProject, votes: AnyVotes, platform: AnnotationPlatform, count: int | None
) -> Iterator[Round]:
    """Yield the state of the loop, and again after each further round; see `Project.rounds`."""
    config = project.config
    project.people.settle_all(platform, project.load_samples)
    current = current_round(project, votes)
    yield current
    while count is None or current.number < count:
        if project.people.count_awaited() and not platform.answers_at_once:
            return
        reasons = () if project.store.batches.waiting() else stop_reasons(config, project.store)
        if reasons:
            logger.warning("No further batch is chosen. %s", " ".join(reasons))
            return
        if not len(select_batch(project, current, votes)):
            logger.info("no sample is left to ask about: the loop ends")
            return
        _annotate(project, platform, current.soft)
        current = current_round(project, votes)
        yield current


def _annotate(project: BaseProject, platform: AnnotationPlatform, soft: AnySoft) -> None:
    """Push the waiting batch; pull and review until no annotation is left to fetch."""
    project.people.push(platform, project.load_samples, lambda: soft)
    project.people.settle_all(platform, project.load_samples)
