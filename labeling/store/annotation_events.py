"""The events that report what was appended to the ledger of annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from labeling.records import EventKind, NewEvent, person_key
from labeling.records.ids import decode_id

Row = Mapping[str, Any]
VersionKey = tuple[str, str, bool, str]
"""A sample, the `person_key` of who annotated it, whether as a reviewer, and the platform's id."""

FLAGS = ("reviewer", "prelabel_shown")
TEXTS = ("reason", "origin")
"""Columns that an event holds only where they are set, to be small."""


def version_key(row: Row) -> VersionKey:
    """Return a key of a row that is equal for all versions of one annotation on a platform."""
    return row["sample"], person_key(row["annotator"]), bool(row["reviewer"]), row["platform_id"]


def annotation_event(row: Row, *, is_known: bool) -> NewEvent:
    """Return the event of a row that was appended to the ledger of annotations.

    Args:
        row: of the table of annotations.
        is_known: whether an earlier version of the annotation was in the ledger.
    """
    about: dict[str, Any] = {
        "annotation": row["digest"],
        "label": row["label"],
        "platform_id": row["platform_id"],
        "updated_at": row["updated_at"],
    }
    about |= {name: True for name in FLAGS if row[name]}
    about |= {name: row[name] for name in TEXTS if row[name]}
    kind = _kind(row, is_known=is_known)
    return NewEvent(kind, row["annotator"], decode_id(row["sample"]), about)


def _kind(row: Row, *, is_known: bool) -> EventKind:
    if row["deleted"]:
        return EventKind.DELETED
    if row.get("rejected"):
        return EventKind.VOTE_REJECTED
    if row["label"] is None:
        return EventKind.SKIPPED
    return EventKind.UPDATED if is_known else EventKind.ANNOTATED
