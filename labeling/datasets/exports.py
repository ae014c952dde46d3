"""Writing training sets: Parquet, JSON lines, CSV, each whole or not at all, with a manifest."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labeling.errors import DataError

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

VERSION = 1
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_parquet(train: TrainingSet, path: Path) -> None:
    """Write the table as Parquet; who voted what becomes a list of (voter, label) pairs."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pairs = pa.map_(pa.string(), pa.string())
    frame = _with_index(train)
    own = {"lf_votes": pairs, "annotators": pairs, "reviewer": pa.string()}
    plain = pa.Table.from_pandas(frame.drop(columns=list(own)), preserve_index=False)
    for name, kind in own.items():
        values = [list(one.items()) if isinstance(one, dict) else one for one in frame[name]]
        plain = plain.append_column(name, pa.array(values, kind))
    _write(train, path, lambda file: pq.write_table(plain, file, compression="zstd"))


def write_jsonl(train: TrainingSet, path: Path) -> None:
    """Write one JSON object a line; probabilities as an object from label to share."""

    def write(file: Path) -> None:
        with file.open("w", encoding="utf-8", newline="\n") as lines:
            for row in _json_rows(train):
                lines.write(_json(row) + "\n")

    _write(train, path, write)


def write_csv(train: TrainingSet, path: Path, *, for_spreadsheet: bool) -> None:
    """Write a flat table: a column `p_<label>` for each label, votes as JSON text."""
    frame = _with_index(train)
    shares = np.stack(frame["probabilities"].tolist()) if len(frame) else np.empty((0, 0))
    for code, label in enumerate(train.schema):
        frame[f"p_{label}"] = shares[:, code] if len(frame) else []
    for name in ("lf_votes", "annotators"):
        frame[name] = [json.dumps(one, ensure_ascii=False) for one in frame[name]]
    frame = frame.drop(columns="probabilities")
    if for_spreadsheet:
        frame = frame.map(_harmless)

    def write(file: Path) -> None:
        frame.to_csv(file, index=False, encoding="utf-8", lineterminator="\n")

    _write(train, path, write)


def manifest_of(train: TrainingSet) -> dict[str, Any]:
    """Return what a training set is, without time or place: equal sets have equal manifests."""
    frame = train.frame
    digest = hashlib.sha256()
    for row in _json_rows(train):
        digest.update(_json(row).encode("utf-8", "replace"))
    reasons = train.dropped["reason"].value_counts().sort_index()
    return {
        "format": VERSION,
        "fingerprint": digest.hexdigest(),
        "samples": len(frame),
        "labels": {label: int((frame["label"] == label).sum()) for label in train.schema},
        "sources": _counts(frame["source"]),
        "left_out": {str(reason): int(count) for reason, count in reasons.items()},
        "voters": list(train.voters),
        "columns": [str(name) for name in frame.columns],
        "packages": {
            name: importlib.metadata.version(name)
            for name in ("labeling", "numpy", "pandas", "pyarrow", "scikit-learn")
        },
    }


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in column.value_counts().sort_index().items()}


def _with_index(train: TrainingSet) -> pd.DataFrame:
    """Return the table with its ids as the first column."""
    name = "sample_id" if train.frame.index.name is None else str(train.frame.index.name)
    if name in train.frame.columns:
        return train.frame.reset_index(drop=True)
    frame: pd.DataFrame = train.frame.rename_axis(index=name).reset_index()
    return frame


def _json_rows(train: TrainingSet) -> Any:
    for row in _with_index(train).to_dict("records"):
        shares = row["probabilities"]
        row["probabilities"] = dict(zip(train.schema.labels, map(float, shares), strict=True))
        yield {str(name): None if _is_nan(value) else value for name, value in row.items()}


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value


def _json(row: dict[str, Any]) -> str:
    try:
        return json.dumps(row, ensure_ascii=False, default=_plain, allow_nan=False)
    except ValueError as error:
        raise DataError(
            f"JSON has no infinite numbers, and a sample holds one: {row}. Export to Parquet, or"
            " replace them."
        ) from error


def _plain(value: Any) -> Any:
    """Return a value that JSON knows for one that it does not."""
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (np.integer, np.floating, np.bool_)):
        return value.item()
    return value.tolist() if isinstance(value, np.ndarray) else str(value)


def _harmless(value: Any) -> Any:
    is_formula = isinstance(value, str) and value.startswith(FORMULA_STARTS)
    return f"'{value}" if is_formula else value


def _write(train: TrainingSet, path: Path, write: Callable[[Path], object]) -> None:
    """Write a file and its manifest under other names, then rename them: whole or not at all."""
    if not path.parent.is_dir():
        raise DataError(f"There is no folder {str(path.parent)!r} to write {path.name!r} to.")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        file, about = Path(folder, "data"), Path(folder, "manifest")
        write(file)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        manifest = {**manifest_of(train), "file": path.name, "sha256": sha256}
        about.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
        os.replace(file, path)
        os.replace(about, path.with_name(path.name + ".manifest.json"))
