"""The outbox: what was asked of a platform, and what it has confirmed."""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from labeling.records import Kind, Message
from labeling.records.ids import id_of, key_of
from labeling.store.database import Database, next_number
from labeling.store.ledger import chunks
from labeling.store.tables import AWAITED, messages, samples


class StoredOutbox:
    """The messages of a store; an `Outbox` for platforms."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(
        self,
        asked: Iterable[tuple[Kind, Hashable, int, int, tuple[str, ...]]],
        reviewed: Mapping[Hashable, int] | None = None,
    ) -> int:
        """Add messages of (kind, sample, batch, votes, whom not to ask); return how many are new.

        A message is known by its kind, its sample and how many votes were asked for before; one to
        reviewers by how many reviewers spoke of the sample before, and were not heard.
        """
        with self.database.writing() as connection:
            first = next_number(connection, messages)
            rows: list[dict[str, Any]] = []
            listed = list(asked)
            before = self.votes_asked([one[1] for one in listed if one[0] == "ask again"])
            there = set(connection.scalars(sa.select(messages.c.key)))
            of_kind: dict[Kind, Mapping[Hashable, int]] = {"ask": {}, "ask again": before}
            for kind, sample_id, batch, votes, barred in listed:
                after = of_kind.get(kind, reviewed or {}).get(sample_id, 0)
                row = _row(kind, sample_id, batch, votes, barred, after)
                if row["key"] not in there:
                    there.add(row["key"])
                    rows.append({**row, "number": first + len(rows), "state": "waiting"})
            if rows:
                connection.execute(sa.insert(messages), rows)
        return len(rows)

    def withdraw(self, sample_ids: Iterable[Hashable], kinds: Collection[Kind]) -> None:
        """Take back what was not confirmed about samples that are not to be asked about."""
        with self.database.writing() as connection:
            for some in chunks(map(key_of, sample_ids)):
                its = messages.c.sample.in_(some) & messages.c.kind.in_(list(kinds))
                connection.execute(sa.delete(messages).where(its, messages.c.state != "sent"))

    def send_anew(self, sample_ids: Iterable[Hashable], kind: Kind) -> None:
        """Let messages wait again that had arrived, and that the platform has lost since."""
        with self.database.writing() as connection:
            for some in chunks(map(key_of, sample_ids)):
                its = messages.c.sample.in_(some) & (messages.c.kind == kind)
                connection.execute(sa.update(messages).where(its).values(state="waiting"))

    def waiting(self, kind: Kind) -> tuple[Message, ...]:
        """Return the messages of a kind that are not confirmed, in order."""
        return self._of(messages.c.state != "sent", messages.c.kind == kind)

    def sent(self) -> tuple[Message, ...]:
        """Return all messages that were confirmed, in order."""
        return self._of(messages.c.state == "sent")

    def open(self) -> dict[Message, str]:
        """Return the confirmed messages about samples that are not settled, and their platform ids."""
        unsettled = sa.select(samples.c.sample).where(samples.c.state.in_(AWAITED))
        query = sa.select(messages).where(
            messages.c.state == "sent", messages.c.sample.in_(unsettled)
        )
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(messages.c.number)).mappings()
            with self.database.decoding():
                return {_message(row): str(row["platform_id"] or "") for row in rows}

    def _of(self, *where: sa.ColumnElement[bool]) -> tuple[Message, ...]:
        query = sa.select(messages).where(*where).order_by(messages.c.number)
        with self.database.reading() as connection, self.database.decoding():
            return tuple(_message(row) for row in connection.execute(query).mappings())

    def begin(self, messages_begun: Iterable[Message]) -> None:
        """Remember that these are about to be sent."""
        self._change([(one.key, None) for one in messages_begun], "begun")

    def confirm(self, platform_ids: Mapping[str, str]) -> None:
        """Remember that these keys arrived, and what the platform calls each."""
        self._change(list(platform_ids.items()), "sent")

    def _change(self, keys: list[tuple[str, str | None]], state: str) -> None:
        if keys:
            change = (
                sa.update(messages)
                .where(messages.c.key == sa.bindparam("its_key"), messages.c.state != "sent")
                .values(state=state, platform_id=sa.bindparam("its_id"))
            )
            with self.database.writing() as connection:
                connection.execute(change, [{"its_key": key, "its_id": own} for key, own in keys])

    def votes_asked(self, sample_ids: Iterable[Hashable]) -> dict[Hashable, int]:
        """Return for how many votes annotators were asked, for each sample that they were asked of."""
        total = sa.func.sum(messages.c.votes)
        asked = sa.select(messages.c.sample, total).where(messages.c.kind != "escalate")
        found: dict[Hashable, int] = {}
        with self.database.reading() as connection:
            for some in chunks(map(key_of, sample_ids)):
                query = asked.where(messages.c.sample.in_(some)).group_by(messages.c.sample)
                found |= {id_of(key): int(votes) for key, votes in connection.execute(query)}
        return found

    def of_batch(self, number: int) -> int:
        """Return how many messages ask for the first votes of a batch."""
        its = (messages.c.batch == number) & (messages.c.kind == "ask")
        with self.database.reading() as connection:
            query = sa.select(sa.func.count()).select_from(messages).where(its)
            return int(connection.scalar(query) or 0)

    def votes_waiting(self) -> dict[Hashable, int]:
        """Return how many votes of annotators are asked for in messages that wait, by sample."""
        found: dict[Hashable, int] = {}
        for one in (*self.waiting("ask"), *self.waiting("ask again")):
            found[one.sample_id] = found.get(one.sample_id, 0) + one.votes
        return found

    def counts(self) -> dict[str, int]:
        """Return how many messages there are in each state."""
        query = sa.select(messages.c.state, sa.func.count()).group_by(messages.c.state)
        with self.database.reading() as connection:
            return {state: int(count) for state, count in connection.execute(query)}


def _row(
    kind: Kind, sample_id: Hashable, batch: int, votes: int, barred: tuple[str, ...], before: int
) -> dict[str, Any]:
    own = key_of(sample_id)
    number = f" after {before}" if before or kind == "ask again" else ""
    return {
        "key": f"{kind}{number}: {own}",
        **{"kind": kind, "sample": own, "batch": batch, "votes": votes},
        "not_annotators": json.dumps(list(barred)),
    }


def _message(row: Mapping[Any, Any]) -> Message:
    return Message(
        number=row["number"],
        key=row["key"],
        kind=row["kind"],
        sample_id=id_of(row["sample"]),
        batch=row["batch"],
        votes=row["votes"],
        not_annotators=tuple(json.loads(row["not_annotators"])),
        begun=row["state"] == "begun",
    )
