"""Commands on Label Studio: the local server, the projects on it, and webhooks."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labeling.cli.app import AsJson, Settings, app, load_project
from labeling.cli.console import busy, emit, hint
from labeling.cli.watching import Every, watch

if TYPE_CHECKING:
    from labeling.label_studio.server.server import LocalServer, Status

studio = typer.Typer(help="Label Studio, where people annotate.", no_args_is_help=True)
app.add_typer(studio, name="studio", help="Label Studio, where people annotate.")

Folder = Annotated[
    Path | None,
    typer.Option("--folder", help="The folder of the server's data, if not the default."),
]
Port = Annotated[
    int | None, typer.Option("--port", help="The server's port; default: the last one, or 8080.")
]


@studio.command()
def up(port: Port = None, folder: Folder = None, as_json: AsJson = False) -> None:
    """Start a Label Studio server that only this machine can reach; install it if needed."""
    server = _server(folder, port)
    with busy("starting the server"):
        status = server.up(hint)
    emit(
        dataclasses.asdict(status),
        as_json,
        f"Label Studio {status.version} runs at {status.url}",
        f"Log in as {status.email}; the password is in {server.credentials}",
        f"Annotators sign up at {_sign_up_link(status)}",
    )
    hint("Next: labeling studio init")


@studio.command()
def down(folder: Folder = None) -> None:
    """Stop the server; its data are kept."""
    with busy("stopping the server"):
        _server(folder).down(hint)


@studio.command()
def status(folder: Folder = None, as_json: AsJson = False) -> None:
    """Show whether the server runs, and where."""
    current = _server(folder).status()
    emit(dataclasses.asdict(current), as_json, *_status_lines(current))
    if not current.running:
        hint("Next: labeling studio up")


@studio.command()
def init(
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Also use projects that were not created by this project."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be done, setting by setting.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create the projects of the annotators and the reviewers, or bring them up to date.

    In an adopted project, controls, texts and tasks that people have added are kept.
    """
    from labeling.cli.setup_report import setup_lines, stream_of
    from labeling.label_studio.client import normalized_url
    from labeling.project.platforms import required_label_studio
    from labeling.project.sign_up import stream_on

    project = load_project()
    url = normalized_url(required_label_studio(project.config).url)
    with busy("reading both projects" if dry_run else "setting up both projects"):
        setups = dict(
            zip(
                ("annotators", "reviewers"),
                project.init_platform(adopt=adopt, dry_run=dry_run),
                strict=True,
            )
        )
    result = {
        role: {**dataclasses.asdict(setup), "url": stream_of(url, setup.id), "dry_run": dry_run}
        for role, setup in setups.items()
    }
    lines = [
        line
        for role, setup in setups.items()
        for line in setup_lines(role, setup, stream_of(url, setup.id), dry_run=dry_run)
    ]
    server = _server(None).status()
    if not dry_run and server.invite is not None and stream_on(server.url, Settings.config):
        lines.append(f"Annotators sign up at {_sign_up_link(server)}")
    emit(result, as_json, *lines)
    hint("Nothing was changed." if dry_run else f"Next: {project.status().next}")


@studio.command()
def listen(
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, help="Port for webhooks of Label Studio; 0 for any free port."
        ),
    ] = 8090,
    host: Annotated[
        str, typer.Option(help="This machine's address, as the server reaches it.")
    ] = "127.0.0.1",
    every: Every = 60.0,
    as_json: AsJson = False,
) -> None:
    """Pull and review on each webhook of Label Studio and at intervals, until Ctrl-C."""
    watch(load_project(), every=every, as_json=as_json, runs=False, port=port, host=host)


def _server(folder: Path | None, port: int | None = None) -> LocalServer:
    from labeling.label_studio.server.server import LocalServer

    return LocalServer(folder, port=port)


def _status_lines(status: Status) -> list[str]:
    installed = "installed" if status.installed else "not installed"
    lines = [
        f"Label Studio {status.version} is {installed} in {status.environment}",
        f"Its data are in {status.folder}",
    ]
    if status.stranger:
        lines.append(f"Another program, {status.stranger}, listens at {status.url}.")
    if not status.running:
        return [*lines, "It is not running."]
    lines += [
        f"It runs at {status.url}, as process {status.pid}",
        f"The admin is {status.email}",
    ]
    if status.invite is not None:
        lines.append(f"Annotators sign up at {_sign_up_link(status)}")
    return lines


def _sign_up_link(status: Status) -> str | None:
    """Return where annotators sign up; with a project, the link leads on to its label stream."""
    from labeling.project.sign_up import sign_up_link, stream_on

    if status.invite is None:
        return None
    return sign_up_link(status.invite, stream_on(status.url, Settings.config))
