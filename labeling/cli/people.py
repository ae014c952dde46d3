"""The verbs that work with people: query, push, pull, review, run."""

from __future__ import annotations

from labeling.cli.app import AsJson, app, busy, err, out, project, say, show_table, then, votes_of


@app.command()
def query(as_json: AsJson = False) -> None:
    """Choose the samples that are most worth a human's time."""
    its = project()
    votes = votes_of(its)
    with busy("learning, and choosing"):
        batch = its.query(votes)
    show_table(batch.to_frame(), "sample", as_json)
    if not len(batch):
        then("No sample is left to ask about. Next: labeling export")
        return
    then(f"Written: {its.folder / 'batch.parquet'}. Next: labeling push")


@app.command()
def push(as_json: AsJson = False) -> None:
    """Ask people about the batch that was chosen; nobody is asked twice."""
    with busy("asking people"):
        pushed = project().push()
    if pushed.batch:
        sentence = f"Batch {pushed.batch}: {pushed.samples} samples are with the annotators."
        next_step = "labeling pull when they have labeled"
    else:
        sentence, next_step = "No batch waits to be pushed.", "labeling query"
    say({"batch": pushed.batch, "samples": pushed.samples}, as_json, sentence)
    then(f"Next: {next_step}")


@app.command()
def pull(as_json: AsJson = False) -> None:
    """Fetch what people said since; what cannot be counted is shown."""
    with busy("fetching annotations"):
        pulled = project().pull()
    problems = [{"where": one.where, "what": one.what} for one in pulled.problems]
    say(
        {"new": len(pulled.news), "known": pulled.known, "problems": problems},
        as_json,
        f"{len(pulled.news)} new annotations; {pulled.known} were known.",
        *(f"Not counted: {one.where}: {one.what}" for one in pulled.problems),
    )
    then("Next: labeling review")


@app.command()
def review(as_json: AsJson = False) -> None:
    """Settle what annotators agree on, ask again where votes are short, escalate conflicts."""
    its = project()
    with busy("deciding"):
        verdict = its.review()
    counts = {
        "unanswered": its.status().states["asked"],
        "gold": len(verdict.gold),
        "pending": len(verdict.pending),
        "escalated": len(verdict.escalations),
        "unresolved": len(verdict.unresolved),
    }
    say(
        *(counts, as_json),
        f"{counts['gold']} samples are settled, {counts['pending']} need more votes,"
        f" {counts['escalated']} wait for a reviewer, {counts['unresolved']} are unresolved;"
        f" {counts['unanswered']} have no answer yet.",
    )
    waits = counts["pending"] or counts["escalated"] or counts["unanswered"]
    then("Next: " + ("labeling pull when people have answered" if waits else "labeling export"))


@app.command()
def run(as_json: AsJson = False) -> None:
    """Go on with the loop until people must answer first, or it is done; then export."""
    from labeling.screens.steps import round_line
    from labeling.terminal import safe

    its = project()
    votes = votes_of(its)
    for here in its.rounds(votes):
        (err if as_json else out).print(safe(round_line(here)))
    train = its.export(here, votes)
    say(train.manifest() if as_json else None, as_json, train)
    then(f"Written: {its.folder / 'training_set'}.parquet, .jsonl and .csv, with manifests.")
    then(f"Next: {its.status().next}")
