"""Texts in their normal form, and their character shingles, hashed for whole arrays at once."""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labeling.records.identity import without_invisible

LENGTH = 5
"""Characters of a shingle. Of characters and not of words, since many texts are short, some scripts
have no spaces, and a typing error changes five shingles and not a whole phrase."""
MOST_CHARACTERS = 2_000_000
"""Characters that are hashed at a time."""

UInt64 = npt.NDArray[np.uint64]
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def normal_text(text: str) -> str:
    r"""Return what equal texts have in common: case, width, white space and the invisible go.

    The form is Unicode's NFKC, case folded, with single spaces, without characters that nobody sees
    (zero-width characters, byte order marks).

    >>> normal_text("Free  ENTRY\n") == normal_text("\uff46ree entry\ufeff")
    True
    """
    if not text.isascii():
        text = without_invisible(text)
        # Case folding can undo a composition, and composing can make a capital.
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(text.casefold().split())


def words_of(normal: str) -> str:
    """Return the letters and digits of a text in its normal form, signs as spaces.

    A text without any is itself.

    >>> words_of("check it out!!! :)"), words_of(":-)")
    ('check it out', ':-)')
    """
    return " ".join(_signs().sub(" ", normal).split()) or normal


@functools.cache
def _signs() -> re.Pattern[str]:
    """Return a pattern of signs. Marks are part of letters in many scripts, as vowels in Hindi."""
    marks = [
        chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M"
    ]
    return re.compile(rf"[^\w{''.join(marks)}]+|_+")


@dataclass(frozen=True, slots=True)
class Shingles:
    """The hashed shingles of some texts, one after the other; a text may hold one several times.

    Attributes:
        starts: where the shingles of each text begin, and the end: shape (n_texts + 1,).
        hashes: shape (n_shingles,).
    """

    starts: npt.NDArray[np.int64]
    hashes: UInt64


def shingles_of(texts: Sequence[str]) -> Shingles:
    """Return the shingles of texts: all runs of 5 characters, and a shorter text as a whole.

    >>> np.diff(shingles_of(["abcdefg", "abc", ""]).starts).tolist()
    [3, 1, 1]
    """
    padded = [text if len(text) >= LENGTH else text.ljust(LENGTH, "\0") for text in texts]
    lengths = np.array([len(text) for text in padded], dtype=np.int64)
    encoded = "".join(padded).encode("utf-32-le", "surrogatepass")
    characters = np.frombuffer(encoded, dtype=np.uint32).astype(np.uint64)
    starts = np.concatenate(([0], np.cumsum(lengths - LENGTH + 1)))
    if not len(padded):
        return Shingles(starts, np.empty(0, dtype=np.uint64))
    hashes: UInt64 = np.zeros(len(characters) - LENGTH + 1, dtype=np.uint64)
    for shift in range(LENGTH):
        hashes = mixed(hashes ^ characters[shift : len(characters) - LENGTH + 1 + shift])
    # Runs that begin in the last four characters of a text end in the next one.
    is_whole = np.ones(len(characters), dtype=bool)
    ends = np.cumsum(lengths)
    for back in range(1, LENGTH):
        is_whole[ends - back] = False
    return Shingles(starts, hashes[is_whole[: len(hashes)]])


def mixed(keys: UInt64) -> UInt64:
    """Return a hash of each number (splitmix64)."""
    keys = keys + _FACTOR  # wraps around
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def chunks_of(lengths: Sequence[int], most: int = MOST_CHARACTERS) -> Iterator[slice]:
    """Yield slices of so many texts that they hold at most `most` characters, or of one text.

    >>> [(part.start, part.stop) for part in chunks_of([3, 3, 9, 1], 6)]
    [(0, 2), (2, 3), (3, 4)]
    """
    begin, total = 0, 0
    for position, length in enumerate(lengths):
        if total and total + length > most:
            yield slice(begin, position)
            begin, total = position, 0
        total += length
    if begin < len(lengths):
        yield slice(begin, len(lengths))
