"""`PartitionedVotes`: the votes of a partitioned run, which stay in the files of its partitions."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.distributed.engines import Engine
from labeling.distributed.part_files import read_statistics, read_votes
from labeling.distributed.partition_folder import (
    FORMAT,
    PartitionFolder,
    manifest_of_partitions,
)
from labeling.distributed.shared import packed
from labeling.distributed.statistics import VoteStatistics, total
from labeling.errors import DataError
from labeling.records import LabelSchema, VoteParts, Votes
from labeling.rendering import Excerpt, Share, Table, View

T = TypeVar("T")


MOST_VOTERS = 50  # in a notebook


class PartitionedVotes(PartitionFolder, VoteParts):
    """The votes of labeling functions on partitioned samples; they stay in their files.

    Made by `labeling.apply_partitions`; `PartitionedVotes.open` opens the folder again. Label
    models are fitted to it as to `Votes`: only distinct rows of votes and their counts are
    gathered.

    Attributes:
        folder: the folder of the results.
        partitions: in the order of the data.
        schema: the labels.
        voters: the names of the labeling functions.
        source: how the samples are read.
    """

    def _view(self) -> View:
        title = f"Votes in parts: {len(self):,} samples x {len(self.voters)} voters"
        try:
            covered = f"{self.n_covered:,} samples are covered."
            rows = tuple(
                (
                    Excerpt(str(name)),
                    Excerpt(row["polarity"]),
                    int(row["votes"]),
                    Share(row["coverage"]),
                    Share(row["conflicts"]),
                )
                for name, row in self.summary().iloc[:MOST_VOTERS].iterrows()
            )
        except (DataError, OSError, ValueError) as error:  # the folder may be gone
            return View(title, (self._where, f"The votes cannot be read: {error}"))
        headings = ("voter", "votes for", "votes", "coverage", "conflicts")
        table = Table(headings, rows, left_out=len(self.voters) - len(rows))
        return View(title, (self._where, covered, table))

    @functools.cached_property
    def statistics(self) -> VoteStatistics:
        """The counts of all votes: whole numbers, summed over the partitions."""
        numbers = [partition.part.index for partition in self.partitions]
        return total(read_statistics(self.folder, index) for index in numbers)

    @property
    def n_covered(self) -> int:
        """The number of samples with a vote."""
        return int(self.statistics.covered)

    @property
    def votes_for(self) -> npt.NDArray[np.int64]:
        """How often each voter votes for each label: shape (n_voters, n_labels)."""
        return self.statistics.votes_for

    def summary(self) -> pd.DataFrame:
        """Return a row for each labeling function, as `lf_summary` has it without gold labels."""
        return self.statistics.summary(self.voters, self.schema.labels)

    def parts(self) -> Iterator[Votes]:
        """Yield the votes of each partition, with their faults."""
        for partition in self.partitions:
            yield read_votes(self.folder, partition.part.index, self.schema)

    def map(self, function: Callable[[Votes], T]) -> Iterator[T]:
        """Yield a function's result for the votes of each partition, computed in this process."""
        return map(function, self.parts())

    def on(self, engine: Engine) -> VoteParts:
        """Return the same votes, whose `map` runs on an engine."""
        return _OnEngine(self, engine)

    def read(self) -> Votes:
        """Return all votes in one table, those of `labeling.apply` on all samples."""
        parts = [votes for votes in self.parts() if len(votes)]
        if not parts:
            raise DataError("There must be a sample with votes. All samples were left out.")
        ids = parts[0].sample_ids.append([votes.sample_ids for votes in parts[1:]])
        codes = np.concatenate([votes.array for votes in parts])
        faults = [fault for votes in parts for fault in votes.faults]
        order = {name: number for number, name in enumerate(self.voters)}
        faults.sort(key=lambda fault: order[fault.labeling_function])
        return Votes(codes, ids, self.voters, self.schema, faults)

    @classmethod
    def _labels_in(cls, manifest: dict[str, Any], path: Path) -> LabelSchema:
        kind = manifest.get("kind", "one")
        if (manifest["format"], kind) != (FORMAT, "one"):
            raise DataError(
                f"{str(path)!r} must have format {FORMAT}, and labels of kind 'one'. It has"
                f" {manifest['format']} and {kind!r}; `PartitionedLists.open` opens the others."
            )
        return LabelSchema(manifest["labels"], ordered=manifest["ordered"])

    def manifest(self) -> dict[str, Any]:
        """Return what the manifest holds: no time and no machine, so that equal runs are equal."""
        return {
            "format": FORMAT,
            "labels": list(self.schema.labels),
            "ordered": self.schema.ordered,
            "voters": list(self.voters),
            "rows": len(self),
            "covered": self.n_covered,
            **manifest_of_partitions(self.source, self.partitions),
        }


class _OnEngine(VoteParts):
    """Partitioned votes whose `map` runs on an engine."""

    def __init__(self, votes: PartitionedVotes, engine: Engine) -> None:
        self.votes, self.engine = votes, engine
        self.schema, self.voters = votes.schema, votes.voters

    def __len__(self) -> int:
        return len(self.votes)

    @property
    def n_covered(self) -> int:
        return self.votes.n_covered

    @property
    def votes_for(self) -> npt.NDArray[np.int64]:
        return self.votes.votes_for

    def map(self, function: Callable[[Votes], T]) -> Iterator[T]:
        numbers = [partition.part.index for partition in self.votes.partitions]
        shared = packed((function, os.path.abspath(self.votes.folder), self.schema))
        return self.engine.in_order(_map_part, numbers, shared)


def _map_part(index: int, shared: tuple[Callable[[Votes], Any], str, LabelSchema]) -> Any:
    function, folder, schema = shared
    return function(read_votes(folder, index, schema))
