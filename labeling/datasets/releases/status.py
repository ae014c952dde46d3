"""How far a release or branch is, and what to do next; and what a repository shows of itself."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.datasets.releases.log import LogEntry
from labeling.datasets.releases.names import MAIN, short
from labeling.datasets.releases.objects import Objects
from labeling.datasets.releases.proposals import Branch, Proposal
from labeling.datasets.releases.release import Release
from labeling.datasets.releases.rules import valid_approvals
from labeling.datasets.releases.state import RepositoryState
from labeling.errors import listed
from labeling.rendering import Cell, Displayed, Excerpt, Part, Table, View
from labeling.rendering.formatting import clipped, undirected

MOST_ENTRIES = 10
FAILED = (
    "Its tests failed: put a mended training set on it, or let the approver acknowledge what is"
    " meant."
)


@dataclass(frozen=True, slots=True, repr=False)
class ReleaseStatus(Displayed):
    """How far a release is.

    Attributes:
        release: the release.
        branches: the branches whose newest release it is.
        branch: the branch that was asked for; `None` if a digest was given, or main.
        proposal: of that branch; `None` if it is not proposed.
        approved_by: whose approvals of the proposal count.
        steps: who did what with this release.
        next_step: what to do next, as a verb of `labeling release`; empty if nothing is to be done.
        why: a sentence on that.
    """

    release: Release
    branches: tuple[str, ...]
    branch: Branch | None
    proposal: Proposal | None
    approved_by: tuple[str, ...]
    steps: tuple[LogEntry, ...]
    next_step: str
    why: str

    def __repr__(self) -> str:
        where = f" ({listed(self.branches)})" if self.branches else ""
        why = undirected(" ".join(self.why.split()))
        return f"ReleaseStatus({short(self.release.digest)}{where}: {clipped(why, 400)})"

    def _view(self) -> View:
        parts: list[Part] = [*self.release._view().parts]
        if self.branches:
            parts.append(f"It is the newest release of {', '.join(self.branches)}.")
        if self.branch is not None and self.branch.authors:
            parts.append(Excerpt(f"Made by {', '.join(self.branch.authors)}."))
        if self.proposal is not None and self.proposal.message:
            parts.append(Excerpt(self.proposal.message))
        parts.append(_log_table(self.steps))
        parts.append(Excerpt(self.why))
        return View(f"Release {short(self.release.digest)}", tuple(parts))


def status_of(state: RepositoryState, release: Release, name: str) -> ReleaseStatus:
    """Return how far a release is, asked for by the name of a branch or by its digest."""
    branch = state.branches.get(name) if name != MAIN else None
    proposal = state.proposals.get(name)
    approvals = (
        () if branch is None or proposal is None else valid_approvals(state, branch, proposal)
    )
    step, why = ("", _place(state, release)) if branch is None else next_step(state, branch)
    return ReleaseStatus(
        release,
        state.branches_of(release.digest),
        branch,
        proposal,
        tuple(approval.by for approval in approvals),
        tuple(entry for entry in state.entries if entry.release == release.digest),
        step,
        why,
    )


def next_step(state: RepositoryState, branch: Branch) -> tuple[str, str]:
    """Return what to do next with a branch, as a verb, and a sentence on why."""
    if state.is_merged(branch):
        verb = "is" if branch.release == state.main else "was"
        return "", f"It is merged: its release {verb} main."
    if branch.base != state.main:
        if state.conflicts_since(branch) is None:
            return "merge", "Main has moved: a merge takes its changes into the branch first."
        return "merge", "It and main changed labels differently: decide on these, then merge again."
    if not branch.is_tested(state.main):
        return "test", "It was not tested, compared with main as it is."
    return _after_tests(state, branch)


def _after_tests(state: RepositoryState, branch: Branch) -> tuple[str, str]:
    """Return what to do next with a branch that was tested."""
    proposal = state.proposals.get(branch.name)
    has_failed = branch.tests is not None and not branch.tests.passed
    if proposal is None:
        tests = FAILED if has_failed else "Its tests passed."
        return "propose", f"{tests} It is not proposed."
    if not valid_approvals(state, branch, proposal):
        failed = f"{FAILED} " if has_failed else ""
        others = listed(branch.authors)
        return "approve", f"{failed}It waits for the approval of somebody else than {others}."
    return "merge", "It is approved."


def _place(state: RepositoryState, release: Release) -> str:
    if state.main == release.digest:
        return "It is main."
    if state.was_main(release.digest):
        return "It was main."
    return "It was never merged."


def releases_view(state: RepositoryState, objects: Objects) -> View:
    """Return the branches of a repository with what to do next, and the end of its log."""
    rows: list[tuple[Cell, ...]] = []
    for name, branch in sorted(state.branches.items(), key=lambda pair: (pair[0] != MAIN, pair[0])):
        samples = objects.manifest(branch.release)["samples"]
        why = "protected: changes by merges" if name == MAIN else next_step(state, branch)[1]
        by = ", ".join(branch.authors)
        rows.append((name, short(branch.release), samples, Excerpt(by), why))
    table = Table(("branch", "release", "samples", "authors", "state"), tuple(rows))
    parts: tuple[Part, ...] = (table, _log_table(state.entries)) if rows else ("No releases yet.",)
    return View("Releases", parts)


def _log_table(entries: tuple[LogEntry, ...]) -> Table:
    shown = entries[-MOST_ENTRIES:]
    rows = tuple(
        (
            entry.at[:19].replace("T", " "),
            Excerpt(entry.by or "-"),
            Excerpt(entry.action),
            Excerpt(entry.branch),
            short(entry.release),
            Excerpt(entry.message),
        )
        for entry in shown
    )
    headings = ("when (UTC)", "who", "step", "branch", "release", "message")
    return Table(headings, rows, "Last steps.", len(entries) - len(shown))
