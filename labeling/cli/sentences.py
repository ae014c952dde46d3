"""Where the loop stands, in words and on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table

from labeling.cli.annotators import print_people
from labeling.cli.escaping import safe
from labeling.errors import counted

if TYPE_CHECKING:
    from labeling.project import Round
    from labeling.project.results import DryRun
    from labeling.project.status import Status
    from labeling.project.watching import Pass
    from labeling.records import Verdict

MEANING = {
    "not_chosen": "nobody was asked about them",
    "chosen": "in a batch that is not pushed yet",
    "asked": "with annotators, no answer yet",
    "collecting": "some votes, more are needed",
    "escalated": "in conflict, a reviewer decides",
    "settled": "enough annotators agree",
    "reviewed": "a reviewer has decided",
    "unresolved": "the reviewer could not decide",
    "withdrawn": "left the data, or have another text",
}
WIDTH, NARROW = 24, 16  # of a bar, in characters
BESIDE = 64  # characters of a line that the bar leaves to the words
MOST_PLACES = 20  # files or links that a verb names
PROBLEMS = 2  # that are shown beside where the samples stand; a pull shows all


def round_line(now: Round) -> str:
    """Return a sentence on where the loop stands after a round."""
    if now.batch is None:
        return "Round 0: labeling functions alone."
    verdict = now.verdict
    return (
        f"Round {now.number}: {counted(len(now.batch), 'sample')} asked,"
        f" {counted(now.human_votes, 'human vote')} and {counted(now.reviews, 'review')} so far:"
        f" {counted(len(verdict.gold), 'gold label')},"
        f" {len(verdict.pending)} pending, {len(verdict.escalations)} waiting for a reviewer,"
        f" {len(verdict.unresolved)} unresolved."
    )


def pass_line(found: Pass) -> str:
    """Return a sentence or more on what a pass of a watched loop brought."""
    if found.fault:
        return (
            f"Not reached, {counted(found.faults, 'time')} so far; it is tried again. {found.fault}"
        )
    said = [f"{counted(found.news, 'new annotation')}{_uncounted(found)}."]
    if found.rounds:
        said.append(round_line(found.rounds[-1]))
    elif found.verdict is not None:
        said.append(f"{verdict_words(found.verdict)}.")
    if found.train is not None:
        said.append(f"Training set: {counted(len(found.train), 'sample')}.")
    if found.awaited:
        said.append(f"People are awaited on {counted(found.awaited, 'sample')}.")
    if found.is_last:
        said.append("The loop is done: nothing more is asked.")
    return " ".join(said)


def _uncounted(found: Pass) -> str:
    return f", {len(found.problems)} cannot be counted" if found.problems else ""


def verdict_words(verdict: Verdict) -> str:
    """Return what annotations come to, in words and without a full stop."""
    return (
        f"{counted(len(verdict.gold), 'sample is', 'samples are')} settled,"
        f" {counted(len(verdict.pending), 'needs', 'need')} more votes,"
        f" {counted(len(verdict.escalations), 'waits', 'wait')} for a reviewer,"
        f" {counted(len(verdict.unresolved), 'is', 'are')} unresolved"
    )


def foreseen_lines(found: DryRun, where: str, folder: str) -> list[str]:
    """Return what a run or a review would do, a sentence each.

    Args:
        found: what is foreseen.
        where: where people label.
        folder: where a run would export to.
    """
    decided = [f"It would come to this: {verdict_words(found.verdict)}.", _asked_more(found)]
    if found.pulled is None:
        return [f"People label at {where}.", *decided]
    said = ["The labeling functions would be applied."] if found.applies else []
    news, known = counted(len(found.pulled.news), "new annotation"), found.pulled.already_stored
    return [
        *said,
        f"{news} would be fetched from {where}; {counted(known, 'is', 'are')} known.",
        *decided,
        _next_batch(found),
        f"The training set would be written to {folder}.",
    ]


def _asked_more(found: DryRun) -> str:
    if not found.ask_again and not found.escalate:
        return "Nobody would be asked for more."
    return (
        f"Annotators would be asked for more votes on {counted(found.ask_again, 'sample')}, and a"
        f" reviewer to decide on {found.escalate:,}."
    )


def _next_batch(found: DryRun) -> str:
    if found.pushes:
        return f"What is left of batch {found.pushes} would be pushed."
    if found.chooses:
        return f"A batch of {counted(found.chooses, 'sample')} would be chosen and pushed."
    if found.awaited:
        return (
            f"No batch would be chosen: people are awaited on {counted(found.awaited, 'sample')}."
        )
    return "No batch would be chosen: nothing is left to ask."


def show_status(status: Status, out: Console) -> None:
    """Print where every sample of a project stands, on one screen."""
    out.print(f"[bold]{safe(status.project)}[/bold]")
    links = _links(status)
    for sentence in links:
        out.print(safe(sentence))
    if status.samples is None:
        out.print("Nothing is remembered yet.")
        return
    states = _states(status, out)
    sentences = (_people(status), *agreement_lines(status), *status.notes)
    uncounted, rest = _uncounted_lines(status), _rest(status)
    out.print(_samples(status))
    out.print(states)
    for sentence in sentences:
        out.print(safe(sentence))
    around: list[RenderableType] = [*links, _samples(status), states, *sentences, rest]
    around += [""] * (len(uncounted) + 1)  # each of these is one line, as is the title
    print_people(status.people, out, around)
    for sentence in uncounted:
        out.print(safe(sentence), no_wrap=True, overflow="ellipsis", soft_wrap=False)
    out.print(safe(rest))


def _links(status: Status) -> list[str]:
    """Return where people label and where the report is, a line each."""
    told = {"annotators": "Annotators label at", "reviewers": "Reviewers decide at"}
    lines = [f"People label {status.people_label}"] if status.people_label else []
    lines += [
        f"{what} {status.links[who]}"
        for who, what in told.items()
        if who in status.links and status.links[who] not in status.people_label
    ]
    if "report" in status.links:
        lines.append(f"Report: {status.links['report']}")
    return lines


def _samples(status: Status) -> str:
    total = status.samples or 0
    covered = status.covered or 0
    share = covered / total if total else 0.0
    parts = [
        f"{counted(total, 'sample')}, {covered:,} of them ({share:.0%}) covered by"
        f" {counted(status.labeling_functions or 0, 'labeling function')}"
    ]
    if status.dev:
        parts.append(f"{status.dev:,} with a gold label, which teaches and measures")
    if status.left_out:
        more = counted(status.left_out, "more is", "more are")
        parts.append(f"{more} left out, since the text is missing")
    if status.locked:
        times = {0: "never looked at", 1: "looked at once"}
        looks = times.get(status.looks, f"looked at {counted(status.looks, 'time')}")
        parts.append(f"{status.locked:,} more in the locked test split, {looks}")
    return "; ".join(parts) + "."


def _states(status: Status, out: Console) -> Table:
    counts = {"not_chosen": status.not_chosen or 0, **status.states}
    total = max(sum(counts.values()), 1)
    widths = (bar for bar in (WIDTH, NARROW) if out.width >= bar + BESIDE)
    width = next(widths, 0)  # on a narrow screen the words need all the room
    full, empty = "█·" if out.encoding.startswith("utf") else "#."
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("samples", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    if width:
        table.add_column("", no_wrap=True)
    table.add_column("which means", overflow="fold")
    for state, count in counts.items():
        filled = -(-count * width // total) if count else 0
        bar = [full * filled + empty * (width - filled)] if width else []
        table.add_row(f"{count:,}", state.replace("_", " "), *bar, MEANING[state])
    return table


def _people(status: Status) -> str:
    if not status.batches:
        return "Nobody was asked yet."
    state = {"chosen": "not pushed yet", "pushing": "half pushed"}.get(
        status.batch_state or "", "pushed"
    )
    undelivered = f" Questions not delivered yet: {status.to_send:,}." if status.to_send else ""
    return (
        f"Batches: {status.batches}, the last one {state}. Annotations: {status.annotations:,}, by"
        f" people: {status.annotators:,}, of them reviews: {status.reviews:,}.{undelivered}"
    )


def where_lines(where: Sequence[str]) -> list[str]:
    """Return where people find what they were asked, a line each; of many files the first few."""
    lines = [f"  {place}" for place in where[:MOST_PLACES]]
    if len(where) > MOST_PLACES:
        lines.append(f"  and {len(where) - MOST_PLACES} more: --json lists all")
    return ["People find the questions here:", *lines] if lines else []


def agreement_lines(status: Status) -> list[str]:
    """Return how samples were settled: 2 : 1 is not as sure as 2 : 0."""
    found = status.agreement
    told = {
        "unanimous": "by equal votes",
        "majority": "by most votes, against others",
        "review": "by a reviewer",
        "uncounted": "by votes that the next review counts",
    }
    parts = [f"{found[name]:,} {how}" for name, how in told.items() if found.get(name)]
    return [f"Settled: {', '.join(parts)}."] if parts else []


def _uncounted_lines(status: Status) -> list[str]:
    said = [f"Not counted: {one.where}: {one.what}" for one in status.problems[:PROBLEMS]]
    if said:
        others = len(status.problems) - len(said)
        more = f"... and {counted(others, 'more problem')}. " if others else ""
        said.append(f"{more}All that is not counted, and why: labeling pull")
    return said


def _rest(status: Status) -> str:
    said = []
    if status.training_set:
        said.append(f"Training set: {counted(status.training_set['samples'], 'sample')}.")
    run = status.last_run
    if run:
        when = (run["ended_at"] or run["started_at"])[:16].replace("T", " ")
        said.append(f"Last run: {run['verb']}, {run['state']}, {when} UTC.")
    return " ".join(said)
