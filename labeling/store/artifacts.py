"""Content-addressed artifacts: large results in Parquet or model files, named by their SHA-256."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from labeling.errors import StoreError
from labeling.records import (
    is_unfinished,
    make_private,
    private_file,
    private_folder,
    unfinished_path,
)
from labeling.store.database import Database, next_number
from labeling.store.tables import files

RETAINED = {
    "votes": 10,
    "soft_labels": 3,
    "posterior": 3,
    "measured": 3,
    "label_model": 3,
    "end_model": 3,
    "model_voter": 3,
}
"""How many artifacts of a kind are retained; these kinds can be recomputed."""

SUFFIXES = {"label_model": ".npz", "end_model": ".npz"}
"""File name suffixes of kinds other than Parquet."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of a store.

    Attributes:
        kind: `votes`, `soft_labels`, `posterior`, `measured`, `label_model`, `end_model`,
            `model_voter` or `training_set`.
        digest: SHA-256 of its content, which is also its file name.
        inputs: a fingerprint of the inputs that it was computed from.
        about: metadata that can be read without opening the file.
        made_at: when it was written, UTC, as ISO text.
        path: the file's path.
    """

    kind: str
    digest: str
    inputs: str
    about: dict[str, Any]
    made_at: str
    path: Path


class Artifacts:
    """The artifacts of a store."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder

    def save(
        self,
        kind: str,
        write: Callable[[Path], object],
        *,
        inputs: str,
        about: dict[str, Any],
        made_at: str,
    ) -> Artifact:
        """Write a file, name it by its content, and record it; equal content is stored once."""
        folder = self.folder / kind
        unfinished = unfinished_path(folder / kind)
        try:
            private_folder(self.folder)
            private_folder(folder)
            private_file(unfinished)
            write(unfinished)
            make_private(unfinished)  # where an atomic write has replaced it
            digest = _digest(unfinished)
            _flush_to_disk(unfinished)
            os.replace(unfinished, self._path(kind, digest))
        except OSError as error:
            raise StoreError(
                f"{kind} cannot be written to {str(folder)!r}: {error}. Nothing stored before is"
                " lost."
            ) from error
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)
        self._record(kind, digest, inputs, about, made_at)
        return Artifact(kind, digest, inputs, about, made_at, self._path(kind, digest))

    def _path(self, kind: str, digest: str) -> Path:
        return self.folder / kind / f"{digest}{SUFFIXES.get(kind, '.parquet')}"

    def _record(
        self, kind: str, digest: str, inputs: str, about: dict[str, Any], made_at: str
    ) -> None:
        latest = self.latest(kind)
        if latest is not None and (latest.digest, latest.inputs) == (digest, inputs):
            return
        with self.database.writing() as connection:
            row = {
                "number": next_number(connection, files),
                "kind": kind,
                "digest": digest,
                "inputs": inputs,
                "about": json.dumps(about, sort_keys=True),
                "made_at": made_at,
            }
            connection.execute(sa.insert(files), [row])
            if kind in RETAINED:
                numbers = sa.select(files.c.number).where(files.c.kind == kind)
                newest_first = connection.scalars(numbers.order_by(files.c.number.desc())).all()
                old = files.c.number.in_(newest_first[RETAINED[kind] :])
                connection.execute(sa.delete(files).where(old))

    def latest(self, kind: str, inputs: str | None = None) -> Artifact | None:
        """Return the newest artifact of a kind, computed from these inputs where they are given."""
        query = sa.select(files).where(files.c.kind == kind)
        if inputs is not None:
            query = query.where(files.c.inputs == inputs)
        query = query.order_by(files.c.number.desc()).limit(1)
        with self.database.reading() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            return None
        path = self._path(kind, row["digest"])
        with self.database.decoding():
            about = json.loads(row["about"])
        return Artifact(kind, row["digest"], row["inputs"], about, row["made_at"], path)

    def find(self, kind: str, inputs: str) -> Path | None:
        """Return the path of the newest artifact of a kind with these inputs, or `None`.

        Raises:
            StoreError: the file was changed.
        """
        artifact = self.latest(kind, inputs)
        return None if artifact is None else self.verified_path(artifact)

    def renew(self, kind: str, inputs: str) -> None:
        """Make the artifact of a kind with these inputs the newest, as if computed again."""
        artifact = self.latest(kind, inputs)
        if artifact is not None:
            self._record(kind, artifact.digest, inputs, artifact.about, artifact.made_at)

    def remove_orphans(self) -> None:
        """Remove files that are not recorded, and unfinished files of processes that were killed.

        Only for the process that holds the project lock.
        """
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(files.c.kind, files.c.digest))
            recorded = {(kind, digest) for kind, digest in rows}
        for path in self.folder.glob("*/*"):
            kind = path.parent.name
            is_orphan = kind in RETAINED and (kind, path.stem) not in recorded
            if is_unfinished(path) or is_orphan:
                path.unlink(missing_ok=True)

    def verified_path(self, artifact: Artifact) -> Path | None:
        """Return the path of an artifact after verifying its digest; `None` if it was removed.

        Raises:
            StoreError: the file was changed.
        """
        if not artifact.path.is_file():
            return None
        if _digest(artifact.path) != artifact.digest:
            raise StoreError(
                f"The file {str(artifact.path)!r} must have the content that its name states, and"
                " was changed or damaged. Delete it: it will be created again."
            )
        return artifact.path


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _flush_to_disk(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
