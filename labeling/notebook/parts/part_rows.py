"""`PartRows`: spans, or labels of samples, with what functions, gold and label model say."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, counted
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.notebook.marks import Spans
from labeling.notebook.moment import TIED, Codes, RowNumbers
from labeling.notebook.parts.joined_votes import part_votes
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_table import PartTable
from labeling.notebook.rows import RowMarker, VoteColumn
from labeling.records import ABSTAIN, SetVotes, expect, is_whole_number
from labeling.records.set_votes import Answers
from labeling.rendering import DisplayedAlike, Table, View
from labeling.rendering.formatting import NONE
from labeling.rendering.views import Cell

SHOWN = 10
"""Rows that are shown where no number is asked for."""


@dataclass(frozen=True, eq=False)
class LabelMarker:
    """Finds the parts of texts that made functions speak of a label of a sample.

    Attributes:
        marker: of functions whose votes are on sets of labels.
    """

    marker: RowMarker

    def __call__(self, row: int, label: int, text: str) -> Spans:
        """Return the parts of a text that made those functions speak which do so of the label."""
        return self.marker.marks_of(text, [_speaks(each, row, label) for each in self._answers])

    @functools.cached_property
    def _answers(self) -> tuple[Answers, ...]:
        votes = [expect(part_votes(voted), SetVotes, "Votes") for voted in self.marker.functions]
        return tuple(each.answers for each in votes)


def _speaks(answers: Answers, row: int, label: int) -> bool:
    return bool(((answers.sample == row) & (answers.label == label)).any())


@dataclass(frozen=True, eq=False, repr=False)
class PartRows(DisplayedAlike):
    """Parts that were asked for, in an order that does not depend on that of the samples.

    Attributes:
        title: what they are.
        sentences: shown above them.
        moment: what the workbench held.
        table: the parts among which they are.
        at: their rows in the table, in the order shown.
        columns: what is said of them, beside the texts; codes of shape (n_parts,).
        others: what other functions say, in one column; codes of shape (n_parts,).
        notes: further texts, by heading, one for each of `at`.
        decided: codes whose labels colour the parts, before those of `columns`.
        with_model: whether the label model's answer and its probability are among the columns.
        model_of: the functions to which that label model is fitted; `None` is the current ones.
        marked: functions; the parts of texts that made them speak of a label are marked beside it.
        shown: how many rows are shown; `to_frame` has all.
    """

    title: str
    sentences: tuple[str, ...]
    moment: PartMoment
    table: PartTable
    at: RowNumbers
    columns: tuple[VoteColumn, ...] = ()
    others: tuple[VoteColumn, ...] = ()
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    decided: Codes | None = None
    with_model: bool = True
    model_of: FunctionSet | None = None
    marked: tuple[VotedLF, ...] = ()
    shown: int = SHOWN

    def __len__(self) -> int:
        return len(self.at)

    @property
    def ids(self) -> list[object]:
        """The ids of the parts' samples, in the order shown; an id may come several times."""
        return list(self.moment.samples.index[self.table.sample[self.at]])

    def show(self, n: int = SHOWN) -> PartRows:
        """Return the same rows, of which `n` are shown."""
        if not is_whole_number(n) or n < 0:
            raise DataError(f"`n` of show must be a whole number from 0. Got {n!r}.")
        return dataclasses.replace(self, shown=int(n))

    def to_frame(self) -> pd.DataFrame:
        """Return all rows, the samples' ids as index.

        Returns:
            A frame that tells the part: of spans `start`, `end` and `span`, its text; of several
            labels `label`. Then what functions say of it that were asked for (a label or "(none)",
            of labels "yes" or "no", `None` = nothing), `gold` (the same, `None` = the sample is
            not in the dev set), `model` and `model_probability` (`None` and NaN = no function
            speaks of it), `others` (who else says what) and `text`.
        """
        samples, at, table = self.table.sample[self.at], self.at, self.table
        index, texts = self.moment.samples.index[samples], self.moment.texts_of(samples)
        columns: dict[str, Any] = {**self.notes, **table.columns(at, texts)}
        for column in self.columns:
            columns[column.name] = answers(table, column.codes[at])
        columns["gold"] = table.words_of(table.gold[at])
        if self.with_model:
            codes, p = model_answers(self.moment, table, self.model_of)
            columns["model"] = table.words_of(codes[at])
            columns["model_probability"] = p[at]
        columns["others"] = self.others_of(at)
        columns["text"] = texts
        return pd.DataFrame(
            {name: _series(values, index) for name, values in columns.items()}, index=index
        )

    def others_of(self, at: RowNumbers) -> list[str]:
        """Return who else says what of parts, as "name: label" in the order of the functions."""
        said: list[list[str]] = [[] for _ in at]
        for column in self.others:
            codes = column.codes[at]
            rows = np.flatnonzero(codes != ABSTAIN)
            for row, words in zip(rows, self.table.words_of(codes[rows]), strict=True):
                said[row].append(f"{column.heading}: {words}")
        return ["; ".join(answers_of_row) for answers_of_row in said]

    def shown_codes(self, at: RowNumbers) -> Codes:
        """Return the label with which parts are shown: the first that anything gives them."""
        codes: Codes = np.full(len(at), ABSTAIN, dtype=np.intp)
        said = [column.codes for column in (*self.columns, *self.others)]
        said.insert(len(self.columns), self.table.gold)
        for each in said if self.decided is None else [self.decided, *said]:
            given = each[at]
            is_new = ~self.table.has_label(codes) & self.table.has_label(given)
            codes = np.where(is_new, given, codes)
        return codes

    @functools.cached_property
    def mark(self) -> LabelMarker:
        """Finds the parts of a sample's text that made functions speak of a label of it."""
        return LabelMarker(RowMarker(self.moment, self.marked))

    def _view(self) -> View:
        return View(self.title, (*self.sentences, *tables_of_parts(self, self.shown)))


def tables_of_parts(rows: PartRows, n: int, caption: str = "") -> tuple[Table, ...]:
    """Return the first `n` rows as a table to be shown; none where there is no row."""
    if not len(rows.at):
        return ()
    at, moment, table = rows.at[:n], rows.moment, rows.table
    samples = table.sample[at]
    # In pairs, as a function may be called like another column.
    cells: list[tuple[str, Sequence[Cell]]] = [
        ("id", [str(sample_id) for sample_id in moment.samples.index[samples]])
    ]
    cells += [(name, list(notes[:n])) for name, notes in rows.notes.items() if any(notes[:n])]
    cells += table.cells(at, moment.texts_of(samples), rows.shown_codes(at), rows.mark).items()
    for column in rows.columns:
        cells.append((column.heading, answers(table, column.codes[at], column.missing)))
    if moment.n_gold:
        cells.append(("gold", table.words_of(table.gold[at])))
    if rows.with_model:
        cells.append(("label model", _model_cells(rows, at)))
    others = rows.others_of(at)
    if any(others):
        cells.append(("other functions", others))
    lines = tuple(zip(*(values for _, values in cells), strict=True))
    headings = tuple(heading for heading, _ in cells)
    return (Table(headings, lines, caption, len(rows.at) - len(at)),)


def _model_cells(rows: PartRows, at: RowNumbers) -> list[str]:
    codes, p = model_answers(rows.moment, rows.table, rows.model_of)
    return [
        NONE if words is None else f"{words} {probability:.2f}"
        for words, probability in zip(rows.table.words_of(codes[at]), p[at].tolist(), strict=True)
    ]


def model_answers(
    moment: PartMoment, table: PartTable, functions: FunctionSet | None = None
) -> tuple[Codes, npt.NDArray[np.float64]]:
    """Return what the label model decides of each part, -1 where no function speaks of it.

    Args:
        moment: what the workbench held.
        table: the parts.
        functions: to whose votes the model is fitted; `None` is the current ones.

    Returns:
        Codes and probabilities, NaN where there is no answer.
    """
    soft = moment.soft(functions)
    if soft is None:
        return np.full(len(table), ABSTAIN, dtype=np.intp), np.full(len(table), np.nan)
    codes, p = table.model(soft)
    return np.where(np.isnan(p), ABSTAIN, codes), p


def answers(table: PartTable, codes: Codes, missing: str | None = None) -> list[str | None]:
    """Return codes in words, "tie" where labels tie, and what is shown for silence."""
    words = table.words_of(np.where(codes == TIED, ABSTAIN, codes))
    return [
        "tie" if code == TIED else missing if word is None else word
        for code, word in zip(codes.tolist(), words, strict=True)
    ]


def columns_of(
    functions: Sequence[VotedLF | None], table: PartTable, *without: str
) -> tuple[VoteColumn, ...]:
    """Return what functions say, a column for each, without some by their names.

    Args:
        functions: those of the table's columns, in their order.
        table: the parts.
    """
    return tuple(
        VoteColumn(voted.name, voted.name, codes)
        for voted, codes in zip(functions, table.codes.T, strict=True)
        if voted is not None and voted.name not in without
    )


def in_order(
    moment: PartMoment, table: PartTable, at: RowNumbers, *first: npt.NDArray[Any]
) -> RowNumbers:
    """Return parts in the order of some keys, each of shape (n_rows,), then of their samples.

    Samples are in an order that looks random; of each come the first part, then the second ones,
    so that the first rows are of many samples. Parts of a table are sorted by their places.
    """
    samples = table.sample[at]
    ranks = moment.rank[samples]
    starts = np.flatnonzero(np.r_[True, samples[1:] != samples[:-1]]) if len(at) else at
    nth = np.arange(len(at)) - np.repeat(starts, np.diff(np.r_[starts, len(at)]))
    ordered: RowNumbers = at[np.lexsort((ranks, nth, *reversed(first)))]
    return ordered


def n_parts(table: PartTable, n: int) -> str:
    """Return a number of parts in words."""
    return counted(n, table.noun)


def _series(values: Any, index: pd.Index) -> pd.Series:
    is_number = isinstance(values, np.ndarray)
    return pd.Series(values, index=index, dtype=None if is_number else object)
