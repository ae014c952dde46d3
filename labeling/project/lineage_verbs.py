"""The verbs of a project on the lineage of labels: explain one, and build a release again."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from labeling.errors import DataError
from labeling.project.card_verbs import CardVerbs
from labeling.project.training_sets import (
    Rebuilt,
    compare_rebuilt,
    project_training_set,
    rebuilt_training_set,
    recorded_people,
)
from labeling.records import clean_text

if TYPE_CHECKING:
    from labeling.datasets import Release, Story, TrainingSet


class LineageVerbs(CardVerbs):
    """Why a sample has its label, and whether a release can be built again."""

    def explain(self, sample_id: Hashable, release: str | None = None) -> Story:
        """Return the story of a sample's label, or of why it was left out.

        Args:
            sample_id: the sample; a text stands for an id of another type that is written so.
            release: a branch, or the beginning of a digest; `None` explains the training set as it
                is now.

        Raises:
            DataError: there is no such sample; near ids are named.
            ReleaseError: there is no such release.
        """
        from labeling.datasets import story_of
        from labeling.datasets.changes import StoryExtras

        if release is not None:
            train = self.releases[release].train
        else:
            with self._locked("explain"):
                votes = self.votes()
                train = project_training_set(self, self.snapshot(votes), votes)
        known_id = self._id_in(train, sample_id)
        reasons = {
            function.name: clean_text(function.__doc__ or "").strip().partition("\n")[0]
            for function in self.labeling_functions
        }
        extras = StoryExtras(reasons, self._releases_with(known_id))
        return story_of(train, known_id, extras)

    def _id_in(self, train: TrainingSet, sample_id: Hashable) -> Hashable:
        """Return the id that is meant.

        Raises:
            DataError: the sample is in the locked test split.
        """
        from labeling.datasets.changes import all_ids

        ids = all_ids(train)
        if sample_id in ids:
            return sample_id
        alike = [key for key in ids.tolist() if str(key) == str(sample_id)]
        if len(alike) == 1:
            meant: Hashable = alike[0]
            return meant
        if any(str(key) == str(sample_id) for key in self.data.test.index):
            raise DataError(
                f"Sample {sample_id!r} is in the locked test split: it has no label in the training"
                " set, and nothing is said of it, so that it stays a test."
            )
        return sample_id

    def _releases_with(self, sample_id: Hashable) -> tuple[str, ...]:
        """Return which releases hold a sample, and with which label."""
        holding: dict[str, Release] = {
            release.digest: release for release in self.releases.holding(sample_id)
        }
        heads = {branch.release: branch.name for branch in self.releases.branches}
        for digest in heads:
            release = self.releases[digest]
            if digest not in holding and sample_id in release:
                holding[digest] = release
        words = []
        for digest, release in holding.items():
            name = f"{heads[digest]} " if digest in heads else ""
            story = release.train.explain(sample_id)
            words.append(f"{name}({digest[:12]}) as {story.label}")
        return tuple(words)

    def rebuild(self, release: str) -> Rebuilt:
        """Build a release again from the project's files, and compare the bytes.

        What people had said is taken from the release, not from the ledger: so it works on another
        machine, without the project's store, and where the ledger is ahead. Nothing is stored.

        Args:
            release: a branch, or the beginning of a digest.

        Raises:
            ReleaseError: there is no such release.
            DataError: it does not say what it was made of, or what people said is missing.
        """
        wanted = self.releases[release]
        manifest = dict(wanted.manifest)
        if "merged" in manifest.get("origin", {}):
            return compare_rebuilt(wanted.digest, manifest, self._merged_again(wanted))
        recorded = manifest.get("origin", {}).get("people", {})
        content = self.releases.people(recorded["digest"]) if recorded else None
        people = recorded_people(manifest, content, self.schema.kind)
        return compare_rebuilt(wanted.digest, manifest, rebuilt_training_set(self, people))

    def _merged_again(self, release: Release) -> TrainingSet:
        """Merge the parents of a release again, with the decisions that it names.

        Raises:
            DataError: a training set that was merged is not among the releases.
        """
        from labeling.datasets import merge_training_sets
        from labeling.datasets.changes import Decision

        merged = release.manifest["origin"]["merged"]
        sides = [self.releases[digest].train for digest in release.parents]
        ancestors = {
            ancestor.manifest["fingerprint"]: ancestor
            for ancestor in self._ancestors(release.parents)
        }
        if merged["base"] not in ancestors or len(sides) != 2:
            raise DataError(
                "A merged release is built again from the releases that were merged. The one that"
                f" both were made from ({merged['base'][:12]}) is not among them: copy all of the"
                " releases' folder."
            )
        decisions = {
            row["sample"]: Decision(row["label"], row["by"], row["reason"])
            for row in merged["decisions"]
        }
        base = ancestors[merged["base"]].train
        return merge_training_sets(base, sides[0], sides[1], decisions).train

    def _ancestors(self, digests: tuple[str, ...]) -> list[Release]:
        """Return the releases of these digests and all that they followed."""
        releases: dict[str, Release] = {}
        todo = list(digests)
        while todo:
            digest = todo.pop()
            if digest not in releases:
                releases[digest] = self.releases[digest]
                todo += releases[digest].parents
        return list(releases.values())
