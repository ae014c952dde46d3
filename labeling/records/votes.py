"""`Votes`: the vote of every voter on every sample, dense or sparse."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import VotesError, counted, listed, near, noun, repeated
from labeling.records.long_votes import CastVotes, read_triples
from labeling.records.samples import checked_ids, id_index, positions
from labeling.records.schema import ABSTAIN, LabelSchema
from labeling.records.validation import expect
from labeling.rendering import Displayed, View


class Fault(NamedTuple):
    """An exception that a labeling function raised on a sample, on which it then abstains."""

    labeling_function: str
    sample_id: Hashable
    exception: Exception


@dataclass(frozen=True, slots=True, eq=False, init=False, repr=False)
class Votes(Displayed):
    """A table of votes: samples in rows, voters (labeling functions or people) in columns.

    Create it with `Votes.from_array` or `Votes.from_triples`, or by applying labeling functions.
    `votes["name"]` returns the votes of one voter, `votes[["a", "b"]]` those of several,
    `len(votes)` the number of samples, and `np.asarray(votes)` the array. If nearly all votes are
    abstentions, `from_triples` stores them sparsely and builds the array only on demand.

    Attributes:
        sample_ids: unique ids in the order of the rows.
        voters: unique names in the order of the columns.
        schema: the labels that the codes stand for.
        faults: exceptions of labeling functions, which abstained on those samples.
    """

    sample_ids: pd.Index
    voters: tuple[str, ...]
    schema: LabelSchema
    faults: tuple[Fault, ...]
    _codes: npt.NDArray[Any] | CastVotes

    def __init__(
        self,
        array: npt.NDArray[Any] | CastVotes,
        sample_ids: pd.Index,
        voters: Sequence[str],
        schema: LabelSchema,
        faults: Sequence[Fault] = (),
    ) -> None:
        expect(schema, LabelSchema, "The schema of votes")
        codes = array if isinstance(array, CastVotes) else _checked_codes(array, schema)
        ids = checked_ids(sample_ids)
        names = checked_voters(voters)
        if codes.shape != (len(ids), len(names)):
            raise VotesError(
                f"Votes must have a row for each of {len(ids)} sample ids and a column for each of"
                f" {len(names)} voters. Got an array of shape {codes.shape}."
            )
        object.__setattr__(self, "_codes", codes)
        object.__setattr__(self, "sample_ids", ids)
        object.__setattr__(self, "voters", names)
        object.__setattr__(self, "schema", schema)
        object.__setattr__(self, "faults", tuple(faults))

    def __repr__(self) -> str:
        faults = f", {counted(len(self.faults), 'fault')}" if self.faults else ""
        return (
            f"Votes({len(self)} {noun(len(self), 'sample')} x {len(self.voters)}"
            f" {noun(len(self.voters), 'voter')}, {self.n_cast} {noun(self.n_cast, 'vote')} cast,"
            f" labels {listed(self.schema.labels)}{faults})"
        )

    def _view(self) -> View:
        from labeling.records.vote_views import votes_view

        return votes_view(self)

    def __len__(self) -> int:
        return len(self.sample_ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self.voters)

    def __contains__(self, name: object) -> bool:
        return name in self.voters

    @overload
    def __getitem__(self, name: str) -> pd.Series: ...

    @overload
    def __getitem__(self, name: list[str] | tuple[str, ...]) -> Votes: ...

    def __getitem__(self, name: str | list[str] | tuple[str, ...]) -> pd.Series | Votes:
        """Return the votes of a voter as label names (`None` = abstained), or those of several.

        >>> schema = LabelSchema(["ham", "spam"])
        >>> votes = Votes.from_array([[1, -1], [0, 1]], schema=schema, voters=["link", "short"])
        >>> votes["short"].tolist(), votes[["link"]].voters
        ([None, 'spam'], ('link',))
        """
        if isinstance(name, (list, tuple)):
            return self.of_voters(name)
        if not isinstance(name, str):
            raise VotesError(
                f"Votes must be indexed by a voter's name, or a list of names. Got {name!r}; use"
                " `of_samples` for samples."
            )
        return self.of_voters([name]).to_frame()[name]

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.array(self.array, dtype=dtype, copy=copy)

    @classmethod
    def from_array(
        cls,
        L: npt.ArrayLike,
        *,
        schema: LabelSchema,
        sample_ids: Sequence[Hashable] | pd.Index | None = None,
        voters: Sequence[str] | None = None,
    ) -> Votes:
        """Return votes from an int array of shape (n_samples, n_voters), -1 = abstained.

        Args:
            L: the codes; copied. The index and columns of a DataFrame are ids and voters.
            schema: the labels that the codes stand for.
            sample_ids: unique ids; `None` numbers the rows from 0.
            voters: unique names; `None` calls them `voter_0`, `voter_1`, ...

        Raises:
            VotesError: not two dimensions, not integers, a code out of range, wrong lengths.
            DataError: ids are missing or not unique.

        >>> schema = LabelSchema(["ham", "spam"])
        >>> Votes.from_array([[1, -1], [0, 1]], schema=schema, voters=["has_link", "is_short"])
        Votes(2 samples x 2 voters, 3 votes cast, labels 'ham', 'spam')
        """
        if isinstance(L, pd.DataFrame):
            sample_ids = L.index if sample_ids is None else sample_ids
            voters = [str(name) for name in L.columns] if voters is None else voters
        try:
            array = np.asarray(L)
        except ValueError as error:
            raise VotesError(f"Votes must be a table with rows of one length: {error}") from error
        if array.ndim != 2:
            raise VotesError(
                f"Votes must be an array of shape (n_samples, n_voters). Got shape {array.shape}."
            )
        n, m = array.shape
        given: Any = pd.RangeIndex(n) if sample_ids is None else sample_ids
        ids = id_index(given)
        names = [f"voter_{j}" for j in range(m)] if voters is None else voters
        return cls(array, ids, tuple(names), schema)

    @classmethod
    def from_triples(
        cls,
        frame: pd.DataFrame,
        *,
        schema: LabelSchema,
        sample: str = "sample",
        voter: str = "voter",
        label: str = "label",
    ) -> Votes:
        """Return votes from a long table with one row per vote: sample, voter and label.

        Samples and voters keep the order of their first row. Voters' names become `str`. A pair of
        sample and voter may occur twice only with the same label.

        Args:
            frame: the table.
            schema: the labels; the label column holds names or codes, -1 = abstained.
            sample: the column with the samples' ids.
            voter: the column with the voters.
            label: the column with the labels.

        Raises:
            DataError: a column is missing.
            UnknownLabelError: a label is not in the schema.
            VotesError: a voter has two different votes on a sample, or an id or voter is missing.

        >>> frame = pd.DataFrame(
        ...     {
        ...         "sample": ["a", "a", "b"],
        ...         "voter": ["ann", "bob", "bob"],
        ...         "label": ["spam", "ham", "spam"],
        ...     }
        ... )
        >>> Votes.from_triples(frame, schema=LabelSchema(["ham", "spam"])).to_array()
        array([[ 1,  0],
               [-1,  1]], dtype=int8)
        """
        expect(frame, pd.DataFrame, "A table of votes")
        expect(schema, LabelSchema, "The schema of votes")
        ids, voters, codes = read_triples(frame, schema, sample, voter, label)
        return cls(codes, ids, voters, schema)

    @property
    def array(self) -> npt.NDArray[Any]:
        """The codes: int8 or int16, shape (n_samples, n_voters), read-only; -1 = abstained."""
        if isinstance(self._codes, CastVotes):
            array = self._codes.to_array()
            array.flags.writeable = False
            return array
        return self._codes

    @property
    def long(self) -> CastVotes | None:
        """The votes in sparse form if they are stored so; else `None`."""
        return self._codes if isinstance(self._codes, CastVotes) else None

    @property
    def n_cast(self) -> int:
        """The number of votes that are not abstentions."""
        if isinstance(self._codes, CastVotes):
            return len(self._codes)
        return int(np.count_nonzero(self._codes != ABSTAIN))

    def to_array(self) -> npt.NDArray[Any]:
        """Return the codes as a read-only array of shape (n_samples, n_voters), -1 = abstained."""
        return self.array

    def to_frame(self) -> pd.DataFrame:
        """Return the votes as label names, one column per voter; `None` = abstained."""
        names = np.array([*self.schema.labels, None], dtype=object)
        columns = list(self.voters)
        return pd.DataFrame(names[self.array], self.sample_ids, columns, dtype=object)

    def to_triples(self) -> pd.DataFrame:
        """Return the votes without abstentions, one per row: columns `sample, voter, label`."""
        names = np.array(self.schema.labels, dtype=object)
        if isinstance(self._codes, CastVotes):
            rows, columns, codes = self._codes.row, self._codes.column, self._codes.code
        else:
            rows, columns = np.nonzero(self._codes != ABSTAIN)
            codes = self._codes[rows, columns]
        return pd.DataFrame(
            {
                "sample": self.sample_ids[rows],
                "voter": np.array(self.voters, dtype=object)[columns],
                "label": names[codes],
            }
        )

    def label_counts(self) -> npt.NDArray[np.int64]:
        """Return the number of votes for each label: shape (n_samples, n_labels)."""
        n, k = len(self), len(self.schema)
        if isinstance(self._codes, CastVotes):
            cell = self._codes.row * k + self._codes.code
            return np.bincount(cell, minlength=n * k).astype(np.int64).reshape(n, k)
        return np.stack([(self._codes == code).sum(axis=1) for code in range(k)], axis=1)

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Whether any voter voted on a sample: bool array of shape (n_samples,)."""
        covered: npt.NDArray[np.bool_] = np.zeros(len(self), dtype=bool)
        if isinstance(self._codes, CastVotes):
            covered[self._codes.row] = True
            return covered
        for column in self._codes.T:  # by column, as the array is in Fortran order
            covered |= column != ABSTAIN
        return covered

    def of_samples(self, ids: Sequence[Hashable] | pd.Index) -> Votes:
        """Return the votes on these samples, in this order; an unknown id is a DataError."""
        rows = positions(self.sample_ids, id_index(ids), "the samples asked for", "the votes")
        wanted = set(id_index(ids))
        faults = tuple(fault for fault in self.faults if fault.sample_id in wanted)
        long = self.long
        codes = self.array[rows] if long is None else long.of_rows(rows)
        return Votes(codes, self.sample_ids[rows], self.voters, self.schema, faults)

    def of_voters(self, names: Sequence[str]) -> Votes:
        """Return the votes of these voters, in this order; an unknown name is a VotesError."""
        columns = columns_of(names, self.voters)
        wanted = set(names)
        faults = tuple(fault for fault in self.faults if fault.labeling_function in wanted)
        long = self.long
        codes = (
            np.asfortranarray(self.array[:, columns]) if long is None else long.of_columns(columns)
        )
        return Votes(codes, self.sample_ids, names, self.schema, faults)


def _checked_codes(array: npt.NDArray[Any], schema: LabelSchema) -> npt.NDArray[Any]:
    """Return a copy of the codes in Fortran order, after checking their range."""
    array = np.asarray(array)
    if array.dtype.kind not in "iu" and array.size:
        raise VotesError(
            f"Votes must be integers: -1 = abstained, 0 to {len(schema) - 1} = a label."
            f" Got {array.dtype}; cast with .astype(int) once nothing is lost by it."
        )
    if array.size and (array.min() < ABSTAIN or array.max() >= len(schema)):
        wrong = (array < ABSTAIN) | (array >= len(schema))
        row, column = np.argwhere(wrong)[0].tolist()
        raise VotesError(
            f"A vote must be -1 (abstained) or 0 to {len(schema) - 1}. Got {array[row, column]} in"
            f" row {row}, column {column}, and {int(wrong.sum())} such votes in all."
        )
    codes = np.array(array, dtype=schema.code_type, order="F")
    codes.flags.writeable = False
    return codes


def columns_of(names: Sequence[str], voters: Sequence[str]) -> npt.NDArray[np.intp]:
    """Return the column of each name among the voters; an unknown name is a VotesError."""
    column_of = {voter: column for column, voter in enumerate(voters)}
    unknown = [name for name in names if name not in column_of]
    if unknown:
        raise VotesError(
            f"There is no voter {unknown[0]!r}; voters are {listed(voters, 20)}."
            f"{near(unknown[0], voters)}"
        )
    return np.array([column_of[name] for name in names], dtype=np.intp)


def checked_voters(names: Sequence[str]) -> tuple[str, ...]:
    """Return voters' names as plain texts, after checking that they differ and are not empty."""
    voters = tuple(names)
    wrong = [name for name in voters if not isinstance(name, str) or not name]
    if wrong:
        raise VotesError(f"A voter's name must be a non-empty text. Got {listed(wrong)}.")
    doubled = repeated(voters)
    if doubled:
        raise VotesError(f"Voters must have different names. Given twice: {listed(doubled)}.")
    return tuple(map(str.__str__, voters))  # subclasses such as np.str_ become plain texts
