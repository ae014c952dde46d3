"""Which side of a three-way merge each row is taken from, and where the sides are in conflict."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.changes.alignment import BoolArray
from labeling.datasets.changes.sides import Side, changed_columns
from labeling.records import LabelSource

OURS, THEIRS, CONFLICT = 0, 1, 2
LEFT_OUT, ABSENT = -2, -3
"""Outcomes of rows without a label."""

SIMPLE = ("confidence", "weight", "source", "reviewer", "votes_for", "votes_cast", "decided_by")
"""Added columns of single values that are compared besides label, votes and answers."""

RANK = {
    LabelSource.REVIEW.value: 0,
    LabelSource.AGREEMENT.value: 1,
    LabelSource.GIVEN.value: 2,
    LabelSource.VOTES.value: 3,
    LabelSource.END_MODEL.value: 4,
}
"""Which of two rows with the same label, both changed, is taken: the one with the better source."""


@dataclass(frozen=True, slots=True, eq=False)
class Picks:
    """From which side each row is taken.

    Attributes:
        label: `OURS`, `THEIRS` or `CONFLICT`: the row, apart from the samples' own columns.
        sample: the same of the samples' own columns.
        both_changed: whether both sides changed the row, differently, to the same label.
    """

    label: npt.NDArray[np.int8]
    sample: npt.NDArray[np.int8]
    both_changed: BoolArray


class ThreeWay:
    """The rows of a base and of two training sets that were made from it."""

    def __init__(self, base: Side, ours: Side, theirs: Side) -> None:
        self.base = base
        self.ours = ours
        self.theirs = theirs

    @functools.cached_property
    def outcomes(self) -> tuple[npt.NDArray[np.int64], ...]:
        """Of base, ours and theirs the label code of each row, `LEFT_OUT` or `ABSENT`."""
        return tuple(map(outcome, (self.base, self.ours, self.theirs)))

    def picks(self) -> Picks:
        """Return from which side each row is taken.

        What only one side changed is taken from it. Where both changed a row, the side that
        changed the outcome is taken; if both changed it, and not alike, they are in conflict. A
        sample that one side lacks and the other left out stays left out.
        """
        base, ours, theirs = self.outcomes
        changed = differing_rows(self.base, self.ours), differing_rows(self.base, self.theirs)
        contested = changed[0] & changed[1] & differing_rows(self.ours, self.theirs)
        label = np.where(changed[1] & ~changed[0], THEIRS, OURS).astype(np.int8)
        label[contested & (ours == base) & (theirs != base)] = THEIRS
        alike = contested & (ours == theirs)
        label[alike] = self._better(np.flatnonzero(alike))
        conflict = contested & (ours != base) & (theirs != base) & (ours != theirs)
        label[conflict] = CONFLICT
        neither = (
            conflict & ~self.ours.is_kept & ~self.theirs.is_kept
        )  # one lost it, one left it out
        label[neither] = np.where(ours[neither] == LEFT_OUT, OURS, THEIRS)
        return Picks(label, self._samples(), alike)

    def _samples(self) -> npt.NDArray[np.int8]:
        """Return from which side the samples' own columns are taken."""
        changed = [
            np.array([bool(names) for names in changed_columns(left, right)], dtype=bool)
            for left, right in (
                (self.base, self.ours), (self.base, self.theirs), (self.ours, self.theirs)
            )
        ]  # fmt: skip
        picks = np.where(changed[1] & ~changed[0], THEIRS, OURS).astype(np.int8)
        new = self.base.places.is_absent
        conflict = changed[2] & (new | (changed[0] & changed[1]))
        picks[conflict] = CONFLICT
        return picks

    def _better(self, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.int8]:
        """Return of rows with one outcome which side's is taken, whichever is called ours."""
        sides = self.ours.of_rows(rows), self.theirs.of_rows(rows)
        keys = [_keys(side) for side in sides]
        return np.array(
            [OURS if left <= right else THEIRS for left, right in zip(*keys, strict=True)],
            dtype=np.int8,
        )

    def better(self, row: int) -> int:
        """Return the side of which a conflicting row is the better one to carry a decision."""
        kept = [bool(side.is_kept[row]) for side in (self.ours, self.theirs)]
        if kept[0] != kept[1]:
            return OURS if kept[0] else THEIRS
        return int(self._better(np.array([row]))[0])


def outcome(side: Side) -> npt.NDArray[np.int64]:
    """Return the label code of each row of a side, `LEFT_OUT` or `ABSENT`."""
    codes = np.where(side.is_kept, side.codes, LEFT_OUT)
    return np.where(side.places.is_absent, ABSENT, codes)


def differing_rows(left: Side, right: Side) -> BoolArray:
    """Return which rows differ in anything but the samples' own columns."""
    differ = outcome(left) != outcome(right)
    differ |= left.reasons != right.reasons
    differ |= (left.votes != right.votes).any(axis=1)
    differ |= ~_equal_numbers(left.probabilities, right.probabilities).all(axis=1)
    differ |= left.answers_as_text != right.answers_as_text
    for name in (*SIMPLE, "split"):
        equal = pc.fill_null(pc.equal(left.column(name), right.column(name)), False)
        both_null = pc.and_(pc.is_null(left.column(name)), pc.is_null(right.column(name)))
        differ |= ~_as_mask(pc.or_(equal, both_null))
    return np.asarray(differ, dtype=bool)


def _equal_numbers(left: npt.NDArray[np.float64], right: npt.NDArray[np.float64]) -> BoolArray:
    return np.asarray((left == right) | (np.isnan(left) & np.isnan(right)), dtype=bool)


def _as_mask(column: pa.Array) -> BoolArray:
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=bool)


def _keys(side: Side) -> list[tuple[int, str]]:
    """Return a key of each row by which the better of two is chosen: source, then content."""
    columns = [side.column(name).to_pylist() for name in SIMPLE]
    keys = []
    for row, values in enumerate(zip(*columns, strict=True)):
        content = (
            *values,
            side.reasons[row],
            side.votes[row].tolist(),
            side.probabilities[row].tolist(),
            side.answers_as_text[row],
        )
        digest = hashlib.sha256(repr(content).encode("utf-8", "surrogatepass")).hexdigest()
        keys.append((RANK.get(str(side.sources[row]), len(RANK)), digest))
    return keys
