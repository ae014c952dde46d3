"""A virtual environment for the Label Studio server: made once, and anew where that was broken off."""

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
BEGUN, DONE = "labeling.begun", "labeling.installed"  # files in the environment
SHADOWS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")  # with them pip would see other packages

Say = Callable[[str], None]


def default_environment() -> Path:
    """Return the folder of the server's virtual environment."""
    own = os.environ.get(VARIABLE)
    if own:
        return Path(own)
    import platformdirs

    return Path(platformdirs.user_cache_path("labeling")) / f"label-studio-{VERSION}"


def program(environment: Path) -> list[str]:
    """Return the command that is Label Studio; by its Python, as a `#!` line may be too long."""
    return [str(environment / "bin" / "python"), str(environment / "bin" / "label-studio")]


def is_installed(environment: Path) -> bool:
    """Return whether the server is there as a whole, installed by us or by somebody else."""
    if not all(Path(path).is_file() for path in program(environment)):
        return False
    if _is_ours(environment):
        return _text(environment / DONE) == VERSION
    return any(environment.glob(f"lib/python*/site-packages/label_studio-{VERSION}.dist-info"))


def install(environment: Path, say: Say) -> None:
    """Make the environment unless it is there; of several processes one makes it.

    Raises:
        PlatformError: pip cannot, or the folder holds something else.
    """
    if is_installed(environment):
        return
    environment.parent.mkdir(parents=True, exist_ok=True)
    waits = f"Another process installs Label Studio in {environment}; waiting for it ..."
    with alone(_beside(environment, "lock"), say, waits):
        if not is_installed(environment):
            say(f"Installing Label Studio {VERSION} (once; some 3 minutes, 1 GB) ...")
            _make(environment)
            say(f"Label Studio is installed in {environment}.")


@contextmanager
def alone(lock: Path, say: Say, waits: str) -> Iterator[None]:
    """Hold a lock that goes with the process; say so where another process has it."""
    import filelock

    held = filelock.FileLock(lock, mode=0o600)
    try:
        held.acquire(timeout=0)
    except filelock.Timeout:
        say(waits)
        held.acquire()
    try:
        yield
    finally:
        held.release()


def last_lines(path: Path, count: int = 12) -> str:
    """Return the end of a log file, indented; or that there is nothing in it."""
    lines = _text(path).splitlines()[-count:]
    return "\n".join(f"  {line}" for line in lines) or "  (nothing was said)"


def _make(environment: Path) -> None:
    _make_room(environment)
    log = _beside(environment, "log")
    python = str(environment / "bin" / "python")
    options = ["--no-input", "--disable-pip-version-check"]
    commands = [
        [sys.executable, "-m", "venv", str(environment)],
        [python, "-m", "pip", "install", *options, f"label-studio=={VERSION}"],
    ]
    private_file(log)  # pip may name an index with its password
    with log.open("wb") as stream:
        codes = (_run(command, stream.fileno()) for command in commands)
        failed = next((code for code in codes if code), 0)
    if failed:
        shutil.rmtree(environment, ignore_errors=True)
        raise PlatformError(
            f"Label Studio {VERSION} cannot be installed: pip needs a network or an index that has"
            f" it. It ended with {failed}; its last words (all are in {log}):\n{last_lines(log)}"
        )
    os.replace(environment / BEGUN, environment / DONE)


def _make_room(environment: Path) -> None:
    """Leave an empty folder that is marked as ours; nobody else's is touched."""
    if environment.exists():
        ours = environment.is_dir() and (_is_ours(environment) or not any(environment.iterdir()))
        if not ours:
            raise PlatformError(
                f"{environment} is there, but it is no environment with Label Studio {VERSION}:"
                f" name another folder in {VARIABLE}, or remove it"
            )
        shutil.rmtree(environment)
    environment.mkdir(mode=0o755)
    (environment / BEGUN).write_text(VERSION, encoding="utf-8")


def _run(command: list[str], log: int) -> int:
    """Run a command as the user has configured pip, all that it says into the log."""
    kept = {name: value for name, value in os.environ.items() if name not in SHADOWS}
    return subprocess.run(
        command, env=kept, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
    ).returncode


def _is_ours(environment: Path) -> bool:
    return any((environment / name).is_file() for name in (BEGUN, DONE))


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.is_file() else ""


def _beside(environment: Path, what: str) -> Path:
    return environment.with_name(f"{environment.name}.{what}")
