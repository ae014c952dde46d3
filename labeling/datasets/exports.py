"""Export of training sets as Parquet, JSON lines and CSV, written atomically with manifests."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labeling.datasets.values import plain_column, single_line, without_non_finite
from labeling.errors import DataError, listed, repeated
from labeling.records import atomic_write, free_name, is_formula

if TYPE_CHECKING:
    import pyarrow as pa

    from labeling.datasets.training_set import TrainingSet

VERSION = 2
VOTER_OF = {"lf_votes": "voter", "annotators": "annotator"}
"""The columns of votes, and the field of their objects that names the voter."""
Manifest = dict[str, Any]


def write_folder(train: TrainingSet, folder: Path, *, for_spreadsheet: bool) -> dict[str, Any]:
    """Write all formats into a folder as `training_set.*`, and return their common manifest.

    If one format cannot be written, the others are.

    Raises:
        DataError: some format could not be written; it names these and those that were.
    """
    manifest = manifest_of(train)
    formats: dict[str, Callable[[Path], None]] = {
        "training_set.parquet": lambda path: write_parquet(train, path, manifest),
        "training_set.jsonl": lambda path: write_jsonl(train, path, manifest),
        "training_set.csv": lambda path: write_csv(
            train, path, manifest, for_spreadsheet=for_spreadsheet
        ),
    }
    failed: dict[str, DataError] = {}
    for name, write in formats.items():
        try:
            write(folder / name)
        except DataError as error:
            failed[name] = error
    if failed:
        raise _not_all_written(failed, [name for name in formats if name not in failed], folder)
    return manifest


def _not_all_written(failed: dict[str, DataError], written: list[str], folder: Path) -> DataError:
    old = [name for name in failed if (folder / name).exists()]
    outdated = f" Still from an earlier export: {', '.join(old)}." if old else ""
    done = f" Written: {', '.join(written)}." if written else ""
    faults = " ".join(dict.fromkeys(map(str, failed.values())))
    return DataError(f"Not written: {', '.join(failed)}. {faults}{done}{outdated}")


def write_parquet(train: TrainingSet, path: Path, manifest: Manifest | None = None) -> None:
    """Write the table as Parquet; votes become lists of structs (voter, label)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from labeling.datasets.arrow import table_of

    frame = _with_index(train)
    voter_of = _voter_of(train)
    typed_columns = [*voter_of, train.own_columns["reviewer"]]

    def write(file: Path) -> None:
        table = table_of(frame.drop(columns=typed_columns), train.frame.index)
        for name in typed_columns:
            voter = voter_of.get(name)
            kind = pa.string() if voter is None else _votes_type(voter)
            values = frame[name].tolist() if voter is None else _objects(frame[name], voter)
            table = table.append_column(name, pa.array(values, kind))
        pq.write_table(table, file, compression="zstd")

    _write(train, path, write, manifest)


def _votes_type(voter: str) -> pa.DataType:
    import pyarrow as pa

    return pa.list_(pa.struct([(voter, pa.string()), ("label", pa.string())]))


def _objects(column: pd.Series, voter: str) -> list[list[dict[str, Any]]]:
    """Return votes as lists of objects with the same keys for all voters."""
    return [
        [{voter: name, "label": label} for name, label in votes.items()] for votes in column
    ]  # fmt: skip


def write_jsonl(train: TrainingSet, path: Path, manifest: Manifest | None = None) -> None:
    """Write one JSON object per line; probabilities are an object from label to probability."""

    def write(file: Path) -> None:
        with file.open("wb") as lines:
            for sample_id, row in zip(train.frame.index, _rows(train), strict=True):
                lines.write(_encoded_json(row, sample_id))

    _write(train, path, write, manifest)


def _encoded_json(row: dict[str, Any], sample: object) -> bytes:
    try:
        text = json.dumps(row, ensure_ascii=False, allow_nan=False)
    except ValueError:
        cleaned = without_non_finite(row)[0]
        text = json.dumps(cleaned, ensure_ascii=False, allow_nan=False)
    try:
        return text.encode("utf-8") + b"\n"
    except UnicodeEncodeError as error:
        torn = [name for name, value in row.items() if _is_torn(value)]
        raise DataError(
            f"Sample {sample!r} holds half a character in column {listed(torn)}, which no file can"
            " hold: replace it."
        ) from error


def _is_torn(value: Any) -> bool:
    text = json.dumps(value, ensure_ascii=False)
    return any("\ud800" <= character <= "\udfff" for character in text)


def write_csv(
    train: TrainingSet, path: Path, manifest: Manifest | None = None, *, for_spreadsheet: bool
) -> None:
    """Write a flat table: a column `p_<label>` for each label, votes as JSON text.

    Texts are quoted and missing values are not, which distinguishes empty from missing texts. If
    the samples have a column `p_<label>`, ours is called `labeling_p_<label>`.
    """
    import pyarrow.csv as pc

    from labeling.datasets.arrow import table_of

    frame = _with_index(train)
    ids = train.frame.index
    rows = frame.pop(train.own_columns["probabilities"]).tolist()
    probabilities = np.array(rows).reshape(len(frame), len(train.schema))
    for label, probability in zip(train.schema, probabilities.T, strict=True):
        frame[free_name(f"p_{label}", frame.columns)] = probability

    def write(file: Path) -> None:
        flat = pd.DataFrame({name: _cells(column, ids) for name, column in frame.items()})
        if for_spreadsheet:
            flat = flat.map(_guarded).rename(columns=_guarded)
        pc.write_csv(table_of(flat, ids), file)

    _write(train, path, write, manifest)


def _cells(column: pd.Series, ids: pd.Index) -> pd.Series:
    """Return a column in a form from which CSV readers recover numbers and bools."""
    kind = column.dtype
    if isinstance(kind, pd.StringDtype) or pd.api.types.is_datetime64_any_dtype(kind):
        return column
    if pd.api.types.is_integer_dtype(kind) and not isinstance(kind, pd.SparseDtype):
        return column
    if pd.api.types.is_float_dtype(kind) and not isinstance(kind, pd.SparseDtype):
        present = column.dropna()
        if not len(present) or (present % 1 != 0).any():
            return column  # otherwise all would be written as whole numbers
    values = [_cell(value) for value in plain_column(column, ids)]
    return pd.Series(values, index=column.index, dtype=object)


def _cell(value: Any) -> str | None:
    if isinstance(value, (list, dict)):
        return json.dumps(without_non_finite(value)[0], ensure_ascii=False, allow_nan=False)
    return None if value is None else str(value)


def manifest_of(train: TrainingSet) -> dict[str, Any]:
    """Return the manifest, without time and path, so that equal training sets have equal ones."""
    from labeling.datasets.arrow import columns_in_json

    frame = train.frame
    samples = frame.drop(columns=[*train.own_columns.values()])
    digest = hashlib.sha256()
    nulls: Counter[str] = Counter()
    for row in _rows(train):
        try:
            text = json.dumps(row, allow_nan=False)
        except ValueError:
            text = json.dumps(row)  # the fingerprint includes the texts of infinite numbers
            nulls.update({name: without_non_finite(value)[1] for name, value in row.items()})
        digest.update(text.encode("utf-8"))
    reasons = train.dropped["reason"].value_counts().sort_index()
    return {
        "format": VERSION,
        "fingerprint": digest.hexdigest(),
        "samples": len(frame),
        "labels": {
            label: int((train.added_column("label") == label).sum()) for label in train.schema
        },
        **({"ordered_labels": True} if train.schema.ordered else {}),
        "sources": _counts(train.added_column("source")),
        "undecided": dict(zip(("left_out", "kept"), train.n_undecided, strict=True)),
        "left_out": {str(reason): int(count) for reason, count in reasons.items()},
        "null_in_json": {name: count for name, count in sorted(nulls.items()) if count},
        "voters": list(train.voters),
        "columns": [str(name) for name in frame.columns],
        "json_in_parquet": list(columns_in_json(samples, frame.index)),
        "own_columns": {name: new for name, new in train.own_columns.items() if name != new},
        "packages": {
            name: importlib.metadata.version(name)
            for name in ("labeling", "numpy", "pandas", "pyarrow", "scikit-learn")
        },
    }


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in column.value_counts().sort_index().items()}


def _with_index(train: TrainingSet) -> pd.DataFrame:
    """Return the table with its ids as the first column, and texts as column names.

    If the samples have another column of the ids' name, the column of the ids gets a prefix.
    """
    frame: pd.DataFrame = train.frame.reset_index(drop=True)
    frame.columns = pd.Index([str(name) for name in frame.columns], dtype=object)
    doubled = repeated(frame.columns)
    if doubled:
        raise DataError(
            f"Columns must have different names as texts. Given twice: {listed(doubled)};"
            " rename one."
        )
    name = "sample_id" if train.frame.index.name is None else str(train.frame.index.name)
    if name in frame.columns and frame[name].tolist() == train.frame.index.tolist():
        return frame
    frame.insert(0, free_name(name, frame.columns), train.frame.index)
    return frame


def _voter_of(train: TrainingSet) -> dict[str, str]:
    """Return `VOTER_OF` by the actual column names of a training set."""
    return {train.own_columns[name]: voter for name, voter in VOTER_OF.items()}


def _rows(train: TrainingSet) -> Iterator[dict[str, Any]]:
    """Yield the samples as objects of plain values; see `labeling.datasets.values`."""
    frame = _with_index(train)
    ids = train.frame.index
    voter_of = _voter_of(train)
    columns: dict[str, list[Any]] = {}
    for name, column in frame.items():
        voter = voter_of.get(str(name))
        columns[str(name)] = plain_column(column, ids) if voter is None else _objects(column, voter)
    probabilities = train.own_columns["probabilities"]
    columns[probabilities] = [
        dict(zip(train.schema.labels, row, strict=True)) for row in columns[probabilities]
    ]
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def parquet_table(frame: pd.DataFrame) -> pa.Table:
    """Return a frame of samples with its index as a table that can be written as Parquet.

    Raises:
        DataError: a value cannot be written as Parquet; it names the column and the sample.
    """
    from labeling.datasets.arrow import table_of

    return table_of(frame, frame.index, with_index=True)


def value_findings(samples: pd.DataFrame) -> list[str]:
    """Return a sentence for each value type that an export will replace or cannot write.

    >>> print(*value_findings(pd.DataFrame({"size": [float("inf"), 1.0]})))
    Column 'size' holds 1 number that JSON does not have (infinite, or NaN in a list): null in
    training_set.jsonl.
    """
    from labeling.datasets.arrow import column_problem, columns_in_json

    sentences = [
        f"Column {name!r} holds values of no common type ({example}): each is JSON text in Parquet"
        " files."
        for name, example in columns_in_json(samples, samples.index).items()
    ]
    for name, column in samples.items():
        try:
            values = plain_column(column, samples.index)
        except DataError as error:
            sentences.append(f"No format of the training set can be written. {error}")
            continue
        count = sum(without_non_finite(value)[1] for value in values)
        if count:
            sentences.append(
                f"Column {str(name)!r} holds {count:,} number{'s' if count > 1 else ''} that JSON"
                " does not have (infinite, or NaN in a list): null in training_set.jsonl."
            )
        problem = column_problem(column, samples.index)
        if problem:
            sentences.append(f"training_set.parquet cannot be written. {problem}")
    return sentences


def _guarded(value: Any) -> Any:
    """Return a value with an apostrophe before a text that a spreadsheet would evaluate."""
    return f"'{value}" if isinstance(value, str) and is_formula(value) else value


def _write(
    train: TrainingSet, path: Path, write: Callable[[Path], object], manifest: Manifest | None
) -> None:
    """Write a file and its manifest, each atomically."""
    import pyarrow as pa

    with atomic_write(path) as file, atomic_write(f"{path}.manifest.json") as manifest_file:
        try:
            write(file)
            manifest = manifest_of(train) if manifest is None else manifest
        except DataError:
            raise
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise DataError(
                f"The training set cannot be written as {path.name!r}: {single_line(error)}."
                " Columns must hold values of one type, and texts whole Unicode characters."
            ) from error
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        manifest = {**manifest, "file": path.name, "sha256": sha256}
        text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        manifest_file.write_text(text, "utf-8")
