"""`labeling demo spans` and `labeling demo sets`: run a demo, and print what was measured."""

from __future__ import annotations

import functools
import os
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from labeling.analysis import Estimate, SetAgreement, SpanAgreement
from labeling.cli.demo_story import command, heading, print_estimates, significance
from labeling.cli.escaping import safe
from labeling.cli.kind_summary import print_any_summary
from labeling.cli.progress import StageDisplay
from labeling.cli.sentences import round_sentence
from labeling.datasets import SpanTrainingSet
from labeling.demo.kind_loop import DemoData, Evaluation, KindDemo
from labeling.errors import MisalignedSpansWarning, MissingExtraError
from labeling.project import Round
from labeling.records import LabelSource, Stratum
from labeling.records.label_texts import label_in_words
from labeling.report import write_report

MOST_TEXT = 120  # of its characters
MOST_CASES = 2  # reviewed samples that are shown


def run_kind_demo(data: DemoData, root: Path, out: Console, err: Console) -> None:
    """Run a demo in a checkout, and print what happens, with measurements."""
    started = time.perf_counter()
    heading(out, f"{data.what.capitalize()} and labeling functions")
    with StageDisplay(err).showing("fetching data, applying labeling functions", None) as advance:
        demo = KindDemo.prepared(root, data, advance)
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
            pool, held_out = _estimates(demo, steps[-1])
            out.print(f"    labels of the pool {pool}; held-out {held_out}")
    heading(out, "Agreement and review")
    _print_people(demo, [step.round for step in steps], out)
    heading(out, "Effect of the human votes")
    _print_change(demo, steps, out)
    heading(out, "The training set")
    _print_training_set(demo, steps[-1].round, out)
    out.print(f"\nDone in {time.perf_counter() - started:.0f} s.")


def _estimates(demo: KindDemo, step: Evaluation) -> tuple[Estimate, Estimate]:
    """Return the F1 of the pool's labels, and of the held-out answers."""
    return demo.f1(step.pool, demo.pool), demo.f1(step.held_out, demo.held_out)


def _print_data(demo: KindDemo, out: Console) -> None:
    pool, held_out, what = demo.pool, demo.held_out, demo.data.what
    out.print(
        f"{len(pool.samples):,} {what} to label (the pool), and {len(held_out.samples):,} held out"
        f" for evaluation.\n{demo.data.provenance}"
    )
    out.print("The labeling functions on the pool; precision on gold labels, with 95 % interval")
    print_any_summary(pool.votes, demo.summary(), out)


def _print_start(demo: KindDemo, start: Evaluation, out: Console) -> None:
    pool, held_out = _estimates(demo, start)
    estimates = {
        f"{demo.data.baseline}, held-out": demo.f1(demo.baseline(), demo.held_out),
        "label model, held-out": demo.f1(start.label_model, demo.held_out),
        "label + end model, held-out": held_out,
        "label + end model, the pool's labels": pool,
    }
    out.print(f"{demo.data.score}, with 95 % interval:")
    print_estimates(estimates, out)


def _print_people(demo: KindDemo, rounds: list[Round], out: Console) -> None:
    strata = {"all annotated": None, "those drawn at random": Stratum.RANDOM.value}
    for name, stratum in strata.items():
        agreement = demo.agreement(rounds, stratum)
        out.print(f"Agreement of first-round votes, {name} ({agreement.n_samples} samples):")
        print_estimates(agreement_rows(agreement), out)
    last = rounds[-1]
    reviewed = [gold for gold in last.gold if gold.source == LabelSource.REVIEW]
    escalated = f"{last.reviews}, of which {len(reviewed)} were decided" if last.reviews else "none"
    out.print(f"Escalated to the reviewer: {escalated}.")
    texts = demo.pool.samples["text"].to_dict()
    for gold in reviewed[:MOST_CASES]:
        text = str(texts[gold.sample_id])
        out.print(safe(f"    {text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + ' ...'}"))
        for vote in gold.trace:
            out.print(safe(f"      {vote.annotator}: {label_in_words(vote.label, text)}"))
    out.print(
        "Audit: on those drawn at random, the models' answers before annotation have an F1"
        f" of\n{demo.audit(rounds)} against the settled labels; this needs no gold labels."
    )


@functools.singledispatch
def agreement_rows(agreement: Any) -> Mapping[str, Estimate]:
    """Return the measures of agreement by name."""
    raise TypeError(f"There is no agreement of type {type(agreement).__name__}.")


@agreement_rows.register
def _(agreement: SpanAgreement) -> Mapping[str, Estimate]:
    return {
        "F1 of two people, same ends": agreement.exact,
        "F1 of two people, overlapping": agreement.relaxed,
        "Krippendorff's alpha on characters": agreement.alpha,
    }


@agreement_rows.register
def _(agreement: SetAgreement) -> Mapping[str, Estimate]:
    return {
        "the same set": agreement.percent,
        "Krippendorff's alpha, Jaccard": agreement.jaccard,
        "Krippendorff's alpha, MASI": agreement.masi,
    }


def _print_change(demo: KindDemo, steps: list[Evaluation], out: Console) -> None:
    first, last = steps[0], steps[-1]
    estimates: dict[str, Estimate] = {}
    for when, step in (("before", first), ("after", last)):
        pool, held_out = _estimates(demo, step)
        label_model = demo.f1(step.label_model, demo.held_out)
        estimates |= {
            f"labels of the pool, {when}": pool,
            f"label model, held-out, {when}": label_model,
            f"label + end model, held-out, {when}": held_out,
        }
    print_estimates(estimates, out)
    of_held_out, of_pool = demo.change(first, last)
    spent = f"{last.round.human_votes:,} human votes and {last.round.reviews} reviews"
    what = f"the held-out {demo.data.what}"
    for name, change in (("the labels of the pool", of_pool), (what, of_held_out)):
        out.print(f"{spent} changed the F1 of {name} by {100 * change.value:+.1f} points:")
        out.print(f"  {significance(change)}")


def _print_training_set(demo: KindDemo, end: Round, out: Console) -> None:
    train = demo.project.export(end, demo.pool.votes)
    out.print(safe(repr(train)))
    for reason, count in train.dropped["reason"].value_counts().items():
        out.print(f"    left out: {count} ({reason})")
    folder, name = demo.project.folder, demo.data.name
    out.print(f"\nIn {os.path.relpath(folder)}/:")
    out.print("  training_set.parquet, .jsonl and .csv with manifests")
    for line in _further(train, folder):
        out.print(safe(f"  {line}"))
    page = write_report(demo.project).name
    out.print(f"  {page}: the report on one page, to open in a browser")
    out.print(
        f"\nTry next: change a labeling function in lfs/{name}.py and run the demo again; open"
        f" notebooks/{demo.data.notebook};\nor see more details:"
        f" {command()} -c {demo.data.config.as_posix()} summary"
    )


@functools.singledispatch
def _further(train: Any, folder: Path) -> list[str]:
    """Write a training set in the formats of its kind, and return a line on each."""
    return []


@_further.register
def _(train: SpanTrainingSet, folder: Path) -> list[str]:
    writers: dict[str, Callable[[Path], object]] = {
        "training_set.conll: a word and its tag per line": train.to_conll,
        "training_set.spacy: for `spacy train`": train.to_docbin,
    }
    lines = []
    for line, write in writers.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", MisalignedSpansWarning)
            try:
                write(folder / line.partition(":")[0])
            except MissingExtraError:
                continue
        lines += [line, *(f"  {warning.message}" for warning in caught)]
    return lines
