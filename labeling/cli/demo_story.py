"""`labeling demo`: runs the demo and prints its measurements step by step."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from labeling.analysis import Estimate
from labeling.cli.escaping import safe
from labeling.cli.progress import StageDisplay
from labeling.cli.sentences import round_sentence
from labeling.cli.summary_table import print_summary
from labeling.demo.loop import Demo, Evaluation
from labeling.demo.tweets import ANNOTATORS, REVIEWERS
from labeling.project import Round
from labeling.records import LabelSource, Stratum
from labeling.report import write_report


def run_demo(root: Path, out: Console, err: Console) -> None:
    """Run the demo in a checkout, and print what happens, with measurements."""
    started = time.perf_counter()
    heading(out, "Tweets and labeling functions")
    activity = "fetching tweets, applying labeling functions"
    with StageDisplay(err).showing(activity, 4_200) as advance:
        demo = Demo.prepared(root, advance)
    _print_data(demo, out)
    heading(out, "Before annotation")
    steps: list[Evaluation] = []
    for current in demo.project.rounds(demo.pool.votes):
        steps.append(demo.evaluate(current))
        if len(steps) == 1:
            _print_start(demo, steps[0], out)
            heading(out, "Annotation")
        else:
            out.print(safe(round_sentence(current)))
            out.print(f"    labels of the pool {steps[-1].pool}; held-out {steps[-1].final}")
    heading(out, "Agreement and review")
    _print_annotators(demo, [step.round for step in steps], out)
    heading(out, "Effect of the human votes")
    _print_change(demo, steps, out)
    heading(out, "The training set")
    train = demo.project.export(steps[-1].round, demo.pool.votes)
    out.print(safe(repr(train)))
    for reason, count in train.dropped["reason"].value_counts().items():
        out.print(f"    left out: {count} ({reason})")
    _print_files(demo, steps, out)
    out.print(f"\nDone in {time.perf_counter() - started:.0f} s.")


def heading(out: Console, text: str) -> None:
    """Print the heading of a section."""
    out.print(f"\n[bold]{text}[/bold]")


def _print_data(demo: Demo, out: Console) -> None:
    pool, held_out = demo.pool, demo.held_out
    out.print(
        f"{len(pool.samples)} tweets to label (the pool), and {len(held_out.samples)} held out for"
        f" evaluation. Each has 20 ratings or more:\n{ANNOTATORS} are used as annotators,"
        f" {REVIEWERS} as the reviewer, and the plurality of the rest is the gold label:\ntied on"
        f" {pool.tied} and {held_out.tied} tweets, which are left out of the evaluation."
    )
    out.print(f"On the pool, n = {len(pool.samples)}; accuracy on gold labels, with 95 % interval")
    print_summary(demo.summary(), pool.votes, out)


def _print_start(demo: Demo, start: Evaluation, out: Console) -> None:
    estimates = {
        "majority vote, held-out, covered": demo.majority(),
        "label model, held-out, covered": start.label_model,
        "label + end model, held-out, all": start.final,
        "label + end model, the pool's labels": start.pool,
    }
    print_estimates(estimates, out)


def print_estimates(estimates: Mapping[str, Estimate], out: Console) -> None:
    """Print estimates, each beside its name."""
    width = max(map(len, estimates))
    for name, estimate in estimates.items():
        out.print(f"  {name:{width}}  {estimate}")


def _print_annotators(demo: Demo, rounds: list[Round], out: Console) -> None:
    for name, stratum in (
        ("all annotated tweets", None),
        ("those drawn at random", Stratum.RANDOM.value),
    ):
        agreement = demo.agreement(rounds, stratum)
        out.print(f"Agreement of first-round votes on {name} ({agreement.n_votes} votes):")
        estimates = {
            "percent agreement": agreement.percent,
            "Krippendorff's alpha": agreement.alpha,
        }
        print_estimates(estimates, out)
    last = rounds[-1]
    reviewed = [gold for gold in last.gold if gold.source == LabelSource.REVIEW]
    out.print(
        f"Escalated to the reviewer: {last.reviews}, of which {len(reviewed)} were decided and"
        f" {len(last.verdict.unresolved)} left unresolved (the reviewer's ratings are tied)."
    )
    texts = demo.pool.samples["text"].to_dict()
    for gold in reviewed[:3]:
        votes = ", ".join(str(vote.label) for vote in gold.trace if not vote.reviewer)
        out.print(safe(f"    {votes} -> {gold.label}: {str(texts[gold.sample_id])[:90]}"))
    out.print(
        "Audit: on those drawn at random, the model's predictions before annotation equal the"
        f" settled labels\nin {demo.audit(rounds)}; this estimate needs no gold labels."
    )


def _print_change(demo: Demo, steps: list[Evaluation], out: Console) -> None:
    first, last = steps[0], steps[-1]
    estimates = {
        "labels of the pool, before": first.pool,
        "labels of the pool, after": last.pool,
        "label model, held-out, covered, before": first.label_model,
        "label model, held-out, covered, after": last.label_model,
        "label + end model, held-out, all, before": first.final,
        "label + end model, held-out, all, after": last.final,
    }
    print_estimates(estimates, out)
    held_out, pool = demo.change(first, last)
    spent = f"{last.round.human_votes} human votes and {last.round.reviews} reviews"
    for name, change in (("the labels of the pool", pool), ("the held-out tweets", held_out)):
        out.print(f"{spent} changed {name} by {100 * change.value:+.1f} points:")
        out.print(f"  {significance(change)}")


def significance(change: Estimate) -> str:
    """Return whether a change is significant, in words."""
    interval = f"95 % interval {100 * change.low:+.1f} to {100 * change.high:+.1f}, n = {change.n}"
    if change.low > 0:
        return f"a significant improvement ({interval})."
    if change.high < 0:
        return f"a significant loss ({interval})."
    return f"not significant ({interval})."


def command() -> str:
    """Return how the user can call this command line from here."""
    script = Path(sys.executable).with_name("labeling")
    is_on_path = shutil.which("labeling") or not script.exists()
    return "labeling" if is_on_path else os.path.relpath(script)


def _print_files(demo: Demo, steps: list[Evaluation], out: Console) -> None:
    folder = os.path.relpath(demo.project.folder)
    names = [path.name for path in demo.pictures(steps)]
    out.print(f"\nIn {folder}/: training_set.parquet, .jsonl and .csv with manifests;")
    out.print(f"charts {', '.join(names)};")
    out.print(f"{write_report(demo.project).name}: the report on one page, to open in a browser.")
    out.print(
        "\nTry next: change a labeling function in lfs/tweets.py and run the demo again; open"
        " notebooks/01_write_labeling_functions.ipynb;\nor see more details:"
        f" {command()} -c configs/tweets.yaml summary"
    )
