"""Writing training sets: Parquet, JSON lines, CSV, each whole or not at all, with a manifest."""

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

from labeling.datasets.values import one_line, plain_column, without_non_finite
from labeling.errors import DataError, repeated, shown
from labeling.records import free_name, whole_file

if TYPE_CHECKING:
    import pyarrow as pa

    from labeling.datasets.training_set import TrainingSet

VERSION = 2
VOTER_OF = {"lf_votes": "voter", "annotators": "annotator"}
"""The columns that say who voted what, and what the one who votes is called in their objects."""
Manifest = dict[str, Any]
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_folder(train: TrainingSet, folder: Path, *, for_spreadsheet: bool) -> dict[str, Any]:
    """Write every form into a folder as `training_set.*`, and return the manifest they share.

    A form that cannot be written stops no other.

    Raises:
        DataError: some form could not be written; it names each, and which ones were.
    """
    about = manifest_of(train)
    forms: dict[str, Callable[[Path], None]] = {
        "training_set.parquet": lambda path: write_parquet(train, path, about),
        "training_set.jsonl": lambda path: write_jsonl(train, path, about),
        "training_set.csv": lambda path: write_csv(
            train, path, about, for_spreadsheet=for_spreadsheet
        ),
    }
    failed: dict[str, DataError] = {}
    for name, write in forms.items():
        try:
            write(folder / name)
        except DataError as error:
            failed[name] = error
    if failed:
        raise _not_all_written(failed, [name for name in forms if name not in failed], folder)
    return about


def _not_all_written(failed: dict[str, DataError], written: list[str], folder: Path) -> DataError:
    old = [name for name in failed if (folder / name).exists()]
    kept = f" Still that of an earlier export: {', '.join(old)}." if old else ""
    done = f" Written: {', '.join(written)}." if written else ""
    faults = " ".join(dict.fromkeys(map(str, failed.values())))
    return DataError(f"Not written: {', '.join(failed)}. {faults}{done}{kept}")


def write_parquet(train: TrainingSet, path: Path, about: Manifest | None = None) -> None:
    """Write the table as Parquet; who voted what becomes a list of structs (voter, label)."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from labeling.datasets.arrow import table_of

    frame = _with_index(train)
    voter_of = _voter_of(train)
    own = [*voter_of, train.own_columns["reviewer"]]

    def write(file: Path) -> None:
        table = table_of(frame.drop(columns=own), train.frame.index)
        for name in own:
            voter = voter_of.get(name)
            kind = pa.string() if voter is None else _votes_type(voter)
            values = frame[name].tolist() if voter is None else _objects(frame[name], voter)
            table = table.append_column(name, pa.array(values, kind))
        pq.write_table(table, file, compression="zstd")

    _write(train, path, write, about)


def _votes_type(voter: str) -> pa.DataType:
    import pyarrow as pa

    return pa.list_(pa.struct([(voter, pa.string()), ("label", pa.string())]))


def _objects(column: pd.Series, voter: str) -> list[list[dict[str, Any]]]:
    """Return who voted what as lists of objects of one shape, whoever voted."""
    return [
        [{voter: name, "label": label} for name, label in votes.items()] for votes in column
    ]  # fmt: skip


def write_jsonl(train: TrainingSet, path: Path, about: Manifest | None = None) -> None:
    """Write one JSON object a line; probabilities as an object from label to share."""

    def write(file: Path) -> None:
        with file.open("wb") as lines:
            for own, row in zip(train.frame.index, _rows(train), strict=True):
                lines.write(_json_line(row, own))

    _write(train, path, write, about)


def _json_line(row: dict[str, Any], sample: object) -> bytes:
    try:
        text = json.dumps(row, ensure_ascii=False, allow_nan=False)
    except ValueError:
        found = without_non_finite(row)[0]
        text = json.dumps(found, ensure_ascii=False, allow_nan=False)
    try:
        return text.encode("utf-8") + b"\n"
    except UnicodeEncodeError as error:
        torn = [name for name, value in row.items() if _is_torn(value)]
        raise DataError(
            f"Sample {sample!r} holds half a character in column {shown(torn)}, which no file can"
            " hold: replace it."
        ) from error


def _is_torn(value: Any) -> bool:
    text = json.dumps(value, ensure_ascii=False)
    return any("\ud800" <= sign <= "\udfff" for sign in text)


def write_csv(
    train: TrainingSet, path: Path, about: Manifest | None = None, *, for_spreadsheet: bool
) -> None:
    """Write a flat table: a column `p_<label>` for each label, votes as JSON text.

    Texts are quoted and missing values are not, so that an empty text is not a missing one. Where
    the samples have a column `p_<label>`, ours is called `labeling_p_<label>`.
    """
    import pyarrow.csv as pc

    from labeling.datasets.arrow import table_of

    frame = _with_index(train)
    ids = train.frame.index
    shares = np.array(frame.pop(train.own_columns["probabilities"]).tolist()).reshape(
        len(frame), len(train.schema)
    )
    for label, share in zip(train.schema, shares.T, strict=True):
        frame[free_name(f"p_{label}", frame.columns)] = share

    def write(file: Path) -> None:
        flat = pd.DataFrame({name: _cells(column, ids) for name, column in frame.items()})
        if for_spreadsheet:
            flat = flat.map(_harmless).rename(columns=_harmless)
        pc.write_csv(table_of(flat, ids), file)

    _write(train, path, write, about)


def _cells(column: pd.Series, ids: pd.Index) -> pd.Series:
    """Return a column as CSV can hold it, so that numbers and bools are read as what they were."""
    kind = column.dtype
    if isinstance(kind, pd.StringDtype) or pd.api.types.is_datetime64_any_dtype(kind):
        return column
    if pd.api.types.is_integer_dtype(kind) and not isinstance(kind, pd.SparseDtype):
        return column
    if pd.api.types.is_float_dtype(kind) and not isinstance(kind, pd.SparseDtype):
        there = column.dropna()
        if not len(there) or (there % 1 != 0).any():
            return column  # else all would be written as whole numbers
    values = [_cell(value) for value in plain_column(column, ids)]
    return pd.Series(values, index=column.index, dtype=object)


def _cell(value: Any) -> str | None:
    if isinstance(value, (list, dict)):
        return json.dumps(without_non_finite(value)[0], ensure_ascii=False, allow_nan=False)
    return None if value is None else str(value)


def manifest_of(train: TrainingSet) -> dict[str, Any]:
    """Return what a training set is, without time or place: equal sets have equal manifests."""
    from labeling.datasets.arrow import columns_in_json

    frame = train.frame
    samples = frame.drop(columns=[*train.own_columns.values()])
    digest = hashlib.sha256()
    nulls: Counter[str] = Counter()
    for row in _rows(train):
        try:
            text = json.dumps(row, allow_nan=False)
        except ValueError:
            text = json.dumps(row)  # in the fingerprint infinite numbers have their text
            nulls.update({name: without_non_finite(value)[1] for name, value in row.items()})
        digest.update(text.encode("utf-8"))
    reasons = train.dropped["reason"].value_counts().sort_index()
    return {
        "format": VERSION,
        "fingerprint": digest.hexdigest(),
        "samples": len(frame),
        "labels": {label: int((train.own("label") == label).sum()) for label in train.schema},
        "sources": _counts(train.own("source")),
        "left_out": {str(reason): int(count) for reason, count in reasons.items()},
        "null_in_json": {name: count for name, count in sorted(nulls.items()) if count},
        "voters": list(train.voters),
        "columns": [str(name) for name in frame.columns],
        "json_in_parquet": list(columns_in_json(samples, frame.index)),
        "own_columns": {name: own for name, own in train.own_columns.items() if name != own},
        "packages": {
            name: importlib.metadata.version(name)
            for name in ("labeling", "numpy", "pandas", "pyarrow", "scikit-learn")
        },
    }


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in column.value_counts().sort_index().items()}


def _with_index(train: TrainingSet) -> pd.DataFrame:
    """Return the table with its ids as the first column, and texts as names of columns.

    Where the samples have another column of the ids' name, that of the ids steps aside.
    """
    frame: pd.DataFrame = train.frame.reset_index(drop=True)
    frame.columns = pd.Index([str(name) for name in frame.columns], dtype=object)
    doubled = repeated(frame.columns)
    if doubled:
        raise DataError(
            f"Columns must have different names as texts. Given twice: {shown(doubled)}; rename one."
        )
    name = "sample_id" if train.frame.index.name is None else str(train.frame.index.name)
    if name in frame.columns and frame[name].tolist() == train.frame.index.tolist():
        return frame
    frame.insert(0, free_name(name, frame.columns), train.frame.index)
    return frame


def _voter_of(train: TrainingSet) -> dict[str, str]:
    """Return `VOTER_OF` by what the columns are called in a training set."""
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
        dict(zip(train.schema.labels, shares, strict=True)) for shares in columns[probabilities]
    ]
    for values in zip(*columns.values(), strict=True):
        yield dict(zip(columns, values, strict=True))


def parquet_table(frame: pd.DataFrame) -> pa.Table:
    """Return a frame of samples, its index included, as a table that can be written as Parquet.

    Raises:
        DataError: a column holds what Parquet cannot hold; it names the column and the sample.
    """
    from labeling.datasets.arrow import table_of

    return table_of(frame, frame.index, with_index=True)


def findings(samples: pd.DataFrame) -> list[str]:
    """Return what an export of these samples will replace or cannot write, a sentence each.

    >>> print(*findings(pd.DataFrame({"size": [float("inf"), 1.0]})))
    Column 'size' holds 1 number that JSON does not have (infinite, or NaN in a list): null in
    training_set.jsonl.
    """
    from labeling.datasets.arrow import column_problem, columns_in_json

    found = [
        f"Column {name!r} holds values of no common type ({example}): each is JSON text in Parquet"
        " files."
        for name, example in columns_in_json(samples, samples.index).items()
    ]
    for name, column in samples.items():
        try:
            values = plain_column(column, samples.index)
        except DataError as error:
            found.append(f"No form of the training set can be written. {error}")
            continue
        count = sum(without_non_finite(value)[1] for value in values)
        if count:
            found.append(
                f"Column {str(name)!r} holds {count:,} number{'s' if count > 1 else ''} that JSON"
                " does not have (infinite, or NaN in a list): null in training_set.jsonl."
            )
        problem = column_problem(column, samples.index)
        if problem:
            found.append(f"training_set.parquet cannot be written. {problem}")
    return found


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
                f"The training set cannot be written as {path.name!r}: {one_line(error)}. Columns must hold"
                " values of one type, and texts whole Unicode characters."
            ) from error
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        manifest = {**manifest, "file": path.name, "sha256": sha256}
        text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        beside.write_text(text, "utf-8")
