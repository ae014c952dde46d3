"""`SampleRows`: samples of a workbench with their votes, gold labels and the label model's."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError
from labeling.notebook.function_set import VotedLF
from labeling.notebook.marks import Marker, Span, Spans, marker_of
from labeling.notebook.moment import BaseMoment, Codes, Moment, RowNumbers, voted_by
from labeling.records import is_whole_number
from labeling.rendering import DisplayedAlike, Excerpt, Table, View
from labeling.rendering.formatting import NONE
from labeling.rendering.views import Cell

SHOWN = 10
"""Rows that are shown where no number is asked for."""
SLOW = 1e-3
"""Seconds a sample from which a function's patterns are searched for once in a text only."""


@dataclass(frozen=True, eq=False)
class RowMarker:
    """Finds the parts of texts that made functions vote.

    Attributes:
        moment: what the workbench held.
        functions: with their votes.
    """

    moment: BaseMoment
    functions: tuple[VotedLF, ...]

    def __call__(self, row: int, text: str) -> Spans:
        """Return the parts of the text of a row that made those functions vote which do so."""
        return self.marks_of(text, [bool(voted.codes[row] >= 0) for voted in self.functions])

    def marks_of(self, text: str, is_meant: Sequence[bool]) -> Spans:
        """Return the parts of a text that made some of the functions vote."""
        found: set[Span] = set()
        for speaks, mark in zip(is_meant, self._markers, strict=True):
            if speaks:
                found.update(mark(text))
        return tuple(sorted(found))

    @functools.cached_property
    def _markers(self) -> tuple[Marker, ...]:
        moment = self.moment
        if moment.text is None:
            return tuple((lambda text: ()) for _ in self.functions)
        return tuple(
            marker_of(
                voted.lf,
                moment.text,
                list(moment.samples.columns),
                moment.schema,
                is_quick=voted.run.seconds < SLOW * len(moment),
            )
            for voted in self.functions
        )


@dataclass(frozen=True, slots=True, eq=False)
class VoteColumn:
    """Labels of all samples that are shown beside the texts.

    Attributes:
        name: of the column in `to_frame`.
        heading: of the column where it is shown.
        codes: label codes, shape (n_samples,), below 0 = none.
        missing: what is shown where there is none.
    """

    name: str
    heading: str
    codes: Codes
    missing: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class SampleRows(DisplayedAlike):
    """Samples that were asked for, in an order that does not depend on that of the table.

    Attributes:
        title: what they are.
        sentences: shown above them.
        moment: what the workbench held.
        at: the rows' positions among the samples, in the order shown.
        columns: the labels beside them.
        marked: functions, the parts of texts that made them vote are marked.
        others_but: the names of functions that the column of other votes leaves out.
        with_model: whether the label model's label and its probability are among the columns.
        shown: how many rows are shown; `to_frame` has all.
    """

    title: str
    sentences: tuple[str, ...]
    moment: Moment
    at: RowNumbers
    columns: tuple[VoteColumn, ...] = ()
    marked: tuple[VotedLF, ...] = ()
    others_but: tuple[str, ...] = ()
    with_model: bool = True
    shown: int = SHOWN

    def __len__(self) -> int:
        return len(self.at)

    @property
    def ids(self) -> list[object]:
        """The ids of the samples, in the order shown."""
        return list(self.moment.samples.index[self.at])

    def show(self, n: int = SHOWN) -> SampleRows:
        """Return the same rows, of which `n` are shown."""
        if not is_whole_number(n) or n < 0:
            raise DataError(f"`n` of show must be a whole number from 0. Got {n!r}.")
        return dataclasses.replace(self, shown=int(n))

    def to_frame(self) -> pd.DataFrame:
        """Return all rows, the samples' ids as index.

        Returns:
            A frame with the vote (where a function was asked for), `gold` (`None` = not in the dev
            set), `model` and `model_probability` (`None` and NaN = no label), `others` (who else
            voted what) and `text`.
        """
        moment = self.moment
        index = moment.samples.index[self.at]
        frame = {
            column.name: moment.names_of(column.codes[self.at], column.missing)
            for column in self.columns
        }
        frame["gold"] = moment.names_of(moment.gold[self.at])
        table = pd.DataFrame(frame, index=index, dtype=object)
        if self.with_model:
            labels, probabilities = self.model_labels(self.at)
            table["model"] = pd.Series(labels, index, dtype=object)
            table["model_probability"] = probabilities
        others = voted_by(moment.functions, self.at, moment.schema, *self.others_but)
        table["others"] = pd.Series(others, index, dtype=object)
        table["text"] = pd.Series(moment.texts_of(self.at), index, dtype=object)
        return table

    def marks(self, n: int | None = None) -> Iterator[tuple[str, tuple[Span, ...]]]:
        """Yield the text of each of the first `n` rows, and the parts that made functions vote."""
        at = self.at if n is None else self.at[:n]
        for row, text in zip(at.tolist(), self.moment.texts_of(at), strict=True):
            yield text, self._mark(row, text)

    @functools.cached_property
    def _mark(self) -> RowMarker:
        return RowMarker(self.moment, self.marked)

    def model_labels(self, at: RowNumbers) -> tuple[list[str | None], npt.NDArray[np.float64]]:
        """Return the label model's labels of rows, and the probability of the most probable."""
        soft = self.moment.soft()
        if soft is None:
            return [None] * len(at), np.full(len(at), np.nan)
        codes, highest = soft.codes()[at], soft.array[at].max(axis=1, initial=0.0)
        return self.moment.names_of(codes), np.where(soft.covered[at], highest, np.nan)

    def _view(self) -> View:
        return View(self.title, (*self.sentences, *tables_of(self, self.shown)))


def tables_of(rows: SampleRows, n: int, caption: str = "") -> tuple[Table, ...]:
    """Return the first `n` rows as a table to be shown; none where there is no row."""
    at, moment = rows.at[:n], rows.moment
    if not len(rows.at):
        return ()
    # In pairs, as a function may be called like another column.
    cells: list[tuple[str, Sequence[Cell]]] = [
        ("id", [str(value) for value in moment.samples.index[at]]),
        ("text", [Excerpt(text, marks) for text, marks in rows.marks(n)]),
    ]
    for column in rows.columns:
        cells.append((column.heading, moment.names_of(column.codes[at], column.missing)))
    if moment.n_gold:
        cells.append(("gold", moment.names_of(moment.gold[at])))
    if rows.with_model:
        answers = zip(*rows.model_labels(at), strict=True)
        shown = [NONE if label is None else f"{label} {p:.2f}" for label, p in answers]
        cells.append(("label model", shown))
    others = voted_by(moment.functions, at, moment.schema, *rows.others_but)
    if any(others):
        cells.append(("other votes", others))
    lines = tuple(zip(*(values for _, values in cells), strict=True))
    headings = tuple(heading for heading, _ in cells)
    return (Table(headings, lines, caption, len(rows.at) - len(at)),)
