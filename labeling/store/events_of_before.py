"""First events of stores that were made before events were stored; used by a migration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from labeling.records import EventKind, NewEvent, event_row
from labeling.records.events import FIRST_PREVIOUS
from labeling.records.ids import decode_id
from labeling.store.annotation_events import annotation_event, version_key
from labeling.store.runs import now
from labeling.store.tables import AnyText

Row = Mapping[Any, Any]

BEFORE: Mapping[str, Any] = {"migrated": True}
"""Marks events of what happened before events were stored: their time is the migration's."""

ROWS_AT_ONCE = 5_000
_ASKING = {"ask": EventKind.ASKED, "ask again": EventKind.ASKED_AGAIN}


def _table(name: str, texts: str, others: str) -> sa.TableClause:
    """Return a table as it was at the time of the migration, with its columns of any text."""
    any_texts = (sa.column(column, AnyText()) for column in texts.split())
    return sa.table(name, *any_texts, *map(sa.column, others.split()))


_ANNOTATIONS = _table(
    "annotations",
    "annotator label platform_id reason origin",
    "number digest sample updated_at reviewer prelabel_shown deleted",
)
_CHOICES = _table("choices", "reason", "batch place sample stratum propensity")
_BATCHES = _table("batches", "", "number state")
_MESSAGES = _table("messages", "", "number key kind sample votes state")
_VERDICTS = _table("verdicts", "label reason", "sample kind source votes_needed")
_SAMPLES = _table("samples", "", "sample state")


def events_of_before(connection: sa.Connection) -> None:
    """Append the events that lead to the stored states.

    In what order batches, annotations and questions alternated was not stored: first come the
    batches, then the questions, the annotations in their order of arrival, and the last verdicts.
    """
    events = _table("events", "actor", "number at kind sample about previous digest")
    at, previous, rows = now(), FIRST_PREVIOUS, []
    for number, event in enumerate(_events(connection), 1):
        marked = NewEvent(event.kind, event.actor, event.sample_id, {**event.about, **BEFORE})
        rows.append(event_row(number, at, marked, previous))
        previous = rows[-1]["digest"]
    for start in range(0, len(rows), ROWS_AT_ONCE):
        connection.execute(sa.insert(events), rows[start : start + ROWS_AT_ONCE])


def _events(connection: sa.Connection) -> Iterator[NewEvent]:
    yield from _batch_events(connection)
    yield from _question_events(connection)
    known = set()
    for row in _rows(connection, _ANNOTATIONS, "number"):
        key = version_key(row)
        yield annotation_event(row, is_known=key in known)
        known.add(key)
    for row in _rows(connection, _VERDICTS, "sample"):
        yield _verdict_event(row)
    for row in _rows(connection, _SAMPLES, "sample"):
        if row["state"] == "withdrawn":
            yield NewEvent(EventKind.WITHDRAWN, sample_id=decode_id(row["sample"]))


def _rows(connection: sa.Connection, table: sa.TableClause, *order: str) -> list[Row]:
    ordered = sa.select(table).order_by(*(table.c[name] for name in order))
    return list(connection.execute(ordered).mappings())


def _batch_events(connection: sa.Connection) -> Iterator[NewEvent]:
    for row in _rows(connection, _CHOICES, "batch", "place"):
        about = {name: row[name] for name in ("batch", "stratum", "reason", "propensity")}
        yield NewEvent(EventKind.CHOSEN, sample_id=decode_id(row["sample"]), about=about)
    for row in _rows(connection, _BATCHES, "number"):
        if row["state"] == "pushed":
            yield NewEvent(EventKind.PUSHED, about={"batch": row["number"]})


def _question_events(connection: sa.Connection) -> Iterator[NewEvent]:
    for row in _rows(connection, _MESSAGES, "number"):
        if row["state"] == "sent":
            kind = _ASKING.get(row["kind"], EventKind.REVIEW_ASKED)
            about = {"message": row["key"], "votes": row["votes"]}
            yield NewEvent(kind, sample_id=decode_id(row["sample"]), about=about)


def _verdict_event(row: Row) -> NewEvent:
    kinds = {
        "pending": EventKind.COLLECTING,
        "escalated": EventKind.ESCALATED,
        "unresolved": EventKind.UNRESOLVED,
    }
    is_review = row["source"] == "review"
    is_gold = EventKind.ADJUDICATED if is_review else EventKind.SETTLED
    kind = kinds.get(row["kind"], is_gold)
    names = ("label", "source", "reason", "votes_needed")
    about = {name: row[name] for name in names if row[name] is not None}
    return NewEvent(kind, sample_id=decode_id(row["sample"]), about=about)
