"""What span votes show of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labeling.errors import counted
from labeling.records.schema import ABSTAIN
from labeling.rendering import Excerpt, Table, View
from labeling.rendering.formatting import percent, whole

if TYPE_CHECKING:
    from labeling.records.soft_spans import SoftSpans
    from labeling.records.span_votes import SpanVotes

MOST_VOTERS = 50


def span_votes_view(votes: SpanVotes) -> View:
    """Return how many samples are covered, and a row for each voter."""
    n = len(votes)
    covered = int(votes.covered.sum())
    sentence = (
        f"{whole(covered)} of {counted(n, 'sample')} covered ({percent(covered / max(n, 1))})."
        f" {counted(votes.n_spans, 'span')} marked."
    )
    rows = tuple(
        (Excerpt(name), int(spans), int(samples), "yes" if speaks else "no")
        for name, spans, samples, speaks in zip(
            votes.voters[:MOST_VOTERS], *_counts(votes), votes.speaks, strict=False
        )
    )
    headings = ("voter", "spans", "samples with spans", "silence counts")
    table = Table(headings, rows, left_out=len(votes.voters) - len(rows))
    title = f"Span votes: {counted(n, 'sample')} x {counted(len(votes.voters), 'voter')}"
    return View(title, (sentence, f"Labels: {', '.join(votes.schema.labels)}.", table))


def soft_spans_view(soft: SoftSpans) -> View:
    """Return how many candidates were chosen, by label."""
    n, covered = len(soft.sample_ids), int(soft.covered.sum())
    sentence = (
        f"{whole(covered)} of {counted(n, 'sample')} covered. {whole(int(soft.chosen.sum()))} of"
        f" {counted(len(soft.start), 'candidate')} chosen as spans."
    )
    labels = soft.best_labels[soft.chosen]
    rows = tuple(
        (Excerpt(label), int((labels == code).sum()))
        for code, label in enumerate(soft.schema.labels[:MOST_VOTERS])
    )
    table = Table(("label", "spans"), rows, left_out=len(soft.schema) - len(rows))
    return View(f"Soft spans: {counted(n, 'sample')}", (sentence, table))


def _counts(votes: SpanVotes) -> tuple[list[int], list[int]]:
    """Return the number of spans of each voter, and of samples in which they marked any."""
    typed = votes.marks.take(np.flatnonzero(votes.marks.label != ABSTAIN))
    spans = np.bincount(typed.voter, minlength=len(votes.voters))
    pairs = np.unique(typed.voter * max(len(votes), 1) + typed.sample)
    samples = np.bincount(pairs // max(len(votes), 1), minlength=len(votes.voters))
    return spans.tolist(), samples.tolist()
