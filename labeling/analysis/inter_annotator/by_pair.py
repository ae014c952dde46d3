"""Agreement of each two annotators on the samples that both labeled."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.stats import norm

from labeling.analysis.inter_annotator.joint_tables import JointTables, cast_votes
from labeling.errors import LabelingError, listed, near
from labeling.records import Votes, expect
from labeling.records.estimates import LEVEL

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

VALUES = ("kappa", "percent", "n")
ONE_LABEL = "both gave one label only"


def agreement_by_pair(votes: Votes, *, seed: int = 0, kappa_intervals: bool = True) -> pd.DataFrame:
    """Return how each two voters agree on the samples that both of them labeled.

    Args:
        votes: of people.
        seed: of the bootstrap.
        kappa_intervals: whether kappa gets an interval, which takes a millisecond for each pair.

    Returns:
        A row for each two voters with a common sample, in the order of their names: `first`,
        `second`, `n` (common samples), `same` (equal votes), `percent` (their share) with its 95 %
        Wilson interval `low` and `high`, `kappa` (Cohen's, with quadratic weights if the labels are
        ordered; NaN where both gave one label only, which `note` says) with its 95 % bootstrap
        interval over their common samples, `kappa_low` and `kappa_high`, and `note`, which also
        says why an interval is missing. Few common samples say little: read the interval before the
        value.

    Source: J. Cohen, "A coefficient of agreement for nominal scales" (1960), and "Weighted kappa"
    (1968).

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array(
    ...     [[0, 0], [1, 0], [1, 1], [1, -1]], schema=LabelSchema(["a", "b"]), voters=["ann", "bob"]
    ... )
    >>> agreement_by_pair(votes)[["first", "second", "n", "same"]].values.tolist()
    [['ann', 'bob', 3, 2]]
    >>> agreement_by_pair(votes)["kappa"].round(3).tolist()
    [0.4]
    """
    names = sorted(expect(votes, Votes, "`votes`").voters)
    marks = _Marks.of(votes.of_voters(names))
    first, second, n = marks.pairs()
    same = np.rint(marks.same(first, second)).astype(np.int64)
    is_ordered = votes.schema.ordered
    unequal = marks.squared(first, second, n) if is_ordered else marks.unequal(first, second, n)
    kappa = np.full(len(n), np.nan)
    observed, by_chance = unequal
    defined = by_chance > 0
    kappa[defined] = 1 - observed[defined] / by_chance[defined]
    low, high = wilson_interval(same, n)
    voters = np.array(names, dtype=object)
    notes = np.where(defined, "", ONE_LABEL).astype(object)
    kappa_low, kappa_high = np.full(len(n), np.nan), np.full(len(n), np.nan)
    if kappa_intervals:
        tables = JointTables.of(votes.of_voters(names))
        for pair in np.flatnonzero(defined).tolist():
            estimate = tables.kappa(first[pair], second[pair], float(kappa[pair]), seed)
            kappa_low[pair], kappa_high[pair] = estimate.low, estimate.high
            notes[pair] = estimate.note
    return pd.DataFrame(
        {
            "first": voters[first],
            "second": voters[second],
            "n": n,
            "same": same,
            "percent": same / n,
            "low": low,
            "high": high,
            "kappa": kappa,
            "kappa_low": kappa_low,
            "kappa_high": kappa_high,
            "note": notes,
        }
    )


def pair_matrix(pairs: pd.DataFrame, value: str = "kappa") -> pd.DataFrame:
    """Return the table of `agreement_by_pair` as a symmetric matrix, voters by voters.

    Args:
        pairs: what `agreement_by_pair` returns.
        value: `"kappa"`, `"percent"`, or `"n"`; NaN (0 for n) for two without a common sample, and
            on the diagonal.

    Raises:
        LabelingError: another value.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, 0]], schema=LabelSchema(["a", "b"]))
    >>> pair_matrix(agreement_by_pair(votes), "n").values.tolist()
    [[0, 2], [2, 0]]
    """
    if value not in VALUES:
        raise LabelingError(
            f"`value` must be one of {listed(VALUES)}. Got {value!r}.{near(str(value), VALUES)}"
        )
    names = sorted({*pairs["first"], *pairs["second"]})
    place = {name: position for position, name in enumerate(names)}
    matrix = np.zeros((len(names),) * 2, dtype=np.int64) if value == "n" else None
    table: Any = np.full((len(names),) * 2, np.nan) if matrix is None else matrix
    rows, columns = pairs["first"].map(place), pairs["second"].map(place)
    table[rows, columns] = table[columns, rows] = pairs[value]
    return pd.DataFrame(table, index=pd.Index(names, name="voter"), columns=names)


def wilson_interval(right: Ints, n: Ints) -> tuple[Floats, Floats]:
    """Return the ends of the Wilson score intervals of proportions, elementwise; n > 0."""
    z = float(norm.ppf((1 + LEVEL) / 2))
    share = right / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.where(right == 0, 0.0, centre - reach), np.where(right == n, 1.0, centre + reach)


class _Marks:
    """Votes as sparse matrices, samples by voters, of which products count pairs."""

    def __init__(self, is_vote: Any, codes: Any, by_label: list[Any]) -> None:
        self.is_vote = is_vote
        self.codes = codes
        self.by_label = by_label

    @classmethod
    def of(cls, votes: Votes) -> _Marks:
        """Return the matrices of votes."""
        row, column, code = cast_votes(votes)
        shape = (len(votes), len(votes.voters))

        def matrix(values: npt.NDArray[Any], chosen: Any = slice(None)) -> Any:
            entries = values.astype(np.float64)[chosen]
            return sparse.csr_array((entries, (row[chosen], column[chosen])), shape=shape)

        ones = np.ones(len(code))
        given = np.unique(code).tolist()
        return cls(matrix(ones), matrix(code), [matrix(ones, code == label) for label in given])

    def pairs(self) -> tuple[Ints, Ints, Ints]:
        """Return the two voters of each pair with a common sample, and how many they share."""
        common = sparse.triu(self.is_vote.T @ self.is_vote, 1).tocsr()
        common.sort_indices()
        table = common.tocoo()
        n = np.rint(table.data).astype(np.int64)
        return table.row.astype(np.int64), table.col.astype(np.int64), n

    def same(self, first: Ints, second: Ints) -> Floats:
        """Return on how many samples each pair gave equal labels."""
        alike = (_at(part.T @ part, first, second) for part in self.by_label)
        return sum(alike, np.zeros(len(first)))

    def unequal(self, first: Ints, second: Ints, n: Ints) -> tuple[Floats, Floats]:
        """Return the share of unequal votes of each pair, observed and by chance."""
        by_chance = np.zeros(len(n))
        for part in self.by_label:
            common = part.T @ self.is_vote
            by_chance += _at(common, first, second) * _at(common, second, first)
        return n - self.same(first, second), n - by_chance / np.maximum(n, 1)

    def squared(self, first: Ints, second: Ints, n: Ints) -> tuple[Floats, Floats]:
        """Return the squared distances of votes, summed over the samples of each pair."""
        values, squares = self.codes.T @ self.is_vote, self.codes.power(2).T @ self.is_vote
        both = _at(squares, first, second) + _at(squares, second, first)
        by_chance = _at(values, first, second) * _at(values, second, first) / np.maximum(n, 1)
        return both - 2 * _at(self.codes.T @ self.codes, first, second), both - 2 * by_chance


def _at(matrix: Any, rows: Ints, columns: Ints) -> Floats:
    if not len(rows):
        return np.zeros(0)
    return np.asarray(matrix.tocsr()[rows, columns], dtype=np.float64).ravel()
