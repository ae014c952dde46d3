"""Handling of samples whose text is missing: drop them, take it as empty, or raise an error."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted, listed, near, noun
from labeling.records.frames import text_column
from labeling.records.samples import require_column, texts

MissingText = Literal["drop", "empty", "error"]
"""How to treat a sample whose text is missing (null; an empty text is a text)."""

MISSING_TEXT = "its text is missing"


def checked_missing_text(value: Any) -> MissingText:
    """Return a value of `missing_text` after validation.

    >>> checked_missing_text("skip")
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: `missing_text` must be one of 'drop', 'empty', 'error'. Got
    'skip'.
    """
    choices = get_args(MissingText)
    if value not in choices:
        raise LabelingError(
            f"`missing_text` must be one of {listed(choices)}. Got {value!r}.{near(value, choices)}"
        )
    return value  # type: ignore[no-any-return]  # it is one of them


def with_texts(
    samples: pd.DataFrame, column: str | None, missing_text: MissingText
) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    """Return the samples that have a text, and a mask of which they are.

    Args:
        samples: index = ids; unchanged.
        column: the column of the texts; `None` returns all samples.
        missing_text: `"drop"` leaves out samples whose text is missing, `"empty"` replaces it by
            "", `"error"` raises.

    Returns:
        The samples, and a mask of shape (n_samples,) that is False for samples left out.

    Raises:
        DataError: there is no such column, a value is not a text, or a text is missing and
            `missing_text` is `"error"`.

    >>> samples = pd.DataFrame({"text": ["a", None]}, index=["s1", "s2"])
    >>> with_texts(samples, "text", "drop")[0].index.tolist()
    ['s1']
    >>> with_texts(samples, "text", "empty")[0]["text"].tolist()
    ['a', '']
    """
    all_samples = np.ones(len(samples), dtype=bool)
    if column is None:
        return samples, all_samples
    require_column(samples, column, "text")
    has_text = samples[column].notna().to_numpy(dtype=bool)
    if has_text.all() or missing_text == "error":
        texts(samples, column)
        return samples, all_samples
    if missing_text == "drop":
        present = samples[has_text]
        texts(present, column)
        return present, has_text
    filled = samples.assign(**{column: samples[column].astype(object).where(has_text, "")})
    filled[column] = text_column(texts(filled, column), filled.index)
    return filled, all_samples


def missing_texts_sentence(ids: pd.Index, total: int, column: str, missing_text: str) -> str:
    """Return a sentence on the samples without text and how they were treated; empty for none."""
    if not len(ids):
        return ""
    treatment = (
        "left out and listed"
        if missing_text == "drop"
        else noun(len(ids), "taken as an empty text", "taken as empty texts")
    )
    return (
        f"{len(ids):,} of {counted(total, 'sample')} {'has' if len(ids) == 1 else 'have'} no text"
        f" in column {column!r} and {'is' if len(ids) == 1 else 'are'} {treatment}:"
        f" {listed(ids)}. `missing_text` sets how they are treated: drop, empty or error."
    )
