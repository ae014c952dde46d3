"""A process killed anywhere, and run again, ends as if it had never been killed."""

import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from labeling.store import Store
from tests.support.killing import (
    FILES,
    SEQUENCE,
    URL,
    WITH_PEOPLE,
    Nurseries,
    different,
    make_project,
    people_label,
    spread,
    state_of,
)

NAMES = itertools.count(1)


class Place:
    """A project's folder, and its database where that is not in the folder."""

    def __init__(self, folder, server=None, database=None):
        self.folder, self.server, self.database = folder, server, database
        self.url = server.url(database) if server else None

    def copy(self):
        folder = self.folder.with_name(f"copy-{next(NAMES)}")
        shutil.copytree(self.folder, folder)
        database = self.server.new(self.database) if self.server else None
        place = Place(folder, self.server, database)
        for files in folder.glob(".labeling/project/files-*"):  # named after the database's address
            files.rename(Store(files.parent, "project", url=place.url).artifacts.folder)
        return place

    def state(self):
        return state_of(self.folder, self.url)

    def remove(self):
        shutil.rmtree(self.folder)
        if self.server:
            self.server.drop(self.database)


@pytest.fixture(scope="module")
def nurseries():
    made = Nurseries()
    yield made
    made.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh(request, tmp_path):
    """A project that nothing was done with, on either database."""
    folder = make_project(tmp_path / "fresh")
    if request.param == "sqlite":
        return Place(folder)
    server = request.getfixturevalue("postgres")
    return Place(folder, server, server.new())


def do(nurseries, place, verb, **kill):
    """Do one verb in a process of its own; people are not killed."""
    if verb == "PEOPLE":
        people_label(place.folder)
        return None
    ended = nurseries.run(place.folder, verb, url=place.url, **kill)
    assert "" == ended.error, (verb, ended.error)
    return ended


def walked(nurseries, fresh, verbs):
    """Do verb after verb; return the project before each and at the end, and what each wrote."""
    places, writes = [fresh], []
    for verb in verbs:
        place = places[-1].copy()
        ended = do(nurseries, place, verb)
        writes.append(ended.writes if ended else [])
        places.append(place)
    return places, writes


def assert_unharmed(nurseries, verbs, places, states, moments):
    """Kill verbs at their n-th write, look at what is left, do them again, and compare."""

    def harmed(moment):
        step, at = moment
        place = places[step].copy()
        killed = do(nurseries, place, verbs[step], at=at)
        do(nurseries, place, "status")
        again = do(nurseries, place, verbs[step])
        found = different(states[step + 1], place.state())
        place.remove()
        return killed.signal, again.signal, found

    for moment, (killed, again, found) in zip(
        moments, nurseries.each(harmed, moments), strict=True
    ):
        assert (signal.SIGKILL, 0, {}) == (killed, again, found), (verbs[moment[0]], moment)


def moments_of(writes, count):
    """Return (step, at) over the writes of all steps: each kind of write of each verb first."""
    every = [(step, at) for step, some in enumerate(writes) for at in range(1, len(some) + 1)]
    kinds = [f"{step} {kind}" for step, some in enumerate(writes) for kind in some]
    return [every[place - 1] for place in spread(kinds, count)]


def between(writes):
    """Return (step, at) of all writes but those within a transaction, which ends as it began."""
    return [
        (step, at)
        for step, some in enumerate(writes)
        for at, kind in enumerate(some, start=1)
        if kind.startswith(("BEGIN", "open", "os."))
    ]


@pytest.mark.parametrize("fresh", ["sqlite", "postgresql"], indirect=True)
def test_a_run_killed_at_any_write_ends_the_same_when_repeated(nurseries, fresh):
    places, writes = walked(nurseries, fresh, ["run"])
    states = [place.state() for place in places[1:]]
    moments = moments_of(writes, 15 if fresh.server else 40)

    assert len(writes[0]) > 150
    assert_unharmed(nurseries, ["run"], places, [None, *states], moments)


@pytest.mark.parametrize("fresh", ["sqlite", "postgresql"], indirect=True)
def test_a_verb_killed_at_any_write_ends_the_same_when_repeated(nurseries, fresh):
    """Between any two transactions and files of every verb, where the database is a file."""
    places, writes = walked(nurseries, fresh, SEQUENCE)
    states = [None, *(place.state() for place in places[1:])]
    moments = moments_of(writes, 20) if fresh.server else between(writes)

    assert_unharmed(nurseries, SEQUENCE, places, states, moments)


@pytest.mark.parametrize("fresh", ["sqlite", "postgresql"], indirect=True)
def test_a_loop_whose_every_verb_is_killed_twice_ends_the_same(nurseries, fresh):
    """Going on after a kill, and killing what mends a kill, changes nothing either."""
    places, writes = walked(nurseries, fresh, SEQUENCE)
    expected = places[-1].state()

    def harmed(seed):
        rng = random.Random(seed)
        place = fresh.copy()
        kills = 0
        for verb, some in zip(SEQUENCE, writes, strict=True):
            for _ in range(2):
                killed = do(nurseries, place, verb, at=rng.randint(1, len(some)))
                kills += killed.signal == signal.SIGKILL
            do(nurseries, place, verb)
        found = different(expected, place.state())
        place.remove()
        return kills > len(SEQUENCE), found

    seeds = range(2)
    assert [(True, {})] * len(seeds) == nurseries.each(harmed, seeds)


@pytest.mark.parametrize("fresh", ["sqlite", "postgresql"], indirect=True)
def test_a_run_killed_at_any_time_again_and_again_ends_the_same(nurseries, fresh):
    """Where no Python code runs, too: in the middle of a file, of a transaction, of a fit."""
    whole = fresh.copy()
    begin = time.monotonic()
    do(nurseries, whole, "run")
    seconds = time.monotonic() - begin
    expected = whole.state()

    def harmed(seed):
        rng = random.Random(seed)
        place = fresh.copy()
        kills = 0
        while do(nurseries, place, "run", after=rng.uniform(0, seconds)).signal:
            kills += 1
            if kills == 12:  # a slow machine must not make it endless
                do(nurseries, place, "run")
                break
        found = different(expected, place.state())
        place.remove()
        return found

    seeds = range(2 if fresh.server else 6)
    assert [{}] * len(seeds) == nurseries.each(harmed, seeds)


def test_people_with_spreadsheets_notice_nothing_of_kills(nurseries, tmp_path):
    """Each question stands in the files once, and each answer counts once."""
    fresh = Place(make_project(tmp_path / "fresh", platform=FILES))
    places, writes = walked(nurseries, fresh, WITH_PEOPLE)
    states = [None, *(place.state() for place in places[1:])]

    said = dict.fromkeys(name for name in states[-1] if name.startswith("to_label/"))
    assert {"agreement", "review"} <= {
        source
        for row in states[-1]["verdicts"]
        for source in ("agreement", "review")
        if source in row
    }
    assert len(said) > 5
    assert_unharmed(nurseries, WITH_PEOPLE, places, states, moments_of(writes, 80))


def test_the_command_line_killed_at_any_time_ends_the_same(tmp_path):
    """The real program, from its start on."""
    fresh = make_project(tmp_path / "fresh")
    command = [sys.executable, "-m", "labeling", "-c", "project.yaml", "run"]
    environment = {name: value for name, value in os.environ.items() if name != URL}

    def run(folder, seconds=None):
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
        return process.returncode, said if process.returncode > 0 else ""

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    shutil.copytree(fresh, whole)
    shutil.copytree(fresh, killed)
    begin = time.monotonic()
    assert (0, "") == run(whole)
    seconds = time.monotonic() - begin
    for share in (0.4, 0.6, 0.7, 0.8, 0.9):
        run(killed, share * seconds)
    assert (0, "") == run(killed)
    assert {} == different(state_of(whole), state_of(killed))


def with_texts(folder, n, words):
    """Return a project of n samples whose texts have so many words each."""
    make_project(folder)
    rng = np.random.default_rng(0)
    vocabulary = np.array([f"w{i}" for i in range(5_000)] + ["free", "hi", "today"] * 100)
    texts = [" ".join(row) for row in rng.choice(vocabulary, (n, words))]
    data = pd.DataFrame({"key": [f"c{i}" for i in range(n)], "text": texts})
    data.to_parquet(folder / "comments.parquet")
    return folder


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A project whose votes are too many to be written in one go."""
    return with_texts(tmp_path_factory.mktemp("big") / "fresh", n=20_000, words=12)


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """A project whose files have 36 kB (votes), 150 kB (posterior) and 1.1 MB (training set)."""
    return with_texts(tmp_path_factory.mktemp("long") / "fresh", n=5_000, words=70)


def parquet_files(folder):
    return [path for path in folder.rglob("*.parquet") if path.name != "comments.parquet"]


@pytest.mark.parametrize("size", [1, 4_096, 20_000, 70_000, 300_000, 900_000])
def test_a_file_that_was_cut_off_never_has_its_final_name(nurseries, long, tmp_path, size):
    """The kernel ends the process in the middle of a file, after so many bytes."""
    folder = tmp_path / "killed"
    shutil.copytree(long, folder)
    ended = nurseries.run(folder, "apply", "export", size=size)

    assert signal.SIGXFSZ == ended.signal
    for path in parquet_files(folder):
        assert pq.read_table(path).num_rows > 0
    assert 0 == nurseries.run(folder, "apply").signal
    assert not list(folder.rglob("*.part"))


def test_files_killed_at_any_time_are_whole_or_not_there(nurseries, big, tmp_path):
    folder = tmp_path / "killed"
    shutil.copytree(big, folder)
    begin = time.monotonic()
    assert 0 == nurseries.run(folder, "apply").signal
    seconds = time.monotonic() - begin

    def harmed(seed):
        own = tmp_path / f"killed-{seed}"
        shutil.copytree(big, own)
        after = random.Random(seed).uniform(0.3, 1.0) * seconds
        nurseries.run(own, "apply", after=after)
        whole = [pq.read_table(path).num_rows for path in parquet_files(own)]
        again = nurseries.run(own, "apply")
        found = different(state_of(folder), state_of(own))
        shutil.rmtree(own)
        return {*whole} <= {20_000}, again.error, found

    assert [(True, "", {})] * 10 == nurseries.each(harmed, range(10))
