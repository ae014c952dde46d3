"""Jobs in this process, and in processes of this machine."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from labeling.distributed.engines.base import RETRIES, Engine, Results
from labeling.distributed.outcomes import Task, run_task
from labeling.errors import LabelingError, counted, listed

ORPHAN_CHECK = 1.0
"""Seconds between checks whether the process that started a worker still runs."""


class LocalEngine(Engine):
    """Runs jobs one after the other in this process."""

    name = "local"

    def run(self, task: Task, jobs: Sequence[Any], shared: bytes) -> Results:
        """Yield results in the order of the jobs; see `Engine.run`."""
        for position, job in enumerate(jobs):
            yield position, run_task(task, job, shared)


class ProcessEngine(Engine):
    """Runs jobs in worker processes, which end when this one does.

    Args:
        workers: how many processes; `None` means one for each core.
    """

    name = "processes"

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or _cores()
        self._pool: Any = None

    def run(self, task: Task, jobs: Sequence[Any], shared: bytes) -> Results:
        """Yield results as they come; jobs of a process that ended are tried again."""
        left = dict(enumerate(jobs))
        for _ in range(RETRIES + 1):
            pool = self._opened_pool()
            futures = {
                pool.submit(_run, os.getpid(), task, job, shared): position
                for position, job in left.items()
            }
            try:
                for future in as_completed(futures):
                    position = futures[future]
                    result = future.result()
                    left.pop(position, None)
                    yield position, result
            except BrokenProcessPool:
                continue
            finally:
                # Not cancelled: loky's thread fails when a pool with cancelled jobs is shut down.
                if left:
                    self.close()
            return
        raise LabelingError(
            f"Worker processes ended {RETRIES + 1} times before their jobs were done: a labeling"
            " function made them crash, or there was not enough memory. Not done:"
            f" {counted(len(left), 'partition')}, {listed(left)}."
        )

    def _opened_pool(self) -> Any:
        """Return a pool of loky's processes, which also start from unguarded scripts."""
        if self._pool is None:
            from joblib.externals import loky  # takes 0.1 s, which only runs with workers need

            self._pool = loky.ProcessPoolExecutor(self.workers, initializer=_allow_growth)
        return self._pool

    def close(self) -> None:
        """End the processes, also those that are at work."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=True)
            self._pool = None


def _cores() -> int:
    """Return how many cores this process may use."""
    import joblib  # takes 0.1 s, which only runs with workers need

    return int(joblib.cpu_count())


def _allow_growth() -> None:
    """Let this worker keep the memory that a partition takes.

    Where psutil is installed, loky ends workers that hold 300 MB more than after their first job,
    and warns, in a thread whose pool then hangs where warnings are errors.
    """
    from joblib.externals.loky import process_executor

    process_executor._USE_PSUTIL = False


def _run(parent: int, task: Task, job: Any, shared: bytes) -> Any:
    _end_with_parent(parent)
    return run_task(task, job, shared)


_watched: set[int] = set()


def _end_with_parent(parent: int) -> None:
    """End this process when its parent has ended in any way: a killed parent cannot tell it to."""
    if parent in _watched or os.getppid() != parent:
        return
    _watched.add(parent)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(ORPHAN_CHECK)
        os._exit(1)

    threading.Thread(target=watch, name="labeling-parent-watch", daemon=True).start()
