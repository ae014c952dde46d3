"""What is read of a repository of releases, and how a step is taken."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from labeling.datasets.cards import CardFacts
from labeling.datasets.findings import DataTestReport
from labeling.datasets.releases.checks import ReleasesCheck, check_repository
from labeling.datasets.releases.files import RepositoryFolder, as_json
from labeling.datasets.releases.log import LogEntry, ReleaseLog, Step
from labeling.datasets.releases.names import MAIN, is_branch_name, is_digest_prefix, short
from labeling.datasets.releases.objects import Objects
from labeling.datasets.releases.proposals import Branch, Proposal
from labeling.datasets.releases.release import Release, facts_file
from labeling.datasets.releases.state import RepositoryState, read_state, write_contents
from labeling.datasets.releases.status import ReleaseStatus, releases_view, status_of
from labeling.errors import ReleaseError, counted, quoted
from labeling.rendering import Displayed, View

if TYPE_CHECKING:
    from labeling.datasets.changes import Changes


class BaseReleases(Displayed):
    """A repository of releases as it is read; `Releases` adds the steps that change it."""

    def __init__(self, folder: str | os.PathLike[str], *, wait: float = 30.0) -> None:
        self.folder = Path(folder)
        self._files = RepositoryFolder(self.folder, wait)
        self._log = ReleaseLog(self._files)
        self._objects = Objects(self._files)

    def _state(self) -> RepositoryState:
        return read_state(self._files, self._log)

    @property
    def branches(self) -> tuple[Branch, ...]:
        """The branches by name, main among them once something was merged."""
        branches = self._state().branches
        return tuple(branches[name] for name in sorted(branches))

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """The proposals that wait to be merged, by the name of their branch."""
        proposals = self._state().proposals
        return tuple(proposals[name] for name in sorted(proposals))

    def __contains__(self, name: object) -> bool:
        return name in self._state().branches

    def __getitem__(self, name: str) -> Release:
        """Return the newest release of a branch, or the release of a digest.

        Args:
            name: of a branch, or the first 7 characters of a digest, or more.

        Raises:
            ReleaseError: there is no such branch or release.
        """
        return self._release(name, self._state())

    def _release(self, name: str, state: RepositoryState) -> Release:
        if name in state.branches:
            digest = state.branches[name].release
        elif is_digest_prefix(name):
            digest = self._objects.find(name)
        elif name == MAIN:
            raise ReleaseError(
                f"Main of {str(self.folder)!r} is empty: put a training set on a branch, have it"
                " approved, and merge it."
            )
        else:
            digest = state.branch(name).release if is_branch_name(name) else ""
        if not digest:
            raise ReleaseError(
                f"A release is named by its branch, or the beginning of its digest. Got"
                f" {quoted(name)}."
            )
        return Release(self._objects, digest, state.parents(digest))

    def keep_people(self, content: bytes) -> str:
        """Keep what people had said when a release was made, and return its SHA-256.

        The release is built again from it where the project's ledger is missing, or ahead.
        """
        digest = hashlib.sha256(content).hexdigest()
        if self._files.read(f"people/{digest}.json") != content:
            self._files.write(f"people/{digest}.json", content)
        return digest

    def people(self, digest: str) -> bytes | None:
        """Return what `keep_people` kept; `None` if it is not there."""
        return self._files.read(f"people/{digest}.json")

    def log(self) -> tuple[LogEntry, ...]:
        """Return who did what when, in order, after checking the chain of the log."""
        return self._state().entries

    def show(self, name: str = MAIN) -> ReleaseStatus:
        """Return a release with its branch, tests, proposal, and what to do next.

        Args:
            name: of a branch, or the beginning of a digest.

        Raises:
            ReleaseError: there is no such branch or release.
        """
        state = self._state()
        return status_of(state, self._release(name, state), name)

    def verify(self) -> ReleasesCheck:
        """Check the log, the files of branches and proposals, and every byte of every release.

        Raises:
            ReleaseError: the log or a file of a branch was changed.
        """
        return check_repository(self._files, self._objects, self._state())

    def diff(self, head: str = MAIN, base: str | None = None) -> Changes:
        """Return what changed between two releases, row by row, and why.

        Args:
            head: a branch, or the beginning of a digest.
            base: what it is compared with; `None` is main, and for main the head before.

        Raises:
            ReleaseError: there is no such branch or release.
        """
        from labeling.datasets.changes import diff_training_sets

        if base is None:
            base = self._before_main() if head == MAIN else MAIN
        return diff_training_sets(self[base].train, self[head].train)

    def _before_main(self) -> str:
        """Return the digest of the head of main before the last merge."""
        state = self._state()
        before = state.branches[MAIN].base if MAIN in state.branches else None
        if before is None:
            raise ReleaseError(
                "Main has had no release before its last one to be compared with: name a branch."
            )
        return before

    def conflicts_since(self, name: str) -> str | None:
        """Return when conflicts of a branch with main were first found, in ISO 8601.

        `None` if none were, or branch or main have another release since.
        """
        state = self._state()
        return state.conflicts_since(state.branch(name))

    def holding(self, sample_id: Hashable) -> tuple[Release, ...]:
        """Return the releases that are or were main and hold a sample, in the order of merges."""
        state = self._state()
        merged = [entry.release for entry in state.entries if entry.action == "merged"]
        releases = (self._release(digest, state) for digest in dict.fromkeys(merged))
        return tuple(release for release in releases if sample_id in release)

    def report(self, digest: str) -> DataTestReport:
        """Return a report of tests by its digest, as `Branch.tests` and approvals hold it.

        Raises:
            ReleaseError: it is missing or was changed.
        """
        content = self._files.read(f"tests/{digest}.json")
        if content is None or hashlib.sha256(content).hexdigest() != digest:
            what = "is missing" if content is None else "was changed"
            raise ReleaseError(
                f"The report tests/{short(digest)}... of {str(self.folder)!r} {what}: run the tests"
                " again, or restore it."
            )
        return DataTestReport.from_json(content.decode("utf-8"))

    def keep_facts(self, name: str, facts: CardFacts) -> None:
        """Keep what is known of a release, for its data card; it is no part of the release.

        Args:
            name: of a branch, or the beginning of a digest.
            facts: what was measured; replaces what was kept before.

        Raises:
            ReleaseError: there is no such branch or release.
        """
        with self._changing() as state:
            digest = self._release(name, state).digest
            kept = dataclasses.replace(facts, release="")
            self._files.write(facts_file(digest), as_json(kept.to_json()))

    @contextlib.contextmanager
    def _changing(self) -> Iterator[RepositoryState]:
        """Lock the repository, and yield its state, after completing an interrupted step."""
        with self._files.locked():
            state = self._state()
            write_contents(self._files, state.entries)
            yield state

    def _take(self, step: Step) -> None:
        """Append a step to the log, then write the files that it changes."""
        self._log.append(step)
        write_contents(self._files, self._log.entries())

    def __repr__(self) -> str:
        state = self._state()
        branches = counted(len(set(state.branches) - {MAIN}), "branch", "branches")
        return f"Releases({branches}; main is {short(state.main) if state.main else 'empty'})"

    def _view(self) -> View:
        return releases_view(self._state(), self._objects)
