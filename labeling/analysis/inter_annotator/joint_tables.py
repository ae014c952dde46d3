"""Cohen's kappa of two voters by the table of their votes, with a bootstrap interval."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from labeling.analysis.inter_annotator.units import (
    TOO_FEW,
    label_columns,
    percentile_interval,
    resamples,
)
from labeling.records import ABSTAIN, Votes
from labeling.records.estimates import LEAST_RESAMPLED, Estimate

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class JointTables:
    """The votes of each voter, of which two make a table: how often one gave a, the other b.

    Attributes:
        rows: the samples that each voter voted on, ascending.
        codes: the place of the label of each of these votes, in `label_columns`.
        n_labels: the number of labels.
        ordered: whether the labels are ordered, so that kappa is weighted.
        known: intervals that were computed. In crowds many pairs have the same small table.
    """

    rows: list[Ints]
    codes: list[Ints]
    n_labels: int
    ordered: bool
    known: dict[tuple[bytes, bytes], Estimate] = field(default_factory=dict)

    @classmethod
    def of(cls, votes: Votes) -> JointTables:
        """Return the votes of each voter."""
        row, column, code = cast_votes(votes)
        place = np.argsort(label_columns(votes.schema))[code]
        order = np.lexsort((row, column))
        ends = np.cumsum(np.bincount(column, minlength=len(votes.voters)))[:-1]
        return cls(
            np.split(row[order], ends),
            np.split(place[order], ends),
            len(votes.schema),
            votes.schema.ordered,
        )

    def kappa(self, first: int, second: int, value: float, seed: int) -> Estimate:
        """Return the kappa of two voters with its percentile bootstrap interval.

        Args:
            first: the place of a voter.
            second: of another one.
            value: their kappa, which is defined.
            seed: of the bootstrap.
        """
        _, left, right = np.intersect1d(
            self.rows[first], self.rows[second], assume_unique=True, return_indices=True
        )
        pairs = self.codes[first][left] * self.n_labels + self.codes[second][right]
        cells, counts = np.unique(pairs, return_counts=True)
        if len(pairs) < LEAST_RESAMPLED:
            return Estimate(value, np.nan, np.nan, len(pairs), TOO_FEW)
        key = (cells.tobytes(), counts.tobytes())
        if key not in self.known:
            labels = np.divmod(cells, self.n_labels)
            drawn = [
                _kappas(labels, weights, ordered=self.ordered)
                for weights in resamples(counts.astype(np.int64), seed)
            ]
            self.known[key] = percentile_interval(
                value, np.concatenate(drawn), len(pairs), "had one label only"
            )
        return self.known[key]


def cast_votes(votes: Votes) -> tuple[Ints, Ints, Ints]:
    """Return the row, the column and the code of each vote: shapes (n_votes,)."""
    long = votes.long
    if long is not None:
        return long.row, long.column, long.code
    row, column = np.nonzero(votes.array != ABSTAIN)
    return row, column, votes.array[row, column]


def _kappas(labels: tuple[Ints, Ints], weights: Floats, *, ordered: bool) -> Floats:
    """Return kappa for each resample; NaN where both gave one label only.

    Args:
        labels: the two labels of each cell of the table: shapes (n_cells,).
        weights: how many samples are in each cell: shape (n_resamples, n_cells).
        ordered: whether kappa has quadratic weights.
    """
    first, second = labels
    n = weights.sum(axis=1)
    if ordered:
        squares = weights @ (first**2 + second**2).astype(np.float64)
        observed = squares - 2 * (weights @ (first * second).astype(np.float64))
        sums = (weights @ first.astype(np.float64)) * (weights @ second.astype(np.float64))
        by_chance = squares - 2 * sums / n
    else:
        observed = weights @ (first != second).astype(np.float64)
        used = np.intersect1d(first, second)
        by_first = weights @ (first[:, None] == used).astype(np.float64)
        by_second = weights @ (second[:, None] == used).astype(np.float64)
        by_chance = n - (by_first * by_second).sum(axis=1) / n
    kappa: Floats = np.full(len(n), np.nan)
    defined = by_chance > 1e-9 * n
    kappa[defined] = 1 - observed[defined] / by_chance[defined]
    return kappa
