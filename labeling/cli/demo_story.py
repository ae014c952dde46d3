"""The story that the demo tells."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

from rich.console import Console

from labeling.analysis import Estimate
from labeling.cli.escaping import safe
from labeling.cli.progress import StageDisplay
from labeling.cli.sentences import round_line
from labeling.cli.summary_table import print_summary
from labeling.demo.loop import Demo, Measured
from labeling.demo.tweets import ANNOTATORS, REVIEWERS
from labeling.project import Round
from labeling.report import write_report


def show_demo(root: Path, out: Console, err: Console) -> None:
    """Run the demo of a checkout and tell what happens, with numbers."""
    started = time.perf_counter()
    _head(out, "Tweets and labeling functions")
    what = "fetching tweets, applying labeling functions"
    with StageDisplay(err).showing(what, 4_200) as advance:
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
    out.print(title)
    print_summary(demo.summary(), pool.votes, out)


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
    out.print(f"pictures {', '.join(names)};")
    out.print(f"{write_report(demo.project).name}: all of it on one page, to open in a browser.")
    out.print(
        "\nTry next: change a rule in lfs/tweets.py and run it again; open"
        " notebooks/01_write_labeling_functions.ipynb;\nor look closer:"
        f" {_command()} -c configs/tweets.yaml summary"
    )
