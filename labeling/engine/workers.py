"""Runs chunks of samples in joblib's worker processes, which end when the main process does."""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import shutil
import tempfile
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cloudpickle
import pandas as pd

from labeling.engine.calls import BATCH
from labeling.engine.columns.self_check import ColumnRunner
from labeling.engine.diary import Diary, NotedCall, last_call
from labeling.engine.engine_report import HowRun
from labeling.engine.execution import ChunkVotes, Job, columns_read, votes_on
from labeling.engine.heartbeats import GRACE, Heartbeat, HungWorkers
from labeling.engine.pickling import dumps_for_workers, unpicklable_samples
from labeling.engine.shipping import PackedBatch
from labeling.engine.slow_calls import CallBoard, CallWatch, SlowCall
from labeling.errors import DataError, LabelingFunctionError
from labeling.records import (
    Fault,
    LabelingFunction,
    LabelSchema,
    add_location_note,
    loads_functions,
)

ORPHAN_CHECK = 1.0
"""Seconds between checks whether the process that started a worker still runs."""


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A chunk of samples; calls are noted in the diary once its worker has hung."""

    number: int
    packed: PackedBatch
    diary: Path | None = None
    hung: tuple[NotedCall, ...] = ()


Result = tuple[Any, bytes, tuple[HowRun, ...]]
"""Votes, pickled faults, and how the functions were run."""


def in_workers(
    workers: int, job: Job, chunks: Iterable[pd.DataFrame]
) -> Generator[ChunkVotes, None, None]:
    """Yield the votes and faults of each chunk, in order.

    With a time limit, a worker that hangs in a call is ended, and the chunks that were running are
    run again, without that call.

    Raises:
        LabelingFunctionError: a labeling function cannot be sent to a worker.
    """
    pickled = dumps_for_workers(job.lfs, workers)
    settings = (job.schema, job.stop_at_fault, job.timeout, job.text)
    with tempfile.TemporaryDirectory(prefix="labeling-") as name:
        folder = Path(name)
        run = functools.partial(_run_chunk, pickled, settings, name, os.getpid(), _working_folder())
        board, tasks = CallBoard(folder), _Tasks(chunks, folder)
        hung = HungWorkers(folder, _heartbeat_limit(job))
        with board.watching(hung.look), _explained_errors(tasks, workers, board):
            for votes, faults, how_run in _results(run, workers, tasks, hung):
                job.report.add_all(how_run)
                if job.progress is not None:
                    job.progress(len(votes))
                yield votes, _loads_faults(faults)


def _working_folder() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:  # it was deleted
        return None


def _heartbeat_limit(job: Job) -> float | None:
    if job.timeout is None:
        return None
    most_rows = BATCH if any(lf.batch is not None for lf in job.lfs) else 1
    return job.timeout * most_rows + GRACE


def _results(
    run: Callable[[_Task], Result], workers: int, tasks: _Tasks, hung: HungWorkers
) -> Iterator[Result]:
    """Yield the results of all tasks in order; tasks are run again after a worker was ended."""
    import joblib  # takes 0.1 s, which only runs with workers need

    while True:
        # joblib starts no process for a single one.
        parallel = joblib.Parallel(max(workers, 2), return_as="generator", max_nbytes=None)
        try:
            for result in parallel(map(joblib.delayed(run), tasks.to_do())):
                tasks.done()
                yield result
            return
        except BrokenProcessPool:
            ended = hung.taken()
            if not ended:
                raise
            tasks.note_hung(ended)


class _Tasks:
    """The chunks that were given to workers and are not done, and those that follow."""

    def __init__(self, chunks: Iterable[pd.DataFrame], folder: Path) -> None:
        self._chunks = enumerate(chunks)
        self._folder = folder
        self._lock = threading.Lock()
        self._given: deque[_Task] = deque()
        self._round = 0

    def to_do(self) -> Iterator[_Task]:
        """Yield the tasks that are not done; an earlier iterator then yields none any more."""
        with self._lock:
            self._round += 1
            this_round, again = self._round, list(self._given)
        yield from again
        while True:
            with self._lock:  # joblib takes tasks in threads
                following = next(self._chunks, None) if self._round == this_round else None
                if following is None:
                    return
                number, chunk = following
                task = _Task(number, PackedBatch.of(chunk))
                self._given.append(task)
            yield task

    def done(self) -> None:
        """Forget the first task: its result is there."""
        with self._lock:
            self._given.popleft()

    def note_hung(self, numbers: Collection[int]) -> None:
        """Run tasks with a diary from now on, and without the call that it ends with."""
        with self._lock:
            for place, task in enumerate(self._given):
                if task.number in numbers:
                    call = None if task.diary is None else last_call(task.diary)
                    found = () if call is None else (call,)
                    diary = self._folder / f"{task.number}.diary"
                    self._given[place] = replace(task, diary=diary, hung=task.hung + found)

    def samples_pickled(self) -> list[pd.DataFrame]:
        """Return the samples of running tasks that are pickled value by value."""
        with self._lock:
            return [task.packed.others for task in self._given]


@contextlib.contextmanager
def _explained_errors(tasks: _Tasks, workers: int, board: CallBoard) -> Iterator[None]:
    """Replace errors of the worker pool by errors that name their cause."""
    try:
        yield
    except BrokenProcessPool as error:
        if "un-serialize" in str(error):  # joblib raises no class of its own
            raise _unloadable(error) from error
        calls = board.read()
        last_seen = f" Last seen in {'; '.join(map(str, calls))}." if calls else ""
        raise LabelingFunctionError(
            "A worker process ended before its samples were done: a labeling function made it crash"
            f" or ended it, or there was not enough memory.{last_seen} Apply them one at a time to"
            " see which."
        ) from error
    except pickle.PicklingError as error:
        explained = unpicklable_samples(tasks.samples_pickled(), workers)
        if explained is None:
            raise
        raise explained from error


def _unloadable(error: BrokenProcessPool) -> DataError:
    # The cause is the text of the worker's traceback, which ends with its error.
    why = str(error.__cause__ or error).strip().strip('"').strip().splitlines()[-1]
    return DataError(
        f"A worker process cannot load the samples: {why.rstrip('.')}. Their values must be"
        " loadable there as well; or use workers=1, or leave the column out."
    )


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
def _reads(pickled: bytes) -> frozenset[Hashable] | None:
    return columns_read(_loads_functions(pickled))


@functools.lru_cache(maxsize=1)
def _columns(pickled: bytes, schema: LabelSchema) -> ColumnRunner:
    return ColumnRunner(_loads_functions(pickled), schema)


def _run_chunk(
    pickled: bytes,
    settings: tuple[LabelSchema, bool, float | None, str],
    folder: str,
    parent: int,
    working_folder: str | None,
    task: _Task,
) -> Result:
    """Return votes and pickled faults, whose exceptions may be of classes of the user."""
    ends_with_parent = _end_with_parent(parent)
    if ends_with_parent and working_folder is not None:
        # A worker that is used again was started where its parent was then: files that functions
        # open, and the places of errors, are relative to where it is now.
        with contextlib.suppress(OSError):
            os.chdir(working_folder)
    board = CallBoard(Path(folder))

    def report(call: SlowCall) -> None:
        if ends_with_parent:  # here as well: a call may block all threads
            _end_if_orphan(parent, folder)
        board.write(call)

    schema, stop_at_fault, timeout, text = settings
    job = Job(_loads_functions(pickled), schema, stop_at_fault, timeout, text=text)
    diary = None if task.diary is None else Diary(task.diary, task.hung)
    heartbeat = Heartbeat(Path(folder), task.number)
    watch = CallWatch(report, job.timeout, heartbeat.beat, diary)
    with watch.watching():
        votes, faults = votes_on(
            task.packed.unpacked(_reads(pickled)), job, watch, _columns(pickled, job.schema)
        )
    heartbeat.stop()
    board.clear()
    how_run = job.report.functions([lf.name for lf in job.lfs])
    return votes, cloudpickle.dumps(list(map(_picklable, faults))), how_run


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
