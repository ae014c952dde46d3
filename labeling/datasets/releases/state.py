"""The state of a repository: a fold of its log, compared with the files that people see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labeling.datasets.releases.files import RepositoryFolder, as_json
from labeling.datasets.releases.log import LogEntry, ReleaseLog, contents_after
from labeling.datasets.releases.names import MAIN
from labeling.datasets.releases.proposals import Branch, Proposal
from labeling.errors import ReleaseError, listed, near

FOLDERS = ("branches", "proposals")
ATTEMPTS = 20
"""How often a state is read that another process is changing."""


@dataclass(frozen=True, slots=True)
class RepositoryState:
    """Branches and proposals after some entries of the log.

    Attributes:
        entries: the entries of the log.
        branches: by name, main among them once something was merged.
        proposals: by the name of their branch.
    """

    entries: tuple[LogEntry, ...]
    branches: Mapping[str, Branch]
    proposals: Mapping[str, Proposal]

    @property
    def main(self) -> str | None:
        """The digest of the head of main; `None` before the first merge."""
        return self.branches[MAIN].release if MAIN in self.branches else None

    def branch(self, name: str) -> Branch:
        """Return a branch that is not main.

        Raises:
            ReleaseError: there is none of this name.
        """
        if name in self.branches and name != MAIN:
            return self.branches[name]
        others = sorted(set(self.branches) - {MAIN})
        if name == MAIN:
            raise ReleaseError(
                "This step needs a branch beside main, which changes by merging one. Branches are"
                f" {listed(others, 10) or 'none'}."
            )
        raise ReleaseError(
            f"There is no branch {name!r}; branches are {listed(others, 10) or 'none'}."
            f"{near(name, others)}"
        )

    def branches_of(self, digest: str) -> tuple[str, ...]:
        """Return the names of the branches whose newest release has a digest, sorted."""
        return tuple(
            name for name in sorted(self.branches) if self.branches[name].release == digest
        )

    def was_main(self, digest: str) -> bool:
        """Return whether a release is or was the head of main."""
        return any((entry.action, entry.release) == ("merged", digest) for entry in self.entries)

    def is_merged(self, branch: Branch) -> bool:
        """Return whether nothing was put on a branch since it was merged.

        A branch may be made of an older release, to go back to it: that one is not merged.
        """
        of_branch = (
            entry.action
            for entry in reversed(self.entries)
            if entry.branch == branch.name and entry.action in ("branched", "updated", "merged")
        )
        return branch.release == self.main or next(of_branch, "") == "merged"

    def conflicts_since(self, branch: Branch) -> str | None:
        """Return when conflicts of a branch with main were first found, as both are now."""
        times = (
            entry.at
            for entry in self.entries
            if (entry.action, entry.branch, entry.release)
            == ("conflicted", branch.name, branch.release)
            and entry.details["onto"] == self.main
        )
        return next(times, None)

    def parents(self, digest: str) -> tuple[str, ...]:
        """Return the digests of the releases that a release followed when it was first stored."""
        for entry in self.entries:
            if entry.release == digest and "parents" in entry.details:
                return tuple(entry.details["parents"])
        return ()


def read_state(folder: RepositoryFolder, log: ReleaseLog) -> RepositoryState:
    """Return the state that the log leads to, after comparing it with the files.

    Files may lack what the last entry changed, where a process was killed before it wrote them.

    Raises:
        ReleaseError: the log, or a file of a branch or proposal, was changed from outside.
    """
    problem = ""
    for _ in range(ATTEMPTS):
        entries = log.entries()
        problem = _difference(folder, entries)
        if not problem:
            return _state(entries)
        if log.entries()[-1:] == entries[-1:]:  # no other process is changing it
            break
    raise ReleaseError(problem)


def write_contents(folder: RepositoryFolder, entries: tuple[LogEntry, ...]) -> None:
    """Write what the last entry of the log says; what is there already is not written again."""
    for name, value in entries[-1].files.items() if entries else ():
        if value is None:
            folder.remove(name)
        elif folder.read(name) != as_json(value):
            folder.write(name, as_json(value))


def _state(entries: tuple[LogEntry, ...]) -> RepositoryState:
    branches, proposals = {}, {}
    for path, value in sorted(contents_after(entries).items()):
        kind, _, file = path.partition("/")
        name = file.removesuffix(".json")
        if kind == "branches":
            branches[name] = Branch.from_dict(name, value)
        else:
            proposals[name] = Proposal.from_dict(name, value)
    return RepositoryState(entries, branches, proposals)


def _difference(folder: RepositoryFolder, entries: tuple[LogEntry, ...]) -> str:
    """Return a sentence on the first file that is not as the log says, or an empty text."""
    expected, before = contents_after(entries), contents_after(entries[:-1])
    files = _files(folder)
    interrupted = entries[-1].files if entries else {}
    for path in sorted({*expected, *files}):
        value = files.get(path)
        is_interrupted = path in interrupted and value == before.get(path)
        if value != expected.get(path) and not is_interrupted:
            return (
                f"{str(folder.root / path)!r} is not as the log of releases says: branches and"
                " proposals are changed by the steps of this package only. Restore the file, with"
                " git if it is there."
            )
    return ""


def _files(folder: RepositoryFolder) -> dict[str, Any]:
    paths = [
        f"{kind}/{name}"
        for kind in FOLDERS
        for name in folder.names(kind)
        if name.endswith(".json")
    ]
    return {path: folder.read_json(path) for path in paths}
