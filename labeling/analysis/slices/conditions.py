"""Conditions that describe slices in words: a word of a text, its length, a range, a category."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records.frames import is_text
from labeling.records.samples import require_column
from labeling.rendering import Displayed

Mask = npt.NDArray[np.bool_]
WORD = re.compile(r"\w+")
CUTS = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Quantiles at which numbers and lengths of texts are cut."""
MOST_CATEGORIES = 50
"""Different values of a column that may be categories."""
LONGEST_WORD = 40


@dataclass(frozen=True, slots=True)
class SliceCondition(Displayed):
    """A condition on a column.

    Attributes:
        column: of the samples.
        kind: "has word", "is" (a category), "missing", "at most", "more than" (a number), "words at
            most", "words more than" (the length of a text).
        value: the word, category or number; `None` for "missing".
    """

    column: str
    kind: str
    value: str | float | None = None

    def __str__(self) -> str:
        value = f"{self.value:g}" if isinstance(self.value, float) else repr(self.value)
        match self.kind:
            case "has word":
                return f"{self.column} has the word {value}"
            case "missing":
                return f"{self.column} is missing"
            case "words at most" | "words more than":
                return f"{self.column} has {self.kind.removeprefix('words ')} {value} words"
            case "is":
                return f"{self.column} is {value}"
            case _:
                return f"{self.column} is {self.kind} {value}"

    def mask(self, data: pd.DataFrame) -> Mask:
        """Return which samples meet the condition: shape (n,)."""
        require_column(data, self.column, "part of the condition of a slice")
        column = data[self.column]
        match self.kind:
            case "has word":
                return np.array([self.value in words_of(text) for text in column.tolist()], bool)
            case "missing":
                return column.isna().to_numpy(dtype=bool)
            case "words at most" | "words more than":
                return _compared(_lengths(column), self.kind, self.value)
            case "is":
                missing = column.isna().to_numpy(dtype=bool)
                return np.asarray(_as_texts(column) == self.value, dtype=bool) & ~missing
            case _:
                return _compared(_numbers(column), self.kind, self.value)


Described = tuple[SliceCondition, Mask]
"""A condition, and which samples meet it."""


def words_of(text: object) -> frozenset[str]:
    """Return the words of a text in lower case, each once; none of what is not a text.

    >>> sorted(words_of("Free, FREE money"))
    ['free', 'money']
    """
    return frozenset(WORD.findall(text.casefold())) if isinstance(text, str) else frozenset()


def candidates(
    data: pd.DataFrame, columns: Sequence[str], texts: Sequence[str], least: int
) -> Iterator[Described]:
    """Yield conditions that at least `least` samples meet and as many do not, in a fixed order.

    Args:
        data: the samples.
        columns: numbers and categories.
        texts: columns of texts, of which single words and lengths are conditions.
        least: samples.
    """
    for condition, mask in _all(data, columns, texts, least):
        if least <= int(mask.sum()) <= len(data) - least:
            yield condition, mask


def _all(
    data: pd.DataFrame, columns: Sequence[str], texts: Sequence[str], least: int
) -> Iterator[Described]:
    for name in sorted(texts):
        yield from _word_conditions(data[name], name, least)
        yield from _cut(_lengths(data[name]), name, "words ")
    for name in sorted(columns):
        column = data[name]
        yield SliceCondition(name, "missing"), column.isna().to_numpy(dtype=bool)
        if _is_numeric(column):
            yield from _cut(_numbers(column), name, "")
        elif column.nunique() <= MOST_CATEGORIES:
            values, missing = _as_texts(column), column.isna().to_numpy(dtype=bool)
            for value in sorted(set(values[~missing].tolist())):
                yield SliceCondition(name, "is", value), (values == value) & ~missing


def _word_conditions(column: pd.Series, name: str, least: int) -> Iterator[Described]:
    rows_of: dict[str, list[int]] = {}
    for row, text in enumerate(column.tolist()):
        for word in words_of(text):
            rows_of.setdefault(word, []).append(row)
    for word in sorted(rows_of):
        if least <= len(rows_of[word]) and len(word) <= LONGEST_WORD:
            mask = np.zeros(len(column), dtype=bool)
            mask[rows_of[word]] = True
            yield SliceCondition(name, "has word", word), mask


def _cut(values: npt.NDArray[np.float64], name: str, prefix: str) -> Iterator[Described]:
    known = values[~np.isnan(values)]
    if not len(known):
        return
    for cut in np.unique(np.quantile(known, CUTS, method="lower")).tolist():
        for kind in (f"{prefix}at most", f"{prefix}more than"):
            yield SliceCondition(name, kind, cut), _compared(values, kind, cut)


def _compared(values: npt.NDArray[np.float64], kind: str, cut: Any) -> Mask:
    mask: Mask = values <= cut if kind.endswith("at most") else values > cut
    return mask


def _lengths(column: pd.Series) -> npt.NDArray[np.float64]:
    lengths = [
        len(WORD.findall(text)) if isinstance(text, str) else np.nan for text in column.tolist()
    ]
    return np.array(lengths, dtype=np.float64)


def _is_numeric(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _numbers(column: pd.Series) -> npt.NDArray[np.float64]:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _as_texts(column: pd.Series) -> npt.NDArray[np.object_]:
    return np.array([str(value) for value in column.tolist()], dtype=object)


def text_columns(data: pd.DataFrame) -> list[str]:
    """Return the columns of texts that are too many to be categories.

    >>> text_columns(pd.DataFrame({"text": [f"word {n}" for n in range(60)], "n": range(60)}))
    ['text']
    """
    names = data.columns.tolist()
    return [
        name for name in names if is_text(data[name]) and data[name].nunique() > MOST_CATEGORIES
    ]
