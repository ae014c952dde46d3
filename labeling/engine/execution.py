"""Executes labeling functions on a batch of samples, one function at a time."""

from __future__ import annotations

import functools
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labeling.engine.batches import SampleBatch
from labeling.engine.calls import answers_of
from labeling.engine.collection import earlier_objects_kept
from labeling.engine.columns.self_check import NOT_COMPARED, ColumnRunner, Positions
from labeling.engine.encoding import RowFault, id_at
from labeling.engine.encoding import WrongReturnError as WrongReturnError
from labeling.engine.engine_report import EngineReport, HowRun
from labeling.engine.fingerprints.reads import columns_of
from labeling.engine.forms import Calls, VoteForm, form_of
from labeling.engine.forms.base import Values, Where
from labeling.engine.preprocessed_rows import chain_of, chains_of, preprocessed_blocks
from labeling.engine.progress import ChunkProgress, Progress
from labeling.engine.slow_calls import CallWatch
from labeling.errors import LFTimeoutError
from labeling.records import (
    VOTING_SCHEMA,
    Fault,
    LabelingFunction,
    LabelSchema,
)

ChunkVotes = tuple[Any, list[Fault]]
"""The votes of a chunk, in the table of their form; the faults."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What is done with each batch of samples.

    Attributes:
        lfs: the labeling functions.
        schema: the labels.
        stop_at_fault: whether to stop at a fault and return only the first one, by sample and then
            by labeling function; the votes are then incomplete.
        timeout: seconds that a call may take on a sample; `None` is no limit.
        progress: called with the number of samples done since its last call.
        report: counts how functions are run.
        text: the column that spans are in.
    """

    lfs: Sequence[LabelingFunction]
    schema: LabelSchema
    stop_at_fault: bool = False
    timeout: float | None = None
    progress: Progress | None = None
    report: EngineReport = field(default_factory=EngineReport)
    text: str = "text"

    @property
    def form(self) -> VoteForm:
        """The form that votes are kept in, by the kind of the labels."""
        return form_of(self.schema, self.text)


def columns_read(lfs: Sequence[LabelingFunction]) -> frozenset[Hashable] | None:
    """Return the columns that labeling functions read of rows; `None` where it may be any.

    Rows are then made of these columns only. Preprocessors copy whole rows, and need all.
    """
    columns: set[Hashable] = set()
    for lf in lfs:
        read = None if lf.pre else columns_of(lf)
        if read is None:
            return None
        columns |= read
    return frozenset(columns)


def votes_on(
    batch: SampleBatch,
    job: Job,
    watch: CallWatch | None = None,
    columns: ColumnRunner | None = None,
) -> ChunkVotes:
    """Return the votes of labeling functions on a batch, and where they failed.

    Args:
        batch: the samples.
        job: the functions, and how they are run.
        watch: is told which function is being called.
        columns: runs functions on whole columns; the same for all batches of a call of `apply`.

    Raises:
        ColumnVotesDifferError: a vote on columns was found to differ from that of the function.
    """
    token = VOTING_SCHEMA.set(job.schema)
    try:
        run = _BatchRun(batch, job, watch or CallWatch())
        with earlier_objects_kept():
            run.run(columns or ColumnRunner(job.lfs, job.schema))
    finally:
        VOTING_SCHEMA.reset(token)
    faults = run.faults
    if job.stop_at_fault and faults:
        faults = [min(faults, key=lambda fault: fault[:2])]
    return run.votes, [fault for *_, fault in faults]


def _shared_reads(
    batch: SampleBatch, columns: ColumnRunner
) -> Mapping[str, frozenset[Hashable] | None]:
    """Return the columns of the rows that each function gets: the same rows where all get them.

    Functions that run in Python on all samples share rows with all columns that any of them reads,
    unless these hold values that could be changed in place, whose rows are copied for each call.
    """
    reads: dict[str, frozenset[Hashable] | None] = dict(columns.reads)
    sharing = {name: names for name, names in reads.items() if name in columns.in_python}
    known = [names for names in sharing.values() if names is not None]
    shared = None if len(known) < len(sharing) else frozenset[Hashable]().union(*known)
    return reads if batch.may_change(shared) else reads | dict.fromkeys(sharing, shared)


class _BatchRun:
    """The votes on a batch of samples so far, and the faults with row and column."""

    def __init__(self, batch: SampleBatch, job: Job, watch: CallWatch) -> None:
        self.batch, self.watch, self.lfs, self.report = batch, watch, job.lfs, job.report
        self.stop_at_fault = job.stop_at_fault
        self.form = job.form
        self.texts = batch.values(self.form.text) if self.form.text else []
        self.votes = self.form.table(len(batch), len(job.lfs))
        self.faults: list[tuple[int, int, Fault]] = []
        self.reads: Mapping[str, frozenset[Hashable] | None] = {}
        n_passes = len(job.lfs) + len(chains_of(job.lfs))
        self.progress = ChunkProgress(len(batch), n_passes, job.progress)

    def run(self, columns: ColumnRunner) -> None:
        """Run all labeling functions on the batch."""
        memo: dict[Any, Any] = {}
        self.reads = _shared_reads(self.batch, columns)
        for column, lf in enumerate(self.lfs):
            if not lf.pre:
                self.run_function(column, columns, memo)
        memo.clear()  # what is in it may refer to it and to the batch, which would stay in memory
        if any(lf.pre for lf in self.lfs):
            self.run_preprocessed()
        self.progress.finish()

    def run_function(self, column: int, columns: ColumnRunner, memo: dict[Any, Any]) -> None:
        """Run the labeling function of a column; in Python where columns leave it undecided."""
        in_python = functools.partial(self.compared_votes, column)
        begin = time.perf_counter()
        voted = columns.votes(self.lfs[column], self.batch, memo, in_python)
        seconds = time.perf_counter() - begin
        if voted is None:
            self.call(column, self.rows_for(column), slice(0, len(self.batch)))
            return
        codes, decided = voted
        self.form.put_codes(self.votes, column, codes, decided)
        undecided = np.flatnonzero(~decided)
        n_decided = len(self.batch) - len(undecided)
        name = self.lfs[column].name
        self.report.add(HowRun(name, rows_in_columns=n_decided, seconds=seconds))
        self.progress.advance(n_decided)
        if len(undecided):
            self.call(column, self.rows_for(column, undecided), undecided)

    def rows_for(self, column: int, positions: Positions | None = None) -> list[Any]:
        """Return rows with the columns that a labeling function reads."""
        return self.batch.rows(positions, self.reads[self.lfs[column].name])

    def compared_votes(self, column: int, positions: Positions) -> list[Any]:
        """Return the votes of a labeling function at positions, `None` where it has none."""
        lf, ids, rows = (
            self.lfs[column],
            self.batch.ids[positions],
            self.rows_for(column, positions),
        )
        progress = ChunkProgress(len(rows), 1, None)
        if self.watch.diary is not None:
            self.watch.diary.begin(column, positions.tolist())
        answers, raised = answers_of(lf, rows, ids, progress, self.watch, False)
        values, invalid = self.encoded(lf, rows, answers, positions)
        votes: list[Any] = self.form.as_codes(values, len(rows))
        for row, error in (*invalid, *raised):
            # Columns have no runaway calls; where Python has one, its vote is not known.
            votes[row] = NOT_COMPARED if isinstance(error, LFTimeoutError) else None
        return votes

    def encoded(
        self, lf: LabelingFunction, rows: list[Any], answers: list[Any], where: Where
    ) -> tuple[Values, list[RowFault]]:
        """Return the votes that answers are, and which are none."""
        texts: Sequence[Any] = ()
        if self.texts:
            if isinstance(where, slice):
                texts = self.texts[where]
            else:
                texts = [self.texts[row] for row in where.tolist()]
        return self.form.encoded(Calls(lf, rows, answers, self.batch.ids[where], texts))

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
        begin = time.perf_counter()
        lf, ids = self.lfs[column], self.batch.ids[where]
        positions = np.arange(len(self.batch))[where]
        if self.watch.diary is not None:
            self.watch.diary.begin(column, positions.tolist())
        answers, raised = answers_of(lf, rows, ids, self.progress, self.watch, self.stop_at_fault)
        values, invalid = self.encoded(lf, rows, answers, where)
        self.form.put(self.votes, column, positions[: len(answers)], values)
        for row, error in sorted(raised + invalid, key=lambda fault: fault[0]):
            fault = Fault(lf.name, id_at(ids, row), error)
            self.faults.append((int(positions[row]), column, fault))
        seconds = time.perf_counter() - begin
        self.report.add(HowRun(lf.name, rows_in_python=len(rows), seconds=seconds))
