"""What a project remembers is its user's own: nobody else on the machine may read it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from labeling.records import make_private, private_folder

logger = logging.getLogger(__name__)

DEFAULT = ".labeling"  # the folder in which stores are kept unless the config names another
OWN = ("labeling.db*", "lock", "files*", "files*/**/*")


def make_store_folder(folder: Path) -> None:
    """Make a store's folder, and the default one around it, for its user alone.

    Raises:
        OSError: it cannot be made.
    """
    if folder.parent.name == DEFAULT:
        private_folder(folder.parent)
    private_folder(folder)


def keep_private(folder: Path) -> None:
    """Take others' rights to all that a store keeps, as stores of before were open to them.

    A folder that the config names may hold other things as well: these are left alone.
    """
    refused: list[str] = []
    for path in _kept_in(folder):
        try:
            make_private(path)
        except FileNotFoundError:
            continue  # SQLite removes its files beside the database at any time
        except OSError as error:
            refused.append(f"{path.name}: {error.strerror}")
    if refused:
        logger.warning(
            "Others may still read %d of the files in %s, which cannot be changed (%s).",
            *(len(refused), folder, refused[0]),
        )


def _kept_in(folder: Path) -> Iterator[Path]:
    if folder.parent.name == DEFAULT:
        yield from (folder.parent, folder, *folder.rglob("*"))
        return
    for pattern in OWN:
        yield from folder.glob(pattern)
