"""Fingerprints of files and texts, to detect changes."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

import labeling
from labeling.errors import DataError

MODEL_ROOMS = ("records", "label_models", "end_model")  # what fitted models depend on
TRIES = 3  # attempts to read files that another process is writing


def digest_of_files(paths: Iterable[Path]) -> str:
    """Return a fingerprint of the files' contents.

    Raises:
        DataError: a file cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise DataError(f"{str(path)!r} cannot be read: {error}") from error
    return digest.hexdigest()


def digest_of_folder(folder: Path) -> str:
    """Return a fingerprint of all files in a folder: their names and contents."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = "\n".join(path.relative_to(folder).as_posix() for path in paths)
    return hashlib.sha256(f"{names}\n{digest_of_files(paths)}".encode()).hexdigest()


@functools.cache
def digest_of_code() -> str:
    """Return a fingerprint of the code that fits models.

    With it, results of another version of the models are never taken for those of this one.
    """
    package = Path(labeling.__file__).parent
    paths = [path for room in MODEL_ROOMS for path in sorted((package / room).rglob("*.py"))]
    return digest_of_files(paths)


def stamp_of(paths: Iterable[Path]) -> tuple[tuple[int, int, int] | None, ...]:
    """Return modification times and sizes, a quick check for changes."""
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def digest_of_text(text: str) -> str:
    """Return a fingerprint of a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
