"""Commands on the ledger of events: log, and ledger verify."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import AsJson, app, load_project
from labeling.cli.console import busy, emit, hint
from labeling.errors import DataError, LedgerError, counted

if TYPE_CHECKING:
    from labeling.project import Project
    from labeling.records import Event

ledger = typer.Typer(help="The ledger of all that happened.", no_args_is_help=True)
app.add_typer(ledger, name="ledger", help="The ledger of all that happened.")

MOST_FINDINGS = 20
NO_EVENTS = "Nothing has happened yet."


@app.command()
def log(
    sample: Annotated[
        str | None, typer.Argument(help="The sample's id; default: the last events of all.")
    ] = None,
    n: Annotated[
        int, typer.Option("-n", "--n", min=1, help="Without a sample: number of events.")
    ] = 20,
    as_json: AsJson = False,
) -> None:
    """Show who was asked, who answered what, and who decided why; of one sample or all."""
    project = load_project()
    store = project.store
    if not store.ready():
        emit([], as_json, NO_EVENTS)
        return
    events = store.events.newest(n) if sample is None else events_of(project, sample)
    lines = event_lines(project, events, names_sample=sample is None)
    emit([_as_dict(event) for event in events], as_json, *(lines or [NO_EVENTS]))
    if sample is None and len(events) < store.events.count():
        hint(f"These are the last {len(events):,} of {store.events.count():,} events.")


def event_lines(
    project: Project, events: Iterable[Event], *, names_sample: bool = False
) -> list[str]:
    """Return a line on each event, with labels as people read them.

    Args:
        project: whose labels they are.
        events: any events.
        names_sample: whether to name the samples; else they are all of one, whose spans are quoted.
    """
    from labeling.cli.event_sentences import event_line, with_labels_in_words
    from labeling.records import LabelKind

    kind = project.schema.kind
    texts: dict[Hashable, str] = {}
    if kind == LabelKind.SPANS and not names_sample:
        texts = project.samples[project.config.data.text].to_dict()
    return [
        event_line(
            with_labels_in_words(event, kind, texts.get(event.sample_id)), names_sample=names_sample
        )
        for event in events
    ]


def events_of(project: Project, text: str) -> tuple[Event, ...]:
    """Return the events of the sample that a text stands for, whatever the type of its id.

    Merges of releases that hold the sample are among them.

    Raises:
        DataError: no event, or events of two samples whose ids differ only in their type.
    """
    candidates: list[Hashable] = [text]
    if text.removeprefix("-").isdecimal() and str(int(text)) == text:
        candidates.append(int(text))
    log = project.store.events
    both = ((*log.of_sample(id_), *project.release_events(id_)) for id_ in candidates)
    histories = [events for events in both if events]
    if len(histories) == 1:
        return tuple(sorted(histories[0], key=lambda event: event.number))
    if histories:
        raise DataError(
            f"Two samples are called {text!r}: the text and the number. `store.events.of_sample`"
            " of the Python interface returns the events of either."
        )
    raise DataError(
        f"Nothing has happened to a sample {text!r}: it was never chosen for annotation, and nobody"
        " annotated it. Is the id right?"
    )


def _as_dict(event: Event) -> dict[str, Any]:
    values = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    return {**values, "kind": event.kind.value, "about": dict(event.about)}


@ledger.command()
def verify(as_json: AsJson = False) -> None:
    """Check that no event was changed, and that all that is stored follows from them."""
    store = load_project().store
    if not store.ready():
        emit({"events": 0, "findings": []}, as_json, NO_EVENTS)
        return
    with busy("checking the ledger"):
        check = store.check()
    sentences = [
        f"{counted(check.events, 'event')}, each chained to the one before;"
        f" {counted(check.annotations, 'annotation')}; {counted(check.samples, 'sample')}.",
    ]
    if check.findings:
        more = len(check.findings) - MOST_FINDINGS
        sentences += check.findings[:MOST_FINDINGS]
        sentences += [f"{more:,} more."] if more > 0 else []
    else:
        sentences.append("All annotations, states, labels and questions are those of the events.")
    emit(dataclasses.asdict(check), as_json, *sentences)
    hint(f"Digest of the last event: {check.digest}. Note it down to find out if it ever goes.")
    if check.findings:
        raise LedgerError(
            f"{counted(len(check.findings), 'stored value')} must follow from the events, and"
            " differ from them. Someone changed the database around this package, or it is damaged:"
            " restore it from a backup."
        )
