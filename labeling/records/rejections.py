"""Votes that a reviewer of their author's work rejected: superseded, never deleted."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable

from labeling.records.annotations import Annotation, VoteKey, add_version

STEP = datetime.timedelta(microseconds=1)


def rejection_of(annotation: Annotation) -> Annotation:
    """Return the version by which an annotation is rejected, to be appended to the ledger.

    Its update time is a microsecond after the version that was reviewed, by no clock: so that
    version does not count when a platform reports it again, and what its author changes later does.

    >>> from labeling.records import live_annotations
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> vote = Annotation("a", "ann", "spam", now, now)
    >>> live_annotations([vote, rejection_of(vote), vote])
    ()
    """
    return dataclasses.replace(annotation, updated_at=annotation.updated_at + STEP, rejected=True)


def rejected_annotations(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """Return the annotations that were rejected and not updated since, with names as written.

    Each is an answer that a person gave and that does not count. They may have given another one,
    under another platform id.
    """
    versions: dict[VoteKey, dict[str, Annotation]] = {}
    for annotation in annotations:
        add_version(versions, annotation)
    return tuple(
        version for of_key in versions.values() for version in of_key.values() if version.rejected
    )
