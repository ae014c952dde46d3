"""`PartTable`: the spans, or labels of samples, that functions or gold speak of, a row for each."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError
from labeling.notebook.marks import Spans
from labeling.notebook.moment import Codes, RowNumbers
from labeling.notebook.parts.joined_votes import PartVotes, joined_spans
from labeling.notebook.parts.span_excerpts import span_excerpt
from labeling.records import (
    ABSTAIN,
    NOTHING,
    AnySoft,
    Label,
    LabelSchema,
    SetVotes,
    SoftSets,
    SoftSpans,
    SpanVotes,
    gold_sets,
    gold_spans,
    positions,
    span_units,
    unit_gold_codes,
)
from labeling.records.set_gold import gold_set_codes
from labeling.records.span_marks import Bools, Ints, Marks
from labeling.rendering import Cell, Excerpt

Floats = npt.NDArray[np.float64]
GoldParts = Mapping[Hashable, Label]
"""The dev set: sample id -> spans, or set of labels."""

Mark = Callable[[int, int, str], Spans]

GOLD = "gold"


@dataclass(frozen=True, slots=True, eq=False)
class PartTable(ABC):
    """Parts of samples: candidate spans, or labels of samples; a row for each.

    A code is that of a label, `n_labels` for "(none)" (no such span, or the sample has not this
    label), or -1 for silence.

    Attributes:
        schema: the labels.
        sample: the row of each part's sample, ascending: shape (n_parts,).
        codes: what each function says: shape (n_parts, n_functions).
        gold: what the dev set says, -1 = the sample is not in it: shape (n_parts,).
    """

    noun: ClassVar[str]
    """What a part is called."""

    schema: LabelSchema
    sample: Ints
    codes: Codes
    gold: Codes

    def __len__(self) -> int:
        return len(self.sample)

    @property
    def none(self) -> int:
        """The code of "(none)"."""
        return len(self.schema)

    @abstractmethod
    def columns(self, at: RowNumbers, texts: Sequence[str]) -> dict[str, list[Any] | Ints]:
        """Return columns that tell what some parts are, by name.

        Args:
            at: rows of this table.
            texts: the texts of their samples.
        """

    @abstractmethod
    def cells(
        self, at: RowNumbers, texts: Sequence[str], codes: Codes, mark: Mark
    ) -> dict[str, list[Cell]]:
        """Return what is shown of some parts, by heading: the text with the part in it.

        Args:
            at: rows of this table.
            texts: the texts of their samples.
            codes: the label with which each of them is shown, -1 = none.
            mark: returns the places in the text of a sample that made functions speak of a
                label: of the sample's row, the label's code and the text.
        """

    @abstractmethod
    def has_answer(self, codes: Codes) -> Bools:
        """Return of which parts codes are an answer about the part itself.

        A span that lies across another one speaks against it, but is an answer elsewhere.
        """

    def has_label(self, codes: Codes) -> Bools:
        """Return of which parts codes are those of a label: not "(none)", nor silence."""
        return np.asarray((codes >= 0) & (codes < self.none))

    @abstractmethod
    def words_of(self, codes: Codes) -> list[str | None]:
        """Return codes in words, `None` for silence."""

    @abstractmethod
    def model(self, soft: AnySoft) -> tuple[Codes, Floats]:
        """Return what a label model decides of each part, and the probability of that.

        Args:
            soft: the label model's posteriors of the samples of this table.

        Returns:
            Codes, "(none)" where it chose nothing; and probabilities, NaN where no function whose
            votes it learned speaks of the part.
        """


@dataclass(frozen=True, slots=True, eq=False)
class SpanTable(PartTable):
    """Candidate spans, sorted by sample, start and end.

    Attributes:
        start: index of the first code point: shape (n_parts,).
        end: index after the last code point.
    """

    noun: ClassVar[str] = "span"

    start: Ints
    end: Ints

    def cells(
        self, at: RowNumbers, texts: Sequence[str], codes: Codes, mark: Mark
    ) -> dict[str, list[Cell]]:
        """Return the column `text`, with the span coloured in it."""
        labels = [*self.schema.labels, None, None]
        places = zip(texts, self.start[at].tolist(), self.end[at].tolist(), strict=True)
        return {
            "text": [
                span_excerpt(*place, labels[code], code)
                for place, code in zip(places, codes.tolist(), strict=True)
            ]
        }

    def has_answer(self, codes: Codes) -> Bools:
        """Return which spans have a label, or several that tie."""
        return np.asarray((codes != ABSTAIN) & (codes < self.none))

    def columns(self, at: RowNumbers, texts: Sequence[str]) -> dict[str, list[Any] | Ints]:
        """Return the columns `start`, `end` and `span`, the text of the span."""
        starts, ends = self.start[at], self.end[at]
        places = zip(texts, starts.tolist(), ends.tolist(), strict=True)
        spans = [text[start:end] for text, start, end in places]
        return {"start": starts, "end": ends, "span": spans}

    def words_of(self, codes: Codes) -> list[str | None]:
        """Return the labels of codes, "(none)" where no span is, `None` for silence."""
        words = [*self.schema.labels, NOTHING, None]
        return [words[code] for code in codes.tolist()]

    def model(self, soft: AnySoft) -> tuple[Codes, Floats]:
        """Return the model's label of each span, "(none)" where it chose none."""
        if not isinstance(soft, SoftSpans):
            raise LabelingError(f"The posteriors of spans must be SoftSpans. Got {soft!r}.")
        places = zip(soft.sample.tolist(), soft.start.tolist(), soft.end.tolist(), strict=True)
        row_of = {place: row for row, place in enumerate(places)}
        wanted = zip(self.sample.tolist(), self.start.tolist(), self.end.tolist(), strict=True)
        rows = np.array([row_of.get(place, -1) for place in wanted], dtype=np.intp)
        known = rows >= 0
        codes = np.full(len(self), self.none, dtype=np.intp)
        codes[known] = np.where(soft.chosen, soft.best_labels, self.none)[rows[known]]
        p = np.full(len(self), np.nan)
        p[known] = soft.array[rows[known], codes[known]]
        return codes, p


@dataclass(frozen=True, slots=True, eq=False)
class SetTable(PartTable):
    """Labels of samples, sorted by sample and label.

    Attributes:
        label: the code of the label: shape (n_parts,).
    """

    noun: ClassVar[str] = "label"

    label: Ints

    def cells(
        self, at: RowNumbers, texts: Sequence[str], codes: Codes, mark: Mark
    ) -> dict[str, list[Cell]]:
        """Return the columns `label` and `text`, with what made functions speak of it marked."""
        names = [self.schema.labels[code] for code in self.label[at].tolist()]
        rows = zip(self.sample[at].tolist(), self.label[at].tolist(), texts, strict=True)
        return {"label": [*names], "text": [Excerpt(row[-1], mark(*row)) for row in rows]}

    def has_answer(self, codes: Codes) -> Bools:
        """Return of which labels there is a yes or a no."""
        return np.asarray(codes != ABSTAIN)

    def columns(self, at: RowNumbers, texts: Sequence[str]) -> dict[str, list[Any] | Ints]:
        """Return the column `label`."""
        return {"label": [self.schema.labels[code] for code in self.label[at].tolist()]}

    def words_of(self, codes: Codes) -> list[str | None]:
        """Return "yes", "no", or `None` for silence."""
        return [
            None if code == ABSTAIN else "no" if code == self.none else "yes"
            for code in codes.tolist()
        ]

    def model(self, soft: AnySoft) -> tuple[Codes, Floats]:
        """Return whether the model gives each label, "(none)" where it does not."""
        if not isinstance(soft, SoftSets):
            raise LabelingError(f"The posteriors of sets must be SoftSets. Got {soft!r}.")
        chosen = soft.chosen[self.sample, self.label]
        codes = np.where(chosen, self.label, self.none)
        p = soft.array[self.sample, self.label]
        covered = soft.covered[self.sample, self.label]
        return codes, np.where(covered, np.where(chosen, p, 1 - p), np.nan)


def part_table(votes: Sequence[PartVotes], gold: GoldParts) -> PartTable:
    """Return the parts that functions or the dev set speak of.

    Args:
        votes: of one function each, one or more, on the same samples.
        gold: the dev set.
    """
    return _table(votes[0], votes, gold)


@functools.singledispatch
def _table(first: object, votes: Sequence[Any], gold: GoldParts) -> PartTable:
    raise LabelingError(f"Votes must be on spans or sets of labels. Got {first!r}.")


@_table.register
def _(first: SpanVotes, votes: Sequence[SpanVotes], gold: GoldParts) -> SpanTable:
    true = gold_spans(gold, first.sample_ids, first.schema)
    every = [*votes, _gold_votes(true, first)]
    units = span_units(joined_spans(every, [str(column) for column in range(len(every))]))
    return SpanTable(
        first.schema,
        units.sample,
        units.codes[:, :-1],
        unit_gold_codes(true, units),
        units.start,
        units.end,
    )


@_table.register
def _(first: SetVotes, votes: Sequence[SetVotes], gold: GoldParts) -> SetTable:
    schema, ids = first.schema, first.sample_ids
    true = gold_set_codes(gold_sets(gold, ids, schema), ids, schema)
    is_part = true == 1
    for of_function in votes:
        is_part[of_function.answers.sample, of_function.answers.label] = True
    sample, label = np.nonzero(is_part)
    row_of = np.full(is_part.shape, -1, dtype=np.intp)
    row_of[sample, label] = np.arange(len(sample))
    codes = np.full((len(sample), len(votes)), ABSTAIN, dtype=np.intp, order="F")
    for column, of_function in enumerate(votes):
        answers = of_function.answers
        rows = row_of[answers.sample, answers.label]
        codes[rows, column] = np.where(answers.says, answers.label, len(schema))
    known = true[sample, label]
    gold_codes = np.where(known == 1, label, np.where(known == 0, len(schema), ABSTAIN))
    return SetTable(schema, sample.astype(np.int64), codes, gold_codes, label.astype(np.int64))


def _gold_votes(gold: Mapping[Hashable, Any], like: SpanVotes) -> SpanVotes:
    """Return gold spans as votes, so that those which no function marked are parts as well."""
    ids = pd.Index(list(gold), dtype=like.sample_ids.dtype)
    rows = positions(like.sample_ids, ids, "the gold", "the samples").tolist()
    spans = [
        (row, span.start, span.end, like.schema.index(span.label), 0, 0)
        for row, of_sample in zip(rows, gold.values(), strict=True)
        for span in of_sample
    ]
    table = np.array(spans, dtype=np.int64).reshape(-1, len(Marks._fields))
    return SpanVotes(Marks(*table.T), like.sample_ids, [GOLD], like.schema)


def noun_of(votes: PartVotes) -> str:
    """Return what a part of votes is called."""
    return _TABLES[type(votes)].noun


_TABLES: dict[type[PartVotes], type[PartTable]] = {SpanVotes: SpanTable, SetVotes: SetTable}
