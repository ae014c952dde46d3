"""Files of cached votes: damage, full disks, killed processes, and others at work."""

import logging
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import labeling as lb
from labeling import LabelingFunction
from labeling.engine import apply_to_frame, block_digests, vote_store
from labeling.errors import DataError
from tests.support.cached_runs import (
    PLAIN,
    SCHEMA,
    frame,
    rows_run,
    run,
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(block_digests, "BLOCK_ROWS", 64)
    monkeypatch.setattr(block_digests, "LEAST_ROWS", 8)


def files_of(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file() and path.name != "salt"]


def test_folder_and_files_are_private(tmp_path):
    lb.apply(PLAIN, frame(), SCHEMA, cache=tmp_path)
    for path in (tmp_path / "labeling-votes-1").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:20],
        lambda data: data[:-1],
        lambda data: data + b"\0",
        lambda data: data[:50] + bytes([data[50] ^ 1]) + data[51:],
        lambda data: data[:8] + bytes([data[8] ^ 1]) + data[9:],
        lambda data: b"LBVOTES2" + data[8:],
        lambda data: data[:24] + b"\x02" + data[25:],
        lambda data: bytes(len(data)),
    ],
)
def test_damaged_files_are_never_served(tmp_path, damage):
    run(PLAIN, frame(), tmp_path)
    files = files_of(tmp_path)
    for path in files:
        path.write_bytes(damage(path.read_bytes()))
    report = run(PLAIN, frame(), tmp_path)[1]
    assert rows_run(report) == [200] * 4
    assert report.damaged == len(files)
    assert f"{len(files)} cached files damaged, computed again." in report.sentences()
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [0] * 4


def test_a_file_under_another_name_is_never_served(tmp_path):
    run(PLAIN, frame(), tmp_path)
    contents = [path.read_bytes() for path in files_of(tmp_path)]
    for path, content in zip(files_of(tmp_path), [*contents[1:], contents[0]], strict=True):
        path.write_bytes(content)
    assert run(PLAIN, frame(), tmp_path)[1].damaged


@pytest.mark.parametrize("salt", [b"", b"short", b"x" * 16, None])
def test_another_salt_serves_nothing(tmp_path, salt):
    run(PLAIN, frame(), tmp_path)
    file = tmp_path / "labeling-votes-1" / "salt"
    file.unlink() if salt is None else file.write_bytes(salt)
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [200] * 4
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [0] * 4


def test_a_full_cache_deletes_what_was_not_used_for_longest(tmp_path):
    run(PLAIN, frame(), tmp_path)
    for path in files_of(tmp_path):
        os.utime(path, (1, 1))
    run(PLAIN[:2], frame(), tmp_path)
    size = sum(path.stat().st_size for path in files_of(tmp_path))
    new = LabelingFunction("new", lambda x: "ham" if x.n < 9 else None)
    report = run([new], frame(), tmp_path, max_bytes=size)[1]
    assert report.evicted
    assert any("The cache was full" in sentence for sentence in report.sentences())
    assert sum(path.stat().st_size for path in files_of(tmp_path)) <= size
    assert rows_run(run([*PLAIN[:2], new], frame(), tmp_path)[1]) == [0] * 3
    assert sum(rows_run(run(PLAIN, frame(), tmp_path)[1]))


def test_unfinished_files_of_killed_processes_are_deleted(tmp_path):
    run(PLAIN, frame(), tmp_path)
    folder = files_of(tmp_path)[0].parent
    old, new = folder / ".abc.1.2.part", folder / ".abd.1.2.part"
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    run(PLAIN, frame(100), tmp_path)
    assert not old.exists()
    assert new.exists()


def test_a_folder_that_cannot_be_written_is_warned_of_once_and_votes_are_returned(
    tmp_path, monkeypatch, caplog
):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    report = run(PLAIN, frame(), tmp_path)[1]
    assert rows_run(report) == [200] * 4
    assert "No space left" in report.error
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "votes cannot be cached in" in warnings[0].getMessage()
    assert not files_of(tmp_path)
    monkeypatch.undo()
    run(PLAIN, frame(), tmp_path)


def test_a_folder_that_cannot_be_made_is_warned_of(tmp_path, caplog):
    (tmp_path / "file").write_text("x")
    report = run(PLAIN, frame(), tmp_path / "file" / "folder")[1]
    assert report.error
    assert rows_run(report) == [200] * 4
    with pytest.raises(DataError, match="must be a folder"):
        lb.apply(PLAIN, frame(), SCHEMA, cache=tmp_path / "file")


def test_threads_and_processes_share_a_folder(tmp_path):
    expected = apply_to_frame(PLAIN, frame(), SCHEMA).to_array().tolist()
    got = []
    threads = [
        threading.Thread(
            target=lambda: got.append(lb.apply(PLAIN, frame(), SCHEMA, cache=tmp_path).to_array())
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [votes.tolist() for votes in got] == [expected] * 4
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [0] * 4


@pytest.mark.parametrize("has_xxhash", [True, False])
def test_it_works_without_xxhash(tmp_path, monkeypatch, has_xxhash):
    run(PLAIN, frame(), tmp_path)
    if not has_xxhash:
        monkeypatch.setattr(block_digests, "hash_name", lambda: "blake2b")
        monkeypatch.setattr(vote_store, "hash_name", lambda: "blake2b")
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [0 if has_xxhash else 200] * 4
    assert rows_run(run(PLAIN, frame(), tmp_path)[1]) == [0] * 4


KILLED = """
import os, sys
import pandas as pd
import labeling as lb
from labeling.engine import block_digests
from tests.support.cached_runs import PLAIN, SCHEMA, frame
from labeling.engine.vote_store import VoteStore
block_digests.BLOCK_ROWS, block_digests.LEAST_ROWS = 64, 8
folder, moment = sys.argv[1], int(sys.argv[2])
real, count = os.replace, 0
def replace(a, b):
    global count
    count += 1
    if count == moment:
        os.kill(os.getpid(), 9)
    real(a, b)
os.replace = replace
lb.apply(PLAIN, frame(1_000), SCHEMA, cache=folder)
"""


@pytest.mark.parametrize("moment", [1, 2, 5, 20, 50])
def test_a_run_that_was_killed_goes_on(tmp_path, moment):
    root = Path(__file__).parents[2]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), str(moment)], cwd=root, capture_output=True
    )
    assert killed.returncode == -9, killed.stderr
    report = run(PLAIN, frame(1_000), tmp_path)[1]
    done = 1_000 - max(rows_run(report))
    assert (moment - 2) // 4 * 64 == done if moment > 1 else not done
    assert not report.damaged
    assert rows_run(run(PLAIN, frame(1_000), tmp_path)[1]) == [0] * 4
