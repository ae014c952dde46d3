"""Candidate spans with voters and labels in the order of their names, which alone decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, VotesError, listed, near
from labeling.records import (
    ABSTAIN,
    NOTHING,
    LabelSchema,
    SpanUnits,
    SpanVotes,
    Votes,
    label_order,
    label_ranks,
    span_units,
)

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Candidates(NamedTuple):
    """Candidate spans, each voter and label at its place among the sorted names.

    Attributes:
        codes: the votes: shape (n_candidates, n_voters): rank of the label, `n_labels` for "no
            span", -1 for silence.
        words: number of words: shape (n_candidates,).
        n_labels: number of labels, without "no span".
        units: the candidates as they are in the votes.
    """

    codes: npt.NDArray[Any]
    words: npt.NDArray[np.int64]
    n_labels: int
    units: SpanUnits

    @classmethod
    def of(cls, votes: SpanVotes, voters: Sequence[str]) -> Candidates:
        """Return the candidates of votes.

        Args:
            votes: the votes.
            voters: the sorted names of the voters of the model; those who are not among the voters
                of the votes are silent.

        Raises:
            VotesError: the votes have a voter who is not in the list.
        """
        positions = {name: number for number, name in enumerate(voters)}
        unknown = [name for name in votes.voters if name not in positions]
        if unknown:
            raise VotesError(
                "Voters must be among those that the model was fitted on. It does not know"
                f" {listed(unknown)}.{near(unknown[0], voters)} Fit it again with them."
            )
        units = span_units(votes)
        k = len(votes.schema)
        rank = np.array([*label_ranks(votes.schema), k, ABSTAIN], dtype=units.codes.dtype)
        shape = (len(units.sample), len(voters))
        codes = np.full(shape, ABSTAIN, dtype=units.codes.dtype, order="F")
        for column, name in enumerate(votes.voters):
            codes[:, positions[name]] = rank[units.codes[:, column]]
        return cls(codes, units.words, k, units)

    def in_schema_order(self, table: Floats) -> Floats:
        """Return columns of sorted labels and "no span" in the order of the schema."""
        order = np.append(label_order(self.units.votes.schema), self.n_labels)
        in_order = np.empty_like(table)
        in_order[:, order] = table
        return in_order

    def type_counts(self, voters: npt.NDArray[np.intp]) -> npt.NDArray[np.int32]:
        """Return how many of these voters gave each label and "no span": (n, n_labels + 1)."""
        counts = np.zeros((len(self.words), self.n_labels + 1), dtype=np.int32)
        for code in range(self.n_labels + 1):
            for voter in voters:
                counts[:, code] += self.codes[:, voter] == code
        return counts


def checked_voices(votes: SpanVotes, voters: Sequence[str], speaks: Bools) -> None:
    """Check that the silence of each voter counts as it did when the model was fitted.

    Raises:
        LabelingError: it does not.
    """
    expected = dict(zip(voters, speaks.tolist(), strict=True))
    given = zip(votes.voters, votes.speaks, strict=True)
    wrong = [name for name, counts in given if expected.get(name, counts) != counts]
    if wrong:
        raise LabelingError(
            "The silence of a voter must count as it did when the model was fitted. It does not for"
            f" {listed(wrong)}; read their spans with the same `speaks`."
        )


def candidate_votes(
    candidates: Candidates, voters: npt.NDArray[np.intp], names: Sequence[str]
) -> Votes:
    """Return votes on candidates, with "no span" as the last of the sorted labels.

    Args:
        candidates: the candidates.
        voters: columns of the voters.
        names: the sorted names of all voters.
    """
    schema = LabelSchema([*sorted(candidates.units.votes.schema.labels), NOTHING])
    ids = pd.RangeIndex(len(candidates.words))  # label models never read them
    codes = candidates.codes[:, voters]
    return Votes(codes, ids, [names[voter] for voter in voters], schema)
