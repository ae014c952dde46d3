"""Votes: what every voter said of every sample."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import UnknownLabelError, VotesError, near, repeated, shown
from labeling.records.checks import expect
from labeling.records.samples import checked_ids, positions, require_column
from labeling.records.schema import ABSTAIN, LabelSchema


class Fault(NamedTuple):
    """A labeling function that failed on a sample, with what it raised; it abstained there."""

    labeling_function: str
    sample_id: Hashable
    exception: Exception


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """A table of votes: samples in rows, voters (labeling functions or people) in columns.

    Build it with `Votes.from_array` or `Votes.from_triples`, or by applying labeling functions.

    Attributes:
        array: int8 or int16 array of shape (n_samples, n_voters), read-only; -1 = abstained.
        sample_ids: unique ids in the order of the rows.
        voters: unique names in the order of the columns.
        schema: the labels that the codes stand for.
        faults: where a labeling function failed and abstained for that reason.
    """

    array: npt.NDArray[Any]
    sample_ids: pd.Index
    voters: tuple[str, ...]
    schema: LabelSchema
    faults: tuple[Fault, ...] = field(default=())

    def __post_init__(self) -> None:
        array = _checked_codes(self.array, expect(self.schema, LabelSchema, "The schema of votes"))
        ids = checked_ids(self.sample_ids)
        voters = _checked_voters(self.voters)
        if array.shape != (len(ids), len(voters)):
            raise VotesError(
                f"Votes must have a row for each of {len(ids)} sample ids and a column for each of"
                f" {len(voters)} voters. Got an array of shape {array.shape}."
            )
        array.flags.writeable = False
        for name, value in (("array", array), ("sample_ids", ids), ("voters", voters)):
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        cast = int((self.array != ABSTAIN).sum())
        faults = f", {len(self.faults)} faults" if self.faults else ""
        return (
            f"Votes({len(self.sample_ids)} samples x {len(self.voters)} voters, {cast} votes cast,"
            f" labels {shown(self.schema.labels)}{faults})"
        )

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
            L: the codes; copied. A DataFrame brings its index and columns as ids and voters.
            schema: the labels that the codes stand for.
            sample_ids: unique ids; `None` numbers the rows from 0.
            voters: unique names; `None` calls them `voter_0`, `voter_1`, ...

        Raises:
            VotesError: no two dimensions, no integers, a code out of range, wrong lengths.
            DataError: ids that are missing or not unique.

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
        ids = given if isinstance(given, pd.Index) else pd.Index(given)
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
        """Return votes from a table with one row a vote: who said what of which sample.

        Samples and voters stand in the order of their first row. Voters' names become `str`.
        A pair of sample and voter may be there twice only if both rows say the same.

        Args:
            frame: the table.
            schema: the labels; the label column holds names or codes, -1 = abstained.
            sample: the column with the samples' ids.
            voter: the column with the voters.
            label: the column with the labels.

        Raises:
            DataError: a column is missing.
            UnknownLabelError: a label that the schema does not have.
            VotesError: one voter says two things of one sample, or an id or voter is missing.

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
        for column, purpose in ((sample, "sample"), (voter, "voter"), (label, "label")):
            require_column(frame, column, purpose)
        codes = _codes(frame[label], schema)
        rows, ids = pd.factorize(pd.Index(frame[sample]))
        columns, people = pd.factorize(pd.Index(frame[voter]))
        for column, found in ((sample, rows), (voter, columns)):
            if (found < 0).any():
                where = np.flatnonzero(found < 0).tolist()
                raise VotesError(f"Column {column!r} must not be missing in rows {shown(where)}.")
        array = np.full((len(ids), len(people)), ABSTAIN, dtype=schema.code_type, order="F")
        array[rows, columns] = codes
        clash = np.flatnonzero(array[rows, columns] != codes)
        if len(clash):
            who, what = (frame[column].iloc[[clash[0]]].tolist()[0] for column in (voter, sample))
            raise VotesError(
                f"A voter must say one thing of a sample. {who!r} says several of {what!r}, and"
                f" {len(clash)} rows clash so; keep the vote that counts."
            )
        return cls(array, ids, tuple(str(name) for name in people), schema)

    def to_array(self) -> npt.NDArray[Any]:
        """Return the codes as a read-only array of shape (n_samples, n_voters), -1 = abstained."""
        return self.array

    def to_frame(self) -> pd.DataFrame:
        """Return the votes as label names, one column a voter; `None` = abstained."""
        names = np.array([*self.schema.labels, None], dtype=object)
        columns = list(self.voters)
        return pd.DataFrame(names[self.array], self.sample_ids, columns, dtype=object)

    def to_triples(self) -> pd.DataFrame:
        """Return the votes that were cast, one a row, with columns `sample, voter, label`."""
        rows, columns = np.nonzero(self.array != ABSTAIN)
        names = np.array(self.schema.labels, dtype=object)
        return pd.DataFrame(
            {
                "sample": self.sample_ids[rows],
                "voter": np.array(self.voters, dtype=object)[columns],
                "label": names[self.array[rows, columns]],
            }
        )

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Whether any voter spoke of a sample: bool array of shape (n_samples,)."""
        found: npt.NDArray[np.bool_] = np.zeros(len(self.array), dtype=bool)
        for column in self.array.T:  # column by column, as they lie in memory
            found |= column != ABSTAIN
        return found

    def of_samples(self, ids: Sequence[Hashable] | pd.Index) -> Votes:
        """Return the votes on these samples, in this order; an unknown id is a DataError."""
        rows = positions(self.sample_ids, pd.Index(ids), "the samples asked for", "the votes")
        kept = set(pd.Index(ids))
        faults = tuple(fault for fault in self.faults if fault.sample_id in kept)
        return Votes(self.array[rows], self.sample_ids[rows], self.voters, self.schema, faults)

    def of_voters(self, names: Sequence[str]) -> Votes:
        """Return the votes of these voters, in this order; an unknown name is a VotesError."""
        unknown = [name for name in names if name not in self.voters]
        if unknown:
            raise VotesError(
                f"There is no voter {unknown[0]!r}; voters are {shown(self.voters, 20)}."
                f"{near(unknown[0], self.voters)}"
            )
        columns = [self.voters.index(name) for name in names]
        faults = tuple(fault for fault in self.faults if fault.labeling_function in names)
        array = np.asfortranarray(self.array[:, columns])
        return Votes(array, self.sample_ids, tuple(names), self.schema, faults)


def _checked_codes(array: npt.NDArray[Any], schema: LabelSchema) -> npt.NDArray[Any]:
    """Return a copy of the codes, column by column in memory, after checking their range."""
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
    return np.array(array, dtype=schema.code_type, order="F")


def _checked_voters(names: Sequence[str]) -> tuple[str, ...]:
    voters = tuple(names)
    wrong = [name for name in voters if not isinstance(name, str) or not name]
    if wrong:
        raise VotesError(f"A voter's name must be a non-empty text. Got {shown(wrong)}.")
    doubled = repeated(voters)
    if doubled:
        raise VotesError(f"Voters must have different names. Given twice: {shown(doubled)}.")
    return tuple(map(str.__str__, voters))  # texts of NumPy become plain ones


def _codes(labels: pd.Series, schema: LabelSchema) -> npt.NDArray[Any]:
    """Return the code of each label given by name or code; -1 = abstained."""
    found, values = pd.factorize(labels.astype(object), use_na_sentinel=True)
    if (found < 0).any():
        where = labels.index[found < 0].tolist()
        raise UnknownLabelError(
            f"A label must not be missing in rows {shown(where)}; leave out the row, or write -1,"
            " where a voter abstained."
        )
    # To a hash table 1, True and 1.0 are one value: look at one of each type as it stands.
    kinds = {type(value): value for value in labels.tolist()} if labels.dtype == object else {}
    for value in kinds.values():
        _code(value, schema)
    codes = [_code(value, schema) for value in values]
    return np.array(codes, dtype=schema.code_type)[found]


def _code(value: object, schema: LabelSchema) -> int:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return ABSTAIN if whole and value == ABSTAIN else schema.index(value)
