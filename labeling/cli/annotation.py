"""Commands on annotations: query, push, pull, review, decide, run."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import AsJson, DryRun, app, emit_training_set, load_project, load_votes
from labeling.cli.console import busy, emit, err, hint, out
from labeling.cli.watching import Every, watch
from labeling.errors import LabelingError, counted

if TYPE_CHECKING:
    from labeling.project import Project
    from labeling.project.results import Pulled
    from labeling.records import AnnotationPlatform, Verdict

NO_BATCH = "There is no batch to push."


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
        int | None,
        typer.Option("-n", "--n", min=1, help="Number of samples; default: query.n of the config."),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            callback=_strategy,
            help="mixture, random, margin, entropy, lf_conflict, vote_pattern, uncovered, lf_audit,"
            " or modal: and a query function of modAL; default: query.strategy of the config.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose the samples that are most worth annotating."""
    from labeling.cli.batch_table import batch_sentences, print_batch
    from labeling.cli.json_tables import as_records

    project = load_project()
    votes = load_votes(project)
    with busy("fitting the models and choosing samples"):
        chosen = project.choose(votes, n=n, strategy=strategy)
    if as_json:
        for sentence in batch_sentences(chosen):
            hint(sentence)
        emit(as_records(chosen.table, "sample"), True)
    else:
        print_batch(chosen, out)
    if not len(chosen.batch):
        hint("No samples are left to annotate. Next: labeling export")
        return
    hint(f"Written: {project.folder / 'batch.parquet'}. Next: labeling push")


@app.command()
def push(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Send the chosen batch to the annotators; no sample is sent twice."""
    from labeling.cli.sentences import location_lines

    project = load_project()
    if dry_run:
        _preview_push(project, as_json)
        return
    platform = project.platform()
    with busy("sending samples", project.to_push() or None) as advance:
        platform.progress = advance
        pushed = project.push(platform)
    if pushed.batch:
        count = counted(pushed.samples, "sample was", "samples were")
        sentence = f"Batch {pushed.batch}: {count} sent to the annotators."
        next_step = "labeling pull when they have labeled"
    else:
        sentence, next_step = NO_BATCH, "labeling query"
    result = {"batch": pushed.batch, "samples": pushed.samples, "where": pushed.where}
    emit(result, as_json, sentence, *location_lines(pushed.where))
    hint(f"Next: {next_step}")


def _preview_push(project: Project, as_json: bool) -> None:
    platform = project.platform()
    with busy("comparing with the platform"):
        preview = project.push(platform, dry_run=True)
    sentence = NO_BATCH
    if preview.batch:
        sentence = (
            f"Batch {preview.batch}: {counted(preview.samples, 'sample')} would be sent to"
            f" {platform!r}; {counted(preview.sent, 'other was', 'others were')} sent before."
        )
    if preview.begun:
        sentence += f" {preview.begun} may have arrived in an interrupted push: checked first."
    result = {**dataclasses.asdict(preview), "where": repr(platform), "dry_run": True}
    emit(result, as_json, sentence)
    _hint_unchanged(platform)


def _hint_unchanged(platform: AnnotationPlatform) -> None:
    hint(f"Nothing was changed: neither the store, nor a file, nor {platform!r}.")


@app.command()
def pull(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Fetch new annotations; those that cannot be counted are listed."""
    project = load_project()
    if dry_run:
        platform = project.platform()
        with busy("comparing with the platform"):
            preview = project.pull(platform, dry_run=True)
        news = counted(len(preview.news), "annotation")
        stored = counted(preview.already_stored, "is", "are")
        sentence = f"{news} would be new; {stored} already stored."
        emit({**_pull_result(preview), "dry_run": True}, as_json, sentence, *_problems(preview))
        _hint_unchanged(platform)
        return
    with busy("fetching annotations"):
        pulled = project.pull()
    news = counted(len(pulled.news), "new annotation")
    stored = counted(pulled.already_stored, "was", "were")
    sentence = f"{news}; {stored} already stored."
    emit(_pull_result(pulled), as_json, sentence, *_problems(pulled))
    hint("Next: labeling review")


def _pull_result(pulled: Pulled) -> dict[str, Any]:
    problems = [{"where": problem.where, "what": problem.what} for problem in pulled.problems]
    return {"new": len(pulled.news), "known": pulled.already_stored, "problems": problems}


def _problems(pulled: Pulled) -> list[str]:
    return [f"Not counted: {problem.where}: {problem.what}" for problem in pulled.problems]


@app.command()
def review(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Settle samples on which annotators agree; request more votes; escalate conflicts."""
    from labeling.cli.sentences import agreement_lines, cause_lines, location_lines, verdict_words

    project = load_project()
    if dry_run:
        _preview(project, as_json, pulls=False)
        return
    with busy("adjudicating"):
        reviewed = project.settle()
    status, verdict = project.status(), reviewed.verdict
    counts = _verdict_counts(verdict, status.states["asked"])
    unanswered = counted(counts["unanswered"], "has", "have")
    sentences = (
        f"{verdict_words(verdict)}; {unanswered} no annotation yet.",
        *cause_lines(verdict),
        *agreement_lines(status),
        *status.notes,
    )
    result = {
        **counts,
        "causes": {escalation.sample_id: escalation.cause for escalation in verdict.escalations},
        "agreement": status.agreement,
        "notes": status.notes,
        "where": reviewed.where,
    }
    emit(result, as_json, *sentences, *location_lines(reviewed.where))
    is_waiting = counts["pending"] or counts["escalated"] or counts["unanswered"]
    hint("Next: " + ("labeling pull when people have labeled" if is_waiting else "labeling export"))


@app.command()
def decide(
    sample: Annotated[str, typer.Argument(help="The sample's id.")],
    label: Annotated[str, typer.Argument(help="The label to give it.")],
    by: Annotated[str, typer.Option(help="The reviewer, who must not have annotated the sample.")],
    reason: Annotated[str, typer.Option(help="The reason; it is stored with the decision.")],
    cause: Annotated[
        str | None,
        typer.Option(
            help="Why people disagreed: ambiguous sample, unreliable annotator, guideline gap,"
            " slip, data problem, or people against labeling functions."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide the label of a sample, where there is no other reviewer or where reviewers differ."""
    from labeling.project.manual_decisions import sample_called

    project = load_project()
    sample_id = sample_called(sample, project.samples)
    decision = project.decide(sample_id, label, by=by, reason=reason, cause=cause)
    state = project.store.batches.states()[sample_id]
    result = {"sample": sample_id, "label": label, "by": by, "reason": decision.reason}
    result["state"] = state
    emit(result, as_json, f"{by} decided that {sample} is {label!r}; the sample is {state} now.")
    hint(f"Next: {project.status().next}")


def _verdict_counts(verdict: Verdict, unanswered: int) -> dict[str, int]:
    return {
        "unanswered": unanswered,
        "gold": len(verdict.gold),
        "pending": len(verdict.pending),
        "escalated": len(verdict.escalations),
        "unresolved": len(verdict.unresolved),
    }


def _preview(project: Project, as_json: bool, *, pulls: bool) -> None:
    """Print what a review, or a run (which pulls first), would do."""
    from labeling.cli.sentences import dry_run_lines

    platform = project.platform()
    with busy("comparing with the platform"):
        preview = project.preview(platform, pulls=pulls)
    result: dict[str, Any] = {
        "dry_run": True,
        "where": repr(platform),
        **_verdict_counts(preview.verdict, preview.unanswered),
        "would_ask_again": preview.ask_again,
        "would_escalate": preview.escalate,
    }
    problems: list[str] = []
    if preview.pulled is not None:
        problems = _problems(preview.pulled)
        result |= {
            **_pull_result(preview.pulled),
            "applies": preview.applies,
            "would_push": preview.pushes,
            "would_choose": preview.chooses,
            "awaited": preview.awaited,
        }
    lines = dry_run_lines(preview, repr(platform), str(project.folder))
    emit(result, as_json, *lines, *problems)
    _hint_unchanged(platform)


@app.command()
def run(
    watching: Annotated[
        bool,
        typer.Option("--watch", help="Continue whenever there are new annotations, until Ctrl-C."),
    ] = False,
    every: Every = 60.0,
    listen: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="With --watch: port for webhooks of Label Studio; 0 for any free port.",
        ),
    ] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Run the loop until annotations are awaited, or it is complete; then export."""
    if (listen is not None and not watching) or (dry_run and watching):
        raise typer.BadParameter(
            "--listen requires --watch; --dry-run cannot be combined with --watch."
        )
    project = load_project()
    if dry_run:
        _preview(project, as_json, pulls=True)
        return
    if watching:
        load_votes(project)
        watch(project, every=every, as_json=as_json, port=listen)
    else:
        _run(project, as_json)
    hint(f"Written: {project.folder / 'training_set'}.parquet, .jsonl and .csv, with manifests.")
    hint(f"Next: {project.status().next}")


def _run(project: Project, as_json: bool) -> None:
    from labeling.cli.escaping import safe
    from labeling.cli.sentences import round_sentence

    votes = load_votes(project)
    rounds = project.rounds(votes)
    last = None
    while True:
        with busy("fitting the models and sending samples"):
            following = next(rounds, None)
        if following is None:
            break
        last = following
        (err if as_json else out).print(safe(round_sentence(last)))
    with busy("writing the training set"):
        train = project.export(last, votes)
    emit_training_set(project, train, as_json)
