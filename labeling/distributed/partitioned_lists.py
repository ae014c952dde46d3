"""`PartitionedLists`: spans or sets of labels of a partitioned run, in the files of partitions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.distributed.kinds import LongVotes, joined
from labeling.distributed.part_files import read_votes
from labeling.distributed.partition_folder import (
    FORMAT,
    Partition,
    PartitionFolder,
    manifest_of_partitions,
)
from labeling.distributed.partitioned_votes import PartitionedVotes
from labeling.distributed.samples import SampleSource
from labeling.errors import DataError
from labeling.records import Gold, LabelKind, LabelSchema
from labeling.rendering import Displayed, View


class PartitionedLists(PartitionFolder, Displayed):
    """The spans, or the sets of labels, of labeling functions on partitioned samples.

    Made by `labeling.apply_partitions`; they stay in their files. `PartitionedLists.open` opens the
    folder again.

    Attributes:
        folder: the folder of the results.
        partitions: in the order of the data.
        voters: the names of the labeling functions.
        schema: the labels; its kind is "spans" or "several".
        source: how the samples are read.
    """

    def _view(self) -> View:
        what = "Spans" if self.schema.kind == LabelKind.SPANS else "Sets of labels"
        title = f"{what} in parts: {len(self):,} samples x {len(self.voters)} voters"
        return View(title, (self._where,))

    def parts(self) -> Iterator[LongVotes]:
        """Yield the votes of each partition, with their faults."""
        for partition in self.partitions:
            yield read_votes(self.folder, partition.part.index, self.schema)

    def read(self) -> LongVotes:
        """Return all votes in one table, those of `labeling.apply` on all samples.

        Raises:
            DataError: all samples were left out, or a file is not there or damaged.
        """
        parts = [votes for votes in self.parts() if len(votes)]
        if not parts:
            raise DataError("There must be a sample with votes. All samples were left out.")
        return joined(parts)

    def summary(self, gold: Gold | None = None) -> pd.DataFrame:
        """Return the table of `lf_summary` of all votes."""
        from labeling.analysis import lf_summary

        return lf_summary(self.read(), gold)

    @classmethod
    def _labels_in(cls, manifest: dict[str, Any], path: Path) -> LabelSchema:
        if manifest["format"] != FORMAT or "kind" not in manifest:
            raise DataError(
                f"{str(path)!r} must have format {FORMAT}, and be of spans or sets of labels."
                " `PartitionedVotes.open` opens those of single labels."
            )
        return LabelSchema(manifest["labels"], kind=manifest["kind"])

    def manifest(self) -> dict[str, Any]:
        """Return what the manifest holds: no time and no machine, so that equal runs are equal."""
        return {
            "format": FORMAT,
            "kind": self.schema.kind.value,
            "labels": list(self.schema.labels),
            "voters": list(self.voters),
            "rows": len(self),
            **manifest_of_partitions(self.source, self.partitions),
        }


def partitioned(
    folder: str | os.PathLike[str],
    partitions: tuple[Partition, ...],
    voters: tuple[str, ...],
    schema: LabelSchema,
    source: SampleSource,
) -> PartitionedVotes | PartitionedLists:
    """Return the votes of a finished run, by the kind of the labels."""
    kind = PartitionedVotes if schema.kind == LabelKind.ONE else PartitionedLists
    return kind(folder, partitions, voters, schema, source)
