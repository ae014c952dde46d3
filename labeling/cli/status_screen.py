"""`labeling status`: the state of a project on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table

from labeling.cli.annotator_table import print_annotators
from labeling.cli.escaping import safe
from labeling.cli.sentences import agreement_lines, quality_lines, warning_lines
from labeling.errors import counted

if TYPE_CHECKING:
    from labeling.project.status import Status

DESCRIPTIONS = {
    "not_chosen": "not chosen for annotation",
    "chosen": "in a batch that is not pushed yet",
    "asked": "sent to annotators, no annotation yet",
    "collecting": "more votes are needed",
    "escalated": "waiting for a reviewer",
    "settled": "enough annotators agree",
    "reviewed": "decided by a reviewer",
    "unresolved": "the reviewer could not decide",
    "withdrawn": "removed from the data, or text changed",
}
WIDTHS = (24, 16)  # of a bar, in characters: the widest that fits is used
REST = 64  # characters of a row beside the bar
MOST_PROBLEMS = 2  # that are listed; a pull lists all


def print_status(status: Status, out: Console) -> None:
    """Print the state of a project, on one screen of a terminal."""
    out.print(f"[bold]{safe(status.project)}[/bold]")
    links = _links(status)
    for sentence in links:
        out.print(safe(sentence))
    if status.samples is None:
        out.print("Nothing was stored yet.")
        return
    states = _states_table(status, out)
    sentences = (
        _annotations(status),
        *agreement_lines(status),
        *([f"Waiting for a reviewer: {status.escalated}."] if status.escalated else []),
        *status.notes,
        *warning_lines(status),
        *filter(None, [status.lacking_gold]),
        *quality_lines(status),
    )
    problems, last = _problems(status), _last_results(status)
    out.print(_samples(status))
    out.print(states)
    for sentence in sentences:
        out.print(safe(sentence))
    others: list[RenderableType] = [*links, _samples(status), states, *sentences, last]
    others += [""] * (len(problems) + 1)  # problems and the title take a line each
    print_annotators(status.people, out, others)
    for sentence in problems:
        out.print(safe(sentence), no_wrap=True, overflow="ellipsis", soft_wrap=False)
    out.print(safe(last))


def _links(status: Status) -> list[str]:
    """Return where people label and where the report is, one location a line."""
    captions = {"annotators": "Annotators label at", "reviewers": "Reviewers decide at"}
    lines = [f"People label {status.people_label}"] if status.people_label else []
    lines += [
        f"{caption} {status.links[role]}"
        for role, caption in captions.items()
        if role in status.links and status.links[role] not in status.people_label
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
        parts.append(f"{status.dev:,} with a gold label, for training and evaluation")
    if status.left_out:
        more = counted(status.left_out, "more is", "more are")
        parts.append(f"{more} left out, since the text is missing")
    if status.locked:
        names = {0: "never evaluated", 1: "evaluated once"}
        times = names.get(status.looks, f"evaluated {counted(status.looks, 'time')}")
        parts.append(f"{status.locked:,} more in the locked test split, {times}")
    return "; ".join(parts) + "."


def _states_table(status: Status, out: Console) -> Table:
    counts = {"not_chosen": status.not_chosen or 0, **status.states}
    total = max(sum(counts.values()), 1)
    # On a narrow screen there is no bar: the words need the room.
    width = next((width for width in WIDTHS if out.width >= width + REST), 0)
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
        table.add_row(f"{count:,}", state.replace("_", " "), *bar, DESCRIPTIONS[state])
    return table


def _annotations(status: Status) -> str:
    if not status.batches:
        return "No batch was chosen yet."
    names = {"chosen": "not pushed yet", "pushing": "partly pushed"}
    state = names.get(status.batch_state or "", "pushed")
    undelivered = f" Questions not delivered yet: {status.to_send:,}." if status.to_send else ""
    return (
        f"Batches: {status.batches}, the last one {state}. Annotations: {status.annotations:,}, by"
        f" people: {status.annotators:,}, of them reviews: {status.reviews:,}.{undelivered}"
    )


def _problems(status: Status) -> list[str]:
    lines = [
        f"Not counted: {problem.where}: {problem.what}"
        for problem in status.problems[:MOST_PROBLEMS]
    ]
    if lines:
        others = len(status.problems) - len(lines)
        more = f"... and {counted(others, 'more problem')}. " if others else ""
        lines.append(f"{more}For all problems and their causes: labeling pull")
    return lines


def _last_results(status: Status) -> str:
    sentences = []
    if status.training_set:
        sentences.append(f"Training set: {counted(status.training_set['samples'], 'sample')}.")
    run = status.last_run
    if run:
        when = (run["ended_at"] or run["started_at"])[:16].replace("T", " ")
        sentences.append(f"Last run: {run['verb']}, {run['state']}, {when} UTC.")
    return " ".join(sentences)
