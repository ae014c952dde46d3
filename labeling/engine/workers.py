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
from pathlib import Path
from typing import Any

import cloudpickle
import numpy.typing as npt
import pandas as pd

from labeling.engine.passes import Progress
from labeling.engine.slow_calls import Board, CallWatch, SlowCall
from labeling.engine.voting import votes_on
from labeling.errors import LabelingFunctionError
from labeling.records import Fault, LabelingFunction, LabelSchema, packed, unpacked

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

    try:
        plan = packed(lfs)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise LabelingFunctionError(
            f"With workers={workers} each labeling function and its resources must be picklable,"
            f" and one is not: {error}. Use workers=1, or open the resource inside the function."
        ) from error
    with tempfile.TemporaryDirectory(prefix="labeling-") as folder:
        job = functools.partial(_in_worker, plan, schema, stop_at_fault, folder, os.getpid())
        found = joblib.Parallel(n_jobs=workers, return_as="generator", max_nbytes=None)(
            joblib.delayed(job)(chunk) for chunk in chunks
        )
        with Board(Path(folder)).watching():
            for votes, faults in found:
                if progress is not None:
                    progress(len(votes))
                yield votes, pickle.loads(faults)  # from the worker's pipe, not a file


@functools.lru_cache(maxsize=1)
def _unpacked(plan: bytes) -> list[LabelingFunction]:
    return unpacked(plan)


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
    portable = [fault._replace(exception=_portable(fault.exception)) for fault in faults]
    return votes, cloudpickle.dumps(portable)


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


def _portable(error: Exception) -> Exception:
    """Return an exception that survives the way back, with its traceback as a note."""
    if not isinstance(error, LabelingFunctionError):
        error.add_note("".join(traceback.format_exception(error)))
    try:
        return pickle.loads(cloudpickle.dumps(error))  # type: ignore[no-any-return]  # untyped
    except Exception:  # noqa: BLE001  # whatever its class does when it is rebuilt
        return LabelingFunctionError(f"{type(error).__qualname__}: {error}")
