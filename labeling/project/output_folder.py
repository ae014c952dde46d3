"""The folder that results are written to, for people and programs to read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from labeling.errors import DataError
from labeling.records import Batch, free_names, whole_file


def ready_folder(folder: Path) -> Path:
    """Make the folder, and remove what killed processes left unfinished in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"The folder {str(folder)!r} cannot be made: {error}") from error
    try:
        for unfinished in folder.glob(".*.part"):
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"The folder {str(folder)!r} must be writable: {error}") from error
    return folder


def with_samples(batch: Batch, samples: pd.DataFrame) -> pd.DataFrame:
    """Return why each sample of a batch was chosen, and what the sample holds.

    Where the samples have a column of such a name, that of the batch is called `labeling_<name>`.
    """
    own = samples.loc[batch.sample_ids]
    chosen = batch.to_frame()
    taken = [*own.columns, own.index.name]
    return chosen.rename(columns=free_names(chosen.columns, taken)).join(own)


def write_frame(frame: pd.DataFrame, folder: Path, name: str) -> None:
    """Write a table as Parquet, its index included, whole or not at all.

    Raises:
        DataError: a column holds values that Parquet cannot hold; it names the column and the row.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from labeling.datasets import parquet_table

    with whole_file(ready_folder(folder) / name) as unfinished:
        try:
            pq.write_table(parquet_table(frame), unfinished)
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise DataError(f"{name} cannot be written: {error}") from error
