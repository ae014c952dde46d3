"""Commands on releases of the training set: branch, test, propose, approve, merge, log, show."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import AsJson, app, load_project
from labeling.cli.console import busy, emit, hint
from labeling.errors import ReleaseError, counted, listed

if TYPE_CHECKING:
    from labeling.datasets import Release
    from labeling.datasets.releases import ReleaseStatus
    from labeling.project import Project

HELP = "Releases of the training set: branches, tests, approvals, and a protected main."
release = typer.Typer(help=HELP, no_args_is_help=True)
app.add_typer(release, name="release", help=HELP)

Name = Annotated[str, typer.Argument(help="The branch.", metavar="NAME")]
Message = Annotated[str, typer.Option("-m", "--message", help="What it changes, and why.")]
By = Annotated[str, typer.Option("--by", help="Who is responsible for this step.")]
MOST_FINDINGS = 20


@release.command()
def branch(name: Name, message: Message = "", by: By = "", as_json: AsJson = False) -> None:
    """Build the training set as it is now, and put it on a branch."""
    project = load_project()
    with busy("fitting the models and building the training set"):
        made = project.branch_release(name, by=by, message=message)
    sentence = f"Branch {name} is release {_named(made)}."
    emit(_status_as_json(project.releases.show(name)), as_json, sentence)
    _hint_next(project, name)


@release.command()
def diff(
    first: Annotated[
        str,
        typer.Argument(help="A branch or digest, compared with main; default: the last merge."),
    ] = "main",
    second: Annotated[
        str | None, typer.Argument(help="If given, it is compared with the first.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed between two releases, row by row, and why."""
    from labeling.cli.json_tables import as_records
    from labeling.rendering.plain import plain_of

    base, head = (None, first) if second is None else (first, second)
    releases = load_project().releases
    with busy("comparing the releases"):
        changes = releases.diff(head, base)
    if as_json:
        rows = as_records(changes.to_frame(), "sample_id")
        emit({"head": head, "base": base, "counts": changes.counts, "rows": rows}, True)
        return
    emit(None, False, plain_of(changes._view()))
    hint("--json lists every row.")


@release.command("test")
def run_tests(name: Name, by: By = "", as_json: AsJson = False) -> None:
    """Run the tests on the data of a branch, compared with main; a failure exits with 1."""
    from labeling.datasets.releases.rules import after_failure
    from labeling.rendering.plain import plain_of

    project = load_project()
    with busy("testing the data"):
        report = project.test_release(name, by=by)
    emit(json.loads(report.to_json()), as_json, plain_of(report._view()))
    if not report.passed:
        failed = [failure.name for failure in report.failed]
        next_steps = after_failure(failed, name)
        raise ReleaseError(f"Tests on branch {name!r} failed: {listed(failed)}. {next_steps}")
    _hint_next(project, name)


@release.command()
def propose(name: Name, by: By = "", message: Message = "", as_json: AsJson = False) -> None:
    """Propose to merge a branch into main."""
    project = load_project()
    proposal = project.propose_release(name, by=by, message=message)
    sentence = f"{proposal.author} proposes to merge branch {name} into main."
    emit(_status_as_json(project.releases.show(name)), as_json, sentence)
    _hint_next(project, name)


@release.command()
def approve(
    name: Name,
    by: By = "",
    acknowledge: Annotated[
        list[str] | None,
        typer.Option(
            help="TEST=REASON: why the failure of a test that compares with main is meant;"
            " repeatable."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Approve a proposal, as somebody who neither made nor proposed it."""
    project = load_project()
    project.approve_release(name, by=by, acknowledge=_reasons(acknowledge))
    status = project.releases.show(name)
    sentence = f"Branch {name} is approved by {listed(status.approved_by)}."
    emit(_status_as_json(status), as_json, sentence)
    _hint_next(project, name)


def _reasons(pairs: list[str] | None) -> dict[str, str]:
    reasons = {}
    for pair in pairs or ():
        test, equals, reason = pair.partition("=")
        if not equals or not test or not reason.strip():
            raise typer.BadParameter(f"--acknowledge must be TEST=REASON. Got {pair!r}.")
        reasons[test] = reason
    return reasons


@release.command()
def merge(name: Name, by: By = "", as_json: AsJson = False) -> None:
    """Merge an approved branch into main; where main has moved, merge main into the branch."""
    project = load_project()
    with busy("merging"):
        outcome = project.merge_release(name, by=by)
    values = {
        "branch": outcome.branch,
        "status": outcome.status,
        "release": outcome.release,
        "main": outcome.main,
        "conflicts": [dataclasses.asdict(conflict) for conflict in outcome.conflicts],
    }
    conflicts = [
        f"{conflict.sample_id}: {conflict.sentence()}"
        for conflict in outcome.conflicts[:MOST_FINDINGS]
    ]
    emit(values, as_json, outcome.sentence, *conflicts)
    if outcome.status == "conflicts":
        raise ReleaseError(
            f"Branch {name!r} is not merged. Next: labeling decide SAMPLE LABEL --by NAME --reason"
            f" WHY for each, then labeling release merge {name} --by NAME"
        )
    if not outcome.merged:
        raise ReleaseError(f"Branch {name!r} is not merged yet. Next: labeling release test {name}")
    _hint_next(project, name)


@release.command("log")
def show_log(
    n: Annotated[int, typer.Option("-n", "--n", min=1, help="Number of steps.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show who took which step when."""
    releases = load_project().releases
    entries = releases.log()
    shown = entries[-n:]
    lines = [
        f"{entry.number}  {entry.at[:19].replace('T', ' ')}  {entry.by or '-'} {entry.action}"
        f" {entry.branch} ({entry.release[:12]}){f': {entry.message}' if entry.message else ''}"
        for entry in shown
    ]
    emit([entry.to_dict() for entry in shown], as_json, *(lines or ["No step was taken yet."]))
    if len(shown) < len(entries):
        hint(f"These are the last {len(shown):,} of {len(entries):,} steps.")


@release.command()
def show(
    name: Annotated[
        str | None, typer.Argument(help="A branch, or a digest; default: all branches.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write a page there: labels, what changed, tests, quality, problems, and its card"
            " (of main, if none is named)."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a release with its tests, proposal, approvals, and what to do next; or all branches."""
    from labeling.rendering.plain import plain_of

    project = load_project()
    releases = project.releases
    if html is not None:
        with busy("writing the page"):
            hint(f"Page: {project.release_report(name or 'main', html)}")
    if name is None:
        shown = [releases.show(known.name) for known in releases.branches]
        emit([_status_as_json(status) for status in shown], as_json, plain_of(releases._view()))
        return
    status = releases.show(name)
    emit(_status_as_json(status), as_json, plain_of(status._view()))
    step = _next_command(status, name)
    if step:
        hint(step)


@release.command()
def track(as_json: AsJson = False) -> None:
    """Let DVC track the releases, so that git holds small pointer files in place of them."""
    project = load_project()
    with busy("tracking the releases with DVC"):
        digests = project.releases.to_dvc()
    emit(
        {"tracked": list(digests)}, as_json, f"DVC tracks {counted(len(digests), 'more release')}."
    )
    folder = project.config.releases.folder
    hint(f"Next: git add {folder} and git commit, then dvc push")


@release.command()
def verify(as_json: AsJson = False) -> None:
    """Check the log, and every byte of every release."""
    releases = load_project().releases
    with busy("checking the releases"):
        check = releases.verify()
    sentence = (
        f"{counted(check.entries, 'step')}, each chained to the one before;"
        f" {counted(check.releases, 'release')}."
    )
    more = len(check.findings) - MOST_FINDINGS
    sentences = [*check.findings[:MOST_FINDINGS], *([f"{more:,} more."] if more > 0 else [])]
    emit(dataclasses.asdict(check), as_json, sentence, *sentences)
    hint(f"Digest of the last step: {check.digest}. Note it down to find out if it ever goes.")
    if check.findings:
        raise ReleaseError(
            f"{counted(len(check.findings), 'file')} must be as the releases say, and differ:"
            " restore them from a copy."
        )


def _named(made: Release) -> str:
    return f"{made.digest[:12]}: {counted(made.manifest['samples'], 'sample')}"


def _status_as_json(status: ReleaseStatus) -> dict[str, Any]:
    manifest, proposal = status.release.manifest, status.proposal
    return {
        "release": status.release.digest,
        "parents": list(status.release.parents),
        "samples": manifest["samples"],
        "labels": manifest["labels"],
        "left_out": manifest["left_out"],
        "branches": list(status.branches),
        "branch": None if status.branch is None else status.branch.name,
        "authors": [] if status.branch is None else list(status.branch.authors),
        "proposal": None if proposal is None else proposal.to_dict(),
        "approved_by": list(status.approved_by),
        "next": status.next_step,
        "why": status.why,
    }


def _hint_next(project: Project, name: str) -> None:
    """Say how far a branch is, and what to do next with it."""
    status = project.releases.show(name)
    hint(" ".join(filter(None, (status.why, _next_command(status, name)))))


def _next_command(status: ReleaseStatus, name: str) -> str:
    """Return the next command for a branch in words; empty if nothing is to be done."""
    by = " --by NAME" if status.next_step in ("propose", "approve", "merge") else ""
    return f"Next: labeling release {status.next_step} {name}{by}" if status.next_step else ""
