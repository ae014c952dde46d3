"""Permissions of a store's files: only their owner may read them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from labeling.records import make_private, private_folder

logger = logging.getLogger(__name__)

DEFAULT = ".labeling"  # the parent folder of stores unless the config names another
STORE_FILES = ("labeling.db*", "lock", "files*", "files*/**/*")


def make_store_folder(folder: Path) -> None:
    """Create a store's folder, and the default parent folder, for their owner only.

    Raises:
        OSError: it cannot be created.
    """
    if folder.parent.name == DEFAULT:
        private_folder(folder.parent)
    private_folder(folder)


def keep_private(folder: Path) -> None:
    """Remove others' permissions from all files of a store; earlier versions left them readable.

    A folder that the config names may hold other files as well, which are not changed.
    """
    failures: list[str] = []
    for path in _store_paths(folder):
        try:
            make_private(path)
        except FileNotFoundError:
            continue  # SQLite removes its auxiliary files at any time
        except OSError as error:
            failures.append(f"{path.name}: {error.strerror}")
    if failures:
        logger.warning(
            "Others may still read %d of the files in %s, which cannot be changed (%s).",
            len(failures),
            folder,
            failures[0],
        )


def _store_paths(folder: Path) -> Iterator[Path]:
    if folder.parent.name == DEFAULT:
        yield from (folder.parent, folder, *folder.rglob("*"))
        return
    for pattern in STORE_FILES:
        yield from folder.glob(pattern)
