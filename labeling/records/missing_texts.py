"""Samples whose text is missing: left out and listed, taken as empty, or refused."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted, near, noun, shown
from labeling.records.frames import text_column
from labeling.records.samples import require_column, texts

MissingText = Literal["drop", "empty", "error"]
"""What becomes of a sample whose text is missing (null; an empty text is a text)."""

MISSING_TEXT = "its text is missing"


def checked_missing_text(value: Any) -> MissingText:
    """Return a value of `missing_text` after checking that it is one.

    >>> checked_missing_text("skip")
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: `missing_text` must be one of 'drop', 'empty', 'error'. Got 'skip'.
    """
    choices = get_args(MissingText)
    if value not in choices:
        raise LabelingError(
            f"`missing_text` must be one of {shown(choices)}. Got {value!r}.{near(value, choices)}"
        )
    return value  # type: ignore[no-any-return]  # it is one of them


def with_texts(
    samples: pd.DataFrame, column: str | None, missing_text: MissingText
) -> tuple[pd.DataFrame, npt.NDArray[np.bool_]]:
    """Return the samples that are used, and which of those given these are.

    Args:
        samples: index = ids; unchanged.
        column: of the texts; `None` uses all samples.
        missing_text: `"drop"` leaves samples out whose text is missing, `"empty"` takes "" for it,
            `"error"` refuses them.

    Returns:
        The samples, and a mask of shape (n_samples,) that is False where one was left out.

    Raises:
        DataError: there is no such column, a value is no text, or one is missing and may not be.

    >>> samples = pd.DataFrame({"text": ["a", None]}, index=["s1", "s2"])
    >>> with_texts(samples, "text", "drop")[0].index.tolist()
    ['s1']
    >>> with_texts(samples, "text", "empty")[0]["text"].tolist()
    ['a', '']
    """
    everything = np.ones(len(samples), dtype=bool)
    if column is None:
        return samples, everything
    require_column(samples, column, "text")
    there = samples[column].notna().to_numpy(dtype=bool)
    if there.all() or missing_text == "error":
        texts(samples, column)
        return samples, everything
    if missing_text == "drop":
        present = samples[there]
        texts(present, column)
        return present, there
    filled = samples.assign(**{column: samples[column].astype(object).where(there, "")})
    filled[column] = text_column(texts(filled, column), filled.index)
    return filled, everything


def missing_texts_sentence(ids: pd.Index, total: int, column: str, missing_text: str) -> str:
    """Return in a sentence which samples have no text and what became of them; empty for none."""
    if not len(ids):
        return ""
    done = (
        "left out and listed"
        if missing_text == "drop"
        else noun(len(ids), "taken as an empty text", "taken as empty texts")
    )
    return (
        f"{len(ids):,} of {counted(total, 'sample')} {'has' if len(ids) == 1 else 'have'} no text in"
        f" column {column!r} and {'is' if len(ids) == 1 else 'are'} {done}:"
        f" {shown(ids)}. `missing_text` says what is done with them: drop, empty or error."
    )
