"""Sentences on rounds, passes, verdicts and dry runs."""

from __future__ import annotations

import collections
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from labeling.errors import counted
from labeling.records import LabelSchema, SoftLabels, SoftSets, SoftSpans

if TYPE_CHECKING:
    from labeling.project import Round
    from labeling.project.results import DryRun
    from labeling.project.status import Status
    from labeling.project.watching import Pass
    from labeling.records import AnySoft, Verdict

MOST_LABELS = 10  # labels that a sentence counts
MOST_LOCATIONS = 20  # files or links that a command lists


@functools.singledispatch
def fit_sentence(soft: AnySoft) -> str:
    """Return a sentence on how many samples a fitted label model says anything of."""
    raise TypeError(f"There are no soft labels of type {type(soft).__name__}.")


@fit_sentence.register
def _(soft: SoftLabels) -> str:
    covered, total = int(soft.covered.sum()), len(soft.sample_ids)
    return f"{covered:,} of {counted(total, 'sample has', 'samples have')} a soft label."


@fit_sentence.register
def _(soft: SoftSpans) -> str:
    chosen = np.bincount(soft.best_labels[soft.chosen], minlength=len(soft.schema))
    covered, total = int(soft.covered.sum()), len(soft.sample_ids)
    return (
        f"{counted(int(chosen.sum()), 'span')} of {counted(len(soft.start), 'candidate')} chosen"
        f" ({_by_label(soft.schema, chosen)}); a labeling function marked something in"
        f" {covered:,} of {counted(total, 'sample')}."
    )


@fit_sentence.register
def _(soft: SoftSets) -> str:
    covered, total = int(soft.covered.any(axis=1).sum()), len(soft.sample_ids)
    return (
        f"{covered:,} of {counted(total, 'sample has', 'samples have')} soft labels"
        f" ({_by_label(soft.schema, soft.chosen.sum(axis=0))} chosen)."
    )


def _by_label(schema: LabelSchema, counts: npt.NDArray[np.int64]) -> str:
    """Return counts by label in words, the most frequent first; of many labels only the first."""
    order = np.argsort(-counts, kind="stable")
    words = [f"{schema.labels[code]} {counts[code]:,}" for code in order[:MOST_LABELS]]
    rest = [f"{len(order) - MOST_LABELS} more labels"] if len(order) > MOST_LABELS else []
    return ", ".join([*words, *rest])


def round_sentence(current: Round) -> str:
    """Return a sentence on the state of the loop after a round."""
    if current.batch is None:
        return "Round 0: labeling functions only."
    verdict = current.verdict
    return (
        f"Round {current.number}: {counted(len(current.batch), 'sample')} sent,"
        f" {counted(current.human_votes, 'human vote')} and {counted(current.reviews, 'review')}"
        f" so far: {counted(len(verdict.gold), 'gold label')},"
        f" {len(verdict.pending)} pending, {len(verdict.escalations)} waiting for a reviewer,"
        f" {len(verdict.unresolved)} unresolved."
    )


def pass_sentence(result: Pass) -> str:
    """Return the result of a pass of a watched loop, in one or more sentences."""
    if result.fault:
        attempts = counted(result.faults, "failed attempt")
        return f"Cannot continue ({attempts} so far); retrying. {result.fault}"
    uncounted = f", {len(result.problems)} cannot be counted" if result.problems else ""
    sentences = [f"{counted(result.news, 'new annotation')}{uncounted}."]
    if result.rounds:
        sentences.append(round_sentence(result.rounds[-1]))
    elif result.verdict is not None:
        sentences.append(f"{verdict_words(result.verdict)}.")
    if result.train is not None:
        sentences.append(f"Training set: {counted(len(result.train), 'sample')}.")
    if result.awaited:
        sentences.append(f"Annotations are awaited on {counted(result.awaited, 'sample')}.")
    if result.is_last:
        sentences.append("The loop is complete.")
    return " ".join(sentences)


def verdict_words(verdict: Verdict) -> str:
    """Return the counts of a verdict in words, without a full stop."""
    return (
        f"{counted(len(verdict.gold), 'sample is', 'samples are')} settled,"
        f" {counted(len(verdict.pending), 'needs', 'need')} more votes,"
        f" {counted(len(verdict.escalations), 'waits', 'wait')} for a reviewer,"
        f" {counted(len(verdict.unresolved), 'is', 'are')} unresolved"
    )


def cause_lines(verdict: Verdict) -> list[str]:
    """Return the probable causes of escalations with their numbers, the most frequent first."""
    causes = collections.Counter(one.cause for one in verdict.escalations if one.cause)
    ordered = sorted(causes.items(), key=lambda cause: (-cause[1], cause[0]))
    named = ", ".join(f"{cause} {count}" for cause, count in ordered)
    of = counted(causes.total(), "escalation")
    return [f"Probable causes of {of}: {named}."] if named else []


def dry_run_lines(preview: DryRun, where: str, folder: str) -> list[str]:
    """Return what a run or a review would do, one sentence a line.

    Args:
        preview: the result of the dry run.
        where: where people label.
        folder: where a run would export to.
    """
    outcome = [f"Result: {verdict_words(preview.verdict)}.", _requests(preview)]
    if preview.pulled is None:
        return [f"People label at {where}.", *outcome]
    news = counted(len(preview.pulled.news), "new annotation")
    stored = counted(preview.pulled.already_stored, "is", "are")
    return [
        *(["The labeling functions would be applied."] if preview.applies else []),
        f"{news} would be fetched from {where}; {stored} already stored.",
        *outcome,
        _next_batch(preview),
        f"The training set would be written to {folder}.",
    ]


def _requests(preview: DryRun) -> str:
    if not preview.ask_again and not preview.escalate:
        return "No further votes would be requested."
    return (
        f"Annotators would be asked for more votes on {counted(preview.ask_again, 'sample')}, and a"
        f" reviewer to decide on {preview.escalate:,}."
    )


def _next_batch(preview: DryRun) -> str:
    if preview.pushes:
        return f"The rest of batch {preview.pushes} would be pushed."
    if preview.chooses:
        return f"A batch of {counted(preview.chooses, 'sample')} would be chosen and pushed."
    if preview.awaited:
        samples = counted(preview.awaited, "sample")
        return f"No batch would be chosen: annotations are awaited on {samples}."
    return "No batch would be chosen: no samples are left."


def location_lines(where: Sequence[str]) -> list[str]:
    """Return where people find the samples, one location a line; of many only the first."""
    lines = [f"  {location}" for location in where[:MOST_LOCATIONS]]
    if len(where) > MOST_LOCATIONS:
        lines.append(f"  and {len(where) - MOST_LOCATIONS} more: --json lists all")
    return ["People find the questions here:", *lines] if lines else []


def agreement_lines(status: Status) -> list[str]:
    """Return how many samples were settled in which way: 2 : 1 is less certain than 2 : 0."""
    from labeling.records import SETTLED_IN_WORDS

    counts = status.agreement
    parts = [
        f"{counts[kind]:,} {words}" for kind, words in SETTLED_IN_WORDS.items() if counts.get(kind)
    ]
    if not parts:
        return []
    return [" ".join(filter(None, (f"Settled: {', '.join(parts)}.", status.settled_by)))]


def warning_lines(status: Status) -> list[str]:
    """Return what the label model that was used last warned of, a sentence a line."""
    return [f"Label model: {sentence}" for sentence in status.warnings]


def quality_lines(status: Status) -> list[str]:
    """Return how good the labels are by random samples, and why to stop, a sentence a line."""
    return [*status.quality, *(f"Enough: {reason}" for reason in status.stop)]
