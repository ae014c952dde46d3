"""Encodes what labeling functions return as label codes, and finds what is not a vote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingFunctionError, listed, near
from labeling.records import (
    ABSTAIN,
    LabelingFunction,
    LabelSchema,
    is_yes_or_no,
    location_of_function,
    vote_code,
)

RowFault = tuple[int, Exception]
"""The position of a row, and what went wrong on it."""


class WrongReturnError(LabelingFunctionError):
    """A labeling function returned an invalid vote; the message names the sample and value."""


MAX_OBJECTS = 16
"""Different objects that are encoded one at a time; functions usually return two or three."""


def codes_of(
    lf: LabelingFunction, answers: Sequence[Any], schema: LabelSchema, ids: pd.Index
) -> tuple[npt.NDArray[Any], list[RowFault]]:
    """Return the codes of answers; an invalid answer abstains and is a fault.

    Args:
        lf: the function that gave them.
        answers: what it returned for each sample.
        schema: the labels.
        ids: the samples.
    """
    codes = np.full(len(answers), ABSTAIN, dtype=schema.code_type)
    faults: list[RowFault] = []
    if not len(answers):
        return codes, faults
    # Constants such as -1, None and "spam" are the same object in each row. Objects are told apart
    # by their addresses: fast, and exact where 1, True and 1.0 are equal.
    objects = np.fromiter(answers, dtype=object, count=len(answers))
    addresses = np.frombuffer(objects, dtype=np.intp)
    rows = np.arange(len(answers))
    for _ in range(MAX_OBJECTS):
        answer = objects[rows[0]]
        is_it = addresses[rows] == id(answer)
        try:
            codes[rows[is_it]] = vote_code(answer, schema, lf.label)
        except (LookupError, ValueError, TypeError):
            faults += _faults(lf, answer, schema, ids, rows[is_it])
        rows = rows[~is_it]
        if not len(rows):
            return codes, faults
    codes[rows], others = _codes_by_value(lf, objects[rows].tolist(), schema, ids[rows])
    return codes, faults + [(int(rows[row]), error) for row, error in others]


def _faults(
    lf: LabelingFunction,
    answer: Any,
    schema: LabelSchema,
    ids: pd.Index,
    rows: npt.NDArray[np.intp],
) -> list[RowFault]:
    return [(row, _invalid_vote(lf, answer, schema, id_at(ids, row))) for row in rows.tolist()]


def _codes_by_value(
    lf: LabelingFunction, answers: list[Any], schema: LabelSchema, ids: pd.Index
) -> tuple[npt.NDArray[Any], list[RowFault]]:
    """Return the codes of answers that are many different objects."""
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
            faults.append((row, _invalid_vote(lf, answer, schema, id_at(ids, row))))
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


def id_at(ids: pd.Index, row: int) -> Any:
    """Return the id of a row as plain Python: `7` and not `np.int64(7)`."""
    return ids[row : row + 1].tolist()[0]
