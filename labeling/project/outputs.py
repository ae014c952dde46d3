"""The folder that results are written to, for people and programs to read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from labeling.errors import DataError
from labeling.records import whole_file


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


def write_frame(frame: pd.DataFrame, folder: Path, name: str) -> None:
    """Write a table as Parquet, whole or not at all."""
    with whole_file(ready_folder(folder) / name) as unfinished:
        frame.to_parquet(unfinished)
