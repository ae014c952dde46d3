"""Running labeling functions over a chunk of samples, one function at a time."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from types import MethodType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine.passes import Passes, Progress
from labeling.engine.rows import rows_of
from labeling.errors import LabelingFunctionError, near, shown
from labeling.records import (
    ABSTAIN,
    Fault,
    LabelingFunction,
    LabelSchema,
    PreprocessedRow,
    SettledRow,
    is_yes_or_no,
)

RowFault = tuple[int, Exception]

BATCH = 1_024
"""Rows that a function over many rows gets at once: enough to be fast, few enough to show progress."""


class WrongReturnError(LabelingFunctionError):
    """A labeling function returned what is no vote; the message names it, sample and value."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Stands where a row would stand that a preprocessor failed on."""

    error: Exception


def votes_on(
    samples: pd.DataFrame,
    lfs: Sequence[LabelingFunction],
    schema: LabelSchema,
    *,
    stop_at_fault: bool,
    progress: Progress | None = None,
) -> tuple[npt.NDArray[Any], list[Fault]]:
    """Return the votes of labeling functions on a chunk, and where they failed.

    Args:
        samples: the chunk, index = sample ids.
        lfs: the labeling functions.
        schema: the labels.
        stop_at_fault: whether only the first fault counts, that of the first sample and there of
            the first labeling function; the votes are then incomplete.
        progress: told while it works how many more samples are done.

    Returns:
        codes of shape (n_samples, n_lfs), column by column in memory; the faults.
    """
    rows = rows_of(samples)
    votes = np.full((len(rows), len(lfs)), ABSTAIN, dtype=schema.code_type, order="F")
    prepared: dict[tuple[Hashable, ...], list[Any]] = {(): rows}
    faults: list[tuple[int, Fault]] = []
    shared = {_keys(lf)[:depth] for lf in lfs for depth in range(1, len(lf.pre) + 1)}
    passes = Passes(len(rows), len(lfs) + len(shared), progress)
    for column, lf in enumerate(lfs):
        seen = _prepared_rows(lf, prepared, passes)
        answers, failed = _answers(lf, seen, stop_at_fault, passes)
        votes[: len(answers), column], wrong = _codes(lf, answers, schema, samples.index)
        for row, error in sorted(failed + wrong, key=lambda fault: fault[0]):
            faults.append((row, Fault(lf.name, _id_at(samples.index, row), error)))
    passes.end()
    if stop_at_fault and faults:
        faults = [min(faults, key=lambda fault: fault[0])]
    return votes, [fault for _, fault in faults]


def _id_at(ids: pd.Index, row: int) -> Any:
    """Return the id of a row as plain Python: `7` and not `np.int64(7)`."""
    return ids[row : row + 1].tolist()[0]


def _keys(lf: LabelingFunction) -> tuple[Hashable, ...]:
    """Return what tells the preprocessors of a labeling function from others, in order."""
    # A method is a new object each time it is named, and equal to itself.
    return tuple(one if isinstance(one, MethodType) else id(one) for one in lf.pre)


def _prepared_rows(
    lf: LabelingFunction, prepared: dict[tuple[Hashable, ...], list[Any]], passes: Passes
) -> list[Any]:
    """Return the rows that a labeling function sees; each preprocessor runs once a row."""
    done: tuple[Hashable, ...] = ()
    for preprocess, key in zip(lf.pre, _keys(lf), strict=True):
        rows, done = prepared[done], (*done, key)
        if done not in prepared:
            prepared[done] = [_preprocessed(preprocess, row) for row in passes.over(rows)]
    return prepared[done]


def _preprocessed(preprocess: Callable[[Any], Any], row: Any) -> Any:
    if isinstance(row, Failed):
        return row
    name = getattr(preprocess, "__name__", repr(preprocess))
    try:
        made = preprocess(copy.copy(row))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # it may raise anything
        return Failed(_as_exception(error))
    if made is None:
        return Failed(
            LabelingFunctionError(f"Preprocessor {name!r} must return the row. Got None.")
        )
    if type(made) is PreprocessedRow:
        made.__class__ = SettledRow  # what one labeling function did to it, others would see
    return made


def _answers(
    lf: LabelingFunction, rows: list[Any], stop_at_fault: bool, passes: Passes
) -> tuple[list[Any], list[RowFault]]:
    """Return what the function answers for each row; `None` where it failed."""
    if lf.batch is not None and not _any_failed(lf, rows):
        answers: list[Any] = []
        try:
            for block in passes.blocks(rows, BATCH):
                found = list(lf.batch(block))
                if len(found) != len(block):
                    break
                answers += found
        except (Exception, SystemExit):  # noqa: BLE001  # row by row below, which finds the rows at fault
            pass
        if len(answers) == len(rows):
            return answers, []
    return _row_by_row(_row_function(lf, rows), rows, stop_at_fault, passes)


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
    function: Callable[[Any], Any], rows: list[Any], stop_at_fault: bool, passes: Passes
) -> tuple[list[Any], list[RowFault]]:
    answers: list[Any] = []
    faults: list[RowFault] = []
    # `extend` keeps what it has when a call raises, and `map` goes on with the next row: faults
    # are isolated without a try around each call.
    calls = map(function, passes.over(rows))
    while True:
        try:
            answers.extend(calls)
        except (Exception, SystemExit) as error:  # noqa: BLE001  # it may raise anything
            faults.append((len(answers), _as_exception(error)))
        else:
            if len(answers) == len(rows):
                return answers, faults
            # A StopIteration of the function has ended the loop over the rows.
            faults.append((len(answers), StopIteration("raised by the labeling function")))
        answers.append(None)
        if stop_at_fault:
            return answers, faults


def _as_exception(error: Exception | SystemExit) -> Exception:
    if isinstance(error, SystemExit):
        return LabelingFunctionError(f"it tried to end the process: {error!r}")
    return error


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
            codes[row] = _code(lf, answer, schema)
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


def _code(lf: LabelingFunction, answer: Any, schema: LabelSchema) -> int:
    if answer is None:
        return ABSTAIN
    if is_yes_or_no(answer):
        if lf.label is None:
            raise TypeError(answer)
        return schema.index(lf.label) if answer else ABSTAIN
    if not isinstance(answer, (str, float)) and answer == ABSTAIN and hasattr(answer, "__index__"):
        return ABSTAIN
    return schema.index(answer)


def _wrong_return(
    lf: LabelingFunction, answer: Any, schema: LabelSchema, sample_id: Any
) -> WrongReturnError:
    hint = near(answer, schema.labels) if isinstance(answer, str) else ""
    if is_yes_or_no(answer):
        hint = " For a yes-or-no function write @labeling_function(label=...)."
    elif lf.label is not None and not hint:
        hint = " A yes-or-no function must return a bool: wrap the answer in bool(...)."
    numbers = "its number" if schema.has_number_names else f"a code from 0 to {len(schema) - 1}"
    return WrongReturnError(
        f"Labeling function {lf.name!r} returned {answer!r} ({type(answer).__name__}) for sample"
        f" {sample_id!r}. It must return a label ({shown(schema.labels, 20)}), {numbers}, or"
        f" ABSTAIN.{hint}"
    )
