"""The append-only, hash-chained ledger of events."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from labeling.errors import LedgerError
from labeling.records import Event, EventKind, NewEvent, event_digest, event_row
from labeling.records.events import FIRST_PREVIOUS
from labeling.records.ids import decode_id, encode_id
from labeling.store.database import Database, chunks
from labeling.store.runs import now
from labeling.store.tables import events

ROWS_AT_ONCE = 5_000
"""How many rows are read from the database at once."""


class EventLog:
    """The events of a store.

    Each event holds the digest of the one before. Events are appended in the transaction of what
    they report, under the project lock, so that the chain has no gaps and no branches.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def append(
        self,
        kind: EventKind,
        *,
        actor: str = "",
        sample_id: Hashable | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> Event:
        """Append one event, and return it.

        Args:
            kind: what happened.
            actor: who did it; empty for the program.
            sample_id: the sample that it is about, if it is about one.
            about: details, of types that JSON has; see `EventKind`.

        Raises:
            StoreError: the sample id or a detail cannot be stored.
        """
        return self.append_all([NewEvent(kind, actor, sample_id, about or {})])[0]

    def append_all(self, new_events: Iterable[NewEvent]) -> tuple[Event, ...]:
        """Append events in order, all with the same time, and return them."""
        return tuple(map(_event, self.append_rows(new_events)))

    def append_rows(self, new_events: Iterable[NewEvent]) -> list[dict[str, Any]]:
        """Append events as `append_all` does, and return the rows of the table."""
        at, rows = now(), []
        with self.database.writing() as connection:
            newest = sa.select(events.c.number, events.c.digest).order_by(events.c.number.desc())
            last = connection.execute(newest.limit(1)).first()
            count, previous = (int(last[0]), str(last[1])) if last else (0, FIRST_PREVIOUS)
            for number, event in enumerate(new_events, count + 1):
                rows.append(event_row(number, at, event, previous))
                previous = rows[-1]["digest"]
            if rows:
                connection.execute(sa.insert(events), rows)
        return rows

    def all(self, kinds: Collection[EventKind] | None = None) -> tuple[Event, ...]:
        """Return the events, or those of some kinds, in order."""
        query = sa.select(events)
        if kinds is not None:
            query = query.where(events.c.kind.in_([EventKind(kind).value for kind in kinds]))
        return tuple(map(self._decoded, self._rows(query)))

    def of_sample(self, sample_id: Hashable) -> tuple[Event, ...]:
        """Return the events about a sample, and those about its batch, in order."""
        query = sa.select(events).where(events.c.sample == encode_id(sample_id))
        own = tuple(map(self._decoded, self._rows(query)))
        batches = {event.about["batch"] for event in own if event.kind == EventKind.CHOSEN}
        of_batches = self.all([EventKind.PUSHED, EventKind.UNCHOSEN]) if batches else ()
        shared = (event for event in of_batches if event.about["batch"] in batches)
        return tuple(sorted((*own, *shared), key=lambda event: event.number))

    def last_of_samples(
        self, sample_ids: Collection[Hashable], kinds: Collection[EventKind]
    ) -> dict[Hashable, Event]:
        """Return the newest event of these kinds about each of these samples that has one."""
        is_kind = events.c.kind.in_([EventKind(kind).value for kind in kinds])
        newest = sa.select(sa.func.max(events.c.number)).where(is_kind).group_by(events.c.sample)
        found: dict[Hashable, Event] = {}
        for chunk in chunks(map(encode_id, sample_ids)):
            numbers = newest.where(events.c.sample.in_(chunk))
            for row in self._rows(sa.select(events).where(events.c.number.in_(numbers))):
                event = self._decoded(row)
                found[event.sample_id] = event
        return found

    def last(self, kind: EventKind) -> Event | None:
        """Return the newest event of a kind, or `None`."""
        query = sa.select(events).where(events.c.kind == kind.value)
        with self.database.reading() as connection:
            newest = query.order_by(events.c.number.desc()).limit(1)
            row = connection.execute(newest).mappings().first()
        return None if row is None else self._decoded(row)

    def newest(self, n: int) -> tuple[Event, ...]:
        """Return the last n events, in order."""
        query = sa.select(events).order_by(events.c.number.desc()).limit(n)
        with self.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(map(self._decoded, reversed(rows)))

    def count(self) -> int:
        """Return the number of events."""
        with self.database.reading() as connection:
            query = sa.select(sa.func.count()).select_from(events)
            return int(connection.scalar(query) or 0)

    def verify(self) -> int:
        """Check the whole chain, and return its number of events.

        The chain does not show that its end was cut off: compare the number, or the digest of the
        last event, with one that you noted.

        Raises:
            LedgerError: an event was changed, removed or inserted; it names the first.
        """
        previous, number = FIRST_PREVIOUS, 0
        for number, row in enumerate(map(dict, self._rows(sa.select(events))), 1):
            if row["number"] != number:
                raise LedgerError(f"Event {number} of the ledger is missing.{TAMPERED}")
            if row["previous"] != previous:
                raise LedgerError(
                    f"{_named(row)} does not follow event {number - 1}: it holds the digest"
                    f" {row['previous'][:12]!r} of its predecessor, which has {previous[:12]!r}."
                    f"{TAMPERED}"
                )
            if event_digest(row) != row["digest"]:
                raise LedgerError(
                    f"{_named(row)} was changed after it was appended: its digest is not that of"
                    f" its content.{TAMPERED}"
                )
            previous = row["digest"]
        return number

    def _rows(self, query: sa.Select[Any]) -> Iterator[sa.RowMapping]:
        """Yield the rows of a query in order, read in parts, so that a long ledger fits."""
        part, after = query.order_by(events.c.number).limit(ROWS_AT_ONCE), -sys.maxsize
        while True:
            with self.database.reading() as connection:
                later = part.where(events.c.number > after)
                rows = connection.execute(later).mappings().all()
            yield from rows
            if len(rows) < ROWS_AT_ONCE:
                return
            after = rows[-1]["number"]

    def _decoded(self, row: Mapping[Any, Any]) -> Event:
        with self.database.decoding():
            return _event(row)


def _event(row: Mapping[Any, Any]) -> Event:
    return Event(
        number=row["number"],
        at=row["at"],
        kind=EventKind(row["kind"]),
        actor=row["actor"],
        sample_id=None if row["sample"] is None else decode_id(row["sample"]),
        about=MappingProxyType(json.loads(row["about"])),
        previous=row["previous"],
        digest=row["digest"],
    )


def _named(row: Mapping[Any, Any]) -> str:
    """Return what identifies a stored event for a person."""
    sample = "" if row["sample"] is None else f", sample {row['sample']}"
    return f"Event {row['number']} of the ledger ({row['kind']!r}{sample}, {row['at']})"


TAMPERED = (
    " Someone changed the database around this package, or it is damaged: restore it from a backup."
)
