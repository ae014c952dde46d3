"""Tests that hold for every training set: ids, labels, probabilities, and enough of each label."""

from __future__ import annotations

import numpy as np

from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import Tested
from labeling.datasets.findings import Finding, Status, finding, skipped
from labeling.errors import counted

SUM_TOLERANCE = 1e-6
"""How far probabilities may sum to another number than 1; they may have been stored as float32."""
FEW = 10
"""Samples of a label below which there is a warning: fewer can hardly be learned or measured."""


def unique_ids(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Each sample has an id, and no two have the same."""
    is_missing = np.asarray(head.ids.isna())
    repeats = head.ids.duplicated(keep=False) & ~is_missing
    n_missing, n_repeated = int(is_missing.sum()), int(repeats.sum())
    sentence = f"All {counted(len(head), 'id is', 'ids are')} unique."
    if n_missing or n_repeated:
        sentence = (
            f"{n_repeated:,} of {counted(len(head), 'sample')} share their id with another, and"
            f" {n_missing:,} have none."
        )
    return finding(
        "unique_ids",
        ok=not (n_missing or n_repeated),
        sentence=sentence,
        n=len(head),
        value=float(n_missing + n_repeated),
        limit=0.0,
        ids=head.ids[repeats].unique(),
        n_samples=n_missing + n_repeated,
    )


def known_labels(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Each label is one of the schema."""
    if head.codes is None:
        return skipped("known_labels", "the samples have no labels")
    is_unknown = (head.codes < 0) | (head.codes >= len(head.schema))
    n = int(is_unknown.sum())
    sentence = f"All {counted(len(head), 'label is', 'labels are')} in the schema."
    if n:
        sentence = f"{n:,} of {counted(len(head), 'label')} are missing or not in the schema."
    return finding(
        "known_labels",
        ok=not n,
        sentence=sentence,
        n=len(head),
        value=float(n),
        limit=0.0,
        ids=head.ids[is_unknown],
    )


def probabilities(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Probabilities are finite, not negative, and sum to 1."""
    if head.probabilities is None:
        return skipped("probabilities", "the samples have no probabilities")
    array = head.probabilities
    is_finite = np.isfinite(array).all(axis=1)
    is_positive = (array >= 0).all(axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        sums = np.abs(array.sum(axis=1) - 1) <= SUM_TOLERANCE
    is_wrong = ~(is_finite & is_positive & sums)
    n = int(is_wrong.sum())
    sentence = "All probabilities are finite, not negative, and sum to 1."
    if n:
        sentence = (
            f"{n:,} of {counted(len(head), 'sample')} have wrong probabilities:"
            f" {int((~is_finite).sum()):,} not finite, {int((is_finite & ~is_positive).sum()):,}"
            f" negative, {int((is_finite & is_positive & ~sums).sum()):,} that do not sum to 1."
        )
    return finding(
        "probabilities",
        ok=not n,
        sentence=sentence,
        n=len(head),
        value=float(n),
        limit=0.0,
        ids=head.ids[is_wrong],
    )


def most_probable_labels(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """The label of a sample that no person labelled is the most probable one."""
    if head.probabilities is None or head.codes is None:
        return skipped("most_probable_labels", "the samples have no probabilities")
    name = "most_probable_labels"
    rows = np.flatnonzero(~head.is_human & (head.codes >= 0))
    chosen = head.probabilities[rows, head.codes[rows]]
    is_wrong = ~(chosen >= head.probabilities[rows].max(axis=1, initial=0) - SUM_TOLERANCE)
    n = int(is_wrong.sum())
    sentence = (
        f"All {counted(len(rows), 'label')} that are not of people are the most probable ones."
    )
    if n:
        sentence = (
            f"{n:,} of {counted(len(rows), 'label')} that are not of people differ from the most"
            " probable label."
        )
    return finding(
        name,
        ok=not n,
        sentence=sentence,
        n=len(rows),
        value=float(n),
        limit=0.0,
        ids=head.ids[rows[is_wrong]],
    )


def class_floor(head: Tested, base: Tested | None, settings: DataTestSettings) -> Finding:
    """Each label has enough samples, as a share and as a count."""
    if head.codes is None:
        return skipped("class_floor", "the samples have no labels")
    counts = np.bincount(head.codes[head.codes >= 0], minlength=len(head.schema))
    n = len(head)
    shares = counts / max(n, 1)
    labels = head.schema.labels
    low = [
        f"{labels[code]} has {counts[code]:,} of {n:,} ({shares[code]:.1%})"
        for code in range(len(labels))
        if counts[code] < settings.class_count or shares[code] < settings.class_floor
    ]
    smallest = int(counts.argmin())
    limits = f"{counted(settings.class_count, 'sample')} and {settings.class_floor:.1%}"
    sentence = (
        f"The rarest label, {labels[smallest]}, has {counts[smallest]:,} of {n:,} samples"
        f" ({shares[smallest]:.1%}); the floor is {limits}."
    )
    if counts.min() < FEW:
        sentence += f" From fewer than {FEW} samples a label can hardly be learned."
    if low:
        sentence = f"Labels below the floor of {limits}: {'; '.join(low)}."
    rows = tuple(
        {"label": labels[code], "samples": int(counts[code]), "share": float(shares[code])}
        for code in range(len(labels))
    )
    status: Status = "failed" if low else "passed" if counts.min() >= FEW else "warning"
    return Finding(
        "class_floor",
        status,
        sentence,
        n=n,
        value=float(shares[smallest]),
        limit=settings.class_floor,
        details=rows,
    )
