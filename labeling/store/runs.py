"""The run log, and the small things that are remembered one by one."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import socket
import time
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from labeling.records import Problem
from labeling.records.ids import id_of, key_of
from labeling.store.database import Database, next_number
from labeling.store.tables import locked, looks, meta, problems, runs, standings

VERB_NAMES = {"stand": "learn", "add": "add annotations", "init": "studio init"}
"""Verbs as earlier versions wrote them into the run log, and what each is called for people."""

IN_PYTHON = {
    "learn": "a notebook or script that fits the models",
    "add annotations": "a notebook or script that adds annotations",
}
"""Verbs that are no command of the command line, in words."""


SEARCHED = 50
"""Runs that are searched for how long a stage took."""


class Run:
    """A run that is under way: stages put their seconds here, and what came of it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.seconds: dict[str, float] = {}
        self.outcome: dict[str, Any] = {}

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure how long a stage takes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - started
            self.seconds[name] = round(self.seconds.get(name, 0.0) + spent, 3)


class History:
    """What a store remembers besides samples and people."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @contextlib.contextmanager
    def running(
        self, verb: str, *, config_hash: str, code_version: str, seed: int
    ) -> Iterator[Run]:
        """Write a run into the log: that it began, and how it ended; one that was killed has died."""
        row = {
            **{"verb": verb, "state": "running", "started_at": now(), "ended_at": None},
            **{"host": socket.gethostname(), "pid": os.getpid(), "config_hash": config_hash},
            **{"code_version": code_version, "seed": seed, "seconds": "{}", "outcome": "{}"},
        }
        with self.database.writing() as connection:
            dead = sa.update(runs).where(runs.c.state == "running")
            connection.execute(dead.values(state="died"))
            number = next_number(connection, runs)
            connection.execute(sa.insert(runs), [{**row, "number": number}])
        run = Run(number)
        try:
            yield run
        except GeneratorExit:  # a loop that nobody went on with
            self._end(run, "done")
            raise
        except BaseException as error:
            run.outcome["error"] = str(error) or type(error).__name__
            with contextlib.suppress(Exception):  # the error that counts is on its way
                self._end(run, "failed")
            raise
        self._end(run, "done")

    def _end(self, run: Run, state: str) -> None:
        seconds, outcome = json.dumps(run.seconds), json.dumps(run.outcome, default=str)
        change = sa.update(runs).where(runs.c.number == run.number)
        with self.database.writing() as connection:
            connection.execute(
                change.values(state=state, ended_at=now(), seconds=seconds, outcome=outcome)
            )

    def runs(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the runs, the last first."""
        query = sa.select(runs).order_by(runs.c.number.desc())
        with self.database.reading() as connection:
            rows = connection.execute(query.limit(limit)).mappings().all()
        with self.database.decoding():
            return [
                {
                    **row,
                    "verb": VERB_NAMES.get(row["verb"], row["verb"]),
                    "seconds": json.loads(row["seconds"]),
                    "outcome": json.loads(row["outcome"]),
                }
                for row in rows
            ]

    def seconds_of(self, stage: str) -> float | None:
        """Return how many seconds a stage took when it was last done; `None` if it never was."""
        for run in self.runs(SEARCHED):
            if run["state"] == "done" and stage in run["seconds"]:
                return float(run["seconds"][stage])
        return None

    def holder(self) -> str:
        """Tell in words which run holds the project."""
        latest = self.runs(1)
        if not latest or latest[0]["state"] != "running":
            return "a process that has just begun"
        run = latest[0]
        since = run["started_at"][:19].replace("T", " ")
        what = IN_PYTHON.get(run["verb"], f"`labeling {run['verb']}`")
        return f"{what}, process {run['pid']} on {run['host']}, since {since} UTC"

    def get(self, key: str) -> str | None:
        """Return a remembered fact."""
        with self.database.reading() as connection:
            return connection.scalar(sa.select(meta.c.value).where(meta.c.key == key))

    def put(self, key: str, value: str) -> None:
        """Remember a fact, in the place of one of this name."""
        with self.database.writing() as connection:
            connection.execute(sa.delete(meta).where(meta.c.key == key))
            connection.execute(sa.insert(meta), [{"key": key, "value": value}])

    def stand(
        self, annotations: int, human_votes: int, reviews: int, gold: int, about: dict[str, Any]
    ) -> None:
        """Remember how good the labels were when there were so many annotations."""
        row = {"annotations": annotations, "human_votes": human_votes, "reviews": reviews}
        text = json.dumps(about, sort_keys=True)
        with self.database.writing() as connection:
            connection.execute(sa.delete(standings).where(standings.c.annotations == annotations))
            connection.execute(sa.insert(standings), [{**row, "gold": gold, "about": text}])

    def standings(self) -> list[dict[str, Any]]:
        """Return how good the labels were, by the number of annotations."""
        query = sa.select(standings).order_by(standings.c.annotations)
        with self.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        with self.database.decoding():
            return [{**row, "about": json.loads(row["about"])} for row in rows]

    def look(self, about: dict[str, Any]) -> int:
        """Remember a look at the locked test split, and return how many there were."""
        with self.database.writing() as connection:
            number = next_number(connection, looks)
            row = {"number": number, "at": now(), "about": json.dumps(about, sort_keys=True)}
            connection.execute(sa.insert(looks), [row])
        return number

    def looks(self) -> list[dict[str, Any]]:
        """Return the looks at the locked test split, in order."""
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(looks).order_by(looks.c.number)).mappings().all()
        with self.database.decoding():
            return [{**row, "about": json.loads(row["about"])} for row in rows]

    def lock_away(self, sample_ids: Iterable[Hashable]) -> None:
        """Remember that samples are in the locked test split, for ever."""
        with self.database.writing() as connection:
            there = set(connection.scalars(sa.select(locked.c.sample)))
            news = [key for key in map(key_of, sample_ids) if key not in there]
            if news:
                connection.execute(sa.insert(locked), [{"sample": key} for key in news])

    def locked(self) -> frozenset[Hashable]:
        """Return the samples of the locked test split."""
        with self.database.reading() as connection:
            return frozenset(map(id_of, connection.scalars(sa.select(locked.c.sample))))

    def set_problems(self, found: Iterable[Problem]) -> None:
        """Remember what the last pull could not count, in the place of what was there before."""
        rows = [
            {"number": number, "place": one.where, "what": one.what}
            for number, one in enumerate(found, start=1)
        ]
        with self.database.writing() as connection:
            connection.execute(sa.delete(problems))
            if rows:
                connection.execute(sa.insert(problems), rows)

    def problems(self) -> tuple[Problem, ...]:
        """Return what the last pull could not count."""
        query = sa.select(problems.c.place, problems.c.what).order_by(problems.c.number)
        with self.database.reading() as connection:
            return tuple(Problem(place, what) for place, what in connection.execute(query))


def now() -> str:
    """Return the time in UTC as text."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
