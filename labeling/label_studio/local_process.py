"""The process of a local Label Studio server: started on its own, known again, ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from labeling.errors import PlatformError

GRACE = 15.0  # seconds to end in
PROCESSES = Path("/proc")  # of Linux; elsewhere one asks `ps`
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
        while _answers(host, port):
            if time.monotonic() > deadline:
                raise PlatformError(
                    f"Port {port} of {host} is taken by another program: stop it, or name"
                    " another port with --port"
                )
            time.sleep(0.1)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise PlatformError(f"Port {port} of {host} cannot be listened on: {error}") from error


def _answers(host: str, port: int) -> bool:
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


def pid_in(pid_file: Path, ending: str) -> int | None:
    """Return the id in a file if it is a process whose command line has this ending.

    After a crash the number may have gone to another process.
    """
    try:
        pid = int(pid_file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return pid if pid > 0 and _command_of(pid).endswith(ending) else None


def stop(pid_file: Path, ending: str) -> None:
    """End the process, and return when it is gone.

    Raises:
        PlatformError: it is another user's, or does not end.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        pid = pid_in(pid_file, ending)
        if pid is None:
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise PlatformError(f"Process {pid} is another user's: {error}") from error
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline:
            if pid_in(pid_file, ending) is None:
                return
            time.sleep(0.05)
    raise PlatformError(f"Process {pid} does not end")


def _command_of(pid: int) -> str:
    """Return a process's command line; empty where there is none, or it is a zombie."""
    if (PROCESSES / "self" / "cmdline").exists():
        try:
            raw = (PROCESSES / str(pid) / "cmdline").read_bytes()
        except OSError:
            return ""
        return os.fsdecode(raw).rstrip("\0").replace("\0", " ")
    ps = shutil.which("ps") or "/bin/ps"
    command = [ps, "-ww", "-p", str(pid), "-o", "command="]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
