"""`diff_training_sets`: what changed between two training sets, and why, row by row."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.changes.alignment import IntArray, aligned, check_training_sets
from labeling.datasets.changes.causes import CAUSES, TOLERANCE, Cause, CauseFinder, decisive
from labeling.datasets.changes.reasons import Reasons
from labeling.datasets.changes.side_factory import sides_of
from labeling.datasets.changes.sides import Side, suspect_votes
from labeling.errors import LabelingError, listed, near
from labeling.rendering import Displayed, View

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

Change = Literal["gained", "lost", "relabelled"]
CHANGES: tuple[Change, ...] = ("gained", "lost", "relabelled")


@dataclass(frozen=True, eq=False, repr=False)
class Changes(Displayed):
    """What changed between two training sets; made by `diff_training_sets`.

    Attributes:
        sample_ids: of the changed rows, in the order of the base, new samples last.
        change: of each: "gained" (only after), "lost" (only before) or "relabelled".
        cause: the decisive cause of each: "data", "person", "rule", "config" or "model".
        causes: which of these hold, a column each, index = ids; `model` only where no other does.
        kept: counts of the rows that keep their label: all of them as `same label`, and those of
            which the `confidence`, `source`, `split` or `votes` differ.
    """

    sample_ids: pd.Index
    change: npt.NDArray[np.object_]
    cause: npt.NDArray[np.object_]
    causes: pd.DataFrame
    kept: dict[str, int]
    _finder: CauseFinder

    def __len__(self) -> int:
        """The number of changed rows."""
        return len(self.sample_ids)

    def __repr__(self) -> str:
        counts = ", ".join(f"{count:,} {change}" for change, count in self.counts.items())
        return f"Changes({counts}; {self.kept['same label']:,} keep their label)"

    def _view(self) -> View:
        from labeling.datasets.changes.changes_view import changes_view

        return changes_view(self)

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows of each change."""
        return {change: int((self.change == change).sum()) for change in CHANGES}

    @property
    def by_cause(self) -> pd.DataFrame:
        """The number of rows by decisive cause (index) and change (columns)."""
        table = pd.crosstab(pd.Series(self.cause), pd.Series(self.change))
        return table.reindex(index=list(CAUSES), columns=list(CHANGES), fill_value=0).astype(int)

    @property
    def by_function(self) -> pd.DataFrame:
        """For each function that votes otherwise on a changed row: `state`, `rows`, `decisive`.

        `rows` counts the changed rows on which it votes otherwise, `decisive` those whose decisive
        cause is `rule`.
        """
        differ = self._finder.votes_differ
        is_rule = self.cause == "rule"
        rows = {
            name: (self._reasons.functions[name], int(column.sum()), int((column & is_rule).sum()))
            for name, column in zip(self._finder.base.voters, differ.T, strict=True)
            if column.any()
        }
        columns = ["state", "rows", "decisive"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

    @functools.cached_property
    def by_person(self) -> pd.Series:
        """For each person the number of changed rows whose cause they are, by name.

        Gold labels that were given are counted as `(given)`.
        """
        names = [
            name
            for row in np.flatnonzero(self.cause == "person").tolist()
            for name in self._reasons.people_of(row)
        ]
        return pd.Series(names, dtype=object).value_counts().sort_index()

    @property
    def confusion(self) -> pd.DataFrame:
        """How many relabelled rows had each label before (index) and have which after (columns)."""
        rows = self.change == "relabelled"
        names = np.array(self._finder.base.labels, dtype=object)
        codes = [side.codes[rows] for side in (self._finder.base, self._finder.head)]
        before, after = (pd.Series(names[some], dtype=object) for some in codes)
        table = pd.crosstab(before, after)
        shown = self._finder.base.shown_labels(codes)
        return table.reindex(index=shown, columns=shown, fill_value=0).astype(int)

    def rows(
        self,
        *,
        change: Change | None = None,
        cause: Cause | None = None,
        function: str | None = None,
        person: str | None = None,
    ) -> pd.Index:
        """Return the ids of the changed rows behind a count.

        Args:
            change: only rows that changed so.
            cause: only rows of this decisive cause.
            function: only rows on which this labeling function votes otherwise.
            person: only rows whose cause is this person, named as in `by_person`.

        Raises:
            LabelingError: there is no such change, cause, function or person.
        """
        chosen = np.ones(len(self), dtype=bool)
        if change is not None:
            chosen &= self.change == _one_of(change, CHANGES, "change")
        if cause is not None:
            chosen &= self.cause == _one_of(cause, CAUSES, "cause")
        if function is not None:
            voters = self._finder.base.voters
            column = voters.index(_one_of(function, voters, "function"))
            chosen &= self._finder.votes_differ[:, column]
        if person is not None:
            _one_of(person, list(self.by_person.index), "person")
            chosen &= self.cause == "person"
            is_theirs = [person in self._reasons.people_of(row) for row in np.flatnonzero(chosen)]
            chosen[np.flatnonzero(chosen)] = is_theirs
        return self.sample_ids[chosen]

    def because(self, sample_id: object) -> str:
        """Return the decisive cause of a changed row in words; empty where it did not change."""
        row = self.sample_ids.get_indexer(pd.Index([sample_id]))
        return "" if row[0] < 0 else self._because(int(row[0]))

    def to_frame(self, n: int | None = None) -> pd.DataFrame:
        """Return the changed rows, index = sample id.

        The columns are `change`, `before` and `after` (the label; missing where there is none),
        `cause` (the decisive one), `also` (the other causes that hold), and `because`, in words.

        Args:
            n: how many rows, the first ones; `None` for all.
        """
        rows = range(len(self) if n is None else min(n, len(self)))
        holds, names = self.causes.to_numpy(), np.array(CAUSES, dtype=object)
        before, after = self._finder.base, self._finder.head
        columns = {
            "change": self.change[rows.start : rows.stop],
            "before": [_name(before, row) for row in rows],
            "after": [_name(after, row) for row in rows],
            "cause": self.cause[rows.start : rows.stop],
            "also": [
                ", ".join(name for name in names[holds[row]] if name != self.cause[row])
                for row in rows
            ],
            "because": [self._because(row) for row in rows],
        }
        return pd.DataFrame(columns, index=self.sample_ids[rows.start : rows.stop], dtype=object)

    def _because(self, row: int) -> str:
        return self._reasons.because(row, self.cause[row])

    @functools.cached_property
    def _reasons(self) -> Reasons:
        return Reasons(self._finder)


def _name(side: Side, row: int) -> str | None:
    code = int(side.codes[row])
    return side.labels[code] if side.is_kept[row] and code >= 0 else None


def _one_of(name: str, known: tuple[str, ...] | list[str], what: str) -> str:
    if name not in known:
        raise LabelingError(
            f"The {what} must be one of {listed(known, 20) or 'none'}. Got {name!r}."
            f"{near(name, known)}"
        )
    return name


def diff_training_sets(base: TrainingSet, head: TrainingSet) -> Changes:
    """Return which rows were gained, lost or relabelled, each with its cause.

    Rows are matched by id. What decides between several causes of one row is described in
    `labeling.datasets.changes.causes`: a cause in the row itself goes before one elsewhere.

    Args:
        base: the training set before.
        head: the training set after.

    >>> import labeling as lb
    >>> data = pd.DataFrame({"text": ["hi", "buy"]}, index=["a", "b"])
    >>> schema = lb.LabelSchema(["ham", "spam"])
    >>> soft = lb.SoftLabels([[0.9, 0.1], [0.4, 0.6]], data.index, schema, [True, True])
    >>> base = lb.build_training_set(data, soft)
    >>> head = lb.build_training_set(data, soft, min_confidence=0.8)
    >>> changes = diff_training_sets(base, head)
    >>> changes
    Changes(0 gained, 1 lost, 0 relabelled; 1 keep their label)
    >>> changes.because("b")
    'min_confidence 0.0 → 0.8 (confidence 0.6)'
    """
    check_training_sets(base=base, head=head)
    ids, places = aligned(base, head)
    before, after = sides_of((base, head), places)
    both = before.is_kept & after.is_kept
    differ = both & (before.codes != after.codes)
    changed = np.flatnonzero(differ | (before.is_kept != after.is_kept))
    finder = CauseFinder(before.of_rows(changed), after.of_rows(changed))
    first, holds = decisive(finder)
    change = np.where(
        differ[changed], "relabelled", np.where(after.is_kept[changed], "gained", "lost")
    )
    sample_ids = ids[changed]
    return Changes(
        sample_ids,
        change.astype(object),
        np.array(CAUSES, dtype=object)[first],
        pd.DataFrame(holds, index=sample_ids, columns=list(CAUSES)),
        _kept(before, after, np.flatnonzero(both & ~differ)),
        finder,
    )


def _kept(before: Side, after: Side, same: IntArray) -> dict[str, int]:
    """Return how many rows keep their label, and of how many of these what else differs."""
    left, right = before.of_rows(same), after.of_rows(same)
    counts = {"same label": len(same)}
    values = [side.column("confidence").to_numpy(zero_copy_only=False) for side in (left, right)]
    counts["confidence"] = int((np.abs(values[0] - values[1]) > TOLERANCE).sum())
    for name in ("source", "split"):
        columns = left.column(name), right.column(name)
        counts[name] = _differing(*columns)
    rows = suspect_votes(left, right)
    votes = left.of_rows(rows).votes, right.of_rows(rows).votes
    counts["votes"] = int((votes[0] != votes[1]).any(axis=1).sum())
    return counts


def _differing(left: object, right: object) -> int:
    import pyarrow.compute as pc

    equal = pc.fill_null(pc.equal(left, right), False)
    both_null = pc.and_(pc.is_null(left), pc.is_null(right))
    return len(equal) - int(pc.sum(pc.or_(equal, both_null)).as_py() or 0)
