"""Partitioned samples, and clusters on this machine whose workers can be killed."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd

from labeling import LabelSchema, labeling_function

SCHEMA = LabelSchema(["ham", "spam"])
TEXTS = ("see http://x.org", "nice day", "BUY NOW", "so nice: http://y.org", "hm")
WAIT = 60  # seconds


def write_partitions(folder, files=4, rows=100, row_group_size=None):
    """Write Parquet files with columns key, text, n and score, some values missing."""
    random = np.random.default_rng(0)
    for number in range(files):
        texts = [TEXTS[code] for code in random.integers(0, len(TEXTS), rows)]
        n = pd.array(random.integers(0, 9, rows).tolist(), dtype="Int64")
        n[random.random(rows) < 0.1] = pd.NA
        frame = pd.DataFrame(
            {
                "key": [f"k{number * rows + row}" for row in range(rows)],
                "text": texts,
                "n": n,
                "score": np.where(random.random(rows) < 0.1, np.nan, random.random(rows)),
            }
        )
        path = Path(folder, f"part={number % 2}", f"{number}.parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(path, row_group_size=row_group_size)
    return Path(folder)


def labeling_functions():
    """Return labeling functions of all kinds of columns, which need no import on a worker."""

    @labeling_function(label="spam")
    def link(x):
        return "http" in x.text

    @labeling_function(label="spam")
    def caps(x):
        return x.text.isupper()

    @labeling_function(label="ham")
    def nice(x):
        return "nice" in x.text and x.n is not None and x.n > 2

    @labeling_function()
    def scored(x):
        if x.score != x.score:
            return None
        return "spam" if x.score > 0.7 else "ham" if x.part == "1" and x.score < 0.3 else -1

    return [link, caps, nice, scored]


def slow_functions(pids, seconds=0.01):
    """Return the same functions, and one that takes its time and writes its process's number."""
    folder = str(pids)

    @labeling_function(label="ham", version=1)  # it votes the same whatever its process
    def slow(x):
        import os
        import pathlib
        import time

        time.sleep(seconds)
        pathlib.Path(folder, str(os.getpid())).touch()
        return x.n == 3

    return [*labeling_functions(), slow]


class Killer(threading.Thread):
    """Kills a process that runs `slow`, once a first partition is finished."""

    def __init__(self, pids, out):
        super().__init__(daemon=True)
        self.pids, self.out, self.killed = Path(pids), Path(out), None

    def run(self):
        until = time.monotonic() + WAIT
        while time.monotonic() < until:
            running = [int(path.name) for path in self.pids.iterdir()]
            if running and any(self.out.glob("_about/part-*.npz")):
                self.killed = running[0]
                os.kill(self.killed, signal.SIGKILL)
                return
            time.sleep(0.01)


@contextlib.contextmanager
def dask_cluster(folder, workers=2, nanny=False):
    """Yield the address of a scheduler on loopback with worker processes of one thread each.

    With a nanny, as `dask worker` has by default, a worker is a daemonic process.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    port = address.rpartition(":")[2]
    scheduler = ["dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"]
    with contextlib.ExitStack() as stack:
        stack.enter_context(_process(["-m", f"distributed.cli.{scheduler[0]}", *scheduler[1:]]))
        for _ in range(workers):
            stack.enter_context(dask_worker(address, folder, nanny))
        _wait_for_workers(address, workers)
        yield address


@contextlib.contextmanager
def dask_worker(address, folder, nanny=False):
    """Run a worker of a scheduler."""
    options = ["--nthreads", "1", "--no-dashboard", "--local-directory", str(folder)]
    options += [] if nanny else ["--no-nanny"]
    with _process(["-m", "distributed.cli.dask_worker", address, *options]):
        yield


@contextlib.contextmanager
def _process(arguments):
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, *arguments], stdout=quiet, stderr=quiet)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_workers(address, workers):
    from distributed import Client

    with Client(address, timeout=WAIT, set_as_default=False) as client:
        if workers:
            client.wait_for_workers(workers, timeout=WAIT)


def has_java():
    """Whether Spark can run here."""
    return shutil.which("java") is not None or "JAVA_HOME" in os.environ
