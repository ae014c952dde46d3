"""Fingerprints of files and texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from labeling.errors import DataError

TRIES = 3  # to read files that somebody is writing


def digest_of_files(paths: Iterable[Path]) -> str:
    """Return a fingerprint of the files' contents.

    Raises:
        DataError: one cannot be read.
    """
    together = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as stream:
                together.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise DataError(f"{str(path)!r} cannot be read: {error}") from error
    return together.hexdigest()


def stamp_of(paths: Iterable[Path]) -> tuple[tuple[int, int, int] | None, ...]:
    """Return what changes when a file is written: a quick sign, not a proof."""
    return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def digest_of_text(text: str) -> str:
    """Return a fingerprint of a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
