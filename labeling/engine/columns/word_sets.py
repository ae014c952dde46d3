"""Sets of the words of texts: what they share with a constant set."""

from __future__ import annotations

from typing import Any

from labeling.engine.columns.operators import NONE, folded, is_any_word
from labeling.engine.columns.values import (
    Bools,
    Constant,
    Piece,
    Results,
    SharedWords,
    Words,
    is_plain,
)
from labeling.engine.columns.word_search import MOST_WORDS, possible_words


def as_set(piece: Piece) -> Results:
    """Return `set(piece)`."""
    if isinstance(piece, Words):
        return ((None, Words(piece.text, piece.characters, distinct=True)),)
    is_known = isinstance(piece, Constant) and type(piece.value) in _COLLECTIONS
    return folded(set, piece.value) if is_known else NONE  # type: ignore[union-attr]  # constant


_COLLECTIONS = (tuple, list, set, frozenset)


def both(left: Piece, right: Piece) -> Results:
    """Return `left & right` of two sets."""
    if isinstance(left, Words) and isinstance(right, Constant):
        left, right = right, left
    is_sets = isinstance(right, Words) and right.distinct and isinstance(left, Constant)
    if not is_sets or type(left.value) not in (set, frozenset):  # type: ignore[union-attr]
        return NONE
    return shared(left, right)


def shared(left: Piece, right: Piece) -> Results:
    """Return `left.intersection(right)`."""
    if isinstance(left, Words) and left.distinct:
        left, right = right, left
    elif not isinstance(left, Constant) or type(left.value) not in (set, frozenset):
        return NONE
    wanted = _texts_of(left)
    if wanted is None or not isinstance(right, Words):
        return NONE
    possible = possible_words(wanted, right.characters)
    if len(possible) > MOST_WORDS:
        return NONE
    return ((right.text.is_ascii, SharedWords(right, possible)),)


def _texts_of(piece: Piece) -> list[Any] | None:
    """Return the texts in a constant collection whose items can all be in a set."""
    if not isinstance(piece, Constant) or type(piece.value) not in _COLLECTIONS:
        return None
    if not all(is_plain(each) and type(each) not in _UNHASHABLE for each in piece.value):
        return None
    return [each for each in piece.value if type(each) is str]


_UNHASHABLE = (list, dict, set, tuple)


def is_disjoint(left: Piece, right: Piece) -> Results:
    """Return `left.isdisjoint(right)`."""
    parts = []
    for rows, piece in shared(left, right):
        words: Any = piece
        for valid, found in is_any_word(words.wanted, words.words):
            both_valid = valid if rows is None else rows if valid is None else rows & valid
            parts.append((both_valid, _opposite(found)))
    return tuple(parts)


def _opposite(piece: Piece) -> Piece:
    return Bools(~piece.values) if isinstance(piece, Bools) else Constant(not piece.value)  # type: ignore[union-attr]  # bools


METHODS = {"intersection": shared, "isdisjoint": is_disjoint}
