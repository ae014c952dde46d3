"""One process at a time works on a project; a second waits, and a dead one holds nothing."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import psycopg
import pytest
import sqlalchemy as sa

import labeling as lb
from labeling.errors import ProjectLockedError, StoreError
from labeling.project.status import URL, status_at
from labeling.store import Store
from tests.support.killing import make_project

HOLDER = """
import sys
from pathlib import Path
from labeling.store import Store

folder, url = sys.argv[1:]
store = Store(Path(folder), "test", url=url or None, lock_timeout=60)
with store.locked("apply"):
    store.facts.put("first", "begun")
    print("held", flush=True)
    sys.stdin.readline()
    store.facts.put("first", "done")
"""
STARTERS = """
import sys
from pathlib import Path
from labeling.project.status import status_at
from labeling.store import Store
import alembic.command

name = sys.argv[1]
print("ready", flush=True)
for line in sys.stdin:
    folder, _, url = line.strip().partition(" ")
    try:
        waits = {"lock_timeout": 60, "on_wait": lambda _: None}
        store = Store(Path(folder), "test", url=url or None, **waits)
        if name == "onlooker":
            for _ in range(20):
                if store.ready():
                    store.runs.recent(), store.batches.counts(), store.ledger.counts()
        else:
            with store.locked(name):
                store.facts.put(name, "done")
        print("fine", flush=True)
    except Exception as error:
        print(type(error).__name__, str(error).replace("\\n", " "), flush=True)
"""


@pytest.fixture
def start():
    """Start Python processes that wait to be told; they are ended with the test."""
    running = []

    def started(script, *arguments):
        process = subprocess.Popen(
            [sys.executable, "-c", script, *map(str, arguments)],
            **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True},
        )
        running.append(process)
        assert process.stdout.readline().strip() in ("held", "ready")
        return process

    yield started
    for process in running:
        process.kill()
        process.communicate()


def go_on(process, line=""):
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def test_a_second_process_waits_and_goes_on(start, tmp_path, url):
    """It says once whom it waits for, and sees all that the first has done."""
    first = start(HOLDER, tmp_path, url or "")
    told = []

    def waits(text):
        told.append(text)
        threading.Timer(0.5, go_on, [first]).start()

    second = Store(tmp_path, "test", url=url, lock_timeout=30, on_wait=waits)
    with second.locked("fit"):
        assert "done" == second.facts.get("first")
        second.facts.put("second", "done")

    assert 0 == first.wait(20)
    assert 1 == len(told)
    assert f"`labeling apply`, process {first.pid} on {socket.gethostname()}" in told[0]
    assert [("fit", "done"), ("apply", "done")] == [
        (run["verb"], run["state"]) for run in second.runs.recent()
    ]


def test_who_waits_too_long_is_told_who_holds_it(start, tmp_path, url):
    first = start(HOLDER, tmp_path, url or "")
    second = Store(tmp_path, "test", url=url, lock_timeout=0.3, on_wait=lambda _: None)
    begin = time.monotonic()
    with pytest.raises(ProjectLockedError) as caught, second.locked("fit"):
        pytest.fail("held twice")

    assert 0.3 <= time.monotonic() - begin < 30
    message = str(caught.value)
    since = second.runs.recent(1)[0]["started_at"][:19].replace("T", " ")
    for part in ("`labeling apply`", f"process {first.pid} on {socket.gethostname()}", since):
        assert part in message
    assert "did not end within 0.3 s" in message
    assert isinstance(caught.value, (StoreError, TimeoutError))
    assert "begun" == second.facts.get("first")


def test_a_killed_holder_frees_the_project_at_once(start, tmp_path, url):
    first = start(HOLDER, tmp_path, url or "")
    first.send_signal(signal.SIGKILL)
    first.wait()
    begin = time.monotonic()
    second = Store(tmp_path, "test", url=url, lock_timeout=60, on_wait=lambda _: None)
    with second.locked("fit"):
        assert time.monotonic() - begin < 30
        states = [run["state"] for run in second.runs.recent()]

    assert ["running", "died"] == states
    assert "begun" == second.facts.get("first")


def test_what_a_killed_holder_committed_is_there_before_anybody_goes_on(start, tmp_path, postgres):
    """The server may still be at work on a transaction whose client is dead."""
    script = HOLDER.replace(
        "    sys.stdin.readline()\n",
        """
    import os, signal, threading
    threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGKILL]).start()
    with store.database.writing() as connection:
        store.facts.put("late", "there")
        connection.exec_driver_sql("SELECT pg_sleep(2); COMMIT")
""",
    )
    database = postgres.new()
    url = postgres.url(database)
    first = start(script, tmp_path, url)
    first.wait(20)
    second = Store(tmp_path, "test", url=url, lock_timeout=20, on_wait=lambda _: None)
    with second.locked("fit"):
        found = second.facts.get("late")

    postgres.drop(database)
    assert "there" == found


def test_who_lost_the_lock_writes_nothing_more(tmp_path, postgres):
    """A server that restarts, or cuts an idle connection, takes the lock away."""
    database = postgres.new()
    url = postgres.url(database)
    store = Store(tmp_path, "test", url=url, lock_timeout=0, on_wait=lambda _: None)
    other = Store(tmp_path, "test", url=url, lock_timeout=0, on_wait=lambda _: None)

    def loses():
        with store.locked("apply"):
            postgres.say(
                "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_database d"
                f" ON l.database = d.oid WHERE l.locktype = 'advisory' AND d.datname = '{database}'"
            )
            with other.locked("fit"):
                pass
            with contextlib.suppress(StoreError):
                store.facts.put("late", "written")
            store.facts.put("late", "written")

    with pytest.raises(StoreError, match="Run the same command again"):
        loses()
    assert other.facts.get("late") is None
    postgres.drop(database)


@pytest.mark.parametrize("tries", [25])
def test_processes_that_start_a_fresh_project_at_the_same_moment_all_succeed(
    start, tmp_path, request, tries, url
):
    """And who looks at it meanwhile sees nothing that is half done."""
    server = request.getfixturevalue("postgres") if url else None
    names = ("apply", "fit", "onlooker")
    processes = [start(STARTERS, name) for name in names]
    for number in range(tries if server is None else tries // 3):
        folder = tmp_path / f"fresh-{number}"
        database = server.new() if server else None
        address = server.url(database) if server else ""
        for process in processes:
            go_on(process, f"{folder} {address}")
        assert ["fine"] * 3 == [process.stdout.readline().strip() for process in processes]
        store = Store(folder, "test", url=address or None)
        assert ("done", "done") == (store.facts.get("apply"), store.facts.get("fit"))
        assert {("apply", "done"), ("fit", "done")} == {
            (run["verb"], run["state"]) for run in store.runs.recent()
        }
        if server:
            server.drop(database)


def test_status_neither_waits_nor_is_waited_for(tmp_path, url, monkeypatch):
    """Even while another is in the middle of a transaction, and sees only what is done."""
    if url:
        monkeypatch.setenv(URL, url)
    folder = make_project(tmp_path / "own")
    project = lb.Project(folder / "project.yaml")
    project.apply()
    with project.store.locked("query"), project.store.database.writing() as connection:
        connection.execute(sa.text("DELETE FROM files"))
        begin = time.monotonic()
        status = status_at(folder / "project.yaml")
        spent = time.monotonic() - begin

    assert spent < 30  # it would wait for a minute
    assert (40, "query", "running") == (
        *(status.samples, status.last_run["verb"]),
        status.last_run["state"],
    )


def test_two_projects_in_one_process_exclude_each_other(tmp_path):
    """As two processes do; a loop that is left in the middle holds it until it is closed."""
    folder = make_project(tmp_path / "own")
    config = folder / "project.yaml"
    config.write_text(config.read_text("utf-8").replace("wait: 60", "wait: 0.2"), encoding="utf-8")
    waited = []
    first, second = lb.Project(config), lb.Project(config, waits=waited.append)
    votes = first.apply()
    assert votes.to_frame().equals(second.votes().to_frame())

    rounds = first.rounds(votes)
    next(rounds)
    with pytest.raises(ProjectLockedError, match=f"`labeling run`, process {os.getpid()}"):
        second.apply()
    assert 1 == len(waited)
    first.fit(votes)  # within the loop of the same project nothing waits
    rounds.close()
    second.apply()


def test_projects_of_other_folders_do_not_wait_for_each_other(tmp_path):
    one, other = (lb.Project(make_project(tmp_path / name) / "project.yaml") for name in "ab")
    with one.store.locked("apply"), other.store.locked("apply"):
        pass


def test_a_transaction_waits_for_one_of_another_tool(tmp_path, url):
    """Somebody's SQL console holds the database for a moment: that is waited for."""
    store = Store(tmp_path, "test", url=url)
    with store.locked("apply"):
        if url:
            other = psycopg.connect(url)
            other.execute("LOCK TABLE meta IN EXCLUSIVE MODE")
        else:
            other = sqlite3.connect(tmp_path / "labeling.db", check_same_thread=False)
            other.execute("BEGIN IMMEDIATE")
        ends = threading.Timer(0.5, other.rollback)
        ends.start()
        store.facts.put("fact", "1")
        ends.join()
        other.close()

    assert "1" == store.facts.get("fact")
