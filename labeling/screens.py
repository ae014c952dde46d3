"""What the command line shows: tables, progress, and the story that the demo tells."""

from __future__ import annotations

import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from labeling.analysis import Estimate
from labeling.demo.loop import Demo, Measured
from labeling.demo.tweets import ANNOTATORS, REVIEWERS
from labeling.project import Round
from labeling.terminal import safe

NEVER_WRAPPED = ("accuracy", "stratum")
SHARES = ("coverage", "overlaps", "conflicts", "propensity")


def table_of(frame: pd.DataFrame, index: str, title: str | None = None) -> Table:
    """Return a frame as a table to print; texts are escaped, missing numbers are a dash."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column(index, no_wrap=True)
    for name in frame.columns:
        number = pd.api.types.is_numeric_dtype(frame[name].dtype)
        table.add_column(
            str(name).replace("_", " "),
            justify="right" if number else "left",
            no_wrap=number or str(name) in NEVER_WRAPPED,
            overflow="fold",
        )
    for own, row in zip(frame.index, frame.itertuples(index=False, name=None), strict=True):
        cells = [_cell(name, value) for name, value in zip(frame.columns, row, strict=True)]
        table.add_row(safe(own), *cells)
    return table


def with_intervals(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the table of labeling functions with each accuracy, interval and n in one cell."""
    counts = summary["correct"] + summary["incorrect"]
    spans = zip(
        *(summary["accuracy"], summary["accuracy_low"], summary["accuracy_high"], counts),
        strict=True,
    )
    shown = summary[["polarity", "coverage", "overlaps", "conflicts"]].copy()
    shown["accuracy"] = [
        f"{value:4.0%} [{100 * low:.0f}-{100 * high:.0f}]" if n else "-"
        for value, low, high, n in spans
    ]
    shown["n"] = counts
    return shown


def _cell(name: str, value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        if math.isnan(value):
            return "-"
        return f"{value:.1%}" if name in SHARES else f"{value:.3f}"
    return safe(value)


def as_records(frame: pd.DataFrame, index: str) -> list[dict[str, Any]]:
    """Return a frame as JSON knows it, one object a row; missing numbers are null."""
    rows = frame.rename_axis(index.replace(" ", "_")).reset_index().astype(object)
    rows = rows.where(rows.notna(), None)
    return [
        {
            str(name): value.item() if hasattr(value, "item") else value
            for name, value in row.items()
        }
        for row in rows.to_dict("records")
    ]


@contextmanager
def progress_over(total: int, what: str, console: Console) -> Iterator[Callable[[int], object]]:
    """Show a bar with samples a second and the time left, on a terminal only."""
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(TextColumn("{task.fields[rate]}"), TimeRemainingColumn()),
    )
    started = time.perf_counter()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=total, rate="")

        def advance(done: int) -> None:
            done += int(bar.tasks[0].completed)
            rate = done / max(time.perf_counter() - started, 1e-9)
            bar.update(task, completed=done, rate=f"{rate:,.0f} rows/s")

        yield advance


def round_line(now: Round) -> str:
    """Return a sentence on where the loop stands after a round."""
    if now.batch is None:
        return "Round 0: labeling functions alone."
    verdict = now.verdict
    return (
        f"Round {now.number}: {len(now.batch)} samples asked, {now.human_votes} human votes and"
        f" {now.reviews} reviews so far: {len(verdict.gold)} gold labels,"
        f" {len(verdict.pending)} pending, {len(verdict.escalations)} waiting for a reviewer,"
        f" {len(verdict.unresolved)} unresolved."
    )


def show_demo(root: Path, out: Console, err: Console) -> None:
    """Run the demo of a checkout and tell what happens, with numbers."""
    started = time.perf_counter()
    _head(out, "Tweets and labeling functions")
    with progress_over(4_200, "fetching tweets, applying labeling functions", err) as advance:
        demo = Demo.prepared(root, advance)
    _show_start(demo, out)
    _head(out, "Before anybody is asked")
    steps: list[Measured] = []
    for now in demo.project.rounds(demo.pool.votes):
        steps.append(demo.measured(now))
        if len(steps) == 1:
            _show_before(demo, steps[0], out)
            _head(out, "People are asked")
        else:
            out.print(safe(round_line(now)))
            out.print(f"    labels of the pool {steps[-1].pool}; held-out {steps[-1].final}")
    _head(out, "What people said")
    _show_people(demo, [step.round for step in steps], out)
    _head(out, "What it bought")
    _show_change(demo, steps, out)
    _head(out, "The training set")
    train = demo.project.export(steps[-1].round, demo.pool.votes)
    out.print(safe(repr(train)))
    for reason, count in train.dropped["reason"].value_counts().items():
        out.print(f"    left out: {count} ({reason})")
    _show_files(demo, steps, out)
    out.print(f"\nDone in {time.perf_counter() - started:.0f} s.")


def _head(out: Console, text: str) -> None:
    out.print(f"\n[bold]{text}[/bold]")


def _show_start(demo: Demo, out: Console) -> None:
    pool, there = demo.pool, demo.held_out
    out.print(
        f"{len(pool.samples)} tweets to label (the pool), {len(there.samples)} held out to measure"
        f" on. Each was rated by\n20 people or more: {ANNOTATORS} ratings may play annotators,"
        f" {REVIEWERS} play the reviewer, and the plurality\nof the rest is the gold label: tied on"
        f" {pool.tied} and {there.tied} tweets, which are left out of the measuring."
    )
    title = (
        f"On the pool, n = {len(pool.samples)}; accuracy with 95 % interval where gold labels are"
    )
    out.print(table_of(with_intervals(demo.summary()), "labeling function", title))


def _show_before(demo: Demo, start: Measured, out: Console) -> None:
    lines = {
        "majority vote, held-out, covered": demo.majority(),
        "label model, held-out, covered": start.label_model,
        "label + end model, held-out, all": start.final,
        "label + end model, the pool's labels": start.pool,
    }
    _show_estimates(lines, out)


def _show_estimates(lines: dict[str, Estimate], out: Console) -> None:
    width = max(map(len, lines))
    for name, estimate in lines.items():
        out.print(f"  {name:{width}}  {estimate}")


def _show_people(demo: Demo, rounds: list[Round], out: Console) -> None:
    for name, stratum in (("all tweets asked about", None), ("the random half of them", "random")):
        found = demo.agreement(rounds, stratum)
        out.print(f"Agreement of the first two asked, on {name} ({found.n_votes} votes):")
        _show_estimates(
            {"percent agreement": found.percent, "Krippendorff's alpha": found.alpha}, out
        )
    last = rounds[-1]
    decided = sum(one.source == "review" for one in last.gold)
    out.print(
        f"Escalated to the reviewer: {last.reviews}, of which {decided} were decided and"
        f" {len(last.verdict.unresolved)} left unresolved (the reviewer's ratings are tied)."
    )
    texts = demo.pool.samples["text"].to_dict()
    for one in [one for one in last.gold if one.source == "review"][:3]:
        text = texts[one.sample_id]
        said = ", ".join(str(said.label) for said in one.trace if not said.reviewer)
        out.print(safe(f"    {said} -> {one.label}: {str(text)[:90]}"))
    out.print(
        "The audit: on the random half, people's labels are what the model had said before they"
        f" were asked\nin {demo.audit(rounds)}; a team without gold labels could know that much."
    )


def _show_change(demo: Demo, steps: list[Measured], out: Console) -> None:
    first, last = steps[0], steps[-1]
    _show_estimates(
        {
            "labels of the pool, before": first.pool,
            "labels of the pool, after": last.pool,
            "label model, held-out, covered, before": first.label_model,
            "label model, held-out, covered, after": last.label_model,
            "label + end model, held-out, all, before": first.final,
            "label + end model, held-out, all, after": last.final,
        },
        out,
    )
    held_out, pool = demo.change(first, last)
    spent = f"{last.round.human_votes} human votes and {last.round.reviews} reviews"
    for name, change in (("the labels of the pool", pool), ("the held-out tweets", held_out)):
        out.print(f"{spent} changed {name} by {100 * change.value:+.1f} points:")
        out.print(f"  {_verdict(change)}")


def _verdict(change: Estimate) -> str:
    span = f"95 % interval {100 * change.low:+.1f} to {100 * change.high:+.1f}, n = {change.n}"
    if change.low > 0:
        return f"they helped ({span})."
    if change.high < 0:
        return f"they did harm ({span})."
    return f"no effect can be told from chance ({span})."


def _command() -> str:
    """Return how the user can call this command line from here."""
    own = Path(sys.executable).with_name("labeling")
    return "labeling" if shutil.which("labeling") or not own.exists() else os.path.relpath(own)


def _show_files(demo: Demo, steps: list[Measured], out: Console) -> None:
    folder = os.path.relpath(demo.project.folder)
    names = [path.name for path in demo.pictures(steps)]
    out.print(f"\nIn {folder}/: training_set.parquet, .jsonl and .csv with manifests;")
    out.print(f"pictures {', '.join(names)}.")
    out.print(
        "\nTry next: change a rule in lfs/tweets.py and run it again; open"
        " notebooks/01_write_labeling_functions.ipynb;\nor look closer:"
        f" {_command()} -c configs/tweets.yaml summary"
    )
