"""A project of a million samples and 100,000 annotations: the time of `status` and of a pull.

Run it with `make bench`. The floors are a bare start of the program, and bare inserts of the same
rows.
"""

from __future__ import annotations

import datetime
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.project.fingerprints import digest_of_text
from labeling.records import Annotation, Batch, MessageKind, NewMessage
from labeling.store.tables import ledger

SAMPLES, ANNOTATIONS, NEWS = 1_000_000, 100_000, 10_000
PEOPLE = 20
REPEATS = 5
CONFIG = """
data: {path: comments.parquet, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
review: {min_votes: 2, max_votes: 3}
files: {folder: to_label}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win", "cash"], label="spam")
greets = keywords("greets", ["hi", "thanks", "song"], label="ham")
"""
ABOUT = {"strategy": "random", "seed": 0, "made_at": "2026-01-01"}
WHEN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def said(first: int, count: int, who: int) -> list[Annotation]:
    """Return annotations of so many samples by two people each."""
    rng = np.random.default_rng(first)
    return [
        Annotation(
            **{"sample_id": f"c{first + number // 2}", "annotator": f"p{(who + number) % PEOPLE}"},
            **{"label": ("ham", "spam")[int(rng.integers(2))], "platform_id": f"{first}-{number}"},
            **{"created_at": WHEN, "updated_at": WHEN, "lead_seconds": float(number % 60)},
        )
        for number in range(count)
    ]


def seconds(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def report(text: str) -> None:
    sys.stdout.write(f"\n{text}\n")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> lb.Project:
    folder = tmp_path_factory.mktemp("big")
    rng = np.random.default_rng(0)
    words = np.array(
        ["free", "win", "cash", "hi", "thanks", "song", *(f"w{i}" for i in range(500))]
    )
    texts = [" ".join(row) for row in rng.choice(words, (SAMPLES, 5))]
    keys = [f"c{i}" for i in range(SAMPLES)]
    pd.DataFrame({"key": keys, "text": texts}).to_parquet(folder / "comments.parquet")
    (folder / "rules.py").write_text(RULES, encoding="utf-8")
    (folder / "project.yaml").write_text(CONFIG, encoding="utf-8")
    made = lb.Project(folder / "project.yaml")
    applied = seconds(made.apply)
    chosen = [f"c{i}" for i in range(ANNOTATIONS // 2)]
    frame = {"stratum": "random", "score": 0.5, "reason": "drawn", "propensity": 0.05}
    batch = Batch(pd.DataFrame(frame, index=chosen))
    known = dict.fromkeys(chosen, ("spam", 0.75)), dict.fromkeys(chosen, "")
    with made.store.locked("query"):
        made.store.batches.choose(1, batch, *known, **ABOUT)
        made.store.outbox.add([NewMessage(MessageKind.ASK, one, 1, 2) for one in chosen])
        waiting = made.store.outbox.waiting("ask")
        made.store.outbox.confirm({one.key: one.key for one in waiting})
        made.store.batches.set_state(1, "pushed")
    heard = seconds(lambda: made.add_annotations(said(0, ANNOTATIONS, 0)))
    report(
        f"{SAMPLES:,} samples: labeling functions applied and kept in {applied:.1f} s;"
        f" {ANNOTATIONS:,} annotations heard in {heard:.1f} s"
    )
    return made


def test_status_takes_a_moment(project: lb.Project) -> None:
    folder = project.config.root
    command = [sys.executable, "-m", "labeling", "-c", str(folder / "project.yaml")]

    def run(*arguments: str) -> str:
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    found = json.loads(run("status", "--json"))
    assert (SAMPLES, ANNOTATIONS) == (found["samples"], found["annotations"])
    ours = [seconds(lambda: run("status", "--json")) for _ in range(REPEATS)]
    bare = [seconds(lambda: run("--help")) for _ in range(REPEATS)]
    report(
        f"status: {statistics.median(ours):.2f} s with the start of the program,"
        f" {statistics.median(ours) / statistics.median(bare):.2f} x `labeling --help`"
        f" ({min(ours):.2f} to {max(ours):.2f} s, {REPEATS} runs)"
    )


def test_ten_thousand_votes_are_heard_in_seconds(project: lb.Project, tmp_path: Path) -> None:
    votes = said(ANNOTATIONS // 2, NEWS, 7)
    ours = seconds(lambda: project.add_annotations(votes))
    assert ANNOTATIONS + NEWS == project.status().annotations

    names = [column.name for column in ledger.columns]
    with sqlite3.connect(project.store.folder / "labeling.db") as connection:
        columns, marks = ", ".join(names), ", ".join("?" * len(names))
        last = f"SELECT {columns} FROM annotations ORDER BY number DESC LIMIT {NEWS}"
        rows = connection.execute(last).fetchall()
    connection.close()
    assert NEWS == len(rows)
    with sqlite3.connect(tmp_path / "bare.db") as connection:
        connection.execute(f"CREATE TABLE annotations ({columns})")

        def insert() -> None:
            connection.executemany(f"INSERT INTO annotations VALUES ({marks})", rows)
            connection.commit()

        floor = seconds(insert)
    connection.close()
    report(
        f"{NEWS:,} further votes appended and their samples settled: {ours:.1f} s,"
        f" {ours / floor:.0f} x bare inserts of the same rows"
    )


def test_votes_come_back_from_files_in_seconds(project: lb.Project) -> None:
    """Pull reads what people filled in; the second time nothing is new."""
    folder = project.config.root / "to_label"
    ids = [f"c{i}" for i in range(ANNOTATIONS, ANNOTATIONS + NEWS)]
    frame = {"stratum": "random", "score": 0.5, "reason": "drawn", "propensity": 0.05}
    batch = Batch(pd.DataFrame(frame, index=ids))
    texts = project.samples["text"].loc[ids]
    known = dict.fromkeys(ids, ("spam", 0.75)), texts.map(digest_of_text).to_dict()
    with project.store.locked("query"):
        project.store.batches.choose(2, batch, *known, **ABOUT)
    project.data  # noqa: B018  # is read before the time is taken
    pushed = seconds(project.push)
    (path,) = folder.glob("batch-*.csv")
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    table.assign(label="spam", annotator="ann").to_csv(path, index=False, encoding="utf-8-sig")
    news: list[int] = []
    first = seconds(lambda: news.append(len(project.pull().news)))
    second = seconds(lambda: news.append(len(project.pull().news)))

    assert [NEWS, 0] == news
    report(
        f"{NEWS:,} samples pushed to a file in {pushed:.1f} s; {NEWS:,} votes pulled from it in"
        f" {first:.1f} s; pulled again in {second:.1f} s"
    )


def test_sizes(project: lb.Project) -> None:
    folder = project.store.folder
    database = sum(path.stat().st_size for path in folder.glob("labeling.db*"))
    files = sum(path.stat().st_size for path in (folder / "files").rglob("*.parquet"))
    samples = os.path.getsize(project.config.root / "comments.parquet")
    count = project.status().annotations
    report(
        f"database: {database / 1e6:.1f} MB, {database / count:.0f} bytes an annotation;"
        f" Parquet files: {files / 1e6:.1f} MB; the samples themselves: {samples / 1e6:.1f} MB"
    )
