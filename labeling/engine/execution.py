"""Executes labeling functions on a batch of samples, one function at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine.batches import SampleBatch
from labeling.engine.collection import earlier_objects_kept
from labeling.engine.encoding import RowFault, codes_of, id_at
from labeling.engine.encoding import WrongReturnError as WrongReturnError
from labeling.engine.preprocessed_rows import (
    Failed,
    as_exception,
    chain_of,
    chains_of,
    preprocessed_blocks,
    row_of_call,
)
from labeling.engine.progress import ChunkProgress, Progress
from labeling.engine.slow_calls import CallWatch
from labeling.records import (
    ABSTAIN,
    VOTING_SCHEMA,
    Fault,
    FrozenRow,
    LabelingFunction,
    LabelSchema,
)

Where = slice | npt.NDArray[np.intp]
"""Which rows of a batch: from one to another, or at ascending positions."""

BATCH = 1_024
"""Rows per call of a batch function: enough to be fast, few enough to show progress."""


def votes_on(
    batch: SampleBatch,
    lfs: Sequence[LabelingFunction],
    schema: LabelSchema,
    *,
    stop_at_fault: bool,
    progress: Progress | None = None,
    watch: CallWatch | None = None,
) -> tuple[npt.NDArray[Any], list[Fault]]:
    """Return the votes of labeling functions on a batch, and where they failed.

    Args:
        batch: the samples.
        lfs: the labeling functions.
        schema: the labels.
        stop_at_fault: whether to stop at a fault and return only the first one, by sample and then
            by labeling function; the votes are then incomplete.
        progress: called with the number of samples done since its last call.
        watch: is told which function is being called.

    Returns:
        codes of shape (n_samples, n_lfs), column by column in memory; the faults.
    """
    token = VOTING_SCHEMA.set(schema)
    try:
        run = _BatchRun(batch, lfs, schema, stop_at_fault, progress, watch or CallWatch())
        with earlier_objects_kept():
            run.run()
    finally:
        VOTING_SCHEMA.reset(token)
    faults = run.faults
    if stop_at_fault and faults:
        faults = [min(faults, key=lambda fault: fault[:2])]
    return run.votes, [fault for *_, fault in faults]


class _BatchRun:
    """The votes on a batch of samples so far, and the faults with row and column."""

    def __init__(
        self,
        batch: SampleBatch,
        lfs: Sequence[LabelingFunction],
        schema: LabelSchema,
        stop_at_fault: bool,
        progress: Progress | None,
        watch: CallWatch,
    ) -> None:
        self.batch, self.lfs, self.schema = batch, lfs, schema
        self.stop_at_fault, self.watch = stop_at_fault, watch
        self.votes = np.full((len(batch), len(lfs)), ABSTAIN, dtype=schema.code_type, order="F")
        self.faults: list[tuple[int, int, Fault]] = []
        self.progress = ChunkProgress(len(batch), len(lfs) + len(chains_of(lfs)), progress)

    def run(self) -> None:
        """Run all labeling functions on the batch."""
        for column, lf in enumerate(self.lfs):
            if not lf.pre:
                self.run_function(column)
        if any(lf.pre for lf in self.lfs):
            self.run_preprocessed()
        self.progress.finish()

    def run_function(self, column: int) -> None:
        """Run the labeling function of a column on all rows; it has no preprocessors."""
        self.call(column, self.batch.rows(), slice(0, len(self.batch)))

    def run_preprocessed(self) -> None:
        """Run the labeling functions with preprocessors, block by block."""
        preprocessed = [(column, lf) for column, lf in enumerate(self.lfs) if lf.pre]
        blocks = preprocessed_blocks(
            self.batch.rows(),
            self.batch.ids,
            [lf for _, lf in preprocessed],
            self.progress,
            self.watch,
        )
        for start, rows_by_chain in blocks:
            for column, lf in preprocessed:
                rows = rows_by_chain[chain_of(lf)]
                self.call(column, rows, slice(start, start + len(rows)))
            if self.stop_at_fault and self.faults:
                break

    def call(self, column: int, rows: list[Any], where: Where) -> None:
        """Call the labeling function of a column on rows, and keep its votes and faults.

        Args:
            column: the number of the function.
            rows: what it is called on.
            where: which rows of the batch they are.
        """
        lf, ids = self.lfs[column], self.batch.ids[where]
        answers, raised = self._answers(lf, rows, ids)
        self.watch.leave()
        codes, invalid = codes_of(lf, answers, self.schema, ids)
        positions = np.arange(len(self.batch))[where][: len(answers)]
        self.votes[positions, column] = codes
        for row, error in sorted(raised + invalid, key=lambda fault: fault[0]):
            fault = Fault(lf.name, id_at(ids, row), error)
            self.faults.append((int(positions[row]), column, fault))

    def _answers(
        self, lf: LabelingFunction, rows: list[Any], ids: pd.Index
    ) -> tuple[list[Any], list[RowFault]]:
        """Return what the function returns for each row; `None` where it raised an error."""
        called = f"labeling function {lf.name!r}"
        copies_rows = _could_change_rows(lf, rows)
        answers: list[Any] = []
        if lf.batch is not None and not _any_failed(lf, rows):
            try:
                for block in self.progress.blocks(rows, BATCH):
                    self.watch.enter(called, ids, answers, len(block))
                    batch = list(map(row_of_call, block)) if copies_rows else block
                    batch_answers = list(lf.batch(batch))
                    if len(batch_answers) != len(block):
                        break
                    answers += batch_answers
            except (Exception, SystemExit):  # noqa: BLE001
                pass  # the rows at fault are found below, row by row
            if len(answers) == len(rows):
                return answers, []
            answers = []
        self.watch.enter(called, ids, answers)
        given_rows = self.progress.over(rows)
        arguments = map(row_of_call, given_rows) if copies_rows else given_rows
        calls = map(_row_function(lf, rows), arguments)
        return answers, _row_by_row(calls, answers, len(rows), self.stop_at_fault)


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
    if not _any_failed(lf, rows):
        return function

    def guarded(row: Any) -> Any:
        if isinstance(row, Failed):
            raise row.error
        return function(row)

    return guarded


def _row_by_row(
    calls: Iterator[Any], answers: list[Any], count: int, stop_at_fault: bool
) -> list[RowFault]:
    """Collect what calls return, `None` where a call raised an error, and return the faults."""
    faults: list[RowFault] = []
    # When a call raises, `extend` keeps the answers so far and `map` resumes with the next row:
    # this isolates faults without a `try` around each call.
    while True:
        try:
            answers.extend(calls)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # it may raise anything
            faults.append((len(answers), as_exception(error)))
        else:
            if len(answers) == count:
                return faults
            # The function raised StopIteration, which ended the loop over the rows.
            faults.append((len(answers), StopIteration("raised by the labeling function")))
        answers.append(None)
        if stop_at_fault:
            return faults
