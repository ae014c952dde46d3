"""Writing training sets: Parquet, JSON lines, CSV, each whole or not at all, with a manifest."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labeling.errors import DataError, shown
from labeling.records import whole_file

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

VERSION = 1
Manifest = dict[str, Any]
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_folder(train: TrainingSet, folder: Path, *, for_spreadsheet: bool) -> dict[str, Any]:
    """Write every form into a folder as `training_set.*`, and return the manifest they share."""
    about = manifest_of(train)
    write_parquet(train, folder / "training_set.parquet", about)
    write_jsonl(train, folder / "training_set.jsonl", about)
    write_csv(train, folder / "training_set.csv", about, for_spreadsheet=for_spreadsheet)
    return about


def write_parquet(train: TrainingSet, path: Path, about: Manifest | None = None) -> None:
    """Write the table as Parquet; who voted what becomes a list of (voter, label) pairs."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pairs = pa.map_(pa.string(), pa.string())
    frame = _with_index(train)
    own = {"lf_votes": pairs, "annotators": pairs, "reviewer": pa.string()}

    def write(file: Path) -> None:
        table = pa.Table.from_pandas(frame.drop(columns=list(own)), preserve_index=False)
        for name, kind in own.items():
            values = [list(one.items()) if isinstance(one, dict) else one for one in frame[name]]
            table = table.append_column(name, pa.array(values, kind))
        pq.write_table(table, file, compression="zstd")

    _write(train, path, write, about)


def write_jsonl(train: TrainingSet, path: Path, about: Manifest | None = None) -> None:
    """Write one JSON object a line; probabilities as an object from label to share."""

    def write(file: Path) -> None:
        with file.open("w", encoding="utf-8", newline="\n") as lines:
            for row in _json_rows(train):
                lines.write(_json(row) + "\n")

    _write(train, path, write, about)


def write_csv(
    train: TrainingSet, path: Path, about: Manifest | None = None, *, for_spreadsheet: bool
) -> None:
    """Write a flat table: a column `p_<label>` for each label, votes as JSON text.

    Texts are quoted and missing values are not, so that an empty text is not a missing one.
    """
    import pyarrow as pa
    import pyarrow.csv as pc

    frame = _with_index(train)
    own = {f"p_{label}": code for code, label in enumerate(train.schema)}
    clash = [name for name in own if name in frame.columns]
    if clash:
        raise DataError(
            f"CSV adds the columns {shown(clash)}, which the samples have; rename them."
        )
    shares = np.stack(frame.pop("probabilities").tolist()) if len(frame) else np.empty((0, 0))
    for name, code in own.items():
        frame[name] = shares[:, code] if len(frame) else np.empty(0)

    def write(file: Path) -> None:
        flat = pd.DataFrame({name: _cells(column) for name, column in frame.items()})
        if for_spreadsheet:
            flat = flat.map(_harmless).rename(columns=_harmless)
        pc.write_csv(pa.Table.from_pandas(flat, preserve_index=False), file)

    _write(train, path, write, about)


def _cells(column: pd.Series) -> pd.Series:
    """Return a column as CSV can hold it, so that numbers and bools are read as what they were."""
    kind = column.dtype
    if isinstance(kind, pd.StringDtype) or pd.api.types.is_datetime64_any_dtype(kind):
        return column
    if pd.api.types.is_integer_dtype(kind):
        return column
    if pd.api.types.is_float_dtype(kind):
        there = column.dropna()
        if not len(there) or (there % 1 != 0).any():
            return column  # else all would be written as whole numbers
    return pd.Series([_cell(one) for one in column.tolist()], index=column.index, dtype="str")


def _cell(value: Any) -> str | None:
    if isinstance(value, (list, dict, tuple, np.ndarray)):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return None if pd.isna(value) else str(value)


def manifest_of(train: TrainingSet) -> dict[str, Any]:
    """Return what a training set is, without time or place: equal sets have equal manifests."""
    frame = train.frame
    digest = hashlib.sha256()
    for row in _json_rows(train):
        text = json.dumps(row, default=_plain)  # any number has its text here, infinity too
        digest.update(text.encode("utf-8"))
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
    frame: pd.DataFrame = train.frame.reset_index(drop=True)
    if name in frame.columns:
        if frame[name].tolist() == train.frame.index.tolist():
            return frame
        raise DataError(
            f"The ids are exported as column {name!r}, and the samples have another column of that"
            " name; rename it, or give the index a name."
        )
    frame.insert(0, name, train.frame.index)
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


def _write(
    train: TrainingSet, path: Path, write: Callable[[Path], object], about: Manifest | None
) -> None:
    """Write a file and its manifest, each whole or not at all."""
    import pyarrow as pa

    with whole_file(path) as file, whole_file(f"{path}.manifest.json") as beside:
        try:
            write(file)
            manifest = manifest_of(train) if about is None else about
        except DataError:
            raise
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise DataError(
                f"The training set cannot be written as {path.name!r}: {error}. Columns must hold"
                " values of one type, and texts whole Unicode characters."
            ) from error
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        manifest = {**manifest, "file": path.name, "sha256": sha256}
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        beside.write_text(text, "utf-8")
