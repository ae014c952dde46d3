"""Releases as immutable folders, named by the digest of their manifest."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeling.datasets.releases.files import RepositoryFolder, parsed
from labeling.datasets.releases.names import is_digest, short
from labeling.errors import ReleaseError, listed, quoted

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

FOLDER = "objects"
MANIFEST = "manifest.json"
READ_ONLY = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


class Objects:
    """The folders `objects/<digest>` of a repository.

    A folder holds the files that `TrainingSet.write` makes. Its name is the SHA-256 of
    `manifest.json`, which holds that of each other file: so equal training sets are one object, and
    a changed byte is found.

    Args:
        folder: the repository's folder.
    """

    def __init__(self, folder: RepositoryFolder) -> None:
        self.folder = folder

    def digests(self) -> list[str]:
        """Return the digests of all objects, sorted."""
        return [name for name in self.folder.names(FOLDER) if is_digest(name)]

    def put(self, train: TrainingSet) -> str:
        """Store a training set, and return its digest; only under the repository's lock."""
        unfinished = self.folder.unfinished_folder()
        train.write(unfinished)
        digest = hashlib.sha256((unfinished / MANIFEST).read_bytes()).hexdigest()
        target = self.folder.path(f"{FOLDER}/{digest}")
        if target.exists():
            self.check(digest)
            shutil.rmtree(unfinished)
            return digest
        for path in unfinished.iterdir():
            _flush_to_disk(path)
            path.chmod(READ_ONLY)
        target.parent.mkdir(exist_ok=True)
        os.replace(unfinished, target)
        return digest

    def manifest(self, digest: str) -> dict[str, Any]:
        """Return the manifest of an object, after checking it against the digest.

        Raises:
            ReleaseError: the object is missing, or its manifest was changed.
        """
        content = self.folder.read(f"{FOLDER}/{digest}/{MANIFEST}")
        where = f"{FOLDER}/{digest}/{MANIFEST}"
        if content is None:
            raise ReleaseError(
                f"Release {short(digest)} is not in {str(self.folder.root / FOLDER)!r}."
                f"{self._how_to_get_it(digest)}"
            )
        if hashlib.sha256(content).hexdigest() != digest:
            raise ReleaseError(
                f"{str(self.folder.root / where)!r} was changed: its SHA-256 must be the name of"
                " its folder. Restore the release from a copy."
            )
        manifest: dict[str, Any] = parsed(content, where)
        files = manifest.get("files") if isinstance(manifest, dict) else None
        if not isinstance(files, dict) or not all(
            isinstance(name, str) and _FILE.fullmatch(name) and is_digest(sha256)
            for name, sha256 in files.items()
        ):
            raise ReleaseError(
                f"{str(self.folder.root / where)!r} must name the files of the release, plain names"
                f" with their SHA-256. Got {quoted(files)}."
            )
        return manifest

    def check(self, digest: str) -> Path:
        """Return the folder of an object after checking every byte of its files.

        Raises:
            ReleaseError: a file is missing or was changed; it names the file.
        """
        for name, sha256 in self.manifest(digest)["files"].items():
            path = self.folder.path(f"{FOLDER}/{digest}/{name}")
            if not path.is_file():
                raise ReleaseError(
                    f"{str(path)!r}, a file of release {short(digest)}, is missing."
                    f"{self._how_to_get_it(digest)}"
                )
            with path.open("rb") as stream:
                actual = hashlib.file_digest(stream, "sha256").hexdigest()
            if actual != sha256:
                raise ReleaseError(
                    f"{str(path)!r} was changed, and releases are immutable: its SHA-256 must be"
                    f" {short(sha256)}..., and is {short(actual)}... Restore it from a copy."
                )
        return self.folder.path(f"{FOLDER}/{digest}")

    def find(self, prefix: str) -> str:
        """Return the digest that begins with some characters.

        Raises:
            ReleaseError: no release, or several.
        """
        digests = [digest for digest in self.digests() if digest.startswith(prefix)]
        if len(digests) == 1:
            return digests[0]
        what = f"{len(digests)} releases have" if digests else "No release has"
        which = f": {listed(map(short, digests))}. Give more characters." if digests else "."
        raise ReleaseError(f"{what} a digest that begins with {prefix!r}{which}")

    def _how_to_get_it(self, digest: str) -> str:
        """Return where the files of a release may come from, for the end of a message."""
        pointer = self.folder.root / FOLDER / f"{digest}.dvc"
        if pointer.is_file():
            return f" DVC tracks it: `dvc pull {pointer}` fetches it."
        return " Restore it from a copy of the repository."


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
