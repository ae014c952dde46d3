"""`SpanForm`: the parts of texts that labeling functions mark."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine.encoding import RowFault, WrongReturnError, id_at
from labeling.engine.forms.base import Calls, Values
from labeling.engine.forms.long_table import INT, LongForm, LongTable
from labeling.engine.preprocessed_rows import Failed
from labeling.errors import DataError, LabelingFunctionError, UnknownLabelError, counted
from labeling.records import (
    ABSTAIN,
    Fault,
    LabelSchema,
    Marks,
    SpanLabelingFunction,
    SpanVotes,
    location_of_function,
)
from labeling.records.graphemes import cuts_grapheme
from labeling.records.span_answers import (
    MarkedPart,
    marked_parts,
    text_around,
    without_overlaps,
)
from labeling.records.span_frames import count_words

logger = logging.getLogger(__name__)

TRIMMED, CUT = -2, -3
"""In the place of a label code: how many spans were dropped, or cut a character; the start says."""


class SpanForm(LongForm):
    """Votes that are spans: row of the sample, start, end, label code (-1 = nothing), words.

    Args:
        schema: the labels.
        text: the column that spans are in.
    """

    width = 5

    def __init__(self, schema: LabelSchema, text: str) -> None:
        super().__init__(schema)
        self.text = text
        self._codes: dict[str | int, int] = {}

    def what(self) -> str:
        """Return what a vote holds, for the keys of the cache."""
        return f"spans in {self.text!r}"

    def encoded(self, calls: Calls) -> tuple[Values, list[RowFault]]:
        """Return the spans of answers: offsets in the text, checked and trimmed."""
        lf = cast(SpanLabelingFunction, calls.lf)
        numbers: list[int] = []
        faults: list[RowFault] = self._changed_texts(calls)
        changed = {row for row, _ in faults}
        for row, answer in enumerate(calls.answers):
            if answer is None or (type(answer) is list and not answer) or row in changed:
                continue
            text = calls.texts[row]
            try:
                parts, n_dropped = self._parts(lf, answer, text)
            except (DataError, UnknownLabelError) as error:
                faults.append((row, _wrong_return(calls, row, error)))
                continue
            for start, end, code in parts:
                n_words = count_words(text, start, end)
                numbers += (row, start, end, ABSTAIN if code is None else code, n_words)
            if n_dropped:
                numbers += (row, n_dropped, 0, TRIMMED, 0)
            if parts and not text.isascii() and (n_cut := _count_cut(text, parts)):
                numbers += (row, n_cut, 0, CUT, 0)
        return np.array(numbers, dtype=INT).reshape(-1, self.width), faults

    def _parts(
        self, lf: SpanLabelingFunction, answer: Any, text: Any
    ) -> tuple[list[MarkedPart], int]:
        """Return the marked parts of a text, with codes as labels."""
        if not isinstance(text, str):
            if not marked_parts(answer, None, lf.label):
                return [], 0
            raise DataError(
                f"A sample with spans must have a text in column {self.text!r}. Got {text!r}."
            )
        parts = []
        for part in marked_parts(answer, text, lf.label):
            start, end, label = part
            if label is None:
                parts.append(part)
                continue
            code = self._codes.get(label)
            if code is None:
                code = self._codes[label] = self._code(label, text, start, end)
            parts.append(MarkedPart(start, end, code))
        if len(parts) == 1:
            return parts, 0
        return without_overlaps(parts, lf.overlaps, text, self.schema.labels)

    def _code(self, label: str | int, text: str, start: int, end: int) -> int:
        try:
            return self.schema.index(label)
        except UnknownLabelError as error:
            where = text_around(text, start, end)
            raise UnknownLabelError(
                f"Got the span from {start} to {end}, {where}: {error}"
            ) from None

    def _changed_texts(self, calls: Calls) -> list[RowFault]:
        """Return a fault for each row of which a preprocessor changed the text."""
        if not calls.lf.pre:
            return []
        faults: list[RowFault] = []
        pairs = zip(calls.rows, calls.texts, range(len(calls.answers)), strict=False)
        for row, text, number in pairs:
            if isinstance(row, Failed):
                continue
            given = _column(row, self.text)
            if given is not text and given != text:
                error = LabelingFunctionError(
                    f"Preprocessors of span labeling function {calls.lf.name!r} must not change"
                    f" the column of the text, {self.text!r}, since spans are counted in it. For"
                    f" sample {id_at(calls.ids, number)!r} it is {str(given)[:40]!r} instead of"
                    f" {str(text)[:40]!r}; add another field."
                )
                faults.append((number, error))
        return faults

    def put_codes(
        self, table: LongTable, column: int, codes: Values, decided: npt.NDArray[np.bool_]
    ) -> None:
        """Refuse labels of whole samples, which are no spans."""
        raise TypeError("spans are not marked on whole columns")

    def as_codes(self, values: Values, count: int) -> list[int | None]:
        """Return no codes: spans are no labels of samples."""
        return [None] * count

    def votes(
        self,
        table: LongTable,
        ids: pd.Index,
        voters: tuple[str, ...],
        faults: Sequence[Fault],
    ) -> SpanVotes:
        """Return `SpanVotes`; what was dropped or cut is counted."""
        values, voter = self.all_votes(table)
        codes = values[:, 3]
        spans = codes >= ABSTAIN
        row, start, end, label, words = values[spans].astype(np.int64).T
        marks = Marks(row, start, end, label, voter[spans], words)
        trimmed, cut = (_totals(values[:, 1], voter, codes == mark) for mark in (TRIMMED, CUT))
        for column, n_cut in cut.items():
            logger.warning(
                "%s of %r cut a character of several code points, such as a letter and its accent"
                " or a joined emoji; what was marked stays as it is",
                counted(n_cut, "span"),
                voters[column],
            )
        counts = {voters[column]: count for column, count in trimmed.items()}
        return SpanVotes(marks, ids, voters, self.schema, faults=faults, trimmed=counts)


def _totals(
    counts: Values, voter: npt.NDArray[np.int64], rows: npt.NDArray[np.bool_]
) -> dict[int, int]:
    """Return the sum of counts of each voter that has any, by column."""
    totals: Counter[int] = Counter()
    for column, count in zip(voter[rows].tolist(), counts[rows].tolist(), strict=True):
        totals[column] += count
    return dict(totals)


def _count_cut(text: str, parts: Sequence[MarkedPart]) -> int:
    return sum(cuts_grapheme(text, part.start) or cuts_grapheme(text, part.end) for part in parts)


def _column(row: Any, name: str) -> Any:
    try:
        return row[name]
    except (TypeError, KeyError, IndexError):
        return getattr(row, name, None)


def _wrong_return(calls: Calls, row: int, error: Exception) -> WrongReturnError:
    location = location_of_function(calls.lf.function)
    defined_at = f" It is defined at {location}." if location else ""
    return WrongReturnError(
        f"Labeling function {calls.lf.name!r} failed on sample {id_at(calls.ids, row)!r}, where it"
        f" returned {_shortened(calls.answers[row])}. {str(error).rstrip('.')}.{defined_at}"
    )


def _shortened(answer: Any) -> str:
    shown = repr(answer)
    return shown if len(shown) <= 200 else f"{shown[:200]}..."
