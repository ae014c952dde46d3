"""A run whose driver, or a process of it, is killed in the middle; a second call goes on."""

import os
import signal
import subprocess
import sys
import time

from tests.distributed import on_clusters

DRIVER = """
import sys
from pathlib import Path
from tests.distributed import on_clusters
from tests.support.clusters import slow_functions

pids, data, out, on = sys.argv[1:]
on_clusters.apply(on, slow_functions(pids), Path(data), out)
"""


def test_a_worker_process_is_killed(slow, data, tmp_path):
    on_clusters.check_killed_worker("processes:2", *slow, data, tmp_path)


def test_a_second_call_goes_on_where_a_killed_one_stopped(slow, data, tmp_path, monkeypatch):
    lfs, pids = slow
    out = tmp_path / "out"
    command = [sys.executable, "-c", DRIVER, str(pids), str(data), str(out), "local"]
    driver = subprocess.Popen(command, start_new_session=True)
    until = time.monotonic() + 60
    while not [*out.glob("_about/part-*.npz")] and time.monotonic() < until:
        time.sleep(0.01)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    finished = len([*out.glob("_about/part-*.npz")])
    assert 1 <= finished < 4
    assert not (out / "_manifest.json").exists()

    computed = []
    from labeling.distributed import kernel

    def votes(samples, plan, compute=kernel._votes):
        computed.append(samples.index[0])
        return compute(samples, plan)

    monkeypatch.setattr(kernel, "_votes", votes)
    on_clusters.apply("local", lfs, data, out)

    assert len(computed) == 4 - finished
    on_clusters.apply("local", lfs, data, tmp_path / "local")
    on_clusters.assert_same_files(out, tmp_path / "local")


def test_worker_processes_end_with_a_killed_driver(slow, data, tmp_path):
    _, pids = slow
    command = [sys.executable, "-c", DRIVER, str(pids), str(data), str(tmp_path / "out")]
    driver = subprocess.Popen([*command, "processes:2"])
    until = time.monotonic() + 60
    while len([*pids.iterdir()]) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    driver.kill()
    driver.wait()
    workers = [int(path.name) for path in pids.iterdir()]

    until = time.monotonic() + 30
    while any(map(_runs, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert workers
    assert not any(map(_runs, workers))


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
