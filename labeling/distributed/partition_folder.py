"""`PartitionFolder`: the folder of a finished partitioned run, with its manifest."""

from __future__ import annotations

import json
import os
from abc import abstractmethod
from collections.abc import Hashable
from pathlib import Path
from typing import Any, NamedTuple, Self

from labeling.distributed.samples import SampleSource
from labeling.errors import DataError
from labeling.records import LabelSchema
from labeling.records.ids import plain_id
from labeling.sources import ParquetPart

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


class PartitionFolder:
    """Base of the results of partitioned runs, which stay in the files of a folder.

    Attributes:
        folder: the folder of the results.
        partitions: in the order of the data.
        voters: the names of the labeling functions.
        schema: the labels.
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
            f"{type(self).__name__}({len(self):,} samples x {len(self.voters)} voters in"
            f" {len(self.partitions)} partitions, {str(self.folder)!r})"
        )

    def __len__(self) -> int:
        return sum(partition.rows for partition in self.partitions)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """Return the finished votes of a folder.

        Raises:
            DataError: there is no finished run in the folder, or it is of another version or kind.
        """
        import pyarrow as pa

        path = Path(folder, MANIFEST)
        try:
            manifest = json.loads(path.read_text("utf-8"))
            labels = cls._labels_in(manifest, path)
            return cls(folder, *_values_of_manifest(manifest, labels))
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
            raise DataError(
                f"{str(folder)!r} must be a folder in which `apply_partitions` has finished:"
                f" {error}."
            ) from error

    @classmethod
    @abstractmethod
    def _labels_in(cls, manifest: dict[str, Any], path: Path) -> LabelSchema:
        """Return the labels in a manifest; another kind or version is a DataError."""

    @property
    def _where(self) -> str:
        """How many partitions there are and where, as a sentence."""
        return f"{len(self.partitions):,} partitions in {str(self.folder)!r}."


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


def _values_of_manifest(
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
