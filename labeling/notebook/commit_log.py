"""What `Workbench.commit`, `log` and `revert` show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from labeling.errors import MissingExtraError, counted, listed
from labeling.notebook.commits import Commit, CommittedLF, History
from labeling.rendering import DisplayedAlike, Picture, Share, Table, View, as_interval
from labeling.rendering.formatting import clipped, when

OFTEN = 20
"""Results measured on the dev set from which on `log` warns: the best of 20 versions that are all
equally good looks better than it is by nearly two standard errors."""
SHOWN = 20
"""Commits that are shown."""
LONGEST = 100
"""Characters of a message in a title."""


class Measure(NamedTuple):
    """What the label model is measured by on the dev set.

    Attributes:
        column: of tables, such as "accuracy", which also begins the names of its interval and n.
        heading: of what is shown.
    """

    column: str
    heading: str


ACCURACY = Measure("accuracy", "dev accuracy")


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two sets of labeling functions, by name.

    Attributes:
        added: functions that only the second has.
        changed: functions that differ.
        dropped: functions that only the first has.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.dropped)

    def __str__(self) -> str:
        parts = (("added", self.added), ("changed", self.changed), ("dropped", self.dropped))
        texts = [f"{verb} {listed(names)}" for verb, names in parts if names]
        return "; ".join(texts) or "nothing changed"


def change_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> Change:
    """Return what differs between functions by name, each with what must be equal.

    >>> print(change_between({"a": 1, "b": 1}, {"b": 2, "c": 1}))
    added 'c'; changed 'b'; dropped 'a'
    """
    return Change(
        tuple(name for name in after if name not in before),
        tuple(name for name in after if name in before and before[name] != after[name]),
        tuple(name for name in before if name not in after),
    )


def by_name(functions: Sequence[CommittedLF]) -> dict[str, CommittedLF]:
    """Return functions of a commit by name."""
    return {function.name: function for function in functions}


@dataclass(frozen=True, repr=False, eq=False)
class Committed(DisplayedAlike):
    """The outcome of `Workbench.commit`.

    Attributes:
        commit: the new commit, or the last one, if nothing has changed since.
        change: what differs from the commit before.
        is_new: whether something had changed.
        measure: what the commit's accuracy is.
    """

    commit: Commit
    change: Change
    is_new: bool
    measure: Measure = ACCURACY

    @property
    def id(self) -> str:
        """The short id, by which the commit can be named."""
        return self.commit.short_id

    def to_frame(self) -> pd.DataFrame:
        """Return the row of the commit as in `log`."""
        return _frame([self.commit], [self.change], self.measure)

    def _view(self) -> View:
        if not self.is_new:
            title = f"Nothing has changed since commit {self.id}: {_clipped(self.commit)}"
            return View(title)
        title = f"Commit {self.id}: {_clipped(self.commit)}"
        table = _table([self.commit], [self.change], self.measure)
        return View(title, (f"{_sentence(self.change)}", table))


@dataclass(frozen=True, repr=False, eq=False)
class Reverted(DisplayedAlike):
    """The outcome of `Workbench.revert`.

    Attributes:
        to: what the functions were reverted to.
        change: what became different.
        unlike: functions that use something that has changed, so that they vote otherwise now.
    """

    to: str
    change: Change
    unlike: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each function that became different."""
        rows = [
            (name, what)
            for what in ("added", "changed", "dropped")
            for name in getattr(self.change, what)
        ]
        names, what = [row[0] for row in rows], [row[1] for row in rows]
        return pd.DataFrame({"what": what}, index=pd.Index(names, name="function", dtype=object))

    def _view(self) -> View:
        parts = [_sentence(self.change)]
        if self.change:
            parts.append("revert() takes this back.")
        if self.unlike:
            uses = (
                "what it uses outside of its"
                if len(self.unlike) == 1
                else "what they use outside of their"
            )
            parts.append(
                f"{listed(self.unlike)} cannot be as before: {uses} code, such as a list of the"
                " notebook, has changed since."
            )
        return View(f"Reverted to {self.to}", tuple(parts))


@dataclass(frozen=True, repr=False, eq=False)
class CommitLog(DisplayedAlike):
    """The commits of a workbench; `log["1f3a"]` is one of them, with its source.

    Attributes:
        history: the commits.
        looks_at_dev: results that were measured on the dev set so far.
        n_dev: samples of the dev set.
        measure: what the accuracy of a commit is.
    """

    history: History
    looks_at_dev: int
    n_dev: int
    measure: Measure = ACCURACY

    def __len__(self) -> int:
        return len(self.history.commits)

    def __getitem__(self, commit: str) -> Commit:
        return self.history[commit]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each commit, oldest first."""
        return _frame(self.history.commits, self._changes(), self.measure)

    def _changes(self) -> list[Change]:
        commits = {commit.id: commit for commit in self.history.commits}
        return [
            change_between(
                by_name(commits[commit.parent].functions) if commit.parent in commits else {},
                by_name(commit.functions),
            )
            for commit in self.history.commits
        ]

    def _view(self) -> View:
        commits, changes = self.history.commits, self._changes()
        parts: list[Any] = [*looks_sentences(self.looks_at_dev, self.n_dev)]
        if commits:
            newest = slice(None, -SHOWN - 1, -1)
            left_out = max(len(commits) - SHOWN, 0)
            table = _table(commits[newest], changes[newest], self.measure, left_out)
            parts = [table, *_growth(commits), *parts]
        return View(f"{counted(len(commits), 'commit')}, newest first", tuple(parts))


def looks_sentences(looks: int, n_dev: int) -> tuple[str, ...]:
    """Return how often the dev set was looked at, and a warning where that was often."""
    if not n_dev:
        return ()
    counts = (
        f"{counted(looks, 'result')} {'was' if looks == 1 else 'were'} measured on the"
        f" {counted(n_dev, 'sample')} of the dev set."
    )
    if looks < OFTEN:
        return (counts,)
    return (
        f"{counts} Functions that were chosen by so many results look better on the dev set than"
        " they are: what counts is a locked test set, which nobody looked at.",
    )


def _clipped(commit: Commit) -> str:
    return clipped(commit.message, LONGEST)


def _sentence(change: Change) -> str:
    text = str(change)
    return f"{text[0].upper()}{text[1:]}."


def _table(
    commits: Sequence[Commit], changes: Sequence[Change], measure: Measure, left_out: int = 0
) -> Table:
    rows = tuple(
        (
            commit.short_id,
            when(commit.at),
            commit.message,
            str(change),
            len(commit.functions),
            Share(_coverage(commit), commit.n_samples),
            as_interval(commit.accuracy),
        )
        for commit, change in zip(commits, changes, strict=True)
    )
    headings = ("commit", "time", "message", "change", "functions", "coverage", measure.heading)
    return Table(headings, rows, left_out=left_out)


def _frame(commits: Sequence[Commit], changes: Sequence[Change], measure: Measure) -> pd.DataFrame:
    rows = [
        {
            "time": commit.at,
            "message": commit.message,
            "added": ", ".join(change.added),
            "changed": ", ".join(change.changed),
            "dropped": ", ".join(change.dropped),
            "functions": len(commit.functions),
            "coverage": _coverage(commit),
            "samples": commit.n_samples,
            measure.column: commit.accuracy.value,
            f"{measure.column}_low": commit.accuracy.low,
            f"{measure.column}_high": commit.accuracy.high,
            f"{measure.column}_n": commit.accuracy.n,
        }
        for commit, change in zip(commits, changes, strict=True)
    ]
    return pd.DataFrame(rows, index=pd.Index([one.short_id for one in commits], name="commit"))


def _coverage(commit: Commit) -> float:
    return commit.n_covered / commit.n_samples if commit.n_samples else float("nan")


def _growth(commits: Sequence[Commit]) -> list[Picture]:
    """Return the chart of coverage by commit; none for one commit, or without matplotlib.

    Commits on fewer or more samples than the last one are left out: their shares are of others.
    """
    commits = [one for one in commits if one.n_samples == commits[-1].n_samples]
    if len(commits) < 2:
        return []
    from labeling.rendering.svg import COLOURS, picture

    shares = [_coverage(commit) for commit in commits]
    names = [commit.short_id for commit in commits]

    def draw(axes: Any) -> None:
        axes.plot(range(len(shares)), shares, color=COLOURS["main"], marker="o")
        axes.set_xticks(range(len(names)), names if len(names) <= 6 else [""] * len(names))
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.set_xlabel("commits, oldest first")
        axes.set_ylabel("covered samples")
        axes.grid(axis="y")

    description = f"Coverage went from {shares[0]:.1%} to {shares[-1]:.1%}."
    try:
        svg = picture("coverage-growth", "Coverage by commit", description, draw, 2.4)
    except MissingExtraError:
        return []
    return [Picture(svg, description)]
