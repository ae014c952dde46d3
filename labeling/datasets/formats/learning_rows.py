"""Which rows of a training set a learner is given: those with a label, of one split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.columns import SPLITS
from labeling.errors import DataError, LabelingError, listed, near

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

ALL = "all"
LABELS = ("hard", "soft")


def learning_rows(train: TrainingSet, split: str | None) -> npt.NDArray[np.intp]:
    """Return the positions of the rows with a label that are in a split.

    Args:
        train: the training set.
        split: `train`, `dev`, `test` or `all`; `None` means `train` where a split was made, so that
            nothing learns from the other rows by oversight, and all rows where none was made.

    Raises:
        LabelingError: there is no such split.
        DataError: no split was made.
    """
    has_label = train.has_label
    splits = splits_for(train, split)
    if splits is None or split == ALL:
        return np.flatnonzero(has_label)
    return np.flatnonzero(has_label & (splits == (split or "train")).to_numpy(dtype=bool))


def splits_for(train: TrainingSet, split: str | None) -> pd.Series | None:
    """Return the split of each row, if one was made, after checking that the wanted one can be.

    Raises:
        LabelingError: there is no such split.
        DataError: no split was made.
    """
    if split is not None and split not in (*SPLITS, ALL):
        raise LabelingError(
            f"`split` must be one of {listed((*SPLITS, ALL))}. Got {split!r}.{near(split, SPLITS)}"
        )
    splits = split_of_rows(train)
    if splits is None and split not in (None, ALL):
        raise DataError(
            f"The training set has no split, so there are no rows of {split!r}. Make one with"
            " `lb.split`, or leave `split` out."
        )
    return splits


def split_of_rows(train: TrainingSet) -> pd.Series | None:
    """Return the split of each row; `None` if no split was made."""
    return train.added_column("split") if "split" in train.columns else None


def feature_columns(train: TrainingSet, columns: str | list[str] | None) -> list[str]:
    """Return the columns of the samples that a learner is given; `None` means all.

    Raises:
        DataError: the samples have no such column.
    """
    available = list(train.samples.columns)
    if columns is None:
        return available
    if not isinstance(columns, (str, list, tuple)):
        raise DataError(f"`columns` must be the name of a column, or a list. Got {columns!r}.")
    wanted = [columns] if isinstance(columns, str) else list(columns)
    for name in wanted:
        if name not in available:
            raise DataError(
                f"`columns` must be columns of the samples, which are {listed(available, 10)}. Got"
                f" {name!r}.{near(name, available)}"
            )
    return wanted


def check_labels(labels: str) -> None:
    """Raise a LabelingError if labels are to be neither hard nor soft."""
    if labels not in LABELS:
        raise LabelingError(f"`labels` must be 'hard' or 'soft'. Got {labels!r}.")


def rows_at(frame: pd.DataFrame, rows: npt.NDArray[np.intp]) -> pd.DataFrame:
    """Return the rows at some positions, without a copy where they are all."""
    return frame if len(rows) == len(frame) else frame.iloc[rows]
