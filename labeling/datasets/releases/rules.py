"""The rules of a protected main: who may propose, approve and merge what, and why not."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from labeling.datasets.findings import DataTestReport
from labeling.datasets.releases.names import short
from labeling.datasets.releases.proposals import (
    Approval,
    Branch,
    DataTestRun,
    Proposal,
    is_one_of,
)
from labeling.datasets.releases.state import RepositoryState
from labeling.errors import ReleaseError, listed, near

ACKNOWLEDGEABLE = (
    "changed_samples",
    "drift_columns",
    "drift_labels",
    "drift_text",
    "drift_votes",
    "label_flips",
    "labels_by_slice",
    "lf_health",
    "schema",
)
"""Tests that compare with main: a change may be meant, and somebody says why. A defect is not."""


def after_failure(failed: Collection[str], name: str) -> str:
    """Return what to do where tests of a branch failed, by their names."""
    words = f"Put a mended training set on it: labeling release branch {name}"
    if not all(test in ACKNOWLEDGEABLE for test in failed):
        return words
    reasons = " ".join(f'--acknowledge "{test}=REASON"' for test in failed)
    return (
        f"{words}. Or, if the change is meant, propose it, and let whoever approves it say why:"
        f" labeling release approve {name} --by NAME {reasons}"
    )


def check_proposable(
    state: RepositoryState, branch: Branch, known: Proposal | None, by: str
) -> None:
    """Raise a ReleaseError if a branch cannot be proposed by somebody."""
    name = branch.name
    if branch.release == state.main:
        raise ReleaseError(
            f"Branch {name!r} has nothing to merge: its release {short(branch.release)} is main."
            " Put a training set on it first."
        )
    _check_base(state, branch)
    if known is not None and not is_one_of(by, [known.author]):
        raise ReleaseError(
            f"Branch {name!r} is proposed already, by {known.author!r}: somebody else can approve"
            " it."
        )


def check_approver(state: RepositoryState, branch: Branch, by: str) -> tuple[Proposal, DataTestRun]:
    """Return what somebody would approve: the proposal of a branch, and its tests.

    Raises:
        ReleaseError: they may not approve it, whatever the tests found.
    """
    name, proposal = branch.name, state.proposals.get(branch.name)
    if proposal is None:
        raise ReleaseError(f"Branch {name!r} must be proposed before it is approved: propose it.")
    if is_one_of(by, (*branch.authors, proposal.author)):
        raise ReleaseError(
            f"Whoever approves a branch must not have made or proposed it. {by!r} did, of"
            f" {name!r}; its authors are {listed((*branch.authors,))}. Ask somebody else."
        )
    _check_base(state, branch)
    if branch.tests is None or not branch.is_tested(state.main):
        raise ReleaseError(
            f"Branch {name!r} must be tested before it is approved: its release"
            f" {short(branch.release)} was not, compared with main as it is. Test it."
        )
    return proposal, branch.tests


def check_tests(report: DataTestReport, acknowledged: Mapping[str, str], name: str) -> None:
    """Raise a ReleaseError if a test failed and is not acknowledged with a reason."""
    failed = {finding.name: finding for finding in report.failed}
    for test, reason in acknowledged.items():
        if test not in failed or test not in ACKNOWLEDGEABLE or not reason:
            may = [test for test in failed if test in ACKNOWLEDGEABLE]
            raise ReleaseError(
                "Only a failed test whose failure may be meant can be acknowledged, with a reason."
                f" Got {test!r} with reason {reason!r}; of branch {name!r} these are"
                f" {listed(may) or 'none'}.{near(test, may)}"
            )
    blocking = [finding for test, finding in failed.items() if test not in acknowledged]
    if blocking:
        reasons = " ".join(f"{finding.name}: {finding.sentence}" for finding in blocking)
        may = [finding.name for finding in blocking if finding.name in ACKNOWLEDGEABLE]
        meant = f" If the change is meant, acknowledge {listed(may)} with a reason." if may else ""
        raise ReleaseError(
            f"Branch {name!r} cannot be approved, since tests failed. {reasons} Put a mended"
            f" training set on it.{meant}"
        )


def check_mergeable(state: RepositoryState, branch: Branch) -> tuple[Approval, ...]:
    """Return the approvals that count; raise a ReleaseError if there is none."""
    proposal = state.proposals.get(branch.name)
    if proposal is None:
        raise ReleaseError(
            f"Branch {branch.name!r} must be proposed and approved before it is merged: propose it."
        )
    approvals = valid_approvals(state, branch, proposal)
    if approvals:
        return approvals
    if proposal.approvals:
        raise ReleaseError(
            f"Branch {branch.name!r} changed, or was tested again, after it was approved: it must"
            " be approved as it is now."
        )
    raise ReleaseError(
        f"Branch {branch.name!r} must be approved before it is merged, by somebody else than"
        f" {listed(branch.authors)}."
    )


def valid_approvals(
    state: RepositoryState, branch: Branch, proposal: Proposal
) -> tuple[Approval, ...]:
    """Return the approvals of exactly this release, for this head of main and these tests."""
    if branch.tests is None or proposal.release != branch.release or branch.base != state.main:
        return ()
    counts = (branch.release, state.main, branch.tests.report)
    return tuple(
        approval
        for approval in proposal.approvals
        if (approval.release, approval.onto, approval.tests) == counts
        and not is_one_of(approval.by, (*branch.authors, proposal.author))
    )


def _check_base(state: RepositoryState, branch: Branch) -> None:
    if branch.base != state.main:
        raise ReleaseError(
            f"Main has moved since branch {branch.name!r} was made from it: merge the branch, which"
            " takes the changes of main into it and leaves main as it is; then test it."
        )
