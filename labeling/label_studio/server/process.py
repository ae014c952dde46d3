"""Process of the local server: started detached, found again, and stopped."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from labeling.errors import PlatformError
from labeling.label_studio.server.listener import listener_at

STOP_TIMEOUT = 15.0  # seconds to end after each signal
PORT_TIMEOUT = 2.0  # seconds for which the port of a killed server may still be taken

# The shell writes the process id, so that it is known even if we are killed here; and the server
# becomes a child of init, so that it leaves no zombie behind.
START = 'umask 077; log=$1 pid=$2; shift 2; "$@" </dev/null >"$log" 2>&1 & echo $! >"$pid"'


def refuse_windows() -> None:
    """Raise a PlatformError on Windows, which lacks the shell and signals used here."""
    if os.name != "posix":
        raise PlatformError(
            "A local Label Studio server needs Linux or macOS: on Windows use WSL, or name the"
            " address of a server that runs elsewhere"
        )


def require_free_port(host: str, port: int) -> None:
    """Raise a PlatformError that names the process at a port, unless the port is free."""
    deadline = time.monotonic() + PORT_TIMEOUT
    try:
        while is_listening(host, port):
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
        raise PlatformError(f"Cannot listen at port {port} of {host}: {error}") from error


def is_listening(host: str, port: int) -> bool:
    """Whether some process accepts connections at an address."""
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


def find_server(pid_file: Path, ending: str) -> psutil.Process | None:
    """Return this user's process whose command line has an ending; `None` if there is none.

    The process id in the file is tried first. It may have been reused after a crash, and the file
    may be lost while the server runs; then all processes are searched.

    Args:
        pid_file: the file that `start` wrote.
        ending: the ending of the server's command line, and of no other process's.
    """
    if os.name != "posix":
        return None
    with contextlib.suppress(OSError, ValueError, psutil.Error):
        process = psutil.Process(int(pid_file.read_text("utf-8")))
        if _is_server(process, ending):
            return process
    return next((process for process in psutil.process_iter() if _is_server(process, ending)), None)


def _is_server(process: psutil.Process, ending: str) -> bool:
    try:
        is_own = process.uids().effective == os.geteuid()
        return is_own and " ".join(process.cmdline()).endswith(ending)
    except psutil.Error:  # it has ended, or this user may not see it
        return False


def stop(pid_file: Path, ending: str) -> None:
    """Terminate the process, kill it if it does not end, and return when it has ended.

    Raises:
        PlatformError: it does not end.
    """
    process = find_server(pid_file, ending)
    if process is None:
        return
    for send_signal in (process.terminate, process.kill):
        with contextlib.suppress(psutil.NoSuchProcess):
            send_signal()
        deadline = time.monotonic() + STOP_TIMEOUT
        while time.monotonic() < deadline:
            if _has_ended(process):
                return
            time.sleep(0.05)
    raise PlatformError(f"Process {process.pid} does not end")


def _has_ended(process: psutil.Process) -> bool:
    """Whether a process has ended, even if its id was reused or init has not reaped it yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
