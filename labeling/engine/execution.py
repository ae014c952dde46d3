"""Running labeling functions over a chunk of samples, one function at a time."""

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
    prepared_blocks,
    row_of_call,
)
from labeling.engine.progress import Passes, Progress
from labeling.engine.rows import rows_of
from labeling.engine.slow_calls import CallWatch
from labeling.errors import LabelingFunctionError, near, shown
from labeling.records import (
    ABSTAIN,
    VOTING_SCHEMA,
    Fault,
    LabelingFunction,
    LabelSchema,
    SettledRow,
    is_yes_or_no,
    line_of_function,
    vote_code,
)

RowFault = tuple[int, Exception]

BATCH = 1_024
"""Rows that a function over many rows gets at once: enough to be fast, few enough to show progress."""


class WrongReturnError(LabelingFunctionError):
    """A labeling function returned what is no vote; the message names it, sample and value."""


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
        stop_at_fault: whether only the first fault counts, that of the first sample and there of
            the first labeling function; the votes are then incomplete.
        progress: told while it works how many more samples are done.
        watch: told which function is called.

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
        self.passes = Passes(len(ids), len(lfs) + len(chains_of(lfs)), progress)

    def run(self, rows: list[Any]) -> None:
        """Let all labeling functions vote on the rows of the chunk."""
        prepared = [(column, lf) for column, lf in enumerate(self.lfs) if lf.pre]
        for column, lf in enumerate(self.lfs):
            if not lf.pre:
                self.pass_over(rows, 0, column)
        blocks = prepared_blocks(
            rows, self.ids, [lf for _, lf in prepared], self.passes, self.watch
        )
        for start, rows_by_chain in blocks:
            for column, lf in prepared:
                self.pass_over(rows_by_chain[chain_of(lf)], start, column)
            if self.stop_at_fault and self.faults:
                break
        self.passes.end()

    def pass_over(self, rows: list[Any], start: int, column: int) -> None:
        """Let the labeling function of a column vote on rows, of which the first is row `start`."""
        lf, ids = self.lfs[column], self.ids[start : start + len(rows)]
        answers, failed = self._answers(lf, rows, ids)
        self.watch.leave()
        codes, wrong = _codes(lf, answers, self.schema, ids)
        self.votes[start : start + len(answers), column] = codes
        for row, error in sorted(failed + wrong, key=lambda fault: fault[0]):
            self.faults.append((start + row, column, Fault(lf.name, _id_at(ids, row), error)))

    def _answers(
        self, lf: LabelingFunction, rows: list[Any], ids: pd.Index
    ) -> tuple[list[Any], list[RowFault]]:
        """Return what the function answers for each row; `None` where it failed."""
        what = f"labeling function {lf.name!r}"
        own = _need_own_rows(lf, rows)
        answers: list[Any] = []
        if lf.batch is not None and not _any_failed(lf, rows):
            try:
                for block in self.passes.blocks(rows, BATCH):
                    self.watch.enter(what, ids, answers, len(block))
                    found = list(lf.batch(list(map(row_of_call, block)) if own else block))
                    if len(found) != len(block):
                        break
                    answers += found
            except (Exception, SystemExit):  # noqa: BLE001  # row by row below, which finds the rows at fault
                pass
            if len(answers) == len(rows):
                return answers, []
            answers = []
        self.watch.enter(what, ids, answers)
        given = self.passes.over(rows)
        calls = map(_row_function(lf, rows), map(row_of_call, given) if own else given)
        return answers, _row_by_row(calls, answers, len(rows), self.stop_at_fault)


def _id_at(ids: pd.Index, row: int) -> Any:
    """Return the id of a row as plain Python: `7` and not `np.int64(7)`."""
    return ids[row : row + 1].tolist()[0]


def _need_own_rows(lf: LabelingFunction, rows: list[Any]) -> bool:
    """Whether a call of a labeling function could change its row in place."""
    return bool(lf.pre) or (bool(rows) and isinstance(rows[0], SettledRow))


def _any_failed(lf: LabelingFunction, rows: list[Any]) -> bool:
    """Whether a preprocessor failed on any of the rows that a labeling function sees."""
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
    """Collect what calls answer, `None` where one failed, and return the faults."""
    faults: list[RowFault] = []
    # `extend` keeps what it has when a call raises, and `map` goes on with the next row: faults
    # are isolated without a try around each call.
    while True:
        try:
            answers.extend(calls)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # it may raise anything
            faults.append((len(answers), as_exception(error)))
        else:
            if len(answers) == count:
                return faults
            # A StopIteration of the function has ended the loop over the rows.
            faults.append((len(answers), StopIteration("raised by the labeling function")))
        answers.append(None)
        if stop_at_fault:
            return faults


def _codes(
    lf: LabelingFunction, answers: list[Any], schema: LabelSchema, ids: pd.Index
) -> tuple[npt.NDArray[Any], list[RowFault]]:
    """Return the codes of answers; a wrong answer abstains and is a fault."""
    kinds = set(map(type, answers))
    table = _table(lf, schema, kinds)
    if table is not None:
        # Where ints are codes a chunk of them needs no look-up.
        as_they_are = kinds == {int} and not schema.has_number_names
        found = answers if as_they_are else map(table.__getitem__, answers)
        try:
            codes = np.fromiter(found, schema.code_type, len(answers))
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
            faults.append((row, _wrong_return(lf, answer, schema, _id_at(ids, row))))
    return codes, faults


def _table(lf: LabelingFunction, schema: LabelSchema, kinds: set[type]) -> dict[Any, int] | None:
    """Return answer → code where a look-up is exact; True, 1 and 1.0 are one key to a dict."""
    names: dict[Any, int] = {name: code for code, name in enumerate(schema.labels)}
    if kinds <= {int, str, type(None)}:
        return names | dict(schema.int_codes) | {ABSTAIN: ABSTAIN, None: ABSTAIN}
    if lf.label is not None and kinds <= {bool, str, type(None)}:
        return names | {True: schema.index(lf.label), False: ABSTAIN, None: ABSTAIN}
    return None


def _wrong_return(
    lf: LabelingFunction, answer: Any, schema: LabelSchema, sample_id: Any
) -> WrongReturnError:
    hint = near(answer, schema.labels) if isinstance(answer, str) else ""
    if is_yes_or_no(answer):
        hint = " For a yes-or-no function write @labeling_function(label=...)."
    elif lf.label is not None and not hint:
        hint = " A yes-or-no function must return a bool: wrap the answer in bool(...)."
    numbers = "its number" if schema.has_number_names else f"a code from 0 to {len(schema) - 1}"
    line = line_of_function(lf.function)
    defined = f" It is defined at {line}." if line else ""
    return WrongReturnError(
        f"Labeling function {lf.name!r} returned {answer!r} ({type(answer).__name__}) for sample"
        f" {sample_id!r}. It must return a label ({shown(schema.labels, 20)}), {numbers}, or"
        f" ABSTAIN.{hint}{defined}"
    )
