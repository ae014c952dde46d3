"""What is large rests in files, Parquet or fitted models, each named by its content and written whole."""

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
from labeling.records import make_private, private_file, private_folder
from labeling.store.database import Database, next_number
from labeling.store.tables import files

LAST = {
    **{"votes": 10, "soft_labels": 3, "posterior": 3, "measured": 3},
    **{"label_model": 3, "end_model": 3},
}
"""How many files of a kind are kept: those that can be made again need not pile up."""

SUFFIXES = {"label_model": ".npz", "end_model": ".npz"}
"""Endings of files that are not Parquet."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a store.

    Attributes:
        kind: `votes`, `soft_labels`, `posterior`, `measured`, `label_model`, `end_model` or
            `training_set`.
        digest: SHA-256 of its bytes, which is its name too.
        inputs: a fingerprint of what it was made of.
        about: what is worth knowing without opening it.
        made_at: when, UTC, as ISO text.
        path: where it is.
    """

    kind: str
    digest: str
    inputs: str
    about: dict[str, Any]
    made_at: str
    path: Path


class Files:
    """The files of a store."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder

    def keep(
        self,
        kind: str,
        write: Callable[[Path], object],
        *,
        inputs: str,
        about: dict[str, Any],
        made_at: str,
    ) -> Kept:
        """Write a file, name it by its content, and remember it; the same again is kept once."""
        folder = self.folder / kind
        unfinished = folder / f".{kind}.{os.getpid()}.part"
        try:
            private_folder(self.folder)
            private_folder(folder)
            private_file(unfinished)
            write(unfinished)
            make_private(unfinished)  # where it was replaced by a whole one
            digest = _digest(unfinished)
            _to_disk(unfinished)
            os.replace(unfinished, self._path(kind, digest))
        except OSError as error:
            raise StoreError(
                f"{kind} cannot be written to {str(folder)!r}: {error}. Nothing of before is lost."
            ) from error
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)
        self._remember(kind, digest, inputs, about, made_at)
        return Kept(kind, digest, inputs, about, made_at, self._path(kind, digest))

    def _path(self, kind: str, digest: str) -> Path:
        return self.folder / kind / f"{digest}{SUFFIXES.get(kind, '.parquet')}"

    def _remember(
        self, kind: str, digest: str, inputs: str, about: dict[str, Any], made_at: str
    ) -> None:
        last = self.last(kind)
        if last is not None and (last.digest, last.inputs) == (digest, inputs):
            return
        with self.database.writing() as connection:
            number = next_number(connection, files)
            row = {"number": number, "kind": kind, "digest": digest, "inputs": inputs}
            text = json.dumps(about, sort_keys=True)
            connection.execute(sa.insert(files), [{**row, "about": text, "made_at": made_at}])
            if kind in LAST:
                numbers = sa.select(files.c.number).where(files.c.kind == kind)
                every = connection.scalars(numbers.order_by(files.c.number.desc())).all()
                old = sa.delete(files).where(files.c.number.in_(every[LAST[kind] :]))
                connection.execute(old)

    def last(self, kind: str, inputs: str | None = None) -> Kept | None:
        """Return the newest file of a kind, made of these inputs where they are given."""
        query = sa.select(files).where(files.c.kind == kind)
        if inputs is not None:
            query = query.where(files.c.inputs == inputs)
        with self.database.reading() as connection:
            row = (
                connection.execute(query.order_by(files.c.number.desc()).limit(1))
                .mappings()
                .first()
            )
        if row is None:
            return None
        path = self._path(kind, row["digest"])
        with self.database.decoding():
            about = json.loads(row["about"])
        return Kept(kind, row["digest"], row["inputs"], about, row["made_at"], path)

    def find(self, kind: str, inputs: str) -> Path | None:
        """Return the path of the newest file of a kind made of these inputs; `None` if there is none.

        Raises:
            StoreError: the file was changed.
        """
        kept = self.last(kind, inputs)
        return None if kept is None else self.read(kept)

    def tidy(self) -> None:
        """Remove files that nothing is remembered of, and what killed processes left unfinished.

        Only for who holds the project.
        """
        with self.database.reading() as connection:
            rows = connection.execute(sa.select(files.c.kind, files.c.digest))
            known = {(kind, digest) for kind, digest in rows}
        for path in self.folder.glob("*/*"):
            made_again = path.parent.name in LAST and (path.parent.name, path.stem) not in known
            if path.suffix == ".part" or made_again:
                path.unlink(missing_ok=True)

    def read(self, kept: Kept) -> Path | None:
        """Return the path of a file after checking that it is what it was; `None` if it is gone.

        Raises:
            StoreError: the file was changed.
        """
        if not kept.path.is_file():
            return None
        if _digest(kept.path) != kept.digest:
            raise StoreError(
                f"The file {str(kept.path)!r} must hold what its name says, and was changed or"
                " damaged. Delete it: it will be made anew."
            )
        return kept.path


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _to_disk(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
