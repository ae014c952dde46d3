"""`VoteForm`: how answers of labeling functions become votes, and how these are held meanwhile."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine.encoding import RowFault
from labeling.records import Fault, LabelingFunction, LabelSchema, Votes

Where = slice | npt.NDArray[np.intp]
"""Which rows: from one to another, or at ascending positions."""
Values = npt.NDArray[np.signedinteger]
"""The votes of a labeling function on some rows, as whole numbers."""


class Calls(NamedTuple):
    """What a labeling function returned for some samples.

    Attributes:
        lf: the function.
        rows: what it was called on.
        answers: what it returned; fewer than rows where it was stopped at a fault.
        ids: the samples.
        texts: the texts that spans are in; empty where answers are of whole samples.
    """

    lf: LabelingFunction
    rows: Sequence[Any]
    answers: Sequence[Any]
    ids: pd.Index
    texts: Sequence[Any] = ()


class VoteForm(ABC):
    """How answers become votes of one kind.

    Args:
        schema: the labels.

    Attributes:
        schema: the labels.
        text: the column that votes depend on besides those that functions read; empty for none.
        value_type: of the whole numbers that votes are kept as.
    """

    text = ""
    value_type: np.dtype[np.signedinteger]

    def __init__(self, schema: LabelSchema) -> None:
        self.schema = schema

    @property
    def key(self) -> str:
        """All that decides what values mean, as text."""
        codes = sorted(self.schema.int_codes.items())
        return json.dumps([list(self.schema.labels), self.schema.has_number_names, codes])

    @abstractmethod
    def table(self, n_samples: int, n_lfs: int, *, empty: bool = False) -> Any:
        """Return a table of votes in which nothing is said.

        Args:
            n_samples: its number of rows.
            n_lfs: its number of columns.
            empty: whether each vote is going to be written, so that it may hold anything.
        """

    @abstractmethod
    def encoded(self, calls: Calls) -> tuple[Values, list[RowFault]]:
        """Return the votes that answers are; an invalid answer says nothing and is a fault."""

    @abstractmethod
    def put(self, table: Any, column: int, where: Where, values: Values) -> None:
        """Write the votes of a function on some rows."""

    @abstractmethod
    def put_codes(
        self, table: Any, column: int, codes: Values, decided: npt.NDArray[np.bool_]
    ) -> None:
        """Write votes that are each for a single label, where they are decided."""

    @abstractmethod
    def put_rows(self, table: Any, start: int, part: Any, columns: Sequence[int]) -> None:
        """Write the table of some rows into that of all.

        Args:
            table: of all rows.
            start: the first of these rows.
            part: their table.
            columns: the column of `table` for each one of `part`.
        """

    @abstractmethod
    def values(self, table: Any, column: int, start: int, end: int) -> Values:
        """Return the votes of a function on the rows from one to another."""

    @abstractmethod
    def as_codes(self, values: Values, count: int) -> list[int | None]:
        """Return votes on samples as codes; `None` where they are not for a single label."""

    def n_stored(self, rows: int) -> int | None:
        """Return how many numbers the votes on some rows are; `None` for any number."""
        return None

    @abstractmethod
    def votes(
        self, table: Any, ids: pd.Index, voters: tuple[str, ...], faults: Sequence[Fault]
    ) -> Votes | Any:
        """Return the votes of a table: `Votes`, or `SetVotes` or `SpanVotes`."""
