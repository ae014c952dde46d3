"""The file with the votes of a commit: a column for each function, a row for each sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from labeling.errors import DataError
from labeling.notebook.function_set import FunctionSet
from labeling.notebook.vote_cells import Cells, id_texts
from labeling.records import LabelingFunction, atomic_write, private_file

SAMPLE = "sample"
NOTES = "notes"


class KeptVotes(NamedTuple):
    """What is known of a function of a commit that this process did not make.

    Attributes:
        lf: stands for the function, and cannot be called.
        fingerprint: of the function.
        cells: what it said of each sample; see `VotedLF.cells`.
        notes: of its run; see `VotedLF.notes`.
    """

    lf: LabelingFunction
    fingerprint: str
    cells: Cells
    notes: Mapping[str, Any]


def write_commit_votes(path: Path, functions: FunctionSet, sample_ids: pd.Index) -> None:
    """Write the votes of functions; the file is whole, or not there, whenever the process ends."""
    votes = {_column(number): voted.cells for number, voted in enumerate(functions)}
    frame = pd.DataFrame({SAMPLE: id_texts(sample_ids), **votes})
    notes = [voted.notes for voted in functions]
    if any(notes):
        frame.attrs[NOTES] = notes
    with atomic_write(path) as unfinished:
        private_file(unfinished)
        frame.to_parquet(unfinished, index=False)


def read_commit_votes(
    folder: Path | None, commit: str, sample_ids: pd.Index, lfs: Sequence[tuple[str, Any]]
) -> list[KeptVotes]:
    """Return the votes of a commit on the samples of a workbench.

    Args:
        folder: of the commits.
        commit: its id.
        sample_ids: the samples.
        lfs: for each of its functions the fingerprint, and what stands for it.

    Raises:
        DataError: the file is damaged, or is of other samples.
    """
    path = Path() if folder is None else folder / f"{commit}.parquet"
    try:
        frame = pd.read_parquet(path).set_index(SAMPLE)
        columns = [frame[_column(number)] for number in range(len(lfs))]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"The votes of commit {commit[:8]} must be as they were written. Got"
            f" {path.name!r}: {error!r}."
        ) from error
    wanted = pd.Index(id_texts(sample_ids))
    if len(frame) != len(wanted) or not wanted.isin(frame.index).all():
        raise DataError(
            f"Commit {commit[:8]} must be on the samples of this workbench to be compared. It"
            f" is on {len(frame):,} samples, the workbench has {len(wanted):,}; open a workbench on"
            " those samples."
        )
    notes = frame.attrs.get(NOTES) or [{}] * len(lfs)
    return [
        KeptVotes(lf, fingerprint, _cells(column.loc[wanted]), of_function)
        for (fingerprint, lf), column, of_function in zip(lfs, columns, notes, strict=True)
    ]


def _column(number: int) -> str:
    return f"votes_{number}"


def _cells(column: pd.Series) -> Cells:
    """Return a column as it was written, read-only: codes, or texts and `None`."""
    if pd.api.types.is_integer_dtype(column):
        cells: Cells = column.to_numpy().copy()
    else:
        cells = column.astype(object).where(column.notna(), None).to_numpy()
    cells.flags.writeable = False
    return cells
