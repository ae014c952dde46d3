"""`PartitionedVotes`: the votes of a partitioned run, which stay in the files of its partitions."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.distributed.engines import Engine
from labeling.distributed.part_files import read_statistics, read_votes
from labeling.distributed.samples import SampleSource
from labeling.distributed.shared import packed
from labeling.distributed.statistics import VoteStatistics, total
from labeling.errors import DataError
from labeling.records import LabelSchema, VoteParts, Votes
from labeling.records.ids import plain_id
from labeling.rendering import Excerpt, Share, Table, View
from labeling.sources import ParquetPart

T = TypeVar("T")
FORMAT = 1
MANIFEST = "_manifest.json"  # readers of folders of Parquet leave such names out


class Partition(NamedTuple):
    """A partition of finished votes.

    Attributes:
        part: the file and the row groups of its samples.
        rows: the number of samples with votes.
        left_out: the number of samples that were left out.
        votes_digest: blake2b of the codes, column by column.
        ids_digest: blake2b of the hashes of the ids.
        faults: the number of faults.
    """

    part: ParquetPart
    rows: int
    left_out: int
    votes_digest: str
    ids_digest: str
    faults: int


MOST_VOTERS = 50  # in a notebook


class PartitionedVotes(VoteParts):
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

    def __init__(
        self,
        folder: str | os.PathLike[str],
        partitions: tuple[Partition, ...],
        voters: tuple[str, ...],
        schema: LabelSchema,
        source: SampleSource,
    ) -> None:
        self.folder = Path(folder)
        self.partitions = partitions
        self.voters = voters
        self.schema = schema
        self.source = source

    def __repr__(self) -> str:
        return (
            f"PartitionedVotes({len(self):,} samples x {len(self.voters)} voters in"
            f" {len(self.partitions)} partitions, {str(self.folder)!r})"
        )

    def _view(self) -> View:
        title = f"Votes in parts: {len(self):,} samples x {len(self.voters)} voters"
        where = f"{len(self.partitions):,} partitions in {str(self.folder)!r}."
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
            return View(title, (where, f"The votes cannot be read: {error}"))
        headings = ("voter", "votes for", "votes", "coverage", "conflicts")
        table = Table(headings, rows, left_out=len(self.voters) - len(rows))
        return View(title, (where, covered, table))

    def __len__(self) -> int:
        return sum(partition.rows for partition in self.partitions)

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
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """Return the finished votes of a folder.

        Raises:
            DataError: there is no finished run in the folder, or it is of another version.
        """
        import pyarrow as pa

        path = Path(folder, MANIFEST)
        try:
            manifest = json.loads(path.read_text("utf-8"))
            kind = manifest.get("kind", "one")
            if (manifest["format"], kind) != (FORMAT, "one"):
                raise DataError(
                    f"{str(path)!r} must have format {FORMAT}, and labels of kind 'one'. It has"
                    f" {manifest['format']} and {kind!r}; `PartitionedLists.open` opens the others."
                )
            labels = LabelSchema(manifest["labels"], ordered=manifest["ordered"])
            return cls(folder, *values_of_manifest(manifest, labels))
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise DataError(
                f"{str(folder)!r} must be a folder in which `apply_partitions` has finished:"
                f" {error}."
            ) from error

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


def manifest_of_partitions(
    source: SampleSource, partitions: tuple[Partition, ...]
) -> dict[str, Any]:
    """Return what a manifest holds of samples and partitions, for JSON."""
    return {
        "samples": {
            "id": source.id,
            "text": source.text,
            "missing_text": source.missing_text,
            "hidden": list(source.hidden),
            "left_out": sorted(map(_plain_id, source.left_out), key=repr),
            "schema": source.schema.serialize().to_pybytes().hex(),
        },
        "partitions": [
            {**partition._asdict(), "part": _plain_part(partition.part)} for partition in partitions
        ],
    }


def values_of_manifest(
    manifest: dict[str, Any], labels: LabelSchema
) -> tuple[tuple[Partition, ...], tuple[str, ...], LabelSchema, SampleSource]:
    """Return partitions, voters, labels and source of a manifest."""
    import pyarrow as pa

    values = dict(manifest["samples"])
    schema = pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(values.pop("schema"))))
    lists = {"hidden": tuple(values["hidden"]), "left_out": frozenset(values["left_out"])}
    source = SampleSource(**{**values, "schema": schema, **lists})
    partitions = tuple(map(_partition, manifest["partitions"]))
    return partitions, tuple(manifest["voters"]), labels, source


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


def _plain_id(sample_id: Hashable) -> str | int:
    return plain_id(sample_id, "to be left out", DataError)


def _plain_part(part: ParquetPart) -> dict[str, Any]:
    names = ParquetPart.__dataclass_fields__
    return {name: getattr(part, name) for name in names}


def _partition(values: dict[str, Any]) -> Partition:
    part = {name: _tuples(value) for name, value in values["part"].items()}
    return Partition(**{**values, "part": ParquetPart(**part)})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
