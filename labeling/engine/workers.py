"""Runs chunks of samples in joblib's worker processes, which end when the main process does."""

from __future__ import annotations

import functools
import os
import pickle
import shutil
import tempfile
import threading
import time
import traceback
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cloudpickle
import pandas as pd

from labeling.engine.columns.self_check import ColumnRunner
from labeling.engine.execution import ChunkVotes, Job, votes_on
from labeling.engine.pickling import dumps_for_workers, unpicklable_samples
from labeling.engine.shipping import PackedBatch
from labeling.engine.slow_calls import CallBoard, CallWatch, SlowCall
from labeling.errors import LabelingFunctionError
from labeling.records import (
    Fault,
    LabelingFunction,
    LabelSchema,
    add_location_note,
    loads_functions,
)

ORPHAN_CHECK = 1.0
"""Seconds between checks whether the process that started a worker still runs."""


def in_workers(
    workers: int, job: Job, chunks: Iterable[pd.DataFrame]
) -> Generator[ChunkVotes, None, None]:
    """Yield the votes and faults of each chunk, in order.

    Raises:
        LabelingFunctionError: a labeling function cannot be sent to a worker.
    """
    import joblib  # takes 0.1 s, which only runs with workers need

    pickled = dumps_for_workers(job.lfs, workers)
    settings = (job.schema, job.stop_at_fault, job.timeout)
    sent: deque[pd.DataFrame] = deque()
    with tempfile.TemporaryDirectory(prefix="labeling-") as folder:
        run = functools.partial(_run_chunk, pickled, settings, folder, os.getpid())
        board = CallBoard(Path(folder))
        n_jobs = max(workers, 2)  # joblib starts no process for a single one
        results = joblib.Parallel(n_jobs=n_jobs, return_as="generator", max_nbytes=None)(
            joblib.delayed(run)(chunk) for chunk in _packed(chunks, sent)
        )
        with board.watching(), _explained_errors(sent, workers, board):
            for votes, faults in results:
                sent.popleft()
                if job.progress is not None:
                    job.progress(len(votes))
                yield votes, _loads_faults(faults)


def _packed(chunks: Iterable[pd.DataFrame], sent: deque[pd.DataFrame]) -> Iterator[PackedBatch]:
    for chunk in chunks:
        packed = PackedBatch.of(chunk)
        sent.append(packed.others)
        yield packed


@contextmanager
def _explained_errors(
    sent: Iterable[pd.DataFrame], workers: int, board: CallBoard
) -> Iterator[None]:
    """Replace errors of the worker pool by errors that name their cause."""
    try:
        yield
    except BrokenProcessPool as error:
        calls = board.read()
        last_seen = f" Last seen in {'; '.join(map(str, calls))}." if calls else ""
        raise LabelingFunctionError(
            "A worker process ended before its samples were done: a labeling function made it crash"
            f" or ended it, or there was not enough memory.{last_seen} Apply them one at a time to"
            " see which."
        ) from error
    except pickle.PicklingError as error:
        explained = unpicklable_samples(sent, workers)
        if explained is None:
            raise
        raise explained from error


@functools.lru_cache(maxsize=1)
def _loads_functions(pickled: bytes) -> list[LabelingFunction]:
    try:
        return loads_functions(pickled)
    except Exception as error:  # unpickling functions may raise anything
        raise LabelingFunctionError(
            f"A worker process cannot load the labeling functions: {error!r}. What they are made of"
            " must be importable and loadable there as well; or use workers=1."
        ) from error


@functools.lru_cache(maxsize=1)
def _columns(pickled: bytes, schema: LabelSchema) -> ColumnRunner:
    return ColumnRunner(_loads_functions(pickled), schema)


def _run_chunk(
    pickled: bytes,
    settings: tuple[LabelSchema, bool, float | None],
    folder: str,
    parent: int,
    packed: PackedBatch,
) -> tuple[Any, bytes]:
    """Return votes and pickled faults, whose exceptions may be of classes of the user."""
    ends_with_parent = _end_with_parent(parent)
    board = CallBoard(Path(folder))

    def report(call: SlowCall) -> None:
        if ends_with_parent:  # here as well: a call may block all threads
            _end_if_orphan(parent, folder)
        board.write(call)

    job = Job(_loads_functions(pickled), *settings)
    watch = CallWatch(report, job.timeout)
    with watch.watching():
        votes, faults = votes_on(packed.unpacked(), job, watch, _columns(pickled, job.schema))
    board.clear()
    return votes, cloudpickle.dumps(list(map(_picklable, faults)))


@functools.cache
def _end_with_parent(parent: int) -> bool:
    """End this process when its parent has ended in any way: a killed parent cannot tell it to.

    Returns:
        whether it does; not if it is the same process, or belongs to a cluster.
    """
    if os.getppid() != parent:
        return False

    def watch() -> None:
        while True:
            time.sleep(ORPHAN_CHECK)
            _end_if_orphan(parent)

    threading.Thread(target=watch, name="labeling-parent-watch", daemon=True).start()
    return True


def _end_if_orphan(parent: int, folder: str | None = None) -> None:
    if os.getppid() != parent:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)


def _picklable(fault: Fault) -> tuple[Fault, list[str]]:
    """Return a fault that can be pickled, and notes with its location and traceback."""
    error = fault.exception
    add_location_note(error)
    if not isinstance(error, LabelingFunctionError):
        error.add_note("".join(traceback.format_exception(error)))
    notes = list(getattr(error, "__notes__", ()))
    try:
        error = pickle.loads(cloudpickle.dumps(error))
    except Exception:  # noqa: BLE001  # unpickling its class may raise anything
        error = LabelingFunctionError(f"{type(error).__qualname__}: {error}")
    return fault._replace(exception=error), notes


def _loads_faults(pickled: bytes) -> list[Fault]:
    """Return the faults of a worker, with their notes: exceptions of some classes lose them."""
    faults = []
    for fault, notes in pickle.loads(pickled):
        for note in notes:
            if note not in getattr(fault.exception, "__notes__", ()):
                fault.exception.add_note(note)
        faults.append(fault)
    return faults
