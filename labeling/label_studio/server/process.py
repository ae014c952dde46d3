"""The process of a local Label Studio server: started on its own, known again, ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from labeling.errors import PlatformError
from labeling.label_studio.server.listener import listener_at

GRACE = 15.0  # seconds to end in
LINGERS = 2.0  # seconds for which the port of a server that was killed may still be taken

# A shell writes the id of the process, so that it is known even if we are killed here; and the
# server is nobody's child, so that it leaves no zombie behind.
START = 'umask 077; log=$1 pid=$2; shift 2; "$@" </dev/null >"$log" 2>&1 & echo $! >"$pid"'


def refuse_windows() -> None:
    """Raise an error where there are no shells and signals as we need them."""
    if os.name != "posix":
        raise PlatformError(
            "A local Label Studio server needs Linux or macOS: on Windows use WSL, or name the"
            " address of a server that runs elsewhere"
        )


def refuse_taken(host: str, port: int) -> None:
    """Raise an error that names the port where one cannot listen on it."""
    deadline = time.monotonic() + LINGERS
    try:
        while answers(host, port):
            if time.monotonic() > deadline:
                raise PlatformError(
                    f"Port {port} of {host} is taken by {listener_at(host, port)}: stop it, or name"
                    " another port with --port"
                )
            time.sleep(0.1)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise PlatformError(f"Port {port} of {host} cannot be listened on: {error}") from error


def answers(host: str, port: int) -> bool:
    """Return whether anything takes connections at an address."""
    with socket.socket() as probe:
        probe.settimeout(5)
        return probe.connect_ex((host, port)) == 0


def start(command: Sequence[str], variables: dict[str, str], log: Path, pid_file: Path) -> None:
    """Start a process that outlives this one and its terminal."""
    subprocess.run(
        ["sh", "-c", START, "sh", str(log), str(pid_file), *command],
        env=variables,
        cwd=log.parent,
        start_new_session=True,
        check=True,
    )


def server_process(pid_file: Path, ending: str) -> psutil.Process | None:
    """Return this user's process whose command line has this ending; `None` where there is none.

    It is looked for by the number in the file. After a crash that may be another process's, and
    the file may be lost while the server runs: then all processes of this user are looked at.

    Args:
        pid_file: where the number was written when the server was started.
        ending: of the server's command line, and of no other process's.
    """
    if os.name != "posix":
        return None
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int(pid_file.read_text("utf-8")))
        if _is_server(process, ending):
            return process
    return next((found for found in psutil.process_iter() if _is_server(found, ending)), None)


def _is_server(process: psutil.Process, ending: str) -> bool:
    try:
        is_own = process.uids().effective == os.geteuid()
        return is_own and " ".join(process.cmdline()).endswith(ending)
    except psutil.Error:  # it has ended, or nobody may look at it
        return False


def stop(pid_file: Path, ending: str) -> None:
    """End the process, and return when it is gone.

    Raises:
        PlatformError: it does not end.
    """
    process = server_process(pid_file, ending)
    if process is None:
        return
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline:
            if not _is_server(process, ending):
                return
            time.sleep(0.05)
    raise PlatformError(f"Process {process.pid} does not end")
