"""Searches columns of texts for patterns, and for the words of many functions in one pass.

Where case is ignored, characters are replaced by one of those that `re.IGNORECASE` finds equal. So
words are found exactly, but for one question: whether a character beyond ASCII next to a word is
part of it, which is left to Python.
"""

from __future__ import annotations

import _sre  # type: ignore[import-not-found]  # without type stubs
import functools
import importlib.metadata
from collections.abc import Hashable, MutableMapping, Sequence
from functools import cached_property
from re import _casefix  # type: ignore[attr-defined]  # without type stubs
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Memo = MutableMapping[Any, Any]

EQUAL_TO_ASCII = {"\u0130": "i", "\u0131": "i", "\u017f": "s", "\u212a": "k"}
"""The characters beyond ASCII that `re.IGNORECASE` finds equal to ASCII letters."""

BYTES_AT_ONCE = 4 * 2**20
"""Bytes of texts that are searched at a time: what is found needs several times as many."""


class _Fold(dict[int, int]):
    """Characters to the smallest of those that `re.IGNORECASE` finds equal; made when needed."""

    def __missing__(self, code: int) -> int:
        lowered: int = _sre.unicode_tolower(code)
        folded: int = min((lowered, *_casefix._EXTRA_CASES.get(lowered, ())))
        self[code] = folded
        return folded


_FOLD = _Fold()

_OTHER, _WORD, _BEYOND_ASCII = 0, 1, 2
"""Kinds of bytes; the second is that of letters, digits and the underscore."""

_KINDS = np.zeros(256, dtype=np.uint8)
_KINDS[[*range(48, 58), *range(65, 91), 95, *range(97, 123)]] = _WORD
_KINDS[128:] = _BEYOND_ASCII


class Batch(Protocol):
    """What is read of a batch of samples; see `labeling.engine.batches.SampleBatch`."""

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The names of the columns."""

    def column(self, name: Hashable) -> Any:
        """Return a column as an Arrow array, or `None` if it has no exact one."""

    def __len__(self) -> int: ...


OLDEST_POLARS = (1, 30)
"""Earlier versions answer some searches otherwise."""


@functools.lru_cache(maxsize=1)
def has_polars() -> bool:
    """Whether polars can be imported, in a version whose answers are known to be exact."""
    try:
        version = importlib.metadata.version("polars")
        import polars  # noqa: F401  # that it is installed does not say that it can be loaded
    except ImportError:
        return False
    major, minor = version.split(".")[:2]
    return (int(major), int(minor)) >= OLDEST_POLARS


def column_of(batch: Batch, name: str) -> Any:
    """Return a column as an Arrow array without a dictionary; `None` if it has no exact one.

    Names that begin with an underscore may be attributes of the rows, and are left to Python.
    """
    if name.startswith("_") or batch.names.count(name) != 1:
        return None
    array = batch.column(name)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if array is not None and pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array


def is_text_type(kind: Any) -> bool:
    """Whether an Arrow type is one of texts."""
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


class TextColumn:
    """A column of texts in a batch, and what several searches need of it.

    Args:
        array: an Arrow array of texts.
    """

    def __init__(self, array: Any) -> None:
        import polars as pl

        self.series: Any = pl.from_arrow(array)
        self.none = _read_only(np.zeros(len(array), dtype=bool))
        self.all = _read_only(np.ones(len(array), dtype=bool))
        self.is_missing = self.none
        if array.null_count:
            self.is_missing = _read_only(pc.is_null(array).to_numpy(zero_copy_only=False))
        self.hits: dict[WordIndex, tuple[WordHits, WordHits]] = {}

    @classmethod
    def of(cls, batch: Batch, memo: Memo, name: str) -> TextColumn | None:
        """Return a column, the same one for all who share the memo; `None` if it has no texts."""
        key = ("text_search.column", name)
        if key not in memo:
            array = column_of(batch, name)
            memo[key] = cls(array) if array is not None and is_text_type(array.type) else None
        return memo[key]  # type: ignore[no-any-return]

    def __len__(self) -> int:
        return len(self.series)

    @cached_property
    def is_ascii(self) -> Mask:
        """Which texts have ASCII characters only; a missing text has none."""
        texts = self.series.str
        mask: Mask = (texts.len_bytes() == texts.len_chars()).fill_null(True).to_numpy()
        return _read_only(mask)

    @cached_property
    def has_others(self) -> bool:
        """Whether any text has other characters."""
        return not bool(self.is_ascii.all())

    @cached_property
    def is_folded(self) -> Mask:
        """Which texts have a character beyond ASCII that equals an ASCII letter in any case."""
        if not self.has_others:
            return self.none
        import polars as pl

        mask = self.none.copy()
        others = np.flatnonzero(~self.is_ascii)
        characters = pl.Series(list(EQUAL_TO_ASCII), dtype=pl.String).implode()
        mask[others] = self.series.gather(others).str.contains_any(characters).to_numpy()
        return _read_only(mask)

    @cached_property
    def folded(self) -> Any:
        """The texts with these characters replaced by the letters.

        A pattern of ASCII characters that ignores case is then found in a text of other characters
        if Python finds it, and perhaps where Python does not.
        """
        if not self.is_folded.any():
            return self.series
        rows = np.flatnonzero(self.is_folded)
        texts = self.series.gather(rows)
        for character, letter in EQUAL_TO_ASCII.items():
            texts = texts.str.replace_all(character, letter, literal=True)
        return self.series.clone().scatter(rows, texts)

    @cached_property
    def lowered(self) -> Any:
        """The texts, folded as far as letters of ASCII are concerned."""
        return self.folded.str.to_lowercase()

    @cached_property
    def folded_wholly(self) -> Any:
        """The texts, each character replaced by one of those that equal it in any case."""
        lowered = self.series.str.to_lowercase()
        if not self.has_others:
            return lowered
        import polars as pl

        rows = np.flatnonzero(~self.is_ascii)
        texts = [text.translate(_FOLD) for text in self.series.gather(rows).to_list()]
        return lowered.clone().scatter(rows, pl.Series(texts, dtype=pl.String))

    def found(self, rust_pattern: str, *, folded: bool = False) -> Mask:
        """Return in which texts a pattern of `regex_syntax` is found; in a missing one it is not.

        Args:
            rust_pattern: the pattern.
            folded: whether to search the folded texts.

        Raises:
            polars.exceptions.ComputeError: the pattern is too large.
        """
        series = self.folded if folded else self.series
        found = series.str.contains(rust_pattern, literal=False, strict=True)
        mask: Mask = (found.fill_null(False) if found.null_count() else found).to_numpy()
        return mask


class WordIndex:
    """Words and phrases that are searched for in one pass over a column.

    Args:
        words: the words, none of them empty and none with halves of characters.
        whole_words: whether a letter, digit or underscore before or after a word rules it out.
        ignore_case: whether `FREE` matches `free`.
    """

    def __init__(self, words: Sequence[str], *, whole_words: bool, ignore_case: bool) -> None:
        import polars as pl

        self.whole_words, self.ignore_case = whole_words, ignore_case
        listed = sorted({self.written(word) for word in words})
        self.numbers = {word: number for number, word in enumerate(listed)}
        self._words = pl.Series(listed, dtype=pl.String)
        self._codes = pl.Series(np.arange(len(listed), dtype=np.int32))

    def written(self, word: str) -> str:
        """Return a word as it is searched for."""
        return word.translate(_FOLD) if self.ignore_case else word

    def hits(self, column: TextColumn) -> tuple[WordHits, WordHits]:
        """Return where each word is in a column, and in which rows it may not be a whole word.

        It is searched once a column.
        """
        if self not in column.hits:
            numbers, rows, is_exact = self._searched(self._texts(column))
            size, unsure = len(self.numbers), ~is_exact
            column.hits[self] = (
                WordHits(numbers, rows, size),
                WordHits(numbers[unsure], rows[unsure], size),
            )
        return column.hits[self]

    def _texts(self, column: TextColumn) -> Any:
        if not self.ignore_case:
            return column.series
        is_ascii = all(map(str.isascii, self.numbers))
        return column.lowered if is_ascii else column.folded_wholly

    def _searched(self, series: Any) -> Places:
        n_bytes = int(series.str.len_bytes().sum() or 0)
        size = max(1, len(series) * BYTES_AT_ONCE // max(n_bytes, 1))
        parts = [
            self._searched_part(series.slice(start, size), start)
            for start in range(0, len(series), size)
        ]
        numbers, rows, are_exact = zip(_NOWHERE, *parts, strict=True)
        return np.concatenate(numbers), np.concatenate(rows), np.concatenate(are_exact)

    def _searched_part(self, series: Any, start: int) -> Places:
        """Return the places of words in some of the texts, of which the first is row `start`."""
        words = self._words.implode()
        lists = series.str.extract_many(words, overlapping=True)
        counts = lists.list.len().fill_null(0).to_numpy()
        hit = np.flatnonzero(counts)
        if not len(hit):
            return _NOWHERE
        found = lists.gather(hit).explode()
        rows: Any = np.repeat(hit, counts[hit])
        is_exact: Any = np.ones(len(rows), dtype=bool)
        if self.whole_words:
            begins = series.str.find_many(words, overlapping=True).gather(hit).explode()
            lengths = found.str.len_bytes()
            is_whole, is_exact = _edges(series, rows, begins.to_numpy(), lengths.to_numpy())
            found, rows, is_exact = found.filter(is_whole), rows[is_whole], is_exact[is_whole]
        numbers = found.replace_strict(self._words, self._codes, return_dtype=self._codes.dtype)
        return numbers.to_numpy(), (rows + start).astype(np.int32), is_exact


class WordHits:
    """In which rows each word of an index is.

    Args:
        numbers: the number of a word, for each place where one was found.
        rows: the rows of these places.
        n_words: the number of words.
    """

    def __init__(self, numbers: Any, rows: Any, n_words: int) -> None:
        narrow = numbers.astype(np.uint16) if n_words <= 2**16 else numbers  # sorted by radix
        self._rows = rows[np.argsort(narrow, kind="stable")]
        counts = np.bincount(numbers, minlength=n_words)
        self._ends = np.concatenate(([0], np.cumsum(counts))).tolist()

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, numbers: Sequence[int], at_least: int = 1) -> Positions:
        """Return the rows that have at least so many of some words; they may be repeated."""
        ends, rows = self._ends, self._rows
        places = [rows[ends[number] : ends[number + 1]] for number in numbers]
        if at_least == 1:
            return places[0] if len(places) == 1 else np.concatenate(places)
        each, counts = np.unique(np.concatenate(list(map(np.unique, places))), return_counts=True)
        enough: Positions = each[counts >= at_least]
        return enough


Places = tuple[Any, Any, Any]
"""Of each place: the number of the word, the row, and whether it is certainly a whole word."""

_NOWHERE: Places = (
    np.empty(0, dtype=np.int32),
    np.empty(0, dtype=np.int32),
    np.empty(0, dtype=bool),
)


def _edges(series: Any, rows: Any, begins: Any, lengths: Any) -> tuple[Mask, Mask]:
    """Return which places may be whole words, and which of them are next to ASCII or nothing.

    Args:
        series: the texts.
        rows: the row of each place.
        begins: where it begins, in bytes from the beginning of the text.
        lengths: its length in bytes.
    """
    import polars as pl

    array: Any = series.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    kinds = _KINDS[np.frombuffer(data, np.uint8)]
    first = ends[rows] + begins
    after = first + lengths
    before = np.where(begins > 0, kinds[first - 1], _OTHER)
    behind = np.where(after < ends[rows + 1], kinds[np.minimum(after, len(kinds) - 1)], _OTHER)
    either = before | behind
    return (either & _WORD) == 0, (either & _BEYOND_ASCII) == 0


def _read_only(mask: Mask) -> Mask:
    mask = mask if mask.flags.owndata else mask.copy()
    mask.setflags(write=False)
    return mask
