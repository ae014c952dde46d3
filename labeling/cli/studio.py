"""The verbs of Label Studio: a server on this machine, the two projects, and listening for news."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labeling.cli.app import AsJson, Settings, app, busy, project, say, then
from labeling.cli.watching import Every, watch

if TYPE_CHECKING:
    from labeling.label_studio.server.server import LocalServer, Status

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
        f"Annotators sign up at {_sign_up(status)}",
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


@studio.command()
def init(
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Use projects, too, that were not made for this project."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done, setting by setting.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make the project of the annotators and that of the reviewers, or bring them up to date.

    What people have set up in a project that is adopted stays: controls, texts, tasks of others.
    """
    from labeling.cli.setup_report import setup_lines, stream_of
    from labeling.label_studio.client import normalized_url
    from labeling.project.platforms import required_label_studio
    from labeling.project.sign_up import stream_on

    its = project()
    url = normalized_url(required_label_studio(its.config).url)
    with busy("looking at both projects" if dry_run else "setting up both projects"):
        done = its.init_platform(adopt=adopt, dry_run=dry_run)
    found = {
        who: {**dataclasses.asdict(one), "url": stream_of(url, one.id), "dry_run": dry_run}
        for who, one in zip(("annotators", "reviewers"), done, strict=True)
    }
    lines = [
        line
        for who, one in zip(found, done, strict=True)
        for line in setup_lines(who, one, stream_of(url, one.id), dry_run=dry_run)
    ]
    server = _server(None).status()
    if not dry_run and server.invite is not None and stream_on(server.url, Settings.config):
        lines.append(f"Annotators sign up at {_sign_up(server)}")
    say(found, as_json, *lines)
    then("Nothing was changed." if dry_run else f"Next: {its.status().next}")


@studio.command()
def listen(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where Label Studio tells of news; 0: any.")
    ] = 8090,
    host: Annotated[
        str, typer.Option(help="This machine's address, as the server reaches it.")
    ] = "127.0.0.1",
    every: Every = 60.0,
    as_json: AsJson = False,
) -> None:
    """Pull and review whenever Label Studio tells of news, or a time has passed, until Ctrl-C."""
    watch(project(), every=every, as_json=as_json, runs=False, port=port, host=host)


def _server(folder: Path | None, port: int | None = None) -> LocalServer:
    from labeling.label_studio.server.server import LocalServer

    return LocalServer(folder, port=port)


def _lines(found: Status) -> list[str]:
    installed = "installed" if found.installed else "not installed"
    lines = [
        f"Label Studio {found.version} is {installed} in {found.environment}",
        f"Its data are in {found.folder}",
    ]
    if found.stranger:
        lines.append(f"At {found.url} listens {found.stranger}, which is not this server.")
    if not found.running:
        return [*lines, "It is not running."]
    lines += [f"It runs at {found.url}, as process {found.pid}", f"The admin is {found.email}"]
    return lines + [f"Annotators sign up at {_sign_up(found)}"] * (found.invite is not None)


def _sign_up(found: Status) -> str | None:
    """Return where annotators sign up: where the project is known, they go on to label in it."""
    from labeling.project.sign_up import sign_up_link, stream_on

    if found.invite is None:
        return None
    return sign_up_link(found.invite, stream_on(found.url, Settings.config))
