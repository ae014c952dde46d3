"""Calls a labeling function on rows: what it returns, and where it fails or does not return."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from labeling.engine.call_stops import CallStoppedError
from labeling.engine.encoding import RowFault, id_at
from labeling.engine.preprocessed_rows import Failed, as_exception, row_of_call
from labeling.engine.progress import ChunkProgress
from labeling.engine.slow_calls import CallWatch, timeout_error
from labeling.records import FrozenRow, LabelingFunction, SpanLabelingFunction, collected

BATCH = 1_024
"""Rows per call of a batch function: enough to be fast, few enough to show progress."""


def answers_of(
    lf: LabelingFunction,
    rows: list[Any],
    ids: pd.Index,
    progress: ChunkProgress,
    watch: CallWatch,
    stop_at_fault: bool,
) -> tuple[list[Any], list[RowFault]]:
    """Return what a function returns for each row, and the rows where it did not.

    Args:
        lf: the function.
        rows: its arguments.
        ids: the samples that they are rows of.
        progress: counts the rows.
        watch: stops calls at the time limit.
        stop_at_fault: whether to stop at the first fault; there are then fewer answers than rows.

    Returns:
        The answers, `None` where there is a fault; the faults, a row's at most once.
    """
    called = f"labeling function {lf.name!r}"
    copies_rows = _could_change_rows(lf, rows)
    if lf.batch is not None and not _any_failed(lf, rows):
        answers = _in_batches(lf.batch, rows, ids, (called, copies_rows), progress, watch)
        if answers is not None:
            return answers, []
    answers = []
    watch.enter(called, ids, answers)
    given_rows = progress.over(rows)
    arguments = map(row_of_call, given_rows) if copies_rows else given_rows
    function = _row_function(lf, rows)
    if watch.diary is not None:
        function = watch.diary.row_by_row(function, answers)
    calls = map(function, arguments)
    faults = _row_by_row(calls, answers, len(rows), watch, stop_at_fault)
    for row, stopped in watch.leave().items():
        answers[row] = None
        faults[row] = timeout_error(called, id_at(ids, row), stopped, watch.timeout)
    return answers, sorted(faults.items())


def _in_batches(
    batch: Callable[[list[Any]], Any],
    rows: list[Any],
    ids: pd.Index,
    called_and_copies: tuple[str, bool],
    progress: ChunkProgress,
    watch: CallWatch,
) -> list[Any] | None:
    """Return the answers of a batch function; `None` where rows must be tried one by one."""
    called, copies_rows = called_and_copies
    answers: list[Any] = []
    try:
        for block in progress.blocks(rows, BATCH):
            watch.enter(called, ids, answers, len(block))
            given = list(map(row_of_call, block)) if copies_rows else block
            if watch.diary is not None:
                watch.diary.batch(len(answers), len(block))
            watch.may_stop = True
            block_answers = list(batch(given))
            watch.may_stop = False
            if len(block_answers) != len(block):
                break
            answers += block_answers
    except (Exception, SystemExit, CallStoppedError):  # noqa: BLE001
        watch.may_stop = False
    return answers if not watch.leave() and len(answers) == len(rows) else None


def _could_change_rows(lf: LabelingFunction, rows: list[Any]) -> bool:
    """Whether a call of a labeling function could change its row in place."""
    return bool(lf.pre) or (bool(rows) and isinstance(rows[0], FrozenRow))


def _any_failed(lf: LabelingFunction, rows: list[Any]) -> bool:
    """Whether a preprocessor failed on any of the rows of a labeling function."""
    return bool(lf.pre) and any(type(row) is Failed for row in rows)


def _row_function(lf: LabelingFunction, rows: list[Any]) -> Callable[[Any], Any]:
    batch = lf.batch
    if batch is not None:
        function: Callable[[Any], Any] = lambda row: batch([row])[0]  # noqa: E731
    elif lf.resources:
        function = functools.partial(lf.function, **lf.resources)
    else:
        function = lf.function
    if isinstance(lf, SpanLabelingFunction):
        function = collected(function)
    if not _any_failed(lf, rows):
        return function

    def guarded(row: Any) -> Any:
        if isinstance(row, Failed):
            raise row.error
        return function(row)

    return guarded


def _row_by_row(
    calls: Iterator[Any], answers: list[Any], count: int, watch: CallWatch, stop_at_fault: bool
) -> dict[int, Exception]:
    """Collect what calls return, `None` where a call raised an error; return errors by row."""
    faults: dict[int, Exception] = {}
    # When a call raises, `extend` keeps the answers so far and `map` resumes with the next row:
    # this isolates faults without a `try` around each call. A call that is stopped raises as well.
    while True:
        try:
            watch.may_stop = True
            answers.extend(calls)
            watch.may_stop = False
        except (Exception, SystemExit, CallStoppedError) as error:  # noqa: BLE001
            watch.may_stop = False  # first of all: nothing else must be stopped
            if isinstance(error, CallStoppedError):
                watch.note_stopped(error)
            else:
                faults[len(answers)] = as_exception(error)
        else:
            if len(answers) == count:
                return faults
            # The function raised StopIteration, which ended the loop over the rows.
            faults[len(answers)] = StopIteration("raised by the labeling function")
        answers.append(None)
        if stop_at_fault:
            return faults
