"""Annotations that were made elsewhere, as they were found: not of samples yet, and not checked."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SourceAnnotation:
    """An annotation as another tool keeps it.

    Attributes:
        key: what it is called there; the same annotation has the same key each time. One that ends
            with a slash is that of what was annotated, and who did it is to be added.
        where: its place, for messages, such as `task 12` or `line 7`.
        data: the fields of what was annotated: the text, ids and whatever else.
        annotator: who made it; empty where the source does not say.
        choices: control -> the labels chosen there; empty for a skip.
        skipped: whether the annotator gave no label on purpose.
        ground_truth: whether it is marked as true.
        created_at: when it was made, UTC; `None` where the source does not say.
        updated_at: when it was changed last, UTC.
        lead_seconds: how long it took, in seconds.
        reason: a comment of the annotator's.
    """

    key: str
    where: str
    data: Mapping[str, Any] = field(repr=False)
    annotator: str
    choices: Mapping[str, tuple[str, ...]]
    skipped: bool = False
    ground_truth: bool = False
    created_at: datetime.datetime | None = None
    updated_at: datetime.datetime | None = None
    lead_seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceAnnotations:
    """All annotations of a source.

    Attributes:
        source: what it is, in words.
        annotations: in the order of the source.
        left_out: what else there was, in words -> how often.
    """

    source: str
    annotations: tuple[SourceAnnotation, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
