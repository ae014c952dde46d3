"""Ids must be unique over all partitions: checked by hashes, and exactly where hashes are equal."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

from labeling.distributed.part_files import Hashes, id_hashes, part_path, read_votes
from labeling.errors import DataError, listed
from labeling.records import LabelSchema
from labeling.sources import ParquetPart

IDS_AT_ONCE = 16_000_000
"""Hashes that are compared at a time, 128 MB and as much to sort them, of however many samples."""


def check_unique_ids(
    folder: str | os.PathLike[str],
    parts: Sequence[ParquetPart],
    n_samples: int,
    schema: LabelSchema,
) -> None:
    """Raise a DataError about ids that two partitions have.

    Each partition keeps its hashes sorted. They are merged range by range, so that they are never
    all in memory; partitions with equal hashes are read to compare the ids themselves.

    Args:
        folder: the folder of the results.
        parts: the partitions.
        n_samples: the number of samples in all of them.
        schema: the labels, to read the partitions.
    """
    files = [np.load(part_path(folder, part.index, ".ids.npy"), mmap_mode="r") for part in parts]
    n_ranges = -(-n_samples // IDS_AT_ONCE)
    repeated: list[Hashes] = []
    for number in range(n_ranges):
        low, high = (2**64 * edge // n_ranges for edge in (number, number + 1))
        first = [np.searchsorted(file, np.uint64(low)) for file in files]
        last = [
            len(file) if high == 2**64 else np.searchsorted(file, np.uint64(high)) for file in files
        ]
        merged = np.sort(
            np.concatenate([file[a:b] for file, a, b in zip(files, first, last, strict=True)])
        )
        repeated.append(np.unique(merged[1:][merged[1:] == merged[:-1]]))
    hashes = np.concatenate([*repeated, np.empty(0, dtype=np.uint64)])
    if len(hashes):
        _compare(folder, parts, hashes, schema)


def _compare(
    folder: str | os.PathLike[str],
    parts: Sequence[ParquetPart],
    hashes: Hashes,
    schema: LabelSchema,
) -> None:
    """Raise a DataError if ids of these hashes are equal, and do not just have equal hashes."""
    parts_of: dict[Hashable, list[str]] = defaultdict(list)
    for part in parts:
        known = np.load(part_path(folder, part.index, ".ids.npy"), mmap_mode="r")
        if not np.isin(hashes, known).any():
            continue
        ids = read_votes(folder, part.index, schema).sample_ids
        for sample_id in ids[np.isin(id_hashes(ids), hashes)].tolist():
            parts_of[sample_id].append(part.name)
    doubled = {sample_id: found for sample_id, found in parts_of.items() if len(found) > 1}
    if doubled:
        first, found = next(iter(doubled.items()))
        raise DataError(
            f"The sample ids must be unique over all partitions. Given more than once:"
            f" {listed(doubled)}; {first!r} is in {listed(found)}."
        )
