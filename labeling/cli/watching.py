"""Watches a project: prints a line for each pass, until the loop is complete or Ctrl-C."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from labeling.cli.app import stop_at_sigterm
from labeling.cli.console import emit, err, hint, out
from labeling.cli.escaping import safe

if TYPE_CHECKING:
    from labeling.project import Project
    from labeling.project.watching import Pass

Every = Annotated[float, typer.Option(min=0.1, help="Seconds between two passes.")]


def watch(
    project: Project,
    *,
    every: float,
    as_json: bool,
    runs: bool = True,
    port: int | None = None,
    host: str = "127.0.0.1",
) -> None:
    """Make passes over a project, and print a line for each that found something new.

    Args:
        project: the project.
        every: seconds between two passes.
        as_json: whether to print JSON, one object a line.
        runs: whether a pass runs the whole loop; else it pulls and reviews.
        port: where to receive webhooks; `None` receives none.
        host: the address to listen on.
    """
    from labeling.project.watching import Watch

    stop_at_sigterm()
    with _waiter(project, port, host) as wait:
        for result in Watch(project, runs=runs).passes(every, wait):
            if not runs or result.number == 1 or result.verdict or result.fault:
                _emit_pass(result, as_json)


@contextlib.contextmanager
def _waiter(project: Project, port: int | None, host: str) -> Iterator[Callable[[float], object]]:
    """Yield the function that waits between two passes; a webhook ends the wait early."""
    if port is None:
        yield time.sleep
        return
    from labeling.label_studio.webhooks import WebhookReceiver

    studio = project.label_studio()
    with WebhookReceiver(port, host) as receiver, studio.listen(receiver.url, receiver.secret):
        hint(f"Listening at {receiver.url} for webhooks of Label Studio.")
        yield receiver.wait


def _emit_pass(result: Pass, as_json: bool) -> None:
    from labeling.cli.sentences import pass_sentence

    if as_json:
        emit(result.to_dict(), True)
        return
    when = time.strftime("%H:%M:%S")
    (err if result.fault else out).print(f"[dim]{when}[/dim] {safe(pass_sentence(result))}")
    for problem in result.problems if result.verdict else ():
        out.print(safe(f"Not counted: {problem.where}: {problem.what}"))
