"""The words of a column of texts, such as `str.split()` makes, as a column of their own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from labeling.engine.columns.byte_counts import Counts, TextBytes, table_of
from labeling.engine.columns.texts import Mask, Text

BYTES_AT_ONCE = 2**20
"""About how many bytes of texts are cut into words at a time: what is known of words is long."""

_RARE = 4
"""What less than one of so many words has is looked up from there, not counted for all words."""


class WordText(Text):
    """Words of texts of ASCII characters, which stay where they are; see `Text`.

    Args:
        texts: the bytes of the texts.
        characters: what words are made of.
    """

    def __init__(self, texts: TextBytes, characters: str) -> None:
        self._texts, self._inside = texts, table_of(characters)
        self._starts, self._ends = texts.word_places(self._inside)
        self._ascii = np.ones(len(self._starts), bool)

    def __len__(self) -> int:
        return len(self._starts)

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what is made, without keeping it."""
        return make()  # there are many words: keeping answers would take more than it saves

    @cached_property
    def series(self) -> Any:
        """Polars' series of them."""
        import polars as pl

        edges = np.empty(2 * len(self._starts), np.int64)
        edges[0::2], edges[1::2] = self._starts, self._ends
        buffers = [None, pa.py_buffer(edges), pa.py_buffer(self._texts.data)]
        with_gaps = pa.Array.from_buffers(pa.large_string(), max(len(edges) - 1, 0), buffers)
        words: Any = pl.from_arrow(with_gaps)
        return words.gather_every(2)

    @cached_property
    def length(self) -> Counts:
        """The number of characters of each."""
        return self._ends - self._starts

    @cached_property
    def _bytes_each(self) -> Counts:
        return self.length

    def count(self, part: str) -> Counts:
        """Return how often a text occurs in each."""
        is_character = len(part) == 1 and part.isascii()
        return self.count_class(table_of(part)) if is_character else super().count(part)

    def count_class(self, table: Mask) -> Counts:
        """Return how many characters of each are in a class."""
        flags = self._texts.flags_of(table & self._inside)
        if np.count_nonzero(flags) < len(self) // _RARE:
            owners = np.searchsorted(self._starts, np.flatnonzero(flags), "right") - 1
            return np.bincount(owners, minlength=len(self))
        # Between words no flag is set: a word's flags may be counted to where the next one begins.
        return np.diff(self._texts.ranks(flags, np.append(self._starts, len(flags))))

    def has_class_only(self, wanted: Mask, unwanted: Mask) -> Mask:
        """Return which have characters of one class and none of another."""
        found: Mask = self.count_class(wanted) > 0
        places = np.flatnonzero(found)
        if len(places) > len(self) // _RARE:
            found &= self.count_class(unwanted) == 0
            return found
        flags = self._texts.flags_of(unwanted)
        starts, ends = self._starts[places], self._ends[places]
        found[places] = self._texts.ranks(flags, starts) == self._texts.ranks(flags, ends)
        return found

    def per_text(self, amounts: Any) -> Counts:
        """Return the sums of an amount of each word over the words of each text."""
        sums = np.zeros(len(self) + 1, np.int64)
        np.cumsum(amounts, out=sums[1:])
        return np.diff(sums[np.searchsorted(self._starts, self._texts.edges)])


def word_blocks(text: Text, characters: str) -> Iterator[tuple[slice, WordText]]:
    """Yield blocks of texts: their rows, and their words of some characters."""
    key = ("word blocks", characters)
    blocks = text.kept.get(key)
    if blocks is None:
        parts = text.bytes.parts(BYTES_AT_ONCE)
        blocks = text.kept[key] = [(rows, WordText(part, characters)) for rows, part in parts]
    yield from blocks
