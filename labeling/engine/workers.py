"""Chunks of samples in joblib's worker processes, which end when the process that waits for them does."""

from __future__ import annotations

import functools
import os
import pickle
import shutil
import tempfile
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cloudpickle
import numpy.typing as npt
import pandas as pd

from labeling.engine.execution import votes_on
from labeling.engine.pickling import packed_for_workers, unpicklable_samples
from labeling.engine.progress import Progress
from labeling.engine.slow_calls import Board, CallWatch, SlowCall
from labeling.errors import LabelingFunctionError
from labeling.records import Fault, LabelingFunction, LabelSchema, remember_line, unpacked

ORPHAN_CHECK = 1.0
"""Seconds between two looks at whether the process that started a worker is still there."""


def in_workers(
    progress: Progress | None,
    workers: int,
    lfs: Sequence[LabelingFunction],
    chunks: Iterable[pd.DataFrame],
    schema: LabelSchema,
    stop_at_fault: bool,
) -> Iterator[tuple[npt.NDArray[Any], list[Fault]]]:
    """Yield the votes on each chunk and the faults, in order.

    Raises:
        LabelingFunctionError: a labeling function cannot be sent to a worker.
    """
    import joblib  # costs 0.1 s that most imports of this room need not pay

    plan = packed_for_workers(lfs, workers)
    sent: list[pd.DataFrame] = []
    with tempfile.TemporaryDirectory(prefix="labeling-") as folder:
        job = functools.partial(_in_worker, plan, schema, stop_at_fault, folder, os.getpid())
        board = Board(Path(folder))
        found = joblib.Parallel(n_jobs=workers, return_as="generator", max_nbytes=None)(
            joblib.delayed(job)(chunk) for chunk in _remembered(chunks, sent)
        )
        with board.watching(), _explained(sent, workers, board):
            for votes, faults in found:
                if progress is not None:
                    progress(len(votes))
                yield votes, _arrived(faults)


def _remembered(chunks: Iterable[pd.DataFrame], sent: list[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for chunk in chunks:
        sent.append(chunk)
        yield chunk


@contextmanager
def _explained(sent: list[pd.DataFrame], workers: int, board: Board) -> Iterator[None]:
    """Say of what goes wrong between processes where it comes from."""
    try:
        yield
    except BrokenProcessPool as error:
        calls = board.read()
        seen = f" Last seen in {'; '.join(map(str, calls))}." if calls else ""
        raise LabelingFunctionError(
            "A worker process ended before its samples were done: a labeling function made it crash"
            f" or ended it, or there was not enough memory.{seen} Apply them one at a time to see which."
        ) from error
    except pickle.PicklingError as error:
        about = unpicklable_samples(sent, workers)
        if about is None:
            raise
        raise about from error


@functools.lru_cache(maxsize=1)
def _unpacked(plan: bytes) -> list[LabelingFunction]:
    try:
        return unpacked(plan)
    except Exception as error:
        raise LabelingFunctionError(
            f"A worker process cannot load the labeling functions: {error!r}. What they are made of"
            " must be importable and loadable there as well; or use workers=1."
        ) from error


def _in_worker(
    plan: bytes,
    schema: LabelSchema,
    stop_at_fault: bool,
    folder: str,
    parent: int,
    chunk: pd.DataFrame,
) -> tuple[npt.NDArray[Any], bytes]:
    """Return the votes and the faults, which may hold exceptions of the expert's own classes."""
    ends_with_parent = _end_with_parent(parent)
    board = Board(Path(folder))

    def report(call: SlowCall) -> None:
        if ends_with_parent:  # here as well: a call may keep all threads waiting
            _end_if_orphan(parent, folder)
        board.write(call)

    watch = CallWatch(report)
    with watch.watching():
        votes, faults = votes_on(
            chunk, _unpacked(plan), schema, stop_at_fault=stop_at_fault, watch=watch
        )
    board.clear()
    return votes, cloudpickle.dumps(list(map(_portable, faults)))


@functools.cache
def _end_with_parent(parent: int) -> bool:
    """End this process when its parent has ended, however: a killed one cannot say so.

    Returns:
        whether it does; not where it is the same process, or one of a cluster.
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


def _portable(fault: Fault) -> tuple[Fault, list[str]]:
    """Return a fault that survives the way back, and notes: its line, and its traceback."""
    error = fault.exception
    remember_line(error)
    if not isinstance(error, LabelingFunctionError):
        error.add_note("".join(traceback.format_exception(error)))
    notes = list(getattr(error, "__notes__", ()))
    try:
        error = pickle.loads(cloudpickle.dumps(error))
    except Exception:  # noqa: BLE001  # whatever its class does when it is rebuilt
        error = LabelingFunctionError(f"{type(error).__qualname__}: {error}")
    return fault._replace(exception=error), notes


def _arrived(sent: bytes) -> list[Fault]:
    """Return faults as they came from a worker's pipe, with their notes; some classes lose them."""
    faults = []
    for fault, notes in pickle.loads(sent):
        for note in notes:
            if note not in getattr(fault.exception, "__notes__", ()):
                fault.exception.add_note(note)
        faults.append(fault)
    return faults
