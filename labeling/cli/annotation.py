"""The verbs that work with people: query, push, pull, review, run."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import (
    AsJson,
    DryRun,
    app,
    busy,
    err,
    out,
    project,
    say,
    tell_of_export,
    then,
    votes_of,
)
from labeling.cli.watching import Every, watch
from labeling.errors import LabelingError, counted

if TYPE_CHECKING:
    from labeling.project import Project
    from labeling.project.results import Pulled
    from labeling.records import AnnotationPlatform, Verdict

NO_BATCH = "No batch waits to be pushed."


def _strategy(value: str | None) -> str | None:
    from labeling.query import check_request

    if value is not None:
        try:
            check_request(1, value)
        except LabelingError as error:
            raise typer.BadParameter(str(error)) from None
    return value


@app.command()
def query(
    n: Annotated[
        int | None, typer.Option("-n", "--n", min=1, help="How many samples; else query.n.")
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            callback=_strategy,
            help="mixture, random, margin, entropy, lf_conflict or uncovered; else query.strategy.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose the samples that are most worth a human's time."""
    from labeling.cli.batch_table import batch_sentences, print_batch
    from labeling.cli.json_tables import as_records

    its = project()
    votes = votes_of(its)
    with busy("learning, and choosing"):
        chosen = its.choose(votes, n=n, strategy=strategy)
    if as_json:
        for sentence in batch_sentences(chosen):
            then(sentence)
        say(as_records(chosen.table, "sample"), True)
    else:
        print_batch(chosen, out)
    if not len(chosen.batch):
        then("No sample is left to ask about. Next: labeling export")
        return
    then(f"Written: {its.folder / 'batch.parquet'}. Next: labeling push")


@app.command()
def push(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Ask people about the batch that was chosen; nobody is asked twice."""
    from labeling.cli.sentences import where_lines

    its = project()
    if dry_run:
        _would_push(its, as_json)
        return
    platform = its.platform()
    with busy("asking people", its.to_push() or None) as advance:
        if hasattr(platform, "progress"):
            platform.progress = advance
        pushed = its.push(platform)
    if pushed.batch:
        sentence = f"Batch {pushed.batch}: {counted(pushed.samples, 'sample is', 'samples are')} with the annotators."
        next_step = "labeling pull when they have labeled"
    else:
        sentence, next_step = NO_BATCH, "labeling query"
    about = {"batch": pushed.batch, "samples": pushed.samples, "where": pushed.where}
    say(about, as_json, sentence, *where_lines(pushed.where))
    then(f"Next: {next_step}")


def _would_push(its: Project, as_json: bool) -> None:
    platform = its.platform()
    with busy("looking"):
        found = its.push(platform, dry_run=True)
    sentence = NO_BATCH
    if found.batch:
        sentence = (
            f"Batch {found.batch}: annotators would be asked about"
            f" {counted(found.samples, 'sample')} at {platform!r};"
            f" {counted(found.sent, 'other was', 'others were')} sent before."
        )
    if found.begun:
        sentence += f" {found.begun} may have arrived, and would be looked for first."
    say({**dataclasses.asdict(found), "where": repr(platform), "dry_run": True}, as_json, sentence)
    _nothing_was_changed(platform)


def _nothing_was_changed(platform: AnnotationPlatform) -> None:
    then(f"Nothing was changed: neither what is remembered, nor a file, nor {platform!r}.")


@app.command()
def pull(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Fetch what people said since; what cannot be counted is shown."""
    its = project()
    if dry_run:
        platform = its.platform()
        with busy("looking"):
            found = its.pull(platform, dry_run=True)
        news = counted(len(found.news), "annotation")
        sentence = f"{news} would be new; {counted(found.already_stored, 'is', 'are')} known."
        say({**_pulled(found), "dry_run": True}, as_json, sentence, *_uncounted(found))
        _nothing_was_changed(platform)
        return
    with busy("fetching annotations"):
        pulled = its.pull()
    news = counted(len(pulled.news), "new annotation")
    sentence = f"{news}; {counted(pulled.already_stored, 'was', 'were')} known."
    say(_pulled(pulled), as_json, sentence, *_uncounted(pulled))
    then("Next: labeling review")


def _pulled(pulled: Pulled) -> dict[str, Any]:
    problems = [{"where": one.where, "what": one.what} for one in pulled.problems]
    return {"new": len(pulled.news), "known": pulled.already_stored, "problems": problems}


def _uncounted(pulled: Pulled) -> list[str]:
    return [f"Not counted: {one.where}: {one.what}" for one in pulled.problems]


@app.command()
def review(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Settle what annotators agree on, ask again where votes are short, escalate conflicts."""
    from labeling.cli.sentences import agreement_lines, verdict_words, where_lines

    its = project()
    if dry_run:
        _foresee(its, as_json, pulls=False)
        return
    with busy("deciding"):
        reviewed = its.settle()
    status, verdict = its.status(), reviewed.verdict
    counts = _counts(verdict, status.states["asked"])
    unanswered = f"{counts['unanswered']} have no answer yet"
    lines = (f"{verdict_words(verdict)}; {unanswered}.", *agreement_lines(status), *status.notes)
    about = {**counts, "agreement": status.agreement, "notes": status.notes}
    about |= {"where": reviewed.where}
    say(about, as_json, *lines, *where_lines(reviewed.where))
    waits = counts["pending"] or counts["escalated"] or counts["unanswered"]
    then("Next: " + ("labeling pull when people have answered" if waits else "labeling export"))


@app.command()
def decide(
    sample: Annotated[str, typer.Argument(help="The sample's id.")],
    label: Annotated[str, typer.Argument(help="The label that it shall have.")],
    by: Annotated[str, typer.Option(help="Who decides; nobody who voted on the sample.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the decision.")],
    as_json: AsJson = False,
) -> None:
    """Decide on a sample as its reviewer, where nobody else can or reviewers contradict each other."""
    from labeling.project.manual_decisions import sample_called

    its = project()
    sample_id = sample_called(sample, its.samples)
    its.decide(sample_id, label, by=by, reason=reason)
    state = its.store.batches.states()[sample_id]
    found = {"sample": sample_id, "label": label, "by": by, "reason": reason, "state": state}
    say(found, as_json, f"{by} decided that {sample} is {label!r}; the sample is {state} now.")
    then(f"Next: {its.status().next}")


def _counts(verdict: Verdict, unanswered: int) -> dict[str, int]:
    return {
        "unanswered": unanswered,
        "gold": len(verdict.gold),
        "pending": len(verdict.pending),
        "escalated": len(verdict.escalations),
        "unresolved": len(verdict.unresolved),
    }


def _foresee(its: Project, as_json: bool, *, pulls: bool) -> None:
    from labeling.cli.sentences import foreseen_lines

    platform = its.platform()
    with busy("looking"):
        found = its.preview(platform, pulls=pulls)
    where = repr(platform)
    about: dict[str, Any] = {"dry_run": True, "where": where}
    about |= _counts(found.verdict, found.unanswered)
    about |= {"would_ask_again": found.ask_again, "would_escalate": found.escalate}
    uncounted: list[str] = []
    if found.pulled is not None:
        uncounted = _uncounted(found.pulled)
        about |= _pulled(found.pulled)
        about |= {"applies": found.applies, "would_push": found.pushes}
        about |= {"would_choose": found.chooses, "awaited": found.awaited}
    say(about, as_json, *foreseen_lines(found, where, str(its.folder)), *uncounted)
    _nothing_was_changed(platform)


@app.command()
def run(
    watching: Annotated[
        bool, typer.Option("--watch", help="Go on whenever people have answered, until Ctrl-C.")
    ] = False,
    every: Every = 60.0,
    listen: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="With --watch: a port where Label Studio tells of news; 0: any."
        ),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Go on with the loop until people must answer first, or it is done; then export."""
    if (listen is not None and not watching) or (dry_run and watching):
        raise typer.BadParameter("--listen needs --watch, and --dry-run stands without it.")
    its = project()
    if dry_run:
        _foresee(its, as_json, pulls=True)
        return
    if watching:
        votes_of(its)
        watch(its, every=every, as_json=as_json, port=listen)
    else:
        _run(its, as_json)
    then(f"Written: {its.folder / 'training_set'}.parquet, .jsonl and .csv, with manifests.")
    then(f"Next: {its.status().next}")


def _run(its: Project, as_json: bool) -> None:
    from labeling.cli.escaping import safe
    from labeling.cli.sentences import round_line

    votes = votes_of(its)
    rounds = its.rounds(votes)
    here = None
    while True:
        with busy("learning, and asking people"):
            following = next(rounds, None)
        if following is None:
            break
        here = following
        (err if as_json else out).print(safe(round_line(here)))
    with busy("writing the training set"):
        train = its.export(here, votes)
    tell_of_export(its, train, as_json)
