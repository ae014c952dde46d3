"""Small project state: key-value facts, quality log, test split and looks at it, pull problems."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable
from typing import Any

import sqlalchemy as sa

from labeling.records import Problem
from labeling.records.ids import decode_id, encode_id
from labeling.store.database import Database, next_number
from labeling.store.runs import now
from labeling.store.tables import locked, looks, meta, problems, standings


class Facts:
    """The small project state of a store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def get(self, key: str) -> str | None:
        """Return the value of a key, or `None`."""
        with self.database.reading() as connection:
            return connection.scalar(sa.select(meta.c.value).where(meta.c.key == key))

    def put(self, key: str, value: str) -> None:
        """Set the value of a key."""
        with self.database.writing() as connection:
            connection.execute(sa.delete(meta).where(meta.c.key == key))
            connection.execute(sa.insert(meta), [{"key": key, "value": value}])

    def log_quality(
        self, annotations: int, human_votes: int, reviews: int, gold: int, about: dict[str, Any]
    ) -> None:
        """Log the measured quality of the labels at this number of annotations."""
        row = {
            "annotations": annotations,
            "human_votes": human_votes,
            "reviews": reviews,
            "gold": gold,
            "about": json.dumps(about, sort_keys=True),
        }
        with self.database.writing() as connection:
            connection.execute(sa.delete(standings).where(standings.c.annotations == annotations))
            connection.execute(sa.insert(standings), [row])

    def quality_log(self) -> list[dict[str, Any]]:
        """Return the logged quality of the labels, by the number of annotations."""
        query = sa.select(standings).order_by(standings.c.annotations)
        with self.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        with self.database.decoding():
            return [{**row, "about": json.loads(row["about"])} for row in rows]

    def log_test_look(self, about: dict[str, Any]) -> int:
        """Log an evaluation on the locked test split, and return how many there were."""
        with self.database.writing() as connection:
            number = next_number(connection, looks)
            row = {"number": number, "at": now(), "about": json.dumps(about, sort_keys=True)}
            connection.execute(sa.insert(looks), [row])
        return number

    def test_looks(self) -> list[dict[str, Any]]:
        """Return the evaluations on the locked test split, in order."""
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(looks).order_by(looks.c.number)).mappings().all()
        with self.database.decoding():
            return [{**row, "about": json.loads(row["about"])} for row in rows]

    def lock_samples(self, sample_ids: Iterable[Hashable]) -> None:
        """Add samples to the locked test split, permanently."""
        with self.database.writing() as connection:
            before = set(connection.scalars(sa.select(locked.c.sample)))
            new = [key for key in map(encode_id, sample_ids) if key not in before]
            if new:
                connection.execute(sa.insert(locked), [{"sample": key} for key in new])

    def locked_samples(self) -> frozenset[Hashable]:
        """Return the samples of the locked test split."""
        with self.database.reading() as connection:
            return frozenset(map(decode_id, connection.scalars(sa.select(locked.c.sample))))

    def set_problems(self, current: Iterable[Problem]) -> None:
        """Replace the recorded problems by those of the last pull."""
        rows = [
            {"number": number, "place": problem.where, "what": problem.what}
            for number, problem in enumerate(current, start=1)
        ]
        with self.database.writing() as connection:
            connection.execute(sa.delete(problems))
            if rows:
                connection.execute(sa.insert(problems), rows)

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems of the last pull."""
        query = sa.select(problems.c.place, problems.c.what).order_by(problems.c.number)
        with self.database.reading() as connection:
            return tuple(Problem(place, what) for place, what in connection.execute(query))
