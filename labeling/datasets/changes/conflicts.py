"""Conflicts of a merge, decisions on them, and what a merge gives."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from labeling.errors import counted
from labeling.rendering import Displayed, Excerpt, Part, Table, View

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

MOST_SHOWN = 20
ConflictKind = Literal["label", "columns"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided on a row in conflict.

    Attributes:
        label: the label that it gets; `None` leaves it out.
        by: who decided.
        reason: why.
    """

    label: str | None
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row that two training sets changed differently.

    Attributes:
        sample_id: the sample.
        kind: "label": each gave it another label, or one of them took it out; a decision settles
            it. "columns": each changed the sample itself; the data must be made the same.
        base: the label before; `None` where it had none.
        ours: that of the one side.
        theirs: that of the other.
        ours_because: why the one side changed it.
        theirs_because: why the other did.
    """

    sample_id: Hashable
    kind: ConflictKind
    base: str | None
    ours: str | None
    theirs: str | None
    ours_because: str = ""
    theirs_because: str = ""

    def sentence(self) -> str:
        """Return both sides with their reasons, as reviewers are shown them.

        >>> Conflict("a", "label", "ham", "spam", None, "kw: ham → spam", "gone").sentence()
        'Two releases disagree: spam (kw: ham → spam), or left out (gone); before: ham'
        """
        if self.kind == "columns":
            return "Two releases changed the columns of the sample differently"
        sides = [
            f"{label or 'left out'} ({because})" if because else (label or "left out")
            for label, because in (
                (self.ours, self.ours_because),
                (self.theirs, self.theirs_because),
            )
        ]
        before = f"; before: {self.base}" if self.base else ""
        return f"Two releases disagree: {sides[0]}, or {sides[1]}{before}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Merged(Displayed):
    """The result of a merge.

    Attributes:
        train: the merged training set; rows in conflict are in its `dropped`.
        conflicts: the rows that need a decision, in the order of their ids.
        from_ours: how many rows of `train` were changed by ours only.
        from_theirs: how many were changed by theirs only.
        both_changed: how many both changed, to the same label; see `three_way.RANK` for which.
        decided: how many conflicts were settled by the decisions.
    """

    train: TrainingSet
    conflicts: tuple[Conflict, ...]
    from_ours: int = 0
    from_theirs: int = 0
    both_changed: int = 0
    decided: int = 0

    def __repr__(self) -> str:
        return f"Merged({self.train!r}; {counted(len(self.conflicts), 'conflict')})"

    def _view(self) -> View:
        parts: list[Part] = [
            f"{self.from_ours:,} rows changed by one side, {self.from_theirs:,} by the other,"
            f" {self.both_changed:,} by both to the same label; {self.decided:,} conflicts decided."
        ]
        if self.conflicts:
            rows = tuple(
                (
                    Excerpt(str(conflict.sample_id)),
                    conflict.base and Excerpt(conflict.base),
                    conflict.ours and Excerpt(conflict.ours),
                    conflict.theirs and Excerpt(conflict.theirs),
                    Excerpt(
                        "; ".join(filter(None, (conflict.ours_because, conflict.theirs_because)))
                    ),
                )
                for conflict in self.conflicts[:MOST_SHOWN]
            )
            headings = ("sample", "before", "ours", "theirs", "because")
            left_out = max(len(self.conflicts) - MOST_SHOWN, 0)
            parts.append(Table(headings, rows, "Conflicts.", left_out))
        return View(f"Merge: {counted(len(self.conflicts), 'conflict')}", tuple(parts))
