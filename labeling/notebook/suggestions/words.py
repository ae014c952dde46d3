"""Words of texts as numbers, and the phrases of up to three words that occur in chosen texts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

TOKEN = re.compile(r"\w+|\W+")
JOINTS = (" ", "'", "\u2019", "-")
"""What may stand between two words of a phrase: it is part of the phrase."""
LONGEST_WORD = 30
"""Characters; a longer run of letters is no word that anybody would write a rule for."""
FARTHEST = 4
"""How many words after the first one the second word of a pair may be."""

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The words of texts, one text after another.

    Attributes:
        n_texts: how many texts there are.
        names: each different word, in lower case.
        codes: the number of each word, shape (n_words,); -1 for those that are too long.
        rows: the text that it is in.
        joints: what stands between it and the next word of its text: a number of `JOINTS`, or -1.
    """

    n_texts: int
    names: tuple[str, ...]
    codes: Ints
    rows: Ints
    joints: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Phrases, or pairs of words, and the texts that hold them.

    Attributes:
        names: in the order of the columns.
        counts: 1 where a text holds one: sparse by columns, shape (n_texts, n_names).
    """

    names: tuple[str, ...]
    counts: Any


def words_of(texts: Sequence[str]) -> Words:
    """Return the words of texts.

    >>> words = words_of(["Don't go", "go, go"])
    >>> words.names, words.codes.tolist(), words.joints.tolist()
    (('don', 't', 'go'), [0, 1, 2, 2, 2], [1, 0, -1, -1, -1])
    """
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    codes: list[int] = []
    lengths = np.empty(len(texts), dtype=np.int64)
    for row, text in enumerate(texts):
        tokens = TOKEN.findall(text.lower())
        lengths[row] = len(tokens)
        codes.extend(map(numbers.__getitem__, tokens))
    return _words(list(numbers), np.array(codes, dtype=np.int64), lengths)


def _words(tokens: list[str], codes: Ints, lengths: Ints) -> Words:
    is_word = np.array([re.match(r"\w", token) is not None for token in tokens], dtype=bool)
    joint = np.array([JOINTS.index(t) if t in JOINTS else -1 for t in tokens], dtype=np.int64)
    number = np.cumsum(is_word) - 1
    number[[len(token) > LONGEST_WORD for token in tokens]] = -1
    rows = np.repeat(np.arange(len(lengths)), lengths)
    at = np.flatnonzero(is_word[codes]) if len(codes) else np.empty(0, dtype=np.int64)
    joints = np.full(len(at), -1, dtype=np.int64)
    if len(at) > 1:
        is_next = (rows[at[:-1]] == rows[at[1:]]) & (at[1:] - at[:-1] == 2)
        joints[:-1] = np.where(is_next, joint[codes[at[:-1] + 1]], -1)
    names = tuple(token for token, kept in zip(tokens, is_word.tolist(), strict=True) if kept)
    return Words(len(lengths), names, number[codes[at]], rows[at], joints)


def phrases(words: Words, among: Mask, least: int, longest: int = 3) -> Found:
    """Return the phrases that enough of some texts hold, and where all texts hold them.

    A phrase is as in `keywords`, which finds it in the same texts: whole words in lower case, with
    a single space, apostrophe or hyphen between them.

    Args:
        words: of all texts.
        among: the texts whose phrases count, shape (n_texts,).
        least: how many of them must hold a phrase.
        longest: words of a phrase.
    """
    known, ids = _kept(words.codes, words.rows, among, least)
    names = [words.names[code] for code in known.tolist()]
    single, single_names, n_words = ids, names, max(len(names), 1)
    found_names, parts = list(names), [(words.rows, ids)]
    for length in range(2, longest + 1):
        here = _starts(words, ids, single, length)
        last = here + length - 1
        keys = (ids[here] * len(JOINTS) + words.joints[last - 1]) * n_words + single[last]
        level, found = _kept(keys, words.rows[here], among, least)
        names = [_joined(key, names, single_names) for key in level.tolist()]
        ids = np.full(len(ids), -1, dtype=np.int64)
        ids[here] = found
        parts.append((words.rows, np.where(ids >= 0, ids + len(found_names), -1)))
        found_names += names
    return _found(words.n_texts, found_names, parts)


def _starts(words: Words, ids: Ints, single: Ints, length: int) -> Ints:
    """Return where a known phrase is followed by a joint and a known word."""
    start = np.flatnonzero(ids[: len(ids) - length + 1] >= 0) if len(ids) >= length else ids[:0]
    last = start + length - 1
    return start[(words.joints[last - 1] >= 0) & (single[last] >= 0)]


def _joined(key: int, names: list[str], words: list[str]) -> str:
    rest, last = divmod(key, len(words))
    first, joint = divmod(rest, len(JOINTS))
    return f"{names[first]}{JOINTS[joint]}{words[last]}"


def pairs(words: Words, among: Mask, least: int) -> Found:
    """Return the pairs of words with at most three others between, and where texts hold them.

    Args are those of `phrases`; the name of a pair is its words with a space between.
    """
    known, ids = _kept(words.codes, words.rows, among, least)
    n_words = max(len(known), 1)
    keys, rows = [], []
    for distance in range(1, FARTHEST + 1):
        first, second = ids[:-distance], ids[distance:]
        is_pair = (words.rows[:-distance] == words.rows[distance:]) & (first >= 0) & (second >= 0)
        keys.append((first * n_words + second)[is_pair])
        rows.append(words.rows[distance:][is_pair])
    all_rows = np.concatenate(rows)
    level, found = _kept(np.concatenate(keys), all_rows, among, least)
    names = [
        " ".join(words.names[known[number]] for number in divmod(int(key), n_words))
        for key in level
    ]
    return _found(words.n_texts, names, [(all_rows, found)])


def _kept(keys: Ints, rows: Ints, among: Mask, least: int) -> tuple[Ints, Ints]:
    """Return the keys that enough of some texts hold, sorted, and the number of each key or -1."""
    here = among[rows] & (keys >= 0) if len(keys) else np.empty(0, dtype=bool)
    pair = np.unique(np.stack([keys[here], rows[here]]), axis=1) if here.any() else None
    if pair is None:
        return np.empty(0, dtype=np.int64), np.full(len(keys), -1, dtype=np.int64)
    known, times = np.unique(pair[0], return_counts=True)
    known = known[times >= least]
    if not len(known):
        return known, np.full(len(keys), -1, dtype=np.int64)
    return known, pd.Index(known).get_indexer(pd.Index(keys))


def _found(n_texts: int, names: list[str], parts: list[tuple[Ints, Ints]]) -> Found:
    """Return what was found, in the order of the names: that of numbers depends on the texts'."""
    from scipy import sparse

    rows = np.concatenate([rows[ids >= 0] for rows, ids in parts])
    ids = np.concatenate([ids[ids >= 0] for _, ids in parts])
    order = sorted(range(len(names)), key=names.__getitem__)
    rank = np.empty(len(names), dtype=np.int64)
    rank[order] = np.arange(len(names))
    ones = np.ones(len(rows), dtype=np.float64)
    shape = (n_texts, len(names))
    counts = sparse.csc_matrix((ones, (rows, rank[ids] if len(names) else ids)), shape=shape)
    counts.sum_duplicates()
    counts.data[:] = 1.0
    return Found(tuple(names[number] for number in order), counts)
