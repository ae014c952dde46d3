"""`SetForm`: what labeling functions say of single labels, where a sample may have several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine.encoding import RowFault, WrongReturnError, id_at
from labeling.engine.forms.base import Calls, Values
from labeling.engine.forms.long_table import INT, LongForm, LongTable
from labeling.errors import DataError, listed, near
from labeling.records import (
    ABSTAIN,
    Answers,
    Fault,
    LabelingFunction,
    LabelSchema,
    SetVotes,
    is_yes_or_no,
    label_codes,
    location_of_function,
)

Says = list[tuple[int, int]]
"""Label codes, each with 1 for yes and 0 for no."""


class SetForm(LongForm):
    """Votes on single labels: row of the sample, label code, 1 for yes and 0 for no."""

    width = 3

    def what(self) -> str:
        """Return what a vote holds, for the keys of the cache."""
        return "sets"

    def encoded(self, calls: Calls) -> tuple[Values, list[RowFault]]:
        """Return what each answer says of which labels."""
        numbers: list[int] = []
        faults: list[RowFault] = []
        known: dict[Any, Says] = {}
        says_of = _reader(calls.lf, self.schema)
        for row, answer in enumerate(calls.answers):
            if answer is None:
                continue
            try:
                if type(answer) is str or type(answer) is frozenset:
                    if answer not in known:
                        known[answer] = says_of(answer)
                    says = known[answer]
                else:
                    says = says_of(answer)
            except (DataError, LookupError, ValueError, TypeError) as error:
                faults.append((row, _invalid_answer(calls, row, self.schema, error)))
                continue
            for code, says_yes in says:
                numbers += (row, code, says_yes)
        return np.array(numbers, dtype=INT).reshape(-1, self.width), faults

    def put_codes(
        self, table: LongTable, column: int, codes: Values, decided: npt.NDArray[np.bool_]
    ) -> None:
        """Add a yes to each decided label."""
        rows = np.flatnonzero(decided & (codes != ABSTAIN))
        yes = np.ones(len(rows), dtype=INT)
        votes = np.stack([rows.astype(INT), codes[rows].astype(INT), yes], axis=1)
        self.put(table, column, slice(0, len(codes)), votes)

    def as_codes(self, values: Values, count: int) -> list[int | None]:
        """Return the label of each sample that a yes was said to, and to no other."""
        codes: list[int | None] = [ABSTAIN] * count
        for row, code, says_yes in values.reshape(-1, self.width).tolist():
            codes[row] = code if codes[row] == ABSTAIN and says_yes else None
        return codes

    def votes(
        self,
        table: LongTable,
        ids: pd.Index,
        voters: tuple[str, ...],
        faults: Sequence[Fault],
    ) -> SetVotes:
        """Return `SetVotes`."""
        values, voter = self.all_votes(table)
        sample, label = values[:, 0].astype(np.int64), values[:, 1].astype(np.int64)
        answers = Answers(sample, voter, label, values[:, 2].astype(bool))
        return SetVotes(answers, ids, voters, self.schema, faults)


def _reader(lf: LabelingFunction, schema: LabelSchema) -> Callable[[Any], Says]:
    """Return a function from an answer to what it says of labels.

    It raises an error for what is no answer: a LookupError, ValueError or TypeError.
    """

    def says_of(answer: Any) -> Says:
        says = _says(answer, lf.label, schema)
        if says is None:
            return []
        if lf.closed:
            says |= {code: False for code in range(len(schema)) if code not in says}
        return [(code, int(says_yes)) for code, says_yes in sorted(says.items())]

    return says_of


def _says(answer: Any, label: str | int | None, schema: LabelSchema) -> dict[int, bool] | None:
    """Return what an answer says of the labels that it names; `None` if it abstains."""
    if is_yes_or_no(answer):
        if label is None:
            raise TypeError("it is no label")
        return {schema.index(label): True} if answer else None
    if isinstance(answer, Mapping):
        return _says_of_mapping(answer, schema)
    if isinstance(answer, (set, frozenset, list, tuple)):
        return dict.fromkeys(label_codes(answer, schema), True)
    if not isinstance(answer, (str, float)) and answer == ABSTAIN and hasattr(answer, "__index__"):
        return None
    return {schema.index(answer): True}


def _says_of_mapping(answer: Mapping[Any, Any], schema: LabelSchema) -> dict[int, bool]:
    says: dict[int, bool] = {}
    for name, says_yes in answer.items():
        if not is_yes_or_no(says_yes):
            raise TypeError(f"{name!r} must be True or False, and is {says_yes!r}")
        code = schema.index(name)
        if says.setdefault(code, bool(says_yes)) != says_yes:
            raise ValueError(f"it says both yes and no to {schema.labels[code]!r}")
    return says


def _invalid_answer(
    calls: Calls, row: int, schema: LabelSchema, error: Exception
) -> WrongReturnError:
    answer, lf = calls.answers[row], calls.lf
    hint = near(answer, schema.labels) if isinstance(answer, str) else ""
    if is_yes_or_no(answer):
        hint = " For a yes-or-no function write @labeling_function(label=...)."
    location = location_of_function(lf.function)
    defined_at = f" It is defined at {location}." if location else ""
    why = "" if isinstance(answer, str) or is_yes_or_no(answer) else f": {error}".rstrip(".")
    why += "" if why.endswith("?") else "."
    return WrongReturnError(
        f"Labeling function {lf.name!r} returned {answer!r:.200} ({type(answer).__name__}) for"
        f" sample {id_at(calls.ids, row)!r}{why} It must return labels"
        f" ({listed(schema.labels, 20)}): one, a set or list of some, a dict from label to True or"
        f" False, or ABSTAIN.{hint}{defined_at}"
    )
