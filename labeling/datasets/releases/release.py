"""`Release`: an immutable training set of a repository, read when it is needed."""

from __future__ import annotations

import functools
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from labeling.datasets.releases.names import short
from labeling.datasets.releases.objects import FOLDER, Objects
from labeling.errors import counted
from labeling.rendering import Cell, Displayed, Excerpt, Table, View

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    import pandas as pd

    from labeling.datasets.training_set import TrainingSet


class Release(Displayed):
    """A training set that never changes, named by its content.

    Attributes:
        digest: SHA-256 of its manifest, which holds that of each of its files.
        parents: the digests of the releases that it followed when it was first stored: none, one,
            or two where changes of main were merged into a branch.
    """

    def __init__(self, objects: Objects, digest: str, parents: tuple[str, ...] = ()) -> None:
        self._objects = objects
        self.digest = digest
        self.parents = parents

    @property
    def path(self) -> Path:
        """The folder with its files; do not change them."""
        return self._objects.folder.root / FOLDER / self.digest

    @functools.cached_property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest: counts, labels, voters, origin, and the digests of the files.

        Raises:
            ReleaseError: the release is missing, or its manifest was changed.
        """
        return MappingProxyType(self._objects.manifest(self.digest))

    @functools.cached_property
    def train(self) -> TrainingSet:
        """The training set, read when it is first used, after checking every byte of its files.

        Raises:
            ReleaseError: a file is missing or was changed; it names the file.
        """
        from labeling.datasets.training_set import TrainingSet

        return TrainingSet.read(self._objects.check(self.digest))

    def check(self) -> None:
        """Check every byte of the files.

        Raises:
            ReleaseError: a file is missing or was changed; it names the file.
        """
        self._objects.check(self.digest)

    @functools.cached_property
    def sample_ids(self) -> pd.Index:
        """The ids of the samples, in order; only their column is read.

        Raises:
            ReleaseError: a file is missing or was changed.
        """
        from labeling.datasets.canonical import ROWS
        from labeling.datasets.reading import id_values

        return id_values(self._objects.check(self.digest) / ROWS)

    def __contains__(self, sample_id: Hashable) -> bool:
        return sample_id in self.sample_ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Release) and other.digest == self.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"Release({short(self.digest)}: {counted(self.manifest['samples'], 'sample')})"

    def _view(self) -> View:
        manifest = self.manifest
        rows: list[tuple[Cell, ...]] = [
            ("digest", self.digest),
            ("follows", ", ".join(map(short, self.parents)) or None),
            ("samples", manifest["samples"]),
            ("left out", sum(manifest["left_out"].values())),
        ]
        rows += [(Excerpt(f"label {name}"), count) for name, count in manifest["labels"].items()]
        rows += [(Excerpt(f"from {name}"), count) for name, count in manifest["sources"].items()]
        return View(f"Release {short(self.digest)}", (Table(("", ""), tuple(rows)),))
