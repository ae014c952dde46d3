"""Which words a column of texts has, without cutting the texts into words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from labeling.engine.columns.byte_counts import ASCII, ASCII_NOT_SPACE, Counts, table_of
from labeling.engine.columns.texts import Mask, Text

MOST_WORDS = 60
"""The words shared with a larger set are left to Python: each is searched on its own."""

FURTHEST = 3
"""Words with higher numbers, from the beginning or the end, are left to Python."""


def n_words(text: Text, characters: str) -> Counts:
    """Return how many words of some characters each text has; for ASCII texts."""
    if characters == ASCII_NOT_SPACE:
        return text.bytes.words
    key = ("words", characters)
    make = text.bytes.words_of
    return text.once(key, lambda: make(table_of(characters)))  # type: ignore[no-any-return]


def has_words(text: Text, characters: str) -> Mask:
    """Return which have any word; for ASCII texts."""
    found: Mask = text.count_class(table_of(characters)) > 0
    return found


def possible_words(words: Iterable[str], characters: str) -> tuple[str, ...]:
    """Return those of some texts that may be a word of these characters, sorted."""
    allowed = frozenset(characters)
    return tuple(sorted({word for word in words if word and allowed.issuperset(word)}))


def has_any_word(text: Text, characters: str, words: Sequence[str]) -> Mask:
    """Return which have any of some `possible_words`; for ASCII texts."""
    if not words:
        return np.zeros(len(text), bool)
    edge = f"[{_escaped(each for each in ASCII if each not in characters)}]"
    either = "|".join(map(_escaped, words))
    return text.found(rf"(?:\A|{edge})(?:{either})(?:{edge}|\z)")


def n_shared(text: Text, characters: str, words: Sequence[str]) -> Counts:
    """Return how many of some `possible_words` each text has; for ASCII texts."""
    counts = np.zeros(len(text), np.int64)
    places = np.flatnonzero(has_any_word(text, characters, words))
    if len(words) < 2 or not len(places):
        counts[places] = 1
        return counts
    few = Text(text.series.gather(places))
    for word in words:
        counts[places] += has_any_word(few, characters, [word])
    return counts


def word_at(text: Text, characters: str, place: int) -> tuple[Mask, Text]:
    """Return a word of each text by its number, and which have one; for ASCII texts."""
    inside, outside = f"[{_escaped(characters)}]", f"[^{_escaped(characters)}]"
    if place >= 0:
        pattern = rf"\A{outside}*(?:{inside}+{outside}+){{{place}}}({inside}+)"
    else:
        pattern = rf"({inside}+)(?:{outside}+{inside}+){{{-place - 1}}}{outside}*\z"
    return text.extracted(pattern, 1)


def _escaped(characters: Iterable[str]) -> str:
    return "".join(f"\\x{{{ord(character):X}}}" for character in characters)
