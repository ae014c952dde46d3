"""Export of training sets as JSON lines, CSV, and a folder of all formats, written atomically."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from labeling.datasets import canonical
from labeling.datasets.canonical import manifest_text, written
from labeling.datasets.csv_tables import csv_table
from labeling.datasets.json_lines import json_lines
from labeling.datasets.manifest import Manifest
from labeling.datasets.values import plain_column, without_non_finite
from labeling.errors import DataError
from labeling.records import atomic_write

if TYPE_CHECKING:
    import pyarrow as pa

    from labeling.datasets.training_set import TrainingSet


def write_folder(train: TrainingSet, folder: Path, *, for_spreadsheet: bool) -> Manifest:
    """Write all formats into a folder as `training_set.*`, and return their common manifest.

    If one format cannot be written, the others are.

    Raises:
        DataError: some format could not be written; it names these and those that were.
    """
    manifest = train.manifest()
    formats: dict[str, Callable[[Path], str | None]] = {
        canonical.ROWS: lambda path: _write_rows(train, path),
        "training_set.jsonl": lambda path: write_jsonl(train, path, manifest),
        "training_set.csv": lambda path: write_csv(
            train, path, manifest, for_spreadsheet=for_spreadsheet
        ),
        canonical.LEFT_OUT: lambda path: canonical.write_table(
            canonical.left_out_table(train), path
        ),
    }
    failed: dict[str, DataError] = {}
    digests: dict[str, str] = {}
    for name, write in formats.items():
        try:
            digests[name] = write(folder / name) or ""
        except DataError as error:
            failed[name] = error
    if failed:
        raise _not_all_written(failed, [name for name in formats if name not in failed], folder)
    files = {name: digests[name] for name in (canonical.ROWS, canonical.LEFT_OUT)}
    canonical.write_manifest(train, folder, files)
    return manifest


def _write_rows(train: TrainingSet, path: Path) -> str:
    """Write the rows as Parquet and a manifest of this file alone, and return its digest."""
    sha256 = canonical.write_table(canonical.rows_table(train), path)
    text = manifest_text({**train.manifest(), "file": path.name, "sha256": sha256})
    with atomic_write(f"{path}.manifest.json") as unfinished:
        unfinished.write_text(text, "utf-8")
    return sha256


def _not_all_written(failed: dict[str, DataError], written: list[str], folder: Path) -> DataError:
    old = [name for name in failed if (folder / name).exists()]
    outdated = f" Still from an earlier export: {', '.join(old)}." if old else ""
    done = f" Written: {', '.join(written)}." if written else ""
    faults = " ".join(dict.fromkeys(map(str, failed.values())))
    return DataError(f"Not written: {', '.join(failed)}. {faults}{done}{outdated}")


def write_jsonl(train: TrainingSet, path: Path, manifest: Manifest | None = None) -> None:
    """Write one JSON object per line; probabilities are an object from label to probability."""

    def write(file: Path) -> None:
        with file.open("wb") as lines:
            for some in json_lines(train):
                lines.write(some)

    _write(train, path, write, manifest)


def write_csv(
    train: TrainingSet, path: Path, manifest: Manifest | None = None, *, for_spreadsheet: bool
) -> None:
    """Write a flat table; see `labeling.datasets.csv_tables`.

    Texts are quoted and missing values are not, which distinguishes empty from missing texts.
    """
    import pyarrow.csv as pc

    guarded: dict[str, int] = {}

    def write(file: Path) -> None:
        table, counts = csv_table(train, for_spreadsheet=for_spreadsheet)
        guarded.update(counts)
        pc.write_csv(table, file)

    _write(train, path, write, manifest, {"guarded_in_csv": guarded})


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


def _write(
    train: TrainingSet,
    path: Path,
    write: Callable[[Path], object],
    manifest: Manifest | None,
    more: Mapping[str, object] = MappingProxyType({}),
) -> None:
    """Write a file and its manifest, each atomically.

    Args:
        train: the training set.
        path: of the file.
        write: writes the file to a path.
        manifest: of the training set, if it is known.
        more: what its manifest says besides; it may be filled in by `write`.
    """
    with atomic_write(f"{path}.manifest.json") as manifest_file:
        sha256 = written(path, write)
        manifest = train.manifest() if manifest is None else manifest
        text = manifest_text({**manifest, **more, "file": path.name, "sha256": sha256})
        manifest_file.write_text(text, "utf-8")
