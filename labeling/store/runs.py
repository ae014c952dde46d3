"""The run log: which verb ran when, for how long, and with which outcome."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from labeling.store.database import Database, next_number
from labeling.store.tables import runs

VERB_NAMES = {"stand": "learn", "add": "add annotations", "init": "studio init"}
"""Current names of verbs as earlier versions wrote them into the run log."""

PYTHON_VERBS = {
    "learn": "a notebook or script that fits the models",
    "add annotations": "a notebook or script that adds annotations",
}
"""Descriptions of verbs that are not commands of the command line."""

MAX_SEARCHED = 50
"""Number of past runs that are searched for the duration of a stage."""


class Run:
    """A run in progress, which collects the durations of its stages and its outcome."""

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
            duration = time.perf_counter() - started
            self.seconds[name] = round(self.seconds.get(name, 0.0) + duration, 3)


class RunLog:
    """The run log of a store."""

    def __init__(self, database: Database) -> None:
        self.database = database

    @contextlib.contextmanager
    def record(self, verb: str, *, config_hash: str, code_version: str, seed: int) -> Iterator[Run]:
        """Record that a run starts and how it ends; runs without an end are marked as died."""
        row = {
            "verb": verb,
            "state": "running",
            "started_at": now(),
            "ended_at": None,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "config_hash": config_hash,
            "code_version": code_version,
            "seed": seed,
            "seconds": "{}",
            "outcome": "{}",
        }
        with self.database.writing() as connection:
            dead = sa.update(runs).where(runs.c.state == "running")
            connection.execute(dead.values(state="died"))
            number = next_number(connection, runs)
            connection.execute(sa.insert(runs), [{**row, "number": number}])
        run = Run(number)
        try:
            yield run
        except GeneratorExit:  # a loop that was not continued
            self._end(run, "done")
            raise
        except BaseException as error:
            run.outcome["error"] = str(error) or type(error).__name__
            with contextlib.suppress(Exception):  # the original error is raised
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

    def recent(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the runs, the latest first."""
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

    def last_duration(self, stage: str) -> float | None:
        """Return the seconds that a stage took the last time; `None` if it is not in the log."""
        for run in self.recent(MAX_SEARCHED):
            if run["state"] == "done" and stage in run["seconds"]:
                return float(run["seconds"][stage])
        return None

    def describe_current(self) -> str:
        """Return a description of the run that is in progress."""
        latest = self.recent(1)
        if not latest or latest[0]["state"] != "running":
            return "a process that has just begun"
        run = latest[0]
        since = run["started_at"][:19].replace("T", " ")
        what = PYTHON_VERBS.get(run["verb"], f"`labeling {run['verb']}`")
        return f"{what}, process {run['pid']} on {run['host']}, since {since} UTC"


def now() -> str:
    """Return the current time in UTC as ISO text."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
