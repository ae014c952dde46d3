"""What batches, gold labels and verdicts show of themselves."""

from __future__ import annotations

import collections
import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import counted
from labeling.records.label_texts import label_in_words
from labeling.rendering import Cell, Excerpt, Part, Table, View
from labeling.rendering.formatting import percent

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from labeling.records.annotations import Annotation, Batch, Problem
    from labeling.records.platforms import AnnotationPlatform
    from labeling.records.verdicts import AskAgain, Escalation, GoldLabel, Verdict

MOST_ROWS = 10
MOST_STRATA = 20
MOST_COUNTED = 50_000
"""Gold labels that are counted by label: to show a verdict must not take long."""


def batch_view(batch: Batch) -> View:
    """Return the strata of a batch, and why its first samples were chosen."""
    frame = batch.frame
    title = f"Batch: {counted(len(frame), 'sample')}"
    numbers, names = pd.factorize(frame["stratum"].to_numpy(dtype=object))
    propensity = frame["propensity"].to_numpy()
    strata = tuple(
        (Excerpt(str(name)), np.count_nonzero(numbers == code), _odds(propensity[numbers == code]))
        for code, name in enumerate(names[:MOST_STRATA])
    )
    first = frame.iloc[:MOST_ROWS]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Excerpt(str(sample_id)), Excerpt(str(stratum)), _number(score), Excerpt(str(reason)))
        for sample_id, stratum, score, reason in zip(
            first.index, first["stratum"], first["score"], first["reason"], strict=True
        )
    )
    if not rows:
        return View(title)
    headings = ("stratum", "samples", "drawn with probability")
    return View(
        title,
        (
            Table(headings, strata, "Strata.", len(names) - len(strata)),
            Table(
                ("sample", "stratum", "score", "reason"),
                rows,
                "Why samples were chosen; a score of 1 is the most informative.",
                len(frame) - len(rows),
            ),
        ),
    )


def _odds(propensity: npt.NDArray[np.float64]) -> str | None:
    """Return with which probability samples were drawn; `None` where selection was not random."""
    if not len(propensity) or np.isnan(propensity).any():
        return None
    low, high = percent(float(propensity.min())), percent(float(propensity.max()))
    return low if low == high else f"{low} to {high}"


def _number(score: float) -> float | None:
    return None if math.isnan(score) else float(score)


def gold_label_view(gold: GoldLabel) -> View:
    """Return what decided a gold label, and the annotations that it is based on."""
    title = f"Gold label {label_in_words(gold.label)!r} of sample {gold.sample_id!r}"
    parts: list[Part] = [f"Source: {gold.source}; decided by: {gold.decided_by}."]
    if gold.trace:
        parts.append(annotations_table(gold.trace))
    return View(title, tuple(parts))


def escalation_view(escalation: Escalation) -> View:
    """Return why a sample was escalated, and the annotations of it."""
    title = f"Escalation of sample {escalation.sample_id!r}"
    parts: list[Part] = [f"{escalation.explanation}."]
    if escalation.model_label is not None:
        parts.append(
            f"The label model's most probable label: {label_in_words(escalation.model_label)!r}."
        )
    if escalation.annotations:
        parts.append(annotations_table(escalation.annotations))
    return View(title, tuple(parts))


def platform_view(platform: AnnotationPlatform, *sentences: str) -> View:
    """Return a platform's name, what this object has fetched, and what could not be counted.

    Args:
        platform: shown by its `repr`, which holds no secrets.
        sentences: what is to be said before.
    """
    parts: list[Part] = list(sentences)
    try:
        fetched, problems = platform.known_annotations(), platform.problems
    except Exception as error:  # noqa: BLE001  # what cannot be read must still be shown
        parts.append(f"Its state cannot be read: {type(error).__name__}: {error}")
        return View(repr(platform), tuple(parts))
    parts.append(f"{counted(len(fetched), 'annotation')} fetched by this object.")
    if problems:
        parts.append(problems_table(problems))
    return View(repr(platform), tuple(parts))


def problems_table(problems: Sequence[Problem]) -> Table:
    """Return a row for each annotation that could not be counted, and why."""
    rows = tuple(
        (Excerpt(problem.where), Excerpt(problem.what)) for problem in problems[:MOST_ROWS]
    )
    return Table(("not counted", "why"), rows, left_out=len(problems) - len(rows))


def annotations_table(annotations: Sequence[Annotation]) -> Table:
    """Return a row for each annotation."""
    rows = tuple(
        (
            Excerpt(annotation.annotator),
            Excerpt(label_in_words(annotation.label)),
            "reviewer" if annotation.reviewer else "annotator",
            annotation.round,
            f"{annotation.updated_at:%Y-%m-%d %H:%M} UTC",
            Excerpt(annotation.reason),
        )
        for annotation in annotations[:MOST_ROWS]
    )
    headings = ("person", "label", "role", "round", "updated", "comment")
    return Table(headings, rows, left_out=len(annotations) - len(rows))


def verdict_view(verdict: Verdict, settled_in_words: Mapping[str, str]) -> View:
    """Return the counts of a verdict, how samples were settled, and what is open and why.

    Args:
        verdict: the verdict.
        settled_in_words: the ways in which samples are settled, and the words for them.
    """
    counts = (
        ("gold", len(verdict.gold), "settled"),
        ("pending", len(verdict.pending), "need more votes"),
        ("escalated", len(verdict.escalations), "wait for a reviewer"),
        ("unresolved", len(verdict.unresolved), "reviewed without a decisive label"),
    )
    parts: list[Part] = [Table(("state", "samples", "meaning"), counts)]
    if len(verdict.gold) > MOST_COUNTED:
        parts.append(f"Of more than {MOST_COUNTED:,} gold labels the labels are not counted here.")
    elif verdict.gold:
        settled = collections.Counter(gold.settled for gold in verdict.gold)
        ways = [
            f"{settled[way]:,} {words}" for way, words in settled_in_words.items() if settled[way]
        ]
        parts += [f"Settled {', '.join(ways)}."] if ways else []
        parts.append(_label_table(verdict.gold))
    if verdict.escalations:
        parts.append(_escalation_table(verdict.escalations))
    if verdict.pending:
        parts.append(_pending_table(verdict.pending))
    if verdict.unresolved:
        parts.append(_unresolved(verdict.unresolved))
    total = sum(count for _, count, _ in counts)
    return View(f"Verdict on {counted(total, 'sample')}", tuple(parts))


def _label_table(gold: Sequence[GoldLabel]) -> Table:
    counts = collections.Counter(label_in_words(label.label) for label in gold)
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = tuple((Excerpt(label), count) for label, count in ranked[:MOST_ROWS])
    return Table(("gold label", "samples"), rows, left_out=len(ranked) - len(rows))


def _escalation_table(escalations: Sequence[Escalation]) -> Table:
    rows = tuple(
        (Excerpt(str(one.sample_id)), Excerpt(one.reason), one.cause or None)
        for one in escalations[:MOST_ROWS]
    )
    headings = ("escalated sample", "reason", "probable cause")
    return Table(headings, rows, left_out=len(escalations) - len(rows))


def _pending_table(pending: Sequence[AskAgain]) -> Table:
    rows = tuple(
        (Excerpt(str(one.sample_id)), one.votes_needed, Excerpt(", ".join(one.not_annotators)))
        for one in pending[:MOST_ROWS]
    )
    headings = ("pending sample", "votes needed", "not to be asked")
    return Table(headings, rows, left_out=len(pending) - len(rows))


def _unresolved(unresolved: Sequence[Hashable]) -> str:
    named = ", ".join(repr(sample_id) for sample_id in unresolved[:MOST_ROWS])
    more = len(unresolved) - MOST_ROWS
    return f"Unresolved: {named}{f', and {more:,} more' if more > 0 else ''}."
