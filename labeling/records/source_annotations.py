"""Annotations imported from other tools, before they are validated and matched to samples."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class SourceSpan(NamedTuple):
    """A span as stored by another tool, before its offsets are checked.

    Attributes:
        start: where it begins.
        end: where it ends.
        label: its label.
        text: the text in it, which decides where it is; `None` if the source does not state it.
    """

    start: object
    end: object
    label: str
    text: object = None


@dataclass(frozen=True, slots=True)
class SourceAnnotation:
    """An annotation as stored by another tool.

    Attributes:
        key: its stable id in the source. A key that ends with a slash identifies the annotated
            object only, and the annotator is to be appended.
        where: its location for messages, such as `task 12` or `line 7`.
        data: the fields of the annotated object: the text, ids and others.
        annotator: who made it; empty if the source does not state it.
        choices: the chosen labels by control; empty for a skip.
        skipped: whether the annotator deliberately gave no label.
        ground_truth: whether it is marked as ground truth.
        created_at: when it was created, UTC; `None` if the source does not state it.
        updated_at: when it was last updated, UTC.
        lead_seconds: how long it took, in seconds.
        reason: the annotator's comment.
        spans: the marked spans by control.
        tokens: the tokens of the text, if the offsets of spans count these and not characters.
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
    spans: Mapping[str, tuple[SourceSpan, ...]] = field(default_factory=dict)
    tokens: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class SourceAnnotations:
    """All annotations of a source.

    Attributes:
        source: a description of the source.
        annotations: in the order of the source.
        left_out: counts of what was left out, by description.
    """

    source: str
    annotations: tuple[SourceAnnotation, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
