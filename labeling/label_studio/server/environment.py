"""Virtual environment of the local server: created once, and again after a broken installation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from labeling.errors import PlatformError
from labeling.records import private_file

VERSION = "1.23.2"
VARIABLE = "LABELING_STUDIO_ENVIRONMENT"
BEGUN, DONE = "labeling.begun", "labeling.installed"  # marker files in the environment
REMOVED_VARIABLES = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")  # would show pip other packages

Notify = Callable[[str], None]


def default_environment() -> Path:
    """Return the default folder of the server's virtual environment."""
    folder = os.environ.get(VARIABLE)
    if folder:
        return Path(folder)
    import platformdirs

    return Path(platformdirs.user_cache_path("labeling")) / f"label-studio-{VERSION}"


def server_command(environment: Path) -> list[str]:
    """Return the command of Label Studio; run by its Python, as a `#!` path may be too long."""
    return [str(environment / "bin" / "python"), str(environment / "bin" / "label-studio")]


def is_installed(environment: Path) -> bool:
    """Whether the server is completely installed, by this package or by somebody else."""
    if not all(Path(path).is_file() for path in server_command(environment)):
        return False
    if _is_ours(environment):
        return _text(environment / DONE) == VERSION
    return any(environment.glob(f"lib/python*/site-packages/label_studio-{VERSION}.dist-info"))


def install(environment: Path, notify: Notify) -> None:
    """Install the server unless it is installed; safe to call from several processes.

    Raises:
        PlatformError: pip fails, or the folder contains something else.
    """
    if is_installed(environment):
        return
    environment.parent.mkdir(parents=True, exist_ok=True)
    message = f"Another process installs Label Studio in {environment}; waiting for it ..."
    with exclusive_lock(_sibling(environment, "lock"), notify, message):
        if not is_installed(environment):
            notify(f"Installing Label Studio {VERSION} (once; some 3 minutes, 1 GB) ...")
            _create(environment)
            notify(f"Label Studio is installed in {environment}.")


@contextmanager
def exclusive_lock(path: Path, notify: Notify, message: str) -> Iterator[None]:
    """Hold a file lock, which ends with the process; notify before waiting for another process."""
    import filelock

    lock = filelock.FileLock(path, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        notify(message)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def log_tail(path: Path, count: int = 12) -> str:
    """Return the last lines of a log file, indented, or a note that it is empty."""
    lines = _text(path).splitlines()[-count:]
    return "\n".join(f"  {line}" for line in lines) or "  (the log is empty)"


def _create(environment: Path) -> None:
    _prepare_folder(environment)
    log = _sibling(environment, "log")
    python = str(environment / "bin" / "python")
    options = ["--no-input", "--disable-pip-version-check"]
    commands = [
        [sys.executable, "-m", "venv", str(environment)],
        [python, "-m", "pip", "install", *options, f"label-studio=={VERSION}"],
    ]
    private_file(log)  # pip may print the URL of an index with its password
    with log.open("wb") as stream:
        codes = (_run(command, stream.fileno()) for command in commands)
        failed = next((code for code in codes if code), 0)
    if failed:
        shutil.rmtree(environment, ignore_errors=True)
        raise PlatformError(
            f"Label Studio {VERSION} cannot be installed: pip needs a network or an index that has"
            f" it. It exited with {failed}; its last lines (all are in {log}):\n{log_tail(log)}"
        )
    os.replace(environment / BEGUN, environment / DONE)


def _prepare_folder(environment: Path) -> None:
    """Create an empty folder with our marker; a folder of somebody else is not changed."""
    if environment.exists():
        is_empty = environment.is_dir() and not any(environment.iterdir())
        if not is_empty and not (environment.is_dir() and _is_ours(environment)):
            raise PlatformError(
                f"{environment} exists, but is no environment with Label Studio {VERSION}:"
                f" name another folder in {VARIABLE}, or remove it"
            )
        shutil.rmtree(environment)
    environment.mkdir(mode=0o755)
    (environment / BEGUN).write_text(VERSION, encoding="utf-8")


def _run(command: list[str], log: int) -> int:
    """Run a command with the user's pip configuration; its output goes to the log."""
    variables = {name: value for name, value in os.environ.items() if name not in REMOVED_VARIABLES}
    return subprocess.run(
        command, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
    ).returncode


def _is_ours(environment: Path) -> bool:
    return any((environment / name).is_file() for name in (BEGUN, DONE))


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.is_file() else ""


def _sibling(environment: Path, suffix: str) -> Path:
    return environment.with_name(f"{environment.name}.{suffix}")
