"""A step that is killed at any write leaves a repository as before it or after it, and goes on."""

import json
import multiprocessing
import os
import subprocess
import sys

import pytest

from labeling.datasets.releases import Releases
from tests.support.releases import approved, merged, relabelled

STEPS = ("branch", "test", "propose", "approve", "merge", "update")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_is_killed_at_any_write_is_completed_when_it_is_taken_again(step):
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed_releases", step],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert 0 == done.returncode, done.stderr
    kills = json.loads(done.stdout)

    assert len(kills) >= 4, kills
    assert [] == [kill for kill in kills if kill[1]]


def test_a_log_whose_last_line_is_half_is_read_without_it_and_goes_on(tmp_path):
    releases = merged(tmp_path)
    path = tmp_path / "log.jsonl"
    whole = path.read_bytes()
    for cut in (1, 20, 200):
        path.write_bytes(whole + whole.splitlines()[-1][:cut])
        assert 5 == len(releases.log())
    releases.branch("r2", relabelled(a="spam"), by="ann")

    assert 6 == len(releases.log())
    assert path.read_bytes().startswith(whole)
    assert () == releases.verify().findings


def merge_at_once(folder, name, barrier, results):
    releases = Releases(folder)
    barrier.wait()
    outcome = releases.merge(name, by="ann")
    results.put((name, outcome.status, outcome.main))


def test_of_two_processes_that_merge_at_once_exactly_one_wins_and_the_other_is_told(tmp_path):
    fork = multiprocessing.get_context("spawn")
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        merged(folder)
        approved(folder, "r2", relabelled(a="spam"))
        approved(folder, "r3", relabelled(b="ham"))
        barrier, results = fork.Barrier(2), fork.Queue()
        processes = [
            fork.Process(target=merge_at_once, args=(folder, name, barrier, results))
            for name in ("r2", "r3")
        ]
        for process in processes:
            process.start()
        outcomes = sorted((results.get(timeout=60) for _ in processes), key=lambda one: one[1])
        for process in processes:
            process.join()
        (winner, won, main), (loser, lost, seen) = outcomes

        releases = Releases(folder)
        assert ("merged", "updated") == (won, lost)
        assert {"r2", "r3"} == {winner, loser}
        assert main == seen == releases["main"].digest
        assert () == releases.verify().findings


def test_of_two_processes_that_merge_one_branch_one_does_and_the_other_says_it_is_done(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    approved(tmp_path)
    barrier, results = spawn.Barrier(2), spawn.Queue()
    arguments = (tmp_path, "r1", barrier, results)
    processes = [spawn.Process(target=merge_at_once, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    outcomes = sorted(results.get(timeout=60)[1] for _ in processes)
    for process in processes:
        process.join()

    assert ["already merged", "merged"] == outcomes
    assert 1 == [entry.action for entry in Releases(tmp_path).log()].count("merged")
