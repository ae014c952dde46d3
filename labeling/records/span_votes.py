"""`SpanVotes`: the spans that voters marked in each sample, and who was asked."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import VotesError, counted, listed
from labeling.records.canonical_order import repeats
from labeling.records.samples import checked_ids, id_index, positions
from labeling.records.schema import ABSTAIN, LabelSchema
from labeling.records.span_marks import Bools, Marks
from labeling.records.validation import expect
from labeling.records.votes import Fault, Votes, checked_voters, columns_of
from labeling.rendering import Displayed, View


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class SpanVotes(Displayed):
    """The spans that voters (labeling functions or people) marked in samples.

    Create it with `SpanVotes.from_frame`, or by applying span labeling functions. Offsets count
    Unicode code points of the sample's text, half-open, as Python's slices do.

    A labeling function that marks nothing says nothing. A person who was asked about a sample and
    marked nothing in a part of it says that no span is there: their silence `speaks`.

    Attributes:
        sample_ids: unique ids in the order of the rows, those without any span included.
        voters: unique names in the order of the columns.
        schema: the labels; its kind is "spans".
        marks: the marked spans, sorted by sample, start, end, voter and label; read-only.
        speaks: for each voter, whether what they left unmarked counts as "no span here".
        asked: bool array of shape (n_samples, n_voters): who saw which sample; `None`: all saw all.
        faults: exceptions of labeling functions, which marked nothing in those samples.
        trimmed: for each labeling function, how many of its spans were dropped since they overlap a
            longer one of its own.
    """

    sample_ids: pd.Index
    voters: tuple[str, ...]
    schema: LabelSchema
    marks: Marks
    speaks: tuple[bool, ...]
    asked: Bools | None
    faults: tuple[Fault, ...]
    trimmed: Mapping[str, int]

    def __init__(
        self,
        marks: Marks,
        sample_ids: pd.Index,
        voters: Sequence[str],
        schema: LabelSchema,
        *,
        speaks: bool | Sequence[bool] = False,
        asked: npt.NDArray[Any] | None = None,
        faults: Sequence[Fault] = (),
        trimmed: Mapping[str, int] | None = None,
    ) -> None:
        expect(schema, LabelSchema, "The schema of spans")
        ids, names = checked_ids(sample_ids), checked_voters(voters)
        values = {
            "sample_ids": ids,
            "voters": names,
            "schema": schema,
            "marks": _checked_marks(marks, len(ids), names, schema),
            "speaks": _checked_speaks(speaks, len(names)),
            "asked": _checked_asked(asked, (len(ids), len(names))),
            "faults": tuple(faults),
            "trimmed": dict(trimmed or {}),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        schema: LabelSchema,
        sample: str = "sample",
        voter: str = "voter",
        start: str = "start",
        end: str = "end",
        label: str = "label",
        asked: pd.DataFrame | None = None,
        speaks: bool | Mapping[str, bool] = False,
        sample_ids: Sequence[Hashable] | pd.Index | None = None,
        voters: Sequence[str] | None = None,
        texts: pd.Series | Mapping[Hashable, str] | None = None,
    ) -> SpanVotes:
        """Return the votes of a table with one row per marked span.

        Args:
            frame: the table; a missing label or -1 says that nothing is there.
            schema: the labels, with `kind="spans"`.
            sample: the column with the samples' ids.
            voter: the column with the voters.
            start: the column with the index of each span's first code point, from 0.
            end: the column with the index after its last code point.
            label: the column with the labels, names or codes.
            asked: who saw which sample: a table with the sample and voter columns. `None` means
                that all voters saw all samples.
            speaks: whether what a voter left unmarked in a sample that they were asked about counts
                as "no span here", as for people; for all voters, or by name.
            sample_ids: all samples, those without spans included; `None` takes those of `texts`,
                then of `asked`, then of `frame`, in the order of their first row.
            voters: all voters, likewise.
            texts: the texts by sample id, if at hand: then offsets are checked against them, and
                words are counted by them and not estimated.

        Raises:
            DataError: a column is missing, an id is unknown, or offsets lie outside of a text.
            UnknownLabelError: a label is not in the schema.
            VotesError: a schema of another kind, offsets that are not whole numbers or not in
                order, two labels of a voter for the same part, or an unknown voter who speaks.

        >>> frame = pd.DataFrame(
        ...     {
        ...         "sample": ["a", "a", "b"],
        ...         "voter": ["names", "caps", "caps"],
        ...         "start": [0, 0, 4],
        ...         "end": [5, 12, 7],
        ...         "label": ["PER", "ORG", "PER"],
        ...     }
        ... )
        >>> SpanVotes.from_frame(frame, schema=LabelSchema(["PER", "ORG"], kind="spans"))
        SpanVotes(2 samples x 2 voters, 3 spans, labels 'PER', 'ORG')
        """
        from labeling.records.span_frames import SpanColumns, read_span_frame

        columns = SpanColumns(sample, voter, start, end, label)
        parts = read_span_frame(frame, schema, columns, asked, sample_ids, voters, texts)
        by_name = speaks if isinstance(speaks, Mapping) else dict.fromkeys(parts.voters, speaks)
        unknown = [name for name in by_name if name not in parts.voters]
        if unknown:
            raise VotesError(
                f"`speaks` must name voters. Got {listed(unknown)}, and the voters are"
                f" {listed(parts.voters)}; name those who marked nothing in `voters`, too."
            )
        speaking = [by_name.get(name, False) for name in parts.voters]
        return cls(
            parts.marks, parts.sample_ids, parts.voters, schema, speaks=speaking, asked=parts.asked
        )

    def __repr__(self) -> str:
        faults = f", {counted(len(self.faults), 'fault')}" if self.faults else ""
        return (
            f"SpanVotes({counted(len(self.sample_ids), 'sample')} x"
            f" {counted(len(self.voters), 'voter')}, {counted(self.n_spans, 'span')}{faults},"
            f" labels {listed(self.schema.labels)})"
        )

    def _view(self) -> View:
        from labeling.records.span_views import span_votes_view

        return span_votes_view(self)

    def __len__(self) -> int:
        return len(self.sample_ids)

    @property
    def n_spans(self) -> int:
        """Number of marked spans, without those that say that nothing is there."""
        return int((self.marks.label != ABSTAIN).sum())

    @property
    def covered(self) -> Bools:
        """Which samples any voter spoke of: shape (n_samples,).

        A person speaks of each sample they were asked about, a labeling function of those in which
        it marked something.
        """
        covered = np.zeros(len(self), dtype=bool)
        covered[self.marks.sample] = True
        speaking = np.flatnonzero(self.speaks)
        if len(speaking):
            covered |= True if self.asked is None else self.asked[:, speaking].any(axis=1)
        return covered

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row per marked span: `sample, voter, start, end, label`.

        The label is `None` where the voter says that nothing is there.
        """
        labels = np.array([*self.schema.labels, None], dtype=object)
        return pd.DataFrame(
            {
                "sample": self.sample_ids.take(self.marks.sample),
                "voter": np.array(self.voters, dtype=object)[self.marks.voter],
                "start": self.marks.start,
                "end": self.marks.end,
                "label": pd.Series(labels[self.marks.label], dtype=object),
            }
        )

    def of_samples(self, ids: Sequence[Hashable] | pd.Index) -> SpanVotes:
        """Return the votes on these samples, in this order; an unknown id is a DataError."""
        rows = positions(self.sample_ids, id_index(ids), "the samples asked for", "the votes")
        new_row = np.full(len(self), -1, dtype=np.int64)
        new_row[rows] = np.arange(len(rows))
        selected = self.marks.take(np.flatnonzero(new_row[self.marks.sample] >= 0))
        kept = {self.sample_ids[row] for row in rows} if self.faults else set()
        return SpanVotes(
            selected._replace(sample=new_row[selected.sample]),
            self.sample_ids[rows],
            self.voters,
            self.schema,
            speaks=self.speaks,
            asked=None if self.asked is None else self.asked[rows],
            faults=[fault for fault in self.faults if fault.sample_id in kept],
            trimmed=self.trimmed,
        )

    def of_voters(self, names: Sequence[str]) -> SpanVotes:
        """Return the votes of these voters, in this order.

        Raises:
            VotesError: there is no such voter.
        """
        columns = columns_of(names, self.voters)
        new_column = np.full(len(self.voters), -1, dtype=np.int64)
        new_column[columns] = np.arange(len(columns))
        selected = self.marks.take(np.flatnonzero(new_column[self.marks.voter] >= 0))
        return SpanVotes(
            selected._replace(voter=new_column[selected.voter]),
            self.sample_ids,
            tuple(names),
            self.schema,
            speaks=[self.speaks[column] for column in columns],
            asked=None if self.asked is None else self.asked[:, columns],
            faults=[fault for fault in self.faults if fault.labeling_function in names],
            trimmed={name: n for name, n in self.trimmed.items() if name in names},
        )

    def units(self) -> Votes:
        """Return votes on candidate spans: one row for each interval that any voter marked.

        Ids are tuples `(sample id, start, end)`. The schema has one more label, "(none)": a voter
        marked something else that contains or crosses the interval, or left it unmarked and
        `speaks`. A voter abstains where they said nothing of it, or marked only a part of it.

        >>> frame = pd.DataFrame(
        ...     {"sample": "a", "voter": ["x", "y"], "start": 0, "end": [5, 9], "label": "PER"}
        ... )
        >>> units = SpanVotes.from_frame(frame, schema=LabelSchema(["PER"], kind="spans")).units()
        >>> units.to_frame()
                      x     y
        (a, 0, 5)   PER  (none)
        (a, 0, 9)  None    PER
        """
        from labeling.records.span_units import span_units

        return span_units(self).to_votes()


def _checked_marks(
    marks: Marks, n_samples: int, voters: tuple[str, ...], schema: LabelSchema
) -> Marks:
    """Return the marks in canonical order, each once, after checking their range."""
    columns = Marks(*(np.asarray(column, dtype=np.int64) for column in marks))
    ranges = (
        (columns.sample, 0, n_samples, "row of a sample"),
        (columns.voter, 0, len(voters), "column of a voter"),
        (columns.label, ABSTAIN, len(schema), "label code"),
    )
    for values, low, high, what in ranges:
        if len(values) and (values.min() < low or values.max() >= high):
            raise VotesError(
                f"A {what} must be from {low} to {high - 1}. Got {values.min()} to {values.max()}."
            )
    wrong = np.flatnonzero((columns.start < 0) | (columns.end <= columns.start))
    if len(wrong):
        raise VotesError(
            "A span must begin at 0 or later and have a character or more. Got"
            f" {columns.start[wrong[0]]} to {columns.end[wrong[0]]} by"
            f" {voters[columns.voter[wrong[0]]]!r}, and {len(wrong)} such spans in all."
        )
    checked = _in_order(columns, voters)
    for column in checked:
        column.flags.writeable = False
    return checked


def _in_order(columns: Marks, voters: tuple[str, ...]) -> Marks:
    """Return marks sorted by sample, start, end, voter and label, each once."""
    keys = (columns.label, columns.voter, columns.end, columns.start, columns.sample)
    ordered = columns.take(np.lexsort(keys))
    same_place = repeats((ordered.sample, ordered.start, ordered.end, ordered.voter))
    doubled = np.flatnonzero(same_place[1:] & (ordered.label[1:] != ordered.label[:-1]))
    if len(doubled):
        row = doubled[0]
        raise VotesError(
            "A voter must give a part of a text one label. Got two by"
            f" {voters[ordered.voter[row]]!r} for {ordered.start[row]} to {ordered.end[row]} of the"
            f" sample in row {ordered.sample[row]}."
        )
    return ordered.take(np.flatnonzero(~same_place))


def _checked_speaks(speaks: bool | Sequence[bool], n_voters: int) -> tuple[bool, ...]:
    values = (speaks,) * n_voters if isinstance(speaks, (bool, np.bool_)) else tuple(speaks)
    if len(values) != n_voters or not all(isinstance(value, (bool, np.bool_)) for value in values):
        raise VotesError(
            f"`speaks` must be True or False, for all or for each of {n_voters} voters. Got"
            f" {speaks!r}."
        )
    return tuple(map(bool, values))


def _checked_asked(asked: npt.NDArray[Any] | None, shape: tuple[int, int]) -> Bools | None:
    if asked is None:
        return None
    array: Bools = np.array(asked, dtype=bool)
    if array.shape != shape:
        raise VotesError(f"`asked` must be of shape {shape}. Got {array.shape}.")
    array.flags.writeable = False
    return array
