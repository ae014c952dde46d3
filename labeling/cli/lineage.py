"""Commands on lineage: explain a label, and build a release again."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from labeling.cli.app import AsJson, app, load_project
from labeling.cli.console import busy, emit, hint
from labeling.cli.history import event_lines
from labeling.cli.releasing import release as releases
from labeling.errors import ReleaseError


@app.command()
def explain(
    sample: Annotated[str, typer.Argument(help="The sample's id.", metavar="ROW")],
    release: Annotated[
        str | None,
        typer.Option(help="A branch or digest; default: the training set as it is now."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell the story of one label: votes, models, people, decisions, releases."""
    project = load_project()
    with busy("looking up the sample"):
        story = project.explain(sample, release)
    lines: tuple[str, ...] = ()
    if project.store.ready():
        log, key = project.store.events, story.sample_id
        events = (*log.of_sample(key), *project.release_events(key))
        lines = tuple(event_lines(project, sorted(events, key=lambda event: event.number)))
    story = dataclasses.replace(story, extras=dataclasses.replace(story.extras, events=lines))
    emit(dataclasses.asdict(story), as_json, repr(story))


@releases.command()
def rebuild(
    name: Annotated[str, typer.Argument(help="A branch, or the beginning of a digest.")],
    as_json: AsJson = False,
) -> None:
    """Build a release again from the project's files, and prove that its bytes are the same."""
    project = load_project()
    with busy("building the release again"):
        rebuilt = project.rebuild(name)
    fate = "equal byte for byte" if rebuilt.equal else "not equal"
    sentence = f"Release {rebuilt.digest[:12]}, built again, is {fate}."
    emit(dataclasses.asdict(rebuilt), as_json, sentence, *rebuilt.differences)
    if not rebuilt.equal:
        raise ReleaseError(
            f"Release {rebuilt.digest[:12]} cannot be built again as it was: check out the files"
            " and install the packages that it was made with."
        )
    hint(f"Files of the release: {project.releases[name].path}")
