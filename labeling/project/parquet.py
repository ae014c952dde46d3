"""Writes votes and soft labels as Parquet files, and reads them back without loss.

What is not one label per sample has the name of its type in the file's metadata.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from labeling.errors import StoreError
from labeling.project.parquet_columns import (
    lists_of_rows,
    pack_asked,
    rows_of_lists,
    unpack_asked,
)
from labeling.records import (
    Answers,
    AnySoft,
    AnyVotes,
    LabelSchema,
    Marks,
    SetConstraints,
    SetVotes,
    SoftLabels,
    SoftSets,
    SoftSpans,
    SpanVotes,
    Votes,
)

SAMPLE = "sample"
FROM_END_MODEL = "from_end_model"
CANDIDATE = ("start", "end", "chosen")


@functools.singledispatch
def write_votes(votes: AnyVotes, path: Path) -> None:
    """Write votes; those with one label per sample with a column of codes for each voter."""
    raise StoreError(f"Votes of type {type(votes).__name__} cannot be stored.")


@write_votes.register
def _(votes: Votes, path: Path) -> None:
    metadata = {"voters": list(votes.voters), **_about_labels(votes.schema)}
    _write(votes.sample_ids, [*votes.to_array().T], metadata, path)


@write_votes.register
def _(votes: SpanVotes, path: Path) -> None:
    metadata = {
        "type": "SpanVotes",
        "voters": list(votes.voters),
        "speaks": list(votes.speaks),
        "trimmed": dict(sorted(votes.trimmed.items())),
        **_about_labels(votes.schema),
    }
    marks = lists_of_rows(len(votes), votes.marks._asdict(), "sample")
    asked = [] if votes.asked is None else [pack_asked(votes.asked)]
    _write(votes.sample_ids, [marks, *asked], metadata, path)


@write_votes.register
def _(votes: SetVotes, path: Path) -> None:
    metadata = {
        "type": "SetVotes",
        "voters": list(votes.voters),
        **_about_labels(votes.schema),
    }
    answers = lists_of_rows(len(votes), votes.answers._asdict(), "sample")
    _write(votes.sample_ids, [answers], metadata, path)


def read_votes(path: Path, schema: LabelSchema) -> AnyVotes:
    """Return the votes of a file of `write_votes`."""
    ids, table, metadata = _read(path, schema)
    return _VOTES[_type_of(metadata, "Votes", _VOTES, path)](ids, table, metadata, schema)


def _votes(
    ids: pd.Index, table: pa.Table, metadata: Mapping[str, Any], schema: LabelSchema
) -> Votes:
    array = np.empty((len(ids), table.num_columns), dtype=schema.code_type, order="F")
    for index, column in enumerate(table.columns):
        array[:, index] = column.to_numpy()
    return Votes(array, ids, tuple(metadata["voters"]), schema)


def _span_votes(
    ids: pd.Index, table: pa.Table, metadata: Mapping[str, Any], schema: LabelSchema
) -> SpanVotes:
    columns = rows_of_lists(table.column(0), "sample")
    asked = (
        unpack_asked(table.column(1), len(metadata["voters"])) if table.num_columns > 1 else None
    )
    return SpanVotes(
        Marks(**columns),
        ids,
        tuple(metadata["voters"]),
        schema,
        speaks=metadata["speaks"],
        asked=asked,
        trimmed=metadata["trimmed"],
    )


def _set_votes(
    ids: pd.Index, table: pa.Table, metadata: Mapping[str, Any], schema: LabelSchema
) -> SetVotes:
    columns = rows_of_lists(table.column(0), "sample")
    return SetVotes(Answers(**columns), ids, tuple(metadata["voters"]), schema)


@functools.singledispatch
def write_soft(soft: AnySoft, path: Path) -> None:
    """Write soft labels; those with one label per sample with a column for each label."""
    raise StoreError(f"Soft labels of type {type(soft).__name__} cannot be stored.")


@write_soft.register
def _(soft: SoftLabels, path: Path) -> None:
    metadata = _about_labels(soft.schema)
    _write(soft.sample_ids, [*soft.to_array().T, soft.covered], metadata, path)


@write_soft.register
def _(soft: SoftSpans, path: Path) -> None:
    metadata = {"type": "SoftSpans", **_about_labels(soft.schema)}
    columns = {"sample": soft.sample, **{name: getattr(soft, name) for name in CANDIDATE}}
    columns |= {f"p_{code}": column for code, column in enumerate(soft.array.T)}
    if soft.from_end_model is not None:
        columns[FROM_END_MODEL] = soft.from_end_model
    _write(
        soft.sample_ids, [soft.covered, lists_of_rows(len(soft), columns, "sample")], metadata, path
    )


@write_soft.register
def _(soft: SoftSets, path: Path) -> None:
    metadata = {
        "type": "SoftSets",
        "exclusive": soft.constraints.exclusive,
        "implies": soft.constraints.implies,
        **_about_labels(soft.schema),
    }
    _write(soft.sample_ids, [*soft.array.T, *soft.covered.T, *soft.chosen.T], metadata, path)


def read_soft(path: Path, schema: LabelSchema) -> AnySoft:
    """Return the soft labels of a file of `write_soft`."""
    ids, table, metadata = _read(path, schema)
    return _SOFT[_type_of(metadata, "SoftLabels", _SOFT, path)](ids, table, metadata, schema)


def _soft_labels(
    ids: pd.Index, table: pa.Table, metadata: Mapping[str, Any], schema: LabelSchema
) -> SoftLabels:
    columns = [column.to_numpy() for column in table.columns]
    return SoftLabels(np.column_stack(columns[:-1]), ids, schema, columns[-1])


def _soft_spans(
    ids: pd.Index, table: pa.Table, metadata: Mapping[str, Any], schema: LabelSchema
) -> SoftSpans:
    columns = rows_of_lists(table.column(1), "sample")
    array = np.column_stack([columns[f"p_{code}"] for code in range(len(schema) + 1)])
    return SoftSpans(
        array,
        columns["sample"],
        columns["start"],
        columns["end"],
        columns["chosen"],
        ids,
        schema,
        table.column(0).to_numpy(),
        columns.get(FROM_END_MODEL),
    )


def _soft_sets(
    ids: pd.Index, table: pa.Table, metadata: Mapping[str, Any], schema: LabelSchema
) -> SoftSets:
    columns = [column.to_numpy() for column in table.columns]
    n = len(schema)
    array, covered, chosen = (
        np.column_stack(columns[first : first + n]) for first in (0, n, 2 * n)
    )
    constraints = SetConstraints.declared(metadata["exclusive"], dict(metadata["implies"]))
    return SoftSets(array, ids, schema, covered, chosen, constraints)


_VOTES: Mapping[str, Callable[..., AnyVotes]] = MappingProxyType(
    {"Votes": _votes, "SpanVotes": _span_votes, "SetVotes": _set_votes}
)
_SOFT: Mapping[str, Callable[..., AnySoft]] = MappingProxyType(
    {"SoftLabels": _soft_labels, "SoftSpans": _soft_spans, "SoftSets": _soft_sets}
)


def _type_of(
    metadata: Mapping[str, Any], default: str, types: Mapping[str, object], path: Path
) -> str:
    name = str(metadata.get("type", default))
    if name not in types:
        raise StoreError(
            f"{path.name!r} must hold one of {', '.join(types)}. It holds {name}, which another"
            " version of labeling wrote."
        )
    return name


def _about_labels(schema: LabelSchema) -> dict[str, Any]:
    return {"labels": list(schema.labels), "ordered": schema.ordered}


def _write(
    ids: pd.Index, columns: list[npt.NDArray[Any] | pa.Array], metadata: dict[str, Any], path: Path
) -> None:
    arrays = [pa.Array.from_pandas(pd.Series(ids))]
    arrays += [column if isinstance(column, pa.Array) else pa.array(column) for column in columns]
    names = [SAMPLE, *(f"column_{index}" for index in range(len(columns)))]
    text = json.dumps({**metadata, "id": ids.name})
    table = pa.table(arrays, names).replace_schema_metadata({"labeling": text})
    pq.write_table(table, path, compression="zstd")


def _read(path: Path, schema: LabelSchema) -> tuple[pd.Index, pa.Table, dict[str, Any]]:
    """Return the ids, the other columns, and the metadata of a file about these labels."""
    table = pq.read_table(path, partitioning=None)  # a folder may be called `a=b`
    metadata = json.loads(table.schema.metadata[b"labeling"])
    if metadata["labels"] != list(schema.labels):
        raise StoreError(
            f"{path.name!r} must be about the labels {schema.labels}. Got {metadata['labels']}."
        )
    ids = pd.Index(table[SAMPLE].to_pandas()).rename(metadata["id"])
    return ids, table.remove_column(0), metadata
