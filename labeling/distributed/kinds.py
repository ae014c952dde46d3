"""Votes of each kind in files of partitions: spans and sets are lists, one for each sample."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError
from labeling.records import (
    Answers,
    Fault,
    LabelKind,
    LabelSchema,
    Marks,
    SetVotes,
    SpanVotes,
    Votes,
)

LongVotes = SpanVotes | SetVotes
AnyVotes = Votes | LongVotes

METADATA = b"labeling"


def columns_of(votes: LongVotes) -> Marks | Answers:
    """Return what voters said as columns, of which the first is the row of the sample."""
    return votes.marks if isinstance(votes, SpanVotes) else votes.answers


def trimmed_of(votes: LongVotes) -> dict[str, int]:
    """Return how many spans of each voter were dropped; sets have none."""
    return dict(sorted(votes.trimmed.items())) if isinstance(votes, SpanVotes) else {}


def digest_of_votes(votes: AnyVotes) -> str:
    """Return blake2b of the codes of votes, column by column: the identity of votes."""
    if isinstance(votes, Votes):
        return digest_of_columns([*votes.array.T])
    counts = json.dumps(trimmed_of(votes)).encode("utf-8", "surrogatepass")
    return digest_of_columns([*columns_of(votes), np.frombuffer(counts, np.uint8)])


def digest_of_columns(columns: Sequence[npt.NDArray[Any]]) -> str:
    """Return blake2b of arrays, one after the other."""
    digest = hashlib.blake2b(digest_size=16)
    for column in columns:
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def votes_of(
    columns: Sequence[npt.NDArray[Any]],
    ids: pd.Index,
    voters: Sequence[str],
    schema: LabelSchema,
    *,
    faults: Sequence[Fault] = (),
    trimmed: dict[str, int] | None = None,
) -> LongVotes:
    """Return votes of what `columns_of` returns."""
    if schema.kind == LabelKind.SPANS:
        marks = Marks(*columns)
        return SpanVotes(marks, ids, voters, schema, faults=faults, trimmed=trimmed)
    return SetVotes(Answers(*columns), ids, voters, schema, faults)


def nothing_said(ids: pd.Index, voters: Sequence[str], schema: LabelSchema) -> AnyVotes:
    """Return the votes of voters who say nothing."""
    if schema.kind == LabelKind.ONE:
        none = np.full((len(ids), len(voters)), -1, dtype=schema.code_type)
        return Votes(none, ids, tuple(voters), schema)
    fields = Marks._fields if schema.kind == LabelKind.SPANS else Answers._fields
    return votes_of([np.zeros(0, dtype=np.int64) for _ in fields], ids, voters, schema)


def joined(parts: Sequence[LongVotes]) -> LongVotes:
    """Return the votes of several parts of the samples, one after the other."""
    first = parts[0]
    ids = first.sample_ids.append([votes.sample_ids for votes in parts[1:]])
    starts = np.cumsum([0, *map(len, parts)])
    columns = [
        (each.sample + start, *each[1:])
        for each, start in zip(map(columns_of, parts), starts.tolist(), strict=False)
    ]
    order = {name: number for number, name in enumerate(first.voters)}
    faults = [fault for votes in parts for fault in votes.faults]
    faults.sort(key=lambda fault: order[fault.labeling_function])
    trimmed: Counter[str] = Counter()
    for votes in parts:
        trimmed.update(trimmed_of(votes))
    return votes_of(
        [np.concatenate(column) for column in zip(*columns, strict=True)],
        ids,
        first.voters,
        first.schema,
        faults=faults,
        trimmed=dict(trimmed),
    )


def write_lists(votes: LongVotes, file: Path) -> None:
    """Write votes as Parquet: a column of ids, and one of lists of what was said."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = columns_of(votes)
    name = "spans" if isinstance(votes, SpanVotes) else "answers"
    id_name = "sample" if votes.sample_ids.name is None else str(votes.sample_ids.name)
    offsets = np.searchsorted(columns.sample, np.arange(len(votes) + 1)).astype(np.int32)
    fields = {field: pa.array(getattr(columns, field)) for field in columns._fields[1:]}
    structs = pa.StructArray.from_arrays(list(fields.values()), names=list(fields))
    lists = pa.ListArray.from_arrays(pa.array(offsets), structs)
    ids = pa.Array.from_pandas(pd.Series(votes.sample_ids))
    about = {
        "labels": votes.schema.labels,
        "voters": votes.voters,
        "id": votes.sample_ids.name,
        "trimmed": trimmed_of(votes),
    }
    table = pa.table([ids, lists], [id_name if id_name != name else f"labeling_{name}", name])
    table = table.replace_schema_metadata({METADATA: json.dumps(about)})
    pq.write_table(table, file, compression="zstd")


def read_lists(table: Any, schema: LabelSchema) -> LongVotes:
    """Return the votes of a table of `write_lists`.

    Raises:
        DataError: it is of other labels.
    """
    about = json.loads(table.schema.metadata[METADATA])
    if about["labels"] != list(schema.labels):
        raise DataError(f"The labels must be {schema.labels}. They are {about['labels']}.")
    ids = pd.Index(table.column(0).to_pandas(), name=about["id"])
    lists = table.column(1).combine_chunks()
    rows = lists.flatten()
    lengths = np.diff(lists.offsets.to_numpy())
    fields = Marks._fields if schema.kind == LabelKind.SPANS else Answers._fields
    columns = [rows.field(field).to_numpy(zero_copy_only=False) for field in fields[1:]]
    sample = np.repeat(np.arange(len(ids)), lengths)
    return votes_of([sample, *columns], ids, about["voters"], schema, trimmed=about["trimmed"])


def with_faults(votes: AnyVotes, faults: Sequence[Fault]) -> AnyVotes:
    """Return the same votes with faults."""
    if isinstance(votes, Votes):
        return Votes(votes.array, votes.sample_ids, votes.voters, votes.schema, faults)
    return votes_of(
        list(columns_of(votes)),
        votes.sample_ids,
        votes.voters,
        votes.schema,
        faults=faults,
        trimmed=trimmed_of(votes),
    )
