"""The ledger: everything that people said, in the order in which it came; nothing is taken out."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import math
import operator
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import more_itertools
import sqlalchemy as sa

from labeling.errors import StoreError
from labeling.records import Annotation, live_annotations, person_key
from labeling.records.ids import id_of, key_of
from labeling.store.database import Connection, Database, next_number
from labeling.store.resubmissions import MARK, repeated
from labeling.store.tables import ledger

AT_ONCE = 5_000  # ids in one statement; databases bound their number

TEXTS = ("annotator", "label", "platform_id", "prelabel", "reason", "origin")
MAY_BE_NONE = ("label", "prelabel")
ADDED = ("origin", "deleted")  # since the second version of the tables
FIELDS = tuple(field.name for field in dataclasses.fields(Annotation))


@dataclass(frozen=True, slots=True)
class Activity:
    """How much a person has said that still counts.

    Attributes:
        name: the person's.
        reviewer: whether as a reviewer.
        labels: samples that the person gave a label: votes, or a reviewer's decisions.
        skips: samples that the person skipped.
        last_seen: when the newest of these took its form, UTC, in ISO 8601.
    """

    name: str
    reviewer: bool
    labels: int
    skips: int
    last_seen: str


class Ledger:
    """The annotations of a store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def append(self, said: Iterable[Annotation]) -> tuple[Annotation, ...]:
        """Append what the ledger does not have yet, all or nothing, and return that.

        What a person said before counts as said again only where that changes what they said last
        (see `repeats`).
        """
        listed = list(said)
        rows = [_row_of(annotation) for annotation in listed]
        with self.database.writing() as connection:
            there: set[str] = set()
            for some in chunks(row["digest"] for row in rows):
                known = sa.select(ledger.c.digest).where(ledger.c.digest.in_(some))
                there |= set(connection.scalars(known))
            again = repeated(connection, rows, there, AT_ONCE)
            first, news = next_number(connection, ledger), []
            appended: list[dict[str, Any]] = []
            for place, row in enumerate(rows):
                if row["digest"] in there and place not in again:
                    continue
                there.add(row["digest"])
                number = first + len(appended)
                digest = f"{row['digest']}{MARK}{number}" if place in again else row["digest"]
                appended.append({**row, "number": number, "digest": digest})
                news.append(listed[place])
            if appended:
                connection.execute(sa.insert(ledger), appended)
        return tuple(news)

    def annotations(self, sample_ids: Iterable[Hashable] | None = None) -> tuple[Annotation, ...]:
        """Return the annotations of these samples, or all, in the order in which they came."""
        with self.database.reading() as connection:
            if sample_ids is None:
                rows: list[Sequence[Any]] = list(
                    connection.execute(_SELECT.order_by(ledger.c.number))
                )
            else:
                found = _rows_of_samples(connection, map(key_of, sample_ids))
                rows = sorted(found, key=operator.itemgetter(0))
        with self.database.decoding():
            return tuple(_annotation(row) for row in rows)

    def sample_ids(self) -> set[Hashable]:
        """Return the samples that anybody ever said something about."""
        with self.database.reading() as connection:
            keys = connection.scalars(sa.select(ledger.c.sample).distinct()).all()
        with self.database.decoding():
            return set(map(id_of, keys))

    def activity(self) -> tuple[Activity, ...]:
        """Return how much each person has said that counts, and when last; annotators come first.

        Who voted most is first; a person who is annotator and reviewer is listed as both.
        """
        with self.database.reading() as connection:
            rows = connection.execute(_ACTIVITY).all()
        found = [
            Activity(name, bool(reviewer), int(labels), int(skips), last_seen)
            for name, reviewer, labels, skips, last_seen in rows
        ]
        if len({(person_key(person.name), person.reviewer) for person in found}) < len(found):
            found = _activity_of(live_annotations(self.annotations()))
        return tuple(
            sorted(found, key=lambda person: (person.reviewer, -person.labels, person.name))
        )

    def counts(self) -> tuple[int, int, int]:
        """Return how many annotations there are, how many of them reviews, how many annotators."""
        reviews = sa.func.coalesce(sa.func.sum(sa.cast(ledger.c.reviewer, sa.Integer)), 0)
        with self.database.reading() as connection:
            row = connection.execute(sa.select(sa.func.count(), reviews).select_from(ledger))
            every, of_reviewers = row.one()
            names = connection.scalars(sa.select(ledger.c.annotator).distinct()).all()
        with self.database.decoding():
            people = set(map(person_key, names))
        return int(every), int(of_reviewers), len(people)


def _activity_of(live: Iterable[Annotation]) -> list[Activity]:
    """Return what the database counts, where it cannot: names of one person in several spellings."""
    of_person: dict[tuple[str, bool], list[Annotation]] = {}
    for annotation in live:
        person = (annotation.annotator, annotation.reviewer)
        of_person.setdefault(person, []).append(annotation)
    return [
        Activity(
            *(name, reviewer),
            labels=sum(annotation.label is not None for annotation in said),
            skips=sum(annotation.label is None for annotation in said),
            last_seen=max(annotation.updated_at for annotation in said).isoformat(
                timespec="microseconds"
            ),
        )
        for (name, reviewer), said in of_person.items()
    ]


_SELECT = sa.select(
    ledger.c.number,
    *(ledger.c["sample" if name == "sample_id" else name] for name in FIELDS),
)


def _latest(rows: sa.FromClause, *key: str) -> sa.Subquery:
    """Return the last updated row of each key, as `live_annotations` does."""
    place = (
        sa.func.row_number()
        .over(
            partition_by=[rows.c[name] for name in key],
            order_by=[rows.c.updated_at.desc(), rows.c.number.desc()],
        )
        .label("place")
    )
    names = [rows.c[name] for name in _COUNTED]
    ranked = sa.select(*names, place).subquery()
    return sa.select(ranked).where(ranked.c.place == 1).subquery()


_SPEAKER = ("sample", "annotator", "reviewer")
_COUNTED = (*_SPEAKER, "platform_id", "label", "updated_at", "number", "deleted")
_VERSIONS = _latest(ledger, *_SPEAKER, "platform_id")
_LIVE = _latest(sa.select(_VERSIONS).where(_VERSIONS.c.deleted.is_not(True)).subquery(), *_SPEAKER)
_SKIPPED = sa.case((_LIVE.c.label.is_(None), 1), else_=0)
_ACTIVITY = sa.select(
    *(_LIVE.c.annotator, _LIVE.c.reviewer, sa.func.sum(1 - _SKIPPED), sa.func.sum(_SKIPPED)),
    sa.func.max(_LIVE.c.updated_at),
).group_by(_LIVE.c.annotator, _LIVE.c.reviewer)


def _rows_of_samples(connection: Connection, keys: Iterable[str]) -> Iterator[Sequence[Any]]:
    for some in chunks(keys):
        yield from connection.execute(_SELECT.where(ledger.c.sample.in_(some)))


def chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    """Yield lists of different keys that one statement can hold."""
    return more_itertools.chunked(dict.fromkeys(keys), AT_ONCE)


def _row_of(one: Annotation) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(one, name) for name in FIELDS}
    for name in TEXTS:
        if not isinstance(row[name], str) and not (row[name] is None and name in MAY_BE_NONE):
            raise StoreError(
                f"`{name}` of an annotation must be a text. Got {row[name]!r} for sample"
                f" {one.sample_id!r}."
            )
    row["sample"] = key_of(row.pop("sample_id"))
    # The same numbers are the same, whatever type they came in: what is said again is not news.
    spent = one.lead_seconds
    row["lead_seconds"] = None if spent is None or math.isnan(spent) else float(spent)
    row |= {"round": int(one.round), "reviewer": bool(one.reviewer)}
    row |= {name: bool(row[name]) for name in ("prelabel_shown", "deleted")}
    for name in ("created_at", "updated_at"):
        row[name] = row[name].isoformat(timespec="microseconds")
    # What has no origin and was not taken back has the digest that it had before these were known.
    known = {name: value for name, value in row.items() if value or name not in ADDED}
    text = json.dumps(known, sort_keys=True)
    return {**row, "digest": hashlib.sha256(text.encode()).hexdigest()[:32]}


def _annotation(row: Sequence[Any]) -> Annotation:
    values = dict(zip(FIELDS, row[1:], strict=True))
    values["sample_id"] = id_of(values["sample_id"])
    for name in ("created_at", "updated_at"):
        values[name] = datetime.datetime.fromisoformat(values[name])
    return Annotation(**values)
