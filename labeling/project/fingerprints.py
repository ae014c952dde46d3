"""Fingerprints of files and texts, to detect changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from labeling.errors import DataError

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
