"""Why each changed row of a training set changed: all causes that hold, and the decisive one.

A cause is looked for in the row itself before it is looked for elsewhere, and what can be undone
by itself before what cannot. The first of these that holds is decisive:

1. `data`: the sample is new, or gone.
2. `config`: the schema no longer has the label.
3. `person`: the label is people's, and not what it was.
4. `config`: with the export settings of before, the row would be as before, all else as it is now.
5. `data`: the sample's own columns differ.
6. `person`: people had decided the row, and no longer do, or the other way around. It is `config`
   if all their answers are the same and a setting of the review differs.
7. `rule`: a labeling function votes otherwise on the sample.
8. `person`: somebody's answer on the sample differs, without deciding it.
9. `config`: a setting of the models, or another setting, differs.
10. `model`: votes, answers and columns of the row are the same, and the models say otherwise,
    because of what differs elsewhere.
"""

from __future__ import annotations

import functools
from typing import Literal

import numpy as np
import numpy.typing as npt

from labeling.datasets.changes.alignment import BoolArray
from labeling.datasets.changes.settings import (
    EXPORT,
    REVIEW,
    TESTED,
    differing_settings,
    undone_by_settings,
)
from labeling.datasets.changes.sides import Objects, Side, changed_columns
from labeling.datasets.lineage import COULD_NOT_DECIDE
from labeling.records import MISSING_TEXT

Cause = Literal["data", "person", "rule", "config", "model"]
CAUSES: tuple[Cause, ...] = ("data", "person", "rule", "config", "model")
TOLERANCE = 1e-9
"""Probabilities that differ by less are the same."""


class CauseFinder:
    """The tests for causes on the changed rows of two training sets.

    Args:
        base: the rows before.
        head: the same rows after.
    """

    def __init__(self, base: Side, head: Side) -> None:
        self.base = base
        self.head = head
        self.settings = differing_settings(base.train.origin, head.train.origin)

    @functools.cached_property
    def is_new_or_gone(self) -> BoolArray:
        """Whether the sample is among the data of one of the two only."""
        return self.base.places.is_absent | self.head.places.is_absent

    @functools.cached_property
    def columns(self) -> Objects:
        """The names of the samples' columns that differ, a tuple for each row."""
        return changed_columns(self.base, self.head)

    @functools.cached_property
    def has_other_columns(self) -> BoolArray:
        """Whether a column of the sample differs."""
        differ = np.array([bool(names) for names in self.columns], dtype=bool)
        if any(name.endswith(".missing_text") for name in self.settings):
            reasons = self.base.reasons, self.head.reasons
            differ &= (reasons[0] != MISSING_TEXT) & (reasons[1] != MISSING_TEXT)
        return np.asarray(differ, dtype=bool)

    @functools.cached_property
    def has_no_such_label(self) -> BoolArray:
        """Whether the schema has lost the label of before."""
        lost = self.base.outside(self.head.train.schema)
        return self.base.is_kept & np.isin(self.base.codes, lost)

    @functools.cached_property
    def votes_differ(self) -> BoolArray:
        """Which function votes otherwise on which row: shape (n, n_voters)."""
        differ: BoolArray = self.base.votes != self.head.votes
        return differ & ~self.is_new_or_gone[:, np.newaxis]

    @functools.cached_property
    def has_other_votes(self) -> BoolArray:
        """Whether a labeling function votes otherwise on the row."""
        return np.asarray(self.votes_differ.any(axis=1), dtype=bool)

    @functools.cached_property
    def has_other_answers(self) -> BoolArray:
        """Whether an annotator's answer on the row differs, or who decided it."""
        base, head = self.base, self.head
        differ = base.answers_as_text != head.answers_as_text
        both = base.is_human & head.is_human
        return np.asarray(differ | (both & (base.reviewers != head.reviewers)), dtype=bool)

    @functools.cached_property
    def is_undecided(self) -> tuple[BoolArray, BoolArray]:
        """Whether reviewers could not decide the row, before and after."""
        return _is_undecided(self.base), _is_undecided(self.head)

    @functools.cached_property
    def is_people_now(self) -> BoolArray:
        """Whether the label is people's now, and not what it was."""
        return self.head.is_human

    @functools.cached_property
    def has_other_decision(self) -> BoolArray:
        """Whether people decided the row before or after, and not both alike."""
        base, head = self.base, self.head
        before, after = self.is_undecided
        differ = (before != after) | (base.is_human != head.is_human)
        differ |= base.is_human & head.is_human & (base.codes != head.codes)
        return np.asarray(differ & ~self.is_new_or_gone, dtype=bool)

    @functools.cached_property
    def is_by_review_settings(self) -> BoolArray:
        """Whether people decided otherwise by the same answers, and a setting of it differs."""
        differs = any(name.startswith(REVIEW) for name in self.settings)
        return self.has_other_decision & ~self.has_other_answers & differs

    @functools.cached_property
    def is_undone_by_settings(self) -> BoolArray:
        """Whether the row would be as before with the settings of before."""
        if not any(name.startswith(EXPORT) for name in self.settings):
            return np.zeros(len(self.base), dtype=bool)
        return undone_by_settings(self.base, self.head) | self._is_same_to_models

    @functools.cached_property
    def _is_same_to_models(self) -> BoolArray:
        """Whether all that a row holds is the same, so that only a setting can have changed it."""
        differs = np.abs(self.base.probabilities - self.head.probabilities)
        same = np.asarray(np.all(differs <= TOLERANCE, axis=1), dtype=bool)
        return (
            same
            & ~self.is_new_or_gone
            & ~self.has_other_columns
            & ~self.has_other_votes
            & ~self.has_other_answers
            & ~(self.base.is_human | self.head.is_human)
        )

    @functools.cached_property
    def is_by_other_settings(self) -> BoolArray:
        """Whether another setting differs that can have acted on the row, by way of the models.

        Settings of the export act on which rows are kept, not on labels; two of them are never
        left to this, since `is_undone_by_settings` tests them exactly.
        """
        others = [name for name in self.settings if not name.endswith(TESTED)]
        acts_on_all = any(not name.startswith(EXPORT) for name in others)
        moved = self.base.is_kept != self.head.is_kept
        acts = moved if others and not acts_on_all else np.full(len(moved), bool(others))
        return np.asarray(acts & ~self.is_new_or_gone, dtype=bool)

    def tests(self) -> list[tuple[Cause, BoolArray]]:
        """Return the tests in the order of the module's docstring, and the rows each holds of."""
        rest = np.ones(len(self.base), dtype=bool)
        return [
            ("data", self.is_new_or_gone),
            ("config", self.has_no_such_label),
            ("person", self.is_people_now & ~self.is_by_review_settings),
            ("config", self.is_undone_by_settings),
            ("data", self.has_other_columns),
            ("config", self.is_by_review_settings),
            ("person", self.has_other_decision),
            ("rule", self.has_other_votes),
            ("person", self.has_other_answers & ~self.is_new_or_gone),
            ("config", self.is_by_other_settings),
            ("model", rest),
        ]


def decisive(finder: CauseFinder) -> tuple[npt.NDArray[np.int8], BoolArray]:
    """Return the decisive cause of each row, and all causes that hold of it.

    Returns:
        Places in `CAUSES`, shape (n,), and which of `CAUSES` hold, shape (n, 5). `model` is among
        these only where no other is.
    """
    n = len(finder.base)
    first = np.full(n, -1, dtype=np.int8)
    holds = np.zeros((n, len(CAUSES)), dtype=bool)
    for cause, rows in finder.tests():
        place = CAUSES.index(cause)
        open_rows = first < 0
        if cause == "model":
            rows = open_rows
        first[rows & open_rows] = place
        holds[:, place] |= rows
    return first, holds


def _is_undecided(side: Side) -> BoolArray:
    """Return which samples reviewers could not decide, whether they are kept or left out."""
    return np.array([words.endswith(COULD_NOT_DECIDE) for words in side.decided_by], dtype=bool)
