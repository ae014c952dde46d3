"""Candidate spans: each interval that any voter marked, and what each voter says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records.canonical_order import repeats
from labeling.records.schema import ABSTAIN, NOTHING, LabelSchema
from labeling.records.span_marks import Bools, Ints, Marks
from labeling.records.votes import Votes

if TYPE_CHECKING:
    from labeling.records.span_votes import SpanVotes

CHARACTERS_PER_WORD = 6
"""Of English text, white space included: words are estimated by it where texts are not known."""


class UnitVotes(Votes):
    """Votes on candidate spans, with "(none)" as the last label; made by `SpanVotes.units`.

    They are votes like others; models of people take into account that spans are overlooked more
    often than named wrongly.
    """

    __slots__ = ()


class SpanUnits(NamedTuple):
    """Candidate spans as columns of equal length, sorted by sample, start and end.

    Attributes:
        sample: row of the sample: int64.
        start: index of the first code point: int64.
        end: index after the last code point: int64.
        words: number of words, estimated where the text is not known: int64.
        codes: the votes: shape (n_units, n_voters), a label code, `n_labels` for "(none)" (no span
            here), or -1 for silence.
        votes: the votes that the units come from.
    """

    sample: Ints
    start: Ints
    end: Ints
    words: Ints
    codes: npt.NDArray[Any]
    votes: SpanVotes

    @property
    def ids(self) -> pd.Index:
        """The ids of the units: tuples (sample id, start, end)."""
        samples = self.votes.sample_ids.take(self.sample).tolist()
        places = zip(samples, self.start.tolist(), self.end.tolist(), strict=True)
        return pd.Index(_objects(places, len(samples)), tupleize_cols=False)

    def to_votes(self) -> UnitVotes:
        """Return the units as ordinary votes, with "(none)" as the last label."""
        schema = unit_schema(self.votes.schema)
        return UnitVotes(self.codes, self.ids, self.votes.voters, schema)


def unit_schema(schema: LabelSchema) -> LabelSchema:
    """Return the labels of candidate spans: those of the spans, and "(none)"."""
    return LabelSchema([*schema.labels, NOTHING])


def span_units(votes: SpanVotes) -> SpanUnits:
    """Return the candidate spans of votes.

    A voter gives a candidate the label that they gave to exactly this interval; or "(none)" where
    they marked another one that contains or crosses it, said that nothing is there, or left it
    unmarked, were asked about the sample, and their silence `speaks`; else nothing: an interval
    that lies strictly inside does not speak against the longer one.
    """
    marks = votes.marks
    sample, start, end, words, unit_of = _intervals(marks)
    n_units, none = len(sample), len(votes.schema)
    dtype = unit_schema(votes.schema).code_type
    codes = np.full((n_units, len(votes.voters)), ABSTAIN, dtype=dtype, order="F")
    positions = _global_positions(sample, start, end, marks)
    by_voter = np.argsort(marks.voter, kind="stable")  # within a voter sorted by sample and start
    bounds = np.searchsorted(marks.voter[by_voter], np.arange(len(votes.voters) + 1))
    for voter in range(len(votes.voters)):
        rows = by_voter[bounds[voter] : bounds[voter + 1]]
        if votes.speaks[voter]:
            is_asked = slice(None) if votes.asked is None else votes.asked[sample, voter]
            codes[is_asked, voter] = none
        else:
            codes[_contradicted(positions, rows), voter] = none
        exact = rows[unit_of[rows] >= 0]
        says_nothing = marks.label[exact] == ABSTAIN
        codes[unit_of[exact], voter] = np.where(says_nothing, none, marks.label[exact])
    return SpanUnits(sample, start, end, words, codes, votes)


class _Positions(NamedTuple):
    """Places of units and marks on one axis, on which samples do not touch."""

    unit_start: Ints
    unit_end: Ints
    mark_start: Ints
    mark_end: Ints


def _intervals(marks: Marks) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Return the different intervals with a label, and the unit of each mark (-1 = none)."""
    if not len(marks.sample):
        return (*Marks.empty()[:3], *Marks.empty()[:2])
    is_new = ~repeats((marks.sample, marks.start, marks.end))  # which marks are sorted by
    first = np.flatnonzero(is_new)
    is_unit = np.maximum.reduceat(marks.label, first) > ABSTAIN
    numbers = np.where(is_unit, np.cumsum(is_unit) - 1, -1)
    unit_of = numbers[np.cumsum(is_new) - 1]
    counted = np.maximum.reduceat(marks.words, first)[is_unit]
    units = marks.take(first[is_unit])
    estimated = np.rint((units.end - units.start) / CHARACTERS_PER_WORD).astype(np.int64)
    words = np.where(counted > 0, counted, np.maximum(estimated, 1))
    return units.sample, units.start, units.end, words, unit_of


def _global_positions(sample: Ints, start: Ints, end: Ints, marks: Marks) -> _Positions:
    length = int(max(marks.end.max(initial=0), 0)) + 1
    shift, mark_shift = sample * length, marks.sample * length
    return _Positions(start + shift, end + shift, marks.start + mark_shift, marks.end + mark_shift)


def _contradicted(positions: _Positions, rows: npt.NDArray[np.intp]) -> Bools:
    """Return which units another of a voter's intervals contains or crosses.

    Such an interval goes over the start or over the end of the unit, from outside to inside.
    """
    starts, ends = positions.mark_start[rows], positions.mark_end[rows]
    if not len(rows):
        return np.zeros(len(positions.unit_start), dtype=bool)
    furthest = np.concatenate([[-1], np.maximum.accumulate(ends)])  # of those that begin before
    over_start = furthest[np.searchsorted(starts, positions.unit_start)] > positions.unit_start
    over_end = furthest[np.searchsorted(starts, positions.unit_end)] > positions.unit_end
    return np.asarray(over_start | over_end)


def _objects(values: Any, count: int) -> npt.NDArray[Any]:
    """Return tuples as an array of objects, which NumPy would else make a table."""
    array = np.empty(count, dtype=object)
    array[:] = list(values)
    return array
