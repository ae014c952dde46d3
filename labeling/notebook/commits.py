"""`History`: snapshots of the labeling functions of a workbench, in memory and in a folder."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.errors import DataError, LabelingError, LabelingFunctionError, listed, near
from labeling.notebook.commit_votes import KeptVotes, read_commit_votes, write_commit_votes
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.records import LabelingFunction, atomic_write, private_file, private_folder
from labeling.records.estimates import Estimate
from labeling.rendering import Code, DisplayedAlike, View
from labeling.rendering.formatting import when

FORMAT = 1
"""Of the files of a commit."""
SHORT = 8
"""Characters of an id that are shown."""


@dataclass(frozen=True, slots=True)
class CommittedLF:
    """A labeling function of a commit.

    Attributes:
        name: its name.
        fingerprint: equal for functions that vote alike; empty where that cannot be told.
        votes: the hash of its votes.
        source: its definition; empty where its source was not at hand.
    """

    name: str
    fingerprint: str
    votes: str
    source: str


@dataclass(frozen=True, slots=True, repr=False)
class Commit(DisplayedAlike):
    """A snapshot of labeling functions.

    Attributes:
        id: 64 hex digits: the hash of its functions, message and parent.
        parent: the id of the commit before; empty for the first.
        number: 1 for the first commit.
        message: why it was made.
        at: when, UTC, as ISO text.
        functions: its labeling functions, in order.
        n_samples: samples that they voted on.
        n_covered: samples with a vote.
        accuracy: of the label model on the covered samples of the dev set; where labels have
            parts, its F1 on all samples of the dev set.
        looks_at_dev: results measured on the dev set until then.
    """

    id: str
    parent: str
    number: int
    message: str
    at: str
    functions: tuple[CommittedLF, ...]
    n_samples: int
    n_covered: int
    accuracy: Estimate
    looks_at_dev: int

    @property
    def short_id(self) -> str:
        """The first digits of the id."""
        return self.id[:SHORT]

    @property
    def source(self) -> str:
        """The definitions of its labeling functions."""
        return "\n".join(
            function.source or f"# {function.name}: its source was not at hand\n"
            for function in self.functions
        )

    def _view(self) -> View:
        title = f"Commit {self.short_id}: {self.message}"
        return View(title, (f"{when(self.at)}, {len(self.functions)} functions", Code(self.source)))


class History:
    """The commits of a workbench.

    Args:
        folder: where they are kept for other processes; `None` keeps them in memory.

    Attributes:
        commits: oldest first.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self.commits: list[Commit] = [] if folder is None else _read_all(folder)
        self._sets: dict[str, FunctionSet] = {}

    @property
    def latest(self) -> Commit | None:
        """The last commit."""
        return self.commits[-1] if self.commits else None

    def add(self, commit: Commit, functions: FunctionSet, sample_ids: pd.Index) -> None:
        """Keep a commit; its files are whole, or not there, whenever the process ends."""
        if self._folder is not None:
            try:
                _write(self._folder, commit, functions, sample_ids)
            except OSError as error:
                raise DataError(
                    f"The folder of the commits must be writable. Got {str(self._folder)!r}:"
                    f" {error}. Nothing was committed; free space, or give another `cache` folder."
                ) from error
        self._sets[commit.id] = functions
        self.commits.append(commit)

    def reread(self) -> None:
        """Read the commits that another workbench wrote into the folder since."""
        if self._folder is not None:
            known = {commit.id for commit in self.commits}
            new = _read_all(self._folder, known)
            if new:
                self.commits = _in_order([*self.commits, *new])

    def find(self, prefix: str) -> Commit | None:
        """Return the commit whose id begins like this, or `None`.

        Raises:
            DataError: several do.
        """
        found = [commit for commit in self.commits if prefix and commit.id.startswith(prefix)]
        if len(found) > 1:
            raise DataError(
                f"The id of a commit must be given with as many digits as tell it apart. Got"
                f" {prefix!r}, with which these begin: {listed(one.short_id for one in found)}."
            )
        return found[0] if found else None

    def __getitem__(self, prefix: str) -> Commit:
        found = self.find(prefix)
        if found is None:
            ids = [commit.short_id for commit in self.commits]
            raise DataError(
                f"There must be a commit of that id. Got {prefix!r}; there are:"
                f" {listed(ids, 10) if ids else 'none'}.{near(prefix, ids)}"
            )
        return found

    def functions_of(
        self,
        commit: Commit,
        sample_ids: pd.Index,
        known: Sequence[VotedLF],
        restored: Callable[[KeptVotes], VotedLF],
    ) -> FunctionSet:
        """Return the functions of a commit with their votes.

        Args:
            commit: the commit.
            sample_ids: the samples of the workbench.
            known: functions of this process, which stand for equal ones of the commit.
            restored: returns a function by the votes that are kept of it.

        Raises:
            DataError: the commit was made on other samples.
        """
        if commit.id in self._sets:
            return self._sets[commit.id]
        by_key = {(voted.name, voted.fingerprint): voted for voted in known if voted.fingerprint}
        lfs = [
            (function.fingerprint, absent(function.name, commit.short_id))
            for function in commit.functions
        ]
        functions = []
        for kept in read_commit_votes(self._folder, commit.id, sample_ids, lfs):
            voted = by_key.get((kept.lf.name, kept.fingerprint))
            try:
                functions.append(voted or restored(kept))
            except LabelingError as error:
                raise DataError(
                    f"The votes of {kept.lf.name!r} in commit {commit.short_id} must fit the"
                    f" samples and labels of this workbench to be compared. {error}"
                ) from error
        return FunctionSet(tuple(functions))


def absent(name: str, commit: str) -> LabelingFunction:
    """Return a stand-in for a function of another process, of which only votes are known."""

    def function(_: Any) -> None:
        raise LabelingFunctionError(
            f"{name!r} of commit {commit} was made by another process, and only its votes are kept:"
            " run the cell that defines it, or load the exported module."
        )

    function.__name__ = name
    return LabelingFunction(name, function)


def is_absent(voted: VotedLF) -> bool:
    """Whether only the votes of a function are known."""
    return getattr(voted.lf.function, "__qualname__", "").startswith("absent.")


def commit_id(parent: str, message: str, functions: Sequence[CommittedLF]) -> str:
    """Return the id of a commit: the same for the same content, whenever it is made."""
    rows = [
        [function.name, function.fingerprint, function.votes, function.source]
        for function in functions
    ]
    content = json.dumps([FORMAT, parent, message, rows])
    return hashlib.sha256(content.encode()).hexdigest()


def now() -> str:
    """Return the time, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _write(folder: Path, commit: Commit, functions: FunctionSet, sample_ids: pd.Index) -> None:
    about = {
        "format": FORMAT,
        **{name: getattr(commit, name) for name in Commit.__slots__},
        "functions": [
            {name: getattr(function, name) for name in CommittedLF.__slots__}
            for function in commit.functions
        ],
        "accuracy": [
            None if value != value else value
            for value in (commit.accuracy.value, commit.accuracy.low, commit.accuracy.high)
        ]
        + [commit.accuracy.n, commit.accuracy.note],
    }
    private_folder(folder)
    # The votes first: a commit exists when its text does.
    write_commit_votes(folder / f"{commit.id}.parquet", functions, sample_ids)
    with atomic_write(folder / f"{commit.id}.json") as unfinished:
        private_file(unfinished)
        unfinished.write_text(json.dumps(about, indent=1), encoding="utf-8")


def _read_all(folder: Path, but: Collection[str] = ()) -> list[Commit]:
    """Return the commits of a folder, oldest first, but those of some ids."""
    return _in_order(
        [_read(path) for path in sorted(folder.glob("*.json")) if path.stem not in but]
    )


def _in_order(commits: list[Commit]) -> list[Commit]:
    return sorted(commits, key=lambda commit: (commit.number, commit.at, commit.id))


def _read(path: Path) -> Commit:
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        functions = tuple(
            CommittedLF(*(str(function[name]) for name in CommittedLF.__slots__))
            for function in about["functions"]
        )
        value, low, high, n, note = about["accuracy"]
        known = [float("nan") if number is None else float(number) for number in (value, low, high)]
        accuracy = Estimate(known[0], known[1], known[2], int(n), str(note))
        read = {name: about[name] for name in Commit.__slots__}
        commit = Commit(**(read | {"functions": functions, "accuracy": accuracy}))
        is_right = commit.id == path.stem == commit_id(commit.parent, commit.message, functions)
        if about["format"] != FORMAT or not is_right:
            raise ValueError("its content does not have the hash that its name states")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"The file of a commit must be as it was written. Got {str(path)!r}: {error!r}. Delete"
            " it to go on without this commit."
        ) from error
    return commit
