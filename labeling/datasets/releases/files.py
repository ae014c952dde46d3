"""The folder of a repository: files in it are read and written, and none outside of it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from labeling.errors import ReleaseError, naming_extra
from labeling.records import atomic_write, is_unfinished

LARGEST = 256 * 1024 * 1024  # bytes of a JSON file
UNFINISHED = ".unfinished"
LOCK = ".lock"
IGNORED = f"/{LOCK}\n/{UNFINISHED}/\n.*.part\n"
"""What git must not track: the lock, and files of interrupted processes."""


class RepositoryFolder:
    """The files of a repository, by their path from its folder as "branches/main.json".

    The folder may come from somebody else. So paths in it that are symbolic links are refused, and
    with them all ways out of it.

    Args:
        root: the folder; it need not exist.
        wait: seconds to wait for another process that changes the repository.
    """

    def __init__(self, root: Path, wait: float) -> None:
        self.root = root
        self.wait = wait

    def path(self, name: str) -> Path:
        """Return the path of a file or folder after checking that it lies in the repository.

        Raises:
            ReleaseError: a part of the path is a symbolic link, or leads out of the folder.
        """
        path = self.root
        for part in name.split("/"):
            if part in ("", ".", "..") or "\\" in part or "\0" in part:
                raise ReleaseError(f"Path {name!r} must not lead out of the repository's folder.")
            path = path / part
            if path.is_symlink():
                raise ReleaseError(
                    f"{str(path)!r} must not be a symbolic link, which may lead out of the"
                    " repository's folder: replace it by what it points to (with DVC: `dvc config"
                    " cache.type reflink,hardlink,copy`, then `dvc checkout --relink`)."
                )
        return path

    def names(self, folder: str) -> list[str]:
        """Return the names of what a folder holds, sorted, without hidden files."""
        path = self.path(folder)
        if not path.is_dir():
            return []
        return sorted(file.name for file in path.iterdir() if not file.name.startswith("."))

    def read(self, name: str) -> bytes | None:
        """Return the content of a file; `None` if there is none.

        Raises:
            ReleaseError: it is no file, too large, or cannot be read.
        """
        path = self.path(name)
        if not path.exists():
            return None
        try:
            if not path.is_file() or path.stat().st_size > LARGEST:
                raise ReleaseError(f"{str(path)!r} must be a file of at most {LARGEST:,} bytes.")
            return path.read_bytes()
        except OSError as error:
            raise ReleaseError(f"{str(path)!r} cannot be read: {error}.") from error

    def read_json(self, name: str) -> Any:
        """Return the value of a JSON file; `None` if there is none."""
        content = self.read(name)
        return None if content is None else parsed(content, str(self.root / name))

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole or not at all."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as unfinished:
            unfinished.write_bytes(content)

    def remove(self, name: str) -> None:
        """Remove a file, if there is one."""
        self.path(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the repository's lock, and remove what interrupted processes left unfinished.

        Raises:
            MissingExtraError: filelock is not installed.
            ReleaseError: the folder cannot be written to, or another process did not end in time.
        """
        with naming_extra():
            import filelock
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(self.path(LOCK), timeout=self.wait, is_singleton=False)
            with lock:
                self._prepare()
                yield
        except filelock.Timeout as error:
            raise ReleaseError(
                f"Another process changes the releases in {str(self.root)!r}, and did not end"
                f" within {self.wait:g} s. Nothing was changed; try again."
            ) from error
        except OSError as error:
            raise ReleaseError(
                f"The folder of the releases {str(self.root)!r} must be writable: {error}."
            ) from error

    def _prepare(self) -> None:
        """Remove unfinished files; only for the process that holds the lock."""
        shutil.rmtree(self.path(UNFINISHED), ignore_errors=True)
        folders = (self.path(name) for name in ("branches", "proposals", "tests", "cards"))
        for path in (self.root, *folders):
            for file in path.iterdir() if path.is_dir() else ():
                if is_unfinished(file):
                    file.unlink(missing_ok=True)
        if not self.path(".gitignore").exists():
            self.write(".gitignore", IGNORED.encode())

    def unfinished_folder(self) -> Path:
        """Return a new folder for what becomes a release; only under the lock."""
        folder = self.path(f"{UNFINISHED}/{os.getpid()}")
        folder.mkdir(parents=True)
        return folder


def parsed(content: bytes, where: str) -> Any:
    """Return the value of JSON text.

    Raises:
        ReleaseError: it is no JSON.
    """
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ReleaseError(f"{where!r} must be JSON, and is not: {error}. Restore it.") from error


def as_json(value: Any) -> bytes:
    """Return JSON that people can read, the same for equal values."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode("utf-8")
