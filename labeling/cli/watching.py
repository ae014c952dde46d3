"""Watching a project: a line for each pass, until it is done or Ctrl-C."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from labeling.cli.app import end_at_sigterm, err, out, say, then
from labeling.cli.escaping import safe

if TYPE_CHECKING:
    from labeling.project import Project
    from labeling.project.watching import Pass

Every = Annotated[float, typer.Option(min=0.1, help="Seconds between two looks for news.")]


def watch(
    its: Project,
    *,
    every: float,
    as_json: bool,
    runs: bool = True,
    port: int | None = None,
    host: str = "127.0.0.1",
) -> None:
    """Make pass after pass, and print a line for each that brought something.

    Args:
        its: the project.
        every: seconds between two passes.
        as_json: whether to print JSON, a line each.
        runs: whether a pass goes on with the whole loop; else it pulls and reviews.
        port: where to listen for webhooks; `None` does not.
        host: at which address of this machine.
    """
    from labeling.project.watching import Watch

    end_at_sigterm()
    with _waiting(its, port, host) as wait:
        for found in Watch(its, runs=runs).passes(every, wait):
            if not runs or found.number == 1 or found.verdict or found.fault:
                _tell(found, as_json)


@contextlib.contextmanager
def _waiting(its: Project, port: int | None, host: str) -> Iterator[Callable[[float], object]]:
    """Give what waits between two passes: a pause, which a webhook cuts short."""
    if port is None:
        yield time.sleep
        return
    from labeling.label_studio.webhooks import WebhookReceiver

    studio = its.label_studio()
    with WebhookReceiver(port, host) as hook, studio.listen(hook.url, hook.secret):
        then(f"Listening at {hook.url} for what Label Studio tells.")
        yield hook.wait


def _tell(found: Pass, as_json: bool) -> None:
    from labeling.cli.sentences import pass_line

    if as_json:
        say(found.to_dict(), True)
        return
    when = time.strftime("%H:%M:%S")
    (err if found.fault else out).print(f"[dim]{when}[/dim] {safe(pass_line(found))}")
    for one in found.problems if found.verdict else ():
        out.print(safe(f"Not counted: {one.where}: {one.what}"))
