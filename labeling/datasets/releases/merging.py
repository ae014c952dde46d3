"""What a merge comes to, and the three-way merge where main has moved."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from labeling.datasets.releases.names import short
from labeling.errors import counted
from labeling.rendering import Displayed, Excerpt, View
from labeling.rendering.formatting import clipped, undirected

if TYPE_CHECKING:
    from labeling.datasets.changes import Conflict, Decision, Merged
    from labeling.datasets.training_set import TrainingSet

Decisions = Mapping[Hashable, "Decision | str | None"]
"""What becomes of samples in conflict: the label of each, or `None` to leave it out."""
MergeStatus = Literal["merged", "already merged", "updated", "conflicts"]


@dataclass(frozen=True, slots=True, repr=False)
class MergeOutcome(Displayed):
    """What a merge came to.

    Attributes:
        branch: its name.
        status: `merged`: main is the release. `already merged`: it was. `updated`: main had moved;
            its changes were merged into the branch, whose new release is to be tested and approved.
            `conflicts`: main had moved, and both sides changed the labels of some samples
            differently; nothing was changed.
        release: the digest of the branch's release now.
        main: the digest of the head of main now.
        conflicts: the samples to decide on, where there are conflicts.
    """

    branch: str
    status: MergeStatus
    release: str
    main: str
    conflicts: tuple[Conflict, ...] = ()

    @property
    def merged(self) -> bool:
        """Whether main is the branch's release."""
        return self.status in ("merged", "already merged")

    @property
    def sentence(self) -> str:
        """What happened, and what to do next."""
        if self.status == "merged":
            return f"Branch {self.branch!r} is merged: main is release {short(self.main)}."
        if self.status == "already merged":
            return f"Branch {self.branch!r} was merged before: main is release {short(self.main)}."
        if self.status == "updated":
            return (
                f"Main had moved to release {short(self.main)}, and is unchanged. Its changes are"
                f" merged into branch {self.branch!r}, whose release is {short(self.release)} now:"
                " test it, and have it approved anew."
            )
        return (
            f"Main had moved to release {short(self.main)}, and is unchanged. Branch"
            f" {self.branch!r} and main changed the labels of"
            f" {counted(len(self.conflicts), 'sample')} differently: decide on them, and merge"
            " again."
        )

    def __repr__(self) -> str:
        sentence = undirected(" ".join(self.sentence.split()))
        return f"MergeOutcome({self.status}: {clipped(sentence, 400)})"

    def _view(self) -> View:
        return View(f"Merge: {self.status}", (Excerpt(self.sentence),))


def merged_with_main(
    base: TrainingSet | None, ours: TrainingSet, theirs: TrainingSet, decisions: Decisions
) -> Merged:
    """Return the three-way merge of a branch and main.

    Args:
        base: main when the branch was made; `None` if main did not exist.
        ours: the branch.
        theirs: main.
        decisions: the labels of samples that both changed differently.
    """
    from labeling.datasets.changes import merge_training_sets

    return merge_training_sets(theirs.take([]) if base is None else base, ours, theirs, decisions)


def deciders(decisions: Decisions, by: str) -> tuple[str, ...]:
    """Return who made decisions: whoever merges, where a decision does not say.

    >>> deciders({"a": "spam", "b": None}, "ann")
    ('ann',)
    """
    names = (getattr(decision, "by", "") or by for decision in decisions.values())
    return tuple(dict.fromkeys(names))
