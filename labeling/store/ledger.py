"""The append-only ledger of all annotations, in order of arrival."""

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

import sqlalchemy as sa

from labeling.errors import StoreError
from labeling.records import Annotation, LabelKind, NewEvent, live_annotations, person_key
from labeling.records.ids import decode_id, encode_id
from labeling.records.label_texts import decode_answer, encode_answer
from labeling.rendering import Displayed
from labeling.store.annotation_events import VersionKey, annotation_event, version_key
from labeling.store.database import (
    IDS_PER_STATEMENT,
    Connection,
    Database,
    chunks,
    next_number,
)
from labeling.store.events import EventLog
from labeling.store.resubmissions import MARK, resubmitted
from labeling.store.tables import ledger

TEXTS = ("annotator", "label", "platform_id", "prelabel", "reason", "origin")
LABELS = ("label", "prelabel")  # texts of any kind, None where there is none
ADDED = ("origin", "deleted", "rejected")  # in later versions of the tables
FIELDS = tuple(field.name for field in dataclasses.fields(Annotation))


@dataclass(frozen=True, slots=True)
class Activity(Displayed):
    """Counts of a person's current annotations.

    Attributes:
        name: the person's name.
        reviewer: whether as a reviewer.
        labels: number of samples that the person labeled: votes, or a reviewer's decisions.
        skips: number of samples that the person skipped.
        last_seen: update time of the newest of these, UTC, in ISO 8601.
    """

    name: str
    reviewer: bool
    labels: int
    skips: int
    last_seen: str


class Ledger:
    """The annotations of a store; each that is appended is an event as well."""

    def __init__(
        self, database: Database, events: EventLog, kind: LabelKind = LabelKind.ONE
    ) -> None:
        self.database = database
        self.kind = kind
        self.events = events

    def append(self, annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
        """Append annotations that are not in the ledger, all or none, and return these.

        An annotation that is in the ledger is appended again only if that changes which annotation
        of its author is current (see `resubmitted`).
        """
        listed = list(annotations)
        rows = [_row_of(annotation) for annotation in listed]
        with self.database.writing() as connection:
            stored: set[str] = set()
            for digests in chunks(row["digest"] for row in rows):
                query = sa.select(ledger.c.digest).where(ledger.c.digest.in_(digests))
                stored |= set(connection.scalars(query))
            again = resubmitted(connection, rows, stored, IDS_PER_STATEMENT)
            first, new = next_number(connection, ledger), []
            appended: list[dict[str, Any]] = []
            for position, row in enumerate(rows):
                if row["digest"] in stored and position not in again:
                    continue
                stored.add(row["digest"])
                number = first + len(appended)
                digest = f"{row['digest']}{MARK}{number}" if position in again else row["digest"]
                appended.append({**row, "number": number, "digest": digest})
                new.append(listed[position])
            if appended:
                known = _known_versions(connection, appended) if first > 1 else set()
                connection.execute(sa.insert(ledger), appended)
                self.events.append_rows(_annotation_events(appended, known))
        return tuple(new)

    def annotations(self, sample_ids: Iterable[Hashable] | None = None) -> tuple[Annotation, ...]:
        """Return the annotations of these samples, or all, in order of arrival."""
        with self.database.reading() as connection:
            if sample_ids is None:
                rows: list[Sequence[Any]] = list(
                    connection.execute(_SELECT.order_by(ledger.c.number))
                )
            else:
                selected = _rows_of_samples(connection, map(encode_id, sample_ids))
                rows = sorted(selected, key=operator.itemgetter(0))
        with self.database.decoding():
            return tuple(_annotation(row, self.kind) for row in rows)

    def sample_ids(self) -> set[Hashable]:
        """Return the samples that have any annotation."""
        with self.database.reading() as connection:
            keys = connection.scalars(sa.select(ledger.c.sample).distinct()).all()
        with self.database.decoding():
            return set(map(decode_id, keys))

    def activity(self) -> tuple[Activity, ...]:
        """Return the activity of each person, annotators first, in descending number of labels.

        A person who is annotator and reviewer is listed as both.
        """
        with self.database.reading() as connection:
            rows = connection.execute(_ACTIVITY).all()
        activities = [
            Activity(name, bool(reviewer), int(labels), int(skips), last_seen)
            for name, reviewer, labels, skips, last_seen in rows
        ]
        people = {(person_key(person.name), person.reviewer) for person in activities}
        if len(people) < len(activities):
            activities = _activity_of(live_annotations(self.annotations()))
        return tuple(
            sorted(activities, key=lambda person: (person.reviewer, -person.labels, person.name))
        )

    def counts(self) -> tuple[int, int, int]:
        """Return the number of annotations, of reviews among them, and of people."""
        reviews = sa.func.coalesce(sa.func.sum(sa.cast(ledger.c.reviewer, sa.Integer)), 0)
        with self.database.reading() as connection:
            row = connection.execute(sa.select(sa.func.count(), reviews).select_from(ledger))
            total, of_reviewers = row.one()
            names = connection.scalars(sa.select(ledger.c.annotator).distinct()).all()
        with self.database.decoding():
            people = set(map(person_key, names))
        return int(total), int(of_reviewers), len(people)


def _known_versions(connection: Connection, rows: Iterable[dict[str, Any]]) -> set[VersionKey]:
    """Return which annotations of the samples of some rows are in the ledger."""
    known: set[VersionKey] = set()
    columns = (ledger.c.sample, ledger.c.annotator, ledger.c.reviewer, ledger.c.platform_id)
    for chunk in chunks(row["sample"] for row in rows):
        query = sa.select(*columns).where(ledger.c.sample.in_(chunk))
        known |= {version_key(row) for row in map(dict, connection.execute(query).mappings())}
    return known


def _annotation_events(
    rows: Iterable[dict[str, Any]], known: set[VersionKey]
) -> Iterator[NewEvent]:
    for row in rows:
        key = version_key(row)
        yield annotation_event(row, is_known=key in known)
        known.add(key)


def _activity_of(live: Iterable[Annotation]) -> list[Activity]:
    """Return activities counted in Python, for names of one person in several spellings."""
    of_person: dict[tuple[str, bool], list[Annotation]] = {}
    for annotation in live:
        person = (annotation.annotator, annotation.reviewer)
        of_person.setdefault(person, []).append(annotation)
    return [
        Activity(
            name,
            reviewer,
            labels=sum(annotation.label is not None for annotation in annotations),
            skips=sum(annotation.label is None for annotation in annotations),
            last_seen=max(annotation.updated_at for annotation in annotations).isoformat(
                timespec="microseconds"
            ),
        )
        for (name, reviewer), annotations in of_person.items()
    ]


_SELECT = sa.select(
    ledger.c.number,
    *(ledger.c["sample" if name == "sample_id" else name] for name in FIELDS),
)


def _latest(rows: sa.FromClause, *key: str) -> sa.Subquery:
    """Return the last updated row of each key, as `live_annotations` does."""
    rank = (
        sa.func.row_number()
        .over(
            partition_by=[rows.c[name] for name in key],
            order_by=[rows.c.updated_at.desc(), rows.c.number.desc()],
        )
        .label("rank")
    )
    columns = [rows.c[name] for name in _COUNTED]
    ranked = sa.select(*columns, rank).subquery()
    return sa.select(ranked).where(ranked.c.rank == 1).subquery()


_VOTE_KEY = ("sample", "annotator", "reviewer")
_COUNTED = (*_VOTE_KEY, "platform_id", "label", "updated_at", "number", "deleted", "rejected")
_VERSIONS = _latest(ledger, *_VOTE_KEY, "platform_id")
_IS_VOID = _VERSIONS.c.deleted | _VERSIONS.c.rejected
_LIVE = _latest(sa.select(_VERSIONS).where(~_IS_VOID).subquery(), *_VOTE_KEY)
_SKIPPED = sa.case((_LIVE.c.label.is_(None), 1), else_=0)
_ACTIVITY = sa.select(
    _LIVE.c.annotator,
    _LIVE.c.reviewer,
    sa.func.sum(1 - _SKIPPED),
    sa.func.sum(_SKIPPED),
    sa.func.max(_LIVE.c.updated_at),
).group_by(_LIVE.c.annotator, _LIVE.c.reviewer)


def _rows_of_samples(connection: Connection, keys: Iterable[str]) -> Iterator[Sequence[Any]]:
    for chunk in chunks(keys):
        yield from connection.execute(_SELECT.where(ledger.c.sample.in_(chunk)))


def _row_of(annotation: Annotation) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(annotation, name) for name in FIELDS}
    row |= {name: _label_text(row[name]) for name in LABELS}
    for name in TEXTS:
        if not isinstance(row[name], str) and not (row[name] is None and name in LABELS):
            raise StoreError(
                f"`{name}` of an annotation must be a text. Got {row[name]!r} for sample"
                f" {annotation.sample_id!r}."
            )
    row["sample"] = encode_id(row.pop("sample_id"))
    # Numbers are normalized, so that the digest of an annotation does not depend on their types.
    seconds = annotation.lead_seconds
    row["lead_seconds"] = None if seconds is None or math.isnan(seconds) else float(seconds)
    row |= {"round": int(annotation.round), "reviewer": bool(annotation.reviewer)}
    row |= {name: bool(row[name]) for name in ("prelabel_shown", "deleted", "rejected")}
    for name in ("created_at", "updated_at"):
        row[name] = row[name].isoformat(timespec="microseconds")
    # Annotations that do not use the added fields have the digest of before these were added.
    hashed = {name: value for name, value in row.items() if value or name not in ADDED}
    text = json.dumps(hashed, sort_keys=True)
    return {**row, "digest": hashlib.sha256(text.encode()).hexdigest()[:32]}


def _label_text(label: Any) -> Any:
    """Return a label as it is stored; another thing, which is none, as it is."""
    return encode_answer(label) if isinstance(label, (frozenset, tuple)) else label


def digest_of(annotation: Annotation) -> str:
    """Return the digest by which the ledger identifies an annotation."""
    return str(_row_of(annotation)["digest"])


def _annotation(row: Sequence[Any], kind: LabelKind) -> Annotation:
    values = dict(zip(FIELDS, row[1:], strict=True))
    values["sample_id"] = decode_id(values["sample_id"])
    values |= {name: decode_answer(values[name], kind) for name in LABELS}
    for name in ("created_at", "updated_at"):
        values[name] = datetime.datetime.fromisoformat(values[name])
    return Annotation(**values)
