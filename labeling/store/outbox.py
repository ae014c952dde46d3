"""The outbox of a store: messages to an annotation platform, and which of them it confirmed."""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from labeling.records import (
    EventKind,
    Message,
    MessageKind,
    MessageState,
    NewEvent,
    NewMessage,
    message_key,
)
from labeling.records.ids import decode_id, encode_id
from labeling.store.database import Connection, Database, chunks, next_number
from labeling.store.events import EventLog
from labeling.store.tables import AWAITED, messages, samples


class StoredOutbox:
    """The messages of a store: an `Outbox` that outlives the process."""

    def __init__(self, database: Database, events: EventLog) -> None:
        self.database = database
        self.events = events

    def add(self, new_messages: Iterable[NewMessage]) -> int:
        """Add messages, and return how many were not in the outbox.

        A message is identified by its kind, its sample, and how many votes (for a decision: how
        many reviews) preceded it. The votes are counted here.
        """
        with self.database.writing() as connection:
            first = next_number(connection, messages)
            rows: list[dict[str, Any]] = []
            listed = list(new_messages)
            votes_asked = self.votes_asked(
                [new.sample_id for new in listed if new.kind == MessageKind.ASK_AGAIN]
            )
            keys = set(connection.scalars(sa.select(messages.c.key)))
            for new in listed:
                after = new.after
                if new.kind == MessageKind.ASK_AGAIN:
                    after = votes_asked.get(new.sample_id, 0)
                row = _row(new, after)
                if row["key"] not in keys:
                    keys.add(row["key"])
                    rows.append({**row, "number": first + len(rows)})
            if rows:
                connection.execute(sa.insert(messages), rows)
        return len(rows)

    def withdraw(self, sample_ids: Iterable[Hashable], kinds: Collection[MessageKind]) -> None:
        """Delete the unconfirmed messages about samples that nobody is to be asked about."""
        values = [MessageKind(kind).value for kind in kinds]
        with self.database.writing() as connection:
            for chunk in chunks(map(encode_id, sample_ids)):
                is_one = messages.c.sample.in_(chunk) & messages.c.kind.in_(values)
                connection.execute(sa.delete(messages).where(is_one, _IS_UNCONFIRMED))

    def resend(self, sample_ids: Iterable[Hashable], kind: MessageKind) -> None:
        """Make confirmed messages wait again, since the platform has lost them."""
        with self.database.writing() as connection:
            for chunk in chunks(map(encode_id, sample_ids)):
                is_one = messages.c.sample.in_(chunk) & (messages.c.kind == kind.value)
                change = sa.update(messages).where(is_one)
                connection.execute(change.values(state=MessageState.WAITING.value))

    def waiting(self, kind: MessageKind) -> tuple[Message, ...]:
        """Return the unconfirmed messages of a kind, in order."""
        return self._select(_IS_UNCONFIRMED, messages.c.kind == MessageKind(kind).value)

    def sent(self) -> tuple[Message, ...]:
        """Return all confirmed messages, in order."""
        return self._select(_IS_SENT)

    def open(self) -> dict[Message, str]:
        """Return the confirmed messages about unsettled samples, each with its platform id."""
        unsettled = sa.select(samples.c.sample).where(samples.c.state.in_(AWAITED))
        query = sa.select(messages).where(_IS_SENT, messages.c.sample.in_(unsettled))
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(messages.c.number)).mappings()
            with self.database.decoding():
                return {_message(row): str(row["platform_id"] or "") for row in rows}

    def _select(self, *where: sa.ColumnElement[bool]) -> tuple[Message, ...]:
        query = sa.select(messages).where(*where).order_by(messages.c.number)
        with self.database.reading() as connection, self.database.decoding():
            return tuple(_message(row) for row in connection.execute(query).mappings())

    def begin(self, begun: Iterable[Message]) -> None:
        """Record that delivery of these messages starts."""
        self._set_state([(message.key, None) for message in begun], MessageState.BEGUN)

    def confirm(self, platform_ids: Mapping[str, str]) -> None:
        """Record that the messages of these keys arrived, each with the platform's own id."""
        with self.database.writing() as connection:
            arrived = _unconfirmed(connection, platform_ids)
            self._set_state(list(platform_ids.items()), MessageState.SENT)
            self.events.append_rows(
                _asked(message, platform_ids[message.key]) for message in arrived
            )

    def _set_state(self, keys: list[tuple[str, str | None]], state: MessageState) -> None:
        if keys:
            change = (
                sa.update(messages)
                .where(messages.c.key == sa.bindparam("message_key"), _IS_UNCONFIRMED)
                .values(state=state.value, platform_id=sa.bindparam("new_platform_id"))
            )
            rows = [
                {"message_key": key, "new_platform_id": platform_id} for key, platform_id in keys
            ]
            with self.database.writing() as connection:
                connection.execute(change, rows)

    def votes_asked(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, int]:
        """Return how many votes annotators were asked for on each sample, where they were asked."""
        total = sa.func.sum(messages.c.votes)
        asked = sa.select(messages.c.sample, total).where(
            messages.c.kind != MessageKind.ESCALATE.value
        )
        counts: dict[Hashable, int] = {}
        with self.database.reading() as connection:
            for chunk in chunks(map(encode_id, sample_ids)):
                query = asked.where(messages.c.sample.in_(chunk)).group_by(messages.c.sample)
                counts |= {decode_id(key): int(votes) for key, votes in connection.execute(query)}
        return counts

    def count_in_batch(self, number: int) -> int:
        """Return how many messages ask for the first votes of a batch."""
        is_one = (messages.c.batch == number) & (messages.c.kind == MessageKind.ASK.value)
        with self.database.reading() as connection:
            query = sa.select(sa.func.count()).select_from(messages).where(is_one)
            return int(connection.scalar(query) or 0)

    def votes_waiting(self) -> dict[Hashable, int]:
        """Return how many votes unconfirmed messages ask annotators for, by sample."""
        counts: dict[Hashable, int] = {}
        for message in (*self.waiting(MessageKind.ASK), *self.waiting(MessageKind.ASK_AGAIN)):
            counts[message.sample_id] = counts.get(message.sample_id, 0) + message.votes
        return counts

    def counts(self) -> dict[str, int]:
        """Return how many messages there are in each state."""
        query = sa.select(messages.c.state, sa.func.count()).group_by(messages.c.state)
        with self.database.reading() as connection:
            return {state: int(count) for state, count in connection.execute(query)}


_IS_SENT = messages.c.state == MessageState.SENT.value
_IS_UNCONFIRMED = messages.c.state != MessageState.SENT.value


def _unconfirmed(connection: Connection, keys: Iterable[str]) -> list[Message]:
    """Return which of these messages are not confirmed, in order."""
    rows: list[Mapping[Any, Any]] = []
    for chunk in chunks(keys):
        query = sa.select(messages).where(messages.c.key.in_(chunk), _IS_UNCONFIRMED)
        rows += connection.execute(query).mappings()
    return [_message(row) for row in sorted(rows, key=lambda row: int(row["number"]))]


_EVENT_OF = {
    MessageKind.ASK: EventKind.ASKED,
    MessageKind.ASK_AGAIN: EventKind.ASKED_AGAIN,
    MessageKind.ESCALATE: EventKind.REVIEW_ASKED,
}


def _asked(message: Message, platform_id: str) -> NewEvent:
    """Return the event of a message that arrived."""
    details: dict[str, Any] = {"message": message.key, "votes": message.votes}
    if message.not_annotators:
        details["not_annotators"] = list(message.not_annotators)
    if platform_id:
        details["platform_id"] = platform_id
    return NewEvent(_EVENT_OF[message.kind], sample_id=message.sample_id, about=details)


def _row(new: NewMessage, after: int) -> dict[str, Any]:
    kind = MessageKind(new.kind)
    return {
        "key": message_key(kind, new.sample_id, after),
        "kind": kind.value,
        "sample": encode_id(new.sample_id),
        "batch": new.batch,
        "votes": new.votes,
        "not_annotators": json.dumps(list(new.not_annotators)),
        "state": MessageState.WAITING.value,
    }


def _message(row: Mapping[Any, Any]) -> Message:
    return Message(
        number=row["number"],
        key=row["key"],
        kind=MessageKind(row["kind"]),
        sample_id=decode_id(row["sample"]),
        batch=row["batch"],
        votes=row["votes"],
        not_annotators=tuple(json.loads(row["not_annotators"])),
        begun=row["state"] == MessageState.BEGUN,
    )
