"""`Releases`: a repository of training sets with branches, tests, approvals, and a main."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from labeling.datasets.findings import DataTestReport
from labeling.datasets.releases.base import BaseReleases
from labeling.datasets.releases.dvc import track_with_dvc
from labeling.datasets.releases.log import Step, now
from labeling.datasets.releases.merging import (
    Decisions,
    MergeOutcome,
    deciders,
    merged_with_main,
)
from labeling.datasets.releases.names import (
    MAIN,
    check_branch_name,
    check_message,
    check_person,
)
from labeling.datasets.releases.proposals import (
    Approval,
    Branch,
    DataTestRun,
    Proposal,
    with_authors,
)
from labeling.datasets.releases.release import Release
from labeling.datasets.releases.rules import (
    check_approver,
    check_mergeable,
    check_proposable,
    check_tests,
)
from labeling.datasets.releases.state import RepositoryState
from labeling.errors import ReleaseError

if TYPE_CHECKING:
    from labeling.datasets.data_tests import DataTest, DataTestSettings
    from labeling.datasets.training_set import TrainingSet

RunTests = Callable[["TrainingSet", "TrainingSet | None"], DataTestReport]


class Releases(BaseReleases):
    """A repository of releases in a folder of plain files, for git and DVC as they are.

    A training set is put on a branch, tested, proposed, approved by somebody who did not make it,
    and merged into main. Each step is a line of `log.jsonl`. Everything in the folder is portable.

    Args:
        folder: the folder; it is made by the first step.
        wait: seconds to wait for another process that takes a step.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> Releases(folder.name)
    Releases(0 branches; main is empty)
    >>> folder.cleanup()
    """

    def branch(self, name: str, train: TrainingSet, *, by: str = "", message: str = "") -> Release:
        """Put a training set on a branch, which is made from main if it is new; return the release.

        A new release on a branch voids its tests and approvals. Putting the same training set on
        it again changes nothing.

        Args:
            name: 1 to 80 letters, digits, dots, hyphens or underscores; not main.
            train: the training set.
            by: who made it, and so may not approve it.
            message: what it is about.

        Raises:
            ReleaseError: the name cannot be used, or the repository was changed from outside.
        """
        by = check_person(by, "branch") if by else ""
        message = check_message(message)
        with self._changing() as state:
            check_branch_name(name, state.branches)
            digest = self._objects.put(train)
            before = state.branches.get(name)
            if before is not None and before.release == digest:
                return self._release(digest, state)
            parent = state.main if before is None else before.release
            base = state.main if before is None else before.base
            branch = Branch(name, digest, base)
            if before is not None:
                branch = dataclasses.replace(branch, authors=before.authors)
            branch = dataclasses.replace(branch, authors=with_authors(branch.authors, [by]))
            parents = [parent] if parent else []
            self._put(state, "branched", branch, by, message, {"parents": parents})
        return self[digest]

    def test(
        self,
        name: str,
        *,
        settings: DataTestSettings | Mapping[str, Any] | None = None,
        own: Iterable[DataTest] = (),
        by: str = "",
    ) -> DataTestReport:
        """Run the tests on the data on a branch's release, compared with main, and keep the report.

        Args:
            name: of a branch.
            settings: limits of the tests; `None` takes their defaults. See `run_data_tests`.
            own: checks of your own, see `data_test`.
            by: who runs them.

        Raises:
            ReleaseError: there is no such branch, or it changed while the tests ran.
            LabelingError: a setting that does not exist.
        """

        def run(train: TrainingSet, base: TrainingSet | None) -> DataTestReport:
            from labeling.datasets.data_tests import run_data_tests

            return run_data_tests(train, base, settings, own)

        return self.run_tests(name, run, by=by)

    def run_tests(self, name: str, run: RunTests, *, by: str = "") -> DataTestReport:
        """Run tests of any kind on a branch's release, compared with main, and keep the report.

        Args:
            name: of a branch.
            run: called with the training sets of the branch and of main (`None` if main is empty);
                returns the report.
            by: who runs them.

        Raises:
            ReleaseError: there is no such branch, or it changed while the tests ran.
        """
        by = check_person(by, "test") if by else ""
        state = self._state()
        release, onto = state.branch(name).release, state.main
        base = None if onto is None else self._release(onto, state).train
        report = run(self._release(release, state).train, base)
        content = report.to_json().encode("utf-8")
        digest = hashlib.sha256(content).hexdigest()
        with self._changing() as state:
            branch = state.branch(name)
            if branch.release != release:
                raise ReleaseError(
                    f"Branch {name!r} got another release while its tests ran: test it again."
                )
            tests = DataTestRun(digest, release, onto, report.passed)
            if branch.tests != tests:
                self._files.write(f"tests/{digest}.json", content)
                branch = dataclasses.replace(branch, tests=tests)
                details = {"tests": digest, "passed": report.passed}
                self._put(state, "tested", branch, by, "", details)
        return report

    def propose(self, name: str, *, by: str, message: str = "") -> Proposal:
        """Propose to merge a branch into main.

        Args:
            name: of a branch.
            by: who is responsible for the proposal, and may not approve it.
            message: what it changes, and why.

        Raises:
            ReleaseError: there is nothing to merge, main has moved, or somebody else proposed it.
        """
        by, message = check_person(by, "propose"), check_message(message)
        with self._changing() as state:
            branch = state.branch(name)
            known = state.proposals.get(name)
            check_proposable(state, branch, known, by)
            if known is not None and message in ("", known.message):
                return known
            if known is None:
                proposal = Proposal(name, branch.release, state.main, by, now(), message)
            else:
                proposal = dataclasses.replace(known, message=message)
            branch = dataclasses.replace(branch, authors=with_authors(branch.authors, [by]))
            self._put(state, "proposed", branch, by, message, {}, proposal)
        return proposal

    def approve(
        self, name: str, *, by: str, acknowledge: Mapping[str, str] | None = None
    ) -> Proposal:
        """Approve a proposal: exactly its release, for exactly this head of main and tests.

        Args:
            name: of the branch.
            by: who approves it; none of those who made or proposed it.
            acknowledge: why a failing test is accepted, by its name: one that compares with main,
                such as `label_flips`, since a change may be meant.

        Raises:
            ReleaseError: it is not proposed, was not tested, a test failed, or `by` is an author.
        """
        by = check_person(by, "approve")
        acknowledged = {
            test: check_message(reason).strip() for test, reason in (acknowledge or {}).items()
        }
        with self._changing() as state:
            branch = state.branch(name)
            proposal, tests = check_approver(state, branch, by)
            check_tests(self.report(tests.report), acknowledged, name)
            approval = Approval(by, now(), branch.release, state.main, tests.report, acknowledged)
            if approval.is_among(proposal.approvals):
                return proposal
            proposal = dataclasses.replace(proposal, approvals=(*proposal.approvals, approval))
            details = {"tests": approval.tests, "onto": state.main, "acknowledged": acknowledged}
            self._put(state, "approved", branch, by, "", details, proposal)
        return proposal

    def merge(self, name: str, *, by: str, decisions: Decisions | None = None) -> MergeOutcome:
        """Merge an approved branch into main; where main has moved, merge main into the branch.

        Main becomes the branch's release if it is still the one that was tested and approved
        against. Otherwise its changes are merged into the branch row by row, which then needs new
        tests and a new approval.

        Args:
            name: of the branch.
            by: who merges it.
            decisions: the labels of samples that branch and main changed differently, or `None` to
                leave a sample out. Whoever decided is an author then.

        Raises:
            ReleaseError: it is not proposed or not approved as it is.
        """
        by = check_person(by, "merge")
        with self._changing() as state:
            branch = state.branch(name)
            if state.main is not None and branch.release == state.main:
                return MergeOutcome(name, "already merged", branch.release, state.main)
            if state.main is not None and branch.base != state.main:
                return self._update(state, branch, by, decisions or {})
            approvals = check_mergeable(state, branch)
            head = Branch(MAIN, branch.release, state.main)
            details = {
                "onto": state.main,
                "approved_by": [approval.by for approval in approvals],
                "acknowledged": {
                    approval.by: dict(approval.acknowledged) for approval in approvals
                },
            }
            files = {
                f"branches/{MAIN}.json": head.to_dict(),
                f"branches/{name}.json": Branch(name, branch.release, branch.release).to_dict(),
                f"proposals/{name}.json": None,
            }
            self._take(Step("merged", name, branch.release, by, "", details, files))
        return MergeOutcome(name, "merged", head.release, head.release)

    def to_dvc(self) -> tuple[str, ...]:
        """Let DVC track the releases that it does not track yet, and return their digests.

        Each release gets a small pointer file `objects/<digest>.dvc`, which git tracks with the
        rest of the folder; the files themselves are pushed and pulled by `dvc push` and `dvc pull`.

        Raises:
            ReleaseError: DVC is not installed, or fails, as where `dvc init` was not run.
        """
        with self._changing():
            return track_with_dvc(self._files, self._objects)

    def _update(
        self,
        state: RepositoryState,
        branch: Branch,
        by: str,
        decisions: Decisions,
    ) -> MergeOutcome:
        """Merge main into a branch."""
        assert state.main is not None  # it has moved
        base = None if branch.base is None else self._release(branch.base, state).train
        ours, theirs = self._release(branch.release, state), self._release(state.main, state)
        merged = merged_with_main(base, ours.train, theirs.train, decisions)
        if merged.conflicts:
            if state.conflicts_since(branch) is None:
                details = {"onto": state.main, "conflicts": len(merged.conflicts)}
                self._take(Step("conflicted", branch.name, branch.release, by, "", details))
            return MergeOutcome(
                branch.name, "conflicts", branch.release, state.main, merged.conflicts
            )
        digest = self._objects.put(merged.train)
        authors = branch.authors
        if merged.decided:
            authors = with_authors(authors, deciders(decisions, by))
        updated = Branch(branch.name, digest, state.main, authors)
        details = {"parents": [ours.digest, theirs.digest], "decided": merged.decided}
        self._put(state, "updated", updated, by, "", details)
        return MergeOutcome(branch.name, "updated", digest, state.main)

    def _put(
        self,
        state: RepositoryState,
        action: str,
        branch: Branch,
        by: str,
        message: str,
        details: dict[str, Any],
        proposal: Proposal | None = None,
    ) -> None:
        """Take a step that changes a branch; its proposal follows a new release, not approved."""
        files: dict[str, Any] = {}
        if state.branches.get(branch.name) != branch:
            files[f"branches/{branch.name}.json"] = branch.to_dict()
        known = state.proposals.get(branch.name)
        if proposal is None and known is not None and known.release != branch.release:
            details = {**details, "approvals_voided": [approval.by for approval in known.approvals]}
            proposal = dataclasses.replace(
                known, release=branch.release, onto=branch.base, approvals=()
            )
        if proposal is not None:
            files[f"proposals/{branch.name}.json"] = proposal.to_dict()
        self._take(Step(action, branch.name, branch.release, by, message, details, files))
