"""`CodeForm`: a label for each sample and labeling function, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine.encoding import RowFault, codes_of
from labeling.engine.forms.base import Calls, Values, VoteForm, Where
from labeling.records import ABSTAIN, Fault, LabelSchema, Votes


class CodeForm(VoteForm):
    """Votes for single labels: an array of codes, -1 = abstained, column by column in memory."""

    def __init__(self, schema: LabelSchema) -> None:
        super().__init__(schema)
        self.value_type = schema.code_type

    def table(self, n_samples: int, n_lfs: int, *, empty: bool = False) -> npt.NDArray[Any]:
        """Return an array of codes; see `VoteForm.table`."""
        shape = (n_samples, n_lfs)
        if empty:
            return np.empty(shape, dtype=self.value_type, order="F")
        return np.full(shape, ABSTAIN, dtype=self.value_type, order="F")

    def encoded(self, calls: Calls) -> tuple[Values, list[RowFault]]:
        """Return a code for each answer."""
        return codes_of(calls.lf, calls.answers, self.schema, calls.ids)

    def put(self, table: npt.NDArray[Any], column: int, where: Where, values: Values) -> None:
        """Write codes."""
        table[where, column] = values

    def put_codes(
        self,
        table: npt.NDArray[Any],
        column: int,
        codes: Values,
        decided: npt.NDArray[np.bool_],
    ) -> None:
        """Write codes where they are decided."""
        np.copyto(table[:, column], codes, where=decided)

    def put_rows(
        self,
        table: npt.NDArray[Any],
        start: int,
        part: npt.NDArray[Any],
        columns: Sequence[int],
    ) -> None:
        """Write the codes of some rows, column by column."""
        if len(columns) == table.shape[1]:
            table[start : start + len(part)] = part
            return
        for number, column in enumerate(columns):
            table[start : start + len(part), column] = part[:, number]

    def values(self, table: npt.NDArray[Any], column: int, start: int, end: int) -> Values:
        """Return the codes of a function on some rows."""
        return table[start:end, column]

    def as_codes(self, values: Values, count: int) -> list[int | None]:
        """Return the codes as they are."""
        codes: list[int | None] = values.tolist()
        return codes

    def n_stored(self, rows: int) -> int:
        """Return the number of rows."""
        return rows

    def votes(
        self,
        table: npt.NDArray[Any],
        ids: pd.Index,
        voters: tuple[str, ...],
        faults: Sequence[Fault],
    ) -> Votes:
        """Return `Votes`."""
        return Votes(table, ids, voters, self.schema, tuple(faults))
