"""`SetVotes`: what voters say of each label of each sample, where a sample may have several."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import UnknownLabelError, VotesError, counted, listed
from labeling.records.canonical_order import repeats
from labeling.records.long_votes import CastVotes
from labeling.records.samples import (
    checked_ids,
    id_index,
    positions,
    refuse_unhashable,
    require_column,
)
from labeling.records.schema import LabelKind, LabelSchema
from labeling.records.span_frames import all_values, voter_columns
from labeling.records.span_marks import Bools, Ints
from labeling.records.validation import expect
from labeling.records.votes import Fault, Votes, checked_voters, columns_of
from labeling.rendering import Displayed, View

YES_OR_NO = LabelSchema(["no", "yes"])
"""The labels of the votes on a single label of a set."""


class Answers(NamedTuple):
    """What voters said of single labels, as columns of equal length.

    Attributes:
        sample: row of the sample: int64.
        voter: column of the voter: int64.
        label: label code: int64.
        says: whether the sample has the label: bool.
    """

    sample: Ints
    voter: Ints
    label: Ints
    says: Bools

    def take(self, rows: npt.NDArray[Any]) -> Answers:
        """Return these rows, in this order."""
        return Answers(
            self.sample[rows], self.voter[rows], self.label[rows], np.asarray(self.says[rows])
        )


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class SetVotes(Displayed):
    """What voters say of each label of each sample: yes, no, or nothing.

    Create it with `SetVotes.from_frame`, or by applying labeling functions with a schema of
    `kind="several"`. A labeling function says yes to the labels that it names and nothing of the
    others; a person who saw all labels says no to those they left out.

    Attributes:
        sample_ids: unique ids in the order of the rows, those without answers included.
        voters: unique names in the order of the columns.
        schema: the labels; its kind is "several".
        answers: what was said, sorted by sample, voter and label, each once; read-only.
        faults: exceptions of labeling functions, which said nothing of those samples.
    """

    sample_ids: pd.Index
    voters: tuple[str, ...]
    schema: LabelSchema
    answers: Answers
    faults: tuple[Fault, ...]

    def __init__(
        self,
        answers: Answers,
        sample_ids: pd.Index,
        voters: Sequence[str],
        schema: LabelSchema,
        faults: Sequence[Fault] = (),
    ) -> None:
        if expect(schema, LabelSchema, "The schema of votes").kind != LabelKind.SEVERAL:
            raise VotesError(f"The schema of sets must have kind='several'. Got {schema!r}.")
        ids, names = checked_ids(sample_ids), checked_voters(voters)
        values = {
            "sample_ids": ids,
            "voters": names,
            "schema": schema,
            "answers": _checked_answers(answers, ids, names, schema),
            "faults": tuple(faults),
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
        label: str = "label",
        says: str | None = "says",
        sample_ids: Sequence[Hashable] | pd.Index | None = None,
        voters: Sequence[str] | None = None,
    ) -> SetVotes:
        """Return the votes of a table with one row per sample, voter and label.

        Args:
            frame: the table; what it has no row for was not said.
            schema: the labels, with `kind="several"`.
            sample: the column with the samples' ids.
            voter: the column with the voters.
            label: the column with the labels, names or codes.
            says: the column that says whether the sample has the label: bools, or 1 and 0. `None`:
                each row says yes.
            sample_ids: all samples; `None` takes those of the table, in the order of their first
                row.
            voters: all voters, likewise.

        Raises:
            DataError: a column is missing, or an id is unknown.
            UnknownLabelError: a label is not in the schema.
            VotesError: a schema of another kind, a voter who says both yes and no to a label, or
                a value that is neither.

        >>> frame = pd.DataFrame(
        ...     {
        ...         "sample": ["a", "a", "b"],
        ...         "voter": ["smiles", "ann", "ann"],
        ...         "label": ["joy", "anger", "joy"],
        ...         "says": [True, False, True],
        ...     }
        ... )
        >>> votes = SetVotes.from_frame(frame, schema=LabelSchema(["joy", "anger"], kind="several"))
        >>> votes.of_label("joy").to_frame()
          smiles   ann
        a    yes  None
        b   None   yes
        """
        expect(frame, pd.DataFrame, "A table of votes")
        expect(schema, LabelSchema, "The schema of votes")
        for column in (sample, voter, label, *([says] if says is not None else [])):
            require_column(frame, column, "a column of the votes")
        ids = None if sample_ids is None else checked_ids(id_index(sample_ids))
        said = [] if says is None else [says]
        with refuse_unhashable(frame, (sample, voter, label, *said)):
            ids = all_values([frame], sample) if ids is None else ids
            given = all_values([frame], voter) if voters is None else pd.Index(list(voters))
            names = pd.Index([str(name) for name in given], dtype=object)
            rows = positions(ids, pd.Index(frame[sample]), "the votes", "the samples")
            answers = Answers(
                rows.astype(np.int64),
                voter_columns(frame, voter, names),
                _label_codes(frame[label], schema),
                np.ones(len(frame), dtype=bool) if says is None else _yes_or_no(frame[says]),
            )
        return cls(answers, ids, tuple(names), schema)

    def __repr__(self) -> str:
        faults = f", {counted(len(self.faults), 'fault')}" if self.faults else ""
        yes = int(self.answers.says.sum())
        return (
            f"SetVotes({counted(len(self.sample_ids), 'sample')} x"
            f" {counted(len(self.voters), 'voter')}, {yes} yes,"
            f" {len(self.answers.says) - yes} no{faults}, labels {listed(self.schema.labels)})"
        )

    def _view(self) -> View:
        from labeling.records.set_views import set_votes_view

        return set_votes_view(self)

    def __len__(self) -> int:
        return len(self.sample_ids)

    @property
    def covered(self) -> Bools:
        """Of which label of which sample anything was said: shape (n_samples, n_labels)."""
        covered = np.zeros((len(self), len(self.schema)), dtype=bool)
        covered[self.answers.sample, self.answers.label] = True
        return covered

    def of_label(self, label: str | int) -> Votes:
        """Return the votes on one label, as ordinary votes with the labels "no" and "yes"."""
        code = self.schema.index(label)
        answers = self.answers.take(np.flatnonzero(self.answers.label == code))
        shape = (len(self), len(self.voters))
        cast = CastVotes.of(
            answers.sample, answers.voter, answers.says.astype(YES_OR_NO.code_type), shape
        )
        return Votes(cast, self.sample_ids, self.voters, YES_OR_NO)

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row per answer: `sample, voter, label, says`."""
        answers = self.answers
        labels = np.array(self.schema.labels, dtype=object)
        return pd.DataFrame(
            {
                "sample": self.sample_ids.take(answers.sample),
                "voter": np.array(self.voters, dtype=object)[answers.voter],
                "label": pd.Series(labels[answers.label], dtype=object),
                "says": answers.says,
            }
        )

    def of_samples(self, ids: Sequence[Hashable] | pd.Index) -> SetVotes:
        """Return the votes on these samples, in this order; an unknown id is a DataError."""
        rows = positions(self.sample_ids, id_index(ids), "the samples asked for", "the votes")
        new_row = np.full(len(self), -1, dtype=np.int64)
        new_row[rows] = np.arange(len(rows))
        selected = self.answers.take(np.flatnonzero(new_row[self.answers.sample] >= 0))
        kept = {self.sample_ids[row] for row in rows} if self.faults else set()
        faults = [fault for fault in self.faults if fault.sample_id in kept]
        answers = selected._replace(sample=new_row[selected.sample])
        return SetVotes(answers, self.sample_ids[rows], self.voters, self.schema, faults)

    def of_voters(self, names: Sequence[str]) -> SetVotes:
        """Return the votes of these voters, in this order.

        Raises:
            VotesError: there is no such voter.
        """
        columns = columns_of(names, self.voters)
        new_column = np.full(len(self.voters), -1, dtype=np.int64)
        new_column[columns] = np.arange(len(columns))
        selected = self.answers.take(np.flatnonzero(new_column[self.answers.voter] >= 0))
        faults = [fault for fault in self.faults if fault.labeling_function in names]
        answers = selected._replace(voter=new_column[selected.voter])
        return SetVotes(answers, self.sample_ids, tuple(names), self.schema, faults)


def _checked_answers(
    answers: Answers, ids: pd.Index, voters: tuple[str, ...], schema: LabelSchema
) -> Answers:
    """Return answers in canonical order, each once, after checking their range."""
    given = Answers(
        np.asarray(answers.sample, dtype=np.int64),
        np.asarray(answers.voter, dtype=np.int64),
        np.asarray(answers.label, dtype=np.int64),
        np.asarray(answers.says, dtype=bool),
    )
    sizes = ((given.sample, len(ids)), (given.voter, len(voters)), (given.label, len(schema)))
    for values, size in sizes:
        if len(values) and (values.min() < 0 or values.max() >= size):
            raise VotesError(
                f"Indexes of votes must be from 0 to {size - 1}. Got {values.min()} to"
                f" {values.max()}."
            )
    ordered = given.take(np.lexsort((given.says, given.label, given.voter, given.sample)))
    same = repeats(ordered[:3])
    both = np.flatnonzero(same[1:] & (ordered.says[1:] != ordered.says[:-1]))
    if len(both):
        first = both[0]
        raise VotesError(
            f"A voter must say yes or no to a label. {voters[ordered.voter[first]]!r} says both to"
            f" {schema.labels[ordered.label[first]]!r} for sample {ids[ordered.sample[first]]!r}."
        )
    checked = ordered.take(np.flatnonzero(~same))
    for column in checked:
        column.flags.writeable = False
    return checked


def _label_codes(labels: pd.Series, schema: LabelSchema) -> Ints:
    try:
        codes = {label: schema.index(label) for label in labels.unique().tolist()}
    except UnknownLabelError as error:
        raise UnknownLabelError(f"In the labels of votes: {error}") from None
    return np.array([codes[label] for label in labels.tolist()], dtype=np.int64)


def _yes_or_no(values: pd.Series) -> Bools:
    wrong = [
        value for value in values.unique().tolist() if value is pd.NA or value not in (True, False)
    ]
    if wrong:
        raise VotesError(f"Votes on labels must be True or False. Got {listed(wrong)}.")
    answers: Bools = values.to_numpy(dtype=bool)
    return answers
