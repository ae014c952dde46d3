"""The section on the training set: what is in it, what is not, and a few rows with their lineage."""

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

from labeling.analysis import LabelShare, compared_shares
from labeling.project.class_balance import class_balance_warnings, random_draws
from labeling.records import order_by_chance
from labeling.report.components import MOST_LABELS, Segment
from labeling.report.context import ReportContext
from labeling.report.formatting import from_root
from labeling.report.samples import SOURCES
from labeling.store import Kept

SHOWN = 10
AT_LEAST = 2  # rows of each source
AT_ONCE = 50_000


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
    current: bool


@dataclass(frozen=True)
class TrainingSection:
    """What the section shows."""

    n: int
    made_at: str
    fingerprint: str
    labels: list[LabelShare]
    draws: list[str]
    sources: list[Segment]
    left_out: dict[str, int]
    min_confidence: float
    files: list[File]
    rows: list[Row]
    warnings: list[str]
    most_labels: int = MOST_LABELS


def section(known: ReportContext) -> TrainingSection | None:
    """Return the section on the training set; `None` before the first export."""
    kept = None if known.store is None else known.store.files.last("training_set")
    if known.store is None or kept is None:
        return None
    path = known.store.files.read(kept)
    about = kept.about
    draws = random_draws(known.data.dev, known.verdict.gold, known.choices)
    return TrainingSection(
        n=about["samples"],
        made_at=kept.made_at,
        fingerprint=about["fingerprint"],
        labels=_by_count(compared_shares(about["labels"], draws)),
        draws=[name for name, drawn in draws.items() if len(drawn)],
        sources=[
            Segment(*SOURCES[source], about["sources"][source])
            for source in SOURCES
            if source in about["sources"]
        ],
        left_out=about["left_out"],
        min_confidence=known.config.export.min_confidence,
        files=_files(known, kept),
        warnings=class_balance_warnings(
            "the training set",
            about["labels"],
            draws,
            is_declared=known.config.class_balance is not None,
        ),
        rows=[]
        if path is None
        else _rows(
            path,
            str(known.project.samples.index.name),
            known.config.data.text,
            kept.about.get("own_columns", {}),
        ),
    )


def _by_count(labels: Sequence[LabelShare]) -> list[LabelShare]:
    """Return the labels in order; where there are many, the most frequent first."""
    if len(labels) <= MOST_LABELS:
        return list(labels)
    return sorted(labels, key=lambda share: -share.count)


def _files(known: ReportContext, kept: Kept) -> list[File]:
    """Return the files that were exported, and whether they hold this training set."""
    found = []
    for path in sorted(known.project.folder.glob("training_set.*")):
        manifest = path.with_name(f"{path.name}.manifest.json")
        if path.suffix == ".json" or not manifest.is_file():
            continue
        about = json.loads(manifest.read_text("utf-8"))
        current = about.get("fingerprint") == kept.about["fingerprint"]
        name = from_root(path, known.config.root)
        found.append(File(name, path.stat().st_size, str(about.get("sha256", "")), current))
    return found


def _rows(path: Path, id_column: str, text: str, renamed: dict[str, str]) -> list[Row]:
    """Return a few rows of a training set; `renamed` says which of its own columns stepped aside."""
    file = pq.ParquetFile(path)
    names = file.schema_arrow.names
    id_column = id_column if id_column in names else names[0]
    wanted = ("label", "confidence", "source", "lf_votes", "annotators", "reviewer")
    own = {name: renamed.get(name, name) for name in wanted}
    about = file.read(columns=[id_column, own["source"]]).to_pandas()
    places = _few(pd.Index(about[id_column]), about[own["source"]].to_numpy(object))
    table = _taken(file, places, list(dict.fromkeys((id_column, text, *own.values()))))
    return [
        Row(
            row[id_column],
            row[text],
            *(row[own["label"]], row[own["confidence"]], row[own["source"]]),
            *(_pairs(row[own["lf_votes"]]), _pairs(row[own["annotators"]])),
            row[own["reviewer"]],
        )
        for row in table.to_pylist()
    ]


def _pairs(votes: list[Any] | None) -> list[tuple[str, Any]]:
    """Return who voted what; files of before have pairs, later ones objects (voter, label)."""
    return [tuple(one.values() if isinstance(one, dict) else one) for one in votes or ()]


def _few(ids: pd.Index, source: npt.NDArray[np.object_]) -> list[int]:
    """Return the places of a few rows, drawn by chance, of every source, in order of source."""
    by_chance = order_by_chance(ids, np.random.default_rng(0))
    chosen: list[int] = []
    for name in SOURCES:
        chosen += by_chance[source[by_chance] == name][:AT_LEAST].tolist()
    left = by_chance[~np.isin(by_chance, chosen)]
    chosen += left[: max(SHOWN - len(chosen), 0)].tolist()
    rank = {name: place for place, name in enumerate(SOURCES)}
    return sorted(chosen, key=lambda place: rank.get(str(source[place]), len(rank)))


def _taken(file: pq.ParquetFile, places: list[int], columns: list[str]) -> pa.Table:
    """Return some rows of a file, without holding all of it in memory."""
    parts, start, order = [], 0, np.sort(np.array(places, dtype=np.int64))
    for part in file.iter_batches(AT_ONCE, columns=columns):
        own = order[(order >= start) & (order < start + len(part))] - start
        if len(own):
            parts.append(pa.Table.from_batches([part]).take(own))
        start += len(part)
    rows = np.searchsorted(order, places)
    return pa.concat_tables(parts).take(rows) if parts else pa.table({})
