"""Section on the training set: sources, class balance, dropped samples, example rows, and files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from labeling.analysis import ClassProportion, compare_class_balance
from labeling.project.class_balance import class_balance_warnings, random_draws
from labeling.records import random_order
from labeling.rendering.formatting import from_root
from labeling.report.components import MOST_LABELS, Segment
from labeling.report.context import ReportContext
from labeling.report.samples import SOURCES
from labeling.store import Artifact

N_ROWS = 10
PER_SOURCE = 2  # rows of each source at least
BATCH_SIZE = 50_000  # rows read at a time


@dataclass(frozen=True)
class Row:
    """A row of the training set."""

    sample: Any
    text: str
    label: str
    confidence: float
    source: str
    lf_votes: list[tuple[str, str]]
    annotators: list[tuple[str, str | None]]
    reviewer: str | None


@dataclass(frozen=True)
class File:
    """A file of the export."""

    name: str
    bytes: int
    sha256: str
    is_current: bool


@dataclass(frozen=True)
class TrainingSection:
    """Contents of the section."""

    n: int
    made_at: str
    fingerprint: str
    labels: list[ClassProportion]
    draws: list[str]
    sources: list[Segment]
    left_out: dict[str, int]
    min_confidence: float
    files: list[File]
    rows: list[Row]
    warnings: list[str]
    most_labels: int = MOST_LABELS


def section(context: ReportContext) -> TrainingSection | None:
    """Return the section on the training set; `None` before the first export."""
    artifact = None if context.store is None else context.store.artifacts.latest("training_set")
    if context.store is None or artifact is None:
        return None
    metadata = artifact.about
    draws = random_draws(context.data.dev, context.verdict.gold, context.selections)
    return TrainingSection(
        n=metadata["samples"],
        made_at=artifact.made_at,
        fingerprint=metadata["fingerprint"],
        labels=_by_count(compare_class_balance(metadata["labels"], draws)),
        draws=[name for name, drawn in draws.items() if len(drawn)],
        sources=[
            Segment(*SOURCES[source], metadata["sources"][source])
            for source in SOURCES
            if source in metadata["sources"]
        ],
        left_out=metadata["left_out"],
        min_confidence=context.config.export.min_confidence,
        files=files_of(context, artifact),
        warnings=class_balance_warnings(
            "the training set",
            metadata["labels"],
            draws,
            is_declared=context.config.class_balance is not None,
        ),
        rows=_example_rows(context, context.store.artifacts.verified_path(artifact), metadata),
    )


def _by_count(labels: Sequence[ClassProportion]) -> list[ClassProportion]:
    """Return the labels in order; where there are many, the most frequent first."""
    if len(labels) <= MOST_LABELS:
        return list(labels)
    return sorted(labels, key=lambda label: -label.count)


def files_of(context: ReportContext, artifact: Artifact) -> list[File]:
    """Return the exported files, and whether they hold the current training set."""
    files = []
    for path in sorted(context.project.folder.glob("training_set.*")):
        manifest = path.with_name(f"{path.name}.manifest.json")
        if path.suffix == ".json" or not manifest.is_file():
            continue
        exported = json.loads(manifest.read_text("utf-8"))
        files.append(
            File(
                name=from_root(path, context.config.root),
                bytes=path.stat().st_size,
                sha256=str(exported.get("sha256", "")),
                is_current=exported.get("fingerprint") == artifact.about["fingerprint"],
            )
        )
    return files


def _example_rows(context: ReportContext, path: Path | None, metadata: dict[str, Any]) -> list[Row]:
    if path is None:
        return []
    id_column = str(context.project.samples.index.name)
    return _rows(path, id_column, context.config.data.text, metadata.get("own_columns", {}))


def _rows(path: Path, id_column: str, text: str, renamed: dict[str, str]) -> list[Row]:
    """Return a few rows of a training set.

    Args:
        path: of the Parquet file.
        id_column: name of the id column.
        text: name of the text column.
        renamed: columns of ours that were renamed, since the samples have a column of that name.
    """
    file = pq.ParquetFile(path)
    names = file.schema_arrow.names
    id_column = id_column if id_column in names else names[0]
    wanted = ("label", "confidence", "source", "lf_votes", "annotators", "reviewer")
    column_of = {name: renamed.get(name, name) for name in wanted}
    keys = file.read(columns=[id_column, column_of["source"]]).to_pandas()
    positions = _examples(pd.Index(keys[id_column]), keys[column_of["source"]].to_numpy(object))
    columns = list(dict.fromkeys((id_column, text, *column_of.values())))
    return [
        Row(
            sample=row[id_column],
            text=row[text],
            label=row[column_of["label"]],
            confidence=row[column_of["confidence"]],
            source=row[column_of["source"]],
            lf_votes=_pairs(row[column_of["lf_votes"]]),
            annotators=_pairs(row[column_of["annotators"]]),
            reviewer=row[column_of["reviewer"]],
        )
        for row in _take(file, positions, columns).to_pylist()
    ]


def _pairs(votes: list[Any] | None) -> list[tuple[str, Any]]:
    """Return (voter, label) pairs; earlier versions wrote pairs, later ones objects."""
    return [tuple(vote.values() if isinstance(vote, dict) else vote) for vote in votes or ()]


def _examples(sample_ids: pd.Index, source: npt.NDArray[np.object_]) -> list[int]:
    """Return the positions of a few random rows of every source, ordered by source."""
    shuffled = random_order(sample_ids, np.random.default_rng(0))
    chosen: list[int] = []
    for name in SOURCES:
        chosen += shuffled[source[shuffled] == name][:PER_SOURCE].tolist()
    left = shuffled[~np.isin(shuffled, chosen)]
    chosen += left[: max(N_ROWS - len(chosen), 0)].tolist()
    rank = {name: number for number, name in enumerate(SOURCES)}
    return sorted(chosen, key=lambda row: rank.get(str(source[row]), len(rank)))


def _take(file: pq.ParquetFile, positions: list[int], columns: list[str]) -> pa.Table:
    """Return rows of a file by position, without reading the whole file into memory."""
    parts, start, order = [], 0, np.sort(np.array(positions, dtype=np.int64))
    for batch in file.iter_batches(BATCH_SIZE, columns=columns):
        in_batch = order[(order >= start) & (order < start + len(batch))] - start
        if len(in_batch):
            parts.append(pa.Table.from_batches([batch]).take(in_batch))
        start += len(batch)
    rows = np.searchsorted(order, positions)
    return pa.concat_tables(parts).take(rows) if parts else pa.table({})
