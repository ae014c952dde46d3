"""Commands on annotators: their work, its checks, and who is paused."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import AsJson, app, load_project
from labeling.cli.console import busy, emit, err, hint, out
from labeling.errors import DataError, counted

if TYPE_CHECKING:
    from labeling.project import Project
    from labeling.project.vote_checks import AnnotatorWork, VoteToCheck
    from labeling.records.estimates import Estimate

HELP = "Annotators: how each does, checks of their votes, and who is paused."
annotators = typer.Typer(help=HELP, invoke_without_command=True)
app.add_typer(annotators, name="annotators", help=HELP)

Name = Annotated[str, typer.Argument(help="The annotator's name.")]
Reason = Annotated[str, typer.Option(help="The reason; it is stored.")]
By = Annotated[str, typer.Option(help="Who decides this.")]
HOW_TO_FIX = 'The right labels, with semicolons between; or spans, as [[0, 5, "PER"]]; or []'
KEYS = {"a": "accept", "f": "fix", "r": "reject", "s": "skip", "q": "quit"}


@annotators.callback()
def table(context: typer.Context, as_json: AsJson = False) -> None:
    """Show a row for each annotator: votes, skill, evidence, gold, speed, and whether paused."""
    if context.invoked_subcommand is not None:
        return
    from labeling.cli.fitted_table import Column, print_fitted

    project = load_project()
    with busy("judging annotators"):
        rows = project.annotators()
    if as_json:
        emit([_as_json(row) for row in rows], True)
        return
    if not rows:
        emit(None, False, "Nobody has annotated yet.")
        return
    columns = [
        Column("annotator", [row.name for row in rows], least=8),
        Column("votes", [f"{row.votes:,}" for row in rows], right=True),
        Column("skill", [_shown(row.skill) for row in rows]),
        Column("verdict", [row.skill.note if row.skill.n else "-" for row in rows], rank=1),
        Column("e guessing", [_e_value(row.e_guessing) for row in rows], right=True, rank=2),
        Column("e inverting", [_e_value(row.e_inverting) for row in rows], right=True, rank=3),
        Column("on gold", [_shown(row.gold_skill) for row in rows], rank=4),
        Column("hidden gold", [_shown(row.gold) for row in rows], rank=5),
        Column("checked", [_shown(row.checked) for row in rows], rank=6),
        Column("rejected", [f"{row.rejected:,}" for row in rows], right=True, rank=7),
        Column("seconds", [_seconds(row) for row in rows], right=True, rank=8),
        Column("state", ["paused" if row.paused else "active" for row in rows]),
    ]
    print_fitted(columns, out, how_to_see_all="labeling annotators --json shows all.")
    for row in rows:
        if row.paused:
            emit(None, False, f"{row.name} is paused: {row.paused}")
    waiting = len(project.votes_to_check())
    if waiting:
        hint(f"{counted(waiting, 'vote waits', 'votes wait')}. Next: labeling annotators check")


def _shown(estimate: Estimate) -> str:
    """Return an estimate with its interval and its n, short enough for a table."""
    if math.isnan(estimate.value):
        return "-"
    interval = f"{estimate.low:.2f}-{estimate.high:.2f}"
    return f"{estimate.value:.2f} ({interval}, n {estimate.n:,})"


def _e_value(value: float) -> str:
    """Return an e-value in three digits.

    >>> [_e_value(value) for value in (0.00012, 0.053, 21.4, 8e12, math.nan)]
    ['<0.001', '0.053', '21', '>1000', '-']
    """
    if math.isnan(value):
        return "-"
    if value < 0.001:
        return "<0.001"
    if value > 1000:
        return ">1000"
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _seconds(row: AnnotatorWork) -> str:
    return "-" if row.seconds is None else f"{row.seconds:.1f}"


def _as_json(row: AnnotatorWork) -> dict[str, Any]:
    accepted, rejected, open_ = row.lots
    lots = {"accepted": accepted, "rejected": rejected, "open": open_}
    return {**dataclasses.asdict(row), "lots": lots}


@annotators.command()
def pause(name: Name, reason: Reason, by: By = "", as_json: AsJson = False) -> None:
    """Hold back an annotator's votes and ask them nothing, until they are resumed."""
    project = load_project()
    project.pause_annotator(name, reason=reason, by=by)
    name = project.annotator_name(name)
    emit({"paused": name, "reason": reason}, as_json, f"{name} is paused: {reason}")
    hint("Next: labeling review, which asks others for what is held back")


@annotators.command()
def resume(name: Name, reason: Reason, by: By = "", as_json: AsJson = False) -> None:
    """Let a paused annotator's votes count again."""
    project = load_project()
    project.resume_annotator(name, reason=reason, by=by)
    name = project.annotator_name(name)
    emit({"resumed": name, "reason": reason}, as_json, f"{name} is not paused any more.")
    hint("Next: labeling review")


@annotators.command(name="reject")
def reject(
    name: Name,
    lot: Annotated[int, typer.Argument(help="The number of the lot.", min=1)],
    reason: Reason,
    by: By,
    as_json: AsJson = False,
) -> None:
    """Reject all votes of a lot: they are asked again, and the annotator is shown the reason."""
    project = load_project()
    n = project.reject_lot(name, lot, by=by, reason=reason)
    name = project.annotator_name(name)
    sentence = f"{counted(n, 'vote')} of lot {lot} of {name} no longer count."
    emit({"annotator": name, "lot": lot, "votes": n, "reason": reason}, as_json, sentence)
    hint("Next: labeling review")


@annotators.command()
def check(
    by: Annotated[str, typer.Option(help="Your name, as the reviewer.")],
    names: Annotated[
        bool, typer.Option("--names", help="Show who gave each vote; hidden by default.")
    ] = False,
) -> None:
    """Check the votes that were drawn, one after the other, by key: accept, fix, reject."""
    project = load_project()
    drawn = project.votes_to_check()
    votes = [vote for vote in drawn if vote.may_be_checked_by(by)]
    done = 0
    for number, vote in enumerate(votes, 1):
        _show(vote, f"{number} of {len(votes)}", names)
        key = _key()
        if key == "quit":
            break
        done += _decided(project, vote, key, by)
    checked = counted(done, "vote was", "votes were")
    emit(None, False, f"{checked} checked, {len(votes) - done:,} wait.")
    if len(drawn) > len(votes):
        left = counted(len(drawn) - len(votes), "other waits", "others wait")
        who = project.annotator_name(by)
        emit(None, False, f"{left} for somebody who did not annotate their samples, as {who} did.")
    hint("Next: labeling review, which decides lots")


def _show(vote: VoteToCheck, place: str, names: bool) -> None:
    from labeling.cli.escaping import safe
    from labeling.records import label_in_words

    who = f" by {vote.annotator}" if names else ""
    out.print(
        safe(f"\n[{place}] {vote.text}\n  vote{who}: {label_in_words(vote.label, vote.text)}")
    )
    if vote.comment:
        out.print(safe(f"  comment: {vote.comment}"))


def _key() -> str:
    """Return what the reviewer chooses by one key."""
    while True:
        err.print("[dim](a)ccept  (f)ix  (r)eject  (s)kip  (q)uit[/dim]")
        try:
            key = typer.getchar().lower()
        except OSError as error:
            raise DataError(
                "Votes are checked by key, in a terminal; this is none. Where people label in"
                " files, `labeling review` writes files for reviewers instead: check.NAME.csv."
            ) from error
        if key in KEYS:
            return KEYS[key]


def _decided(project: Project, vote: VoteToCheck, key: str, by: str) -> bool:
    """Store what the reviewer chose; return whether anything was."""
    if key == "skip":
        return False
    label, reason = None, ""
    if key == "fix":
        is_single = isinstance(vote.label, str)
        label = _other_label(project, vote) if is_single else typer.prompt(HOW_TO_FIX, err=True)
        if label is None:
            return False
    if key == "reject":
        reason = typer.prompt("Reason, shown to the annotator", err=True)
    project.check_vote(vote, key, by=by, reason=reason, label=label)  # type: ignore[arg-type]  # a key of the table
    return True


def _other_label(project: Project, vote: VoteToCheck) -> str | None:
    """Return the label that the reviewer chooses by its number; `None` if there is none."""
    others = [name for name in project.schema if name != vote.label]
    for number, name in enumerate(others, 1):
        err.print(f"  {number} {name}", markup=False)
    chosen: int = typer.prompt("Number of the right label", type=int, err=True)
    return others[chosen - 1] if 1 <= chosen <= len(others) else None
