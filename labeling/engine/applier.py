"""`apply`: runs labeling functions on samples in this process or in workers, with equal votes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import logging
import math
import os
import time
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Sequence
from typing import Any, Literal, NoReturn, Protocol

import pandas as pd

from labeling.engine.batches import SampleBatch
from labeling.engine.cached_votes import CachedRun, Runner, blocks_of
from labeling.engine.columns.self_check import (
    ColumnRunner,
    ColumnVotesDifferError,
    without_columns,
)
from labeling.engine.encoding import WrongReturnError
from labeling.engine.engine_report import HowRun
from labeling.engine.execution import ChunkVotes, Job, columns_read, votes_on
from labeling.engine.function_kinds import check_kind
from labeling.engine.pickling import dumps_for_workers
from labeling.engine.progress import Progress
from labeling.engine.slow_calls import CallWatch, alarm_is_free
from labeling.engine.values import with_plain_objects
from labeling.engine.vote_store import VoteStore
from labeling.engine.workers import in_workers
from labeling.errors import (
    DataError,
    LabelingFunctionError,
    LFTimeoutError,
    UnknownLabelError,
    listed,
    repeated,
)
from labeling.records import (
    Fault,
    LabelingFunction,
    LabelSchema,
    Table,
    Votes,
    expect,
    is_number,
    is_whole_number,
    location_of,
    require_column,
    with_id_index,
)

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 32_768
"""Rows of a chunk, held as Python objects at a time; smaller is slower, larger not faster."""

BYTES_AT_ONCE = 64 * 2**20
"""About how many bytes of a frame become Python objects at a time, however few rows that is."""

OnError = Literal["raise", "record"]
Cache = str | os.PathLike[str] | VoteStore | None
"""The folder of cached votes; `None` caches nothing."""
AnyVotes = Votes | Any
"""`Votes`, or by the kind of the labels `SetVotes` or `SpanVotes`."""
Report = Callable[[tuple[HowRun, ...]], object]
"""Is called at the end with how each labeling function was run, in their order."""


def apply_to_frame(
    lfs: LabelingFunction | Iterable[LabelingFunction],
    data: Table,
    schema: LabelSchema,
    *,
    id: str | None = None,
    workers: int = 1,
    on_error: OnError = "raise",
    timeout: float | None = None,
    progress: Progress | None = None,
    cache: Cache = None,
    report: Report | None = None,
    text: str = "text",
) -> AnyVotes:
    """Return the votes of labeling functions on the samples of a frame.

    Args, errors and meaning are those of `labeling.apply`, which also takes paths. The `report` of
    a `VoteStore` that is given as `cache` then says what was run.
    """
    job = _checked_job(lfs, schema, on_error, workers, timeout, progress, text)
    check_outlets(cache, progress, report)
    samples = with_plain_objects(with_id_index(data, id))
    _check_reads(job, samples, samples.index.name)
    size = _chunk_size(samples, workers)

    def votes_of(job: Job) -> AnyVotes:
        if cache is not None:
            return _cached_votes(job, [samples], samples.index, workers, size, cache)
        chunks = (samples.iloc[start : start + size] for start in range(0, len(samples), size))
        return _votes_on_chunks(job, chunks, samples.index, workers)

    votes = _certain_votes(job, votes_of)
    if report is not None:
        report(job.report.functions(votes.voters))
    return votes


class Stream(Protocol):
    """Samples that are read while labeling functions run; iterating yields frames, index = ids.

    Attributes:
        ids: the ids of all samples.
        example: the columns, without rows.
    """

    ids: pd.Index
    example: pd.DataFrame

    def __iter__(self) -> Iterator[pd.DataFrame]: ...


def apply_to_stream(
    lfs: LabelingFunction | Iterable[LabelingFunction],
    stream: Stream,
    schema: LabelSchema,
    *,
    workers: int = 1,
    on_error: OnError = "raise",
    timeout: float | None = None,
    progress: Progress | None = None,
    cache: Cache = None,
    report: Report | None = None,
    text: str = "text",
) -> AnyVotes:
    """Return the votes of labeling functions on samples, of which only some are held at a time.

    Args, errors and meaning are those of `labeling.apply`.
    """
    job = _checked_job(lfs, schema, on_error, workers, timeout, progress, text)
    check_outlets(cache, progress, report)
    _check_reads(job, stream.example, stream.ids.name)

    def votes_of(job: Job) -> AnyVotes:
        if cache is not None:
            frames = map(with_plain_objects, stream)
            return _cached_votes(job, frames, stream.ids, workers, ROWS_AT_ONCE, cache)
        chunks = (
            with_plain_objects(frame.iloc[start : start + size])
            for frame in stream
            for size in [_chunk_size(frame, 1)]
            for start in range(0, len(frame), size)
        )
        return _votes_on_chunks(job, chunks, stream.ids, workers)

    votes = _certain_votes(job, votes_of)
    if report is not None:
        report(job.report.functions(votes.voters))
    return votes


def _checked_job(
    lfs: LabelingFunction | Iterable[LabelingFunction],
    schema: LabelSchema,
    on_error: OnError,
    workers: int,
    timeout: float | None,
    progress: Progress | None,
    text: str,
) -> Job:
    functions = checked_functions(lfs, schema, text)
    check_options(on_error, workers, timeout)
    # Timers of the system take no float of NumPy.
    limit = None if timeout is None else float(timeout)
    return Job(functions, schema, on_error == "raise", limit, progress, text=text)


def check_outlets(cache: object, progress: object, report: object) -> None:
    """Check where votes are kept and what is called on the way, before anything is run."""
    _check_callable(progress, "progress")
    _check_callable(report, "report")
    is_path = isinstance(cache, (str, os.PathLike)) and str(cache) != ""
    if cache is not None and not is_path and not isinstance(cache, VoteStore):
        raise DataError(f"`cache` must be the path of a folder, or None. Got {cache!r}.")


def _check_callable(function: object, name: str) -> None:
    if function is not None and not callable(function):
        raise LabelingFunctionError(f"`{name}` must be a function, or None. Got {function!r}.")


def _check_reads(job: Job, samples: pd.DataFrame, id: Hashable) -> None:
    if job.form.text:
        require_column(samples, job.text, "`text`, the column that spans are in")
    for lf in job.lfs:
        for column in lf.reads:
            if column != id:
                require_column(samples, column, f"what labeling function {lf.name!r} reads")


def checked_functions(
    lfs: LabelingFunction | Iterable[LabelingFunction], schema: LabelSchema, text: str = "text"
) -> list[LabelingFunction]:
    """Return labeling functions as a list, after checking their names, kinds and labels."""
    expect(schema, LabelSchema, "`schema`")
    is_one = isinstance(lfs, (LabelingFunction, str, bytes)) or callable(lfs)
    given: Any = [lfs] if is_one else lfs
    functions: list[Any] = list(given) if isinstance(given, Iterable) else [given]
    if not functions:
        raise LabelingFunctionError("There must be at least one labeling function. Got none.")
    for lf in functions:
        if not isinstance(lf, LabelingFunction):
            raise LabelingFunctionError(
                f"Labeling functions must be made with @labeling_function. Got {lf!r}."
            )
        check_kind(lf, schema, text)
        if lf.label is not None:
            try:
                schema.index(lf.label)
            except UnknownLabelError as error:
                raise UnknownLabelError(f"Labeling function {lf.name!r}: {error}") from None
    names = [lf.name for lf in functions]
    duplicates = repeated(names)
    if duplicates:
        raise LabelingFunctionError(
            f"Labeling functions must have different names. Given twice: {listed(duplicates)}."
        )
    return functions


def check_options(on_error: object, workers: object, timeout: object) -> None:
    """Check the options of `labeling.apply`."""
    if on_error not in ("raise", "record"):
        raise LabelingFunctionError(f"`on_error` must be 'raise' or 'record'. Got {on_error!r}.")
    if not is_whole_number(workers) or workers < 1:
        raise LabelingFunctionError(f"`workers` must be a whole number from 1. Got {workers!r}.")
    if timeout is not None and not (is_number(timeout) and 0 < timeout < math.inf):
        raise LabelingFunctionError(
            f"`timeout` must be a number of seconds above 0, or None. Got {timeout!r}."
        )


def _certain_votes(job: Job, votes_of: Callable[[Job], AnyVotes]) -> AnyVotes:
    """Return all votes; made again, should votes on columns turn out to differ from Python's."""
    while True:
        try:
            return votes_of(job)
        except ColumnVotesDifferError as difference:
            job.report.clear()
            job = dataclasses.replace(job, lfs=without_columns(job.lfs, difference))


def _votes_on_chunks(
    job: Job, chunks: Iterable[pd.DataFrame], ids: pd.Index, workers: int
) -> AnyVotes:
    """Return the votes on all chunks, of which no more are taken after a fault at which to stop."""
    started, start, run = time.perf_counter(), 0, _runner(job, workers)
    form, columns = job.form, range(len(job.lfs))
    votes = form.table(len(ids), len(job.lfs), empty=True)
    faults: list[Fault] = []
    # Chunks that are running when a fault is found are awaited.
    wanted = itertools.takewhile(lambda _: not (job.stop_at_fault and faults), chunks)
    with contextlib.closing(run(job, wanted)) as results:
        for chunk_votes, chunk_faults in results:
            form.put_rows(votes, start, chunk_votes, columns)
            start += len(chunk_votes)
            faults += chunk_faults
    return _finished(job, votes, ids, faults, time.perf_counter() - started)


def _cached_votes(
    job: Job,
    frames: Iterable[pd.DataFrame],
    ids: pd.Index,
    workers: int,
    size: int,
    cache: str | os.PathLike[str] | VoteStore,
) -> AnyVotes:
    """Return the votes on samples in frames; only what is not cached is run."""
    started = time.perf_counter()
    store = cache if isinstance(cache, VoteStore) else VoteStore(cache)
    cached_run = CachedRun(job, store, len(ids), workers)
    faults = cached_run.compute(blocks_of(frames, len(ids)), _runner(job, workers), size)
    votes = _finished(job, cached_run.votes, ids, faults, time.perf_counter() - started)
    for use in [] if store.report is None else store.report.functions:
        job.report.add(HowRun(use.name, rows_cached=use.rows_cached))
    for sentence in [] if store.report is None else store.report.sentences():
        logger.info("%s", sentence)
    return votes


def _runner(job: Job, workers: int) -> Runner:
    """Return what runs a job on chunks, in this process or in workers."""
    return functools.partial(in_workers, workers) if _needs_workers(job, workers) else _in_process


def _finished(
    job: Job,
    votes: Any,
    ids: pd.Index,
    faults: Sequence[Fault],
    seconds: float,
) -> AnyVotes:
    """Return votes with their faults, or raise the first one."""
    if job.stop_at_fault and faults:
        _raise(faults[0])
    logger.info(
        "applied %d labeling functions to %d samples in %.1f s, %d faults",
        len(job.lfs),
        len(ids),
        seconds,
        len(faults),
    )
    names = tuple(lf.name for lf in job.lfs)
    return job.form.votes(votes, ids, names, _ordered(faults, names))


def _needs_workers(job: Job, workers: int) -> bool:
    """Whether to use worker processes; a time limit needs the main thread of a process."""
    if workers > 1 or job.timeout is None or alarm_is_free():
        return workers > 1
    try:
        dumps_for_workers(job.lfs, workers)
    except LabelingFunctionError as error:
        logger.warning(
            "the time limit of %g s is not enforced: outside of the main thread it needs a worker"
            " process. %s",
            job.timeout,
            error,
        )
        return False
    return True


def _chunk_size(samples: pd.DataFrame, workers: int) -> int:
    """Return how many rows a chunk has; object columns count as pointers, for values are shared."""
    most = len(samples) if workers == 1 else math.ceil(len(samples) / (4 * workers))
    bytes_of_row = int(samples.memory_usage(index=False).sum()) / len(samples)
    return max(1, min(most, ROWS_AT_ONCE, int(BYTES_AT_ONCE / max(bytes_of_row, 1))))


def _in_process(job: Job, chunks: Iterable[pd.DataFrame]) -> Generator[ChunkVotes, None, None]:
    watch, columns = CallWatch(timeout=job.timeout), ColumnRunner(job.lfs, job.schema)
    reads = columns_read(job.lfs)
    for chunk in chunks:
        with watch.watching():
            votes_and_faults = votes_on(SampleBatch(chunk, reads), job, watch, columns)
        yield votes_and_faults


def _raise(fault: Fault) -> NoReturn:
    if isinstance(fault.exception, (WrongReturnError, LFTimeoutError)):
        raise fault.exception
    location = location_of(fault.exception)
    raised_at = f" ({location})" if location else ""
    raise LabelingFunctionError(
        f"Labeling function {fault.labeling_function!r} failed on sample {fault.sample_id!r}:"
        f" {fault.exception!r}{raised_at}. Fix it, or pass on_error='record' to keep going and see"
        " every fault in votes.faults."
    ) from fault.exception


def _ordered(faults: Sequence[Fault], names: Sequence[str]) -> list[Fault]:
    """Return faults in the order of the labeling functions, and for each in that of the samples."""
    columns = {name: column for column, name in enumerate(names)}
    return sorted(faults, key=lambda fault: columns[fault.labeling_function])
