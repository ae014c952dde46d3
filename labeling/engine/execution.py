"""Runs labeling functions on a chunk of samples, one function at a time."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine.preprocessed_rows import (
    Failed,
    as_exception,
    chain_of,
    chains_of,
    preprocessed_blocks,
    row_of_call,
)
from labeling.engine.progress import ChunkProgress, Progress
from labeling.engine.rows import rows_of
from labeling.engine.slow_calls import CallWatch
from labeling.errors import LabelingFunctionError, listed, near
from labeling.records import (
    ABSTAIN,
    VOTING_SCHEMA,
    Fault,
    FrozenRow,
    LabelingFunction,
    LabelSchema,
    is_yes_or_no,
    location_of_function,
    vote_code,
)

RowFault = tuple[int, Exception]

BATCH = 1_024
"""Rows per call of a batch function: enough to be fast, few enough to show progress."""


class WrongReturnError(LabelingFunctionError):
    """A labeling function returned an invalid vote; the message names the sample and value."""


def votes_on(
    samples: pd.DataFrame,
    lfs: Sequence[LabelingFunction],
    schema: LabelSchema,
    *,
    stop_at_fault: bool,
    progress: Progress | None = None,
    watch: CallWatch | None = None,
) -> tuple[npt.NDArray[Any], list[Fault]]:
    """Return the votes of labeling functions on a chunk, and where they failed.

    Args:
        samples: the chunk, index = sample ids.
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
        chunk = _Chunk(samples.index, lfs, schema, stop_at_fault, progress, watch or CallWatch())
        chunk.run(rows_of(samples))
    finally:
        VOTING_SCHEMA.reset(token)
    faults = chunk.faults
    if stop_at_fault and faults:
        faults = [min(faults, key=lambda fault: fault[:2])]
    return chunk.votes, [fault for *_, fault in faults]


class _Chunk:
    """The votes on a chunk of samples so far, and the faults with row and column."""

    def __init__(
        self,
        ids: pd.Index,
        lfs: Sequence[LabelingFunction],
        schema: LabelSchema,
        stop_at_fault: bool,
        progress: Progress | None,
        watch: CallWatch,
    ) -> None:
        self.ids, self.lfs, self.schema = ids, lfs, schema
        self.stop_at_fault, self.watch = stop_at_fault, watch
        self.votes = np.full((len(ids), len(lfs)), ABSTAIN, dtype=schema.code_type, order="F")
        self.faults: list[tuple[int, int, Fault]] = []
        self.progress = ChunkProgress(len(ids), len(lfs) + len(chains_of(lfs)), progress)

    def run(self, rows: list[Any]) -> None:
        """Run all labeling functions on the rows of the chunk."""
        preprocessed = [(column, lf) for column, lf in enumerate(self.lfs) if lf.pre]
        for column, lf in enumerate(self.lfs):
            if not lf.pre:
                self.run_function(rows, 0, column)
        blocks = preprocessed_blocks(
            rows, self.ids, [lf for _, lf in preprocessed], self.progress, self.watch
        )
        for start, rows_by_chain in blocks:
            for column, lf in preprocessed:
                self.run_function(rows_by_chain[chain_of(lf)], start, column)
            if self.stop_at_fault and self.faults:
                break
        self.progress.finish()

    def run_function(self, rows: list[Any], start: int, column: int) -> None:
        """Run the labeling function of a column on rows, of which the first is row `start`."""
        lf, ids = self.lfs[column], self.ids[start : start + len(rows)]
        answers, raised = self._answers(lf, rows, ids)
        self.watch.leave()
        codes, invalid = _codes(lf, answers, self.schema, ids)
        self.votes[start : start + len(answers), column] = codes
        for row, error in sorted(raised + invalid, key=lambda fault: fault[0]):
            self.faults.append((start + row, column, Fault(lf.name, _id_at(ids, row), error)))

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


def _id_at(ids: pd.Index, row: int) -> Any:
    """Return the id of a row as plain Python: `7` and not `np.int64(7)`."""
    return ids[row : row + 1].tolist()[0]


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


def _codes(
    lf: LabelingFunction, answers: list[Any], schema: LabelSchema, ids: pd.Index
) -> tuple[npt.NDArray[Any], list[RowFault]]:
    """Return the codes of answers; an invalid answer abstains and is a fault."""
    kinds = set(map(type, answers))
    table = _table(lf, schema, kinds)
    if table is not None:
        # Ints that are codes need no look-up.
        are_codes = kinds == {int} and not schema.has_number_names
        looked_up = answers if are_codes else map(table.__getitem__, answers)
        try:
            codes = np.fromiter(looked_up, schema.code_type, len(answers))
        except (KeyError, OverflowError):
            pass
        else:
            if codes.min(initial=0) >= ABSTAIN and codes.max(initial=0) < len(schema):
                return codes, []
    codes = np.full(len(answers), ABSTAIN, dtype=schema.code_type)
    faults: list[RowFault] = []
    for row, answer in enumerate(answers):
        try:
            codes[row] = vote_code(answer, schema, lf.label)
        except (LookupError, ValueError, TypeError):
            faults.append((row, _invalid_vote(lf, answer, schema, _id_at(ids, row))))
    return codes, faults


def _table(lf: LabelingFunction, schema: LabelSchema, kinds: set[type]) -> dict[Any, int] | None:
    """Return a dict from answer to code, or `None`: True, 1 and 1.0 are the same key of a dict."""
    names: dict[Any, int] = {name: code for code, name in enumerate(schema.labels)}
    if kinds <= {int, str, type(None)}:
        return names | dict(schema.int_codes) | {ABSTAIN: ABSTAIN, None: ABSTAIN}
    if lf.label is not None and kinds <= {bool, str, type(None)}:
        return names | {True: schema.index(lf.label), False: ABSTAIN, None: ABSTAIN}
    return None


def _invalid_vote(
    lf: LabelingFunction, answer: Any, schema: LabelSchema, sample_id: Any
) -> WrongReturnError:
    hint = near(answer, schema.labels) if isinstance(answer, str) else ""
    if is_yes_or_no(answer):
        hint = " For a yes-or-no function write @labeling_function(label=...)."
    elif lf.label is not None and not hint:
        hint = " A yes-or-no function must return a bool: wrap the answer in bool(...)."
    numbers = "its number" if schema.has_number_names else f"a code from 0 to {len(schema) - 1}"
    location = location_of_function(lf.function)
    defined_at = f" It is defined at {location}." if location else ""
    return WrongReturnError(
        f"Labeling function {lf.name!r} returned {answer!r} ({type(answer).__name__}) for sample"
        f" {sample_id!r}. It must return a label ({listed(schema.labels, 20)}), {numbers}, or"
        f" ABSTAIN.{hint}{defined_at}"
    )
