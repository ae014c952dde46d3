"""`Release`: an immutable training set of a repository, read when it is needed."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from labeling.datasets.releases.names import short
from labeling.datasets.releases.objects import FOLDER, Objects
from labeling.errors import counted
from labeling.rendering import Cell, Displayed, Excerpt, Table, View

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    import pandas as pd

    from labeling.datasets.cards import CardFacts, CardSettings
    from labeling.datasets.training_set import TrainingSet


def facts_file(digest: str) -> str:
    """Return where in a repository the facts of a release's card are."""
    return f"cards/{digest}.json"


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
        from labeling.datasets.reading import read_checked_folder
        from labeling.datasets.training_set import TrainingSet

        return read_checked_folder(self._objects.check(self.digest), self.manifest, TrainingSet)

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

    @functools.cached_property
    def facts(self) -> CardFacts:
        """What was known of it when it was put on its branch, for its data card.

        Raises:
            ReleaseError: the file was changed, and is no JSON.
            DataError: the file holds something else.
        """
        from labeling.datasets.cards import CardFacts

        stored = self._objects.folder.read_json(facts_file(self.digest))
        facts = CardFacts() if stored is None else CardFacts.from_json(stored)
        rebuild = facts.rebuild
        if not rebuild and "config" in self.manifest.get("origin", {}):  # a project can build it
            rebuild = f"labeling release rebuild {short(self.digest)}"
        return dataclasses.replace(facts, release=self.digest, rebuild=rebuild)

    def to_hub_folder(
        self,
        folder: str | Path,
        settings: CardSettings | None = None,
        facts: CardFacts | None = None,
        *,
        salt: str | None = None,
    ) -> Path:
        """Write a folder for the Hugging Face hub; see `TrainingSet.to_hub_folder`.

        Args:
            folder: made where it is missing.
            settings: what only people know: licence, language, description, ...
            facts: what was measured; `None` takes `facts`.
            salt: a secret of at least 16 characters, for pseudonyms that are the same everywhere.
        """
        given = self.facts if facts is None else facts
        return self.train.to_hub_folder(folder, settings, given, salt=salt)

    def report(
        self,
        path: str | Path,
        sections: Mapping[str, Sequence[View]] | None = None,
        settings: CardSettings | None = None,
        facts: CardFacts | None = None,
    ) -> Path:
        """Write a page of HTML on the release, whole or not at all, and return its path.

        It loads nothing and runs nothing, and the same release gives the same bytes.

        Args:
            path: of the file.
            sections: views by their heading, such as what changed, tests, and quality; shown
                between the labels and the card.
            settings: what people say of the training set.
            facts: what was measured; `None` takes `facts`.

        Raises:
            DataError: the file cannot be written.
        """
        from labeling.datasets.releases.report_page import write_report_page

        given = self.facts if facts is None else facts
        return write_report_page(self, Path(path), sections or {}, settings, given)

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
