"""The verbs of Label Studio: a server on this machine for people who have none."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labeling.cli.app import AsJson, app, busy, say, then

if TYPE_CHECKING:
    from labeling.label_studio.local_server import LocalServer, Status

studio = typer.Typer(help="Label Studio, where people annotate.", no_args_is_help=True)
app.add_typer(studio, name="studio", help="Label Studio, where people annotate.")

Folder = Annotated[
    Path | None, typer.Option("--folder", help="Where the server's data are, if not as usual.")
]
Port = Annotated[
    int | None, typer.Option("--port", help="Where it listens: the port it had last, or 8080.")
]


@studio.command()
def up(port: Port = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Start a Label Studio server for this machine alone; install it before if need be."""
    server = _server(folder, port)
    with busy("working on the server"):
        status = server.up(then)
    say(
        *(dataclasses.asdict(status), as_json),
        f"Label Studio {status.version} runs at {status.url}",
        f"Log in as {status.email}; the password is in {server.credentials}",
        f"Annotators sign up at {status.invite}",
    )
    then("Next: labeling studio init")


@studio.command()
def down(folder: Folder = None) -> None:
    """Stop the server; what it holds is kept."""
    with busy("stopping the server"):
        _server(folder).down(then)


@studio.command()
def status(folder: Folder = None, as_json: AsJson = False) -> None:
    """Show whether the server runs, and where."""
    found = _server(folder).status()
    say(dataclasses.asdict(found), as_json, *_lines(found))
    if not found.running:
        then("Next: labeling studio up")


def _server(folder: Path | None, port: int | None = None) -> LocalServer:
    from labeling.label_studio.local_server import LocalServer

    return LocalServer(folder, port=port)


def _lines(found: Status) -> list[str]:
    installed = "installed" if found.installed else "not installed"
    lines = [
        f"Label Studio {found.version} is {installed} in {found.environment}",
        f"Its data are in {found.folder}",
    ]
    if not found.running:
        return [*lines, "It is not running."]
    lines += [f"It runs at {found.url}, as process {found.pid}", f"The admin is {found.email}"]
    return lines + [f"Annotators sign up at {found.invite}"] * (found.invite is not None)
